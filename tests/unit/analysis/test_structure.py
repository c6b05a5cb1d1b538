"""Swings, breaks, rooms, gaps and blocks on bars made by hand, and against a plain search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.unit.analysis import markets
from tests.unit.analysis.markets import Shape
from virtuoso.analysis.bars import Bars, Rows
from virtuoso.analysis.candle_readings import COMPONENTS, read_history
from virtuoso.analysis.structure import Swings, fair_value_gaps, order_blocks, room
from virtuoso.domain.model import Candles, Timeframe


def candles(rows: Sequence[tuple[float, float, float, float]]) -> Candles:
    """Return bars from rows of (open, high, low, close)."""
    o, h, low, c = (np.array(column) for column in zip(*rows, strict=True))
    times = np.arange(len(rows), dtype=np.int64) * Timeframe.M5.ms
    return Candles(
        symbol="XUSDT",
        timeframe=Timeframe.M5,
        open_ms=times,
        open=o,
        high=h,
        low=low,
        close=c,
        volume=np.ones(len(rows)),
        stamp=markets.STAMP,
    )


def path(points: Sequence[float], step: int = 6) -> Candles:
    """Return bars along straight lines between points, given in percent of 100. Each bar's range extends a little beyond its
    open and close."""
    closes = np.interp(np.arange(0, len(points) - 1, 1 / step), np.arange(len(points)), points)
    closes = 100 * np.exp(np.append(closes, points[-1]) / 100)
    opens = np.append(closes[:1], closes[:-1])
    return candles([(o, max(o, c) * 1.0005, min(o, c) * 0.9995, c) for o, c in zip(opens, closes, strict=True)])


def read(history: Candles, name: str, at: int = -1) -> float:
    index = [g.name for g in COMPONENTS].index(name)
    return float(read_history(history).directions[index, at])


UP = [0, 3, 1, 4, 2, 5, 3, 6, 4, 7, 5, 7.5]
DOWN = [-p for p in UP]


def test_higher_highs_and_lows_are_bullish_and_lower_ones_bearish() -> None:
    assert read(path(UP), "swings") > 0.1
    assert read(path(DOWN), "swings") == pytest.approx(-read(path(UP), "swings"), abs=1e-9)


def test_a_swing_counts_only_once_three_later_bars_have_closed() -> None:
    history = path([0, 4, 0, 3, 0])
    top = int(np.argmax(history.high))
    bars = Bars(history, max_bars=None)
    for later in range(6):
        rows = Rows.between(bars, top + later, top + later + 1)
        swings = Swings(rows)
        assert bool(swings.confirmed[0].any()) == (later >= 3)


def test_swings_agree_with_a_plain_search_on_a_long_history() -> None:
    history = markets.bars(Shape("walk", 31, 1.0), Timeframe.M5)
    bars = Bars(history)
    swings = Swings(Rows.latest([bars]))
    high, low = bars.high[-240:], bars.low[-240:]
    for side, values in ((0, high), (1, -low)):
        plain = [
            i for i in range(3, 237) if all(values[i] > values[i - k] and values[i] >= values[i + k] for k in (1, 2, 3))
        ]
        assert (np.flatnonzero(swings.confirmed[side, 0]) + 3).tolist() == plain
        assert len(plain) > 10


def test_a_close_beyond_the_last_swing_is_a_break_or_a_change_of_character() -> None:
    broke_up = path([*UP, 11])
    assert read(broke_up, "break_of_structure") > 0.3
    assert read(broke_up, "change_of_character") == pytest.approx(0, abs=1e-9)
    broke_down = path([*UP, 2])
    assert read(broke_down, "change_of_character") < -0.3
    assert read(broke_down, "break_of_structure") < read(path(UP), "break_of_structure")  # the breaks of the rise fade


def test_without_a_break_both_components_have_low_confidence() -> None:
    names = [g.name for g in COMPONENTS]
    whole = read_history(path([0, 6, 0, 5, 1, 4, 2, 3.5]))
    for name in ("break_of_structure", "change_of_character"):
        assert whole.confidences[names.index(name), -1] < 0.2 * whole.confidences[names.index("swings"), -1] + 0.1


def test_room_is_the_log_ratio_of_the_distances_to_the_next_levels() -> None:
    history = path([0, 6, 0, 6, 1])
    bars = Bars(history)
    reading = float(room(Rows.latest([bars]))[0][0])
    levels = [*bars.high[[i for i in range(3, bars.count - 3) if bars.high[i] == max(bars.high[i - 3 : i + 4])]]]
    levels += [*bars.low[[i for i in range(3, bars.count - 3) if bars.low[i] == min(bars.low[i - 3 : i + 4])]]]
    above = min((p - bars.close[-1] for p in levels if p > bars.close[-1]), default=np.inf) / bars.atr[-1]
    below = min((bars.close[-1] - p for p in levels if p < bars.close[-1]), default=np.inf) / bars.atr[-1]
    assert reading == pytest.approx(np.log((min(above, 12) + 0.5) / (min(below, 12) + 0.5)), abs=1e-9)
    assert reading > 0.5  # the price is near the low of its range: support is near and resistance is far


QUIET = [(100.0, 100.2, 99.8, 100.0)] * 70


def test_a_gap_counts_until_price_trades_through_it() -> None:
    gap = [*QUIET, (100.0, 102.2, 100.0, 102.0), (102.0, 102.4, 101.6, 102.0)]

    def net(rows: list[tuple[float, float, float, float]]) -> float:
        return float(fair_value_gaps(Rows.latest([Bars(candles(rows))]))[0][0])

    open_gap = net(gap)
    half_filled = net([*gap, (102.0, 102.0, 100.9, 101.8)])
    filled = net([*gap, (102.0, 102.0, 100.1, 101.8)])
    assert open_gap > half_filled > 0.1
    assert filled == pytest.approx(0, abs=1e-9)


def test_an_order_block_is_a_falling_bar_before_a_rise_until_price_trades_through_it() -> None:
    rise = [
        (99.9, 101.2, 99.9, 101.0),
        (101.0, 102.2, 101.0, 102.0),
        (102.0, 103.2, 102.0, 103.0),
        (103.0, 103.2, 102.9, 103.1),
    ]
    block = [*QUIET, (100.0, 100.1, 99.5, 99.6), *rise]

    def net(rows: list[tuple[float, float, float, float]]) -> float:
        return float(order_blocks(Rows.latest([Bars(candles(rows))]))[0][0])

    assert net(block) > 0.1
    assert net([*block, (103.1, 103.1, 99.0, 99.2)]) < net(block) / 2
