"""Which rows of the table are shown, and in which order."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow
    from virtuoso.top.columns import Column, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """What the user chose."""

    column: str = "score"  # key of the Column to sort by
    ascending: bool = False
    search: str = ""
    min_score: float | None = None
    watched_only: bool = False

    def sorted_by(self, column: Column) -> TableView:
        """Return the view sorted by `column`, in reverse order if it is sorted by it already."""
        if column.key == self.column:
            return replace(self, ascending=not self.ascending)
        return replace(self, column=column.key, ascending=column.ascending)

    def sorted_by_next(self, columns: Sequence[Column], step: int) -> TableView:
        """Return the view sorted by the column `step` to the right of the present one."""
        keys = [column.key for column in columns]
        position = keys.index(self.column) if self.column in keys else 0
        return self.sorted_by(columns[(position + step) % len(columns)])

    def rows(
        self, rows: Iterable[ConfluenceRow], columns: Sequence[Column], watchlist: Container[str]
    ) -> list[ConfluenceRow]:
        """Return the rows to show. Rows without the value come last in either order; ties are in order of symbols."""
        search = self.search.upper()
        shown = [
            row
            for row in rows
            if search in row.symbol
            and (self.min_score is None or (row.HasField("score") and row.score >= self.min_score))
            and (not self.watched_only or row.symbol in watchlist)
        ]
        sort_column = next((column for column in columns if column.key == self.column), columns[1])
        shown.sort(key=lambda row: row.symbol)
        shown.sort(key=lambda row: _comparable(sort_column.value(row)), reverse=not self.ascending)
        return sorted(shown, key=lambda row: sort_column.value(row) is None)

    def description(self, shown: int, total: int) -> str:
        """Return the view in words: "2 of 44 from score 60, by score ▼"."""
        parts = [f"{shown} of {total}"]
        if self.search:
            parts.append(f'with "{self.search.upper()}"')
        if self.min_score is not None:
            parts.append(f"from score {self.min_score:g}")
        if self.watched_only:
            parts.append("marked")
        return f"{' '.join(parts)}, by {self.column} {'▲' if self.ascending else '▼'}"


def _comparable(value: Value) -> tuple[float, str]:
    if value is None:
        return 0.0, ""
    return (0.0, value) if isinstance(value, str) else (value, "")
