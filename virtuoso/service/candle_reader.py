"""Candles for charts. Requests read them from the repository, and share one read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.domain.errors import CorruptValue, DataUnavailable, RepositoryError
from virtuoso.domain.plausibility import MAX_GAP_JUMP
from virtuoso.service import admission, encoding
from virtuoso.service.chart_timeframes import CHART_TIMEFRAMES, ChartTimeframe, merged
from virtuoso.service.served_snapshot import stored_provenance
from virtuoso.service.stored_reader import StoredReader
from virtuoso.wire import snapshots, times

if TYPE_CHECKING:
    from virtuoso.market.v1 import candle_pb2, provenance_pb2
    from virtuoso.store.v1 import candle_series_pb2


@dataclass(frozen=True, slots=True)
class EncodedSeries:
    """Encoded candles, oldest first, with their open times in epoch milliseconds and the newest close in USDT. `message` is
    the stored series that they are from."""

    message: candle_series_pb2.CandleSeries
    timeframe: ChartTimeframe
    open_ms: Sequence[int]
    chunks: Sequence[bytes]
    newest_close: float

    def before(self, open_ms: int | None, size: int) -> tuple[Sequence[bytes], int | None]:
        """Return the newest `size` candles that opened before `open_ms`, and the `open_ms` of the next older page.

        With `open_ms` None, return the newest candles. The second value is None when there is no older candle."""
        end = len(self.open_ms) if open_ms is None else bisect_left(self.open_ms, open_ms)
        start = max(0, end - size)
        return self.chunks[start:end], self.open_ms[start] if start else None


class CandleReader(StoredReader):
    """A reader of series of candles. They may be served while a newer candle is overdue by at most `max_stale_s`."""

    async def series(
        self, venue: str, symbol: str, timeframe: candle_pb2.Timeframe.ValueType, *, price: float | None = None
    ) -> EncodedSeries:
        """Return the candles of a symbol, whose last price is `price`.

        Raise DataUnavailable when there are none yet, when they are too old, when they contradict the price, or when the
        repository does not answer in time."""
        chart = CHART_TIMEFRAMES[timeframe]
        name = chart.name
        series = await self._cache.get((venue, symbol, name), lambda: self._read(venue, symbol, chart))
        if price is not None and not 1 / MAX_GAP_JUMP < series.newest_close / price < MAX_GAP_JUMP:
            raise DataUnavailable(f"the {name} bars of {symbol} contradict its price")
        if self._overdue_ms(series) > self._max_stale_ms:
            raise DataUnavailable(f"the newest {name} bar of {symbol} is too old to be served")
        return series

    def provenance(
        self,
        series: EncodedSeries,
        current: provenance_pb2.Provenance,
        stale_reason: provenance_pb2.FallbackReason.ValueType,
    ) -> provenance_pb2.Provenance:
        """Return the provenance of a reply with these candles.

        It is stale when a newer candle is overdue by more than half a minute."""
        message = series.message
        return stored_provenance(
            message,
            current,
            stale=self._overdue_ms(series) > snapshots.SOFT_EXPIRY_SCORES_MS,
            age_ms=self._age_ms(message),
            stale_reason=stale_reason,
        )

    def _overdue_ms(self, series: EncodedSeries) -> int:
        # The candle after the newest one closes two candle lengths after the newest one opened.
        overdue = self._clock.now_ms() - series.open_ms[-1] - 2 * series.timeframe.ms
        return overdue - snapshots.behind_ms(series.message)

    async def _read(self, venue: str, symbol: str, chart: ChartTimeframe) -> EncodedSeries:
        missing = DataUnavailable(f"the {chart.name} bars of {symbol} are not available yet")
        wanted = admission.WantedCandles(venue, symbol, chart.stored, chart.stored_ms)
        try:
            blob = await self._get(self._keys.candles(venue, symbol, CHART_TIMEFRAMES[chart.stored].name), missing)
            message, stored = admission.read_candles(blob, wanted, now_ms=self._clock.now_ms())
        except (TimeoutError, RepositoryError, CorruptValue) as error:
            raise missing from error
        candles = sorted(stored, key=lambda candle: times.millis(candle.open_time))
        if chart.ms != chart.stored_ms:
            candles = list(merged(candles, chart))
        if not candles:
            raise missing
        opened = [times.millis(candle.open_time) for candle in candles]
        return EncodedSeries(message, chart, opened, list(map(encoding.chunk_of, candles)), candles[-1].close)
