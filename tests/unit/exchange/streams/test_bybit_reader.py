"""Bybit's messages become updates. What is missing or wrong is lost, and never shown."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.streams.bybit_frames import (
    T0,
    bar,
    book,
    instrument,
    liquidation,
    liquidations,
    message,
    snapshot,
    ticker,
    trade,
    trades,
)
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.stream_updates import (
    BookUpdate,
    CandlesUpdate,
    LiquidationsUpdate,
    StreamLost,
    StreamUpdate,
    TickerUpdate,
    TradesUpdate,
)
from virtuoso.exchange.streams.bybit_reader import BybitReader
from virtuoso.exchange.streams.facts import BYBIT
from virtuoso.exchange.streams.reader import Topic

BTC = BYBIT.topics("BTCUSDT")
BOOK, TRADES, TICKERS, CANDLES, LIQUIDATIONS = (
    Topic(kind, "BTCUSDT")
    for kind in (
        InputKind.ORDER_BOOK,
        InputKind.TRADES,
        InputKind.TICKERS,
        InputKind.CANDLES,
        InputKind.LIQUIDATIONS,
    )
)


class Told:
    """A reader with one connection, and what it told."""

    def __init__(self, *topics: Topic) -> None:
        self.reader = BybitReader()
        self.reader.set_instruments([instrument(), instrument("ETHUSDT")])
        self.opened = self.reader.opened(1, topics or BTC, T0)

    def __call__(self, *frames: str | bytes, connection: int = 1, at_ms: int = 5) -> list[StreamUpdate]:
        return [update for frame in frames for update in self.reader.frame(connection, frame, T0 + at_ms)]

    def bids(self) -> list[list[float]] | None:
        found = self.reader.book("BTCUSDT", 50)
        return found.bids.tolist() if found else None


def lost(topic: Topic, reason: str) -> StreamLost:
    return StreamLost(kind=topic.kind, symbol=topic.symbol, reason=reason)


def test_a_book_is_its_snapshot_and_the_changes_after_it() -> None:
    told = Told()
    updates = told(snapshot(10), book(11, [["99", "0"]], [], ms=20))
    assert updates == [
        BookUpdate(symbol="BTCUSDT", observed_ms=T0, received_ms=T0 + 5),
        BookUpdate(symbol="BTCUSDT", observed_ms=T0 + 5, received_ms=T0 + 5),  # not ahead of our clock
    ]
    assert told.bids() == [[98, 3]]
    flow = told.reader.book_flow("BTCUSDT")
    assert flow is not None
    assert flow.flow.tolist() == [-2]


def test_changes_before_a_snapshot_are_not_used() -> None:
    told = Told()
    assert told(book(11, [["99", "1"]], [])) == []
    assert told.bids() is None
    assert told.reader.heard_ms(1, BOOK) is None


def test_a_missing_change_is_a_gap_once_four_more_have_come_or_a_second_has_passed() -> None:
    told = Told()
    told(snapshot(10))
    assert told(*[book(u, [["97", "1"]], []) for u in (12, 13, 14, 15)]) == []
    assert told.bids() == [[99, 2], [98, 3]]
    assert told(book(16, [], [["101", "1"]])) == [lost(BOOK, "gap")]
    assert told.bids() is None
    told(snapshot(20))
    assert told(book(22, [], [])) == []
    assert told(book(23, [], []), at_ms=1_100) == [lost(BOOK, "gap")]
    assert told(snapshot(30)) != []
    assert told.bids() is not None


def test_changes_in_wrong_order_and_double_ones_give_the_right_book() -> None:
    told = Told()
    told(snapshot(10))
    told(book(12, [["99", "5"]], []), book(11, [["99", "0"], ["98", "1"]], []), book(11, [["99", "9"]], []))
    assert told.bids() == [[99, 5], [98, 1]]


@given(st.permutations(range(11, 15)), st.lists(st.integers(11, 14), max_size=4))
def test_any_order_of_four_changes_gives_one_book(order: list[int], again: list[int]) -> None:
    told = Told()
    told(snapshot(10))
    told(*[book(u, [["98", str(u)]], [["101", str(u)]]) for u in [*order, *again]])
    assert told.bids() == [[99, 2], [98, 14]]


def test_u_1_begins_again() -> None:
    told = Told()
    told(snapshot(10))
    assert told(book(1, [["90", "1"]], [["91", "1"]], kind="snapshot")) != []
    assert told.bids() == [[90, 1]]
    assert told(book(2, [["90", "3"]], [])) != []
    assert told.bids() == [[90, 3]]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (book(11, [["101.5", "1"]], []), "crossed"),
        (book(11, [["99", "NaN"]], []), "number"),
        (book(11, [["99", "-1"]], []), "number"),
        (book(11, [["99", "0"], ["98", "0"]], []), "empty"),
        (book(11, [["99", "1"]], [], ms=-500), "backwards"),
        (book(11, [["99", "1"]], [], ms=70_000), "time"),
        (book(11, [["99", "1"]], [], ms=-70_000), "time"),
        (book(11, "abc", []), "number"),
        (message("orderbook.50.BTCUSDT", {"s": "ETHUSDT", "b": [], "a": [], "u": 11}, 0, "delta"), "shape"),
        (message("orderbook.50.BTCUSDT", {"s": "BTCUSDT", "b": [], "a": []}, 0, "delta"), "shape"),
        (message("orderbook.50.BTCUSDT", None, 0, "delta"), "shape"),
        (snapshot(11)[:90], "garbage"),
    ],
)
def test_a_wrong_book_is_lost_until_the_next_snapshot(frame: str, reason: str) -> None:
    told = Told()
    told(snapshot(10))
    assert told(frame) == [lost(BOOK, reason)]
    assert told.bids() is None
    assert told(book(12, [["99", "1"]], [])) == []
    assert told(snapshot(13)) != []
    assert told.bids() == [[99, 2], [98, 3]]


def test_each_trade_is_told_once_in_order_of_time() -> None:
    told = Told()
    (first,) = told(trades(trade("b", 2, S="Sell"), trade("a", 1), trade("b", 2, S="Sell")))
    assert isinstance(first, TradesUpdate)
    assert list(first.trades.ids) == ["a", "b"]
    assert first.trades.side.tolist() == [1, -1]
    assert not first.contiguous
    assert told(trades(trade("a", 1))) == []
    (second,) = told(trades(trade("a", 1), trade("c", 3)))
    assert isinstance(second, TradesUpdate)
    assert list(second.trades.ids) == ["c"]
    assert second.contiguous


@pytest.mark.parametrize("defect", [{"p": "NaN"}, {"v": "-1"}, {"v": "0"}, {"S": "Hold"}, {"T": T0 + 60_000}, {"i": None}])
def test_a_wrong_trade_leaves_a_hole(defect: dict[str, Any]) -> None:
    told = Told()
    told(trades(trade("a")))
    (update,) = told(trades(trade("b"), trade("c", **defect)))
    assert isinstance(update, TradesUpdate)
    assert (list(update.trades.ids), update.contiguous) == (["b"], False)
    assert told(trades(trade("d", **defect))) == [lost(TRADES, "number")]
    (update,) = told(trades(trade("e")))
    assert isinstance(update, TradesUpdate)
    assert not update.contiguous


def last_ticker(updates: list[StreamUpdate]) -> Any:
    assert isinstance(updates[-1], TickerUpdate)
    return updates[-1].ticker


def test_a_ticker_carries_over_what_did_not_change() -> None:
    told = Told()
    found = last_ticker(told(ticker(), ticker(3, "delta", lastPrice="102", price24hPcnt="0.02")))
    assert (found.last, found.change_24h_percent, found.mark, found.funding_rate) == (102, 2, 101.1, 0.0001)
    assert (found.turnover_24h, found.volume_24h, found.open_interest, found.tick_size) == (1e6, 1e4, 5e3, 0.1)
    assert found.funding_interval_ms == 8 * 3_600_000
    assert found.stamp.observed_ms == T0 + 3
    found = last_ticker(told(ticker(5, "delta", bid1Price="101")))
    assert (found.last, found.stamp.observed_ms) == (102, T0 + 5)


def test_an_older_change_of_a_ticker_is_not_used() -> None:
    told = Told()
    told(ticker(), ticker(4, "delta", lastPrice="102"))
    assert told(ticker(3, "delta", lastPrice="101.5")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"lastPrice": "NaN"},
        {"lastPrice": ""},
        {"lastPrice": "0"},
        {"markPrice": None},
        {"fundingRate": "0"},
        {"turnover24h": "-1"},
        {"openInterest": "abc"},
        {"price24hPcnt": ""},
        {"symbol": "ETHUSDT"},
    ],
)
def test_a_wrong_change_of_a_ticker_loses_it_until_the_next_snapshot(change: dict[str, Any]) -> None:
    told = Told()
    told(ticker())
    frame = message("tickers.BTCUSDT", {"symbol": "BTCUSDT", **change}, 3, "delta")
    assert told(frame)[0] == lost(TICKERS, "shape" if "symbol" in change else "number")
    assert told(ticker(4, "delta", lastPrice="102")) == []
    assert last_ticker(told(ticker(5))).last == 101


def test_a_new_market_without_a_price_of_yesterday_has_a_ticker() -> None:
    found = last_ticker(Told()(ticker(prevPrice24h="", price24hPcnt="")))
    assert (found.last, found.change_24h_percent) == (101, None)


@pytest.mark.parametrize(
    "field",
    [{"markPrice": ""}, {"fundingRate": None}, {"turnover24h": "-1"}, {"fundingIntervalHour": "0"}, {"nextFundingTime": ""}],
)
def test_a_snapshot_without_a_number_is_refused(field: dict[str, Any]) -> None:
    assert Told()(ticker(**field)) == [lost(TICKERS, "number")]


def test_a_bar_is_told_once_when_it_has_closed() -> None:
    told = Told()
    start = T0 // 60_000 * 60_000
    assert told(bar(0, 30_000, confirm=False), at_ms=30_000) == []
    (update,) = told(bar(0, 60_000, confirm=True), bar(0, 60_000, confirm=True), at_ms=60_000)
    assert isinstance(update, CandlesUpdate)
    bars = update.candles
    assert (bars.open_ms.tolist(), bars.close.tolist(), bars.volume.tolist()) == ([start], [101], [7])


def test_a_bar_that_was_not_told_is_a_gap() -> None:
    told = Told()
    told(bar(0, 30_000, confirm=False), at_ms=30_000)
    assert told(bar(1, 61_000, confirm=False), at_ms=61_000) == [lost(CANDLES, "gap")]
    assert told(bar(1, 62_000, confirm=False), at_ms=62_000) == []


@pytest.mark.parametrize("defect", [{"high": "90"}, {"close": "NaN"}, {"volume": "0"}, {"start": "x"}, {"interval": "5"}])
def test_a_wrong_bar_is_lost(defect: dict[str, Any]) -> None:
    (update,) = Told()(bar(0, 60_000, confirm=True, **defect), at_ms=60_000)
    assert isinstance(update, StreamLost)


def test_a_bar_that_has_not_ended_is_not_closed() -> None:
    assert Told()(bar(1, 60_000, confirm=True), at_ms=60_000) == [lost(CANDLES, "number")]


def columns(update: StreamUpdate) -> tuple[Any, ...]:
    assert isinstance(update, LiquidationsUpdate)
    found = update.liquidations
    return found.time_ms.tolist(), found.price.tolist(), found.size.tolist(), found.side.tolist(), found.complete_since_ms


def test_liquidations_are_complete_since_the_subscription() -> None:
    told = Told()
    assert [columns(update) for update in told.opened] == [([], [], [], [], T0)]
    updates = told(liquidations(liquidation(2), liquidation(1, S="Sell", p="91")), liquidations(liquidation(2)))
    assert [columns(update) for update in updates] == [([T0 + 1, T0 + 2], [91, 90], [2, 2], [1, -1], T0)]


@pytest.mark.parametrize("defect", [{"p": "NaN"}, {"v": "0"}, {"S": "?"}, {"T": T0 + 99_000}, {"T": None}, {"s": "ETHUSDT"}])
def test_a_wrong_liquidation_ends_what_is_complete(defect: dict[str, Any]) -> None:
    told = Told()
    assert told(liquidations(liquidation(**defect)), at_ms=700) == [lost(LIQUIDATIONS, "number")]
    assert columns(told(liquidations(liquidation(701)), at_ms=800)[0])[-1] == T0 + 700


def test_liquidations_are_complete_again_since_a_loss_although_none_comes() -> None:
    told = Told()
    assert told("<html>", at_ms=500) == [lost(LIQUIDATIONS, "garbage")]
    assert told("<html>", bar(0, 600, confirm=False), at_ms=700) == []
    (begun,) = told(bar(0, 1_600, confirm=False), bar(0, 1_700, confirm=False), at_ms=1_700)
    assert columns(begun) == ([], [], [], [], T0 + 700)


@pytest.mark.parametrize("garbage", ["<html>", b"\x00\x8f", '{"topic": 5}', "[]", "", "NaN", '{"topic":"tick'])
def test_garbage_loses_what_it_may_have_replaced_once(garbage: str | bytes) -> None:
    told = Told()
    told(snapshot(10), trades(trade("a")), ticker())
    assert told(garbage) == [lost(topic, "garbage") for topic in (TRADES, TICKERS, LIQUIDATIONS)]
    assert told(garbage) == []
    assert told.bids() == [[99, 2], [98, 3]]  # a book finds its gaps itself


def test_half_a_message_loses_its_topic() -> None:
    told = Told()
    told(snapshot(10), trades(trade("a")), ticker())
    assert told(trades(trade("b"))[:60]) == [lost(TRADES, "garbage")]


@pytest.mark.parametrize(
    "frame", ['{"success":true,"ret_msg":"","op":"subscribe"}', '{"op":"pong"}', snapshot(5, symbol="XRPUSDT")]
)
def test_answers_and_topics_that_have_ended_change_nothing(frame: str) -> None:
    assert Told()(frame) == []


def test_a_closed_connection_loses_its_topics_and_a_new_one_begins_again() -> None:
    told = Told()
    told(snapshot(10), trades(trade("a")), liquidations(liquidation()))
    assert told.reader.closed(1, BTC, "silent") == [lost(topic, "silent") for topic in BTC]
    assert told.bids() is None
    assert told(snapshot(11)) == []
    opened = told.reader.opened(2, BTC, T0 + 900)
    assert columns(opened[0])[-1] == T0 + 900
    (update,) = told(trades(trade("b")), connection=2)
    assert isinstance(update, TradesUpdate)
    assert not update.contiguous


def test_a_second_connection_takes_over_without_a_loss() -> None:
    told = Told()
    told(snapshot(10), trades(trade("a")), ticker())
    assert told.reader.opened(2, BTC, T0) == []
    assert told(snapshot(10), book(11, [["99", "7"]], []), connection=2) == []  # the first one tells
    assert told(trades(trade("a")), connection=2) == []
    told(ticker(), connection=2)
    assert told.bids() == [[99, 2], [98, 3]]
    assert told.reader.closed(1, BTC, "rotation") == []
    assert told.bids() == [[99, 7], [98, 3]]
    (update,) = told(trades(trade("b")), connection=2)
    assert isinstance(update, TradesUpdate)
    assert update.contiguous


def test_a_second_connection_without_a_book_does_not_take_over() -> None:
    told = Told(BOOK)
    told(snapshot(10))
    told.reader.opened(2, [BOOK], T0)
    assert told.reader.closed(1, [BOOK], "rotation") == [lost(BOOK, "rotation")]


def test_a_topic_is_heard_while_its_time_moves() -> None:
    told = Told()
    told(snapshot(10), at_ms=5)
    told(book(11, [["99", "1"]], []), at_ms=900)  # the same time of the venue
    assert told.reader.heard_ms(1, BOOK) == T0 + 5
    told(book(12, [["99", "1"]], [], ms=880), at_ms=901)
    assert told.reader.heard_ms(1, BOOK) == T0 + 901
    told.reader.closed(1, [BOOK], "silent")
    told.reader.opened(1, [BOOK], T0 + 1_000)
    told(snapshot(20, ms=880), at_ms=1_100)  # the venue's time stands still
    assert told.reader.heard_ms(1, BOOK) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=6) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["s", "b", "a", "u", "i", "T", "p", "v", "S", "symbol", "start", "confirm"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from([BYBIT.topic_names(topic)[0] for topic in BTC]), JSON, JSON, JSON)
def test_no_message_raises(name: str, kind: Any, data: Any, time: Any) -> None:
    told = Told()
    for ts in (T0, time):
        told(json.dumps({"topic": name, "type": kind, "ts": ts, "data": data}))
        told(json.dumps({"topic": name, "type": "snapshot", "ts": ts, "data": data}))
    assert told.reader.book("BTCUSDT", 5) is None or np.all(np.isfinite(told.reader.book("BTCUSDT", 5).bids))  # type: ignore[union-attr]
