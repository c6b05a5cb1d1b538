"""When the feed requests which data. A request that fails or hangs does not delay the others. All tests run in virtual
time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.clocks import VirtualClock
from tests.unit.fakes import FakeExchange
from virtuoso.domain.errors import BadData, EmptyData, ExchangeError, RateLimited, Unsupported, VenueUnavailable
from virtuoso.domain.model import Candles, SymbolInputs, Timeframe
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import MAX_UNLISTED_RETRIES, Feed
from virtuoso.market_data.universe import UniverseRules

HOUR_S = 3600.0


def cadence(_: str, __: int) -> Cadence:
    return Cadence(3, 15, 15, 300, 300, 300)


def fake(*symbols: str) -> FakeExchange:
    return FakeExchange(*(symbols or ("BTCUSDT",)), clock=VirtualClock())


@asynccontextmanager
async def feeding(exchange: FakeExchange, rules: UniverseRules | None = None) -> AsyncIterator[Feed]:
    """Run a feed that reads prices every three seconds, as a collector does."""
    feed = Feed(exchange, rules or UniverseRules(), cadence, VirtualClock())
    await feed.refresh_tickers()
    feed.start()

    async def refresh() -> None:
        while True:
            await asyncio.sleep(3)
            try:
                await feed.refresh_tickers()
            except ExchangeError:
                continue

    refreshing = asyncio.create_task(refresh())
    try:
        yield feed
    finally:
        refreshing.cancel()
        await feed.stop()


async def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.05)


def only(feed: Feed) -> SymbolInputs:
    (inputs,) = feed.market().inputs
    return inputs


async def test_a_full_feed_has_every_input_of_every_symbol() -> None:
    async with feeding(fake("BTCUSDT", "ETHUSDT")) as feed:
        await until(lambda: feed.filled)
        inputs = feed.market().inputs
        assert [item.symbol for item in inputs] == ["BTCUSDT", "ETHUSDT"]
        for item in inputs:
            assert set(item.candles) == set(Timeframe)
            for part in (item.ticker, item.book, item.trades, item.funding, item.open_interest, item.long_short):
                assert part is not None


async def test_every_input_stays_fresh_for_an_hour_at_the_rate_of_the_cadence() -> None:
    exchange = fake("BTCUSDT", "ETHUSDT")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        for _ in range(60):
            await asyncio.sleep(60)
            for item in feed.market().inputs:
                assert item.book is not None
                assert item.trades is not None
                assert item.ticker is not None
                now = item.ticker.stamp.observed_ms
                assert now - item.book.stamp.observed_ms < 20_000
                assert all(now - (bars.open_ms[-1] + 2 * t.ms) < 10_000 for t, bars in item.candles.items())
    assert exchange.calls["book"] == pytest.approx(2 * HOUR_S / 15, rel=0.1)
    assert exchange.calls["funding"] == pytest.approx(2 * HOUR_S / 300, rel=0.1)
    assert exchange.calls["candles_1m"] == pytest.approx(2 * 60, rel=0.1)
    assert exchange.calls["candles_4h"] <= 2 * 13, "a series is read every five minutes, to be published again"
    assert exchange.calls["instruments"] <= 2


@pytest.mark.parametrize("kind", ["book", "trades", "funding", "open_interest", "long_short"])
async def test_a_kind_without_replies_does_not_delay_the_others(kind: str) -> None:
    exchange = fake(*(f"A{i}USDT" for i in range(40)))
    exchange.faults[kind] = None
    async with feeding(exchange) as feed:
        await asyncio.sleep(11)
        for item in feed.market().inputs:
            parts = {"book": item.book, "trades": item.trades, "funding": item.funding}
            parts |= {"open_interest": item.open_interest, "long_short": item.long_short}
            assert [name for name, part in parts.items() if part is None] == [kind]
            assert set(item.candles) == set(Timeframe)
        assert feed.warm
        assert not feed.filled


async def test_a_failing_kind_is_retried_until_it_succeeds() -> None:
    exchange = fake()
    exchange.faults["book"] = VenueUnavailable("gone")
    async with feeding(exchange) as feed:
        await until(lambda: exchange.calls["book"] >= 2)
        assert only(feed).book is None
        exchange.faults.clear()
        await until(lambda: only(feed).book is not None)


async def test_unsupported_data_is_never_requested_again() -> None:
    exchange = fake()
    exchange.faults["long_short"] = Unsupported("not here")
    async with feeding(exchange) as feed:
        await asyncio.sleep(HOUR_S)
        assert feed.filled
        assert exchange.calls["long_short"] == 1


async def test_no_job_runs_during_a_pause_that_the_venue_requested() -> None:
    exchange = fake()
    exchange.faults["book"] = RateLimited("slowly", until_ms=VirtualClock().now_ms() + 60_000)
    async with feeding(exchange) as feed:
        await asyncio.sleep(59)
        assert exchange.calls["book"] == 1
        exchange.faults.clear()
        await asyncio.sleep(2)
        assert only(feed).book is not None


async def test_an_empty_market_does_not_affect_others() -> None:
    exchange = fake()
    exchange.faults["candles_4h"] = EmptyData("newly listed")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        assert set(only(feed).candles) == {Timeframe.M1, Timeframe.M5, Timeframe.M30}


async def test_the_universe_has_the_largest_turnovers_or_exactly_the_configured_symbols() -> None:
    exchange = fake("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")
    async with feeding(exchange, UniverseRules(limit=2)) as feed:
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "ETHUSDT"]
    async with feeding(exchange, UniverseRules(min_turnover=4e8)) as feed:
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "ETHUSDT"]
    async with feeding(exchange, UniverseRules(symbols=("XRPUSDT", "GONEUSDT"))) as feed:
        assert [item.symbol for item in feed.universe] == ["XRPUSDT"]
        await until(lambda: bool(feed.market().anchor_candles))


async def test_the_universe_is_chosen_every_hour_and_delisted_symbols_are_removed() -> None:
    exchange = fake("BTCUSDT", "OLDUSDT")
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        exchange.symbols = ["BTCUSDT", "NEWUSDT"]
        await asyncio.sleep(HOUR_S - 60)
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "OLDUSDT"]
        await asyncio.sleep(120)
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "NEWUSDT"]
        assert feed.venue_symbols == ("BTCUSDT", "NEWUSDT")
        await until(lambda: feed.filled)
        assert [item.symbol for item in feed.market().inputs] == ["BTCUSDT", "NEWUSDT"]
        calls = exchange.calls.copy()
        await asyncio.sleep(15)
        assert exchange.calls["book"] - calls["book"] == 2


async def test_a_universe_from_few_known_turnovers_is_chosen_again_within_a_minute() -> None:
    exchange = fake("BTCUSDT", "ETHUSDT", "SOLUSDT")
    exchange.without_turnover = {"ETHUSDT", "SOLUSDT"}
    async with feeding(exchange) as feed:
        assert [item.symbol for item in feed.universe] == ["BTCUSDT"]
        assert not feed.turnover_known
        exchange.without_turnover = set()
        await asyncio.sleep(65)
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
        assert feed.turnover_known


async def test_there_are_no_totals_without_the_turnover_of_a_large_market() -> None:
    exchange = fake("BTCUSDT", *(f"COIN{number}USDT" for number in range(30)))
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        assert feed.market().totals_known
        exchange.last["COIN29USDT"] = 1000.0
        await asyncio.sleep(10)
        assert feed.market().totals_known
        exchange.last["BTCUSDT"] = 1000.0
        await asyncio.sleep(3)
        assert feed.market().totals_known
        await asyncio.sleep(10)
        market = feed.market()
        assert market.turnover_known
        assert not market.totals_known


async def test_after_a_failed_read_the_previous_list_of_markets_is_used() -> None:
    exchange = fake()
    async with feeding(exchange) as feed:
        exchange.faults["instruments"] = VenueUnavailable("gone")
        await asyncio.sleep(3 * HOUR_S)
        assert exchange.calls["instruments"] >= 3
        assert [item.symbol for item in feed.universe] == ["BTCUSDT"]


async def test_inputs_that_are_too_old_are_left_out() -> None:
    exchange = fake()
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        await feed.stop()
        await asyncio.sleep(120)
        item = only(feed)
        assert item.book is None
        assert (item.books, item.book_flow) == ((), None)
        assert item.trades is None
        assert item.open_interest is not None
        await asyncio.sleep(40 * 60)
        item = only(feed)
        assert item.open_interest is None
        assert set(item.candles) <= {Timeframe.M30, Timeframe.H4}


async def test_failed_reads_of_prices_change_no_data() -> None:
    exchange = fake()
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        exchange.faults["tickers"] = VenueUnavailable("gone")
        before = feed.observed_ms
        await asyncio.sleep(60)
        assert feed.observed_ms == before
        assert only(feed).book is not None


async def test_new_bars_are_published_immediately_and_known_bars_every_five_minutes() -> None:
    published: list[tuple[str, str, Timeframe]] = []

    async def on_candles(venue: str, candles: Candles) -> None:
        published.append((venue, candles.symbol, candles.timeframe))

    feed = Feed(fake(), UniverseRules(), cadence, VirtualClock())
    feed.on_candles = on_candles
    await feed.refresh_tickers()
    feed.start()
    await until(lambda: feed.filled)
    assert sorted(published, key=str) == sorted((("bybit", "BTCUSDT", t) for t in Timeframe), key=str)
    await asyncio.sleep(30 * 60)
    await feed.stop()
    counts = {t: published.count(("bybit", "BTCUSDT", t)) for t in Timeframe}
    assert counts[Timeframe.M1] == pytest.approx(31, abs=1)
    assert 5 <= counts[Timeframe.H4] <= 8


async def test_a_restarted_feed_reads_only_new_bars() -> None:
    exchange = fake()
    async with feeding(exchange) as feed:
        await until(lambda: feed.filled)
        before = only(feed).candles[Timeframe.H4]
        await feed.stop()
        assert not feed.warm
        calls = exchange.calls["candles_4h"]
        feed.start()
        await until(lambda: feed.warm)
        assert exchange.calls["candles_4h"] == calls + 1
        assert exchange.last_limit["candles_4h"] <= 3
        assert len(only(feed).candles[Timeframe.H4]) == len(before)


async def test_a_feed_is_warm_after_ten_seconds_even_if_some_jobs_have_not_run() -> None:
    exchange = fake()
    exchange.faults["book"] = None
    async with feeding(exchange) as feed:
        await asyncio.sleep(9)
        before = feed.warm
        await asyncio.sleep(2)
        assert (before, feed.warm) == (False, True)
        assert not feed.filled


async def test_a_symbol_without_a_current_turnover_keeps_its_rank() -> None:
    exchange = fake("BTCUSDT", "ETHUSDT", "SOLUSDT")
    async with feeding(exchange, UniverseRules(limit=2)) as feed:
        exchange.without_turnover = {"BTCUSDT"}
        await asyncio.sleep(HOUR_S + 60)
        assert exchange.calls["instruments"] >= 2
        assert [item.symbol for item in feed.universe] == ["BTCUSDT", "ETHUSDT"]
        assert [item.symbol for item in feed.market().inputs] == ["ETHUSDT"]


async def test_a_followed_symbol_keeps_its_bars_when_it_is_no_longer_scored() -> None:
    exchange = fake("BTCUSDT", "AUSDT", "BUSDT")
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


async def test_a_list_that_may_be_a_part_is_not_used_and_read_again_in_a_minute() -> None:
    exchange = fake("BTCUSDT", "ETHUSDT", "SOLUSDT")
    async with feeding(exchange) as feed:
        exchange.faults["instruments"] = BadData("the list of markets has 1 markets and lacks 2 of the previous 3")
        await asyncio.sleep(HOUR_S + 10)
        read = exchange.calls["instruments"]
        await asyncio.sleep(300)
        assert exchange.calls["instruments"] - read == pytest.approx(5, abs=1)
        assert feed.venue_symbols == ("BTCUSDT", "ETHUSDT", "SOLUSDT")
        assert feed.turnover_known
        exchange.faults.clear()
        await asyncio.sleep(70)
        read = exchange.calls["instruments"]
        await asyncio.sleep(HOUR_S / 2)
        assert exchange.calls["instruments"] == read


async def test_a_list_with_fewer_markets_than_the_tickers_gives_no_totals_and_is_read_again() -> None:
    exchange = fake("BTCUSDT", "ETHUSDT")
    exchange.unlisted = {"SOLUSDT": 1e6}
    async with feeding(exchange) as feed:
        assert feed.market().turnover_known is False
        assert feed.venue_symbols == ("BTCUSDT", "ETHUSDT", "SOLUSDT")
        await asyncio.sleep(300)
        assert exchange.calls["instruments"] == pytest.approx(6, abs=1)
        exchange.symbols, exchange.unlisted = ["BTCUSDT", "ETHUSDT", "SOLUSDT"], {}
        await asyncio.sleep(70)
        assert feed.turnover_known
        assert {item.symbol for item in feed.universe} == set(exchange.symbols)


async def test_a_list_without_one_market_that_trades_is_read_again_a_few_times() -> None:
    exchange = fake(*(f"COIN{number}USDT" for number in range(9)), "ETHUSDT")
    exchange.unlisted = {"BTCUSDT": 1e9}
    async with feeding(exchange) as feed:
        assert feed.turnover_known
        assert not feed.market().totals_known
        await asyncio.sleep(70)
        assert exchange.calls["instruments"] == 2
        await asyncio.sleep(HOUR_S / 10)
        assert exchange.calls["instruments"] == 1 + MAX_UNLISTED_RETRIES
        exchange.symbols, exchange.unlisted = [*exchange.symbols, "BTCUSDT"], {}
        await asyncio.sleep(HOUR_S)
        assert "BTCUSDT" in {item.symbol for item in feed.universe}
        assert feed.market().totals_known
