"""The real ccxt client against recorded exchanges, without faults and with every kind of fault."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.clocks import OffsetClock
from tests.programs import Market
from tests.unit.exchange.test_rows import refused
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.errors import (
    BadData,
    ConfigError,
    EmptyData,
    ExchangeError,
    RateLimited,
    UnknownSymbol,
    VenueBlocked,
    VenueStale,
    VenueTimedOut,
    VenueUnavailable,
)
from virtuoso.domain.model import Instrument, Ticker, Timeframe
from virtuoso.domain.plausibility import MINUTE_MS
from virtuoso.exchange.adapter import CcxtExchange

VENUES = ("bybit", "binance")
SLOW_S = 14.0  # a call that waits for a slow reply takes longer
KINDS: dict[str, type[ExchangeError]] = {
    "down": VenueUnavailable,
    "slow": VenueTimedOut,
    "429": RateLimited,
    "bybit_10006": RateLimited,
    "garbage": BadData,
    "html_403": VenueBlocked,
    "451": VenueBlocked,
    "truncated": BadData,
    "empty": EmptyData,
}


@asynccontextmanager
async def connected(venue: str, url: str, **settings: Any) -> AsyncIterator[CcxtExchange]:
    exchange = CcxtExchange(venue, url=url, **settings)
    try:
        yield exchange
    finally:
        await exchange.close()


async def btc(exchange: CcxtExchange) -> Instrument:
    return next(each for each in await exchange.instruments() if each.symbol == "BTCUSDT")


def every_call(exchange: CcxtExchange, instrument: Instrument) -> dict[str, Callable[[], Any]]:
    return {
        "tickers": exchange.tickers,
        "candles": lambda: exchange.candles(instrument, Timeframe.M5, limit=50),
        "order_book": lambda: exchange.order_book(instrument),
        "trades": lambda: exchange.trades(instrument),
        "funding": lambda: exchange.funding(instrument),
        "open_interest": lambda: exchange.open_interest(instrument),
        "long_short": lambda: exchange.long_short(instrument),
        "instruments": exchange.instruments,
    }


@pytest.mark.parametrize("mode", KINDS)
@pytest.mark.parametrize("venue", VENUES)
async def test_every_call_raises_the_matching_error_in_time(replay: Market, venue: str, mode: str) -> None:
    clock = OffsetClock()
    async with connected(venue, replay.url, timeout_s=0.5, clock=clock) as exchange:
        instrument = await btc(exchange)
        replay.fault(mode, venue)

        async def failure(name: str, call: Callable[[], Any]) -> tuple[str, type[BaseException], bool]:
            began = time.monotonic()
            with pytest.raises(ExchangeError) as caught:
                await call()
            assert caught.value.venue == venue
            assert caught.value.endpoint
            return name, type(caught.value), time.monotonic() - began < SLOW_S

        calls = every_call(exchange, instrument)
        if mode == "slow":
            kinds = await asyncio.gather(*(failure(*call) for call in calls.items()))
        else:
            kinds = []
            for call in calls.items():
                clock.ahead_ms += 7 * 86_400_000 if KINDS[mode] is RateLimited else 0  # past the pause
                kinds.append(await failure(*call))
    assert kinds == [(name, KINDS[mode], True) for name in calls]


@pytest.mark.parametrize("venue", VENUES)
async def test_a_venue_is_stale_only_while_its_clock_is_far_behind(replay: Market, venue: str) -> None:
    async with connected(venue, replay.url) as exchange:
        await exchange.tickers()
        replay.fault("stale", venue, stale_s=600)
        with pytest.raises(VenueStale, match="600"):
            await exchange.tickers()
        book = await exchange.order_book(await btc(exchange))
        assert 590_000 < book.stamp.received_ms - book.stamp.observed_ms < 610_000
        candles = await exchange.candles(await btc(exchange), Timeframe.M1, limit=10)
        assert candles.open_ms[-1] + 60_000 <= candles.stamp.observed_ms < candles.stamp.received_ms - 590_000
        replay.fault("ok")
        assert await exchange.tickers()


@pytest.mark.parametrize("venue", VENUES)
async def test_a_venue_whose_clock_does_not_move_is_stale_after_fifteen_seconds(replay: Market, venue: str) -> None:
    clock = OffsetClock()
    async with connected(venue, replay.url, clock=clock) as exchange:
        replay.fault("stale", venue, stale_s=0)
        await exchange.tickers()
        clock.ahead_ms = 10_000
        await exchange.tickers()
        clock.ahead_ms = 16_000
        with pytest.raises(VenueStale, match="stood still"):
            await exchange.tickers()


def near(value: float | None, truth: float | None, within: float) -> bool:
    return value is None or (truth is not None and abs(value - truth) <= within * max(abs(truth), 1e-12))


@pytest.mark.parametrize("mode", ["nan", "nulls"])
@pytest.mark.parametrize("venue", VENUES)
async def test_rows_with_unreadable_numbers_are_refused_and_other_values_are_right(
    replay: Market, venue: str, mode: str
) -> None:
    async with connected(venue, replay.url) as exchange:
        instrument = await btc(exchange)
        truth: dict[str, Ticker] = dict(await exchange.tickers())
        whole_trades = {k: p for t in [await exchange.trades(instrument)] for k, p in zip(t.ids, t.price, strict=True)}
        before = refused("ticker_price")
        replay.fault(mode, venue)
        tickers = await exchange.tickers()
        assert refused("ticker_price") - before == len(truth) - len(tickers) > len(truth) / 10
        assert len(tickers) > len(truth) / 2
        for symbol, ticker in tickers.items():
            real = truth[symbol]
            assert near(ticker.last, real.last, 0.02), symbol
            assert near(ticker.turnover_24h, real.turnover_24h, 0.05), symbol
            assert near(ticker.volume_24h, real.volume_24h, 0.05), symbol
            assert near(ticker.mark, real.mark, 0.02), symbol
            assert near(ticker.index, real.index, 0.02), symbol
            assert near(ticker.open_interest, real.open_interest, 0.02), symbol
            assert near(ticker.funding_rate, real.funding_rate, 0), symbol
            moved = ticker.change_24h_percent
            assert moved is None or abs(moved - (real.change_24h_percent or 0)) < 1, symbol
        trades = await exchange.trades(instrument)
        shared = [(p, whole_trades[k]) for k, p in zip(trades.ids, trades.price, strict=True) if k in whole_trades]
        assert shared
        assert all(value == real for value, real in shared)


async def test_no_request_is_sent_during_a_pause(replay: Market) -> None:
    clock = OffsetClock()
    async with connected("bybit", replay.url, clock=clock) as exchange:
        instrument = await btc(exchange)
        replay.fault("429", "bybit")
        with pytest.raises(RateLimited) as caught:
            await exchange.order_book(instrument)
        assert 4_000 < caught.value.until_ms - epoch_ms() < 6_000
        replay.fault("ok")
        sent = replay.get("/__stats")["total"]
        for call in every_call(exchange, instrument).values():
            with pytest.raises(RateLimited) as again:
                await call()
            assert again.value.until_ms == caught.value.until_ms
        assert replay.get("/__stats")["total"] == sent
        clock.ahead_ms = 6_000
        assert await exchange.tickers()


async def test_a_rate_limit_ends_the_calls_that_wait_in_the_queue(replay: Market) -> None:
    async with connected("bybit", replay.url) as exchange:
        instrument = await btc(exchange)
        replay.fault("429", "bybit")
        before = replay.get("/__stats")["total"]
        results = await asyncio.gather(*(exchange.trades(instrument) for _ in range(400)), return_exceptions=True)
        assert all(isinstance(result, RateLimited) for result in results)
        assert replay.get("/__stats")["total"] - before < 200


async def test_without_premiums_only_mark_index_and_funding_are_missing(replay: Market) -> None:
    async with connected("binance", replay.url, timeout_s=0.5) as exchange:
        replay.fault("down", "binance", path="premiumIndex")
        ticker = (await exchange.tickers())["BTCUSDT"]
        assert ticker.turnover_24h
        assert (ticker.mark, ticker.index, ticker.funding_rate) == (None, None, None)
    async with connected("binance", replay.url, timeout_s=30) as exchange:
        replay.fault("slow", "binance", path="premiumIndex")
        began = time.monotonic()
        assert (await exchange.tickers())["BTCUSDT"].mark is None
        assert time.monotonic() - began < SLOW_S


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("mode", ["garbage", "empty", "down"])
async def test_after_a_failed_reload_the_previous_markets_are_used(replay: Market, venue: str, mode: str) -> None:
    async with connected(venue, replay.url) as exchange:
        instrument, whole = await btc(exchange), await exchange.tickers()
        replay.fault(mode, venue)
        with pytest.raises(KINDS[mode]):
            await exchange.instruments()
        replay.fault("ok")
        assert abs(len(await exchange.tickers()) - len(whole)) <= 3
        assert len(await exchange.candles(instrument, Timeframe.M1, limit=5)) == 5


async def test_the_first_call_after_a_failed_load_reads_the_markets(replay: Market) -> None:
    async with connected("bybit", replay.url) as exchange:
        replay.fault("empty", "bybit")
        with pytest.raises(EmptyData):
            await exchange.tickers()
        replay.fault("ok")
        assert "BTCUSDT" in await exchange.tickers()


async def test_replies_of_concurrent_calls_are_not_mixed(replay: Market) -> None:
    async with connected("bybit", replay.url) as exchange:
        instrument = await btc(exchange)
        replay.fault("451", "bybit", path="orderbook")
        calls = [exchange.order_book(instrument) if k % 2 else exchange.trades(instrument) for k in range(40)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(result).__name__ for result in results[1::2]} == {"VenueBlocked"}
        assert {type(result).__name__ for result in results[::2]} == {"Trades"}


async def test_the_text_of_an_order_book_is_the_reply_of_the_venue(replay: Market) -> None:
    async with connected("binance", replay.url) as exchange:
        text, received_ms = await exchange.order_book_text(await btc(exchange), 50)
    reply = json.loads(text)
    assert {"lastUpdateId", "E", "bids", "asks"} <= reply.keys()
    assert abs(epoch_ms() - received_ms) < MINUTE_MS


async def test_a_symbol_that_the_venue_does_not_list_is_unknown(replay: Market) -> None:
    for venue in VENUES:
        async with connected(venue, replay.url) as exchange:
            with pytest.raises(UnknownSymbol):
                await exchange.order_book(
                    Instrument(symbol="NONEUSDT", venue_symbol="NONE/USDT:USDT", base_asset="NONE", multiplier=1)
                )


async def test_inactive_markets_have_a_ticker_but_no_bars_book_or_trades(replay: Market) -> None:
    async with connected("bybit", replay.url) as exchange:
        dead = {each.symbol: each for each in await exchange.instruments()}["ALPACAUSDT"]
        ticker = (await exchange.tickers())["ALPACAUSDT"]
        assert (ticker.turnover_24h, ticker.volume_24h, ticker.open_interest) == (0, 0, None)
        for call in (exchange.candles(dead, Timeframe.M1, limit=5), exchange.order_book(dead), exchange.trades(dead)):
            with pytest.raises(EmptyData):
                await call


@pytest.mark.parametrize("venue", ["bybit", "binance", "okx", "gate", "bitget"])
async def test_every_endpoint_of_a_venue_uses_the_given_url(venue: str) -> None:
    async with connected(venue, "http://127.0.0.1:9/") as exchange:

        def check(urls: Any) -> None:
            if isinstance(urls, dict):
                for each in urls.values():
                    check(each)
            else:
                assert urls == "http://127.0.0.1:9" or urls.startswith("http://127.0.0.1:9/")

        check(exchange._client.urls["api"])


def test_a_venue_that_ccxt_does_not_have_raises_config_error() -> None:
    with pytest.raises(ConfigError, match="bybitt"):
        CcxtExchange("bybitt")


async def test_a_batch_without_replies_ends_after_few_timeouts(replay: Market) -> None:
    async with connected("bybit", replay.url, timeout_s=1) as exchange:
        instrument = await btc(exchange)
        replay.fault("slow", "bybit", path="kline")
        began = time.monotonic()
        batch = asyncio.gather(
            *(exchange.candles(instrument, Timeframe.M1, limit=5) for _ in range(1000)), return_exceptions=True
        )
        await asyncio.sleep(0.1)
        assert await exchange.tickers()
        assert {type(result) for result in await batch} == {VenueTimedOut}
        assert time.monotonic() - began < 12  # batches of 64 calls would take sixteen timeouts
