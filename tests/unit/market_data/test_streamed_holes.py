"""What a feed does about holes in the trades of a stream, and about changes of order books that it does not know."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.market_data.test_feed import only, until
from tests.unit.market_data.test_streamed import BOOK, TICKERS, streaming
from virtuoso.domain.model import Ticker, Trades
from virtuoso.domain.stream_updates import TickerUpdate
from virtuoso.market_data.schedule import Job


async def test_a_hole_that_requests_do_not_fill_is_requested_at_the_usual_times_however_many_trades_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with streaming(tell=(TICKERS, BOOK)) as streams:
        await until(lambda: streams.feed.filled)
        old = await streams.exchange.trades(streams.feed.universe[0])
        requests: list[object] = []

        async def trades(item: object) -> Trades:
            requests.append(item)
            return old

        monkeypatch.setattr(streams.exchange, "trades", trades)
        for _ in range(300):
            await asyncio.sleep(0.1)
            streams.trade("BTCUSDT", contiguous=bool(requests))
        assert 2 <= len(requests) <= 4


async def test_changes_between_polled_order_books_are_not_those_of_streamed_ones_after_them() -> None:
    async with streaming(tell=(TICKERS,)) as streams:
        await until(lambda: streams.feed.filled)
        streams.book("BTCUSDT")
        only(streams.feed)
        await asyncio.sleep(1)
        await streams.feed.read(Job("BTCUSDT", BOOK))  # a comparison
        await asyncio.sleep(2)
        streams.book("BTCUSDT")
        only(streams.feed)
        streams.lose(BOOK, "BTCUSDT")
        assert only(streams.feed).book_flow is None


async def test_tickers_of_markets_that_are_no_longer_listed_are_not_used() -> None:
    async with streaming("BTCUSDT", "ETHUSDT", tell=()) as streams:
        streams.exchange.symbols.remove("ETHUSDT")
        await streams.feed.read_instruments()
        await streams.feed.read_prices()
        await asyncio.sleep(1)
        streams.ticker("BTCUSDT")
        streams.ticker("ETHUSDT")
        assert streams.feed.market().tickers.keys() == {"BTCUSDT"}


async def test_an_older_ticker_of_another_connection_does_not_replace_a_newer_one() -> None:
    async with streaming(tell=()) as streams:
        await asyncio.sleep(1)
        stamp = streams.stamp()
        await asyncio.sleep(0.1)
        streams.ticker("BTCUSDT", 101)
        streams.feed.apply_updates([TickerUpdate(ticker=Ticker(symbol="BTCUSDT", last=102, stamp=stamp))])
        assert streams.feed.market().tickers["BTCUSDT"].last == 101
