"""Which numbers of the table have just risen or fallen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow
    from virtuoso.top.columns import Column

ROSE, FELL = "▲", "▼"
MARKED = frozenset({"price", "score"})  # keys of columns
MARK_S = 1.5
Marks = Mapping[tuple[str, str], str]  # by symbol and key of the column


class Moves:
    """The marks of numbers whose text has just changed. A mark lasts MARK_S."""

    def __init__(self) -> None:
        self._rows: dict[str, ConfluenceRow] = {}
        self._marks: dict[tuple[str, str], tuple[str, float]] = {}

    def marks(self, rows: Sequence[ConfluenceRow], columns: Sequence[Column], now: float) -> Marks:
        """Compare the rows with those before. Return the marks at the monotonic time `now`."""
        marked = [column for column in columns if column.key in MARKED]
        for row in rows:
            before = self._rows.get(row.symbol)
            if before is None or before is row:
                continue
            for column in marked:
                old, new = column.value(before), column.value(row)
                if column.text(before) != column.text(row) and isinstance(old, float) and isinstance(new, float):
                    self._marks[row.symbol, column.key] = (ROSE if new > old else FELL, now + MARK_S)
        self._rows = {row.symbol: row for row in rows}
        self._marks = {place: mark for place, mark in self._marks.items() if mark[1] > now}
        return {place: sign for place, (sign, _) in self._marks.items()}
