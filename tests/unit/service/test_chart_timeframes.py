"""Bars of charts from stored bars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.market.v1 import candle_pb2
from virtuoso.service.chart_timeframes import CHART_TIMEFRAMES, merged
from virtuoso.wire import times

DAY_MS = 86_400_000
START_MS = 20_000 * DAY_MS


def bar(open_ms: int, price: float = 2.0) -> candle_pb2.Candle:
    return candle_pb2.Candle(
        open_time=times.timestamp(open_ms), open=price, high=price + 1, low=price / 2, close=price + 0.5, volume=price * 10
    )


def test_every_timeframe_of_the_contract_has_a_chart() -> None:
    numbers = {number for number in candle_pb2.Timeframe.values() if number}
    assert set(CHART_TIMEFRAMES) == numbers
    for chart in CHART_TIMEFRAMES.values():
        assert chart.ms % chart.stored_ms == 0


@pytest.mark.parametrize("number", [candle_pb2.TIMEFRAME_15M, candle_pb2.TIMEFRAME_1H, candle_pb2.TIMEFRAME_1D])
def test_a_bar_joins_its_parts(number: candle_pb2.Timeframe.ValueType) -> None:
    chart = CHART_TIMEFRAMES[number]
    prices = [3.0, 1.0, 5.0, 2.0, 4.0, 2.5][: chart.ms // chart.stored_ms]
    (whole,) = merged([bar(START_MS + i * chart.stored_ms, price) for i, price in enumerate(prices)], chart)
    assert times.millis(whole.open_time) == START_MS
    assert (whole.open, whole.close) == (prices[0], prices[-1] + 0.5)
    assert (whole.high, whole.low) == (max(prices) + 1, min(prices) / 2)
    assert whole.volume == sum(prices) * 10


@given(st.sets(st.integers(0, 30)))
def test_a_bar_is_there_if_and_only_if_all_its_parts_are(present: set[int]) -> None:
    chart = CHART_TIMEFRAMES[candle_pb2.TIMEFRAME_15M]
    found = merged([bar(START_MS + i * chart.stored_ms) for i in sorted(present)], chart)
    opened = [(times.millis(one.open_time) - START_MS) // chart.ms for one in found]
    assert opened == [i for i in range(11) if {3 * i, 3 * i + 1, 3 * i + 2} <= present]
