"""Signals: when they open, and that neither a restart nor a reflection of the market changes the result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.signal_data import (
    AT_ONCE,
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
    market_at,
    minutes,
    rough_bars,
    round_signal,
    scored,
    ticker,
)
from virtuoso.analysis.signal_rules import DEFAULT_RULES, CostRules, EntryRefusal
from virtuoso.analysis.signals import SignalInputs, SignalState, SignalStep, advance, restore
from virtuoso.domain.model import ANCHOR, Environment, Ticker, Timeframe
from virtuoso.domain.records import Side, Signal, SignalStatus


@pytest.mark.parametrize(
    ("score", "confidence", "side"),
    [
        (72.0, 0.5, Side.LONG),
        (28.0, 0.35, Side.SHORT),
        (71.999, 0.9, None),
        (28.001, 0.9, None),
        (90.0, 0.349, None),
        (10.0, 0.349, None),
        (None, 0.9, None),
    ],
)
def test_a_signal_opens_at_the_thresholds_with_enough_confidence(
    score: float | None, confidence: float, side: Side | None
) -> None:
    bars = {Timeframe.M30: half_hours(), **minutes([flat()], START - MINUTE)}
    step = advance(EMPTY, market_at(START, scored(score, confidence), ticker(100.0, START), bars))
    assert [one.side for one in step.opened] == ([] if side is None else [side])


def test_a_signal_opens_after_its_score_has_stood_in_complete_passes_without_a_gap() -> None:
    def opened_at(*passes: tuple[float, float, bool, int]) -> list[float]:
        """Return the minutes at which a signal opened. A pass: (minute, score, complete, minutes in its mean)."""
        state, found = replace(EMPTY, rules=DEFAULT_RULES), []
        for minute, score, complete, averaged in passes:
            now = START + round(minute * MINUTE)
            bars = {Timeframe.M30: half_hours(until_ms=START), **minutes([flat()], now - now % MINUTE - MINUTE)}
            market = market_at(now, scored(score, averaged_ms=averaged * MINUTE), ticker(100.0, now), bars)
            step = advance(state, replace(market, complete=complete))
            state = step.state
            found += [minute] * len(step.opened)
        return found

    def steady(until: int, *changed: tuple[float, float, bool, int]) -> list[tuple[float, float, bool, int]]:
        by_minute = {each[0]: each for each in changed}
        return [by_minute.get(minute, (minute, 80.0, True, 20)) for minute in range(until)]

    assert opened_at(*steady(9)) == [5]
    assert opened_at(*steady(9, (3, 67.0, True, 20))) == [5]  # noise near the threshold
    assert opened_at(*steady(9, (3, 66.0, True, 20))) == []
    assert opened_at(*steady(12, (3, 66.0, True, 20))) == [9]
    assert opened_at(*steady(12, (3, 80.0, False, 20))) == [9]  # a pass that was not complete
    assert opened_at(*[one for one in steady(12) if one[0] not in {3, 4}]) == [10]  # a gap
    assert opened_at(*((minute, 80.0, True, minute) for minute in range(30))) == [23]  # a start


def test_a_move_of_the_whole_market_is_one_signal_and_each_side_has_a_limit_per_hour() -> None:
    names = [f"S{number:02}USDT" for number in range(20)]

    def opened(scores: Sequence[float], state: SignalState = EMPTY, now: int = START) -> SignalStep:
        bars = {Timeframe.M30: half_hours(until_ms=START), **minutes([flat()], now - MINUTE)}
        every = [ANCHOR, *names]
        return advance(
            state,
            SignalInputs(
                now_ms=now,
                scores={name: scored(score, symbol=name) for name, score in zip(names, scores, strict=True)},
                prices={name: ticker(100.0, now, symbol=name) for name in every},
                bars=dict.fromkeys(every, bars),
            ),
        )

    for side in Side:
        falling = [50 + side.sign * (15 + number / 2) for number in range(20)]
        (call,) = opened(falling).opened
        assert (call.symbol, call.side) == (ANCHOR, side)
        assert call.market_symbols == tuple(reversed(names))
        assert call.score == pytest.approx(50 + side.sign * 19.75)
        assert "market" in call.id
    first = opened([82.0, 73.0, 74.0, 75.0, 18.0, *[50.0] * 15])
    assert [(one.symbol, one.side) for one in first.opened] == [
        ("S00USDT", Side.LONG),
        ("S04USDT", Side.SHORT),
        ("S03USDT", Side.LONG),
        ("S02USDT", Side.LONG),
    ]
    assert not opened([82.0, 73.0, 74.0, 75.0, 18.0, *[50.0] * 15], first.state, START + HOUR - 1).opened
    later = opened([82.0, 73.0, 74.0, 75.0, 18.0, *[50.0] * 15], first.state, START + HOUR)
    assert [one.symbol for one in later.opened] == ["S01USDT"]


def test_no_signal_opens_without_a_confirmed_price_or_a_usual_range() -> None:
    minute = minutes([flat()], START - MINUTE)
    known: Bars = {Timeframe.M30: half_hours(), **minute}

    def opened(price: Ticker | None, bars: Bars | None = known) -> int:
        return len(advance(EMPTY, market_at(START, scored(80), price, bars)).opened)

    assert opened(ticker(100.0, START)) == 1
    assert opened(ticker(100.0, START, mark=100.9)) == 1
    assert opened(ticker(100.0, START, mark=101.1)) == 0
    assert opened(ticker(100.0, START, mark=98.9)) == 0
    assert opened(replace(ticker(100.0, START), mark=None)) == 0
    assert opened(ticker(100.0, START - 61_000)) == 0
    assert opened(ticker(0.0, START)) == opened(ticker(math.nan, START)) == 0
    assert opened(None) == 0
    assert opened(ticker(100.0, START), None) == 0
    assert opened(ticker(100.0, START), minute) == 0
    still = candles(Timeframe.M30, START - 60 * HOUR, [flat()] * 120)
    assert opened(ticker(100.0, START), {Timeframe.M30: still, **minute}) == 0
    old = minutes([flat()], START - 12 * MINUTE)
    assert opened(ticker(100.0, START), {Timeframe.M30: half_hours(), **old}) == 0


def test_no_signal_opens_at_a_price_that_the_newest_close_does_not_confirm() -> None:
    def opened(last: float, close: float, timeframe: Timeframe = Timeframe.M1) -> int:
        newest = candles(timeframe, START - timeframe.ms, [flat(close)])
        bars = {Timeframe.M30: half_hours(), timeframe: newest}
        return len(advance(EMPTY, market_at(START, scored(80), ticker(last, START), bars)).opened)

    assert opened(100.0, 100.9) == opened(100.0, 99.1) == opened(100.0, 100.9, Timeframe.M5) == 1
    for factor in (10, 0.1, 1.5, 1.011, 0.989):
        assert opened(100.0 * factor, 100.0) == opened(100.0 * factor, 100.0, Timeframe.M5) == 0
    assert opened(100.0, 100.0, Timeframe.H4) == 0


def test_a_refused_entry_is_counted_once_with_its_reason_until_the_score_returns() -> None:
    bars = {Timeframe.M30: half_hours(), **minutes([flat()] * 60)}
    state, found = EMPTY, []
    for minute, (score, last, tick) in enumerate(
        [(80, 1000.0, 0.1), (80, 1000.0, 0.1), (80, 100.0, 50.0), (50, 100.0, 0.1), (80, 1000.0, 0.1), (80, 100.0, 0.1)], 1
    ):
        now = START + minute * MINUTE
        price = replace(ticker(last, now), tick_size=tick)
        step = advance(state, market_at(now, scored(score), price, bars))
        state = step.state
        found.append((step.refused, len(step.opened)))
    price_refused, plan_refused = (EntryRefusal.PRICE,), (EntryRefusal.PLAN,)
    assert found == [(price_refused, 0), ((), 0), (plan_refused, 0), ((), 0), (price_refused, 0), ((), 1)]


def test_a_signal_has_the_costs_of_its_market_or_those_of_the_settings() -> None:
    bars = {Timeframe.M30: half_hours(), **minutes([flat()], START - MINUTE)}
    price = replace(ticker(100.0, START), funding_rate=0.0001, funding_interval_ms=8 * HOUR)
    known = replace(market_at(START, scored(80), price, bars), spreads={"XUSDT": 0.0005})
    (long,), (short,) = advance(EMPTY, known).opened, advance(EMPTY, replace(known, scores={"XUSDT": scored(20)})).opened
    assert long.costs == pytest.approx((0.055, 0.05, 0.03))
    assert short.costs == pytest.approx((0.055, 0.05, -0.03))
    costs = CostRules(taker_fee_percent=0.1, spread_percent=0.2, funding_day_percent=0.3)
    state = replace(EMPTY, rules=replace(AT_ONCE, costs=costs))
    for score in (80, 20):
        assert advanced_at(score, state=state).opened[0].costs == (0.1, 0.2, 0.3)


def test_noise_near_the_threshold_opens_one_signal_until_it_is_rearmed() -> None:
    state, now, opened = EMPTY, START, list[Signal]()
    for points in (71, 73, 71, 74, 67, 77, 72):
        result = advanced_at(points, now, state=state, bars=minutes([flat()] * 3, START))
        state, now = result.state, now + MINUTE
        opened += result.opened
    assert len(opened) == 1
    stopped = minutes([flat(), flat(50.0)], now - now % MINUTE)
    state = advanced_at(75, now + 2 * MINUTE, state=state, bars=stopped).state
    assert [s.status for s in state.newest.values()] == [SignalStatus.STOPPED]
    for minute, (score, count) in enumerate([(75, 0), (66.1, 0), (75, 0), (66.0, 0), (71, 0), (72, 1), (80, 0)]):
        result = advanced_at(score, now + (3 + minute) * MINUTE, state=state)
        state = result.state
        assert len(result.opened) == count, (minute, score)


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
    doubtful = advance(first.state, market_at(START + MINUTE, scored(20, 0.4), None, None))
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
    assert restore(EMPTY, [known, *other]).pending == {known.id: known}


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
            price = replace(ticker(last, now), funding_rate=-0.0003 if turn else 0.0003, funding_interval_ms=8 * HOUR)
            result = advance(state, market_at(now, points, price, bars))
            state = result.state
            stored |= {s.id: s for s in (*result.opened, *result.changed)}
        return list(stored.values())

    for one, other in zip(run(turn=False), run(turn=True), strict=True):
        assert one.side is not other.side
        assert (one.status, one.targets_hit, one.closed_ms) == (other.status, other.targets_hit, other.closed_ms)
        assert other.result_r == pytest.approx(one.result_r, abs=1e-6)
        assert other.net_r == pytest.approx(one.net_r, abs=1e-6)
        assert other.chances == pytest.approx(one.chances, abs=1e-9)
        assert other.stop == pytest.approx(1 / one.stop, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from((15.0, 34.0, 50.0, 66.0, 74.0, None)), min_size=40, max_size=40))
def test_after_a_restart_no_signal_is_lost_or_opened_twice(seed: int, scores: list[float | None]) -> None:
    rng = np.random.default_rng(seed)
    rows = rough_bars(seed, 40 * 20)

    def run(restarts: bool) -> dict[str, Signal]:
        stored: dict[str, Signal] = {}
        state = EMPTY
        for at, score in enumerate(scores, start=1):
            now = START + at * 20 * MINUTE
            bars = {Timeframe.M30: half_hours(), **minutes(rows[: at * 20])}
            price = ticker(rows[at * 20 - 1][3], now)
            if restarts and rng.random() < 0.5:
                state = restore(EMPTY, stored.values())
            result = advance(state, market_at(now, scored(score), price, bars))
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
