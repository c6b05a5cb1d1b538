"""The liquidations that a feed keeps from streams. In virtual time."""

from __future__ import annotations

import asyncio

from tests.unit.market_data.test_feed import only, until
from tests.unit.market_data.test_streamed import BOOK, LIQUIDATIONS, TICKERS, streaming
from tests.unit.streams import liquidations
from virtuoso.domain.model import DAY_MS, Stamp
from virtuoso.market_data.liquidation_window import MAX_LIQUIDATIONS, LiquidationWindow


async def test_liquidations_are_absent_while_their_stream_is_lost_and_watched_from_its_return_on() -> None:
    async with streaming(tell=(TICKERS,)) as streams:
        await until(lambda: streams.feed.filled)
        assert only(streams.feed).liquidations is None
        began_ms = streams.stamp().observed_ms
        streams.liquidations("BTCUSDT", since_ms=began_ms)
        streams.liquidations("BTCUSDT", 1.0, 2.0, since_ms=began_ms)
        await asyncio.sleep(100)
        found = only(streams.feed).liquidations
        assert found is not None
        assert (found.size.tolist(), found.complete_since_ms) == ([1.0, 2.0], began_ms)
        streams.lose(LIQUIDATIONS, "BTCUSDT")
        assert only(streams.feed).liquidations is None
        await asyncio.sleep(10)
        streams.liquidations("BTCUSDT")
        found = only(streams.feed).liquidations
        assert found is not None
        assert (found.size.tolist(), found.complete_since_ms) == ([1.0, 2.0], began_ms + 110_000)
        assert found.known_since_ms == began_ms
        streams.lose(LIQUIDATIONS, "BTCUSDT")
        await asyncio.sleep(310)
        streams.liquidations("BTCUSDT")
        found = only(streams.feed).liquidations
        assert found is not None
        assert found.known_since_ms == found.complete_since_ms == began_ms + 420_000


def test_liquidations_are_those_of_24_hours() -> None:
    window = LiquidationWindow("BTCUSDT")

    def tell(time_ms: int, *sizes: float) -> None:
        window.add_streamed(
            liquidations("BTCUSDT", *sizes, stamp=Stamp(observed_ms=time_ms, received_ms=time_ms), since_ms=1)
        )

    for time_ms, sizes in ((1, (1.0,)), (DAY_MS // 2, (2.0, 3.0)), (DAY_MS + 2, (4.0,))):
        tell(time_ms, *sizes)
    found = window.record(DAY_MS + 2, None)
    assert found is not None
    assert (found.size.tolist(), found.complete_since_ms) == ([2.0, 3.0, 4.0], 2)


async def test_liquidations_are_absent_while_no_ticker_shows_that_the_stream_is_alive() -> None:
    async with streaming(tell=(BOOK,)) as streams:
        await until(lambda: streams.feed.filled)
        streams.liquidations("BTCUSDT", 1.0)
        await asyncio.sleep(50)
        assert only(streams.feed).liquidations is not None
        await asyncio.sleep(20)
        assert only(streams.feed).liquidations is None


async def test_the_number_of_liquidations_is_limited_and_the_watched_time_is_then_shorter() -> None:
    async with streaming(tell=(TICKERS,)) as streams:
        await until(lambda: streams.feed.filled)
        began_ms = streams.stamp().observed_ms
        streams.liquidations("BTCUSDT", *[1.0] * MAX_LIQUIDATIONS, since_ms=began_ms)
        await asyncio.sleep(1)
        streams.liquidations("BTCUSDT", 2.0, since_ms=began_ms)
        found = only(streams.feed).liquidations
        assert found is not None
        assert len(found.size) == MAX_LIQUIDATIONS
        assert found.size[-1] == 2.0
        assert found.complete_since_ms == began_ms + 1
