"""The streams of the simulated exchange over real connections, on the port of its requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from virtuoso.domain.clock import epoch_ms
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.server import SimulatedExchange

BYBIT, PUBLIC, MARKET = "/v5/public/linear", "/public/ws", "/market/stream?streams=!ticker@arr/btcusdt@aggTrade"
DEADLINE_S = 30


class Client:
    """A client of a running simulated exchange."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self.session = url, session

    async def connect(self, path: str, *requests: object) -> aiohttp.ClientWebSocketResponse:
        socket = await self.session.ws_connect(self.url + path)
        for request in requests:
            await socket.send_json(request)
        return socket

    async def fault(self, mode: str, exchange: str = "all", **more: Any) -> None:
        async with self.session.post(f"{self.url}/__admin", json={"mode": mode, "exchange": exchange, **more}) as reply:
            assert reply.status == 200, await reply.text()

    async def get(self, path: str) -> Any:
        async with self.session.get(self.url + path) as reply:
            return await reply.json()


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    market = SimulatedMarket(7, now_ms=epoch_ms())
    market.quotes(epoch_ms())
    return market


@pytest_asyncio.fixture
async def client(market: SimulatedMarket) -> AsyncIterator[Client]:
    exchange = SimulatedExchange(market)
    port = await exchange.start("127.0.0.1:0")
    async with aiohttp.ClientSession() as session:
        yield Client(f"http://127.0.0.1:{port}", session)
    await exchange.close()


async def until(socket: aiohttp.ClientWebSocketResponse, wanted: Callable[[Any], bool]) -> Any:
    """Return the first message that is wanted."""
    async with asyncio.timeout(DEADLINE_S):
        while not wanted(message := json.loads(await socket.receive_str())):
            pass
    return message


def subscribe(*names: str) -> dict[str, object]:
    return {"op": "subscribe", "args": list(names)}


async def test_bybit_tells_a_snapshot_and_then_changes(client: Client) -> None:
    socket = await client.connect(BYBIT, subscribe("orderbook.50.BTCUSDT", "publicTrade.BTCUSDT"), {"op": "ping"})
    snapshot = await until(socket, lambda message: message.get("type") == "snapshot" and "cts" in message)
    delta = await until(socket, lambda message: message.get("type") == "delta")
    assert delta["data"]["u"] == snapshot["data"]["u"] + 1
    trade = await until(socket, lambda message: message.get("topic") == "publicTrade.BTCUSDT")
    assert trade["data"][0]["s"] == "BTCUSDT"


async def test_a_binance_book_from_a_request_continues_with_the_stream(client: Client) -> None:
    request = {"method": "SUBSCRIBE", "params": ["btcusdt@depth@100ms"], "id": 7}
    socket = await client.connect(PUBLIC, request)
    assert json.loads(await socket.receive_str()) == {"result": None, "id": 7}
    book = await client.get("/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
    event = await until(socket, lambda message: message["u"] > book["lastUpdateId"])
    assert event["U"] <= book["lastUpdateId"] + 1
    assert (await until(socket, lambda _: True))["pu"] == event["u"]


async def test_binance_tells_the_streams_of_an_address(client: Client) -> None:
    socket = await client.connect(MARKET)
    tickers = await until(socket, lambda message: message["stream"] == "!ticker@arr")
    assert len(tickers["data"]) > 50
    assert (await until(socket, lambda message: message["stream"] == "btcusdt@aggTrade"))["data"]["e"] == "aggTrade"
    await socket.ping(b"hello")


@pytest.mark.parametrize(("mode", "statuses"), [("ws_refuse", (503, 503)), ("bybit_10006", (403, 418)), ("451", (451, 451))])
async def test_new_connections_are_refused_until_the_fault_ends(
    client: Client, mode: str, statuses: tuple[int, int]
) -> None:
    await client.fault(mode, transport="ws")
    for path, status in zip((BYBIT, PUBLIC), statuses, strict=True):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.connect(path)
        assert refusal.value.status == status
    assert (await client.get("/v5/market/time"))["retCode"] == 0  # requests go on
    await client.fault("ok")
    await client.connect(BYBIT)


async def test_a_drop_resets_the_connections_of_one_venue(client: Client) -> None:
    dropped = await client.connect(BYBIT, subscribe("tickers.BTCUSDT"))
    other = await client.connect(PUBLIC, {"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1})
    await until(dropped, lambda message: message.get("topic") == "tickers.BTCUSDT")
    await client.fault("ws_drop", "bybit")
    async with asyncio.timeout(DEADLINE_S):
        while (await dropped.receive()).type != aiohttp.WSMsgType.CLOSED:
            pass
    await until(other, lambda message: message.get("e") == "trade")
    streams = (await client.get("/__stats"))["streams"]
    assert streams["bybit"]["connections"] == {"open": 0, "opened": 1, "received": 1, "aborted": 1, "closed": 1}
    assert streams["binance"]["subscriptions"] == {"trade": 1}


async def test_binance_ends_a_connection_that_sends_too_much(client: Client) -> None:
    socket = await client.connect(PUBLIC, *({"method": "LIST_SUBSCRIPTIONS", "id": number} for number in range(12)))
    async with asyncio.timeout(DEADLINE_S):
        while (message := await socket.receive()).type == aiohttp.WSMsgType.TEXT:
            pass
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
    assert (await client.get("/__stats"))["streams"]["binance"]["breaches"]["over_10_messages_per_s"] == 1


async def test_a_reset_of_the_counts_keeps_the_connections(client: Client) -> None:
    socket = await client.connect(BYBIT, subscribe("tickers.BTCUSDT"))
    await until(socket, lambda message: message.get("topic") == "tickers.BTCUSDT")
    await client.session.post(f"{client.url}/__stats/reset")
    streams = (await client.get("/__stats"))["streams"]["bybit"]
    assert streams["connections"] == {"open": 1}
    assert streams["clients"][0]["topics"] == 1
