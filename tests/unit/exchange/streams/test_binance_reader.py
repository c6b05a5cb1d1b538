"""Frames of Binance's streams become updates. What is not plausible changes nothing, and what is missing is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.exchange.streams.binance_messages import (
    ALL,
    BOOK,
    CANDLES,
    INSTRUMENTS,
    T0,
    TRADES,
    bar,
    depth,
    liquidation,
    mark,
    opened,
    rest,
    tell,
    ticker,
    trade,
)
from tests.unit.exchange.test_rows import refused
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Liquidations, Ticker, Timeframe, Trades
from virtuoso.domain.stream_updates import (
    BookUpdate,
    CandlesUpdate,
    LiquidationsUpdate,
    StreamLost,
    StreamUpdate,
    TickerUpdate,
    TradesUpdate,
)
from virtuoso.exchange.streams.binance_reader import LIQUIDATIONS, TICKERS, BinanceReader
from virtuoso.exchange.streams.facts import BINANCE


def only_trades(updates: Sequence[StreamUpdate]) -> tuple[Trades, bool]:
    (update,) = updates
    assert isinstance(update, TradesUpdate)
    return update.trades, update.contiguous


def tickers(updates: Sequence[StreamUpdate]) -> dict[str, Ticker]:
    assert all(isinstance(update, TickerUpdate) for update in updates)
    return {update.ticker.symbol: update.ticker for update in updates if isinstance(update, TickerUpdate)}


def liquidations(updates: Sequence[StreamUpdate]) -> list[Liquidations]:
    return [update.liquidations for update in updates if isinstance(update, LiquidationsUpdate)]


def lost(updates: Sequence[StreamUpdate]) -> list[tuple[InputKind, str, str]]:
    return [(each.kind, each.symbol, each.reason) for each in updates if isinstance(each, StreamLost)]


def with_book() -> BinanceReader:
    reader = opened()
    assert not tell(reader, depth(5, 10))
    assert reader.wanted_books() == {"BTCUSDT": 100}
    (update,) = reader.rest_book("BTCUSDT", rest(10), T0 + 20)
    assert update == BookUpdate(symbol="BTCUSDT", observed_ms=T0, received_ms=T0 + 20)
    assert reader.wanted_books() == {}
    return reader


def test_names_of_topics_are_on_their_routes_and_none_needs_another_address() -> None:
    assert [BINANCE.topic_names(topic) for topic in ALL] == [
        ["btcusdt@depth@100ms"],
        ["btcusdt@trade"],
        ["btcusdt@kline_1m"],
        ["!ticker@arr", "!markPrice@arr@1s"],
        ["!forceOrder@arr"],
    ]
    assert [BINANCE.url(BINANCE.routes[topic.kind], None) for topic in (BOOK, TRADES, CANDLES, TICKERS, LIQUIDATIONS)] == [
        *["wss://fstream.binance.com/public/ws"] * 2,
        *["wss://fstream.binance.com/market/ws"] * 3,
    ]
    assert {*BINANCE.topics(""), *BINANCE.topics("BTCUSDT")} == {*ALL}


@pytest.mark.parametrize(
    ("data", "request_id", "error"),
    [
        ('{"result":null,"id":3}', 3, ""),
        ('{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":4}', 4, "Invalid request: invalid stream"),
    ],
)
def test_an_answer_to_a_request_is_known_by_its_id(data: str, request_id: int, error: str) -> None:
    assert BINANCE.answer(data) == (request_id, error)
    assert not tell(opened(), data)


@pytest.mark.parametrize(
    "data", [json.dumps(trade(1)), "[]", '{"error":{"code":3,"msg":"Invalid JSON"}}', "x", b"x", "1", ""]
)
def test_other_messages_are_not_answers(data: str | bytes) -> None:
    assert BINANCE.answer(data) is None


def test_a_book_is_that_of_the_request_and_the_changes_after_it() -> None:
    reader = with_book()
    (update,) = tell(reader, {"stream": "btcusdt@depth@100ms", "data": depth(10, 20, [["99.5", "1"]], at_ms=100)}, 130)
    assert update == BookUpdate(symbol="BTCUSDT", observed_ms=T0 + 100, received_ms=T0 + 130)
    book, flow = reader.book("BTCUSDT", 50), reader.book_flow("BTCUSDT")
    assert book is not None
    assert flow is not None
    assert (book.bids.tolist(), book.asks.tolist()) == ([[99.5, 1], [99, 2]], [[101, 4]])
    assert flow.flow.tolist() == [1.0]
    assert (reader.book("ETHUSDT", 50), reader.book_flow("ETHUSDT")) == (None, None)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (depth(10, 20, [["101", "1"]]), "crossed"),
        (depth(10, 20, [["98", "NaN"]]), "number"),
        (depth(10, 20, [], [["103", "-1"]]), "number"),
        (depth(10, 20, None, [["103", None]]), "number"),
        (depth(10, 20, [["98", "1"]], at_ms=-101), "backwards"),
    ],
)
def test_a_wrong_change_loses_the_book_and_it_is_requested_again(message: dict[str, Any], reason: str) -> None:
    reader = with_book()
    assert lost(tell(reader, message, 100)) == [(InputKind.ORDER_BOOK, "BTCUSDT", reason)]
    assert reader.book("BTCUSDT", 50) is None
    tell(reader, depth(20, 30, at_ms=200), 210)
    assert reader.wanted_books() == {"BTCUSDT": 100}
    (update,) = reader.rest_book("BTCUSDT", rest(25, T=T0 + 150), T0 + 250)
    assert isinstance(update, BookUpdate)


def test_a_change_that_comes_twice_on_a_connection_is_counted() -> None:
    reader = with_book()
    before = refused("book_duplicate")
    assert tell(reader, depth(10, 20, at_ms=100), 110)
    assert not tell(reader, depth(10, 20, at_ms=100), 115)
    assert refused("book_duplicate") == before + 1


def test_a_break_of_the_chain_loses_the_book() -> None:
    reader = with_book()
    messages = [depth(previous + 7, previous + 10, at_ms=10 * previous) for previous in range(10, 60, 10)]
    told = [tell(reader, message, message["E"] - T0 + 5) for message in messages]
    assert lost(told[-1]) == [(InputKind.ORDER_BOOK, "BTCUSDT", "gap")]
    assert not any(told[:-1])
    assert reader.book("BTCUSDT", 50) is None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (depth(10, 20, U=21), "book_id"),
        (depth(10, 20, U=10), "book_id"),
        (depth(10, 20, pu="10"), "book_id"),
        (depth(10, 20, u=None), "book_id"),
    ],
)
def test_a_change_with_odd_ids_is_refused(message: dict[str, Any], reason: str) -> None:
    reader = with_book()
    before = refused(reason)
    assert not tell(reader, message, 100)
    assert refused(reason) == before + 1


@pytest.mark.parametrize(
    "text",
    ["", "<html>", "[]", "{}", rest(10, bids=None), rest(10, T=T0 + 70_000), rest(10, lastUpdateId="x"), rest(10, [])],
)
def test_a_reply_without_a_book_is_refused_and_one_is_wanted_again(text: str) -> None:
    reader = opened()
    tell(reader, depth(5, 10))
    assert not reader.rest_book("BTCUSDT", text, T0 + 20)
    assert reader.book("BTCUSDT", 50) is None
    assert reader.wanted_books() == {"BTCUSDT": 100}


def test_a_trade_has_the_side_of_the_taker_and_its_rest_id() -> None:
    reader = opened()
    trades, contiguous = only_trades(tell(reader, trade(7)))
    assert (trades.ids, trades.time_ms.tolist(), trades.price.tolist()) == (("7",), [T0], [100.1])
    assert (trades.size.tolist(), trades.side.tolist(), contiguous) == ([0.5], [-1.0], False)
    trades, contiguous = only_trades(tell(reader, trade(8, 100, m=False)))
    assert (trades.side.tolist(), contiguous) == ([1.0], True)


def test_a_hole_in_trade_ids_is_told_and_a_trade_that_comes_twice_counts_once() -> None:
    reader = opened()
    tell(reader, trade(7))
    assert only_trades(tell(reader, trade(9, 100)))[1] is False
    assert only_trades(tell(reader, trade(10, 100)))[1] is True
    before = refused("trade_duplicate")
    assert not tell(reader, trade(10, 100))
    assert not tell(reader, trade(8, 50))
    assert refused("trade_duplicate") == before + 2


def test_a_trade_of_the_insurance_fund_is_left_out_and_leaves_no_hole() -> None:
    reader = opened()
    tell(reader, trade(7))
    assert not tell(reader, trade(8, X="INSURANCE_FUND", p="0", q="0"))
    assert only_trades(tell(reader, trade(9)))[1] is True


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"p": "NaN"}, "trade_number"),
        ({"p": ""}, "trade_number"),
        ({"q": "-1"}, "trade_number"),
        ({"q": None}, "trade_number"),
        ({"T": T0 - 1}, "trade_time"),
        ({"T": T0 + 9_000}, "trade_time"),
        ({"T": "x"}, "trade_time"),
        ({"m": None}, "trade_side"),
        ({"t": "8"}, "trade_id"),
        ({"t": True}, "trade_id"),
    ],
)
def test_a_trade_that_is_not_plausible_is_refused_and_leaves_a_hole(more: dict[str, Any], reason: str) -> None:
    reader = opened()
    tell(reader, trade(7))
    before = refused(reason)
    assert not tell(reader, trade(8, **more))
    assert refused(reason) == before + 1
    assert only_trades(tell(reader, trade(9)))[1] is False


def test_only_closed_bars_are_told_and_each_once() -> None:
    reader = opened()
    assert not tell(reader, bar(0, closed=False), 30_000)
    (update,) = tell(reader, bar(0, closed=True), 60_010)
    assert isinstance(update, CandlesUpdate)
    candles = update.candles
    assert (candles.symbol, candles.timeframe, candles.open_ms.tolist()) == ("BTCUSDT", Timeframe.M1, [T0])
    assert [getattr(candles, name).tolist() for name in ("open", "high", "low", "close", "volume")] == [
        *([100], [102], [99], [101], [7])
    ]
    assert not tell(reader, bar(0, closed=True), 60_020)
    assert not tell(reader, bar(1, closed=False), 90_000)
    assert lost(tell(reader, bar(2, closed=False), 150_000)) == [(InputKind.CANDLES, "BTCUSDT", "gap")]
    assert not tell(reader, bar(2, closed=False), 150_500)


@pytest.mark.parametrize("more", [{"h": "98"}, {"c": "NaN"}, {"v": "-1"}, {"t": 1}, {"i": "5m"}, {"x": "true"}])
def test_a_bar_that_is_not_plausible_is_not_told(more: dict[str, Any]) -> None:
    assert not tell(opened(), bar(0, closed=True, **more), 60_010)


def test_a_liquidation_is_what_was_filled_at_its_average_price_and_a_lower_bound() -> None:
    reader = opened()
    (found,) = liquidations(tell(reader, liquidation()))
    assert (found.symbol, found.time_ms.tolist(), found.price.tolist()) == ("BTCUSDT", [T0], [96.5])
    assert (found.size.tolist(), found.side.tolist(), found.lower_bound) == ([2], [-1], True)
    assert found.complete_since_ms == T0
    (found,) = liquidations(tell(reader, liquidation("BUY", 1_000)))
    assert found.side.tolist() == [1]
    assert not tell(reader, liquidation("BUY", 1_000))


@pytest.mark.parametrize("more", [{"z": "0"}, {"z": "NaN"}, {"ap": "0", "p": ""}, {"S": "HOLD"}, {"T": 0}, {"s": "XRPUSDT"}])
def test_a_liquidation_that_is_not_plausible_is_refused(more: dict[str, Any]) -> None:
    assert not tell(opened(), liquidation(**more))


def test_liquidations_are_watched_from_the_subscription_and_again_after_an_unreadable_message() -> None:
    reader = BinanceReader()
    reader.set_instruments(INSTRUMENTS)
    found = liquidations(reader.opened(1, [LIQUIDATIONS], T0))
    assert [(each.symbol, len(each.time_ms), each.complete_since_ms) for each in found] == [
        *[("BTCUSDT", 0, T0), ("ETHUSDT", 0, T0)]
    ]
    assert not reader.opened(2, [LIQUIDATIONS], T0 + 500)
    assert not reader.closed(1, [LIQUIDATIONS], "rotation")
    assert [each.complete_since_ms for each in liquidations(tell(reader, liquidation(), connection=2))] == [T0]
    assert {each.complete_since_ms for each in liquidations(tell(reader, "{", 1_700, connection=2))} == {T0 + 1_700}
    assert not tell(reader, "{", 1_800, connection=2)
    assert lost(reader.closed(2, [LIQUIDATIONS], "closed")) == [(InputKind.LIQUIDATIONS, "", "closed")]


def test_a_ticker_has_the_newest_mark_price_index_price_and_funding_rate() -> None:
    reader = opened()
    assert not tell(reader, [mark("BTCUSDT"), mark("ETHUSDT", p="50")])
    found = tickers(tell(reader, [ticker("BTCUSDT", 1_000), ticker("XRPUSDT", 1_000)], 1_010))
    assert found.keys() == {"BTCUSDT"}
    btc = found["BTCUSDT"]
    assert (btc.last, btc.change_24h_percent, btc.turnover_24h, btc.volume_24h) == (110, 10, 105_000, 1_000)
    assert (btc.mark, btc.index, btc.funding_rate, btc.tick_size) == (110.2, 110.1, 0.0001, 0.1)
    assert (btc.stamp.observed_ms, btc.stamp.received_ms) == (T0 + 1_000, T0 + 1_010)
    assert tickers(tell(reader, [ticker("ETHUSDT", 1_000)], 1_020))["ETHUSDT"].mark is None  # 50 is far from 110
    assert tickers(tell(reader, [ticker("BTCUSDT", 12_000)], 12_010))["BTCUSDT"].mark is None  # too old


@pytest.mark.parametrize(
    "more", [{"c": "NaN"}, {"c": "-1"}, {"c": ""}, {"E": T0 + 70_000}, {"E": "x"}, {"C": T0 - 700_000}, {"s": 7}]
)
def test_a_ticker_without_a_plausible_price_or_time_is_not_told(more: dict[str, Any]) -> None:
    assert not tell(opened(), [ticker(**more)])


def test_an_older_ticker_is_not_told_after_a_newer_one() -> None:
    reader = opened()
    assert tickers(tell(reader, [ticker(at_ms=2_000)], 2_010))
    assert not tell(reader, [ticker(at_ms=1_000)], 2_020)
    assert not tell(reader, [ticker(at_ms=2_000)], 2_030)


def test_a_topic_of_two_connections_is_lost_when_the_last_one_closes() -> None:
    reader = with_book()
    reader.opened(2, ALL, T0 + 50)
    before = refused("book_duplicate")
    assert tell(reader, depth(10, 20, at_ms=100), 110, connection=2)
    assert not tell(reader, depth(10, 20, at_ms=100), 115, connection=1)
    assert refused("book_duplicate") == before  # it is no fault of the venue
    assert not reader.closed(1, ALL, "rotation")
    assert reader.book("BTCUSDT", 50) is not None
    assert not reader.closed(1, ALL, "rotation")
    assert lost(reader.closed(2, ALL, "closed")) == [(topic.kind, topic.symbol, "closed") for topic in ALL]
    assert reader.book("BTCUSDT", 50) is None
    assert not tell(reader, trade(1), connection=2)
    assert not reader.rest_book("BTCUSDT", rest(10), T0 + 200)


def test_a_topic_is_heard_while_the_venues_time_moves_on() -> None:
    reader = opened()
    for topic, message in (BOOK, depth(5, 10)), (TRADES, trade(1)), (CANDLES, bar(0, closed=False)):
        assert reader.heard_ms(1, topic) is None
        tell(reader, message, 31_000)
        tell(reader, message, 32_000)
        assert reader.heard_ms(1, topic) == T0 + 31_000
    assert reader.heard_ms(2, BOOK) is None
    tell(reader, [ticker()], 20)
    assert reader.heard_ms(1, TICKERS) is None
    tell(reader, [mark()], 10)
    assert reader.heard_ms(1, TICKERS) == T0 + 10
    reader.closed(1, ALL, "closed")
    assert {reader.heard_ms(1, topic) for topic in ALL} == {None}


@pytest.mark.parametrize(
    "data",
    [
        *("", "{", "null", "1", '"x"', "[1, null]", "[]", "{}", b"\xff\xfe", "<html>", '{"stream":"x"}', '{"data":[]}'),
        *('{"e":[]}', '{"e":"depthUpdate"}', '{"e":"trade","s":[]}', '{"e":"kline","s":"BTCUSDT","k":7}', "[" * 5_000),
        *('{"e":"forceOrder","E":1760000040000,"o":{"s":["x"]}}', '[{"e":"24hrTicker"}]', '[{"e":{}}]', '{"e":"new"}'),
    ],
)
def test_garbage_gives_no_data(data: str | bytes) -> None:
    reader = opened()
    updates = tell(reader, data)
    assert all(isinstance(each, LiquidationsUpdate) and not len(each.liquidations.time_ms) for each in updates)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "NaN", "-1", "1e400", "abc", "BTCUSDT", "100", T0]),
    st.lists(st.one_of(st.text(max_size=3), st.lists(st.sampled_from(["1", "NaN", "", None, 3]), max_size=3)), max_size=3),
)
MESSAGES = (depth(10, 20, [["99", "1"]]), trade(8), bar(0, True), liquidation(), ticker(), mark())


@given(message=st.sampled_from(MESSAGES), changed=st.dictionaries(st.integers(0, 30), VALUES, min_size=1, max_size=4))
@example(message=bar(0, True), changed={24: 1.7e308})
@settings(max_examples=300, deadline=None)
def test_whatever_a_message_says_no_number_that_is_not_plausible_is_told(message: Any, changed: dict[int, Any]) -> None:
    reader = with_book()
    altered = json.loads(json.dumps(message))
    inner = altered.get("k") or altered.get("o") if message["e"] in ("kline", "forceOrder") else altered
    for place, value in changed.items():
        inner[list(inner)[place % len(inner)]] = value
    for update in tell(reader, json.dumps(altered), 60_010):
        match update:
            case TradesUpdate(trades=trades):
                assert trades.price[0] > 0 < trades.size[0]
            case TickerUpdate(ticker=told):
                assert told.last > 0
            case LiquidationsUpdate(liquidations=record) if len(record.time_ms):
                assert record.price[0] > 0 < record.size[0]
    book = reader.book("BTCUSDT", 50)
    assert book is None or ((book.bids > 0).all() and (book.asks > 0).all() and book.bids[0, 0] < book.asks[0, 0])
