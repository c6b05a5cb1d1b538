"""A requested book and changes fit together, or there is no book. It knows enough levels, or it is requested again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.exchange.test_rows import refused
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.stream_updates import BookUpdate, StreamLost, StreamUpdate
from virtuoso.exchange.streams.depth_book import Change, DepthBook, RequestedBook

T0 = 1_760_000_000_000
BIDS, ASKS = [["99", "2"], ["98", "3"]], [["101", "4"], ["102", "5"]]


def change(previous: int, last: int, bids: Any = (), asks: Any = (), at_ms: int = 0) -> Change:
    return Change(last, previous, list(bids), list(asks), T0 + at_ms, T0 + at_ms + 5)


def requested(last: int, bids: Any = BIDS, asks: Any = ASKS, at_ms: int = 0) -> RequestedBook:
    return RequestedBook(last, list(bids), list(asks), T0 + at_ms, T0 + at_ms + 5)


def lost(updates: Sequence[StreamUpdate]) -> str:
    """Return the reason of a loss, or "" when a book is told."""
    (update,) = updates
    if isinstance(update, StreamLost):
        assert (update.kind, update.symbol) == (InputKind.ORDER_BOOK, "BTCUSDT")
        return update.reason
    assert isinstance(update, BookUpdate)
    return ""


def known(*first: Change, book: RequestedBook | None = None) -> DepthBook:
    found = DepthBook("BTCUSDT")
    for each in first or (change(5, 10),):
        assert not found.change(each)
    assert lost(found.requested(book or requested(10))) == ""
    return found


def sides(book: DepthBook) -> tuple[list[list[float]], list[list[float]]]:
    found = book.local.book(50)
    assert found is not None
    return found.bids.tolist(), found.asks.tolist()


def test_a_book_is_requested_after_the_first_change_and_begins_with_the_change_that_contains_its_id() -> None:
    book = DepthBook("BTCUSDT")
    assert book.wanted_levels(T0) == 0
    for each in (change(5, 10, [["99", "7"]]), change(10, 20, [["98", "8"]]), change(20, 30, [["97", "9"]])):
        assert not book.change(each)
    assert book.wanted_levels(T0) == 100
    assert lost(book.requested(requested(15))) == ""
    assert sides(book)[0] == [[99, 2], [98, 8], [97, 9]]
    assert book.wanted_levels(T0) == 0


@pytest.mark.parametrize("last", [10, 12, 19])
def test_the_first_change_after_the_requested_book_contains_its_id(last: int) -> None:
    book = known(change(5, 10), book=requested(last))
    assert lost(book.change(change(10, 20, [["99", "7"]]))) == ""
    assert sides(book)[0] == [[99, 7], [98, 3]]


def test_a_book_that_is_ahead_of_the_stream_ignores_older_changes() -> None:
    book = known(change(5, 10), book=requested(25))
    assert not book.change(change(10, 20, [["99", "7"]]))
    assert sides(book)[0] == [[99, 2], [98, 3]]
    assert lost(book.change(change(20, 30, [["99", "8"]]))) == ""
    assert sides(book)[0] == [[99, 8], [98, 3]]


def test_a_book_that_is_older_than_the_first_change_is_refused_and_requested_again() -> None:
    book = DepthBook("BTCUSDT")
    book.change(change(5, 10))
    before = refused("book_late")
    assert not book.requested(requested(4))
    assert refused("book_late") == before + 1
    assert book.wanted_levels(T0 + 5) == 100
    assert not book.requested(requested(4))
    assert [book.wanted_levels(T0 + 5 + wait_ms) for wait_ms in (0, 999, 1_000)] == [0, 0, 100]


@pytest.mark.parametrize(("at_ms", "fits"), [(0, True), (75, True), (76, False), (924, False), (925, True), (1_000, True)])
def test_a_book_far_in_time_from_every_change_is_requested_again(at_ms: int, fits: bool) -> None:
    book = DepthBook("BTCUSDT")
    book.change(change(5, 10))
    book.change(change(10, 20, at_ms=1_000))
    before = refused("book_between")
    assert bool(book.requested(requested(15, at_ms=at_ms))) == fits
    assert refused("book_between") == before + (not fits)
    if not fits:
        tried = [bool(book.requested(requested(15, at_ms=at_ms))) for _ in range(4)]
        assert tried == [False, False, False, True]


def test_a_book_of_a_price_beyond_all_known_levels_is_lost_and_requested_with_more_levels() -> None:
    book = known(book=requested(10, ladder(100, 1_000, -1), ladder(100, 1_001, 1)))
    gone = [[price, "0"] for price, _ in ladder(100, 1_000, -1)]
    assert lost(book.change(change(10, 20, gone, [["890", "1"]], at_ms=100))) == "range"
    assert book.wanted_levels(T0 + 105) == 500
    assert lost(book.requested(requested(20, ladder(500, 889, -1), ladder(500, 890, 1), at_ms=100))) == ""


def test_changes_chain_by_the_id_of_the_change_before() -> None:
    book = known()
    assert lost(book.change(change(10, 20, [["99", "7"]], at_ms=100))) == ""
    assert book.has(change(10, 20))
    assert not book.has(change(20, 30))
    assert not book.change(change(10, 20, [["99", "9"]], at_ms=100))
    assert sides(book)[0] == [[99, 7], [98, 3]]
    found = book.local.book(1)
    assert found is not None
    assert found.stamp.observed_ms == T0 + 100


def test_a_change_that_comes_after_its_successor_is_put_in_order() -> None:
    book = known()
    assert not book.change(change(20, 30, [["99", "8"]], at_ms=200))
    assert sides(book)[0] == [[99, 2], [98, 3]]
    assert lost(book.change(change(10, 20, [["99", "7"]], at_ms=100))) == ""
    assert sides(book)[0] == [[99, 8], [98, 3]]


@pytest.mark.parametrize("previous", [12, 17])
def test_a_missing_change_loses_the_book_after_four_more_or_a_second(previous: int) -> None:
    for step_ms, count in ((10, 5), (600, 3)):
        book = known()
        before = refused("book_gap")
        ids = [previous, *range(20, 100, 10)]
        changes = [change(ids[n], ids[n + 1], at_ms=step_ms * (n + 1)) for n in range(count)]
        assert not any(book.change(each) for each in changes[:-1])
        assert lost(book.change(changes[-1])) == "gap"
        assert refused("book_gap") == before + 1
        assert book.local.book(50) is None
        now_ms = changes[-1].received_ms
        assert book.wanted_levels(now_ms) == 100
        assert lost(book.requested(requested(25, [["99", "6"]], at_ms=2 * step_ms))) == ""
        assert sides(book)[0] == [[99, 6]]


@pytest.mark.parametrize(
    ("bids", "asks", "reason"),
    [
        ([["101", "1"]], [], "crossed"),
        ([["97", "NaN"]], [], "number"),
        ([], [["103", "-1"]], "number"),
        ([["99", "0"], ["98", "0"]], [], "empty"),
        (None, [], ""),
        ("x", [], "number"),
    ],
)
def test_a_wrong_change_loses_the_book_until_a_newer_one_is_read(bids: Any, asks: Any, reason: str) -> None:
    book = known()
    assert lost(book.change(Change(20, 10, bids, asks, T0 + 100, T0 + 105))) == reason
    if reason:
        assert book.local.book(50) is None
        assert book.wanted_levels(T0 + 105) == 0
        assert not book.change(change(20, 30, [["98", "1"]], at_ms=200))
        assert book.wanted_levels(T0 + 205) == 100
        assert not book.requested(requested(15))
        assert lost(book.requested(requested(25, at_ms=150))) == ""
        assert sides(book)[0] == [[99, 2], [98, 1]]


def test_a_time_that_runs_backwards_loses_the_book() -> None:
    assert lost(known().change(change(10, 20, [["99", "3"]], at_ms=-101))) == "backwards"


def test_a_wrong_requested_book_gives_no_book_and_keeps_a_known_one() -> None:
    book = DepthBook("BTCUSDT")
    book.change(change(5, 10))
    for wrong in (requested(10, [["101", "1"]]), requested(10, [["99", "NaN"]]), requested(10, [])):
        assert not book.requested(wrong)
        assert book.local.book(50) is None
    assert lost(book.requested(requested(10, at_ms=60_000))) == ""


def test_each_loss_in_a_row_makes_the_wait_for_the_next_request_longer() -> None:
    book, waits, now_ms = known(), [], 0
    for last in range(100, 900, 100):
        assert lost(book.change(change(10 if last == 100 else last - 75, last, "x", at_ms=now_ms))) == "number"
        book.change(change(last, last + 25, at_ms=now_ms))
        received_ms = T0 + now_ms + 5
        waits.append(next(s for s in range(99) if book.wanted_levels(received_ms + 1_000 * s)))
        now_ms += 1_000 * waits[-1]
        book.requested(requested(last + 25, at_ms=now_ms))
    assert waits == [0, 1, 2, 4, 8, 15, 15, 15]


def test_while_no_request_is_due_only_the_newest_change_is_kept() -> None:
    book = DepthBook("BTCUSDT")
    book.change(change(5, 10))
    for _ in range(2):
        book.requested(requested(4))  # the next request is due in a second
    for number in range(1, 9):
        book.change(change(10 * number, 10 * number + 10, at_ms=100 * number))
    assert not book.requested(requested(65, at_ms=600))
    for number in range(9, 200):
        book.change(change(10 * number, 10 * number + 10, at_ms=5_000 + 100 * number))
    assert not book.requested(requested(1_390, at_ms=5_000 + 13_800))
    assert lost(book.requested(requested(1_400, at_ms=5_000 + 13_950))) == ""


def ladder(count: int, best: float, step: int, size: str = "1") -> list[list[str]]:
    return [[str(best + step * level), size] for level in range(count)]


def test_a_book_is_requested_again_with_more_levels_before_too_few_are_known_and_the_known_one_is_used_meanwhile() -> None:
    book = known(book=requested(10, ladder(100, 1_000, -1), ladder(100, 1_001, 1)))
    gone = [[price, "0"] for price, _ in ladder(40, 1_001, 1)]
    assert lost(book.change(change(10, 20, asks=gone, at_ms=10_000))) == ""
    assert book.wanted_levels(T0 + 10_005) == 0
    assert lost(book.change(change(20, 30, asks=[["1041", "0"]], at_ms=10_100))) == ""
    assert book.wanted_levels(T0 + 10_105) == 500
    assert len(sides(book)[1]) == 50
    assert lost(book.change(change(30, 40, asks=[["1042", "9"]], at_ms=10_200))) == ""
    assert lost(book.requested(requested(35, ladder(500, 1_000, -1), ladder(500, 1_042, 1), at_ms=10_150))) == ""
    assert sides(book)[1][0] == [1_042, 9]
    assert book.wanted_levels(T0 + 99_999) == 0
    flow = book.local.flow()
    assert flow is not None
    assert flow.complete_since_ms == T0


def test_a_book_with_too_few_known_levels_is_lost() -> None:
    book = known(book=requested(10, ladder(100, 1_000, -1), ladder(100, 1_001, 1)))
    before = refused("book_range")
    gone = [[price, "0"] for price, _ in ladder(51, 1_000, -1)]
    assert lost(book.change(change(10, 20, gone, at_ms=100))) == "range"
    assert refused("book_range") == before + 1
    assert book.local.book(50) is None
    assert book.wanted_levels(T0 + 5_005) == 500
    assert not book.change(change(20, 30, at_ms=200))
    assert lost(book.requested(requested(25, ladder(500, 900, -1), ladder(500, 1_001, 1), at_ms=200))) == ""


def test_a_book_that_is_known_as_a_whole_may_have_few_levels() -> None:
    book = known(book=requested(10, ladder(99, 1_000, -1), ladder(60, 1_001, 1)))
    gone = [[price, "0"] for price, _ in ladder(98, 1_000, -1)]
    assert lost(book.change(change(10, 20, gone, at_ms=100))) == ""
    assert book.wanted_levels(T0 + 99_999) == 0
    assert len(sides(book)[0]) == 1


Levels = dict[int, int]
EDITS = st.lists(
    st.tuples(st.booleans(), st.integers(1, 30), st.integers(0, 3)), min_size=1, max_size=6
)  # (bid, distance, size)


@given(data=st.data(), events=st.lists(EDITS, min_size=3, max_size=25))
@settings(max_examples=150, deadline=None)
def test_with_lost_doubled_and_swapped_changes_the_book_is_right_or_absent(data: st.DataObject, events: list[Any]) -> None:
    bids: Levels = {100 - level: 1 for level in range(1, 4)}
    asks: Levels = {100 + level: 1 for level in range(1, 4)}
    states, changes = [(dict(bids), dict(asks))], []
    for number, edits in enumerate(events):
        edited: tuple[list[list[str]], list[list[str]]] = [], []
        for is_bid, distance, size in {(e[0], e[1]): e for e in edits}.values():
            side, price = (bids, 100 - distance) if is_bid else (asks, 100 + distance)
            side.pop(price, None)
            if size or not side:
                side[price] = max(size, 1)
            edited[0 if is_bid else 1].append([str(price), str(side.get(price, 0))])
        changes.append(change(10 * number, 10 * number + 10, *edited, at_ms=100 * number))
        states.append((dict(bids), dict(asks)))
    delivered = list(changes)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(delivered) - 2))
        match data.draw(st.sampled_from(["lose", "double", "swap"])):
            case "lose" if len(delivered) > 2:
                del delivered[at]
            case "double":
                delivered.insert(at, delivered[at])
            case "swap":
                delivered[at : at + 2] = delivered[at : at + 2][::-1]
    book = DepthBook("BTCUSDT")
    for each in delivered:
        book.change(each)
        if book.wanted_levels(each.received_ms) and data.draw(st.booleans()):
            number = max(0, each.last // 10 + data.draw(st.integers(-2, 2)))
            number = min(number, len(states) - 1)
            rows = tuple([[str(price), str(size)] for price, size in side.items()] for side in states[number])
            book.requested(requested(10 * number, rows[0], rows[1], at_ms=100 * number))
        found = book.local.book(99)
        if found is not None:
            held = tuple({int(p): int(q) for p, q in side.tolist()} for side in (found.bids, found.asks))
            assert held == states[book._last // 10]
