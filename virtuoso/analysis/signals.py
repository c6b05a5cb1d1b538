"""Signals: a state machine over one venue's market that opens, evaluates and closes them from pass to pass.

    restore(stored) ─► SignalState ─► advance(scores, prices, bars, now) ─► SignalStep(state, opened, changed) ─► store both

A signal opens at the last price when the score reaches 70 (LONG) or 30 (SHORT) with a confidence of at least 0.5, and still
does after ticker, book and trades were read again. One wrong reply therefore opens no signal. Before another signal on the
same side can open, the score must return to 65 (LONG) or 35 (SHORT). A symbol has at most one active signal. A signal on the
opposite side closes it. Apart from candidates, the state is the newest signal of each symbol and side, so it can be restored
from the stored signals alone.

Distances are in log prices. R = |log(stop / entry)|. A target of 1.5 R is 1.5 R from the entry, on the side opposite to the
stop. A result is sign * log(exit / entry) / R. Therefore a reflected market gives the reflected signals with the same
results. See `signal_outcomes` for stop, targets and expiry.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.analysis.bars import closed_bar_count, closed_bars
from virtuoso.analysis.signal_outcomes import M5_MS, close_signal, evaluate_outcome
from virtuoso.domain.model import Timeframe
from virtuoso.domain.records import Side, Signal, SignalStatus

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Confluence, Environment, Stamp, Ticker

ENTRY_POINTS = 20.0
"""The minimum distance of the score from 50 at which a signal opens."""
REARM_POINTS = 15.0
"""The distance from 50 to which the score must return before another signal on the same side."""
MIN_CONFIDENCE = 0.5
TARGETS_R = (1.5, 3.0, 5.0)
SIZES = (0.5, 0.3, 0.2)
LIFETIME_MS = 24 * 3_600_000
STOP_TIMEFRAME = Timeframe.M30
STOP_ATRS = 2.0
MIN_STOP_BARS = 50
MIN_STOP_DISTANCE, MAX_STOP_DISTANCE = 0.003, 0.20
"""Log distances. A nearer stop would be within trading costs. A more distant stop is unrealistic for one day."""
MAX_PRICE_DIFFERENCE = 0.01
"""The log distance of the last price from mark price and newest close above which no signal opens."""
MAX_PRICE_AGE_MS = 60_000
REENTRY_BLOCK_MS = 7 * 86_400_000
"""A closed signal can prevent another signal on the same side for this long after it opened."""

InputStamps = tuple["Stamp | None", ...]
"""The stamps of the inputs of a score that are read most often. None for an input that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """The newest signal of each symbol and side on one venue. At most one signal of a symbol is active. `candidates` are
    the sides whose score has reached the entry, with the stamps of the inputs that showed it first."""

    venue: str
    environment: Environment
    model_version: str
    newest: Mapping[tuple[str, Side], Signal] = field(default_factory=dict)
    candidates: Mapping[tuple[str, Side], InputStamps] = field(default_factory=dict)


class SignalStep(NamedTuple):
    """The state after a pass, the opened signals, and the changed signals (target hit, closed, evaluated, re-armed)."""

    state: SignalState
    opened: tuple[Signal, ...]
    changed: tuple[Signal, ...]


def restore(state: SignalState, stored: Iterable[Signal]) -> SignalState:
    """Return the state with the stored signals added, in any order. `stored` must contain all active signals and those of
    the last 7 days. Signals of other venues and environments are ignored.

    When both sides of a symbol are stored as active, the later signal reversed the earlier one, but this change was not
    stored. The earlier one is then closed as reversed."""
    newest = dict(state.newest)
    for signal in stored:
        key = (signal.symbol, signal.side)
        known = newest.get(key)
        if (signal.venue, signal.environment) != (state.venue, state.environment):
            continue
        if known is None or (signal.opened_ms, signal.judged_ms) > (known.opened_ms, known.judged_ms):
            newest[key] = signal
    for long in [s for s in newest.values() if s.side is Side.LONG and s.status is SignalStatus.ACTIVE]:
        short = newest.get((long.symbol, Side.SHORT))
        if short is not None and short.status is SignalStatus.ACTIVE:
            earlier, later = sorted((long, short), key=lambda s: (s.opened_ms, s.id))
            newest[earlier.symbol, earlier.side] = close_signal(earlier, SignalStatus.REVERSED, later.entry, later.opened_ms)
    return replace(state, newest=newest)


def advance(
    state: SignalState,
    scores: Mapping[str, Confluence],
    prices: Mapping[str, Ticker],
    bars: Mapping[str, Mapping[Timeframe, Candles]],
    now_ms: int,
    *,
    stamps: Mapping[str, InputStamps] | None = None,
) -> SignalStep:
    """Return the step of one pass at `now_ms` (epoch ms, the exchange's clock). The keys of all mappings are symbols.
    Without `stamps`, signals open at once.

    The pass evaluates active signals, re-arms signals, and opens new ones. A symbol without a score is not re-armed and
    opens no signal. A symbol without a price opens no signal. A symbol without bars opens no signal and is not evaluated.
    A repeated pass changes nothing. Bars that close after `now_ms` are not used."""
    newest: dict[tuple[str, Side], Signal] = {}
    for key, signal in state.newest.items():
        if signal.status is SignalStatus.ACTIVE or now_ms - signal.opened_ms <= REENTRY_BLOCK_MS:
            outcome = evaluate_outcome(signal, bars.get(signal.symbol, {}), now_ms)
            newest[key] = _rearm(outcome, scores.get(signal.symbol))
    changed = {signal.id: signal for key, signal in newest.items() if signal != state.newest[key]}
    opened = []
    candidates = _candidates(state, scores, stamps or {})
    for symbol, confluence in scores.items():
        side = signal_side(confluence)
        if side is None or _prevents_another(newest.get((symbol, side))):
            continue
        if stamps is not None and not _read_again(candidates[symbol, side], stamps.get(symbol, ())):
            continue
        signal_bars = bars.get(symbol, {})
        new = _open_signal(state, side, confluence, prices.get(symbol), signal_bars, now_ms=now_ms)
        if new is None:
            continue
        opposite_key = (symbol, Side.SHORT if side is Side.LONG else Side.LONG)
        opposite = newest.get(opposite_key)
        if opposite is not None and opposite.status is SignalStatus.ACTIVE:
            newest[opposite_key] = close_signal(opposite, SignalStatus.REVERSED, new.entry, now_ms)
            changed[opposite.id] = newest[opposite_key]
        newest[symbol, side] = new
        opened.append(new)
    return SignalStep(replace(state, newest=newest, candidates=candidates), tuple(opened), tuple(changed.values()))


def signal_side(confluence: Confluence) -> Side | None:
    """Return LONG for a score of at least 70, SHORT for a score of at most 30, otherwise None. Both sides require a
    confidence of at least 0.5."""
    if confluence.score is None or confluence.confidence is None or confluence.confidence < MIN_CONFIDENCE:
        return None
    points = confluence.score - 50
    if abs(points) < ENTRY_POINTS:
        return None
    return Side.LONG if points > 0 else Side.SHORT


def _candidates(
    state: SignalState, scores: Mapping[str, Confluence], stamps: Mapping[str, InputStamps]
) -> dict[tuple[str, Side], InputStamps]:
    """Return the candidates after this pass. A candidate ends when its score returns as far as for a re-arming."""
    now = {
        (symbol, side): stamps.get(symbol, ()) for symbol, one in scores.items() if (side := signal_side(one)) is not None
    }
    known = {key: first for key, first in state.candidates.items() if _points(scores.get(key[0]), key[1]) > REARM_POINTS}
    return now | known


def _read_again(first: InputStamps, now: InputStamps) -> bool:
    """Return True if each input was read again, or was missing."""
    return len(first) == len(now) and all(one is None or one != other for one, other in zip(first, now, strict=True))


def _points(confluence: Confluence | None, side: Side) -> float:
    """Return the distance of the score from 50 towards a side. Return 0 without a score."""
    return 0.0 if confluence is None or confluence.score is None else side.sign * (confluence.score - 50)


def stop_distance(candles: Candles | None, now_ms: int) -> float | None:
    """Return the log distance from entry to stop: two ATR-14 of 30m log prices, at least 0.003. None with fewer than 50
    closed bars, without price movement, or when the distance is above 0.20."""
    bars = None if candles is None else closed_bars(candles, now_ms)
    if bars is None or bars.count < MIN_STOP_BARS:
        return None
    distance = STOP_ATRS * float(bars.atr[-1])
    return max(MIN_STOP_DISTANCE, distance) if distance <= MAX_STOP_DISTANCE else None  # NaN fails the comparison


def _prevents_another(previous: Signal | None) -> bool:
    """Return True if the previous signal on the same side prevents another one."""
    return previous is not None and (previous.status is SignalStatus.ACTIVE or not previous.rearmed)


def _rearm(signal: Signal, confluence: Confluence | None) -> Signal:
    """Return the signal. It is marked as re-armed when the score has returned far enough."""
    if signal.rearmed or confluence is None or confluence.score is None:
        return signal
    return replace(signal, rearmed=True) if _points(confluence, signal.side) <= REARM_POINTS else signal


def _open_signal(
    state: SignalState,
    side: Side,
    confluence: Confluence,
    ticker: Ticker | None,
    bars: Mapping[Timeframe, Candles],
    *,
    now_ms: int,
) -> Signal | None:
    """Return a new signal at the last price. None without a stop distance, or when the price is older than a minute or
    differs from the mark price or from the newest close by more than 1 %."""
    if ticker is None or ticker.mark is None or now_ms - ticker.stamp.observed_ms > MAX_PRICE_AGE_MS:
        return None
    if not (0 < ticker.mark < math.inf and 0 < ticker.last < math.inf):
        return None
    distance, close = stop_distance(bars.get(STOP_TIMEFRAME), now_ms), _newest_close(bars, now_ms)
    if distance is None or close is None:
        return None
    if max(abs(math.log(price / ticker.last)) for price in (ticker.mark, close)) > MAX_PRICE_DIFFERENCE:
        return None
    sign, entry = side.sign, ticker.last
    supporting = [d for d in confluence.dimensions if sign * d.contribution > 0]
    return Signal(
        id=f"{state.venue}-{confluence.symbol}-{side.lower_name}-{now_ms}",
        venue=state.venue,
        symbol=confluence.symbol,
        side=side,
        environment=state.environment,
        model_version=state.model_version,
        opened_ms=now_ms,
        entry=entry,
        stop=entry * math.exp(-sign * distance),
        targets=tuple(entry * math.exp(sign * r * distance) for r in TARGETS_R),
        sizes=SIZES,
        expires_ms=now_ms // M5_MS * M5_MS + LIFETIME_MS,  # a time at which a 1m bar and a 5m bar end
        score=confluence.score or 0.0,
        confidence=confluence.confidence or 0.0,
        drivers=tuple(d.kind for d in sorted(supporting, key=lambda d: (-abs(d.contribution), d.kind))),
        judged_ms=now_ms,
    )


def _newest_close(bars: Mapping[Timeframe, Candles], now_ms: int) -> float | None:
    """Return the newest close of 1m bars, otherwise of 5m bars, otherwise None."""
    for timeframe in (Timeframe.M1, Timeframe.M5):
        candles = bars.get(timeframe)
        if candles is not None and (end := closed_bar_count(candles, now_ms)):
            close = float(candles.close[end - 1])
            return close if 0 < close < math.inf else None
    return None
