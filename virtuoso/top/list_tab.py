"""A tab with a list, and the details of the row under its cursor below it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import DataTable, TabPane

from virtuoso.top import words
from virtuoso.top.context import Context
from virtuoso.top.lists.listing import Content, Entry, Listing
from virtuoso.top.styles import DOWN, FAINT
from virtuoso.top.table import Table, fitted
from virtuoso.top.text_box import TextBox


class ListTab(TabPane):
    """The tab of one list. The list is read only while the tab is shown."""

    def __init__(self, title: str, listing: Listing, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(title, id=id)
        self._listing = listing
        self._entries: Mapping[str, Entry] = {}
        self._shown: Context | None = None
        self._due = 0.0  # the time of the next reading

    def compose(self) -> ComposeResult:
        """See Textual."""
        yield TextBox(classes="summary")
        yield Table()
        with VerticalScroll(classes="detail", can_focus=False):
            yield TextBox()

    @property
    def symbol(self) -> str:
        """The symbol under the cursor; "" when there is none."""
        entry = self._entries.get(self.query_one(Table).key)
        return entry.symbol if entry else ""

    @property
    def has_windows(self) -> bool:
        """Whether the list has windows of time."""
        return self._listing.has_windows

    def turn(self, step: int) -> None:
        """Choose the next window of time."""
        self._listing.turn(step)

    def toggle_group(self) -> bool:
        """Show or hide the rows that the row under the cursor stands for. Return False when it stands for none."""
        return self._listing.toggle_group(self.query_one(Table).key)

    def show(self, context: Context) -> None:
        """Draw the list, in grey without a connection. Read it again when it is time."""
        self._shown = context
        if not self.query(".detail TextBox"):  # not composed yet, or already removed
            return
        if time.monotonic() >= self._due:
            self._due = float("inf")
            self.run_worker(self._read(), group="list")
        content = self._listing.content(context)
        self._entries = {entry.key: entry for entry in content.entries}
        self._draw_summary(content)
        self.query_one(Table).fill(
            [
                (f"{at}", fitted(Text(each.title), each.width, left=each.left), each.width)
                for at, each in enumerate(content.columns)
            ],
            {
                entry.key: [
                    fitted(Text().append(text.plain, FAINT) if context.lost else text, column.width, left=column.left)
                    for column, text in zip(content.columns, entry.cells, strict=False)
                ]
                for entry in content.entries
            },
        )
        self._draw_detail()

    async def _read(self) -> None:
        try:
            await self._listing.read()
        finally:
            self._due = time.monotonic() + self._listing.period_s
        if self._shown is not None:
            self.show(self._shown)

    def _draw_summary(self, content: Content) -> None:
        lines = [content.summary] if content.summary else []
        if content.problem:
            lines.append(Text(content.problem, DOWN))
        elif not content.entries:
            lines.append(Text(content.empty or words.LOADING, FAINT))
        self.query_one(".summary", TextBox).put(Text("\n").join(lines))

    def _draw_detail(self) -> None:
        entry = self._entries.get(self.query_one(Table).key)
        detail = entry.detail if entry else Text()
        box = self.query_one(".detail")
        box.display = bool(detail)
        if self._shown is not None and self._shown.lost:
            detail = Text().append(detail.plain, FAINT)
        box.query_one(TextBox).put(detail)

    def on_data_table_row_highlighted(self, _: DataTable.RowHighlighted) -> None:
        """Show the details of the row under the cursor."""
        self._draw_detail()
