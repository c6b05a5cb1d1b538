"""The table of symbols."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from virtuoso.top.columns import BAR_WIDTH, CellStyle, Column, bar, layout
from virtuoso.top.moves import ROSE, Marks, Moves
from virtuoso.top.styles import BAR_STYLES, CELL_STYLES
from virtuoso.top.table_view import TableView
from virtuoso.top.words import DASH

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow

STAR = "★"
HOLD_S = 30.0  # the time for which an order holds


class SymbolTable(DataTable[Text]):
    """The table of the rows that a TableView selects.

    Only changed cells are drawn again. The cursor stays on its symbol. The order holds for HOLD_S, unless the user chooses
    another one or other symbols are shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Symbol", key_display="⏎"),
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("home,g", "scroll_top", show=False),
        Binding("end,G", "scroll_bottom", show=False),
    ]

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(cursor_type="row", cell_padding=0, cursor_foreground_priority="renderable")
        self._drawn: tuple[Sequence[ConfluenceRow], Sequence[Column], TableView, frozenset[str], bool, Marks] | None = None
        self.clock, self._moves, self._ranked = clock, Moves(), 0.0
        self._symbols: list[str] = []

    @property
    def symbol(self) -> str:
        """The symbol under the cursor; "" when there is none."""
        return self._symbols[self.cursor_row] if 0 <= self.cursor_row < len(self._symbols) else ""

    def show(self, rows: Sequence[ConfluenceRow], view: TableView, watchlist: frozenset[str], *, lost: bool) -> int:
        """Draw the rows, in grey when the connection is `lost`. Return the number of rows shown."""
        columns = layout(self.app.size.width)
        marks = self._moves.marks(rows, columns, self.clock())
        before, self._drawn = self._drawn, (rows, columns, view, watchlist, lost, marks)
        if before is not None and before[0] is rows and before[1:] == self._drawn[1:]:
            return len(self._symbols)
        shown = view.rows(rows, columns, watchlist)
        same_view = before is not None and before[1:3] == (columns, view)
        if same_view and self.clock() - self._ranked < HOLD_S and {row.symbol for row in shown} == set(self._symbols):
            by_symbol = {row.symbol: row for row in shown}
            shown = [by_symbol[symbol] for symbol in self._symbols]
        else:
            self._ranked = self.clock()
        symbols = [row.symbol for row in shown]
        cells = [[_cell(column, row, watchlist, marks, lost=lost) for column in columns] for row in shown]
        with self.app.batch_update():
            if same_view and symbols == self._symbols:
                self._update_cells(columns, cells)
            else:
                keep_place = before is not None and before[2] == view
                self._rebuild(columns, view, symbols, cells, keep_place=keep_place)
        return len(symbols)

    def _update_cells(self, columns: Sequence[Column], cells: list[list[Text]]) -> None:
        for symbol, line in zip(self._symbols, cells, strict=True):
            for column, cell in zip(columns, line, strict=True):
                if self.get_cell(symbol, column.key) != cell:
                    self.update_cell(symbol, column.key, cell)

    def _rebuild(
        self, columns: Sequence[Column], view: TableView, symbols: list[str], cells: list[list[Text]], *, keep_place: bool
    ) -> None:
        """Draw the whole table. Unless `keep_place`, the cursor and the scroll position go to the top."""
        symbol, row, scroll = (self.symbol, self.cursor_row, self.scroll_y) if keep_place else ("", 0, 0.0)
        self.clear(columns=True)
        for column in columns:
            mark = ("▲" if view.ascending else "▼") if column.key == view.column else ""
            self.add_column(_title(column, mark), key=column.key, width=column.width)
        for key, line in zip(symbols, cells, strict=True):
            self.add_row(*line, key=key)
        self._symbols = symbols
        if symbols:
            self.move_cursor(row=symbols.index(symbol) if symbol in symbols else min(row, len(symbols) - 1), scroll=False)
            self.call_after_refresh(self.scroll_to, y=scroll, animate=False, immediate=True)


def _title(column: Column, mark: str) -> Text:
    before = " " if column.has_bar else ""  # the title is above the number, not above the bar
    title = Text(f"{before}{mark or before}{column.title}", "bold" if mark else "", no_wrap=True)
    return _aligned(title, replace(column, left=column.left or column.has_bar))


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
        cell.append(f" {bar(value) if isinstance(value, float) else '':{BAR_WIDTH}}", BAR_STYLES[style])
    return _aligned(cell, column)


def _aligned(text: Text, column: Column) -> Text:
    """Return the text with exactly the width of its column."""
    text.truncate(column.width, overflow="ellipsis")
    if column.left:
        text.pad_right(column.width - text.cell_len)
    else:
        text.pad_left(column.width - text.cell_len)
    return text
