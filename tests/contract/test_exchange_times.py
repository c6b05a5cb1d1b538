"""Wrong times in replies of venues, through the real ccxt client. "myokx" has no entry in the table of venues, so it shows
what any other venue of ccxt does. Bybit's rows have no time; its replies have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from tests.altered_exchange import AlteredExchange, unaltered
from tests.clocks import SettableClock
from tests.unit.exchange.test_rows import refused
from virtuoso.domain.errors import BadData, VenueStale
from virtuoso.domain.model import Timeframe
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.server import SimulatedExchange

NOW = 1_750_000_123_456
MINUTE, HOUR = 60_000, 3_600_000
ROW_TIMES = {"binance": "closeTime", "okx": "ts", "myokx": "ts"}
SYMBOLS = {"bybit": "symbol", "binance": "symbol", "okx": "instId", "myokx": "instId"}
LISTING_TIMES = {"bybit": "launchTime", "binance": "onboardDate", "okx": "listTime", "myokx": "listTime"}
VENUES = list(SYMBOLS)
TICKERS = ("/v5/market/tickers", "/fapi/v1/ticker/24hr", "/api/v5/market/tickers")
PREMIUMS = {"binance": ("/fapi/v1/premiumIndex", "time"), "okx": ("/api/v5/public/mark-price", "ts")}
LISTS = ("/v5/market/instruments-info", "/fapi/v1/exchangeInfo", "/api/v5/public/instruments")

Row = dict[str, Any]


class AlteredVenue:
    """One simulated venue behind a proxy. `clock` is both ours and the venue's."""

    def __init__(self, venue: str, clock: SettableClock, proxy: AlteredExchange, exchange: CcxtExchange) -> None:
        self.venue, self.clock, self.proxy, self.exchange = venue, clock, proxy, exchange

    def rows(self, body: Any) -> list[Row]:
        """Return the rows of a reply."""
        found = body["result"]["list"] if self.venue == "bybit" else body if isinstance(body, list) else body.get("data")
        return list(body["symbols"] if found is None else found)

    def alter_row(self, paths: tuple[str, ...], base: str, field: str, change: Callable[[Any], Any]) -> None:
        """Change one field of the row of BTC or another asset, in the type that the venue uses."""

        def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
            if path in paths:
                for row in self.rows(body):
                    if row[SYMBOLS[self.venue]] in (f"{base}USDT", f"{base}-USDT-SWAP"):
                        row[field] = type(row[field])(change(int(row[field])))
            return body

        self.proxy.alter = alter

    def shift(self, ms: int, paths: tuple[str, ...] = TICKERS) -> None:
        """Shift the venue's time in replies: of the reply itself, or of all rows."""

        def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
            if path in paths and self.venue == "bybit":
                body["time"] += ms
            elif path in paths:
                for row in self.rows(body):
                    time = row[ROW_TIMES[self.venue]]
                    row[ROW_TIMES[self.venue]] = type(time)(int(time) + ms)
            return body

        self.proxy.alter = alter

    async def observed_ms(self) -> int:
        """Return the newest time of tickers three seconds later."""
        self.clock.advance(3)
        return max(ticker.stamp.observed_ms for ticker in (await self.exchange.tickers()).values())


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket(7, now_ms=NOW)


@pytest_asyncio.fixture(params=VENUES)
async def altered_venue(request: pytest.FixtureRequest, market: SimulatedMarket) -> AsyncIterator[AlteredVenue]:
    clock = SettableClock(NOW)
    server = SimulatedExchange(market, clock=clock.now_ms)
    port = await server.start("127.0.0.1:0")
    with AlteredExchange(f"http://127.0.0.1:{port}") as proxy:
        exchange = CcxtExchange(request.param, url=proxy.url, clock=clock)
        yield AlteredVenue(request.param, clock, proxy, exchange)
        await exchange.close()
    await server.close()


@pytest.mark.parametrize("ahead_ms", [61_000, 31 * HOUR])
async def test_a_venue_whose_clock_is_far_ahead_is_stale_until_its_time_is_correct(
    altered_venue: AlteredVenue, ahead_ms: int
) -> None:
    assert await altered_venue.observed_ms() == altered_venue.clock.ms
    altered_venue.shift(ahead_ms)
    with pytest.raises(VenueStale, match="ahead of ours"):
        await altered_venue.observed_ms()
    altered_venue.proxy.alter = unaltered
    assert await altered_venue.observed_ms() == altered_venue.clock.ms


@pytest.mark.parametrize("ahead_ms", [50_000])
async def test_one_reply_ahead_of_our_clock_is_not_used_and_two_are(altered_venue: AlteredVenue, ahead_ms: int) -> None:
    altered_venue.shift(ahead_ms)
    assert await altered_venue.observed_ms() == altered_venue.clock.ms  # the very first reading
    altered_venue.proxy.alter = unaltered
    assert await altered_venue.observed_ms() == altered_venue.clock.ms
    altered_venue.shift(ahead_ms)
    assert await altered_venue.observed_ms() == altered_venue.clock.ms
    assert await altered_venue.observed_ms() == altered_venue.clock.ms + ahead_ms
    altered_venue.proxy.alter = unaltered
    assert await altered_venue.observed_ms() == altered_venue.clock.ms


@pytest.mark.parametrize("altered_venue", ROW_TIMES, indirect=True)
@pytest.mark.parametrize("wrong", [lambda ms: ms + 24 * HOUR, lambda ms: ms * 1000, lambda ms: ms + 50_000, lambda _: 0])
async def test_a_row_with_a_wrong_time_removes_only_its_ticker(
    altered_venue: AlteredVenue, wrong: Callable[[int], int]
) -> None:
    whole, before = await altered_venue.exchange.tickers(), refused("ticker_time")
    altered_venue.alter_row(TICKERS, "SOL", ROW_TIMES[altered_venue.venue], wrong)
    for _ in range(3):
        altered_venue.clock.advance(3)
        tickers = await altered_venue.exchange.tickers()
        assert set(whole) - set(tickers) == {"SOLUSDT"}
        assert {ticker.stamp.observed_ms for ticker in tickers.values()} == {altered_venue.clock.ms}
    assert refused("ticker_time") == before + 3


@pytest.mark.parametrize("altered_venue", ROW_TIMES, indirect=True)
@pytest.mark.parametrize("age_ms", [2 * HOUR, 48 * HOUR])
async def test_a_ticker_has_the_time_of_its_row_and_is_absent_when_that_is_old(
    altered_venue: AlteredVenue, age_ms: int
) -> None:
    whole, before = await altered_venue.exchange.tickers(), refused("ticker_age")
    altered_venue.alter_row(TICKERS, "SOL", ROW_TIMES[altered_venue.venue], lambda ms: ms - age_ms)
    assert set(whole) - set(await altered_venue.exchange.tickers()) == {"SOLUSDT"}
    assert refused("ticker_age") == before + 1
    altered_venue.alter_row(TICKERS, "SOL", ROW_TIMES[altered_venue.venue], lambda ms: ms - 3 * MINUTE)
    tickers = await altered_venue.exchange.tickers()
    assert tickers["SOLUSDT"].stamp.observed_ms == altered_venue.clock.ms - 3 * MINUTE
    assert tickers["BTCUSDT"].stamp.observed_ms == altered_venue.clock.ms


@pytest.mark.parametrize("altered_venue", ROW_TIMES, indirect=True)
async def test_many_rows_with_wrong_times_are_bad_data(altered_venue: AlteredVenue) -> None:

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if path in TICKERS:
            name = ROW_TIMES[altered_venue.venue]
            for row in altered_venue.rows(body)[2:]:
                row[name] = type(row[name])(int(row[name]) * 1000)
        return body

    altered_venue.proxy.alter = alter
    with pytest.raises(BadData, match="a price and a time"):
        await altered_venue.exchange.tickers()


@pytest.mark.parametrize("altered_venue", PREMIUMS, indirect=True)
@pytest.mark.parametrize("wrong", [lambda ms: ms - 2 * HOUR, lambda ms: ms + HOUR, lambda ms: ms * 1000])
async def test_a_mark_price_with_a_wrong_time_is_absent(altered_venue: AlteredVenue, wrong: Callable[[int], int]) -> None:
    path, field = PREMIUMS[altered_venue.venue]
    altered_venue.alter_row((path,), "SOL", field, wrong)
    await altered_venue.exchange.renew_premiums()
    tickers = await altered_venue.exchange.tickers()
    assert tickers["SOLUSDT"].mark is None
    assert tickers["SOLUSDT"].last > 0
    assert tickers["BTCUSDT"].mark is not None


@pytest.mark.parametrize("wrong", [lambda ms: ms * 1000, lambda _: NOW + 24 * HOUR, lambda ms: ms // 1000])
async def test_a_wrong_listing_time_is_absent(altered_venue: AlteredVenue, wrong: Callable[[int], int]) -> None:
    listed = {each.symbol: each.listed_ms for each in await altered_venue.exchange.instruments()}
    altered_venue.alter_row(LISTS, "SOL", LISTING_TIMES[altered_venue.venue], wrong)
    assert {each.symbol: each.listed_ms for each in await altered_venue.exchange.instruments()} == {
        **listed,
        "SOLUSDT": None,
    }


@pytest.mark.parametrize("altered_venue", ["bybit"], indirect=True)  # the only one whose bars have the time of the reply
async def test_bars_do_not_get_the_time_of_a_reply_that_is_ahead(altered_venue: AlteredVenue) -> None:
    instrument = next(each for each in await altered_venue.exchange.instruments() if each.symbol == "BTCUSDT")
    bars = await altered_venue.exchange.candles(instrument, Timeframe.M1, limit=10)
    altered_venue.shift(50_000, ("/v5/market/kline",))
    again = await altered_venue.exchange.candles(instrument, Timeframe.M1, limit=10)
    assert again.stamp.observed_ms == NOW
    assert again.open_ms.tolist() == bars.open_ms.tolist()  # the forming bar is still not closed
    altered_venue.shift(31 * HOUR, ("/v5/market/kline",))
    with pytest.raises(VenueStale, match="ahead of ours"):
        await altered_venue.exchange.candles(instrument, Timeframe.M1, limit=10)
