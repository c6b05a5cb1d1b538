"""Unusual moves against BTC, against a market's own past, and against its own funding: what may be worth a look.

    recall(stored) ─► OpportunityState ─► step(inputs, BTC candles, now) ─► (OpportunityState, found) ─► store what was found

Most kinds compare the last day with the six before it on 30m returns (see `beta`): the usual fit is that of the 288 older
returns, the recent one that of the 48 newest. The residual of a return is what the usual beta does not explain,
e = r - beta r_BTC; alpha is the sum of residuals over the kind's window, its z-score alpha / (s sqrt(n)) with s the usual
standard deviation of residuals. Sums are of log returns; percentages are those of the price, 100 (exp(sum) - 1).

    CORRELATION_BREAKDOWN       correlation was at least 0.6, is at most 0.3, and Fisher's z of the difference is at most -4;
                                to the side of the day's alpha
    BETA_EXPANSION              beta is at least 1.5 times the usual, z of the difference at least 4; to the side of BTC's
                                day
    BETA_COMPRESSION            beta is at most the usual over 1.5, z at most -4; to the side of the day's alpha
    RELATIVE_STRENGTH_BREAKOUT  alpha of 4 hours with |z| of at least 3.5 brings the sum of residuals to the week's extreme;
                                to the side of that alpha
    REVERSION                   the day's alpha has |z| of at least 3 and has turned back from its extreme by at least two s;
                                against that alpha
    CROSS_TIMEFRAME_DIVERGENCE  2 hours on 5m go against the week on 4h: |z| of at least 3 and 1.5; to the side of the week
    FUNDING_EXTREME             the rate is |z| of at least 4 from its own history and at least 0.03 % an interval, z and
                                rate of one sign; against those who pay

Where the side comes from a move, the move must have |z| of at least 1. A reflected market gives the other side of each.
Confidence is by sample and fit: n / (n + 60), times the share of the recent returns that are there, times (1 + R^2) / 2.

None of these is a promise: `evaluate` tells what became of such moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis import sentiment
from virtuoso.analysis.bars import FLAT
from virtuoso.analysis.beta import Fit, Returns, aligned, fit
from virtuoso.analysis.components import READING_ERRORS, Absent, plenty
from virtuoso.analysis.symbol_context import SymbolContext
from virtuoso.domain.model import ANCHOR, SymbolInputs, Timeframe
from virtuoso.domain.records import Opportunity, OpportunityKind, Side

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Floats

COOLDOWN_MS = 4 * 3_600_000  # of a symbol and kind; also how long an opportunity stands
HOUR_CAP, DAY_CAP = 10, 50
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
PRICE_AGE_MS = 60_000
POINTS, RECENT, BURST = 336, 48, 8  # 30m returns: a week, its last day, its last 4 hours
USUAL_LEAST, RECENT_LEAST = 144, 40
CORRELATED, UNCORRELATED = 0.6, 0.3
BETA_RATIO = 1.5
BETA_LEAST = 0.3  # below it a ratio of betas says nothing
MOVE_Z = 1.0
CHANGE_Z = 4.0
BREAKOUT_Z = 3.5
REVERSION_Z, TURN = 3.0, 2.0
FAST, FAST_POINTS, FAST_Z = Timeframe.M5, 24, 3.0
SLOW, SLOW_POINTS, SLOW_Z = Timeframe.H4, 42, 1.5
FUNDING_Z, FUNDING_LEAST = 4.0, 3e-4
HALF_SAMPLE = 60.0
WORTH = 0.3  # confidence below which nothing is said


@dataclass(frozen=True, slots=True)
class OpportunityState:
    """What was found on one venue in the last day: the memory of cooldowns and caps."""

    venue: str
    recent: tuple[Opportunity, ...] = ()


class Candidate(NamedTuple):
    """A situation that meets its kind's definition. `strength`: its z-score over the kind's threshold, at least 1."""

    kind: OpportunityKind
    symbol: str
    sign: float
    strength: float
    confidence: float
    sentence: str
    reading: float
    unit: str
    z_score: float
    alpha: float | None = None


def recall(book: OpportunityState, stored: Iterable[Opportunity]) -> OpportunityState:
    """The book with what was stored of its venue, in any order. The last day's is enough."""
    known = {o.id: o for o in (*book.recent, *stored) if o.venue == book.venue}
    return replace(book, recent=tuple(sorted(known.values(), key=lambda o: (o.found_ms, o.id))))


def step(
    book: OpportunityState,
    inputs: Sequence[SymbolInputs],
    anchor: Mapping[Timeframe, Candles],
    now_ms: int,
    *,
    enabled: bool = True,
) -> tuple[OpportunityState, tuple[Opportunity, ...]]:
    """(the book after this pass, what was found in it, strongest first) at `now_ms` (epoch ms, the exchange's clock), from
    the tracked symbols and BTC's candles. The same symbol and kind is found again after 4 hours, and nothing to the other
    side of a symbol while one stands; no more than 10 in an hour and 50 in a day, the strongest of a pass first; without
    `enabled` nothing is. Symbols without a price younger than a minute are left out. Bars that close after `now_ms` are not
    looked at."""
    recent = [o for o in book.recent if now_ms - o.found_ms < DAY_MS]
    prices = {
        i.symbol: i.ticker.last
        for i in inputs
        if i.ticker is not None and now_ms - i.ticker.stamp.observed_ms <= PRICE_AGE_MS
    }
    standing = [o for o in recent if now_ms - o.found_ms < COOLDOWN_MS]
    held, sides = {(o.symbol, o.kind) for o in standing}, {o.symbol: o.side for o in standing}
    room = min(DAY_CAP - len(recent), HOUR_CAP - sum(now_ms - o.found_ms < HOUR_MS for o in recent))
    made: list[Opportunity] = []
    if enabled and room > 0:
        candidates = findings([i for i in inputs if i.symbol in prices], anchor, now_ms)
        for found in candidates:
            side = Side.LONG if found.sign > 0 else Side.SHORT
            if len(made) < room and (found.symbol, found.kind) not in held and sides.setdefault(found.symbol, side) == side:
                made.append(_record(found, book.venue, side, prices[found.symbol], now_ms))
    return replace(book, recent=(*recent, *made)), tuple(made)


def _record(found: Candidate, venue: str, side: Side, price: float, now_ms: int) -> Opportunity:
    return Opportunity(
        id=f"{venue}-{found.symbol}-{found.kind.lower_name}-{now_ms}",
        venue=venue,
        symbol=found.symbol,
        kind=found.kind,
        side=side,
        found_ms=now_ms,
        expires_ms=now_ms + COOLDOWN_MS,
        price=price,
        confidence=found.confidence,
        sentence=found.sentence,
        alpha_percent=None if found.alpha is None else _percent(found.alpha),
        z_score=found.z_score,
        reading=found.reading,
        unit=found.unit,
    )


def _percent(log_return: float) -> float:
    return 100 * math.expm1(log_return)


def findings(inputs: Sequence[SymbolInputs], anchor: Mapping[Timeframe, Candles], now_ms: int) -> list[Candidate]:
    """Everything that meets its kind's definition now, strongest first, whatever was found before."""
    having = {t: {i.symbol: i.candles[t] for i in inputs if t in i.candles} for t in (FAST, Timeframe.M30, SLOW)}
    found: list[Candidate] = []
    if Timeframe.M30 in anchor:
        others = {symbol: c for symbol, c in having[Timeframe.M30].items() if symbol != ANCHOR}
        returns = aligned(others, anchor[Timeframe.M30], POINTS, now_ms)
        if returns is not None and others:
            found += _against_btc(returns)
    if FAST in anchor and SLOW in anchor:
        both = [symbol for symbol in having[FAST] if symbol in having[SLOW]]
        fast = aligned({s: having[FAST][s] for s in both}, anchor[FAST], 288, now_ms)
        slow = aligned({s: having[SLOW][s] for s in both}, anchor[SLOW], 180, now_ms)
        if fast is not None and slow is not None and both:
            found += _divergences(fast, slow)
    found += [f for i in inputs if (f := _funding(i, now_ms)) is not None]
    found = [f for f in found if f.confidence >= WORTH]
    return sorted(found, key=lambda f: (-f.strength * f.confidence, f.symbol, f.kind))


# --------------------------------------------------------------------------------------------------------- against BTC


class _Days(NamedTuple):
    """The week before and the day now, by symbol. Arrays (symbols,), NaN where absent; `path`: running sum of residuals over
    the week (symbols, 336)."""

    usual: Fit
    recent: Fit
    alpha: Floats
    z: Floats
    burst: Floats
    burst_z: Floats
    path: Floats
    confidence: Floats
    btc: float
    btc_z: float


def _against_btc(returns: Returns) -> Iterator[Candidate]:
    with np.errstate(all="ignore"):  # 0/0 becomes NaN, which meets no definition
        days = _days(returns)
        for rule in (_correlation, _beta, _breakout, _reversion):
            yield from rule(returns.symbols, days)


def _days(returns: Returns) -> _Days:
    x, y = returns.anchor, returns.values
    usual = fit(x[:-RECENT], y[:, :-RECENT], USUAL_LEAST)
    recent = fit(x[-RECENT:], y[:, -RECENT:], RECENT_LEAST)
    rest = y - usual.beta[:, None] * x
    there = np.isfinite(rest)
    rest = np.where(there, rest, 0.0)
    residual = np.where(usual.residual > FLAT, usual.residual, np.nan)
    alpha, burst = rest[:, -RECENT:].sum(axis=1), rest[:, -BURST:].sum(axis=1)
    counted, bursting = there[:, -RECENT:].sum(axis=1), there[:, -BURST:].sum(axis=1)
    z = np.where(counted >= RECENT_LEAST, alpha / (residual * np.sqrt(counted)), np.nan)
    burst_z = np.where(bursting == BURST, burst / (residual * np.sqrt(BURST)), np.nan)
    steps = x[np.isfinite(x)]
    btc = float(np.nansum(x[-RECENT:]))
    return _Days(
        usual,
        recent,
        alpha,
        z,
        burst,
        burst_z,
        np.cumsum(rest, axis=1),
        usual.points / (usual.points + HALF_SAMPLE) * counted / RECENT * (1 + usual.correlation**2) / 2,
        btc,
        btc / (float(np.sqrt((steps * steps).mean())) * np.sqrt(RECENT)) if len(steps) else np.nan,
    )


def _correlation(symbols: Sequence[str], days: _Days) -> Iterator[Candidate]:
    usual, recent = days.usual, days.recent
    error = np.sqrt(1 / (usual.points - 3) + 1 / (recent.points - 3))
    z = (np.arctanh(recent.correlation) - np.arctanh(usual.correlation)) / error  # Fisher 1921
    broken = (usual.correlation >= CORRELATED) & (recent.correlation <= UNCORRELATED) & (z <= -CHANGE_Z)
    for i in np.flatnonzero(broken & (np.abs(days.z) >= MOVE_Z)).tolist():
        was, now = usual.correlation[i], recent.correlation[i]
        text = f"{symbols[i]} has left BTC: correlation {now:.2f} today after {was:.2f} in the days before"
        yield _found(OpportunityKind.CORRELATION_BREAKDOWN, symbols[i], days, i, (days.alpha[i], z[i], now, text))


def _beta(symbols: Sequence[str], days: _Days) -> Iterator[Candidate]:
    was, now = days.usual.beta, days.recent.beta
    z = (now - was) / np.sqrt(days.usual.beta_error**2 + days.recent.beta_error**2)
    more = (was >= BETA_LEAST) & (now >= BETA_RATIO * was) & (z >= CHANGE_Z) & (abs(days.btc_z) >= MOVE_Z)
    less = (was >= BETA_LEAST) & (now <= was / BETA_RATIO) & (z <= -CHANGE_Z) & (np.abs(days.z) >= MOVE_Z)
    for i in np.flatnonzero(more | less).tolist():
        verb = "more" if more[i] else "less"
        kind = OpportunityKind.BETA_EXPANSION if more[i] else OpportunityKind.BETA_COMPRESSION
        text = (
            f"{symbols[i]} moves {verb} with BTC than it did: beta {now[i]:.2f} today after {was[i]:.2f} in the days before"
        )
        yield _found(kind, symbols[i], days, i, (days.btc if more[i] else days.alpha[i], z[i], now[i], text))


def _breakout(symbols: Sequence[str], days: _Days) -> Iterator[Candidate]:
    sign = np.sign(days.burst_z)
    farthest = (sign[:, None] * days.path).argmax(axis=1) == days.path.shape[1] - 1
    for i in np.flatnonzero((np.abs(days.burst_z) >= BREAKOUT_Z) & farthest).tolist():
        alpha, z = days.burst[i], days.burst_z[i]
        side = "strongest" if alpha > 0 else "weakest"
        text = f"{symbols[i]} is at its {side} against BTC in a week: {_percent(alpha):+.1f} % in 4 hours beyond BTC"
        kind = OpportunityKind.RELATIVE_STRENGTH_BREAKOUT
        yield _found(kind, symbols[i], days, i, (alpha, z, _percent(alpha), text), alpha=alpha)


def _reversion(symbols: Sequence[str], days: _Days) -> Iterator[Candidate]:
    sign = np.sign(days.z)
    day = sign[:, None] * days.path[:, -RECENT:]
    turned = (day.max(axis=1) - day[:, -1]) / days.usual.residual
    for i in np.flatnonzero((np.abs(days.z) >= REVERSION_Z) & (turned >= TURN)).tolist():
        alpha = days.alpha[i]
        text = f"{symbols[i]} turns back after {_percent(alpha):+.1f} % in a day that BTC does not explain"
        yield _found(OpportunityKind.REVERSION, symbols[i], days, i, (-alpha, days.z[i], _percent(alpha), text))


_THRESHOLDS = {
    OpportunityKind.CORRELATION_BREAKDOWN: (CHANGE_Z, "correlation"),
    OpportunityKind.BETA_EXPANSION: (CHANGE_Z, "beta"),
    OpportunityKind.BETA_COMPRESSION: (CHANGE_Z, "beta"),
    OpportunityKind.RELATIVE_STRENGTH_BREAKOUT: (BREAKOUT_Z, "percent"),
    OpportunityKind.REVERSION: (REVERSION_Z, "percent"),
    OpportunityKind.CROSS_TIMEFRAME_DIVERGENCE: (FAST_Z, "percent"),
    OpportunityKind.FUNDING_EXTREME: (FUNDING_Z, "percent"),
}


def _found(
    kind: OpportunityKind,
    symbol: str,
    days: _Days,
    i: int,
    what: tuple[float, float, float, str],
    *,
    alpha: float | None = None,
) -> Candidate:
    """`what`: (number whose sign is the side, z-score, reading, words). `alpha`: the day's unless given."""
    (sign, z, reading, text), (threshold, unit) = what, _THRESHOLDS[kind]
    own = float(days.alpha[i] if alpha is None else alpha)
    confidence = float(days.confidence[i])
    words = f"{text} (z {z:+.1f})."
    return Candidate(
        kind, symbol, float(sign), float(abs(z)) / threshold, confidence, words, float(reading), unit, float(z), own
    )


# --------------------------------------------------------------------------------------------------- against themselves


def _divergences(fast: Returns, slow: Returns) -> Iterator[Candidate]:
    kind = OpportunityKind.CROSS_TIMEFRAME_DIVERGENCE
    with np.errstate(all="ignore"):
        fast_move, fast_z, count = _move(fast.values, FAST_POINTS, 144)
        slow_move, slow_z, _ = _move(slow.values, SLOW_POINTS, 90)
        apart = (np.abs(fast_z) >= FAST_Z) & (np.abs(slow_z) >= SLOW_Z) & (np.sign(fast_z) != np.sign(slow_z))
    for i in np.flatnonzero(apart).tolist():
        move, week, z = _percent(float(fast_move[i])), _percent(float(slow_move[i])), float(fast_z[i])
        text = f"{fast.symbols[i]} made {move:+.1f} % in 2 hours against {week:+.1f} % in the week (z {z:+.1f})."
        confidence = plenty(float(count[i]), HALF_SAMPLE)
        yield Candidate(kind, fast.symbols[i], float(slow_z[i]), abs(z) / FAST_Z, confidence, text, move, "percent", z)


def _move(values: Floats, last: int, least: int) -> tuple[Floats, Floats, Floats]:
    """(sum of the last returns, its z-score by the root mean square of all, number of all); NaN with fewer than `least`, or
    where one of the last is missing."""
    count = np.isfinite(values).sum(axis=1).astype(np.float64)
    usual = np.sqrt(np.nansum(values * values, axis=1) / count)
    usual[(count < least) | ~(usual > FLAT)] = np.nan
    move: Floats = values[:, -last:].sum(axis=1)
    return move, move / (usual * np.sqrt(last)), count


def unusual_funding(inputs: SymbolInputs, now_ms: int) -> tuple[float, float, float] | None:
    """(rate, its z-score, confidence) where the funding rate (a fraction an interval) is extreme as above; else None."""
    rate = None if inputs.ticker is None else inputs.ticker.funding_rate
    if rate is None or abs(rate) < FUNDING_LEAST:
        return None
    try:
        z, confidence = sentiment.funding(SymbolContext(inputs, now_ms, {}))
    except (Absent, *READING_ERRORS):
        return None
    return (rate, z, confidence) if abs(z) >= FUNDING_Z and z * rate > 0 else None


def _funding(inputs: SymbolInputs, now_ms: int) -> Candidate | None:
    unusual = unusual_funding(inputs, now_ms)
    if unusual is None:
        return None
    rate, z, confidence = unusual
    payers = "longs" if rate > 0 else "shorts"
    text = f"{inputs.symbol}: {payers} pay {100 * abs(rate):.3f} % an interval, far from its own past (z {z:+.1f})."
    kind = OpportunityKind.FUNDING_EXTREME
    return Candidate(kind, inputs.symbol, -rate, abs(z) / FUNDING_Z, confidence, text, 100 * rate, "percent", z)
