"""Bars for charts: the one thing that is read from the repository when asked for. A near copy of a second or two and one
read for all who ask at once keep a crowd on one chart from becoming a crowd on the repository."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.errors import CorruptValue, DataUnavailable, RepositoryError
from virtuoso.service import admission, encoding
from virtuoso.service.snapshot_cache import Keys, Source, mark
from virtuoso.wire import snapshots, times

if TYPE_CHECKING:
    from virtuoso.market.v1 import candle_pb2, provenance_pb2
    from virtuoso.store.v1 import candle_series_pb2

TIMEFRAMES = {number: timeframe for timeframe, number in snapshots.TIMEFRAMES.items()}
READ_S = 1.5  # for one read; a dashboard has two seconds for everything
NEAR_S = 2.0
MOST_SERIES = 256


@dataclass(frozen=True, slots=True)
class EncodedSeries:
    """Encoded bars, oldest first, with the times at which they opened (epoch milliseconds)."""

    message: candle_series_pb2.CandleSeries
    open_ms: Sequence[int]
    chunks: Sequence[bytes]

    def before(self, open_ms: int | None, size: int) -> tuple[Sequence[bytes], int | None]:
        """At most `size` bars that opened before that time (None: the newest), and where the page before them would end
        (None when there are no older ones)."""
        end = len(self.open_ms) if open_ms is None else bisect_left(self.open_ms, open_ms)
        start = max(0, end - size)
        return self.chunks[start:end], self.open_ms[start] if start else None


class CandleReader:
    """Reads series of bars; `max_stale_s`: how long the newest bar may be overdue."""

    def __init__(
        self, source: Source, keys: Keys, *, max_stale_s: float, clock: Callable[[], int] = epoch_ms, near_s: float = NEAR_S
    ) -> None:
        self._source, self._keys, self._clock = source, keys, clock
        self._max_stale_ms, self._near_s = max_stale_s * 1000, near_s
        self._reads: OrderedDict[str, tuple[float, asyncio.Task[EncodedSeries | None]]] = OrderedDict()

    async def series(self, venue: str, symbol: str, timeframe: candle_pb2.Timeframe.ValueType) -> EncodedSeries:
        """The bars of a tracked symbol. DataUnavailable when there are none yet, they are too old, or the repository does
        not give them in time."""
        name = TIMEFRAMES[timeframe].value
        key = self._keys.candles(venue, symbol, name)
        entry = self._reads.get(key)
        if entry is None or (entry[1].done() and entry[0] <= time.monotonic() - self._near_s):
            task = asyncio.create_task(self._read(key, symbol, timeframe))
            entry = self._reads[key] = (time.monotonic(), task)
            self._reads.move_to_end(key)
            if len(self._reads) > MOST_SERIES:
                self._reads.popitem(last=False)
        series = await asyncio.shield(entry[1])  # one caller's end is not the others'
        if series is None:
            self._reads.pop(key, None)
            raise DataUnavailable(f"the {name} bars of {symbol} are not there yet")
        if self._overdue_ms(series) > self._max_stale_ms:
            raise DataUnavailable(f"the newest {name} bar of {symbol} is too old to be shown")
        return series

    def provenance(
        self,
        series: EncodedSeries,
        present: provenance_pb2.Provenance,
        stale_reason: provenance_pb2.FallbackReason.ValueType,
    ) -> provenance_pb2.Provenance:
        """That of a reply with these bars: the snapshot's, with the bars' own times. They are stale once a newer bar should
        have been there for half a minute."""
        message = series.message
        provenance = type(present)()
        provenance.CopyFrom(present)
        provenance.observed_time.CopyFrom(message.observed_time)
        provenance.received_time.CopyFrom(message.received_time)
        provenance.ClearField("oldest_input_time")
        mark(
            provenance,
            stale=self._overdue_ms(series) > snapshots.SOFT_EXPIRY_SCORES_MS,
            age_ms=max(0, self._clock() - times.millis(message.observed_time) - snapshots.behind_ms(message)),
            stale_reason=stale_reason,
        )
        return provenance

    async def close(self) -> None:
        """Give up reads under way."""
        tasks = [task for _, task in self._reads.values()]
        self._reads.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _overdue_ms(self, series: EncodedSeries) -> int:
        # the bar after the newest closes two lengths after the newest opened
        overdue = self._clock() - series.open_ms[-1] - 2 * TIMEFRAMES[series.message.timeframe].ms
        return overdue - snapshots.behind_ms(series.message)

    async def _read(self, key: str, symbol: str, timeframe: candle_pb2.Timeframe.ValueType) -> EncodedSeries | None:
        try:
            async with asyncio.timeout(READ_S):
                blob = await self._source.get(key)
            if blob is None:
                return None
            message, bars = admission.read_candles(blob, symbol, timeframe)
        except (TimeoutError, RepositoryError, CorruptValue):
            return None
        opened = [(times.millis(bar.open_time), encoding.chunk_of(bar)) for bar in bars]
        opened.sort(key=lambda pair: pair[0])
        return EncodedSeries(message, [ms for ms, _ in opened], [chunk for _, chunk in opened])
