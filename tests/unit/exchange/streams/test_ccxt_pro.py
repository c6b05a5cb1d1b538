"""Streams through ccxt.pro: the real client against a local okx, and its caches in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.clocks import START_MS, VirtualClock, run_virtually
from tests.unit.exchange.test_rows import refused
from virtuoso.domain.clock import SYSTEM_CLOCK, epoch_ms
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Instrument, Timeframe
from virtuoso.domain.stream_updates import (
    BookUpdate,
    CandlesUpdate,
    LiquidationsUpdate,
    StreamLost,
    StreamUpdate,
    TickerUpdate,
    TradesUpdate,
)
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.streams import ccxt_pro
from virtuoso.exchange.streams.ccxt_pro import SILENCE_S, CcxtProStreams, streamed_kinds
from virtuoso.exchange.streams.ccxt_pro_reader import CcxtProReader
from virtuoso.exchange.streams.reader import Topic
from virtuoso.simulator import okx
from virtuoso.simulator.market import SimulatedMarket

KINDS = frozenset({InputKind.ORDER_BOOK, InputKind.TRADES, InputKind.TICKERS})
ALL_KINDS = KINDS | {InputKind.CANDLES, InputKind.LIQUIDATIONS}
BTC, ETH = (
    Instrument(symbol=f"{base}USDT", venue_symbol=f"{base}/USDT:USDT", base_asset=base, multiplier=1)
    for base in ("BTC", "ETH")
)
BOOK, TRADES, TICKERS = (Topic(kind, "BTCUSDT") for kind in (InputKind.ORDER_BOOK, InputKind.TRADES, InputKind.TICKERS))
DEADLINE_S = 60
T0 = START_MS


class LocalOkx:
    """Requests and streams of okx at one moment of a simulated market."""

    def __init__(self) -> None:
        self.now_ms = epoch_ms()
        self.market = SimulatedMarket(7, now_ms=self.now_ms)
        self.sockets: list[web.WebSocketResponse] = []
        self.paths: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path not in ("/ws/v5/public", "/ws/v5/business"):
            return web.json_response(okx.answer(self.market, request.path, dict(request.query), self.now_ms))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.paths.append(request.path)
        async for message in socket:
            for topic in json.loads(message.data)["args"]:
                await socket.send_json({"event": "subscribe", "arg": topic})
                await self.push(socket, topic, self.data(topic), "snapshot")
        return socket

    def data(self, topic: dict[str, str]) -> Any:
        if topic["channel"] == "liquidation-orders":
            return [self.liquidation("ETH"), self.liquidation("BTC")]
        path = {"books": "books", "trades": "trades", "tickers": "ticker", "candle1m": "candles"}[topic["channel"]]
        query = {"instId": topic["instId"], "sz": "400", "limit": "3" if path == "candles" else "100", "bar": "1m"}
        reply: Any = okx.answer(self.market, f"/api/v5/market/{path}", query, self.now_ms)
        data = reply["data"][::-1]  # streams tell the oldest trade first
        return [{**each, "seqId": 10, "prevSeqId": -1} for each in data] if path == "books" else data

    def liquidation(self, base: str) -> dict[str, Any]:
        details = [{"bkPx": "100.5", "posSide": "long", "side": "sell", "sz": "13", "ts": str(self.now_ms - 50)}]
        return {"details": details, "instId": f"{base}-USDT-SWAP", "instType": "SWAP"}

    @staticmethod
    async def push(socket: web.WebSocketResponse, topic: dict[str, str], data: Any, action: str) -> None:
        await socket.send_json({"arg": topic, "data": data, "action": action})


class Told(list[StreamUpdate]):
    """A listener."""

    def add(self, updates: Sequence[StreamUpdate]) -> None:
        self += updates

    def lost(self) -> list[tuple[InputKind, str]]:
        return [(each.kind, each.reason) for each in self if isinstance(each, StreamLost)]

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not done():
                await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def venue() -> AsyncIterator[tuple[LocalOkx, CcxtExchange]]:
    local = LocalOkx()
    app = web.Application()
    app.router.add_get("/{path:.*}", local.answer)
    server = TestServer(app)
    await server.start_server()
    exchange = CcxtExchange("okx", url=str(server.make_url("")).rstrip("/"))
    yield local, exchange
    await exchange.close()
    for socket in local.sockets:
        await socket.close()
    await server.close()


async def test_what_okx_streams_is_what_it_answers_to_requests(
    venue: tuple[LocalOkx, CcxtExchange], monkeypatch: pytest.MonkeyPatch
) -> None:
    local, exchange = venue
    (btc,) = [each for each in await exchange.instruments() if each.symbol == "BTCUSDT"]
    assert streamed_kinds(exchange.stream_client()) == ALL_KINDS
    reader, told = CcxtProReader("okx", ALL_KINDS), Told()
    streams = CcxtProStreams(reader.venue, reader, open_client=exchange.stream_client, clock=SYSTEM_CLOCK, listener=told.add)
    streams.set_symbols([btc])
    streams.start()
    try:
        kinds = {BookUpdate, TradesUpdate, TickerUpdate, CandlesUpdate, LiquidationsUpdate}
        await told.until(lambda: kinds <= {*map(type, told)})
        requested, book = await exchange.order_book(btc), reader.book("BTCUSDT", 50)
        assert book is not None
        assert (book.bids == requested.bids[:50]).all()
        assert (book.asks == requested.asks[:50]).all()
        assert book.stamp.observed_ms == local.now_ms
        (trades,) = [each.trades for each in told if isinstance(each, TradesUpdate)]
        listed = await exchange.trades(btc)
        assert set(trades.ids) <= set(listed.ids)
        assert (trades.size == listed.size[[listed.ids.index(name) for name in trades.ids]]).all()
        (ticker,) = [each.ticker for each in told if isinstance(each, TickerUpdate)]
        polled = (await exchange.tickers())["BTCUSDT"]
        assert ticker.last == polled.last
        assert ticker.turnover_24h == pytest.approx(polled.turnover_24h)

        (bars,) = [each.candles for each in told if isinstance(each, CandlesUpdate)]
        listed_bars = await exchange.candles(btc, Timeframe.M1, limit=3)
        assert (bars.open_ms[-1], bars.volume[-1]) == (listed_bars.open_ms[-1], listed_bars.volume[-1])
        (closed,) = [each.liquidations for each in told if isinstance(each, LiquidationsUpdate)]
        assert (closed.size.tolist(), closed.side.tolist(), closed.lower_bound) == ([pytest.approx(0.13)], [-1.0], True)
        assert closed.time_ms.tolist() == [local.now_ms - 50]

        best = str(requested.bids[0, 0])
        change = {"bids": [[best, "7", "0", "1"]], "asks": [], "ts": str(local.now_ms + 100), "seqId": 11, "prevSeqId": 10}
        topic = {"channel": "books", "instId": "BTC-USDT-SWAP"}
        books = next(socket for socket, path in zip(local.sockets, local.paths, strict=True) if path.endswith("public"))
        await local.push(books, topic, [change], "update")
        await told.until(lambda: sum(isinstance(each, BookUpdate) for each in told) == 2)
        book = reader.book("BTCUSDT", 1)
        assert book is not None
        assert book.bids[0, 1] == pytest.approx(0.07)  # a contract is 0.01 BTC

        with monkeypatch.context() as patched:
            patched.setattr(ccxt_pro, "SILENCE_S", dict.fromkeys(SILENCE_S, 1.0))
            await local.push(books, topic, [{**change, "seqId": 13, "prevSeqId": 12}], "update")
            await told.until(lambda: bool(told.lost()))
        await told.until(lambda: (found := reader.book("BTCUSDT", 1)) is not None and found.bids[0, 1] != 0.07)
        assert len(local.sockets) == 4  # twice one for bars and one for the rest
    finally:
        await streams.stop()
    assert reader.book("BTCUSDT", 50) is None


class Caches:
    """A client of ccxt.pro whose caches a test fills."""

    def __init__(self) -> None:
        self.ohlcvs: dict[str, Any] = {}
        self.liquidations: list[Any] = []
        self.bar_failure: Exception | None = None
        self.orderbooks: dict[str, Any] = {}
        self.trades: dict[str, Any] = {}
        self.tickers: dict[str, Any] = {}
        self.closed = False
        self.failure: Exception | None = None

    async def watch(self, symbols: list[str]) -> None:
        assert "BTC/USDT:USDT" in symbols
        await asyncio.sleep(0.05)
        if self.failure:
            raise self.failure

    watch_order_book_for_symbols = watch_trades_for_symbols = watch_tickers = watch_liquidations_for_symbols = watch

    async def watch_ohlcv_for_symbols(self, pairs: list[list[str]]) -> None:
        if self.bar_failure:
            raise self.bar_failure
        await self.watch([symbol for symbol, timeframe in pairs if timeframe == "1m"])

    def market(self, _: str) -> dict[str, Any]:
        return {"contractSize": None}

    async def close(self) -> None:
        self.closed = True

    def fill(self, now_ms: int, symbol: str = "BTC/USDT:USDT") -> None:
        self.orderbooks[symbol] = {"timestamp": now_ms, "nonce": None, "bids": [[99.0, 1.0]], "asks": [[101.0, 2.0]]}
        row = {"symbol": symbol, "timestamp": now_ms, "last": 100.0, "open": 100.0, "percentage": 0.0}
        self.tickers[symbol] = {**row, "quoteVolume": 1e6, "baseVolume": 1e4, "info": {}}
        self.trades.setdefault(symbol, []).append(
            {"id": str(now_ms), "timestamp": now_ms, "price": 100.0, "amount": 0.5, "side": "buy", "info": {}}
        )


def running(clients: list[Caches], *instruments: Instrument, kinds: frozenset[InputKind] = KINDS) -> SimpleNamespace:
    """Return started streams. Each connection has the next client."""
    reader, told, left = CcxtProReader("gate", kinds), Told(), iter(clients)
    streams = CcxtProStreams(reader.venue, reader, open_client=lambda: next(left), clock=VirtualClock(), listener=told.add)
    streams.set_symbols(instruments or [BTC])
    streams.start()
    return SimpleNamespace(reader=reader, told=told, streams=streams)


def test_a_silent_book_is_lost_alone_and_known_again_with_the_next_news() -> None:
    async def main() -> None:
        client, clock = Caches(), VirtualClock()
        found = running([client], BTC, ETH)
        for second in range(40):
            book = client.orderbooks.get("BTC/USDT:USDT")
            client.fill(clock.now_ms())
            client.fill(clock.now_ms(), "ETH/USDT:USDT")
            if 10 <= second < 30:
                client.orderbooks["BTC/USDT:USDT"] = book  # the stream of books stands still
            await asyncio.sleep(1)
            known = found.reader.book("BTCUSDT", 50) is not None
            assert known == (second < 25 or second >= 30), second
            if known:
                assert clock.now_ms() - found.reader.book("BTCUSDT", 50).stamp.observed_ms <= 16_000
        await found.streams.stop()
        assert found.told.lost()[0] == (InputKind.ORDER_BOOK, "silent")


def test_when_a_whole_kind_is_silent_everything_is_opened_anew() -> None:
    async def main() -> None:
        first, second, clock = Caches(), Caches(), VirtualClock()
        found = running([first, second])
        first.fill(clock.now_ms())
        await asyncio.sleep(20)
        assert {reason for _, reason in found.told.lost()} == {"silent"}
        assert (first.closed, second.closed) == (True, False)
        await found.streams.stop()

    run_virtually(main())


def test_after_an_error_everything_is_lost_and_opened_anew() -> None:
    async def main() -> None:
        first, second, clock = Caches(), Caches(), VirtualClock()
        found = running([first, second])
        first.fill(clock.now_ms())
        await asyncio.sleep(1)
        status = found.streams.status()
        assert {kind: (each.streaming, each.expected) for kind, each in status.items()} == dict.fromkeys(KINDS, (1, 1))
        first.failure = ValueError("a bad frame")
        await asyncio.sleep(0.5)
        assert sorted(found.told.lost()) == [(kind, "closed") for kind in sorted(KINDS)]
        assert (first.closed, found.reader.book("BTCUSDT", 50)) == (True, None)
        assert "a bad frame" in found.streams.status()[InputKind.TRADES].last_error
        second.fill(clock.now_ms())
        await asyncio.sleep(2)
        assert found.reader.book("BTCUSDT", 50) is not None
        await found.streams.stop()

    run_virtually(main())


def test_bars_are_told_once_when_a_later_one_forms_and_may_fail_alone() -> None:
    async def main() -> None:
        client, clock = Caches(), VirtualClock()
        found = running([client], kinds=ALL_KINDS)
        minute = clock.now_ms() // 60_000 * 60_000
        bars = client.ohlcvs.setdefault("BTC/USDT:USDT", {"1m": []})["1m"]
        for number in range(3):
            client.fill(clock.now_ms())
            bars.append([minute + 60_000 * (number - 1), 100.0, 101.0, 99.0, 100.0, 5.0])
            await asyncio.sleep(10)
        told = [each.candles.open_ms.tolist() for each in found.told if isinstance(each, CandlesUpdate)]
        assert told == [[minute - 60_000]]  # the next one has not ended at the venue's time
        assert InputKind.CANDLES not in {kind for kind, _ in found.told.lost()}
        client.bar_failure = ValueError("no bars")
        await asyncio.sleep(1)
        assert found.told.lost() == [(InputKind.CANDLES, "closed")]
        assert "no bars" in found.streams.status()[InputKind.CANDLES].last_error
        assert (client.closed, found.streams.status()[InputKind.TRADES].streaming) == (False, 1)
        await found.streams.stop()

    run_virtually(main())


def test_liquidations_are_told_once_and_watched_from_the_first_one_on() -> None:
    async def main() -> None:
        client, clock = Caches(), VirtualClock()
        found = running([client], BTC, ETH, kinds=ALL_KINDS)
        row = {"price": 100.0, "contracts": 2.0, "side": "buy", "info": {}}
        for symbol in ("ETH/USDT:USDT", "XRP/USDT:USDT", "BTC/USDT:USDT"):
            client.liquidations.append({**row, "symbol": symbol, "timestamp": clock.now_ms()})
            await asyncio.sleep(1)
        told = [each.liquidations for each in found.told if isinstance(each, LiquidationsUpdate)]
        assert [(one.symbol, one.size.tolist(), one.complete_since_ms - T0) for one in told] == [
            ("BTCUSDT", [], 0),
            ("ETHUSDT", [2.0], 0),
            ("BTCUSDT", [2.0], 0),
        ]
        await found.streams.stop()

    run_virtually(main())


def test_a_trade_is_told_once_and_a_cache_that_lacks_the_last_one_leaves_a_hole() -> None:
    async def main() -> None:
        client, clock = Caches(), VirtualClock()
        found = running([client])
        for _ in range(3):
            client.fill(clock.now_ms())
            await asyncio.sleep(1)
        client.trades["BTC/USDT:USDT"].clear()
        client.fill(clock.now_ms())
        await asyncio.sleep(1)
        told = [(list(each.trades.ids), each.contiguous) for each in found.told if isinstance(each, TradesUpdate)]
        assert told == [([str(T0 + 1_000 * second)], 0 < second < 3) for second in range(4)]
        await found.streams.stop()

    run_virtually(main())


def opened() -> CcxtProReader:
    reader = CcxtProReader("gate", KINDS)
    reader.set_instruments([BTC])
    reader.opened(1, [BOOK, TRADES, TICKERS], T0)
    return reader


def book(bids: Any = ((99, 1),), asks: Any = ((101, 2),), time: int | None = T0, contract: float = 1) -> bytes:
    return orjson.dumps(
        {"kind": "book", "symbol": "BTCUSDT", "contract": contract, "time": time, "bids": bids, "asks": asks}
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (book([[102, 1]]), "crossed"),
        (book([[99, -1]]), "number"),
        (book([]), "empty"),
        (book(None), "number"),
        (book(time=T0 - 101), "backwards"),
    ],
)
def test_a_book_that_is_not_plausible_is_lost(data: bytes, reason: str) -> None:
    reader = opened()
    assert reader.frame(1, book(), T0 + 5) == (BookUpdate(symbol="BTCUSDT", observed_ms=T0, received_ms=T0 + 5),)
    before = refused(f"book_{reason}")
    assert reader.frame(1, data, T0 + 10) == (StreamLost(kind=InputKind.ORDER_BOOK, symbol="BTCUSDT", reason=reason),)
    assert refused(f"book_{reason}") == before + 1
    assert reader.book("BTCUSDT", 50) is None


def test_a_book_without_a_time_has_that_of_its_receipt_and_changes_make_the_flow() -> None:
    reader = opened()
    reader.frame(1, book(time=None, contract=0.1), T0 + 5)
    reader.frame(1, book([[99, 4]], time=None, contract=0.1), T0 + 105)
    found, flow = reader.book("BTCUSDT", 50), reader.book_flow("BTCUSDT")
    assert found is not None
    assert flow is not None
    assert (found.bids.tolist(), found.stamp.observed_ms) == ([[99, pytest.approx(0.4)]], T0 + 105)
    assert flow.flow.tolist() == [pytest.approx(0.3)]


@pytest.mark.parametrize("data", ["", "[]", "{}", '{"kind":"new"}', b"\xff"])
def test_garbage_changes_nothing(data: str | bytes) -> None:
    assert not opened().frame(1, data, T0)


def test_a_topic_that_is_not_open_is_not_told() -> None:
    reader = opened()
    assert not reader.frame(2, book(), T0)
    assert [type(each) for each in reader.closed(1, [BOOK, TRADES, TICKERS], "closed")] == [StreamLost] * 3
    assert not reader.frame(1, book(), T0)
    assert not reader.closed(1, [BOOK], "closed")
