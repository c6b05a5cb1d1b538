"""Trades from readings and from a stream: each once, in order, and complete from the stated time on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.domain.model import Stamp, Trades
from virtuoso.market_data.trade_window import MAX_HOLES, MAX_TRADES, WINDOW_MS, TradeWindow

SECOND = 1000


def trades(indices: Sequence[int], step_ms: int = SECOND, *, grouped: int = 1) -> Trades:
    """Return the trades with these numbers. `grouped` trades in a row have the same time."""
    numbers = np.array(indices)
    times = numbers // grouped * step_ms
    return Trades(
        symbol="BTCUSDT",
        ids=tuple(map(str, indices)),
        time_ms=times,
        price=numbers + 100.0,
        size=numbers + 1.0,
        side=np.ones(len(numbers)),
        stamp=Stamp(observed_ms=int(times[-1]), received_ms=int(times[-1])),
    )


def ids(window: TradeWindow) -> list[int]:
    record = window.record()
    assert record is not None
    assert [int(each) + 1.0 for each in record.ids] == record.size.tolist()
    assert np.all(np.diff(record.time_ms) >= 0)
    return [int(each) for each in record.ids]


def since(window: TradeWindow) -> int | None:
    record = window.record()
    return None if record is None else record.complete_since_ms


def test_readings_that_overlap_are_complete_from_the_first_one_on() -> None:
    window = TradeWindow("BTCUSDT")
    assert window.record() is None
    window.read(trades(range(5, 10)))
    window.read(trades(range(9, 15)))
    assert ids(window) == list(range(5, 15))
    assert since(window) == 5 * SECOND + 1


def test_readings_that_do_not_overlap_are_complete_from_the_newer_one_on() -> None:
    window = TradeWindow("BTCUSDT")
    window.read(trades(range(5)))
    window.read(trades(range(8, 12)))
    assert since(window) == 8 * SECOND + 1


def test_a_reading_closes_the_hole_before_the_first_trade_of_a_stream() -> None:
    window = TradeWindow("BTCUSDT")
    window.read(trades(range(5)))
    window.add_streamed(trades([8, 9]), contiguous=False)
    assert since(window) == 8 * SECOND + 1
    unfilled = [window.unfilled]
    window.read(trades(range(3, 11)))
    assert [*unfilled, window.unfilled] == [True, False]
    assert since(window) == 1
    assert ids(window) == list(range(11))


def test_a_reading_that_is_older_than_the_hole_does_not_close_it() -> None:
    window = TradeWindow("BTCUSDT")
    window.add_streamed(trades(range(5)), contiguous=True)
    window.add_streamed(trades([8, 9]), contiguous=False)
    window.read(trades(range(7)))
    assert window.unfilled
    assert since(window) == 8 * SECOND + 1


def test_the_trade_of_a_stream_that_was_read_before_is_no_hole() -> None:
    window = TradeWindow("BTCUSDT")
    window.read(trades(range(10)))
    window.add_streamed(trades([7, 8]), contiguous=False)
    assert not window.unfilled
    assert ids(window) == list(range(10))


def test_after_a_loss_trades_may_be_missing_whatever_the_stream_says() -> None:
    window = TradeWindow("BTCUSDT")
    window.add_streamed(trades([1, 2]), contiguous=True)
    window.lose()
    window.add_streamed(trades([3]), contiguous=True)
    assert since(window) == 3 * SECOND + 1
    window.add_streamed(trades([4]), contiguous=True)
    assert since(window) == 3 * SECOND + 1


def test_trades_older_than_ten_minutes_are_dropped() -> None:
    window = TradeWindow("BTCUSDT")
    for number in range(0, 1000, 10):
        window.add_streamed(trades(range(number, number + 10)), contiguous=True)
    assert ids(window) == list(range(999 - WINDOW_MS // SECOND + 1, 1000))
    assert since(window) == (999 - WINDOW_MS // SECOND) * SECOND + 1


def test_more_trades_than_the_maximum_make_the_complete_time_shorter() -> None:
    window = TradeWindow("BTCUSDT")
    for first in range(0, MAX_TRADES + 1000, 1000):
        window.add_streamed(trades(range(first, first + 1000), step_ms=1), contiguous=True)
    assert ids(window) == list(range(1000, MAX_TRADES + 1000))
    assert since(window) == 1000


def test_of_many_holes_only_the_newest_are_filled() -> None:
    window = TradeWindow("BTCUSDT")
    count = MAX_HOLES + 50
    for index in range(count):
        window.add_streamed(trades([2 * index]), contiguous=False)
    assert len(window._holes) == MAX_HOLES
    assert since(window) == 2 * (count - 1) * SECOND + 1
    window.read(trades(range(2 * count)))
    assert since(window) == 2 * 49 * SECOND + 1, "what is before the forgotten holes stays incomplete"


def test_a_record_that_was_handed_out_never_changes() -> None:
    window = TradeWindow("BTCUSDT")
    window.add_streamed(trades(range(100, 200)), contiguous=True)
    record = window.record()
    assert record is not None
    before = record.size.tolist()
    window.read(trades(range(50, 150)))
    for first in range(200, 5000, 100):
        window.add_streamed(trades(range(first, first + 100)), contiguous=True)
    assert record.size.tolist() == before


def test_a_stream_lacks_only_trades_that_are_older_than_it_may_be_late() -> None:
    window = TradeWindow("BTCUSDT")
    window.add_streamed(trades(range(10)), contiguous=True)
    reading = trades(range(5, 15))
    assert window.lacks(reading, before_ms=12 * SECOND)
    assert not window.lacks(reading, before_ms=10 * SECOND)


@given(st.data())
def test_no_trade_is_missing_after_the_stated_time_in_any_order_of_readings_and_losses(data: st.DataObject) -> None:
    grouped = data.draw(st.integers(1, 4))
    window, told, now = TradeWindow("BTCUSDT"), 0, 1
    for _ in range(data.draw(st.integers(1, 12))):
        now += data.draw(st.integers(0, 30))
        step = data.draw(st.sampled_from(("read", "tell", "skip")))
        if step == "read":
            newest = data.draw(st.integers(max(0, now - 20), now))
            window.read(trades(range(max(0, newest - data.draw(st.integers(0, 25))), newest + 1), grouped=grouped))
        elif told <= now:
            first = told if step == "tell" else data.draw(st.integers(told, now))
            window.add_streamed(trades(range(first, now + 1), grouped=grouped), contiguous=first == told)
            told = now + 1
        record = window.record()
        if record is None:
            continue
        found = ids(window)
        assert len(set(found)) == len(found)
        start_ms = record.complete_since_ms or 0
        expected = [number for number in range(max(found) + 1) if number // grouped * SECOND >= start_ms]
        assert sorted(number for number in found if number // grouped * SECOND >= start_ms) == expected
