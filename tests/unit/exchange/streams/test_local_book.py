"""A book from a snapshot and changes is the book of a plain model, or absent. Its flow compares sizes at equal prices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.test_rows import refused
from virtuoso.exchange.streams.local_book import LocalBook

T0 = 1_760_000_000_000
Levels = list[list[str]]
BIDS: Levels = [["99", "2"], ["98", "3"]]
ASKS: Levels = [["101", "4"], ["102", "5"]]


def book_of(bids: Any = BIDS, asks: Any = ASKS, **more: Any) -> LocalBook:
    book = LocalBook("BTCUSDT", **more)
    assert book.snapshot(bids, asks, T0, T0 + 5) is None
    return book


def sides(book: LocalBook, levels: int = 50) -> tuple[list[list[float]], list[list[float]]]:
    found = book.book(levels)
    assert found is not None
    return found.bids.tolist(), found.asks.tolist()


def test_a_snapshot_gives_both_sides_best_first() -> None:
    book = book_of(BIDS[::-1], ASKS[::-1], contract=0.5)
    assert sides(book) == ([[99, 1], [98, 1.5]], [[101, 2], [102, 2.5]])
    assert sides(book, 1) == ([[99, 1]], [[101, 2]])


def test_changes_set_add_and_remove_levels() -> None:
    book = book_of()
    assert book.change([["99", "0"], ["98.5", "7"], ["98", "1"]], [["101", "9"]], T0 + 20, T0 + 30) is None
    assert sides(book) == ([[98.5, 7], [98, 1]], [[101, 9], [102, 5]])
    found = book.book(1)
    assert found is not None
    assert (found.stamp.observed_ms, found.stamp.received_ms) == (T0 + 20, T0 + 30)


@pytest.mark.parametrize(
    ("bids", "asks", "reason"),
    [
        ([["101", "1"]], [], "crossed"),
        ([["99", "0"], ["98", "0"]], [], "empty"),
        ([["NaN", "1"]], [], "number"),
        ([["97", "NaN"]], [], "number"),
        ([["97", "-1"]], [], "number"),
        ([["0", "1"]], [], "number"),
        ([["97", ""]], [], "number"),
        ([["97", None]], [], "number"),
        ([["97", True]], [], "number"),
        ([["97", "1e19"]], [], "number"),
        ([["97", "1e-19"]], [], "number"),
        ([["97", "Infinity"]], [], "number"),
        ([["97", "1_0"]], [], "number"),
        ([["97", "1,2"]], [], "number"),
        ([["97", "[1]"]], [], "number"),
        ([["97", "true"]], [], "number"),
        ([["97"]], [], "number"),
        ([["97", "1", "2"]], [], "number"),
        (["97"], [], "number"),
        ({"97": "1"}, [], "number"),
    ],
)
def test_a_wrong_change_drops_the_book_and_is_counted(bids: Any, asks: Any, reason: str) -> None:
    book = book_of()
    before = refused(f"book_{reason}")
    assert book.change(bids, asks, T0 + 20, T0 + 20) == reason
    assert refused(f"book_{reason}") == before + 1
    assert not book
    assert (book.book(50), book.flow()) == (None, None)
    assert book.change([["99", "1"]], [], T0 + 40, T0 + 40) is None
    assert not book


@pytest.mark.parametrize(
    ("bids", "reason"),
    [([], "empty"), ([["99", "0"]], "number"), ([["99", "1"], ["99", "2"]], "number"), ([["101", "1"]], "crossed")],
)
def test_a_wrong_snapshot_gives_no_book(bids: Levels, reason: str) -> None:
    book = book_of()
    assert book.snapshot(bids, ASKS, T0 + 1, T0 + 1) == reason
    assert not book


def test_a_time_that_runs_backwards_drops_the_book_but_a_snapshot_may_be_older() -> None:
    book = book_of()
    assert book.change(BIDS, [], T0 - 100, T0) is None
    assert book.change(BIDS, [], T0 - 101, T0) == "backwards"
    assert book.snapshot(BIDS, ASKS, T0 - 1_000, T0) is None


def test_numbers_of_other_forms_are_read() -> None:
    assert sides(book_of([[99, 2.5], [98.5, "1e0"]], [["101", "+4"]])) == ([[99, 2.5], [98.5, 1]], [[101, 4]])


@pytest.mark.parametrize("change", [([["99", "0"]], []), ([["97", "1"]], []), ([], [["101", "0"]])])
def test_a_full_side_keeps_its_number_of_levels(change: tuple[Levels, Levels]) -> None:
    assert book_of(depth=2).change(*change, T0, T0) == "depth"
    assert book_of().change(*change, T0, T0) is None


def test_a_level_that_replaces_another_keeps_a_full_side() -> None:
    book = book_of(depth=2)
    assert book.change([["99", "0"], ["97", "1"]], [], T0, T0) is None
    assert sides(book)[0] == [[98, 3], [97, 1]]


@pytest.mark.parametrize(
    ("bids", "asks", "flow"),
    [
        ([["99", "5"]], [], 3.0),  # 3 were added to the best bid
        ([["99.5", "6"]], [], 6.0),  # a better bid
        ([["99", "0"]], [], -2.0),  # the best bid of 2 is gone
        ([], [["101", "5"]], -1.0),  # 1 was added to the best ask
        ([], [["100", "6"]], -6.0),  # a better ask
        ([], [["101", "0"]], 4.0),  # the best ask of 4 is gone
        ([["98", "9"]], [["102", "9"]], 0.0),  # the best levels did not change
    ],
)
def test_flow_compares_sizes_at_equal_prices(bids: Levels, asks: Levels, flow: float) -> None:
    book = book_of()
    book.change(bids, asks, T0 + 20, T0 + 20)
    found = book.flow()
    assert found is not None
    assert (found.flow.tolist(), found.time_ms.tolist(), found.complete_since_ms) == ([flow], [T0 + 20], T0)


def test_flow_is_summed_by_second_within_the_last_minute() -> None:
    book = book_of()
    for ms in range(250, 70_001, 250):
        book.change([["99", str(2 + ms / 250)]], [], T0 + ms, T0 + ms)
    found = book.flow()
    assert found is not None
    assert found.time_ms.tolist() == [T0 + ms for ms in range(11_000, 70_001, 1_000)]
    assert found.flow.tolist() == [4.0] * 60
    assert found.depth[-1] == np.mean([(2 + k + 4) / 2 for k in (277, 278, 279, 280)])


def test_a_new_snapshot_begins_the_flow_again() -> None:
    book = book_of()
    book.change([["99", "5"]], [], T0 + 20, T0 + 20)
    book.snapshot(BIDS, ASKS, T0 + 2_000, T0 + 2_000)
    found = book.flow()
    assert found is not None
    assert (len(found.flow), found.complete_since_ms) == (0, T0 + 2_000)


sizes = st.integers(0, 9)
changes = st.lists(
    st.tuples(st.dictionaries(st.integers(2, 50), sizes), st.dictionaries(st.integers(51, 99), sizes)), max_size=30
)


def rows(levels: dict[int, int]) -> Levels:
    return [[str(price), str(size)] for price, size in levels.items()]


@given(changes)
def test_any_changes_give_the_book_of_a_plain_model(steps: list[tuple[dict[int, int], dict[int, int]]]) -> None:
    model: tuple[dict[int, int], dict[int, int]] = {1: 1}, {100: 1}
    book = book_of([["1", "1"]], [["100", "1"]])
    for ms, step in enumerate(steps):
        assert book.change(rows(step[0]), rows(step[1]), T0 + ms, T0) is None
        for side, change in zip(model, step, strict=True):
            side.update(change)
    bids, asks = ({price: size for price, size in side.items() if size} for side in model)
    assert sides(book, 100) == ([[p, bids[p]] for p in sorted(bids, reverse=True)], [[p, asks[p]] for p in sorted(asks)])


@given(changes)
def test_the_flow_of_a_mirrored_book_is_opposite(steps: list[tuple[dict[int, int], dict[int, int]]]) -> None:
    book, mirror = book_of([["1", "1"]], [["100", "1"]]), book_of([["100", "1"]], [["199", "1"]])
    for ms, (bids, asks) in enumerate(steps):
        book.change(rows(bids), rows(asks), T0 + ms * 300, T0)
        mirrored = [{200 - price: size for price, size in side.items()} for side in (asks, bids)]
        mirror.change(rows(mirrored[0]), rows(mirrored[1]), T0 + ms * 300, T0)
    flow, opposite = book.flow(), mirror.flow()
    assert flow is not None
    assert opposite is not None
    assert flow.flow.tolist() == (-opposite.flow).tolist()
    assert flow.depth.tolist() == opposite.depth.tolist()


def test_changes_beyond_the_levels_of_a_limited_snapshot_are_ignored() -> None:
    book = LocalBook("BTCUSDT")
    assert book.snapshot(BIDS, ASKS, T0, T0, limit=2) is None
    assert book.known_levels == 2
    changes = [["97.9", "1"], ["98", "0"], ["98.1", "6"]], [["102.1", "1"], ["102", "0"], ["101.9", "7"], ["103", "0"]]
    assert book.change(*changes, T0 + 20, T0 + 20) is None
    assert sides(book) == ([[99, 2], [98.1, 6]], [[101, 4], [101.9, 7]])
    assert book.change([["98.1", "0"]], [], T0 + 40, T0 + 40) is None
    assert book.known_levels == 1
    assert book.change([["97.9", "NaN"]], [], T0 + 60, T0 + 60) == "number"


def test_the_whole_book_is_known_when_a_snapshot_has_fewer_levels_than_its_limit() -> None:
    book = LocalBook("BTCUSDT")
    assert book.snapshot(BIDS, [*ASKS, ["103", "1"]], T0, T0, limit=3) is None
    assert book.known_levels == 3
    assert book.change([["1", "5"]], [["110", "5"]], T0, T0) is None
    assert sides(book) == ([[99, 2], [98, 3], [1, 5]], [[101, 4], [102, 5], [103, 1]])
    assert book_of().known_levels == float("inf")


def test_the_flow_goes_on_in_a_new_book() -> None:
    book, renewed = book_of(), LocalBook("BTCUSDT")
    book.change([["99", "5"]], [], T0 + 20, T0 + 20)
    assert renewed.snapshot([["99", "6"]], ASKS, T0 + 1_500, T0 + 1_500) is None
    renewed.continue_flow(book)
    found = renewed.flow()
    assert found is not None
    assert (found.flow.tolist(), found.complete_since_ms) == ([3.0, 1.0], T0)
