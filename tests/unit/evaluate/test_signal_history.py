"""Signals that a test makes better than random entries are shown to be so. A market or a coin that always rises is not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.contract.histories import signal
from virtuoso.domain.model import DAY_MS
from virtuoso.domain.records import Side, Signal, SignalStatus, TradingCosts
from virtuoso.evaluate.panel import STEP_MS, Panel
from virtuoso.evaluate.signal_history import clustered_mean, judge_signals, signal_sentence

DAYS, SYMBOLS = 20, 4
STEPS = DAYS * 288
START_MS = 1_760_054_400_000


def panel(drift: float = 0.0, jumps: tuple[tuple[int, int, float], ...] = ()) -> Panel:
    """Return random walks. Each jump (step, symbol, size) is spread over the hour after its step."""
    moves = np.random.default_rng(1).normal(drift, 1e-3, (STEPS, SYMBOLS))
    for step, symbol, size in jumps:
        moves[step + 1 : step + 13, symbol] += size / 12
    price = 10 * np.exp(np.cumsum(moves, axis=0))
    clock_ms = START_MS + STEP_MS * np.arange(1, STEPS + 1, dtype=np.int64)
    symbols = tuple(f"A{n}USDT" for n in range(SYMBOLS))
    return Panel(clock_ms=clock_ms, symbols=symbols, price=price, counted=np.isfinite(price), scores={})


def opened(step: int, symbol: int, side: Side = Side.LONG, **given: object) -> Signal:
    at_ms = START_MS + STEP_MS * (step + 1) - 1_000
    return signal(step, symbol=f"A{symbol}USDT", side=side, opened_ms=at_ms, **given)


ENTRIES = [(day * 288 + 7 * day, day % SYMBOLS) for day in range(1, 18)]


def test_signals_before_moves_in_their_direction_are_better_than_random_entries() -> None:
    market = panel(jumps=tuple((step, symbol, 0.03 * (1 if step % 2 else -1)) for step, symbol in ENTRIES))
    signals = [opened(step, symbol, Side.LONG if step % 2 else Side.SHORT) for step, symbol in ENTRIES]
    results = {one.name: one for one in judge_signals(signals, market)}
    hour = results["move in 1 h, bp"]
    assert hour.signals == 17
    assert hour.mean == pytest.approx(300, abs=20)
    assert abs(hour.baseline) < 20
    assert hour.low > 250
    assert "shown to be better than random entries: move in 15 m" in signal_sentence(list(results.values()))


def test_a_market_that_always_rises_makes_no_signal_better() -> None:
    signals = [opened(step, symbol) for step, symbol in ENTRIES]
    results = judge_signals(signals, panel(drift=1e-3))
    hour = next(one for one in results if one.name == "move in 1 h, bp")
    assert hour.mean > 80
    assert hour.low < 0 < hour.high
    assert signal_sentence(results) == "Signals: nothing shown. Moves are before costs."


def test_results_are_those_of_closed_signals_and_days_count_once() -> None:
    closed = [
        opened(day * 288 + n, 0, status=SignalStatus.STOPPED, result_r=1.0 if day % 2 else -1.0, closed_ms=1)
        for day in range(8)
        for n in range(10)
    ]
    result = judge_signals([*closed, opened(3, 1)], panel())[0]
    assert (result.name, result.signals, result.mean) == ("result, R", 80, 0.0)
    # eight days of ±1 with t(7) = 2.3646: the ten signals of a day are no ten results
    assert result.high == pytest.approx(2.3646 * math.sqrt(8 / 7 * 8 * 100) / 80, rel=1e-4)
    costs = TradingCosts(0.0, 0.0, 0.0)
    with_baseline = [replace(one, costs=costs, result_r=0.5, baseline_r=0.1) for one in closed]
    net = judge_signals([*with_baseline, closed[0]], panel())[1]
    assert (net.name, net.signals, net.mean) == ("result after costs, R", 80, 0.5)
    assert net.baseline == pytest.approx(0.1)
    assert net.low == pytest.approx(0.4)
    assert clustered_mean([1.0, 2.0], [1, 2])[0] == 1.5
    assert math.isnan(clustered_mean([1.0, 2.0], [1, 2])[1])
    assert all(math.isnan(value) for value in clustered_mean([], []))
    assert DAY_MS == 288 * STEP_MS
