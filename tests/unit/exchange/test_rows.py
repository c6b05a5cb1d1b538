"""Invalid rows are refused one by one. Accepted rows are finite, in order and of the right time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from virtuoso.domain.errors import BadData, EmptyData, ExchangeError
from virtuoso.domain.model import Stamp
from virtuoso.exchange.rows import completed, mappings, number, positive, read_book, read_series, read_trades
from virtuoso.exchange.venues import SeriesNames, venue_facts

NOW = 1_760_000_000_000
STAMP = Stamp(observed_ms=NOW, received_ms=NOW + 20)
BYBIT = venue_facts("bybit").names
BINANCE = venue_facts("binance").names
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "NaN", "inf", "-1", "0", "1e-320", "1e309", "abc", [], {}, True, float("nan"), -1.5, 10**400]
)
PRICES = st.floats(0.001, 1e6).map(str)


def refused(reason: str) -> float:
    return REGISTRY.get_sample_value("virtuoso_invalid_rows_total", {"reason": reason}) or 0


def trade(ident: str, **other: Any) -> dict[str, Any]:
    return {"execId": ident, "time": str(NOW - 1000), "price": "100.5", "size": "2", "side": "Buy", **other}


@pytest.mark.parametrize("junk", [None, "", "NaN", "inf", "1e309", "abc", "1_000", " 1 ", "１", [], {}, True, 1e19])
def test_a_value_that_is_not_a_finite_number_is_none(junk: Any) -> None:
    assert number(junk) is None


@pytest.mark.parametrize("value", ["0", "-1", "1e-320", 1e-19, "1e19"])
def test_a_price_or_amount_that_is_not_plausible_is_none(value: Any) -> None:
    assert positive(value) is None
    assert positive("1e-12") == 1e-12


def test_trades_are_oldest_first_with_the_takers_side() -> None:
    rows = [trade("c", time=str(NOW)), trade("b", side="Sell", time=str(NOW)), trade("a")]
    trades = read_trades(rows, BYBIT.trade, "BTCUSDT", STAMP)
    assert list(trades.ids) == ["a", "b", "c"]
    assert trades.side.tolist() == [1, -1, 1]
    assert trades.time_ms.tolist() == [NOW - 1000, NOW, NOW]


def test_the_taker_sold_when_the_buyer_was_the_maker() -> None:
    row = {"id": 7, "price": "5", "qty": "1", "time": NOW, "isBuyerMaker": True}
    trades = read_trades([row, {**row, "id": 8, "isBuyerMaker": False}], BINANCE.trade, "BTCUSDT", STAMP)
    assert trades.side.tolist() == [-1, 1]


def test_only_bad_trades_are_refused_and_they_are_counted_by_reason() -> None:
    before = {reason: refused(reason) for reason in ("trade_number", "trade_side", "trade_time", "trade_duplicate")}
    rows = [
        trade("a"),
        trade("a"),
        trade("b", price="NaN"),
        trade("c", size="-1"),
        trade("d", side="None"),
        trade("e", time=str(NOW + 60_000)),
    ]
    assert list(read_trades(rows, BYBIT.trade, "BTCUSDT", STAMP).ids) == ["a"]
    after = {reason: refused(reason) - count for reason, count in before.items()}
    assert after == {"trade_number": 2, "trade_side": 1, "trade_time": 1, "trade_duplicate": 1}


def test_contracts_are_converted_to_base_units() -> None:
    assert read_trades([trade("a")], BYBIT.trade, "BTCUSDT", STAMP, contract=0.01).size.tolist() == [0.02]


@given(st.lists(st.fixed_dictionaries({"execId": st.one_of(JUNK, st.text()), "time": st.one_of(JUNK, st.just(NOW)),
                                       "price": st.one_of(JUNK, PRICES), "size": st.one_of(JUNK, PRICES),
                                       "side": st.one_of(JUNK, st.sampled_from(["Buy", "Sell"]))}) | JUNK))  # fmt: skip
def test_any_rows_give_finite_trades_or_an_exchange_error(rows: list[Any]) -> None:
    try:
        trades = read_trades(rows, BYBIT.trade, "BTCUSDT", STAMP)
    except ExchangeError:
        return
    assert np.all(trades.price > 0)
    assert np.all(np.isfinite(trades.size))
    assert set(trades.side) <= {1.0, -1.0}
    assert len(set(trades.ids)) == len(trades.ids) > 0


def test_no_trades_are_empty_data_and_unreadable_trades_are_bad_data() -> None:
    with pytest.raises(EmptyData):
        read_trades([], BYBIT.trade, "BTCUSDT", STAMP)
    with pytest.raises(BadData):
        read_trades([trade("a", price="x")], BYBIT.trade, "BTCUSDT", STAMP)
    with pytest.raises(BadData):
        read_trades("<html>", BYBIT.trade, "BTCUSDT", STAMP)


def test_bad_levels_of_a_book_are_refused() -> None:
    bids = [["10", "1"], ["9", ""], ["8", "3"], ["7", "-1"], ["6", "2"], ["5", "1"]]
    book = read_book({"bids": bids, "asks": [["11", "4"]]}, "BTCUSDT", STAMP)
    assert book.bids.tolist() == [[10, 1], [8, 3], [6, 2], [5, 1]]
    assert book.asks.tolist() == [[11, 4]]


@pytest.mark.parametrize(
    ("bids", "asks", "kind"),
    [
        ([], [["11", "1"]], EmptyData),
        ([["10", "1"]], [], EmptyData),
        ([["10", "1"]], None, BadData),
        ([["12", "1"]], [["11", "1"]], BadData),
        ([["11", "1"]], [["11", "1"]], BadData),
        ([["9", "1"], ["10", "1"]], [["11", "1"]], BadData),
        ([["10", "1"]], [["12", "1"], ["11", "1"]], BadData),
        ([["10", "1"], ["10", "1"]], [["11", "1"]], BadData),
        ([["10", "x"], ["9", "x"], ["8", "1"]], [["11", "1"]], BadData),
        ([[], "x", None], [["11", "1"]], BadData),
    ],
)
def test_an_impossible_book_is_refused(bids: Any, asks: Any, kind: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError) as caught:
        read_book({"bids": bids, "asks": asks}, "BTCUSDT", STAMP)
    assert type(caught.value) is kind


def test_rows_of_further_requests_add_missing_fields_only() -> None:
    rates = [{"id": "A-SWAP", "rate": "1", "ts": "5"}, {"id": "B-SWAP", "rate": "2"}]
    marks, indexes = [{"id": "A-SWAP", "mark": "3", "ts": "9"}, {"id": "C-SWAP", "mark": "4"}], [{"id": "A", "index": "6"}]
    assert completed(rates, [(marks, ""), (indexes, "-SWAP")], "id") == {
        "A-SWAP": {"id": "A-SWAP", "rate": "1", "ts": "5", "mark": "3", "index": "6"},
        "B-SWAP": {"id": "B-SWAP", "rate": "2"},
    }
    with pytest.raises(BadData):
        mappings("<html>")


def test_cells_without_names_are_read_by_position_and_a_bad_cell_refuses_its_row() -> None:
    rows = [[str(NOW), "250", "2.5"], [str(NOW - 300_000), "240", "NaN"], [str(NOW - 600_000), "230", "2.3"], ["7"]]
    series = read_series(rows, SeriesNames("0", "2"), "BTCUSDT", STAMP, kind="open_interest", low=0, high=1e18)
    assert series.values.tolist() == [2.3, 2.5]


def test_a_series_is_sorted_without_duplicates_and_future_times() -> None:
    names = SeriesNames("t", "v")
    times = [NOW, NOW - 300_000, NOW, NOW + 300_000, "x"]
    rows = [{"t": t, "v": v} for t, v in zip(times, ("0", "1", "0.0", "3", "4"), strict=True)]
    series = read_series(rows, names, "BTCUSDT", STAMP, kind="funding", low=-9, high=9)
    assert series.time_ms.tolist() == [NOW - 300_000, NOW]
    assert series.values.tolist() == [1, 0]


SOME = st.sampled_from(["1", "2", "x"])


@given(
    st.lists(st.tuples(st.integers(1, 4), SOME, SOME), min_size=1, max_size=9).flatmap(
        lambda r: st.tuples(st.just(r), st.permutations(r))
    )
)
def test_the_result_of_contradictory_rows_does_not_depend_on_their_order(orders: tuple[list[Any], list[Any]]) -> None:
    def trades(rows: list[Any]) -> Any:
        named = [{"execId": str(k), "time": NOW - k, "price": p, "size": s, "side": "Buy"} for k, p, s in rows]
        read = read_trades(named, BYBIT.trade, "BTCUSDT", STAMP)
        return read.ids, read.price.tolist(), read.size.tolist()

    def series(rows: list[Any]) -> Any:
        named = [{"t": NOW - k, "v": value} for k, value, _ in rows]
        read = read_series(named, SeriesNames("t", "v"), "BTCUSDT", STAMP, kind="funding", low=-9, high=9)
        return read.time_ms.tolist(), read.values.tolist()

    def premiums(rows: list[Any]) -> Any:
        named = [{"symbol": str(k), "mark": value, "index": other} for k, value, other in rows]
        return completed(named, [(named, "")], "symbol")

    for read in (trades, series, premiums):
        once, again = (outcome(read, rows) for rows in orders)
        assert once == again


def outcome(read: Callable[[list[Any]], Any], rows: list[Any]) -> Any:
    """Return what `read` returns, or the type of its error."""
    try:
        return read(rows)
    except ExchangeError as error:
        return type(error)


def test_a_zero_beside_unreadable_values_is_refused() -> None:
    names = SeriesNames("t", "v")
    rows = [{"t": NOW - k, "v": value} for k, value in enumerate(["0.01", "0", "0.02"])]
    assert len(read_series(rows, names, "X", STAMP, kind="funding", low=-1, high=1).values) == 3
    rows[0]["v"] = None
    assert read_series(rows, names, "X", STAMP, kind="funding", low=-1, high=1).values.tolist() == [0.02]


def test_two_shares_give_a_ratio_only_if_their_sum_is_one() -> None:
    rows = [
        {"timestamp": NOW, "buyRatio": "0.6", "sellRatio": "0.4"},
        {"timestamp": NOW - 1, "buyRatio": "0.6", "sellRatio": "0.1"},
        {"timestamp": NOW - 2, "buyRatio": "1", "sellRatio": "0"},
    ]
    series = read_series(rows, BYBIT.long_short, "BTCUSDT", STAMP, kind="long_short", low=0, high=1000)
    assert series.values.tolist() == [pytest.approx(1.5)]


def test_rows_of_another_type_are_bad_data() -> None:
    with pytest.raises(BadData):
        mappings("text")
    with pytest.raises(BadData):
        mappings([1, 2])
    assert mappings({"a": {"x": 1}, "b": 2}) == [{"x": 1}]
