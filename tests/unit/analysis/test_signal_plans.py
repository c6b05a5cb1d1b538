"""The plan of a trade: its stop, its targets and their chances."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy  # type: ignore[import-untyped]  # the package has no types

from tests.unit.analysis.signal_data import DAY, HOUR, START, half_hours
from virtuoso.analysis.signal_plans import Plan, chance, median_range, trade_plan
from virtuoso.domain.model import Candles
from virtuoso.domain.records import Side


def plan(side: Side, bars: Candles, price: float = 100.0, tick_size: float | None = None) -> Plan:
    found = trade_plan(side, price, bars, START, tick_size=tick_size, lifetime_ms=DAY)
    assert found is not None
    return found


@pytest.mark.parametrize("side", list(Side))
def test_the_stop_is_2_4_median_ranges_away_and_each_target_has_its_chance(side: Side) -> None:
    bars = half_hours()
    high, low, close = np.log(bars.high), np.log(bars.low), np.log(bars.close)
    usual = np.median([max(h, c) - min(lo, c) for h, lo, c in zip(high[24:], low[24:], close[23:-1], strict=True)])
    found = plan(side, bars)
    assert side.sign * math.log(found.entry / found.stop) == pytest.approx(2.4 * usual)
    reached = [side.sign * math.log(target / found.entry) / (2.4 * usual) for target in found.targets]
    assert reached == pytest.approx([1.5, 3.0])  # 5 R has a chance of 1 %
    assert found.sizes == (0.5, 0.5)
    deviation = usual / 1.5 * math.sqrt(48)
    expected = [2 * scipy.stats.norm.sf(r * 2.4 * usual / deviation) for r in (1.5, 3.0)]
    assert found.chances == pytest.approx(expected)
    assert min(found.chances) >= 0.05


def test_the_chance_is_that_of_a_random_walk() -> None:
    walks = np.random.default_rng(7).normal(0, 0.02, (4000, 400)).cumsum(axis=1)
    for distance in (0.2, 0.5, 0.8):
        assert chance(distance, 0.4) == pytest.approx((walks.max(axis=1) >= distance).mean(), abs=0.04)


def test_one_wick_does_not_move_the_stop_and_no_market_asks_for_an_impossible_day() -> None:
    bars = half_hours()
    wick = replace(bars, low=np.where(np.arange(len(bars)) == len(bars) - 3, bars.low / 3, bars.low))
    assert math.log(100 / plan(Side.LONG, wick).stop) == pytest.approx(math.log(100 / plan(Side.LONG, bars).stop), rel=0.05)
    wild = plan(Side.SHORT, half_hours(scale=0.05))
    assert wild.stop == pytest.approx(100 * math.exp(0.08))
    assert min(wild.chances) >= 0.05
    calm = plan(Side.LONG, half_hours(scale=0.0007))
    assert calm.stop == pytest.approx(100 * math.exp(-0.003))


def test_prices_are_multiples_of_the_tick_size() -> None:
    found = plan(Side.LONG, half_hours(price=0.07), price=0.07, tick_size=0.00001)
    for price in (found.entry, found.stop, *found.targets):
        assert price == round(price, 5)
    assert trade_plan(Side.LONG, 0.07, half_hours(price=0.07), START, tick_size=0.01, lifetime_ms=DAY) is None


def test_without_enough_moving_bars_there_is_no_plan() -> None:
    bars = half_hours()
    assert median_range(None, START) is None
    assert median_range(bars, START - 40 * HOUR) is None
    level = np.full(len(bars), 100.0)
    still = replace(bars, open=level, high=level, low=level, close=level)
    assert median_range(still, START) is None
    assert trade_plan(Side.LONG, 100.0, half_hours(scale=1e-6), START, tick_size=None, lifetime_ms=DAY) is None
