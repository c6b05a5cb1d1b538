"""The table of symbols."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.top.bars import bar
from virtuoso.top.columns import BAR_WIDTH, CellStyle, Column, layout
from virtuoso.top.moves import ROSE, Marks, Moves
from virtuoso.top.styles import BAR_STYLES, CELL_STYLES
from virtuoso.top.table import Table, fitted
from virtuoso.top.table_view import TableView
from virtuoso.top.words import DASH

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow

STAR = "★"
HOLD_S = 30.0  # the time for which an order holds


class SymbolTable(Table):
    """The table of the rows that a TableView selects. Its keys are symbols.

    The order holds for HOLD_S, unless the user chooses another one or other symbols are shown."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._drawn: tuple[Sequence[ConfluenceRow], Sequence[Column], TableView, frozenset[str], bool, Marks] | None = None
        self.clock, self._moves, self._ranked = clock, Moves(), 0.0

    def show(self, rows: Sequence[ConfluenceRow], view: TableView, watchlist: frozenset[str], *, lost: bool) -> int:
        """Draw the rows, in grey when the connection is `lost`. Return the number of rows shown."""
        columns = layout(self.app.size.width)
        marks = self._moves.marks(rows, columns, self.clock())
        before, self._drawn = self._drawn, (rows, columns, view, watchlist, lost, marks)
        if before is not None and before[0] is rows and before[1:] == self._drawn[1:]:
            return self.row_count
        shown = {row.symbol: row for row in view.rows(rows, columns, watchlist)}
        same_view = before is not None and before[1:3] == (columns, view)
        if same_view and self.clock() - self._ranked < HOLD_S and shown.keys() == set(self._keys):
            shown = {symbol: shown[symbol] for symbol in self._keys}
        else:
            self._ranked = self.clock()
        self.fill(
            [(column.key, _title(column, view), column.width) for column in columns],
            {
                symbol: [_cell(column, row, watchlist, marks, lost=lost) for column in columns]
                for symbol, row in shown.items()
            },
            keep_place=before is not None and before[2] == view,
        )
        return self.row_count


def _title(column: Column, view: TableView) -> Text:
    mark = ("▲" if view.ascending else "▼") if column.key == view.column else ""
    before = " " if column.has_bar else ""  # the title is above the number, not above the bar
    title = Text(f"{before}{mark or before}{column.title}", "bold" if mark else "", no_wrap=True)
    return fitted(title, column.width, left=column.left or column.has_bar)


def _cell(column: Column, row: ConfluenceRow, watchlist: Container[str], marks: Marks, *, lost: bool) -> Text:
    text = column.text(row)
    style = CellStyle.FAINT if lost or text == DASH else column.style(row)
    if column.key == "symbol" and row.symbol in watchlist:
        text = f"{STAR}{text}"
    # The style is a span, because texts with different base styles compare as equal.
    cell = Text(no_wrap=True)
    mark = marks.get((row.symbol, column.key), "")
    if mark and not lost and len(text) < column.width:
        cell.append(mark, CELL_STYLES[CellStyle.UP if mark == ROSE else CellStyle.DOWN])
    cell.append(text, CELL_STYLES[style])
    if column.has_bar:
        value = column.value(row)
        cell.append(f" {bar(value if isinstance(value, float) else None, BAR_WIDTH)}", BAR_STYLES[style])
    return fitted(cell, column.width, left=column.left)
