"""What the recorded exchanges never say: a venue whose replies the test writes."""

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


class Bybit:
    """Speaks Bybit's format for one market; `answer` may give any reply for a path instead."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""
        self.answer: Callable[[str], web.Response | None] = lambda _: None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/v5/market/")
        self.asked.append(path)
        return self.answer(path) or self.reply({"list": getattr(self, path.replace("-", "_"))(request.query)})

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
async def bybit() -> AsyncIterator[Bybit]:
    venue = Bybit()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", venue.handle)
    server = TestServer(app)
    await server.start_server()
    venue.url = str(server.make_url(""))
    yield venue
    await server.close()


@pytest_asyncio.fixture
async def exchange(bybit: Bybit) -> AsyncIterator[CcxtExchange]:
    connected = CcxtExchange("bybit", url=bybit.url, timeout_s=2)
    await connected.instruments()
    bybit.asked.clear()
    yield connected
    await connected.close()


def html(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"<html>{text}</html>", content_type="text/html")


@pytest.mark.parametrize(
    ("reply", "kind", "pause_s"),
    [
        (lambda: html(403, "403 Forbidden, access too frequent"), RateLimited, 600),
        (lambda: html(403, "Request blocked"), VenueBlocked, 0),
        (lambda: Bybit.reply({}, 10016, "Server error, try again later"), VenueUnavailable, 0),
        (lambda: Bybit.reply({}, 10018, "Exceeded the IP Rate Limit."), RateLimited, 5),
        (lambda: Bybit.reply({}, 10001, "Not supported symbols"), UnknownSymbol, 0),
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
async def test_a_reply_is_called_what_it_is(
    bybit: Bybit, exchange: CcxtExchange, reply: Callable[[], web.Response], kind: type[ExchangeError], pause_s: float
) -> None:
    bybit.answer = lambda _: reply()
    with pytest.raises(ExchangeError) as caught:
        await exchange.tickers()
    assert type(caught.value) is kind
    if isinstance(caught.value, RateLimited):
        assert abs(caught.value.until_ms - epoch_ms() - pause_s * 1000) < 2_000


async def test_a_passing_outage_is_got_over_by_asking_once_more(bybit: Bybit, exchange: CcxtExchange) -> None:
    bybit.answer = lambda _: html(503, "Service Unavailable") if len(bybit.asked) == 1 else None
    assert (await exchange.tickers())["BTCUSDT"].last == 100
    assert bybit.asked == ["tickers", "tickers"]


async def test_a_lasting_outage_is_asked_about_twice_and_no_more(bybit: Bybit, exchange: CcxtExchange) -> None:
    bybit.answer = lambda _: html(502, "Bad Gateway")
    with pytest.raises(VenueUnavailable, match="502: Bad Gateway"):
        await exchange.tickers()
    assert bybit.asked == ["tickers", "tickers"]


async def test_a_refusal_is_not_asked_about_again(bybit: Bybit, exchange: CcxtExchange) -> None:
    bybit.answer = lambda _: html(451, "not here")
    with pytest.raises(VenueBlocked):
        await exchange.tickers()
    assert bybit.asked == ["tickers"]


async def test_markets_that_go_away_go_from_the_tickers_too(bybit: Bybit, exchange: CcxtExchange) -> None:
    row = Bybit.instruments_info({})[0]
    other = {**row, "symbol": "ETHUSDT", "baseCoin": "ETH"}
    bybit.instruments_info = lambda query: [] if query.get("status") else [other]  # type: ignore[method-assign]
    bybit.tickers = lambda _: [  # type: ignore[method-assign]
        {"symbol": symbol, "lastPrice": "5"} for symbol in ("BTCUSDT", "ETHUSDT", "BTC-26DEC25", "ETHPERP")
    ]
    assert [each.symbol for each in await exchange.instruments()] == ["ETHUSDT"]
    assert list(await exchange.tickers()) == ["ETHUSDT"]


async def test_bars_are_cut_at_one_that_is_no_number(bybit: Bybit, exchange: CcxtExchange) -> None:
    begun = epoch_ms() // MINUTE * MINUTE
    rows = [[str(begun - k * MINUTE), "10", "11", "9", "NaN" if k == 4 else "10", "1", "10"] for k in range(9)]
    instrument = (await exchange.instruments())[0]
    bybit.answer = lambda _: Bybit.reply({"list": rows})
    candles = await exchange.candles(instrument, Timeframe.M1, limit=8)
    assert [(begun - each) // MINUTE for each in candles.open_ms.tolist()] in ([3, 2, 1], [3, 2, 1, 0])
