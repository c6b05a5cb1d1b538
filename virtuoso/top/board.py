"""The table of symbols."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from virtuoso.top.columns import BAR, Column, Tone, bar, layout
from virtuoso.top.styles import BARS, TONES
from virtuoso.top.view import View
from virtuoso.top.words import DASH

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow

STAR = "★"


class Board(DataTable[Text]):
    """Shows rows as a View has them. What did not change is not drawn again, and the cursor stays on its symbol."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Symbol", key_display="⏎"),
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("home,g", "scroll_top", show=False),
        Binding("end,G", "scroll_bottom", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row", cell_padding=0, cursor_foreground_priority="renderable")
        self._drawn: tuple[Sequence[ConfluenceRow], Sequence[Column], View, frozenset[str], bool] | None = None
        self._symbols: list[str] = []

    @property
    def symbol(self) -> str:
        """The one under the cursor; empty when there is none."""
        return self._symbols[self.cursor_row] if 0 <= self.cursor_row < len(self._symbols) else ""

    def show(self, rows: Sequence[ConfluenceRow], view: View, watchlist: frozenset[str], *, lost: bool) -> int:
        """Draw; the number of rows that the view has left."""
        columns = layout(self.app.size.width)
        before, self._drawn = self._drawn, (rows, columns, view, watchlist, lost)
        if before is not None and before[0] is rows and before[1:] == self._drawn[1:]:
            return len(self._symbols)
        found = view.rows(rows, columns, watchlist)
        symbols = [row.symbol for row in found]
        cells = [[_cell(column, row, watchlist, lost=lost) for column in columns] for row in found]
        with self.app.batch_update():
            if before is not None and before[1:3] == (columns, view) and symbols == self._symbols:
                self._renew(columns, cells)
            else:
                same_view = before is not None and before[2] == view
                self._rebuild(columns, view, symbols, cells, keep=same_view)
        return len(symbols)

    def _renew(self, columns: Sequence[Column], cells: list[list[Text]]) -> None:
        for symbol, line in zip(self._symbols, cells, strict=True):
            for column, cell in zip(columns, line, strict=True):
                if self.get_cell(symbol, column.key) != cell:
                    self.update_cell(symbol, column.key, cell)

    def _rebuild(
        self, columns: Sequence[Column], view: View, symbols: list[str], cells: list[list[Text]], *, keep: bool
    ) -> None:
        """`keep`: the cursor stays on its symbol and nothing scrolls; else both go to the top."""
        under, row, scroll = (self.symbol, self.cursor_row, self.scroll_y) if keep else ("", 0, 0.0)
        self.clear(columns=True)
        for column in columns:
            mark = ("▲" if view.ascending else "▼") if column.key == view.column else ""
            self.add_column(_head(column, mark), key=column.key, width=column.width)
        for symbol, line in zip(symbols, cells, strict=True):
            self.add_row(*line, key=symbol)
        self._symbols = symbols
        if symbols:
            self.move_cursor(row=symbols.index(under) if under in symbols else min(row, len(symbols) - 1), scroll=False)
            self.call_after_refresh(self.scroll_to, y=scroll, animate=False, immediate=True)


def _head(column: Column, mark: str) -> Text:
    before = " " if column.barred else ""  # above the number, not above the bar
    title = Text(f"{before}{mark or before}{column.title}", "bold" if mark else "", no_wrap=True)
    return _placed(title, replace(column, left=column.left or column.barred))


def _cell(column: Column, row: ConfluenceRow, watchlist: Container[str], *, lost: bool) -> Text:
    text = column.text(row)
    tone = Tone.FAINT if lost or text == DASH else column.tone(row)
    if column.key == "symbol" and row.symbol in watchlist:
        text = f"{STAR}{text}"
    # as a span: two texts that differ in their base style alone count as equal
    cell = Text(no_wrap=True).append(text, TONES[tone])
    if column.barred:
        value = column.value(row)
        cell.append(f" {bar(value) if isinstance(value, float) else '':{BAR}}", BARS[tone])
    return _placed(cell, column)


def _placed(text: Text, column: Column) -> Text:
    """As wide as its column."""
    text.truncate(column.width, overflow="ellipsis")
    if column.left:
        text.pad_right(column.width - text.cell_len)
    else:
        text.pad_left(column.width - text.cell_len)
    return text
