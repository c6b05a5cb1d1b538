"""Random entries: the same plan on another day, decided by bars."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import replace

import pytest

from tests.unit.analysis.signal_data import DAY, EMPTY, FIVE, MINUTE, Bars, candles, market_at, round_signal, scored
from virtuoso.analysis.signal_baseline import RandomEntryStep, advance_random_entries, random_entry_ms
from virtuoso.analysis.signals import advance, restore
from virtuoso.domain.model import Timeframe
from virtuoso.domain.records import Side, Signal, SignalStatus, TradingCosts


def closed(side: Side = Side.LONG) -> Signal:
    """Return a closed signal with R = 1 % that was stopped."""
    opened = replace(round_signal(side), costs=TradingCosts(0.05, 0.02, 0.03), rearmed=True)
    return replace(opened, status=SignalStatus.STOPPED, result_r=-1.0, closed_ms=opened.opened_ms + MINUTE)


def fives(signal: Signal, price: float, last: float, count: int = 2) -> Bars:
    """Return 5m bars from the time of the random entry on. The last one moves to `last`."""
    rows = [(price, price, price, price)] * (count - 1) + [(price, max(price, last), min(price, last), last)]
    return {Timeframe.M5: candles(Timeframe.M5, -(-random_entry_ms(signal) // FIVE) * FIVE, rows)}


def step(signal: Signal, bars: Bars, now_ms: int) -> RandomEntryStep:
    return advance_random_entries({signal.id: signal}, {}, {signal.symbol: bars}, now_ms)


def test_a_random_entry_is_on_one_of_the_next_seven_days_at_the_same_time() -> None:
    signal = round_signal()
    drawn = int.from_bytes(hashlib.sha256(signal.id.encode()).digest()[:8]) % 7
    assert random_entry_ms(signal) == signal.opened_ms + (1 + drawn) * DAY
    days = Counter((random_entry_ms(replace(signal, id=f"s{n}")) - signal.opened_ms) / DAY for n in range(700))
    assert sorted(days) == list(range(1, 8))
    assert min(days.values()) > 70


@pytest.mark.parametrize("side", list(Side))
def test_a_random_entry_has_the_plan_and_the_costs_of_its_signal(side: Side) -> None:
    signal = closed(side)
    due, first = random_entry_ms(signal), -(-random_entry_ms(signal) // FIVE) * FIVE
    bars = fives(signal, 50.0, 50 * math.exp(-side.sign * 0.02))
    assert step(signal, bars, due - 1) == RandomEntryStep({signal.id: signal}, {}, (), frozenset())
    before = step(signal, bars, first + FIVE + MINUTE)
    assert (before.random_entries[signal.id].entry, before.random_entries[signal.id].opened_ms) == (50.0, first)
    assert before.awaited == {signal.symbol}
    after = advance_random_entries(before.pending, before.random_entries, {signal.symbol: bars}, first + 3 * FIVE)
    (compared,) = after.compared
    assert (after.pending, after.random_entries, after.awaited) == ({}, {}, frozenset())
    funding = 0.0003 * 2 * FIVE / DAY
    assert compared.baseline_r == pytest.approx(-1 - (0.0012 + funding) / 0.01)
    assert replace(compared, baseline_r=None) == signal
    assert step(signal, bars, first + 3 * FIVE).compared == (compared,), "a restart changes nothing"


def test_a_random_entry_without_bars_at_its_time_is_left_out() -> None:
    signal = closed()
    due = random_entry_ms(signal)
    waiting = step(signal, {}, due + DAY)
    assert (waiting.pending, waiting.awaited) == ({signal.id: signal}, frozenset({signal.symbol}))
    late = {Timeframe.M5: candles(Timeframe.M5, (due // FIVE + 4) * FIVE, [(50.0, 50.0, 50.0, 50.0)])}
    assert step(signal, late, due + DAY).pending == {}
    assert step(signal, {}, due + 2 * DAY).pending == {}


def test_a_pass_stores_the_result_of_its_random_entry_and_follows_its_symbol() -> None:
    signal = closed()
    state = restore(EMPTY, [signal])
    now = random_entry_ms(signal) + 3 * FIVE
    found = advance(state, market_at(now, scored(50), None, None))
    assert (found.state.awaited, found.changed) == (frozenset({signal.symbol}), ())
    found = advance(found.state, market_at(now, scored(50), None, fives(signal, 50.0, 60.0)))
    (changed,) = found.changed
    assert (changed.id, changed.status, changed.baseline_r is not None) == (signal.id, SignalStatus.STOPPED, True)
    assert found.state.newest.get(("XUSDT", Side.LONG), changed) == changed
    assert (found.state.pending, found.state.awaited) == ({}, frozenset())
    assert restore(EMPTY, [changed]).pending == {}
