"""A table with a cursor, for the symbols and for the lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

Heading = tuple[str, Text, int]
"""A column: its key, its title, its width."""


class Table(DataTable[Text]):
    """A table of rows with keys. Only changed cells are drawn again. The cursor stays on its row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Symbol", key_display="⏎"),
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("home,g", "scroll_top", show=False),
        Binding("end,G", "scroll_bottom", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row", cell_padding=0, cursor_foreground_priority="renderable")
        self._headings: Sequence[Heading] = ()
        self._keys: list[str] = []

    @property
    def key(self) -> str:
        """The key of the row under the cursor; "" when there is none."""
        return self._keys[self.cursor_row] if 0 <= self.cursor_row < len(self._keys) else ""

    def fill(self, headings: Sequence[Heading], rows: Mapping[str, Sequence[Text]], *, keep_place: bool = True) -> None:
        """Show these rows. Without `keep_place`, the cursor and the scroll position go to the top."""
        with self.app.batch_update():
            if headings == self._headings and [*rows] == self._keys:
                self._update(headings, rows)
            else:
                self._rebuild(headings, rows, keep_place=keep_place)

    def _update(self, headings: Sequence[Heading], rows: Mapping[str, Sequence[Text]]) -> None:
        for row, cells in rows.items():
            for (column, _, _), cell in zip(headings, cells, strict=True):
                if self.get_cell(row, column) != cell:
                    self.update_cell(row, column, cell)

    def _rebuild(self, headings: Sequence[Heading], rows: Mapping[str, Sequence[Text]], *, keep_place: bool) -> None:
        key, place, scroll = (self.key, self.cursor_row, self.scroll_y) if keep_place else ("", 0, 0.0)
        self.clear(columns=True)
        for column, title, width in headings:
            self.add_column(title, key=column, width=width)
        for row, cells in rows.items():
            self.add_row(*cells, key=row)
        self._headings, self._keys = headings, [*rows]
        if self._keys:
            at = self._keys.index(key) if key in rows else min(place, len(self._keys) - 1)
            self.move_cursor(row=at, scroll=False)
            self.call_after_refresh(self.scroll_to, y=scroll, animate=False, immediate=True)


def fitted(text: Text, width: int, *, left: bool = False) -> Text:
    """Return the text with exactly `width` cells."""
    text.truncate(width, overflow="ellipsis")
    if left:
        text.pad_right(width - text.cell_len)
    else:
        text.pad_left(width - text.cell_len)
    return text
