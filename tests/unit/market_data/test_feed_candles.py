"""Candles and prices of a feed: gaps, short series, and readings in another scale. All tests run in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.unit.market_data.test_feed import HOUR_S, fake, feeding, only, until
from virtuoso.domain.errors import BadData
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Candles, Timeframe
from virtuoso.market_data.candle_reading import BARS_KEPT
from virtuoso.market_data.schedule import Job


async def test_bars_with_a_gap_do_not_replace_a_complete_series_and_are_read_again() -> None:
    exchange = fake()
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        exchange.run = 1
        calls = exchange.calls["candles_5m"]
        await asyncio.sleep(15 * 60)
        assert exchange.calls["candles_5m"] >= calls + 3
        assert all(len(bars) == BARS_KEPT for bars in only(feed).candles.values())


async def test_a_short_series_is_completed_when_the_venue_has_more_bars() -> None:
    exchange = fake()
    exchange.run = 5
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        assert {len(bars) for bars in only(feed).candles.values()} == {5}
        exchange.run = 1000
        await until(lambda: {len(bars) for bars in only(feed).candles.values()} == {BARS_KEPT}, 11)


async def test_a_series_that_stays_short_is_read_less_and_less_often() -> None:
    exchange = fake()
    exchange.run = 5
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        await asyncio.sleep(HOUR_S)
        assert exchange.calls["candles_4h"] < 20


async def test_after_a_gap_to_the_known_bars_the_full_series_is_read_immediately() -> None:
    exchange = fake()
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        await feed.stop()
        state = feed._states["BTCUSDT"]
        known = state.candles[Timeframe.M5]
        state.candles[Timeframe.M5] = missing = replace(known, open_ms=known.open_ms - 20 * Timeframe.M5.ms)
        job, exchange.run = Job("BTCUSDT", InputKind.CANDLES, Timeframe.M5), 3
        assert await feed._run(job) == 0.0
        assert state.candles[Timeframe.M5] is missing
        exchange.run = 1000
        assert await feed._run(job) > 0.0
        read = state.candles[Timeframe.M5]
        assert len(read) == BARS_KEPT
        assert read.open_ms[-1] >= known.open_ms[-1]


async def test_one_reading_of_candles_in_another_scale_changes_nothing() -> None:
    exchange = fake()
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        known = only(feed).candles[Timeframe.M5]
        job = Job("BTCUSDT", InputKind.CANDLES, Timeframe.M5)
        exchange.candle_scale = 10
        assert await feed._run(job) == 0.0
        assert only(feed).candles[Timeframe.M5] is known
        exchange.candle_scale = 1
        assert await feed._run(job) > 0.0
        assert len(only(feed).candles[Timeframe.M5]) == BARS_KEPT
        assert only(feed).candles[Timeframe.M5].close.max() < 102


async def test_candles_that_stay_in_another_scale_are_refused_with_a_reason_until_they_are_right_again() -> None:
    exchange = fake("BTCUSDT", "ETHUSDT")
    published: list[Candles] = []

    async def keep(_: str, bars: Candles) -> None:
        published.append(bars)

    async with feeding(exchange) as feed:
        feed.on_candles = keep
        await until(lambda: feed.filled)
        exchange.candle_scale = 1000
        await asyncio.sleep(9 * 60)
        market = feed.market()
        assert [item.symbol for item in market.inputs] == ["BTCUSDT", "ETHUSDT"]
        assert not any({Timeframe.M1, Timeframe.M5} & item.candles.keys() for item in market.inputs)
        assert market.refused["BTCUSDT"] == "the 1m candles contradict the last price"
        assert set(market.tickers) == {"BTCUSDT", "ETHUSDT"}
        assert all(bars.close.max() < 102 for bars in published)
        exchange.candle_scale = 1
        await asyncio.sleep(6 * 60)
        assert all(set(item.candles) == set(Timeframe) for item in feed.market().inputs)
        assert not feed.market().refused


async def test_one_reading_of_prices_in_another_scale_changes_nothing() -> None:
    exchange = fake("BTCUSDT", "ETHUSDT")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        before = feed.tickers["ETHUSDT"]
        exchange.last["ETHUSDT"] = 1000.0
        await asyncio.sleep(1)
        await feed.read_prices()
        assert feed.tickers["ETHUSDT"] == before
        assert [item.symbol for item in feed.market().inputs] == ["BTCUSDT", "ETHUSDT"]
        exchange.last["BTCUSDT"] = 1000.0
        exchange.last["ETHUSDT"] = 100.0
        await feed.read_prices()
        assert {ticker.last for ticker in feed.tickers.values()} == {100.0}
        exchange.last |= {"BTCUSDT": 1e5, "ETHUSDT": 1000.0}
        with pytest.raises(BadData, match="every price differs"):
            await feed.read_prices()


async def test_after_hours_without_reads_the_series_becomes_complete() -> None:
    exchange = fake()
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        await feed.stop()
        await asyncio.sleep(9 * HOUR_S)
        assert not only(feed).candles.keys() & {Timeframe.M1, Timeframe.M5}
        feed.start()
        await until(lambda: feed.filled)
        for timeframe, bars in only(feed).candles.items():
            assert len(bars) == BARS_KEPT
            assert set(bars.open_ms[1:] - bars.open_ms[:-1]) == {timeframe.ms}
