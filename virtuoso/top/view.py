"""Which rows are shown, and in which order."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow
    from virtuoso.top.columns import Column, Value


@dataclass(frozen=True, slots=True)
class View:
    """What the user chose. `column` is a Column's key; `watched`: only those of the watchlist."""

    column: str = "score"
    ascending: bool = False
    search: str = ""
    min_score: float | None = None
    watched: bool = False

    def sorted_by(self, column: Column) -> View:
        """By that column, or the other way round where it is that column already."""
        if column.key == self.column:
            return replace(self, ascending=not self.ascending)
        return replace(self, column=column.key, ascending=column.ascending)

    def moved(self, columns: Sequence[Column], step: int) -> View:
        """By the column so many to the right."""
        keys = [column.key for column in columns]
        at = keys.index(self.column) if self.column in keys else 0
        return self.sorted_by(columns[(at + step) % len(columns)])

    def rows(
        self, rows: Iterable[ConfluenceRow], columns: Sequence[Column], watchlist: Container[str]
    ) -> list[ConfluenceRow]:
        """Those that were asked for. Rows without the value come last either way, ties go by symbol, as in the contract."""
        wanted = self.search.upper()
        found = [
            row
            for row in rows
            if wanted in row.symbol
            and (self.min_score is None or (row.HasField("score") and row.score >= self.min_score))
            and (not self.watched or row.symbol in watchlist)
        ]
        by = next((column for column in columns if column.key == self.column), columns[1])
        found.sort(key=lambda row: row.symbol)
        found.sort(key=lambda row: _comparable(by.value(row)), reverse=not self.ascending)
        return sorted(found, key=lambda row: by.value(row) is None)


def _comparable(value: Value) -> tuple[float, str]:
    if value is None:
        return 0.0, ""
    return (0.0, value) if isinstance(value, str) else (value, "")
