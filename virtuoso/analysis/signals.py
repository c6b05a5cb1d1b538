"""Calls to one side, and what became of them: a state machine over one venue's market.

    recall(stored) ─► SignalState ─► step(scores, prices, bars, now) ─► (SignalState, opened, changed) ─► store what changed

A call is made when the score reaches 70 (LONG) or 30 (SHORT) with a confidence of at least 0.5, at the last price. Another
to the same side needs the score to have come back to 65 (35) in between. At most one signal of a symbol is active: the
opposite call closes it. The ledger is nothing but the newest signal of each symbol and side, so what is stored is all of the
memory.

Distances are in log prices, like everything in this package: R = |log(stop / entry)|, a target of 1.5 R lies 1.5 of it on
the other side, a result is sign * log(exit / entry) / R. So a reflected market gives the reflected signals, result for
result.

Outcomes are judged on closed 1m bars (5m where those are missing) that open after the call: the rest of the minute in which
it was made is seen only through the next bar's open. Wicks count; with stop and target in one bar the stop was first; a bar
that opens beyond the stop fills there; at the expiry the bar's close. Fees and funding are not in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import Bars, closed_by
from virtuoso.analysis.components import READING_ERRORS
from virtuoso.domain.model import Timeframe
from virtuoso.domain.records import Side, Signal, SignalStatus

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Confluence, Environment, Floats, Millis, Ticker

ENTER = 20.0  # points from 50 at which a call is made
REARM = 15.0  # points from 50 to which the score must come back before another
CONFIDENCE_FLOOR = 0.5
TARGETS_R = (1.5, 3.0, 5.0)
SIZES = (0.5, 0.3, 0.2)
LIFE_MS = 24 * 3_600_000
STOP_TIMEFRAME = Timeframe.M30  # its bars see the swings of a day without its news
STOP_ATRS = 2.0
STOP_BARS = 50  # that the ATR must be made from
STOP_LEAST, STOP_MOST = 0.003, 0.20  # log distance: nearer is within costs, farther is no plan for a day
APART = 0.01  # log distance of mark and last above which one of them is wrong
PRICE_AGE_MS = 60_000
MEMORY_MS = 7 * 86_400_000  # a closed signal holds back another to its side for no longer
PATIENCE_MS = 120_000  # a bar that has not come by then is missing
ABANDON_MS = 6 * 3_600_000  # after the expiry: no bar will come any more

MINUTE_MS, FIVE_MS = Timeframe.M1.ms, Timeframe.M5.ms


@dataclass(frozen=True, slots=True)
class SignalState:
    """The newest signal of each symbol and side on one venue; at most one of a symbol is active."""

    venue: str
    environment: Environment
    model_version: str
    newest: Mapping[tuple[str, Side], Signal] = field(default_factory=dict)


class SignalStep(NamedTuple):
    """The ledger after a pass, the signals that it opened, and those that it changed (closed, hit, judged, re-armed)."""

    ledger: SignalState
    opened: tuple[Signal, ...]
    changed: tuple[Signal, ...]


def recall(ledger: SignalState, stored: Iterable[Signal]) -> SignalState:
    """The ledger with what was stored, in any order; signals of other venues and environments are no business of it. All
    active ones and those opened in the last 7 days are enough. Where both sides of a symbol are active, the later one had
    reversed the other, which was not stored any more."""
    newest = dict(ledger.newest)
    for signal in stored:
        key = (signal.symbol, signal.side)
        known = newest.get(key)
        if (signal.venue, signal.environment) != (ledger.venue, ledger.environment):
            continue
        if known is None or (signal.opened_ms, signal.judged_ms) > (known.opened_ms, known.judged_ms):
            newest[key] = signal
    for long in [s for s in newest.values() if s.side is Side.LONG and s.status is SignalStatus.ACTIVE]:
        short = newest.get((long.symbol, Side.SHORT))
        if short is not None and short.status is SignalStatus.ACTIVE:
            former, latter = sorted((long, short), key=lambda s: (s.opened_ms, s.id))
            reversed_ = _closed(former, SignalStatus.REVERSED, latter.entry, latter.opened_ms)
            newest[former.symbol, former.side] = reversed_
    return replace(ledger, newest=newest)


def step(
    ledger: SignalState,
    scores: Mapping[str, Confluence],
    prices: Mapping[str, Ticker],
    bars: Mapping[str, Mapping[Timeframe, Candles]],
    now_ms: int,
) -> SignalStep:
    """One pass at `now_ms` (epoch ms, the exchange's clock), all by symbol. Judges what is active, re-arms, and calls.
    Without a score nothing is re-armed or called, without a price or bars nothing called, without bars nothing judged. A
    pass with the same inputs again changes nothing. Bars that close after `now_ms` are not looked at."""
    newest: dict[tuple[str, Side], Signal] = {}
    for key, signal in ledger.newest.items():
        if signal.status is SignalStatus.ACTIVE or now_ms - signal.opened_ms <= MEMORY_MS:
            newest[key] = _rearmed(judge(signal, bars.get(signal.symbol, {}), now_ms), scores.get(signal.symbol))
    changed = {s.id: s for key, s in newest.items() if s != ledger.newest[key]}
    opened = []
    for symbol, confluence in scores.items():
        side = called(confluence)
        if side is None or _held_back(newest.get((symbol, side))):
            continue
        made = _call(ledger, side, confluence, prices.get(symbol), bars.get(symbol, {}), now_ms=now_ms)
        if made is None:
            continue
        opposite = (symbol, Side.SHORT if side is Side.LONG else Side.LONG)
        against = newest.get(opposite)
        if against is not None and against.status is SignalStatus.ACTIVE:
            newest[opposite] = _closed(against, SignalStatus.REVERSED, made.entry, now_ms)
            changed[against.id] = newest[opposite]
        newest[symbol, side] = made
        opened.append(made)
    return SignalStep(replace(ledger, newest=newest), tuple(opened), tuple(changed.values()))


# ------------------------------------------------------------------------------------------------------------- calling


def called(confluence: Confluence) -> Side | None:
    """LONG at a score of 70 and more, SHORT at 30 and less, both with a confidence of at least 0.5; else None."""
    if confluence.score is None or confluence.confidence is None or confluence.confidence < CONFIDENCE_FLOOR:
        return None
    away = confluence.score - 50
    if abs(away) < ENTER:
        return None
    return Side.LONG if away > 0 else Side.SHORT


def _held_back(previous: Signal | None) -> bool:
    return previous is not None and (previous.status is SignalStatus.ACTIVE or not previous.rearmed)


def _rearmed(signal: Signal, confluence: Confluence | None) -> Signal:
    """Marked once the score has come back far enough."""
    if signal.rearmed or confluence is None or confluence.score is None:
        return signal
    return replace(signal, rearmed=True) if signal.side.sign * (confluence.score - 50) <= REARM else signal


def risk(candles: Candles | None, now_ms: int) -> float | None:
    """Log distance from entry to stop: two ATR-14 of 30m log prices, at least 0.3 %. None without 50 closed bars, where
    nothing moves, or above 20 %."""
    if candles is None or (end := closed_by(candles, now_ms)) < STOP_BARS:
        return None
    try:
        distance = STOP_ATRS * float(Bars(candles, end=end).atr[-1])
    except READING_ERRORS:
        return None
    return max(STOP_LEAST, distance) if distance <= STOP_MOST else None  # NaN is not below anything


def _call(
    ledger: SignalState,
    side: Side,
    confluence: Confluence,
    ticker: Ticker | None,
    bars: Mapping[Timeframe, Candles],
    *,
    now_ms: int,
) -> Signal | None:
    """A signal at the last price; None without a price younger than a minute that the mark confirms within 1 %, or without
    a distance for the stop."""
    if ticker is None or ticker.mark is None or now_ms - ticker.stamp.observed_ms > PRICE_AGE_MS:
        return None
    if not (0 < ticker.mark < math.inf and 0 < ticker.last < math.inf):
        return None
    distance = risk(bars.get(STOP_TIMEFRAME), now_ms)
    if distance is None or abs(math.log(ticker.mark / ticker.last)) > APART:
        return None
    sign, entry = side.sign, ticker.last
    speaking = [d for d in confluence.dimensions if sign * d.contribution > 0]
    return Signal(
        id=f"{ledger.venue}-{confluence.symbol}-{side.lower_name}-{now_ms}",
        venue=ledger.venue,
        symbol=confluence.symbol,
        side=side,
        environment=ledger.environment,
        model_version=ledger.model_version,
        opened_ms=now_ms,
        entry=entry,
        stop=entry * math.exp(-sign * distance),
        targets=tuple(entry * math.exp(sign * r * distance) for r in TARGETS_R),
        sizes=SIZES,
        expires_ms=now_ms // FIVE_MS * FIVE_MS + LIFE_MS,  # where a bar of 1m and one of 5m end
        score=confluence.score or 0.0,
        confidence=confluence.confidence or 0.0,
        drivers=tuple(d.kind for d in sorted(speaking, key=lambda d: (-abs(d.contribution), d.kind))),
        judged_ms=now_ms,
    )


# ------------------------------------------------------------------------------------------------------------- judging


def judge(signal: Signal, bars: Mapping[Timeframe, Candles], now_ms: int) -> Signal:
    """The signal held against all bars that had closed at `now_ms` and were not looked at before. Judging again changes
    nothing, and judging in pieces gives what judging at once does. A closed signal stays as it is.

    A hole that neither 1m nor 5m bars fill is stepped over once they are overdue; when it takes in the expiry, the first
    price after it counts. Where no bar has come 6 hours after the expiry, nobody knows the end: it has no exit price, and
    what was still open counts as stopped, so that vanished markets never flatter the record."""
    if signal.status is not SignalStatus.ACTIVE:
        return signal
    for bar in _walk(signal, bars, now_ms):
        signal = _after(signal, bar)
        if signal.status is not SignalStatus.ACTIVE:
            return signal
    if now_ms >= signal.expires_ms + ABANDON_MS:
        return _closed(signal, SignalStatus.EXPIRED, None, signal.expires_ms + ABANDON_MS)
    return signal


def _after(signal: Signal, bar: _Bar) -> Signal:
    """An active signal after one more bar."""
    sign, stop = signal.side.sign, signal.stop
    worst, best = (bar.low, bar.high) if sign > 0 else (bar.high, bar.low)
    signal = replace(signal, judged_ms=max(signal.judged_ms, bar.end_ms))
    if bar.open_ms >= signal.expires_ms:  # the first price after a hole
        return _closed(signal, SignalStatus.EXPIRED, bar.open, bar.open_ms)
    if sign * (worst - stop) <= 0:
        beyond = sign * (bar.open - stop) < 0
        return _closed(signal, SignalStatus.STOPPED, bar.open if beyond else stop, bar.end_ms)
    hits = max(signal.targets_hit, sum(sign * (best - target) >= 0 for target in signal.targets))
    signal = replace(signal, targets_hit=hits)
    if hits == len(signal.targets):
        return _closed(signal, SignalStatus.TARGETS_REACHED, signal.targets[-1], bar.end_ms)
    if bar.end_ms >= signal.expires_ms:
        return _closed(signal, SignalStatus.EXPIRED, bar.close, bar.end_ms)
    return replace(signal, result_r=_banked(signal))


def _result(signal: Signal, price: float) -> float:
    """What a unit closed at `price` made, in R."""
    return signal.side.sign * math.log(price / signal.entry) / abs(math.log(signal.stop / signal.entry))


def _banked(signal: Signal) -> float:
    """What the targets that were hit made, in R, weighted by size."""
    hit = zip(signal.sizes, signal.targets[: signal.targets_hit], strict=False)
    return math.fsum(size * _result(signal, target) for size, target in hit)


def _closed(signal: Signal, status: SignalStatus, price: float | None, at_ms: int) -> Signal:
    """The signal with its rest closed at `price`; None: at an unknown one, counted as the stop."""
    rest = math.fsum(signal.sizes[signal.targets_hit :])
    result = _banked(signal) + rest * _result(signal, signal.stop if price is None else price)
    return replace(signal, status=status, exit_price=price, closed_ms=at_ms, result_r=result)


class _Bar(NamedTuple):
    open_ms: int
    end_ms: int
    open: float
    high: float
    low: float
    close: float


class _BarSequence:
    """The bars of one timeframe that had closed; one that holds a price that is none counts as missing."""

    def __init__(self, candles: Candles | None, now_ms: int) -> None:
        self._length = 0 if candles is None else candles.timeframe.ms
        self._opens: Millis = np.empty(0, dtype=np.int64)
        self._prices: Floats = np.empty((4, 0))
        if candles is not None:
            span = slice(closed_by(candles, now_ms))
            prices = np.stack([v[span] for v in (candles.open, candles.high, candles.low, candles.close)])
            sound = np.isfinite(prices).all(axis=0) & (prices > 0).all(axis=0)
            self._opens, self._prices = candles.open_ms[span][sound], prices[:, sound]

    def begins_after(self, time_ms: int) -> bool:
        """True when there are bars, all of them later."""
        return len(self._opens) > 0 and int(self._opens[0]) > time_ms

    def from_(self, time_ms: int) -> _Bar | None:
        """The first bar that opens at `time_ms` or later."""
        at = int(np.searchsorted(self._opens, time_ms))
        if at >= len(self._opens):
            return None
        opened = int(self._opens[at])
        return _Bar(opened, opened + self._length, *self._prices[:, at].tolist())

    def at(self, time_ms: int) -> _Bar | None:
        """The bar that opens then."""
        bar = self.from_(time_ms)
        return bar if bar is not None and bar.open_ms == time_ms else None


def _walk(signal: Signal, bars: Mapping[Timeframe, Candles], now_ms: int) -> Iterator[_Bar]:
    """The bars that have not been judged, one after the other, each moment once where 1m bars are there. A 5m bar may begin
    before what was judged, but never before the signal: what it adds can only be of its unjudged part, since stop and
    further targets were not touched in the rest."""
    minutes, fives = _BarSequence(bars.get(Timeframe.M1), now_ms), _BarSequence(bars.get(Timeframe.M5), now_ms)
    cursor = max(signal.judged_ms, signal.opened_ms)
    while True:
        cursor = -(-cursor // MINUTE_MS) * MINUTE_MS
        bar = minutes.at(cursor)
        if bar is None:
            begin = cursor // FIVE_MS * FIVE_MS
            overdue = now_ms >= begin + FIVE_MS + PATIENCE_MS
            if begin >= signal.opened_ms and (overdue or minutes.begins_after(cursor)):
                bar = fives.at(begin)
            if bar is None and overdue:
                later = [b for tape in (minutes, fives) if (b := tape.from_(cursor)) is not None]
                bar = min(later, key=lambda b: b.open_ms, default=None)
        if bar is None:
            return
        yield bar
        cursor = bar.end_ms
