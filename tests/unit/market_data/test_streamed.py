"""What a feed makes of streams: which requests they save, what happens when they are lost or wrong. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clocks import VirtualClock, run_virtually
from tests.unit.fakes import FakeExchange
from tests.unit.market_data.test_feed import cadence, only, until
from tests.unit.streams import KINDS, FakeStreams
from virtuoso.domain.errors import ExchangeError, VenueUnavailable
from virtuoso.domain.inputs import InputKind, ScoreInput
from virtuoso.domain.model import Candles, Timeframe
from virtuoso.domain.plausibility import MAX_PRICE_AGE_MS
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.symbol_state import MAX_AGE_MS
from virtuoso.market_data.universe import UniverseRules

BOOK, TRADES, TICKERS, CANDLES, LIQUIDATIONS = KINDS


@asynccontextmanager
async def streaming(*symbols: str, tell: Sequence[InputKind] = KINDS) -> AsyncIterator[FakeStreams]:
    """Run a feed whose streams tell news of the kinds `tell` once a second. Prices are requested every three seconds. If
    `tell` is empty, nothing happens by itself."""
    exchange = FakeExchange(*(symbols or ("BTCUSDT",)), clock=VirtualClock())
    streams = FakeStreams(exchange)
    feed = streams.attach(Feed(exchange, UniverseRules(), cadence, VirtualClock(), reader=streams.reader))
    await feed.refresh_tickers()
    feed.start()

    async def tell_all() -> None:
        seconds = 0
        while True:
            streams.all(tell)
            await asyncio.sleep(1)
            seconds += 1
            if seconds % 3 == 0:
                try:
                    await feed.refresh_tickers()
                except ExchangeError:
                    continue

    telling = asyncio.create_task(tell_all() if tell else asyncio.sleep(0))
    try:
        yield streams
    finally:
        telling.cancel()
        await feed.stop()


async def test_streams_start_and_stop_with_the_feed_and_have_its_symbols() -> None:
    async with streaming("BTCUSDT", "ETHUSDT") as streams:
        assert streams.running
        assert streams.symbols == ["BTCUSDT", "ETHUSDT"]
        assert [each.symbol for each in streams.reader.instruments] == ["BTCUSDT", "ETHUSDT"]
    assert not streams.running


async def test_what_streams_is_not_requested() -> None:
    async with streaming("BTCUSDT", "ETHUSDT") as streams:
        await until(lambda: streams.feed.filled)
        await asyncio.sleep(30)
        streams.exchange.calls.clear()
        await asyncio.sleep(200)
        assert streams.exchange.calls["trades"] == 0
        assert streams.exchange.calls["book"] <= 2, "each order book is compared once in four minutes"
        market = streams.feed.market()
        assert market.streamed == 2
        for inputs in market.inputs:
            streamed = {ScoreInput.ORDER_BOOK, ScoreInput.TRADES, ScoreInput.TICKER, ScoreInput.BOOK_FLOW}
            assert inputs.streamed >= streamed | {ScoreInput.LIQUIDATIONS}


async def test_without_news_for_a_period_the_kind_is_requested_again() -> None:
    async with streaming() as streams:
        await until(lambda: streams.feed.filled)
        await asyncio.sleep(30)
        streams.lost.update({BOOK, TRADES})  # silent: no one says that they are lost
        streams.exchange.calls.clear()
        await asyncio.sleep(60)
        assert streams.exchange.calls["book"] == pytest.approx(4, abs=1)
        assert streams.exchange.calls["trades"] == pytest.approx(4, abs=1)
        inputs = only(streams.feed)
        assert ScoreInput.ORDER_BOOK not in inputs.streamed
        assert inputs.book is not None
        assert inputs.book.stamp.observed_ms >= streams.stamp().observed_ms - 16_000


async def test_what_was_lost_is_requested_at_once() -> None:
    async with streaming() as streams:
        await until(lambda: streams.feed.filled)
        await asyncio.sleep(30)
        streams.lost.update({BOOK, TRADES})
        streams.exchange.calls.clear()
        streams.lose(BOOK, "BTCUSDT")
        streams.lose(TRADES, "BTCUSDT")
        await asyncio.sleep(0.1)
        assert (streams.exchange.calls["book"], streams.exchange.calls["trades"]) == (1, 1)
        assert streams.feed.market().streamed == 0
        assert {ScoreInput.ORDER_BOOK, ScoreInput.TRADES}.isdisjoint(only(streams.feed).streamed)


async def test_a_hole_in_the_trades_is_filled_by_a_request_at_once() -> None:
    async with streaming(tell=(TICKERS, BOOK)) as streams:
        await until(lambda: streams.feed.filled)
        await asyncio.sleep(5)
        streams.trade("BTCUSDT", contiguous=False)
        hole_ms = streams.stamp().observed_ms
        trades = only(streams.feed).trades
        assert trades is not None
        assert trades.complete_since_ms == hole_ms + 1
        streams.exchange.calls.clear()
        await asyncio.sleep(0.1)
        assert streams.exchange.calls["trades"] == 1


@pytest.mark.parametrize(("age_ms", "resets"), [(1_000, []), (5_000, [(TRADES, "BTCUSDT", "missing")])])
async def test_a_stream_that_did_not_tell_trades_of_seconds_ago_is_subscribed_anew(
    age_ms: int, resets: list[tuple[InputKind, str, str]]
) -> None:
    async with streaming(tell=(TICKERS, BOOK)) as streams:
        await until(lambda: streams.feed.filled)
        streams.trade("BTCUSDT")
        streams.exchange.trade_age_ms = age_ms
        await asyncio.sleep(16)
        assert streams.resets == resets


async def test_a_stream_with_a_hole_every_second_causes_no_more_requests_than_polling() -> None:
    async with streaming(tell=(TICKERS, BOOK)) as streams:
        await until(lambda: streams.feed.filled)
        await asyncio.sleep(30)
        streams.exchange.calls.clear()
        for _ in range(150):
            await asyncio.sleep(1)
            streams.lose(TRADES, "BTCUSDT", "gap")
            streams.trade("BTCUSDT", contiguous=False)
        assert streams.exchange.calls["trades"] <= 150 / 15 + 2


async def test_a_streamed_ticker_replaces_an_older_one_and_keeps_figures_that_only_requests_have() -> None:
    async with streaming(tell=()) as streams:
        await until(lambda: streams.feed.filled)
        streams.ticker("BTCUSDT", last=101.0)
        market = streams.feed.market()
        ticker = market.tickers["BTCUSDT"]
        assert (ticker.last, ticker.turnover_24h, ticker.change_24h_percent) == (101.0, 1e9, 1.0)
        assert market.stamp == ticker.stamp
        assert ScoreInput.TICKER in only(streams.feed).streamed
        streams.exchange.lag_ms = 5_000
        streams.ticker("BTCUSDT", last=102.0)
        assert streams.feed.market().tickers["BTCUSDT"] == ticker, "an older ticker changes nothing"


async def test_one_streamed_price_in_another_scale_changes_nothing() -> None:
    async with streaming(tell=()) as streams:
        await until(lambda: streams.feed.filled)
        streams.ticker("BTCUSDT", last=1000.0)
        assert streams.feed.market().tickers["BTCUSDT"].last == 100.0


async def test_while_requests_fail_the_tickers_that_do_not_stream_are_left_out_when_they_are_too_old() -> None:
    async with streaming("BTCUSDT", "ETHUSDT", "XRPUSDT") as streams:
        await until(lambda: streams.feed.filled)
        streams.exchange.faults["tickers"] = VenueUnavailable("gone")
        streams.symbols = ["BTCUSDT", "ETHUSDT"]
        await asyncio.sleep(MAX_PRICE_AGE_MS / 1000 - 5)
        market = streams.feed.market()
        assert set(market.tickers) == {"BTCUSDT", "ETHUSDT", "XRPUSDT"}
        assert market.totals_known
        await asyncio.sleep(10)
        market = streams.feed.market()
        assert set(market.tickers) == {"BTCUSDT", "ETHUSDT"}
        assert not market.totals_known
        assert market.stamp.observed_ms >= streams.stamp().observed_ms - 1_000


async def test_a_minute_bar_that_streams_is_not_requested_and_is_published() -> None:
    published: list[Candles] = []

    async def on_candles(_: str, bars: Candles) -> None:
        published.append(bars)

    async with streaming() as streams:
        streams.feed.on_candles = on_candles
        await until(lambda: streams.feed.filled)
        clock = VirtualClock()
        await asyncio.sleep(60 - clock.now_ms() / 1000 % 60)
        streams.bar("BTCUSDT")
        bars = only(streams.feed).candles[Timeframe.M1]
        assert bars.open_ms[-1] == clock.now_ms() // 60_000 * 60_000 - 60_000
        streams.exchange.calls.clear()
        published.clear()
        await asyncio.sleep(30)
        assert streams.exchange.calls["candles_1m"] == 0
        assert [one.open_ms[-1] for one in published if one.timeframe is Timeframe.M1] == [bars.open_ms[-1]]
        assert ScoreInput.CANDLES_1M in only(streams.feed).streamed
        await asyncio.sleep(60)  # the stream does not tell the next bar
        assert streams.exchange.calls["candles_1m"] == 1


async def test_while_requests_fail_longer_bars_are_made_of_streamed_minutes_until_a_request_reads_them() -> None:
    async with streaming() as streams:
        await until(lambda: streams.feed.filled)
        clock = VirtualClock()
        await asyncio.sleep(300 - clock.now_ms() / 1000 % 300 + 20)
        broken = VenueUnavailable("gone")
        streams.exchange.faults |= {f"candles_{timeframe.value}": broken for timeframe in Timeframe}
        before = only(streams.feed).candles
        for minute in range(36):
            await asyncio.sleep(60 - clock.now_ms() / 1000 % 60)
            streams.bar("BTCUSDT")
            if minute == 4:  # whole, but a request may still read it
                assert only(streams.feed).candles[Timeframe.M5].open_ms[-1] == before[Timeframe.M5].open_ms[-1]
        found = only(streams.feed)
        ends = {t: found.candles[t].open_ms[-1] + t.ms for t in (Timeframe.M1, Timeframe.M5, Timeframe.M30)}
        end_ms = int(ends[Timeframe.M1])
        for timeframe in (Timeframe.M5, Timeframe.M30):
            assert ends[timeframe] == (end_ms - 60_000) // timeframe.ms * timeframe.ms
            assert ScoreInput.candles(timeframe) in found.streamed
        inside = found.candles[Timeframe.M1].open_ms >= ends[Timeframe.M5] - Timeframe.M5.ms
        assert found.candles[Timeframe.M5].high[-1] == found.candles[Timeframe.M1].high[inside][:5].max()
        assert found.candles[Timeframe.H4].open_ms[-1] == before[Timeframe.H4].open_ms[-1]
        assert ScoreInput.CANDLES_4H not in found.streamed
        streams.exchange.faults.clear()
        await asyncio.sleep(400)
        found = only(streams.feed)
        assert not found.streamed & {ScoreInput.CANDLES_5M, ScoreInput.CANDLES_30M}
        five = found.candles[Timeframe.M5]
        np.testing.assert_allclose(five.close, 100 + np.sin(five.open_ms / five.timeframe.ms))


async def test_a_bar_that_does_not_join_the_series_is_requested_at_once() -> None:
    async with streaming() as streams:
        await until(lambda: streams.feed.filled)
        clock = VirtualClock()
        await asyncio.sleep(60 - clock.now_ms() / 1000 % 60)
        streams.bar("BTCUSDT")  # told before the venue's requests have it
        streams.exchange.calls.clear()
        await asyncio.sleep(0.1)
        streams.bar("BTCUSDT", minutes_later=2)
        await asyncio.sleep(0.1)
        assert streams.exchange.calls["candles_1m"] == 1
        assert only(streams.feed).candles[Timeframe.M1].run_start() == 0


async def test_samples_of_order_books_are_of_the_last_minute_and_one_of_each_second() -> None:
    async with streaming() as streams:
        await until(lambda: streams.feed.filled)
        for _ in range(400):
            await asyncio.sleep(0.25)
            inputs = only(streams.feed)
        times = [book.stamp.observed_ms for book in inputs.books]
        assert len(times) == 60
        assert len({time_ms // 1000 for time_ms in times}) == 60
        assert max(times) - min(times) < 60_000
        assert inputs.books[-1] is inputs.book
        assert {len(side) for book in inputs.books for side in (book.bids, book.asks)} == {50}


async def test_polled_order_books_are_samples_and_give_the_flow_between_them() -> None:
    async with streaming(tell=(TICKERS,)) as streams:
        await until(lambda: streams.feed.filled)
        await asyncio.sleep(50)
        inputs = only(streams.feed)
        assert 3 <= len(inputs.books) <= 5
        assert inputs.book_flow is not None
        assert len(inputs.book_flow.time_ms) >= 3
        assert inputs.book_flow.flow.tolist() == [0.0] * len(inputs.book_flow.flow)
        assert inputs.book_flow.complete_since_ms < inputs.book_flow.time_ms[0]
        assert ScoreInput.BOOK_FLOW not in inputs.streamed


async def test_an_order_book_that_twice_differs_from_a_requested_one_is_subscribed_anew() -> None:
    async with streaming(tell=(TICKERS, TRADES)) as streams:
        await until(lambda: streams.feed.filled)

        async def tell_wrong_books() -> None:
            while True:
                streams.book("BTCUSDT", shift=1.0)
                await asyncio.sleep(1)

        telling = asyncio.create_task(tell_wrong_books())
        await asyncio.sleep(239)
        assert streams.resets == []
        await asyncio.sleep(20)
        telling.cancel()
        assert streams.resets[0] == (BOOK, "BTCUSDT", "difference")


async def test_an_old_reply_to_a_request_is_no_difference() -> None:
    async with streaming(tell=(TICKERS, TRADES)) as streams:
        await until(lambda: streams.feed.filled)

        async def tell_books_that_requests_have_later() -> None:
            while True:
                streams.exchange.lag_ms = 0
                streams.book("BTCUSDT", shift=1.0)
                streams.exchange.lag_ms = 30_000
                await asyncio.sleep(1)

        telling = asyncio.create_task(tell_books_that_requests_have_later())
        await asyncio.sleep(400)
        telling.cancel()
        assert streams.resets == []


async def test_one_difference_is_not_enough() -> None:
    async with streaming(tell=(TICKERS, TRADES)) as streams:
        await until(lambda: streams.feed.filled)

        async def tell_books() -> None:
            before = streams.exchange.calls["book"]
            while True:
                streams.book("BTCUSDT", shift=float(streams.exchange.calls["book"] == before))
                await asyncio.sleep(1)

        telling = asyncio.create_task(tell_books())
        await asyncio.sleep(400)
        telling.cancel()
        assert streams.resets == []


async def test_after_a_failed_request_for_a_comparison_the_stream_goes_on() -> None:
    async with streaming() as streams:
        await until(lambda: streams.feed.filled)
        streams.exchange.faults["book"] = VenueUnavailable("gone")
        streams.exchange.calls.clear()
        await asyncio.sleep(480)
        assert 1 <= streams.exchange.calls["book"] <= 20, "a comparison that failed is tried again about twice a minute"
        inputs = only(streams.feed)
        assert ScoreInput.ORDER_BOOK in inputs.streamed
        assert streams.feed.market().streamed == 1


async def test_streams_are_alive_for_five_seconds_after_the_last_ticker() -> None:
    async with streaming() as streams:
        await asyncio.sleep(2)
        assert streams.feed.streams_alive
        streams.lost.add(TICKERS)
        await asyncio.sleep(4)
        assert streams.feed.streams_alive
        await asyncio.sleep(2)
        assert not streams.feed.streams_alive


async def test_streams_whose_time_stands_still_are_not_alive() -> None:
    async with streaming() as streams:
        await asyncio.sleep(2)
        for _ in range(80):
            streams.exchange.lag_ms += 100
            await asyncio.sleep(0.1)
        assert not streams.feed.streams_alive


async def _run_in_any_order(steps: Sequence[tuple[str, float, bool]]) -> None:
    async with streaming(tell=()) as streams:
        exchange, feed = streams.exchange, streams.feed
        await until(lambda: feed.filled)
        for step, seconds, requests_fail in steps:
            exchange.faults = dict.fromkeys(("tickers", "book", "trades"), VenueUnavailable("gone")) if requests_fail else {}
            await asyncio.sleep(seconds)
            kind = InputKind(step.removeprefix("lose "))
            if step.startswith("lose "):
                streams.lose(kind, "BTCUSDT")
            elif kind is CANDLES:
                streams.bar("BTCUSDT")
            else:
                streams.all((kind,))
            market = feed.market()
            now_ms, true_ms = market.stamp.observed_ms, streams.stamp().observed_ms
            assert now_ms <= true_ms
            for ticker in market.tickers.values():
                assert market.stamp.received_ms - ticker.stamp.received_ms <= MAX_PRICE_AGE_MS
            for inputs in market.inputs:
                for input_kind in (BOOK, TRADES, LIQUIDATIONS):
                    record = getattr(inputs, input_kind)
                    assert record is None or now_ms - record.stamp.observed_ms <= MAX_AGE_MS[input_kind]
                assert inputs.book is None or inputs.books[-1] is inputs.book
                assert all(
                    a.stamp.observed_ms < b.stamp.observed_ms for a, b in zip(inputs.books, inputs.books[1:], strict=False)
                )


STEPS = [kind.value for kind in KINDS] + [f"lose {kind.value}" for kind in KINDS]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.floats(0.1, 90), st.booleans()), min_size=1, max_size=12))
def test_no_order_of_updates_losses_and_failures_shows_data_past_its_age(steps: list[tuple[str, float, bool]]) -> None:
    run_virtually(_run_in_any_order(steps))
