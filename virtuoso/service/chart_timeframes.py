"""The timeframes of charts. Collectors store bars of four of them. Servers make the bars of the others from these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from virtuoso.domain.model import DAY_MS
from virtuoso.market.v1 import candle_pb2
from virtuoso.wire import snapshots, times


class ChartTimeframe(NamedTuple):
    """A timeframe. `name` is text such as "15m". `ms` is the length of a bar. `stored` is the timeframe of the stored bars,
    and `stored_ms` their length."""

    name: str
    ms: int
    stored: candle_pb2.Timeframe.ValueType
    stored_ms: int


_STORED = {
    number: ChartTimeframe(timeframe.value, timeframe.ms, number, timeframe.ms)
    for timeframe, number in snapshots.TIMEFRAMES.items()
}
_MERGED = {
    candle_pb2.TIMEFRAME_15M: ("15m", 900_000, candle_pb2.TIMEFRAME_5M),
    candle_pb2.TIMEFRAME_1H: ("1h", 3_600_000, candle_pb2.TIMEFRAME_30M),
    candle_pb2.TIMEFRAME_1D: ("1d", DAY_MS, candle_pb2.TIMEFRAME_4H),
}
CHART_TIMEFRAMES = _STORED | {
    number: ChartTimeframe(name, ms, stored, _STORED[stored].ms) for number, (name, ms, stored) in _MERGED.items()
}


def merged(bars: Sequence[candle_pb2.Candle], timeframe: ChartTimeframe) -> Iterator[candle_pb2.Candle]:
    """Yield bars of `timeframe` from stored ones, which are in order of time. Leave out a bar of which a part is missing."""
    parts = timeframe.ms // timeframe.stored_ms
    for start, group in groupby(bars, lambda bar: times.millis(bar.open_time) // timeframe.ms):
        whole = list(group)
        if len(whole) == parts:
            yield candle_pb2.Candle(
                open_time=times.timestamp(start * timeframe.ms),
                open=whole[0].open,
                high=max(bar.high for bar in whole),
                low=min(bar.low for bar in whole),
                close=whole[-1].close,
                volume=sum(bar.volume for bar in whole),
            )
