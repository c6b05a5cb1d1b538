"""The exchange adapter with replies that the recordings do not contain. The tests write these replies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.errors import (
    BadData,
    EmptyData,
    ExchangeError,
    RateLimited,
    UnknownSymbol,
    VenueBlocked,
    VenueUnavailable,
)
from virtuoso.domain.model import Timeframe
from virtuoso.exchange.adapter import CcxtExchange

MINUTE = 60_000


class FakeBybit:
    """A server with the API of Bybit and one market. `override` may return another reply for a path."""

    def __init__(self) -> None:
        self.requested: list[str] = []
        self.url = ""
        self.override: Callable[[str], web.Response | None] = lambda _: None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/v5/market/")
        self.requested.append(path)
        return self.override(path) or self.reply({"list": getattr(self, path.replace("-", "_"))(request.query)})

    @staticmethod
    def reply(result: Any, code: int = 0, message: str = "OK", **more: Any) -> web.Response:
        body = {"retCode": code, "retMsg": message, "result": {"category": "linear", **result}, "time": epoch_ms()}
        return web.json_response(body, **more)

    @staticmethod
    def instruments_info(query: Any) -> list[dict[str, Any]]:
        if query.get("status"):
            return []
        return [
            {
                "symbol": "BTCUSDT",
                "contractType": "LinearPerpetual",
                "status": "Trading",
                "baseCoin": "BTC",
                "quoteCoin": "USDT",
                "settleCoin": "USDT",
                "priceFilter": {"tickSize": "0.1"},
                "lotSizeFilter": {},
            }
        ]

    @staticmethod
    def tickers(_: Any) -> list[dict[str, Any]]:
        return [{"symbol": "BTCUSDT", "lastPrice": "100", "prevPrice24h": "100", "price24hPcnt": "0"}]


@pytest_asyncio.fixture
async def bybit() -> AsyncIterator[FakeBybit]:
    venue = FakeBybit()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", venue.handle)
    server = TestServer(app)
    await server.start_server()
    venue.url = str(server.make_url(""))
    yield venue
    await server.close()


@pytest_asyncio.fixture
async def exchange(bybit: FakeBybit) -> AsyncIterator[CcxtExchange]:
    connected = CcxtExchange("bybit", url=bybit.url, timeout_s=2)
    await connected.instruments()
    bybit.requested.clear()
    yield connected
    await connected.close()


def html(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"<html>{text}</html>", content_type="text/html")


@pytest.mark.parametrize(
    ("reply", "kind", "pause_s"),
    [
        (lambda: html(403, "403 Forbidden, access too frequent"), RateLimited, 600),
        (lambda: html(403, "Request blocked"), VenueBlocked, 0),
        (lambda: FakeBybit.reply({}, 10016, "Server error, try again later"), VenueUnavailable, 0),
        (lambda: FakeBybit.reply({}, 10018, "Exceeded the IP Rate Limit."), RateLimited, 5),
        (lambda: FakeBybit.reply({}, 10001, "Not supported symbols"), UnknownSymbol, 0),
        (lambda: html(200, "under maintenance"), BadData, 0),
        (lambda: web.json_response([1, 2, 3]), BadData, 0),
        (lambda: web.json_response({"retCode": 0, "result": {"list": "none"}}), EmptyData, 0),
        (lambda: web.json_response({"retCode": 0, "result": {"list": [None, 7]}}), BadData, 0),
        (
            lambda: web.Response(text='{"retCode":0,"result":{"list":[{"symbol":', content_type="application/json"),
            BadData,
            0,
        ),
        (lambda: web.Response(status=429, headers={"Retry-After": "90"}), RateLimited, 90),
    ],
)
async def test_a_bad_reply_raises_the_matching_error(
    bybit: FakeBybit, exchange: CcxtExchange, reply: Callable[[], web.Response], kind: type[ExchangeError], pause_s: float
) -> None:
    bybit.override = lambda _: reply()
    with pytest.raises(ExchangeError) as caught:
        await exchange.tickers()
    assert type(caught.value) is kind
    if isinstance(caught.value, RateLimited):
        assert abs(caught.value.until_ms - epoch_ms() - pause_s * 1000) < 2_000


async def test_one_retry_hides_a_short_outage(bybit: FakeBybit, exchange: CcxtExchange) -> None:
    bybit.override = lambda _: html(503, "Service Unavailable") if len(bybit.requested) == 1 else None
    assert (await exchange.tickers())["BTCUSDT"].last == 100
    assert bybit.requested == ["tickers", "tickers"]


async def test_a_longer_outage_is_retried_only_once(bybit: FakeBybit, exchange: CcxtExchange) -> None:
    bybit.override = lambda _: html(502, "Bad Gateway")
    with pytest.raises(VenueUnavailable, match="502: Bad Gateway"):
        await exchange.tickers()
    assert bybit.requested == ["tickers", "tickers"]


async def test_a_blocked_request_is_not_retried(bybit: FakeBybit, exchange: CcxtExchange) -> None:
    bybit.override = lambda _: html(451, "not here")
    with pytest.raises(VenueBlocked):
        await exchange.tickers()
    assert bybit.requested == ["tickers"]


async def test_delisted_markets_are_removed_from_the_tickers(bybit: FakeBybit, exchange: CcxtExchange) -> None:
    row = FakeBybit.instruments_info({})[0]
    other = {**row, "symbol": "ETHUSDT", "baseCoin": "ETH"}
    bybit.instruments_info = lambda query: [] if query.get("status") else [other]  # type: ignore[method-assign]
    bybit.tickers = lambda _: [  # type: ignore[method-assign]
        {"symbol": symbol, "lastPrice": "5"} for symbol in ("BTCUSDT", "ETHUSDT", "BTC-26DEC25", "ETHPERP")
    ]
    assert [each.symbol for each in await exchange.instruments()] == ["ETHUSDT"]
    assert list(await exchange.tickers()) == ["ETHUSDT"]


async def test_only_the_candle_with_a_nan_price_is_refused(bybit: FakeBybit, exchange: CcxtExchange) -> None:
    current_ms = epoch_ms() // MINUTE * MINUTE
    rows = [[str(current_ms - k * MINUTE), "10", "11", "9", "NaN" if k == 4 else "10", "1", "10"] for k in range(9)]
    instrument = (await exchange.instruments())[0]
    bybit.override = lambda _: FakeBybit.reply({"list": rows})
    candles = await exchange.candles(instrument, Timeframe.M1, limit=8)
    assert [(current_ms - each) // MINUTE for each in candles.open_ms.tolist()][:6] == [8, 7, 6, 5, 3, 2]
