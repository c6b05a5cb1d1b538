"""The contract of `virtuoso.ports.Exchange` for the simulated exchange. The requests go through ccxt in the format of each
venue. The results must equal the simulated market. "myokx" has no entry in the table of venues, so it shows what ccxt alone
can do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from tests.clocks import SettableClock
from virtuoso.domain.errors import (
    BadData,
    EmptyData,
    ExchangeError,
    RateLimited,
    UnknownSymbol,
    VenueBlocked,
    VenueStale,
    VenueTimedOut,
    VenueUnavailable,
)
from virtuoso.domain.model import Instrument, Timeframe, TimeSeries
from virtuoso.domain.ports import Exchange
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.simulator.market import Listing, SimulatedMarket
from virtuoso.simulator.server import SimulatedExchange

NOW = 1_750_000_123_456  # a fixed past time in summer, so that all digits can be compared
VENUES = ["bybit", "binance", "okx", "myokx"]
BY_COIN = ("okx", "myokx")  # these list PEPE; the others list 1000PEPE
KINDS = {  # errors of a request for tickers, by fault
    "down": VenueUnavailable,
    "slow": VenueTimedOut,
    "429": RateLimited,
    "bybit_10006": RateLimited,
    "garbage": BadData,
    "html_403": VenueBlocked,
    "451": VenueBlocked,
    "truncated": BadData,
    "empty": EmptyData,
    "stale": VenueStale,
}


class World:
    """One venue of the simulated exchange, and the market that it simulates."""

    def __init__(self, venue: str, market: SimulatedMarket, url: str, exchange: Exchange) -> None:
        self.venue, self.market, self.url, self.exchange = venue, market, url, exchange

    async def listed(self, base: str) -> tuple[Instrument, Listing]:
        """Return an asset's instrument at the venue, and its listing in the simulation."""
        found = [each for each in await self.exchange.instruments() if each.base_asset == base]
        assert len(found) == 1
        return found[0], self.market.listing(base)

    def coins(self, listing: Listing) -> int:
        """Return how many of the venue's base units one unit of the listing is."""
        return listing.multiplier if self.venue in BY_COIN else 1

    async def fault(self, mode: str, **more: Any) -> None:
        """Make the venue fail in this mode. "ok" ends the fault."""
        venue = "okx" if self.venue in BY_COIN else self.venue
        async with aiohttp.ClientSession() as session:
            reply = await session.post(f"{self.url}/__admin", json={"mode": mode, "exchange": venue, **more})
            assert reply.status == 200


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket(7, now_ms=NOW)


@pytest_asyncio.fixture
async def url(market: SimulatedMarket) -> AsyncIterator[str]:
    server = SimulatedExchange(market, clock=lambda: NOW)
    port = await server.start("127.0.0.1:0")
    yield f"http://127.0.0.1:{port}"
    await server.close()


@pytest_asyncio.fixture(params=VENUES)
async def world(request: pytest.FixtureRequest, market: SimulatedMarket, url: str) -> AsyncIterator[World]:
    exchange = CcxtExchange(request.param, url=url, clock=SettableClock(NOW))
    await exchange.tickers()  # the adapter learns the venue's clock from the tickers
    yield World(request.param, market, url, exchange)
    await exchange.close()


@pytest.fixture(params=["BTC", "PEPE"])
def base(request: pytest.FixtureRequest) -> str:
    """Return an expensive coin, and one so cheap that most venues list a thousand of it."""
    return str(request.param)


async def test_every_listing_is_an_instrument_and_nothing_else(world: World) -> None:
    instruments = await world.exchange.instruments()
    expected = {(each.base, each.multiplier // world.coins(each)) for each in world.market.listings}
    assert {(each.base_asset, each.multiplier) for each in instruments} == expected
    assert len(instruments) == len(expected) >= 50
    for each in instruments:
        listing = world.market.listing(each.base_asset)
        assert each.tick_size == pytest.approx(listing.tick / world.coins(listing))
        assert each.listed_ms == listing.launched_ms


async def test_tickers_equal_the_market(world: World) -> None:
    instruments = {each.symbol: each for each in await world.exchange.instruments()}
    tickers, quotes = await world.exchange.tickers(), world.market.quotes(NOW)
    assert set(tickers) == set(instruments)
    assert len(quotes) == len(tickers)
    for symbol, ticker in tickers.items():
        listing, quote = world.market.listing(instruments[symbol].base_asset), quotes[instruments[symbol].base_asset]
        coins, step = world.coins(listing), listing.tick / quote.last
        assert ticker.last * coins == pytest.approx(quote.last, rel=step)
        assert ticker.stamp.observed_ms == NOW
        assert ticker.change_24h_percent == pytest.approx(100 * (quote.last / quote.open_24h - 1), abs=0.01 + 200 * step)
        assert ticker.funding_rate == pytest.approx(quote.funding_rate, abs=1e-8)
        assert ticker.volume_24h == pytest.approx(quote.volume_24h * coins, rel=1e-3)
        spread = quote.high_24h / quote.low_24h - 1 if world.venue in BY_COIN else 1e-3  # okx converts at the last price
        assert ticker.turnover_24h == pytest.approx(quote.turnover_24h, rel=spread)
        if world.venue != "myokx":
            assert ticker.mark == pytest.approx(quote.mark / coins, rel=step)
            assert ticker.index == pytest.approx(quote.index / coins, rel=step)


async def test_candles_are_the_closed_bars_of_the_market(world: World, base: str) -> None:
    instrument, listing = await world.listed(base)
    for timeframe in Timeframe:
        candles = await world.exchange.candles(instrument, timeframe, limit=120)
        truth = world.market.candles(base, timeframe.ms, NOW - 121 * timeframe.ms, NOW - timeframe.ms, NOW)[-120:]
        assert candles.open_ms.tolist() == truth[:, 0].tolist()
        for place, column in enumerate((candles.open, candles.high, candles.low, candles.close), start=1):
            assert np.allclose(column * world.coins(listing), truth[:, place], rtol=0, atol=listing.tick)
        assert np.allclose(candles.volume / world.coins(listing), truth[:, 5], rtol=1e-6, atol=listing.lot)


async def test_a_page_of_past_bars_equals_the_market_before_that_bar(world: World, base: str) -> None:
    instrument, listing = await world.listed(base)
    for timeframe in (Timeframe.M5, Timeframe.M30):
        before = NOW // timeframe.ms * timeframe.ms - 70 * timeframe.ms
        page = await world.exchange.candles(instrument, timeframe, limit=90, before_ms=before)
        truth = world.market.candles(base, timeframe.ms, before - 90 * timeframe.ms, before, NOW)
        truth = truth[truth[:, 0] < before][-90:]
        assert page.open_ms.tolist() == truth[:, 0].tolist()
        assert np.allclose(page.close * world.coins(listing), truth[:, 4], rtol=0, atol=listing.tick)


async def test_one_request_returns_as_many_bars_as_the_venue_allows(world: World) -> None:
    instrument, _ = await world.listed("BTC")
    candles = await world.exchange.candles(instrument, Timeframe.M1, limit=400)
    assert len(candles) == (299 if world.venue in BY_COIN else 400)


async def test_books_and_trades_equal_the_market_in_base_units(world: World, base: str) -> None:
    instrument, listing = await world.listed(base)
    coins = world.coins(listing)
    book = await world.exchange.order_book(instrument)
    truth = world.market.book(base, NOW, len(book.bids))
    assert len(book.bids) >= 100
    for levels, side in zip((book.bids, book.asks), truth, strict=True):
        assert np.allclose(levels[:, 0] * coins, [price for price, _ in side], rtol=0, atol=listing.tick)
        assert np.allclose(levels[:, 1] / coins, [size for _, size in side], rtol=0, atol=listing.lot)
    trades = await world.exchange.trades(instrument)
    made = world.market.trades(base, NOW, len(trades.ids))
    assert len(trades.ids) >= 50
    assert trades.time_ms.tolist() == [time_ms for _, time_ms, *_ in made]
    assert trades.side.tolist() == [1 if bought else -1 for *_, bought in made]
    assert np.allclose(trades.price * coins, [price for _, _, price, *_ in made], rtol=0, atol=listing.tick)
    assert np.allclose(trades.size / coins, [size for *_, size, _ in made], rtol=0, atol=listing.lot)


async def test_series_equal_the_market(world: World, base: str) -> None:
    instrument, listing = await world.listed(base)
    funding, interest, ratio = await asyncio.gather(
        world.exchange.funding(instrument), world.exchange.open_interest(instrument), world.exchange.long_short(instrument)
    )

    def compare(series: TimeSeries, truth: list[tuple[int, float]], tolerance: float) -> None:
        assert len(series.values) >= 48
        assert series.time_ms.tolist() == [time_ms for time_ms, _ in truth]
        assert np.allclose(series.values, [value for _, value in truth], rtol=tolerance, atol=1e-8)

    compare(funding, world.market.funding(base, NOW, len(funding.values)), 1e-6)
    shares = world.market.long_short(base, 300_000, NOW, len(ratio.values))
    compare(ratio, [(time_ms, share / (1 - share)) for time_ms, share in shares], 1e-3)
    units = world.market.open_interest(base, 300_000, NOW, len(interest.values))
    if world.venue == "myokx":  # ccxt returns the number of contracts; only its changes are meaningful
        interest.values[:] *= units[0][1] * world.coins(listing) / interest.values[0]
    compare(interest, [(time_ms, size * world.coins(listing)) for time_ms, size in units], 1e-3)


def everything(exchange: Exchange, instrument: Instrument) -> list[Awaitable[object]]:
    """Return all requests that an exchange supports."""
    return [
        exchange.instruments(),
        exchange.tickers(),
        exchange.candles(instrument, Timeframe.M5, limit=30),
        exchange.order_book(instrument),
        exchange.trades(instrument),
        exchange.funding(instrument),
        exchange.open_interest(instrument),
        exchange.long_short(instrument),
    ]


@pytest.mark.parametrize("mode", [*KINDS, "nan", "nulls"])
@pytest.mark.parametrize("venue", ["bybit", "binance", "okx"])
async def test_every_fault_raises_an_exchange_error_until_it_ends(
    venue: str, mode: str, market: SimulatedMarket, url: str
) -> None:
    exchange = CcxtExchange(venue, url=url, clock=SettableClock(NOW), timeout_s=0.6)
    world = World(venue, market, url, exchange)
    try:
        instrument, _ = await world.listed("ETH")
        await world.fault(mode)
        results = await asyncio.gather(*everything(exchange, instrument), return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException)]
        assert all(isinstance(error, ExchangeError) and error.venue == venue and error.endpoint for error in errors)
        if kind := KINDS.get(mode):
            with pytest.raises(kind):
                await exchange.tickers()
        await world.fault("ok")
        fresh = CcxtExchange(venue, url=url, clock=SettableClock(NOW))
        assert len(await fresh.tickers()) >= 50
        await fresh.close()
    finally:
        await exchange.close()


async def test_a_market_that_the_venue_does_not_have_is_an_unknown_symbol(world: World) -> None:
    await world.exchange.instruments()
    with pytest.raises(UnknownSymbol):
        await world.exchange.order_book(
            Instrument(symbol="NONEUSDT", venue_symbol="NONE/USDT:USDT", base_asset="NONE", multiplier=1)
        )


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/fapi/v1/depth?symbol=NONEUSDT", -1121),
        ("/fapi/v1/depth", -1102),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=7", -4021),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=7m", -1120),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=many", -1100),
        ("/futures/data/openInterestHist?symbol=BTCUSDT&period=1m", -1130),
        ("/fapi/v1/order", -5000),
        ("/api/v5/market/books?instId=NONE-USDT-SWAP", "51001"),
        ("/api/v5/market/books", "50014"),
        ("/api/v5/market/books?instId=BTC-USDT-SWAP&sz=500", "51000"),
        ("/api/v5/market/candles?instId=BTC-USDT-SWAP&bar=7m", "51000"),
        ("/api/v5/market/tickers", "51000"),
        ("/api/v5/account/balance", "404"),
    ],
)
async def test_a_refusal_has_the_format_of_the_venue(url: str, path: str, code: int | str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url + path) as reply:
        body = await reply.json()
    assert body["code"] == code
    assert body["msg"]


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/fapi/v1/ticker/price", 50),
        ("/fapi/v1/ticker/bookTicker", 50),
        ("/fapi/v1/aggTrades?symbol=BTCUSDT", 50),
        ("/api/v5/public/mark-price?instType=SWAP", 50),
        ("/api/v5/market/index-tickers?quoteCcy=USDT", 50),
        ("/api/v5/public/open-interest?instType=SWAP", 50),
        ("/api/v5/market/ticker?instId=BTC-USDT-SWAP", 1),
    ],
)
async def test_endpoints_that_only_other_clients_use_have_rows(url: str, path: str, least: int) -> None:
    async with aiohttp.ClientSession() as session, session.get(url + path) as reply:
        body = await reply.json()
    rows = body["data"] if isinstance(body, dict) else body
    assert len(rows) >= least


async def test_binance_history_starts_at_the_requested_time(url: str) -> None:
    start = NOW // 60_000 * 60_000 - 3_600_000
    query = f"/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=10&startTime={start}"
    async with aiohttp.ClientSession() as session, session.get(url + query) as reply:
        assert [row[0] for row in await reply.json()] == [start + minute * 60_000 for minute in range(10)]


async def test_okx_history_goes_back_from_a_bar_newest_first(url: str) -> None:
    end = NOW // 60_000 * 60_000 - 3_600_000
    query = f"/api/v5/market/history-candles?instId=BTC-USDT-SWAP&bar=1m&limit=10&after={end}"
    async with aiohttp.ClientSession() as session, session.get(url + query) as reply:
        rows = (await reply.json())["data"]
    assert [int(row[0]) for row in rows] == [end - minute * 60_000 for minute in range(1, 11)]
