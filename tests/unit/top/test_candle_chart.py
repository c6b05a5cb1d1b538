"""The chart of candles: its shapes, its gaps, its axes."""

from __future__ import annotations

from datetime import UTC

from virtuoso.market.v1.candle_pb2 import Candle
from virtuoso.top.candle_chart import candle_chart
from virtuoso.top.context import Context
from virtuoso.top.styles import DOWN, UP
from virtuoso.wire import times

MINUTE_MS = 60_000
CONTEXT = Context(dashboard=None, lost=False, zone=UTC, width=80, height=24)


def candle(minute: int, open_: float, high: float, low: float, close: float) -> Candle:
    return Candle(open_time=times.timestamp(minute * MINUTE_MS), open=open_, high=high, low=low, close=close, volume=1)


def chart(*candles: Candle, price: float | None = None, size: tuple[int, int] = (60, 4)) -> list[str]:
    return [line.plain for line in candle_chart(candles, MINUTE_MS, CONTEXT, size=size, tick_size=0.5, price=price)]


def test_a_candle_has_a_body_and_wicks_in_halves_of_a_line() -> None:
    lines = chart(candle(0, 102, 108, 100, 106))
    assert [line[53] for line in lines[:4]] == ["╽", "┃", "┃", "│"]


def test_a_missing_bar_is_a_gap_and_the_newest_is_at_the_right() -> None:
    lines = chart(candle(0, 100, 108, 100, 108), candle(2, 108, 108, 100, 100))
    assert {line[50:54] for line in lines[:4]} == {" ┃ ┃"}


def test_colours_tell_the_direction() -> None:
    rising, falling = candle(0, 100, 108, 100, 108), candle(1, 108, 108, 100, 100)
    (first, *_) = candle_chart([rising, falling], MINUTE_MS, CONTEXT, size=(40, 4))
    assert [str(span.style) for span in first.spans][:2] == [UP, DOWN]


def test_prices_have_the_tick_size_and_the_current_one_is_marked() -> None:
    lines = chart(candle(0, 100, 108, 100, 108), price=105.2)
    assert lines[0].endswith(" 107.0")
    assert lines[1].endswith("◂105.0")
    assert "◂" not in "".join(chart(candle(0, 100, 108, 100, 108), price=120))


def test_prices_without_a_tick_size_have_five_digits_and_fit() -> None:
    lines = candle_chart([candle(0, 1.41, 1.83, 1.27, 1.52)], MINUTE_MS, CONTEXT, size=(60, 7))
    assert {line.cell_len for line in lines if "1." in line.plain} == {60}


def test_the_axis_names_times_and_their_zone() -> None:
    axis = chart(*(candle(minute, 100, 108, 100, 108) for minute in range(60)))[-1]
    assert axis.endswith(" UTC")
    assert axis.count("╷") == 2
    assert "00:19" in axis


def test_a_market_that_does_not_move_is_a_line_in_the_middle() -> None:
    lines = chart(*(candle(minute, 100, 100, 100, 100) for minute in range(3)))
    assert sum("╻╻╻" in line or "╹╹╹" in line for line in lines) == 1


def test_bars_that_do_not_fit_are_left_out_and_do_not_stretch_the_scale() -> None:
    lines = chart(candle(0, 1, 1, 1, 1), *(candle(minute, 100, 108, 100, 108) for minute in range(100, 200)), size=(40, 4))
    assert " 1.0" not in "".join(lines)
