"""Closed bars as a chart of candles: one column a bar, half a line as the smallest step. A bar that is missing is a gap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.domain.prices import price_text
from virtuoso.top.styles import DOWN, FAINT, UP

if TYPE_CHECKING:
    from virtuoso.market.v1.candle_pb2 import Candle
    from virtuoso.top.context import Context

WICK, BODY = 1, 2
SIGNS = {  # by what the upper and the lower half of a cell show
    (0, WICK): "╷",
    (WICK, 0): "╵",
    (WICK, WICK): "│",
    (0, BODY): "╻",
    (BODY, 0): "╹",
    (BODY, BODY): "┃",
    (WICK, BODY): "╽",
    (BODY, WICK): "╿",
}
TIME_EVERY = 20  # columns from one time on the axis to the next


def candle_chart(
    candles: Sequence[Candle],
    step_ms: int,
    context: Context,
    *,
    size: tuple[int, int],
    tick_size: float | None = None,
    price: float | None = None,
) -> list[Text]:
    """Return the newest bars as lines, with prices at the right and times below.

    `size` is the width and the height. The line of the current `price` is named too, when it is within the range."""
    width, height = size
    newest_ms = candles[-1].open_time.ToMilliseconds()
    highest = max(candle.high for candle in candles[-width:])
    tick_size = tick_size or 10.0 ** (math.floor(math.log10(highest)) - 4)
    columns = width - 1 - len(price_text(max(highest, price or 0.0), tick_size))
    shown = {
        columns - 1 - (newest_ms - candle.open_time.ToMilliseconds()) // step_ms: candle
        for candle in candles
        if newest_ms - candle.open_time.ToMilliseconds() < columns * step_ms
    }
    low, high = min(each.low for each in shown.values()), max(each.high for each in shown.values())
    scale = _Scale(low, high, 2 * height)
    halves = {column: _halves(candle, scale) for column, candle in shown.items()}
    colours = {column: UP if candle.close >= candle.open else DOWN for column, candle in shown.items()}
    now = None if price is None or not low <= price <= high else height - 1 - scale.place(price) // 2
    lines = []
    for line in range(height):
        at = 2 * (height - 1 - line)
        signs = {column: SIGNS[cells[at + 1], cells[at]] for column, cells in halves.items() if cells[at] or cells[at + 1]}
        text = Text()
        for colour, group in groupby(range(columns), key=lambda column: colours[column] if column in signs else ""):
            text.append("".join(signs.get(column, " ") for column in group), colour)
        if line == now and price is not None:
            text.append(f"◂{price_text(price, tick_size)}", "bold")
        elif line in (0, height // 2, height - 1):
            text.append(f" {price_text(scale.price(2 * (height - 1 - line) + 1), tick_size)}", FAINT)
        lines.append(text)
    return [*lines, Text(_times(newest_ms, step_ms, columns, context), FAINT)]


class _Scale:
    """Prices from `low` to `high` as half lines, 0 at the bottom."""

    def __init__(self, low: float, high: float, steps: int) -> None:
        self._low, self.steps = low, steps
        self._step = (high - low) / steps

    def place(self, price: float) -> int:
        """Return the half line of a price."""
        return min(self.steps - 1, int((price - self._low) / self._step)) if self._step > 0 else self.steps // 2

    def price(self, place: int) -> float:
        """Return the price in the lower end of a half line."""
        return self._low + place * self._step


def _halves(candle: Candle, scale: _Scale) -> list[int]:
    halves = [0] * scale.steps
    for low, high, sign in (
        (candle.low, candle.high, WICK),
        (min(candle.open, candle.close), max(candle.open, candle.close), BODY),
    ):
        for place in range(scale.place(low), scale.place(high) + 1):
            halves[place] = sign
    return halves


def _times(newest_ms: int, step_ms: int, columns: int, context: Context) -> str:
    """Return the axis: the opening time of every 20th bar, and the time zone at the end."""
    line = ""
    for column in range(columns - 1 - (columns - 1) // TIME_EVERY * TIME_EVERY, columns - TIME_EVERY // 2, TIME_EVERY):
        text = f"╷{context.clock_ms(newest_ms - (columns - 1 - column) * step_ms)}"
        line = f"{line:{column}}{text}"
    return f"{line:{columns}} {context.zone_name}"
