"""The contract of `virtuoso.ports.Exchange` for each kind of venue: two venues with their own entries in the table of
venues, and one that has only its ccxt id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from tests.programs import Replay
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.errors import EmptyData, ExchangeError
from virtuoso.domain.model import SYMBOL_PATTERN, Instrument, Stamp, Timeframe, TimeSeries
from virtuoso.domain.ports import Exchange
from virtuoso.exchange.adapter import CcxtExchange

VENUES = ["bybit", "binance", "binanceusdm"]
FAULTS = ["down", "429", "bybit_10006", "garbage", "html_403", "451", "truncated", "nan", "nulls", "stale", "empty"]


@pytest_asyncio.fixture(params=VENUES)
async def exchange(request: pytest.FixtureRequest, replay: Replay) -> AsyncIterator[Exchange]:
    venue = CcxtExchange(request.param, url=replay.url)
    yield venue
    await venue.close()


async def btc(exchange: Exchange) -> Instrument:
    return next(each for each in await exchange.instruments() if each.symbol == "BTCUSDT")


def recent(stamp: Stamp) -> bool:
    """Return whether both times of a stamp are within a few seconds of now. The replay uses this machine's clock."""
    return 0 <= epoch_ms() - stamp.received_ms < 5_000 and -1_000 <= stamp.received_ms - stamp.observed_ms < 5_000


async def test_instruments_are_usdt_perpetuals_each_once(exchange: Exchange) -> None:
    instruments = await exchange.instruments()
    symbols = [each.symbol for each in instruments]
    assert len(set(symbols)) == len(symbols) > 400
    assert all(SYMBOL_PATTERN.fullmatch(symbol) for symbol in symbols)
    assert all(each.venue_symbol.endswith("/USDT:USDT") for each in instruments)
    assert {(each.base_asset, each.multiplier) for each in instruments} >= {("BTC", 1), ("SHIB", 1000)}


async def test_tickers_are_those_of_the_instruments_with_real_prices(exchange: Exchange) -> None:
    instruments = {each.symbol for each in await exchange.instruments()}
    tickers = await exchange.tickers()
    assert len(tickers) > 0.9 * len(instruments)
    assert set(tickers) <= instruments
    assert all(ticker.symbol == symbol and ticker.last > 0 and recent(ticker.stamp) for symbol, ticker in tickers.items())
    top = tickers["BTCUSDT"]
    assert top.turnover_24h is not None
    assert top.volume_24h is not None
    assert 0.8 < top.turnover_24h / top.volume_24h / top.last < 1.2
    assert None not in (top.change_24h_percent, top.mark, top.index, top.funding_rate)


@pytest.mark.parametrize("timeframe", Timeframe)
async def test_candles_are_the_newest_closed_bars(exchange: Exchange, timeframe: Timeframe) -> None:
    candles = await exchange.candles(await btc(exchange), timeframe, limit=50)
    assert len(candles) == 50
    assert candles.open_ms.dtype == np.int64
    assert np.all(np.diff(candles.open_ms) == timeframe.ms)
    assert 0 <= candles.stamp.observed_ms - (candles.open_ms[-1] + timeframe.ms) <= timeframe.ms
    assert np.all((candles.low <= candles.open) & (candles.open <= candles.high) & (candles.low > 0))
    assert np.all((candles.low <= candles.close) & (candles.close <= candles.high) & (candles.volume >= 0))
    assert recent(candles.stamp)


@pytest.mark.parametrize("timeframe", [Timeframe.M5, Timeframe.H4])
async def test_a_page_of_past_bars_ends_before_the_requested_time(exchange: Exchange, timeframe: Timeframe) -> None:
    instrument = await btc(exchange)
    newest = await exchange.candles(instrument, timeframe, limit=60)
    page = await exchange.candles(instrument, timeframe, limit=40, before_ms=int(newest.open_ms[30]))
    assert len(page) == 40
    assert np.all(np.diff(page.open_ms) == timeframe.ms)
    assert np.array_equal(page.open_ms[-30:], newest.open_ms[:30])
    assert np.array_equal(page.close[-30:], newest.close[:30])
    with pytest.raises(EmptyData):
        await exchange.candles(instrument, timeframe, limit=40, before_ms=int(newest.open_ms[0]) - 40_000 * timeframe.ms)


async def test_closed_bars_do_not_change(exchange: Exchange) -> None:
    instrument = await btc(exchange)
    once, again = [await exchange.candles(instrument, Timeframe.M5, limit=20) for _ in range(2)]
    shared = np.intersect1d(once.open_ms, again.open_ms)
    assert len(shared) >= 18
    for bars in (once, again):
        assert np.array_equal(bars.close[np.isin(bars.open_ms, shared)], once.close[np.isin(once.open_ms, shared)])


async def test_a_book_has_both_sides_in_order(exchange: Exchange) -> None:
    book = await exchange.order_book(await btc(exchange))
    assert book.bids.shape[1] == book.asks.shape[1] == 2
    assert min(len(book.bids), len(book.asks)) >= 50
    assert np.all(np.diff(book.bids[:, 0]) < 0)
    assert np.all(np.diff(book.asks[:, 0]) > 0)
    assert book.bids[0, 0] < book.asks[0, 0]
    assert np.all(book.bids > 0)
    assert recent(book.stamp)


async def test_trades_come_oldest_first_with_both_sides(exchange: Exchange) -> None:
    trades = await exchange.trades(await btc(exchange))
    assert len(trades.ids) == len(set(trades.ids)) == len(trades.price) == len(trades.size) == len(trades.side) > 100
    assert np.all(np.diff(trades.time_ms) >= 0)
    assert np.all(trades.price > 0)
    assert np.all(trades.size > 0)
    assert recent(trades.stamp)
    sides = set(trades.side)
    for instrument in list(await exchange.instruments())[:12]:  # all takers of one market may be sellers for half a minute
        sides |= set((await exchange.trades(instrument)).side)
    assert sides == {1.0, -1.0}


def plausible(series: TimeSeries, least: int) -> bool:
    return (
        len(series.values) >= least
        and bool(np.all(np.diff(series.time_ms) > 0))
        and bool(np.all(np.isfinite(series.values)))
        and series.time_ms[-1] <= series.stamp.observed_ms + 5_000
        and recent(series.stamp)
    )


async def test_series_are_ascending_and_plausible(exchange: Exchange) -> None:
    instrument = await btc(exchange)
    funding, interest, ratio = await asyncio.gather(
        exchange.funding(instrument), exchange.open_interest(instrument), exchange.long_short(instrument)
    )
    assert plausible(funding, 50)
    assert np.all(np.abs(funding.values) < 0.05)
    assert plausible(interest, 30)
    assert set(np.diff(interest.time_ms)) == {300_000}
    assert np.all(interest.values > 0)
    assert plausible(ratio, 30)
    assert set(np.diff(ratio.time_ms)) == {300_000}
    assert np.all((ratio.values > 0.05) & (ratio.values < 20))


async def test_every_fault_raises_only_exchange_errors(exchange: Exchange, replay: Replay) -> None:
    instrument = await btc(exchange)
    for fault in FAULTS:
        replay.fault(fault, "bybit" if exchange.venue == "bybit" else "binance")
        results = await asyncio.gather(
            exchange.candles(instrument, Timeframe.M1, limit=20),
            exchange.order_book(instrument),
            exchange.trades(instrument),
            exchange.funding(instrument),
            exchange.open_interest(instrument),
            exchange.long_short(instrument),
            return_exceptions=True,
        )
        for result in results:
            assert not isinstance(result, BaseException) or isinstance(result, ExchangeError), (fault, result)


async def test_closing_twice_is_harmless_and_later_calls_raise_exchange_errors(exchange: Exchange) -> None:
    instrument = await btc(exchange)
    await exchange.close()
    await exchange.close()
    with pytest.raises(ExchangeError):
        await exchange.trades(instrument)


async def test_all_inputs_of_fifty_symbols_can_be_read_at_once(replay: Replay) -> None:
    exchange = CcxtExchange("bybit", url=replay.url)
    try:
        instruments = {each.symbol: each for each in await exchange.instruments()}
        ranked = sorted((await exchange.tickers()).values(), key=lambda ticker: -(ticker.turnover_24h or 0))
        top = [instruments[ticker.symbol] for ticker in ranked[:50]]
        whole = await asyncio.gather(
            *(exchange.candles(each, timeframe, limit=400) for each in top for timeframe in Timeframe),
            *(exchange.order_book(each) for each in top),
            *(exchange.trades(each) for each in top),
            *(exchange.funding(each) for each in top),
            *(exchange.open_interest(each) for each in top),
            *(exchange.long_short(each) for each in top),
        )
    finally:
        await exchange.close()
    assert len(whole) == (len(Timeframe) + 5) * len(top)
