"""Reads that a request causes: they end in time, and data that is too old is not shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from tests.clocks import VirtualClock
from tests.contract import histories
from tests.service.snapshots import T0, TTL_S, candle_series
from tests.unit.service.virtual_time import BreakableSource, in_virtual_time
from virtuoso.domain.errors import ConfigError, DataUnavailable, HistoryError, HistoryUnavailable, InvalidField, Overloaded
from virtuoso.domain.ports import HistoryReader
from virtuoso.domain.records import Alert
from virtuoso.market.v1 import candle_pb2, provenance_pb2
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.service.alert_feed import BATCH_SIZE, MAX_OUTAGE_S, MAX_RECENT, AlertFeed, AlertFilter
from virtuoso.service.cached_history import CachedHistory
from virtuoso.service.candle_reader import CandleReader
from virtuoso.service.rpc import InFlight
from virtuoso.store.v1 import candle_series_pb2

ALL = AlertFilter(frozenset(), 0, provenance_pb2.ENVIRONMENT_SIMULATED)


class Alerts:
    """A history of alerts in memory that may fail or hang."""

    def __init__(self) -> None:
        self.rows: list[Alert] = []
        self.error: Exception | None = None
        self.hangs = self.closed = False
        self.reads = 0

    def add(self, count: int) -> None:
        """Add alerts. Their cursors are their numbers, starting at 1."""
        first = len(self.rows) + 1
        self.rows += [histories.alert(f"key-{n}", cursor=n, observed_ms=1000) for n in range(first, first + count)]

    async def newest_cursor(self) -> int:
        """See HistoryReader."""
        await self._fail()
        return self.rows[-1].cursor or 0 if self.rows else 0

    async def alerts(self, *, after: int, limit: int, **_: Any) -> Sequence[Alert]:
        """See HistoryReader. Filters are ignored."""
        await self._fail()
        return [alert for alert in self.rows if (alert.cursor or 0) > after][:limit]

    async def close(self) -> None:
        """See HistoryReader."""
        self.closed = True

    async def _fail(self) -> None:
        self.reads += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error

    def opened(self) -> HistoryReader:
        """Return this object as a HistoryReader."""
        return cast("HistoryReader", self)


async def cursor(history: HistoryReader) -> int:
    return await history.newest_cursor()


@in_virtual_time
async def test_a_read_of_a_hanging_history_ends_within_two_seconds() -> None:
    alerts = Alerts()
    reader = CachedHistory(alerts.opened, clock=VirtualClock())
    alerts.hangs = True
    with pytest.raises(HistoryUnavailable, match="cannot be read now"):
        await reader.read(cursor)
    assert asyncio.get_running_loop().time() == pytest.approx(1.7)


@in_virtual_time
async def test_a_failing_history_is_unavailable_until_it_recovers() -> None:
    alerts = Alerts()
    reader = CachedHistory(alerts.opened, clock=VirtualClock())
    alerts.error = HistoryError("gone")
    with pytest.raises(HistoryUnavailable):
        await reader.read_cached("key", cursor)
    alerts.error = None
    assert [await reader.read_cached("key", cursor) for _ in range(3)] == [0, 0, 0]
    assert alerts.reads == 2
    await reader.close()
    assert alerts.closed
    assert not reader.configured


@in_virtual_time
async def test_a_history_that_cannot_be_opened_is_unavailable_with_its_reason_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse() -> HistoryReader:
        raise ConfigError("HISTORY has no database name")

    reader = CachedHistory(refuse, clock=VirtualClock())
    with pytest.raises(HistoryUnavailable, match="cannot be opened"):
        await reader.read(cursor)
    assert "HISTORY has no database name" in caplog.text
    with pytest.raises(HistoryUnavailable, match="this server has no history"):
        await CachedHistory(None, clock=VirtualClock()).read(cursor)


def candles(clock: VirtualClock) -> tuple[CandleReader, BreakableSource]:
    source = BreakableSource(MemoryRepository())
    return CandleReader(source, keys, max_stale_s=600, clock=clock, cache_s=2), source


@in_virtual_time
async def test_a_hanging_repository_delays_a_chart_by_a_second_and_a_half() -> None:
    reader, source = candles(VirtualClock(T0))
    source.hangs = True
    with pytest.raises(DataUnavailable, match="the 5m bars of BTCUSDT are not available yet"):
        await reader.series("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M)
    assert asyncio.get_running_loop().time() == pytest.approx(1.5)


@in_virtual_time
async def test_candles_are_read_once_in_two_seconds_and_refused_when_they_are_too_old() -> None:
    reader, source = candles(VirtualClock(T0))
    await source.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(), ttl_s=TTL_S)
    for _ in range(3):
        await reader.series("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M)
    assert len(source.reads) == 1
    await asyncio.sleep(2)
    series = await reader.series("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M)
    assert len(source.reads) == 2
    closes_s = (series.open_ms[-1] + 600_000 - T0) / 1000  # when the candle after the newest one closes
    await asyncio.sleep(closes_s + 600 - 2)
    await reader.series("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M)
    await asyncio.sleep(1)
    with pytest.raises(DataUnavailable, match="too old to be served"):
        await reader.series("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M)


def changed_series(**changes: Any) -> bytes:
    """Return a series of candles with other fields. `first_open_s` replaces the time of the oldest candle."""
    series: candle_series_pb2.CandleSeries = candle_series_pb2.CandleSeries.FromString(candle_series())
    if (first := changes.pop("first_open_s", None)) is not None:
        series.candles[0].open_time.seconds = first
    for name, value in changes.items():
        setattr(series, name, value)
    return series.SerializeToString()


@pytest.mark.parametrize("change", [{"venue": "binance"}, {"venue": ""}, {"symbol": "ETHUSDT"}])
@in_virtual_time
async def test_the_candles_of_another_venue_or_symbol_are_refused(change: dict[str, str]) -> None:
    reader, source = candles(VirtualClock(T0))
    await source.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), changed_series(**change), ttl_s=TTL_S)
    with pytest.raises(DataUnavailable, match="not available yet"):
        await reader.series("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M)


@pytest.mark.parametrize(
    "first_open_s", [1 << 61, 1 << 60, 68_719_476_600, 0, -300, (T0 // 1000) + 600, T0 // 300_000 * 300 - 1]
)
@in_virtual_time
async def test_a_candle_with_an_impossible_time_is_left_out(first_open_s: int) -> None:
    reader, source = candles(VirtualClock(T0))
    blob = changed_series(first_open_s=first_open_s)
    await source.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), blob, ttl_s=TTL_S)
    series = await reader.series("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M)
    assert len(series.chunks) == 499
    assert 0 < series.open_ms[0] < series.open_ms[-1] < T0


@in_virtual_time
async def test_candles_that_contradict_the_price_are_not_served() -> None:
    reader, source = candles(VirtualClock(T0))
    await source.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(), ttl_s=TTL_S)
    await reader.series("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M, price=1.6)
    for price in (110_000.0, 0.001):
        with pytest.raises(DataUnavailable, match="contradict its price"):
            await reader.series("bybit", "BTCUSDT", candle_pb2.TIMEFRAME_5M, price=price)


def feed() -> tuple[AlertFeed, Alerts]:
    alerts, clock = Alerts(), VirtualClock(T0)
    return AlertFeed(CachedHistory(alerts.opened, clock=clock), clock=clock), alerts


@in_virtual_time
async def test_alerts_are_read_once_a_second_after_the_first_request_for_them() -> None:
    alert_feed, alerts = feed()
    await asyncio.sleep(60)
    assert (alerts.reads, alert_feed.available) == (0, False)
    assert await alert_feed.start_after("") == 0
    alerts.reads = 0
    await asyncio.sleep(10.5)
    assert (alerts.reads, alert_feed.available) == (10, True)
    await alert_feed.close()


@in_virtual_time
async def test_streams_survive_a_short_outage_and_end_after_a_long_one() -> None:
    alert_feed, alerts = feed()
    alerts.add(3)
    position = await alert_feed.start_after("0")
    assert len((await alert_feed.read_after(3, ALL))[0]) == 0
    alerts.error = HistoryError("gone")
    await asyncio.sleep(MAX_OUTAGE_S)
    assert not alert_feed.available
    assert await alert_feed.read_after(position, ALL) == ([], 0)
    await asyncio.sleep(1.1)
    with pytest.raises(HistoryUnavailable, match="call again with the last cursor"):
        await alert_feed.read_after(position, ALL)
    alerts.error = None
    alerts.add(2)
    await asyncio.sleep(1)
    chunks, position = await alert_feed.read_after(position, ALL)
    assert (len(chunks), position, alert_feed.available) == (5, 5, True)
    await alert_feed.close()


@in_virtual_time
async def test_a_stream_that_is_far_behind_gets_every_alert_in_batches() -> None:
    alert_feed, alerts = feed()
    await alert_feed.start_after("")
    total = MAX_RECENT + 2 * BATCH_SIZE + 7
    alerts.add(total)
    await asyncio.sleep(1)
    seen, position = 0, 0
    while position < total:
        chunks, position = await alert_feed.read_after(position, ALL)
        assert len(chunks) <= BATCH_SIZE
        seen += len(chunks)
        assert seen == position
    await alert_feed.close()


@in_virtual_time
async def test_a_cursor_too_far_in_the_future_is_refused() -> None:
    alert_feed, _ = feed()
    await alert_feed.start_after(str(T0 + 86_000_000))
    with pytest.raises(InvalidField, match="is not a cursor of this service"):
        await alert_feed.start_after(str(T0 + 90_000_000))
    await alert_feed.close()


@in_virtual_time
async def test_a_drained_server_waits_for_its_calls_for_a_limited_time() -> None:
    in_flight, loop = InFlight(10, Overloaded("full")), asyncio.get_running_loop()
    await in_flight.drained(5)
    assert loop.time() == 0
    in_flight.begin()
    loop.call_later(3, in_flight.end)
    await in_flight.drained(5)
    assert loop.time() == 3
    in_flight.begin()
    await in_flight.drained(5)
    assert loop.time() == 8
