"""Signals: when they open, and that neither a restart nor a reflection of the market changes the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.signal_data import (
    DAY,
    EMPTY,
    HOUR,
    MINUTE,
    START,
    Bars,
    advanced_at,
    candles,
    flat,
    half_hours,
    minutes,
    rough_bars,
    round_signal,
    scored,
    ticker,
)
from virtuoso.analysis.signals import InputStamps, advance, restore, signal_side, stop_distance
from virtuoso.domain.model import (
    DimensionKind,
    Environment,
    Stamp,
    Ticker,
    Timeframe,
)
from virtuoso.domain.records import Side, Signal, SignalStatus


@pytest.mark.parametrize(
    ("score", "confidence", "side"),
    [
        (70.0, 0.5, Side.LONG),
        (30.0, 0.5, Side.SHORT),
        (69.999, 0.9, None),
        (30.001, 0.9, None),
        (90.0, 0.499, None),
        (10.0, 0.499, None),
        (None, 0.9, None),
    ],
)
def test_a_signal_opens_at_70_and_30_with_a_confidence_of_one_half(
    score: float | None, confidence: float, side: Side | None
) -> None:
    assert signal_side(scored(score, confidence)) is side


@pytest.mark.parametrize("side", list(Side))
def test_the_stop_is_two_atr_away_and_the_targets_are_on_the_other_side(side: Side) -> None:
    bars = half_hours()
    result = advanced_at(50 + 25 * side.sign, bars={Timeframe.M30: bars}).opened[0]
    ranges = talib.ATR(np.log(bars.high), np.log(bars.low), np.log(bars.close), 14)
    assert result.side is side
    assert result.entry == 100.0
    assert side.sign * math.log(result.entry / result.stop) == pytest.approx(2 * ranges[-1])
    distance = abs(math.log(result.stop / result.entry))
    reached = [side.sign * math.log(target / result.entry) / distance for target in result.targets]
    assert reached == pytest.approx([1.5, 3.0, 5.0])
    assert result.sizes == (0.5, 0.3, 0.2)
    assert (result.opened_ms, result.judged_ms) == (START, START)
    assert result.expires_ms == START + DAY
    assert result.status is SignalStatus.ACTIVE
    assert result.drivers == (DimensionKind.ORDERFLOW, DimensionKind.TECHNICAL)  # supporting, strongest first
    assert str(START) in result.id
    assert "XUSDT" in result.id
    assert "bybit" in result.id


def test_a_signal_expires_when_a_bar_of_both_timeframes_ends() -> None:
    result = advanced_at(80, START + 3 * MINUTE + 17_123).opened[0]
    assert result.expires_ms == START + DAY


def test_no_signal_opens_without_a_confirmed_price_or_a_stop() -> None:
    minute = minutes([flat()], START - MINUTE)
    scores, bars = {"XUSDT": scored(80)}, {"XUSDT": {Timeframe.M30: half_hours(), **minute}}

    def opened(price: Ticker | None, signal_bars: Mapping[str, Bars] = bars) -> int:
        return len(advance(EMPTY, scores, {} if price is None else {"XUSDT": price}, signal_bars, START).opened)

    assert opened(ticker(100.0, START)) == 1
    assert opened(ticker(100.0, START, mark=100.9)) == 1
    assert opened(ticker(100.0, START, mark=101.1)) == 0
    assert opened(ticker(100.0, START, mark=98.9)) == 0
    assert opened(replace(ticker(100.0, START), mark=None)) == 0
    assert opened(ticker(100.0, START - 61_000)) == 0
    assert opened(ticker(0.0, START)) == opened(ticker(math.nan, START)) == 0
    assert opened(None) == 0
    assert opened(ticker(100.0, START), {}) == 0
    assert opened(ticker(100.0, START), {"XUSDT": {Timeframe.M30: half_hours(scale=0.2), **minute}}) == 0
    still = candles(Timeframe.M30, START - 60 * HOUR, [flat()] * 120)
    assert opened(ticker(100.0, START), {"XUSDT": {Timeframe.M30: still, **minute}}) == 0


def test_no_signal_opens_at_a_price_that_the_newest_close_does_not_confirm() -> None:
    def opened(last: float, close: float, timeframe: Timeframe = Timeframe.M1) -> int:
        newest = candles(timeframe, START - timeframe.ms, [flat(close)])
        bars = {"XUSDT": {Timeframe.M30: half_hours(), timeframe: newest}}
        return len(advance(EMPTY, {"XUSDT": scored(80)}, {"XUSDT": ticker(last, START)}, bars, START).opened)

    assert opened(100.0, 100.9) == opened(100.0, 99.1) == opened(100.0, 100.9, Timeframe.M5) == 1
    for factor in (10, 0.1, 1.5, 1.011, 0.989):
        assert opened(100.0 * factor, 100.0) == opened(100.0 * factor, 100.0, Timeframe.M5) == 0
    assert opened(100.0, 100.0, Timeframe.H4) == 0


def test_a_stop_is_never_within_trading_costs() -> None:
    assert stop_distance(half_hours(scale=1e-5), START) == 0.003
    wide = stop_distance(half_hours(scale=0.004), START)
    assert wide is not None
    assert wide > 0.003
    assert stop_distance(None, START) is None
    assert stop_distance(half_hours(), START - 40 * HOUR) is None  # fewer than 50 bars had closed by then


def test_noise_near_the_threshold_opens_one_signal_until_it_is_rearmed() -> None:
    state, now, opened = EMPTY, START, list[Signal]()
    for points in (69, 71, 69, 72, 66, 75, 70):
        result = advanced_at(points, now, state=state, bars=minutes([flat()] * 3, START))
        state, now = result.state, now + MINUTE
        opened += result.opened
    assert len(opened) == 1
    stopped = minutes([flat(), flat(50.0)], now - now % MINUTE)
    state = advanced_at(75, now + 2 * MINUTE, state=state, bars=stopped).state
    assert [s.status for s in state.newest.values()] == [SignalStatus.STOPPED]
    for minute, (score, count) in enumerate([(75, 0), (65.1, 0), (75, 0), (65.0, 0), (69, 0), (70, 1), (80, 0)]):
        result = advanced_at(score, now + (3 + minute) * MINUTE, state=state)
        state = result.state
        assert len(result.opened) == count, (minute, score)


def test_a_signal_opens_only_when_ticker_book_and_trades_were_read_again() -> None:
    def stamps(*times: int | None) -> InputStamps:
        return tuple(None if time is None else Stamp(observed_ms=START, received_ms=START + time) for time in times)

    bars = {"XUSDT": {Timeframe.M30: half_hours(), **minutes([flat()], START - MINUTE)}}

    def opened(*passes: tuple[float, InputStamps]) -> list[int]:
        state, counts = EMPTY, []
        for score, read in passes:
            prices = {"XUSDT": ticker(100.0, START)}
            step = advance(state, {"XUSDT": scored(score)}, prices, bars, START, stamps={"XUSDT": read})
            state = step.state
            counts.append(len(step.opened))
        return counts

    first, half, all_again = stamps(0, 0, 0), stamps(3, 0, 0), stamps(12, 12, 12)
    assert opened((80, first), (80, first), (80, half), (80, all_again), (80, all_again)) == [0, 0, 0, 1, 0]
    assert opened((20, first), (20, all_again)) == [0, 1]
    assert opened((80, first), (66, half), (80, all_again)) == [0, 0, 1]  # noise near the threshold
    assert opened((80, first), (65, half), (80, all_again)) == [0, 0, 0]
    assert opened((80, first), (20, all_again)) == [0, 0]
    assert opened((80, stamps(0, None, None)), (80, stamps(3, None, None))) == [0, 1]


def test_an_opposite_signal_closes_the_active_one_at_its_own_entry_price() -> None:
    first = advanced_at(80)
    (long,) = first.opened
    second = advanced_at(20, START + 10 * MINUTE, 99.8, first.state)
    (short,) = second.opened
    (closed,) = second.changed
    assert short.side is Side.SHORT
    assert (closed.id, closed.status) == (long.id, SignalStatus.REVERSED)
    assert (closed.exit_price, closed.closed_ms) == (99.8, START + 10 * MINUTE)
    assert closed.result_r == pytest.approx(math.log(99.8 / 100) / abs(math.log(long.stop / 100)))
    assert sum(s.status is SignalStatus.ACTIVE for s in second.state.newest.values()) == 1
    doubtful = advance(first.state, {"XUSDT": scored(20, 0.4)}, {}, {}, START + MINUTE)
    assert (doubtful.opened, [s.status for s in doubtful.changed]) == ((), [SignalStatus.ACTIVE])  # it is only rearmed


def test_a_repeated_pass_changes_nothing() -> None:
    first = advanced_at(80)
    again = advanced_at(80, state=first.state)
    assert (again.state, again.opened, again.changed) == (first.state, (), ())


def test_a_closed_signal_prevents_another_for_at_most_seven_days() -> None:
    state = replace(EMPTY, newest={("XUSDT", Side.LONG): replace(round_signal(), status=SignalStatus.STOPPED)})
    assert advanced_at(80, START + 7 * DAY, state=state).opened == ()
    assert len(advanced_at(80, START + 7 * DAY + 1, state=state).opened) == 1


def test_signals_of_other_venues_and_environments_are_not_restored() -> None:
    known = round_signal()
    other = [replace(known, venue="binance"), replace(known, environment=Environment.SIMULATED)]
    assert restore(EMPTY, other) == EMPTY
    assert restore(EMPTY, [known, *other]).newest == {("XUSDT", Side.LONG): known}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from((1.0, 1e-5, 3e4)), st.lists(st.floats(0, 100), min_size=30, max_size=30))
def test_a_reflected_market_gives_the_reflected_signals(seed: int, factor: float, scores: list[float]) -> None:
    rows = rough_bars(seed, 30 * 20)

    def run(turn: bool) -> list[Signal]:
        shown = [(factor * o, factor * h, factor * low, factor * c) for o, h, low, c in rows]
        shown = [(1 / o, 1 / low, 1 / h, 1 / c) for o, h, low, c in shown] if turn else shown
        slow = half_hours(factor)
        if turn:
            slow = replace(slow, open=1 / slow.open, high=1 / slow.low, low=1 / slow.high, close=1 / slow.close)
        stored: dict[str, Signal] = {}
        state = EMPTY
        for at, score in enumerate(scores, start=1):
            now, last = START + at * 20 * MINUTE, shown[at * 20 - 1][3]
            bars = {Timeframe.M30: slow, **minutes(shown[: at * 20])}
            points = scored(100 - score if turn else score)
            result = advance(state, {"XUSDT": points}, {"XUSDT": ticker(last, now)}, {"XUSDT": bars}, now)
            state = result.state
            stored |= {s.id: s for s in (*result.opened, *result.changed)}
        return list(stored.values())

    for one, other in zip(run(turn=False), run(turn=True), strict=True):
        assert one.side is not other.side
        assert (one.status, one.targets_hit, one.closed_ms) == (other.status, other.targets_hit, other.closed_ms)
        assert other.result_r == pytest.approx(one.result_r, abs=1e-6)
        assert other.stop == pytest.approx(1 / one.stop, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from((15.0, 34.0, 50.0, 66.0, 72.0, None)), min_size=40, max_size=40))
def test_after_a_restart_no_signal_is_lost_or_opened_twice(seed: int, scores: list[float | None]) -> None:
    rng = np.random.default_rng(seed)
    rows = rough_bars(seed, 40 * 20)

    def run(restarts: bool) -> dict[str, Signal]:
        stored: dict[str, Signal] = {}
        state = EMPTY
        for at, score in enumerate(scores, start=1):
            now = START + at * 20 * MINUTE
            bars = {Timeframe.M30: half_hours(), **minutes(rows[: at * 20])}
            prices = {"XUSDT": ticker(rows[at * 20 - 1][3], now)}
            if restarts and rng.random() < 0.5:
                state = restore(EMPTY, stored.values())
            result = advance(state, {"XUSDT": scored(score)}, prices, {"XUSDT": bars}, now)
            state = result.state
            assert sum(s.status is SignalStatus.ACTIVE for s in state.newest.values()) <= 1
            assert {s.id for s in result.opened}.isdisjoint(stored)
            stored |= {s.id: s for s in (*result.opened, *result.changed)}
        return stored

    assert run(restarts=True) == run(restarts=False)


@pytest.mark.parametrize("side", list(Side))
def test_when_both_sides_are_stored_as_active_the_earlier_is_closed_as_reversed(side: Side) -> None:
    first = round_signal(side)
    other = Side.SHORT if side is Side.LONG else Side.LONG
    later = replace(round_signal(other), id="later", opened_ms=first.opened_ms + HOUR, entry=101.0)
    known = {s.id: s for s in restore(EMPTY, [later, first]).newest.values()}
    assert known["later"] == later
    closed = known[first.id]
    assert (closed.status, closed.closed_ms, closed.exit_price) == (SignalStatus.REVERSED, later.opened_ms, 101.0)
    assert closed.result_r * side.sign > 0
