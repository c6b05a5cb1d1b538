"""When to ask for what: nothing that fails or hangs holds up the rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.unit.fakes import FakeExchange
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.errors import EmptyData, RateLimited, Unsupported, VenueUnavailable
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Candles, Timeframe
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import DEPTH, Feed, UniverseRules
from virtuoso.market_data.schedule import Job


def brisk(_: str, __: int) -> Cadence:
    """Everything again and again, so that a test need not wait."""
    return Cadence(0.1, 0.2, 0.2, 0.2, 0.2, 0.2)


@asynccontextmanager
async def feeding(exchange: FakeExchange, rules: UniverseRules | None = None) -> AsyncIterator[Feed]:
    feed = Feed(exchange, rules or UniverseRules(), brisk, SYSTEM_CLOCK)
    await feed.refresh_tickers()
    feed.start()
    try:
        yield feed
    finally:
        await feed.stop()


async def until(what: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.01)


async def test_a_full_feed_has_every_input_of_every_symbol() -> None:
    async with feeding(FakeExchange("BTCUSDT", "ETHUSDT")) as feed:
        await until(lambda: feed.filled)
        inputs = list(feed.inputs())
        assert [item.symbol for item in inputs] == ["BTCUSDT", "ETHUSDT"]
        for item in inputs:
            assert set(item.candles) == set(Timeframe)
            for part in (item.ticker, item.book, item.trades, item.funding, item.open_interest, item.long_short):
                assert part is not None


async def test_a_hanging_kind_does_not_hold_up_the_others() -> None:
    exchange = FakeExchange(*(f"A{i}USDT" for i in range(40)))
    exchange.faults["book"] = None
    async with feeding(exchange) as feed:
        await until(lambda: all(len(item.candles) == 4 and item.trades is not None for item in feed.inputs()))
        assert all(item.book is None for item in feed.inputs())


async def test_a_failing_kind_is_asked_again_and_comes_back() -> None:
    exchange = FakeExchange("BTCUSDT")
    exchange.faults["book"] = VenueUnavailable("gone")
    async with feeding(exchange) as feed:
        await until(lambda: exchange.calls["book"] >= 2)
        assert next(iter(feed.inputs())).book is None
        exchange.faults.clear()
        await until(lambda: next(iter(feed.inputs())).book is not None)


async def test_what_a_venue_does_not_offer_is_never_asked_again() -> None:
    exchange = FakeExchange("BTCUSDT")
    exchange.faults["long_short"] = Unsupported("not here")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled and exchange.calls["book"] > 3)
        assert exchange.calls["long_short"] == 1


async def test_during_a_pause_that_the_venue_asked_for_a_job_is_not_tried() -> None:
    exchange = FakeExchange("BTCUSDT")
    exchange.faults["book"] = RateLimited("slowly", until_ms=int(time.time() * 1000) + 60_000)
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled and exchange.calls["trades"] > 4)
        assert exchange.calls["book"] == 1


async def test_an_empty_market_costs_only_itself() -> None:
    exchange = FakeExchange("BTCUSDT")
    exchange.faults["candles_4h"] = EmptyData("newly listed")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        assert set(next(iter(feed.inputs())).candles) == {Timeframe.M1, Timeframe.M5, Timeframe.M30}


async def test_the_universe_is_the_largest_with_enough_turnover_or_exactly_what_was_asked_for() -> None:
    exchange = FakeExchange("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")
    async with feeding(exchange, UniverseRules(limit=2)) as feed:
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "ETHUSDT"]
    async with feeding(exchange, UniverseRules(min_turnover=4e8)) as feed:
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "ETHUSDT"]
    async with feeding(exchange, UniverseRules(symbols=("XRPUSDT", "GONEUSDT"))) as feed:
        assert [item.symbol for item in feed.universe] == ["XRPUSDT"]
        await until(lambda: bool(feed.anchor_candles()))


async def test_a_retired_symbol_is_gone_everywhere_with_the_next_universe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtuoso.market_data.feed.UNIVERSE_PERIOD_S", 0.05)
    exchange = FakeExchange("BTCUSDT", "OLDUSDT")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        exchange.symbols = ["BTCUSDT", "NEWUSDT"]
        await asyncio.sleep(0.06)
        await feed.refresh_tickers()
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "NEWUSDT"]
        assert feed.venue_symbols == ("BTCUSDT", "NEWUSDT")
        await until(lambda: feed.filled)
        assert [item.symbol for item in feed.inputs()] == ["BTCUSDT", "NEWUSDT"]


async def test_a_list_of_markets_that_cannot_be_read_again_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtuoso.market_data.feed.UNIVERSE_PERIOD_S", 0.0)
    exchange = FakeExchange("BTCUSDT")
    async with feeding(exchange) as feed:
        exchange.faults["instruments"] = VenueUnavailable("gone")
        await feed.refresh_tickers()
        assert [item.symbol for item in feed.universe] == ["BTCUSDT"]


async def test_inputs_that_are_too_old_do_not_count() -> None:
    exchange = FakeExchange("BTCUSDT")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        await feed.stop()
        feed.observed_ms += 120_000
        item = next(iter(feed.inputs()))
        assert item.book is None
        assert item.previous_book is None
        assert item.trades is None
        assert item.open_interest is not None
        feed.observed_ms += 40 * 60_000
        item = next(iter(feed.inputs()))
        assert item.open_interest is None
        assert set(item.candles) <= {Timeframe.M30, Timeframe.H4}


async def test_new_bars_are_handed_to_the_keeper_of_candles() -> None:
    kept: list[tuple[str, str, Timeframe]] = []

    async def keep(venue: str, candles: Candles) -> None:
        kept.append((venue, candles.symbol, candles.timeframe))

    exchange = FakeExchange("BTCUSDT")
    feed = Feed(exchange, UniverseRules(), brisk, SYSTEM_CLOCK)
    feed.keep = keep
    await feed.refresh_tickers()
    feed.start()
    await until(lambda: feed.filled)
    await feed.stop()
    assert sorted(kept, key=str) == sorted((("bybit", "BTCUSDT", t) for t in Timeframe), key=str)


async def test_a_feed_that_is_started_again_reads_only_the_bars_since_then() -> None:
    exchange = FakeExchange("BTCUSDT")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        before = next(iter(feed.inputs())).candles[Timeframe.H4]
        await until(lambda: feed.warm)
        await feed.stop()
        asked = exchange.calls["candles_4h"]
        feed.start()
        await until(lambda: feed.warm)
        assert exchange.calls["candles_4h"] == asked + 1
        assert len(next(iter(feed.inputs())).candles[Timeframe.H4]) == len(before)


async def test_a_symbol_whose_turnover_is_unusable_when_the_universe_is_drawn_keeps_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("virtuoso.market_data.feed.UNIVERSE_PERIOD_S", 0.0)
    exchange = FakeExchange("BTCUSDT", "ETHUSDT", "SOLUSDT")
    async with feeding(exchange, UniverseRules(limit=2)) as feed:
        exchange.unpriced = {"BTCUSDT"}
        await feed.refresh_tickers()
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "ETHUSDT"]
        assert [item.symbol for item in feed.inputs()] == ["ETHUSDT"]


async def test_bars_with_a_gap_do_not_replace_what_is_known_whole_and_are_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("virtuoso.market_data.feed.AGAIN_S", 0.1)
    monkeypatch.setattr("virtuoso.market_data.feed.KEEP_PERIOD_S", 0.2)
    exchange = FakeExchange("BTCUSDT")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        exchange.run = 1
        asked = exchange.calls["candles_5m"]
        await until(lambda: exchange.calls["candles_5m"] > asked + 3)
        assert all(len(bars) == DEPTH for bars in next(iter(feed.inputs())).candles.values())


async def test_a_series_that_began_short_is_read_in_full_once_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtuoso.market_data.feed.AGAIN_S", 0.1)
    exchange = FakeExchange("BTCUSDT")
    exchange.run = 5
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        assert {len(bars) for bars in next(iter(feed.inputs())).candles.values()} == {5}
        exchange.run = 1000
        await until(lambda: {len(bars) for bars in next(iter(feed.inputs())).candles.values()} == {DEPTH})


async def test_bars_that_do_not_join_what_is_known_are_read_in_full_at_once() -> None:
    exchange = FakeExchange("BTCUSDT")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        await feed.stop()
        state = feed._states["BTCUSDT"]
        known = state.candles[Timeframe.M5]
        state.candles[Timeframe.M5] = missing = replace(known, open_ms=known.open_ms - 20 * Timeframe.M5.ms)
        job, exchange.run = Job("BTCUSDT", InputKind.CANDLES, Timeframe.M5), 3
        assert await feed._do(job) == 0.0
        assert state.candles[Timeframe.M5] is missing
        exchange.run = 1000
        assert await feed._do(job) > 0.0
        read = state.candles[Timeframe.M5]
        assert len(read) == DEPTH
        assert read.open_ms[-1] >= known.open_ms[-1]


async def test_a_symbol_that_is_followed_keeps_its_bars_when_it_is_no_longer_scored() -> None:
    exchange = FakeExchange("BTCUSDT", "AUSDT", "BUSDT")
    async with feeding(exchange, UniverseRules(limit=2)) as feed:
        feed.follow(frozenset({"AUSDT", "BUSDT", "GONEUSDT"}))
        await until(lambda: feed.filled)
        market = feed.market()
        assert [item.symbol for item in market.inputs] == ["BTCUSDT", "AUSDT"]
        assert {symbol: set(bars) for symbol, bars in market.followed.items()} == {
            "AUSDT": set(Timeframe),
            "BUSDT": {Timeframe.M1, Timeframe.M5},
        }
        feed.follow(frozenset())
        assert not feed.market().followed
        assert not feed.follows("BUSDT")
        assert feed.follows("AUSDT")
