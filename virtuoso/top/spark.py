"""A series as a line of blocks. A time without a point stays empty: nothing is drawn between what was not measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def spark(points: Sequence[tuple[float, float | None]], start: float, step: float, cells: int) -> str:
    """(time, value) points, at most one in every `step` from `start` on, from the first to the last in at most so many
    cells: the last value of each, None being as no point. Blocks run from the least value to the greatest."""
    by_step = {int((time - start) // step): value for time, value in points}
    measured = {at: value for at, value in sorted(by_step.items()) if value is not None}
    if not measured:
        return ""
    first, last = min(by_step), max(by_step)
    each = math.ceil((last - first + 1) / cells)
    least, most = min(measured.values()), max(measured.values())
    line = [" "] * math.ceil((last - first + 1) / each)
    for at, value in measured.items():
        height = (value - least) / (most - least) if most > least else 0.5
        line[(at - first) // each] = BLOCKS[min(len(BLOCKS) - 1, int(height * len(BLOCKS)))]
    return "".join(line)
