"""A series as a line of blocks. A time without a value stays empty. Nothing is drawn between measured values."""

from __future__ import annotations

import math
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(points: Sequence[tuple[float, float | None]], step: float, max_cells: int) -> str:
    """Return (time, value) points as blocks in at most `max_cells` cells. The blocks are scaled from minimum to maximum.

    There is at most one point in each step. Steps begin at multiples of `step`. A cell shows its last value. A value of None
    is not drawn.
    """
    by_step = {int(time // step): value for time, value in points}
    measured = {index: value for index, value in sorted(by_step.items()) if value is not None}
    if not measured:
        return ""
    first, last = min(by_step), max(by_step)
    steps_per_cell = math.ceil((last - first + 1) / max_cells)
    least, most = min(measured.values()), max(measured.values())
    line = [" "] * math.ceil((last - first + 1) / steps_per_cell)
    for index, value in measured.items():
        height = (value - least) / (most - least) if most > least else 0.5
        line[(index - first) // steps_per_cell] = BLOCKS[min(len(BLOCKS) - 1, int(height * len(BLOCKS)))]
    return "".join(line)
