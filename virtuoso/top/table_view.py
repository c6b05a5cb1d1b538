"""The selection and the order of the rows in the table."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow
    from virtuoso.top.columns import Column, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """The filters and the sort order that the user chose."""

    column: str = "score"  # key of the Column to sort by
    ascending: bool = False
    search: str = ""
    min_score: float | None = None
    watched_only: bool = False

    def sorted_by(self, column: Column) -> TableView:
        """Return the view sorted by `column`. Reverse the order if the view is already sorted by it."""
        if column.key == self.column:
            return replace(self, ascending=not self.ascending)
        return replace(self, column=column.key, ascending=column.ascending)

    def sorted_by_next(self, columns: Sequence[Column], step: int) -> TableView:
        """Return the view sorted by the column `step` to the right of the current one."""
        keys = [column.key for column in columns]
        position = keys.index(self.column) if self.column in keys else 0
        return self.sorted_by(columns[(position + step) % len(columns)])

    def rows(
        self, rows: Iterable[ConfluenceRow], columns: Sequence[Column], watchlist: Container[str]
    ) -> list[ConfluenceRow]:
        """Return the rows to show. Rows without the value are last in both orders. Equal rows are ordered by symbol."""
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
        """Return the view as text, such as "2 of 44 from score 60, by score ▼"."""
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
