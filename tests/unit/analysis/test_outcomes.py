"""Outcomes of signals from highs and lows. They do not depend on the steps of evaluation, and bars may be missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.signal_data import (
    DAY,
    FIVE,
    HOUR,
    MINUTE,
    START,
    candles,
    flat,
    minutes,
    rough_bars,
    round_signal,
)
from virtuoso.analysis.signal_outcomes import evaluate_outcome
from virtuoso.domain.model import Timeframe
from virtuoso.domain.records import Side, Signal, SignalStatus


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("rows", "status", "hits", "result", "exit_r"),
    [
        ([(0, 0, -1.0, 0)], SignalStatus.STOPPED, 0, -1.0, -1.0),  # a wick suffices
        ([(0, 0, -0.99, 0)], SignalStatus.ACTIVE, 0, 0.0, None),
        ([(0, 6, -1.0, 5)], SignalStatus.STOPPED, 0, -1.0, -1.0),  # stop and target in one bar: the stop counts first
        ([(-2.5, -2, -3, -2)], SignalStatus.STOPPED, 0, -2.5, -2.5),  # the bar opens beyond the stop
        ([(0, 1.5, 0, 0), (0, 0, -1, 0)], SignalStatus.STOPPED, 1, 0.5 * 1.5 - 0.5, -1.0),
        ([(0, 3.2, 0, 0), (0, 0, -1, 0)], SignalStatus.STOPPED, 2, 0.75 + 0.9 - 0.2, -1.0),
        ([(0, 3.2, 0, 0)], SignalStatus.ACTIVE, 2, 0.75 + 0.9, None),
        ([(0, 1.6, 0, 1), (1, 5.5, 0, 2)], SignalStatus.TARGETS_REACHED, 3, 0.75 + 0.9 + 1.0, 5.0),
        ([(7, 8, 6, 7)], SignalStatus.TARGETS_REACHED, 3, 2.65, 5.0),  # the result is limited to the targets
    ],
)
def test_outcomes_follow_from_highs_and_lows(
    side: Side,
    rows: list[tuple[float, float, float, float]],
    status: SignalStatus,
    hits: int,
    result: float,
    exit_r: float | None,
) -> None:
    """Rows are (open, best, worst, close) in R, positive in the direction of the signal's side."""
    sign = side.sign
    bars = []
    for o, best, worst, c in rows:
        a, b = (100 * math.exp(sign * r * (1 + 1e-12) / 100) for r in (best, worst))
        bars.append((100 * math.exp(sign * o / 100), max(a, b), min(a, b), 100 * math.exp(sign * c / 100)))
    now = START + len(rows) * MINUTE
    outcome = evaluate_outcome(round_signal(side), minutes(bars), now)
    assert (outcome.status, outcome.targets_hit) == (status, hits)
    assert outcome.result_r == pytest.approx(result, abs=1e-9)
    assert outcome.judged_ms == now
    closed = status is not SignalStatus.ACTIVE
    assert outcome.closed_ms == (now if closed else None)
    assert (outcome.exit_price is None) == (not closed)
    if exit_r is not None and outcome.exit_price is not None:
        assert sign * math.log(outcome.exit_price / 100) * 100 == pytest.approx(exit_r)


@pytest.mark.parametrize("side", list(Side))
def test_a_price_that_equals_a_level_reaches_it(side: Side) -> None:
    signal = round_signal(side)
    far, near = sorted((signal.stop, 100.0)), sorted((signal.targets[0], 100.0))
    stopped = evaluate_outcome(signal, minutes([(100.0, far[1], far[0], 100.0)]), START + MINUTE)
    assert (stopped.status, stopped.exit_price, stopped.result_r) == (SignalStatus.STOPPED, signal.stop, -1.0)
    assert evaluate_outcome(signal, minutes([(100.0, near[1], near[0], 100.0)]), START + MINUTE).targets_hit == 1


def test_the_bar_in_which_a_signal_opens_does_not_count() -> None:
    signal = round_signal(opened_ms=START + 20_000)
    spiked = [(100.0, 200.0, 50.0, 100.0), flat()]
    assert evaluate_outcome(signal, minutes(spiked), START + 2 * MINUTE).status is SignalStatus.ACTIVE
    fallen = [(100.0, 100.0, 90.0, 90.0), flat(90.0)]
    outcome = evaluate_outcome(signal, minutes(fallen), START + 2 * MINUTE)
    assert (outcome.status, outcome.exit_price) == (SignalStatus.STOPPED, 90.0)


def test_a_signal_expires_at_the_close_of_the_bar_that_ends_its_day() -> None:
    rows = [flat()] * (24 * 60 - 1) + [(100.0, 101.7, 100.0, 100.4)] + [flat(50.0)] * 5
    outcome = evaluate_outcome(round_signal(), minutes(rows), START + DAY + 5 * MINUTE)
    assert (outcome.status, outcome.exit_price, outcome.closed_ms) == (SignalStatus.EXPIRED, 100.4, START + DAY)
    assert outcome.targets_hit == 1
    assert outcome.result_r == pytest.approx(0.75 + 0.5 * math.log(1.004) * 100)


def test_five_minute_bars_replace_missing_one_minute_bars() -> None:
    signal = round_signal()
    fives = {Timeframe.M5: candles(Timeframe.M5, START, [flat(), (100.0, 100.0, 98.0, 99.5)])}
    now = START + 2 * FIVE
    assert evaluate_outcome(signal, fives, now).judged_ms == START + FIVE  # 1m bars of the second may still arrive
    outcome = evaluate_outcome(signal, fives, now + 2 * MINUTE)
    assert (outcome.status, outcome.closed_ms) == (SignalStatus.STOPPED, now)
    within = minutes([flat()] * 8)  # no price in the first three minutes of the second 5m bar reaches a level
    assert evaluate_outcome(signal, {**within, **fives}, now + 2 * MINUTE).status is SignalStatus.STOPPED
    later = round_signal(opened_ms=START + FIVE + MINUTE)  # a 5m bar that began before the signal does not count
    assert evaluate_outcome(later, fives, now + 2 * MINUTE) == later


def test_a_gap_is_skipped_and_an_expiry_in_it_uses_the_next_price() -> None:
    signal, after = round_signal(), START + 3 * HOUR
    outcome = evaluate_outcome(signal, minutes([flat(100.5)] * 10, after), after + 10 * MINUTE)
    assert (outcome.status, outcome.judged_ms) == (SignalStatus.ACTIVE, after + 10 * MINUTE)
    gone = evaluate_outcome(signal, minutes([flat(98.0)], after), after + 10 * MINUTE)
    assert (gone.status, gone.exit_price) == (SignalStatus.STOPPED, 98.0)
    late = START + DAY + HOUR
    expired = evaluate_outcome(signal, minutes([(100.5, 100.7, 100.1, 100.2)] * 10, late), late + 10 * MINUTE)
    assert (expired.status, expired.exit_price, expired.closed_ms) == (SignalStatus.EXPIRED, 100.5, late)


@pytest.mark.parametrize("frozen", [98.0, 100.2, 106.0])
def test_a_signal_is_not_judged_by_bars_in_which_nothing_traded(frozen: float) -> None:
    silent = [flat(frozen)] * (25 * 60)
    bars = minutes([*silent, (100.5, 100.7, 100.1, 100.2)])
    m1 = bars[Timeframe.M1]
    halted = {Timeframe.M1: replace(m1, volume=np.where(np.arange(len(m1)) < len(silent), 0.0, 1.0))}
    waiting = evaluate_outcome(round_signal(), halted, START + DAY + HOUR)
    assert (waiting.status, waiting.targets_hit, waiting.exit_price) == (SignalStatus.ACTIVE, 0, None)
    expired = evaluate_outcome(waiting, halted, START + DAY + HOUR + MINUTE)
    assert (expired.status, expired.exit_price, expired.closed_ms) == (SignalStatus.EXPIRED, 100.5, START + DAY + HOUR)


def test_a_bar_with_an_invalid_price_is_a_gap() -> None:
    rows = [flat(), (100.0, 100.0, math.nan, 100.0), (0.0, 0.0, 0.0, 0.0), flat(), flat()]
    signal = round_signal()
    assert evaluate_outcome(signal, minutes(rows), START + FIVE).judged_ms == START + MINUTE
    fives = {Timeframe.M5: candles(Timeframe.M5, START, [(100.0, 100.0, 98.5, 100.0)])}
    assert evaluate_outcome(signal, {**minutes(rows), **fives}, START + FIVE + 2 * MINUTE).status is SignalStatus.STOPPED
    assert evaluate_outcome(signal, minutes(rows), START + FIVE + 2 * MINUTE).judged_ms == START + FIVE


def test_without_further_bars_a_signal_ends_at_its_stop_without_an_exit_price() -> None:
    signal = evaluate_outcome(round_signal(), minutes([(100.0, 101.6, 100.0, 101.0)]), START + MINUTE)
    assert evaluate_outcome(signal, {}, START + DAY + 6 * HOUR - 1) == signal
    gone = evaluate_outcome(signal, {}, START + DAY + 6 * HOUR)
    assert (gone.status, gone.exit_price) == (SignalStatus.EXPIRED, None)
    assert gone.result_r == pytest.approx(0.75 - 0.5)


def by_hand(signal: Signal, rows: Sequence[tuple[float, float, float, float]]) -> tuple[SignalStatus, int, float]:
    """Return the same result by another method: the position is three parts, each with its own target."""
    sign, unit = signal.side.sign, abs(math.log(signal.entry / signal.stop))
    tickets = list(zip(signal.sizes, signal.targets, strict=True))
    result = 0.0
    for at, (o, h, low, c) in enumerate(rows):
        last = at == 24 * 60 - 1
        adverse, good = (low, h) if sign > 0 else (h, low)
        if (adverse <= signal.stop) if sign > 0 else (adverse >= signal.stop):
            price = min(o, signal.stop) if sign > 0 else max(o, signal.stop)
            result += sum(size for size, _ in tickets) * sign * math.log(price / signal.entry) / unit
            return SignalStatus.STOPPED, 3 - len(tickets), result
        while tickets and (good >= tickets[0][1] if sign > 0 else good <= tickets[0][1]):
            size, target = tickets.pop(0)
            result += size * sign * math.log(target / signal.entry) / unit
        if not tickets:
            return SignalStatus.TARGETS_REACHED, 3, result
        if last:
            result += sum(size for size, _ in tickets) * sign * math.log(c / signal.entry) / unit
            return SignalStatus.EXPIRED, 3 - len(tickets), result
    return SignalStatus.ACTIVE, 3 - len(tickets), result


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(list(Side)),
    st.sampled_from((0.0002, 0.001, 0.004)),
    st.lists(st.integers(1, 1500), max_size=8),
)
def test_evaluation_in_steps_equals_one_evaluation_and_a_second_method(
    seed: int, side: Side, scale: float, cuts: list[int]
) -> None:
    rows = rough_bars(seed, 1500, scale)
    bars, signal, end = minutes(rows), round_signal(side), START + 1500 * MINUTE
    at_once = evaluate_outcome(signal, bars, end)
    pieces = signal
    for cut in sorted(cuts):
        seen = evaluate_outcome(pieces, bars, START + cut * MINUTE)
        assert seen.judged_ms >= pieces.judged_ms
        assert evaluate_outcome(seen, bars, START + cut * MINUTE) == seen
        known = minutes(rows[:cut]) if cut else {}
        assert evaluate_outcome(pieces, known, START + cut * MINUTE) == seen  # bars that close later change nothing
        pieces = seen
    assert evaluate_outcome(pieces, bars, end) == at_once
    status, hits, result = by_hand(signal, rows)
    assert (at_once.status, at_once.targets_hit) == (status, hits)
    assert at_once.result_r == pytest.approx(result, abs=1e-9)


def test_a_signal_is_not_evaluated_on_bars_whose_scale_changed_after_it() -> None:
    signal = round_signal()
    renumbered = {t: replace(one, scale_since_ms=START + MINUTE) for t, one in minutes([flat(1000.0)] * 5).items()}
    assert evaluate_outcome(signal, renumbered, START + 5 * MINUTE) == signal
    earlier = {t: replace(one, scale_since_ms=START) for t, one in renumbered.items()}
    assert evaluate_outcome(signal, earlier, START + 5 * MINUTE).status is SignalStatus.TARGETS_REACHED
