"""A value of 0-100 as a bar from the middle, as on the web page."""

from __future__ import annotations


def bar(value: float | None, cells: int) -> str:
    """Return a bar that grows from 50, which is the cell in the middle: to the right above 50, to the left below.

    `cells` is odd. An absent value is a dotted line."""
    side = cells // 2
    if value is None:
        return "·" * cells
    halves = round((min(100.0, max(0.0, value)) - 50) / 50 * side * 2)
    full, rest = divmod(abs(halves), 2)
    right, left = f"{'█' * full}{'▌' * rest}", f"{'▐' * rest}{'█' * full}"
    return f"{left if halves < 0 else '':>{side}}│{right if halves > 0 else '':{side}}"
