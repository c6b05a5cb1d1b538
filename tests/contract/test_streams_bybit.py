"""Bybit's streams of the recorded exchange: a book is that of a request, or there is none. Limits are respected."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.contract.streamed import DEADLINE_S, SYMBOLS, Streamed
from tests.programs import Replay
from virtuoso.domain.model import Ticker
from virtuoso.domain.stream_updates import CandlesUpdate, StreamLost, TickerUpdate, TradesUpdate


@pytest_asyncio.fixture
async def streamed(replay: Replay) -> AsyncIterator[Streamed]:
    streamed = Streamed(replay, "bybit", frozen_s=8)
    before = streamed.breaches()
    await streamed.start()
    await streamed.until(streamed.all_stream)
    yield streamed
    await streamed.close()
    assert streamed.breaches() == before


async def test_books_trades_tickers_and_bars_are_those_of_requests(streamed: Streamed) -> None:
    await streamed.until(lambda: {t.candles.symbol for t in streamed.updates if isinstance(t, CandlesUpdate)} == {*SYMBOLS})
    await streamed.require_equal_when_frozen()
    assert not [each for each in streamed.updates if isinstance(each, StreamLost)]
    for each in streamed.instruments:
        received = [t for t in streamed.updates if isinstance(t, TradesUpdate) and t.trades.symbol == each.symbol]
        assert all(t.contiguous for t in received[1:])
        by_id = {name: (t.trades, row) for t in received for row, name in enumerate(t.trades.ids)}
        assert len(by_id) == sum(len(t.trades.ids) for t in received)
        requested = await streamed.exchange.trades(each)
        known = [(place, *by_id[name]) for place, name in enumerate(requested.ids) if name in by_id]
        assert known
        for place, trades, row in known:
            for column in ("time_ms", "price", "size", "side"):
                assert getattr(trades, column)[row] == getattr(requested, column)[place]
        await streamed.require_bars_of_requests(each)


def figures(ticker: Ticker) -> tuple[object, ...]:
    extra = (ticker.mark, ticker.index, ticker.funding_rate, ticker.funding_interval_ms, ticker.tick_size)
    return ticker.last, ticker.change_24h_percent, *extra


async def test_tickers_are_those_of_requests_while_the_market_stands_still(streamed: Streamed) -> None:
    streamed.replay.fault("stale", "bybit", stale_s=0)
    async with asyncio.timeout(DEADLINE_S):
        while True:
            requested = await streamed.exchange.tickers()
            received = {each.ticker.symbol: each.ticker for each in streamed.updates if isinstance(each, TickerUpdate)}
            if all(figures(received[symbol]) == figures(requested[symbol]) for symbol in SYMBOLS):
                break
            await asyncio.sleep(0.2)


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "ws_gap": ("gap", {}),
    "ws_crossed": ("crossed", {}),
    "ws_nan": ("number", {}),
    "ws_garbage": ("garbage", {"prob": 0.5}),
    "ws_drop": ("closed", {}),
    "ws_flap": ("closed", {"every_s": 2}),
    "ws_silent": ("silent", {}),
    "ws_stale": ("silent", {}),
    "empty": ("silent", {}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_streams_loses_the_books_until_they_are_subscribed_again(
    streamed: Streamed, fault: str
) -> None:
    reason, more = FAULTS[fault]
    streamed.fault(fault, **more)
    await streamed.until(lambda: bool(streamed.lost()[reason]))
    streamed.fault("ok")
    await streamed.until(streamed.all_stream)
    await streamed.require_equal_when_frozen()


@pytest.mark.parametrize("fault", ["ws_dup", "ws_restart"])
async def test_double_messages_and_restarts_change_nothing(streamed: Streamed, fault: str) -> None:
    count = len(streamed.updates)
    streamed.fault(fault)
    await streamed.until(lambda: len(streamed.updates) > count + 2_000)
    streamed.fault("ok")
    await streamed.require_equal_when_frozen()
    ids = Counter((t.trades.symbol, name) for t in streamed.updates if isinstance(t, TradesUpdate) for name in t.trades.ids)
    assert {*ids.values()} == {1}
    assert not streamed.lost()


@pytest.mark.parametrize("fault", ["ws_reject", "ws_refuse", "down", "html_403", "451", "429", "ws_late"])
async def test_refused_topics_and_connections_are_tried_again(streamed: Streamed, fault: str) -> None:
    streamed.fault("ws_drop")
    await streamed.until(lambda: bool(streamed.lost()))
    streamed.fault(fault)
    await asyncio.sleep(2)
    streamed.fault("ok")
    await streamed.until(streamed.all_stream)
    await streamed.require_equal_when_frozen()


async def test_symbols_that_come_and_go_are_subscribed_within_the_limits(streamed: Streamed) -> None:
    listed = list(await streamed.exchange.instruments())
    for chosen in (listed[:150], listed[100:220], [each for each in listed if each.symbol in SYMBOLS]):
        streamed.streams.set_symbols(chosen)
        await asyncio.sleep(1.5)
    await streamed.until(streamed.all_stream)
    await streamed.require_equal_when_frozen()
