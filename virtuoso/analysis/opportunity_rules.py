"""Definitions of opportunities: unusual moves relative to BTC or to a market's own history, and unusual funding.

Most kinds compare the last day with the six days before it, on 30m returns (see `beta`). The usual fit uses the 288 older
returns. The recent fit uses the 48 newest. The residual of a return is the part that the usual beta does not explain,
e = r - beta r_BTC. Alpha is the sum of the residuals over the kind's window. Its z-score is alpha / (s sqrt(n)), where s is
the usual standard deviation of residuals. Sums are sums of log returns. Percentages are price changes, 100 (exp(sum) - 1).
A few large bars decide nothing: errors of betas are HC3 (see `beta`), correlations are those of returns that are limited to
4 usual deviations of their own week, and the ratio of betas must also hold for these returns.

    CORRELATION_BREAKDOWN       the usual correlation is at least 0.6, the recent one at most 0.3, and Fisher's z of the
                                difference at most -4; the side follows the day's alpha
    BETA_EXPANSION              beta is at least 1.5 times the usual beta, and z of the difference is at least 4; the side
                                follows BTC's move of the day
    BETA_COMPRESSION            beta is at most the usual beta divided by 1.5, and z of the difference is at most -4; the
                                side follows the day's alpha
    RELATIVE_STRENGTH_BREAKOUT  the alpha of 4 hours has |z| of at least 3.5, and the running sum of residuals is at its
                                extreme of the week; the side follows this alpha
    REVERSION                   the day's alpha has |z| of at least 3 and has moved back from its extreme by at least two s;
                                the side is opposite to this alpha
    CROSS_TIMEFRAME_DIVERGENCE  the last 2 hours on 5m (|z| of at least 3) move against the last week on 4h (|z| of at least
                                1.5); the side follows the week
    FUNDING_EXTREME             the rate has |z| of at least 4 against its own history, its size is at least 0.09 % a
                                day, and z and rate have the same sign; the side is opposite to those who pay

An observation ends when the correlation is 0.6 again, the beta the usual one, or the rate below 0.09 % a day. That of a move
has failed at a price: a breakout and a divergence where their move began, a reversion at the extreme from which it turned.
Moves against BTC have this price while BTC stands still.

Where the side follows a move, that move must have |z| of at least 1. A reflected market gives the opposite side of each
kind. For the kinds on 30m returns, confidence is n / (n + 60), times the share of the recent returns that are present,
times (1 + R^2) / 2.

No kind is a forecast.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis import sentiment
from virtuoso.analysis.bars import FLAT, enough_moves
from virtuoso.analysis.beta import Fit, Returns, align_returns, fit
from virtuoso.analysis.funding import funding_text
from virtuoso.analysis.inference import row_medians
from virtuoso.analysis.measurement import READING_ERRORS, NotMeasured, sample_confidence
from virtuoso.analysis.symbol_context import SymbolContext
from virtuoso.domain.model import ANCHOR, SymbolInputs, Timeframe
from virtuoso.domain.records import OpportunityKind

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Floats

WEEK_POINTS, DAY_POINTS, BURST_POINTS = 336, 48, 8
"""Numbers of 30m returns in a week, in its last day, and in its last 4 hours."""
MIN_USUAL_POINTS, MIN_DAY_POINTS = 144, 40
CORRELATED, UNCORRELATED = 0.6, 0.3
BETA_RATIO = 1.5
MIN_BETA = 0.3
"""The minimum usual beta. A ratio to a smaller beta has no meaning."""
MOVE_Z, LIMIT = 1.0, 4.0
CHANGE_Z = 4.0
BREAKOUT_Z = 3.5
REVERSION_Z, TURN_DEVIATIONS = 3.0, 2.0
FAST, FAST_POINTS, FAST_Z = Timeframe.M5, 24, 3.0
SLOW, SLOW_POINTS, SLOW_Z = Timeframe.H4, 42, 1.5
FAST_DAY_POINTS, MIN_FAST_POINTS = 288, 144
SLOW_MONTH_POINTS, MIN_SLOW_POINTS = 180, 90
FUNDING_Z, MIN_FUNDING_A_DAY = 4.0, 9e-4
HALF_SAMPLE = 60.0
MIN_CONFIDENCE = 0.3

PERCENT_A_DAY = "percent a day"

_THRESHOLDS = {
    OpportunityKind.CORRELATION_BREAKDOWN: (CHANGE_Z, "correlation"),
    OpportunityKind.BETA_EXPANSION: (CHANGE_Z, "beta"),
    OpportunityKind.BETA_COMPRESSION: (CHANGE_Z, "beta"),
    OpportunityKind.RELATIVE_STRENGTH_BREAKOUT: (BREAKOUT_Z, "percent"),
    OpportunityKind.REVERSION: (REVERSION_Z, "percent"),
    OpportunityKind.CROSS_TIMEFRAME_DIVERGENCE: (FAST_Z, "percent"),
    OpportunityKind.FUNDING_EXTREME: (FUNDING_Z, PERCENT_A_DAY),
}
"""The z-score threshold of each kind, and the unit of its reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A situation that meets the definition of its kind.

    A positive `sign` means LONG; a negative one means SHORT. `strength` is the absolute z-score divided by the kind's
    threshold, at least 1. `end` is the sentence that says what ends it. It has the fields `beyond` and `price` where `limit`
    is the price beyond which it has failed. `alpha` is a log return, or None for kinds without alpha."""

    kind: OpportunityKind
    symbol: str
    sign: float
    strength: float
    confidence: float
    sentence: str
    reading: float
    unit: str
    z_score: float
    end: str
    limit: float | None = None
    alpha: float | None = None


def find_candidates(inputs: Sequence[SymbolInputs], anchor: Mapping[Timeframe, Candles], now_ms: int) -> list[Candidate]:
    """Return all candidates of all kinds at `now_ms` (epoch ms), strongest first. `anchor` holds BTC's candles. The result
    does not depend on earlier passes."""
    by_frame = {t: {i.symbol: i.candles[t] for i in inputs if t in i.candles} for t in (FAST, Timeframe.M30, SLOW)}
    candidates: list[Candidate] = []
    if Timeframe.M30 in anchor:
        others = {symbol: candles for symbol, candles in by_frame[Timeframe.M30].items() if symbol != ANCHOR}
        returns = align_returns(others, anchor[Timeframe.M30], WEEK_POINTS, now_ms)
        if returns is not None and others:
            candidates += _against_btc(returns)
    if FAST in anchor and SLOW in anchor:
        both = [symbol for symbol in by_frame[FAST] if symbol in by_frame[SLOW]]
        fast = align_returns({s: by_frame[FAST][s] for s in both}, anchor[FAST], FAST_DAY_POINTS, now_ms)
        slow = align_returns({s: by_frame[SLOW][s] for s in both}, anchor[SLOW], SLOW_MONTH_POINTS, now_ms)
        if fast is not None and slow is not None and both:
            candidates += _divergences(fast, slow)
    candidates += [candidate for i in inputs if (candidate := _funding_extreme(i, now_ms)) is not None]
    candidates = [candidate for candidate in candidates if candidate.confidence >= MIN_CONFIDENCE]
    return sorted(candidates, key=lambda c: (-c.strength * c.confidence, c.symbol, c.kind))


def percent_of_price(log_return: float) -> float:
    """Return a log return as a percentage of the price."""
    return 100 * math.expm1(log_return)


class _WeekAndDay(NamedTuple):
    """The usual fit of the days before, and the moves of the last day.

    Arrays have shape (symbols,) and are NaN where a value is absent. `path` (symbols, 336) is the running sum of residuals
    over the week. `limited` are the usual and the recent fit of limited returns. `burst` is the alpha of
    the last 4 hours. `closes` are the newest prices."""

    symbols: tuple[str, ...]
    usual: Fit
    recent: Fit
    limited: tuple[Fit, Fit]
    alpha: Floats
    alpha_z: Floats
    burst: Floats
    burst_z: Floats
    path: Floats
    confidence: Floats
    closes: Floats
    btc_move: float
    btc_z: float

    def candidate(
        self,
        kind: OpportunityKind,
        i: int,
        *,
        sign: float,
        z: float,
        reading: float,
        text: str,
        end: str,
        back: float | None = None,
        alpha: float | None = None,
    ) -> Candidate:
        """Return the candidate of symbol `i`. `back` is the log return from the newest price to the limit. Its alpha is the
        day's by default."""
        threshold, unit = _THRESHOLDS[kind]
        return Candidate(
            kind=kind,
            symbol=self.symbols[i],
            sign=float(sign),
            strength=float(abs(z)) / threshold,
            confidence=float(self.confidence[i]),
            sentence=f"{text} (z {z:+.1f}).",
            reading=float(reading),
            unit=unit,
            z_score=float(z),
            end=end,
            limit=None if back is None else float(self.closes[i] * np.exp(back)),
            alpha=float(self.alpha[i] if alpha is None else alpha),
        )


def _against_btc(returns: Returns) -> Iterator[Candidate]:
    with np.errstate(all="ignore"):  # 0/0 becomes NaN, which meets no definition
        days = _week_and_day(returns)
        for rule in (_correlation_breakdowns, _beta_changes, _breakouts, _reversions):
            yield from rule(days)


def _week_and_day(returns: Returns) -> _WeekAndDay:
    x, y = returns.anchor, returns.values
    usual = fit(x[:-DAY_POINTS], y[:, :-DAY_POINTS], MIN_USUAL_POINTS)
    recent = fit(x[-DAY_POINTS:], y[:, -DAY_POINTS:], MIN_DAY_POINTS)
    limited_x, limited_y = _limited(x[None])[0], _limited(y)
    limited = (
        fit(limited_x[:-DAY_POINTS], limited_y[:, :-DAY_POINTS], MIN_USUAL_POINTS),
        fit(limited_x[-DAY_POINTS:], limited_y[:, -DAY_POINTS:], MIN_DAY_POINTS),
    )
    residuals = y - usual.beta[:, None] * x
    present = np.isfinite(residuals)
    residuals = np.where(present, residuals, 0.0)
    deviation = np.where(usual.residual > FLAT, usual.residual, np.nan)
    alpha, burst = residuals[:, -DAY_POINTS:].sum(axis=1), residuals[:, -BURST_POINTS:].sum(axis=1)
    day_count, burst_count = present[:, -DAY_POINTS:].sum(axis=1), present[:, -BURST_POINTS:].sum(axis=1)
    steps = x[np.isfinite(x)]
    btc_move = float(np.nansum(x[-DAY_POINTS:]))
    return _WeekAndDay(
        symbols=returns.symbols,
        usual=usual,
        recent=recent,
        limited=limited,
        alpha=alpha,
        alpha_z=np.where(day_count >= MIN_DAY_POINTS, alpha / (deviation * np.sqrt(day_count)), np.nan),
        burst=burst,
        burst_z=np.where(burst_count == BURST_POINTS, burst / (deviation * np.sqrt(BURST_POINTS)), np.nan),
        path=np.cumsum(residuals, axis=1),
        confidence=usual.points
        / (usual.points + HALF_SAMPLE)
        * day_count
        / DAY_POINTS
        * (1 + limited[0].correlation ** 2)
        / 2,
        closes=returns.closes,
        btc_move=btc_move,
        btc_z=btc_move / (float(np.sqrt((steps * steps).mean())) * np.sqrt(DAY_POINTS)) if len(steps) else np.nan,
    )


def _limited(returns: Floats) -> Floats:
    """Return the returns (symbols, points), limited to LIMIT usual deviations: 1.4826 times the median size of those that
    are not 0."""
    reach = LIMIT * 1.4826 * row_medians(np.where(np.abs(returns) > FLAT, np.abs(returns), np.nan))[:, None]
    return np.clip(returns, -reach, reach)


def _correlation_breakdowns(days: _WeekAndDay) -> Iterator[Candidate]:
    usual, recent = (one.correlation for one in days.limited)
    error = np.sqrt(1 / (days.usual.points - 3) + 1 / (days.recent.points - 3))
    z = (np.arctanh(recent) - np.arctanh(usual)) / error  # Fisher 1921
    broken = (usual >= CORRELATED) & (recent <= UNCORRELATED) & (z <= -CHANGE_Z)
    for i in np.flatnonzero(broken & (np.abs(days.alpha_z) >= MOVE_Z)).tolist():
        was, now = usual[i], recent[i]
        text = f"{days.symbols[i]} no longer moves with BTC: correlation {now:.2f} today, {was:.2f} in the days before"
        end = f"It ends when the correlation of a day is {CORRELATED:.2f} again."
        kind = OpportunityKind.CORRELATION_BREAKDOWN
        yield days.candidate(kind, i, sign=days.alpha[i], z=z[i], reading=now, text=text, end=end)


def _beta_changes(days: _WeekAndDay) -> Iterator[Candidate]:
    was, now = days.usual.beta, days.recent.beta
    z = (now - was) / np.sqrt(days.usual.beta_error**2 + days.recent.beta_error**2)
    was_limited, now_limited = (one.beta for one in days.limited)
    more = (was >= MIN_BETA) & (now >= BETA_RATIO * was) & (now_limited >= BETA_RATIO * was_limited)
    less = (was >= MIN_BETA) & (now <= was / BETA_RATIO) & (now_limited <= was_limited / BETA_RATIO)
    more &= (z >= CHANGE_Z) & (abs(days.btc_z) >= MOVE_Z)
    less &= (z <= -CHANGE_Z) & (np.abs(days.alpha_z) >= MOVE_Z)
    for i in np.flatnonzero(more | less).tolist():
        kind = OpportunityKind.BETA_EXPANSION if more[i] else OpportunityKind.BETA_COMPRESSION
        words = "more" if more[i] else "less"
        text = (
            f"{days.symbols[i]} moves {words} with BTC than before: beta {now[i]:.2f} today, {was[i]:.2f} in the days before"
        )
        sign = days.btc_move if more[i] else days.alpha[i]
        end = f"It ends when the beta of a day is {was[i]:.2f} again, as in the days before."
        yield days.candidate(kind, i, sign=sign, z=z[i], reading=now[i], text=text, end=end)


def _breakouts(days: _WeekAndDay) -> Iterator[Candidate]:
    sign = np.sign(days.burst_z)
    at_extreme = (sign[:, None] * days.path).argmax(axis=1) == days.path.shape[1] - 1
    for i in np.flatnonzero((np.abs(days.burst_z) >= BREAKOUT_Z) & at_extreme).tolist():
        alpha, z = days.burst[i], days.burst_z[i]
        side = "strongest" if alpha > 0 else "weakest"
        reading = percent_of_price(alpha)
        text = (
            f"{days.symbols[i]} is at its {side} against BTC in a week: {reading:+.1f} % in 4 hours beyond what BTC explains"
        )
        end = "It has failed if the price {beyond} {price} while BTC stands still: the move of the 4 hours is then gone."
        kind = OpportunityKind.RELATIVE_STRENGTH_BREAKOUT
        yield days.candidate(kind, i, sign=alpha, z=z, reading=reading, text=text, end=end, back=-float(alpha), alpha=alpha)


def _reversions(days: _WeekAndDay) -> Iterator[Candidate]:
    sign = np.sign(days.alpha_z)
    day = sign[:, None] * days.path[:, -DAY_POINTS:]
    turned = day.max(axis=1) - day[:, -1]
    enough = (turned >= TURN_DEVIATIONS * days.usual.residual) & np.isfinite(days.closes)
    for i in np.flatnonzero((np.abs(days.alpha_z) >= REVERSION_Z) & enough).tolist():
        alpha = days.alpha[i]
        reading = percent_of_price(alpha)
        text = f"{days.symbols[i]} turns back after {reading:+.1f} % in a day beyond what BTC explains"
        end = (
            "It has failed if the price {beyond} {price} while BTC stands still: the move of the day then has a new extreme."
        )
        z, back = days.alpha_z[i], float(sign[i] * turned[i])
        yield days.candidate(OpportunityKind.REVERSION, i, sign=-alpha, z=z, reading=reading, text=text, end=end, back=back)


def _divergences(fast: Returns, slow: Returns) -> Iterator[Candidate]:
    with np.errstate(all="ignore"):
        fast_move, fast_z, count = _recent_move(fast.values, FAST_POINTS, MIN_FAST_POINTS)
        slow_move, slow_z, _ = _recent_move(slow.values, SLOW_POINTS, MIN_SLOW_POINTS)
        apart = (np.abs(fast_z) >= FAST_Z) & (np.abs(slow_z) >= SLOW_Z) & (np.sign(fast_z) != np.sign(slow_z))
    for i in np.flatnonzero(apart).tolist():
        move, week, z = percent_of_price(float(fast_move[i])), percent_of_price(float(slow_move[i])), float(fast_z[i])
        text = f"{fast.symbols[i]} moved {move:+.1f} % in 2 hours, against its move of {week:+.1f} % in the week"
        yield Candidate(
            kind=OpportunityKind.CROSS_TIMEFRAME_DIVERGENCE,
            symbol=fast.symbols[i],
            sign=float(slow_z[i]),
            strength=abs(z) / FAST_Z,
            confidence=sample_confidence(float(count[i]), HALF_SAMPLE),
            sentence=f"{text} (z {z:+.1f}).",
            reading=move,
            unit="percent",
            z_score=z,
            end="It has failed if the price {beyond} {price}: the move of the week is then gone.",
            limit=float(slow.closes[i] * np.exp(-slow_move[i])),
        )


def _recent_move(values: Floats, last: int, min_points: int) -> tuple[Floats, Floats, Floats]:
    """Return (sum of the last returns, its z-score by the root mean square of all returns, number of all returns). The
    z-score is NaN with fewer than `min_points` returns, where the market hardly moves, or where one of the last returns is
    missing."""
    count = np.isfinite(values).sum(axis=1).astype(np.float64)
    usual = np.sqrt(np.nansum(values * values, axis=1) / count)
    usual[(count < min_points) | ~(usual > FLAT) | ~enough_moves(values)] = np.nan
    move: Floats = values[:, -last:].sum(axis=1)
    return move, move / (usual * np.sqrt(last)), count


def unusual_funding(inputs: SymbolInputs, now_ms: int) -> tuple[float, float, float] | None:
    """Return (rate, its z-score, confidence) if the funding rate meets FUNDING_EXTREME, otherwise None. The rate is a
    fraction per day."""
    rate = None if inputs.ticker is None else inputs.ticker.daily_funding_rate
    if rate is None or abs(rate) < MIN_FUNDING_A_DAY:
        return None
    try:
        z, confidence = sentiment.funding(SymbolContext(inputs, now_ms, {}))
    except (NotMeasured, *READING_ERRORS):
        return None
    return (rate, z, confidence) if abs(z) >= FUNDING_Z and z * rate > 0 else None


def _funding_extreme(inputs: SymbolInputs, now_ms: int) -> Candidate | None:
    unusual = unusual_funding(inputs, now_ms)
    if unusual is None or inputs.ticker is None:
        return None
    rate, z, confidence = unusual
    payers = "longs" if rate > 0 else "shorts"
    text = f"{inputs.symbol}: {payers} pay {funding_text(inputs.ticker)}, far from its usual rate (z {z:+.1f})."
    return Candidate(
        kind=OpportunityKind.FUNDING_EXTREME,
        symbol=inputs.symbol,
        sign=-rate,
        strength=abs(z) / FUNDING_Z,
        confidence=confidence,
        sentence=text,
        reading=100 * rate,
        unit=PERCENT_A_DAY,
        z_score=z,
        end=f"It ends when {payers} pay less than {100 * MIN_FUNDING_A_DAY:.2f} % a day.",
    )
