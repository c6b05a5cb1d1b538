"""The full-screen dashboard: its screens and its keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, ClassVar

import grpc
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Input, Static

from virtuoso.client import Connection, Dashboard, Market, State, failure
from virtuoso.top import prompt
from virtuoso.top.alerts import AlertPane
from virtuoso.top.columns import layout
from virtuoso.top.connection import NO_CONNECTION, RETRY_S
from virtuoso.top.header import ConnectionStatus, MarketHeader
from virtuoso.top.help import HelpScreen
from virtuoso.top.prompt import Prompt
from virtuoso.top.styles import APPLICATION_CSS, DOWN
from virtuoso.top.symbol_screen import SymbolScreen
from virtuoso.top.symbol_table import SymbolTable
from virtuoso.top.table_view import TableView
from virtuoso.top.watchlist import Watchlist
from virtuoso.top.words import DIMENSIONS


class TopApp(App[int]):
    """The terminal dashboard. It returns 0, or NO_CONNECTION when the server never sent data."""

    CSS = APPLICATION_CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort(1)", "Sort"),
        Binding("S", "sort(-1)", "Sort left", show=False),
        Binding("r", "reverse", "Reverse"),
        *(Binding(str(number), f"sort_by_dimension({number})", show=False) for number in range(1, 7)),
        Binding("0", "sort_by_score", show=False),
        Binding("slash", f"ask('{prompt.SEARCH}')", "Search"),
        Binding("m", f"ask('{prompt.MINIMUM}')", "Min"),
        Binding("w", "toggle_watch", "Watch"),
        Binding("W", "watched_only", "Watched", show=False),
        Binding("a", "alerts", "Alerts"),
        Binding("question_mark", "help", "Help"),
        Binding("escape", "clear", "Clear", show=False),
        Binding("q", "leave", "Quit"),
        Binding("ctrl+c,ctrl+q", "leave", "Quit", show=False, priority=True),
    ]

    def __init__(
        self,
        market: Market,
        address: str,
        watchlist: Watchlist,
        symbols: Sequence[str] = (),
        *,
        min_interval_s: float | None = None,
    ) -> None:
        super().__init__()
        self._symbols, self._min_interval_s = symbols, min_interval_s
        self._market, self._address, self._watchlist = market, address, watchlist
        self._dashboard: Dashboard | None = None
        self._connection = Connection(State.CONNECTING)
        self._connection_start = time.monotonic()  # start of the current state
        self._view, self._problem = TableView(), ""

    def compose(self) -> ComposeResult:
        """See Textual."""
        yield MarketHeader()
        yield SymbolTable()
        yield AlertPane(self._market)
        yield Static(id="status")
        yield Prompt()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """See Textual."""
        self.query_one(SymbolTable).focus()
        self.run_worker(self._watch(), group="dashboard")
        self.set_interval(1.0, self.draw)
        self.draw()

    async def _watch(self) -> None:
        while True:
            stream = self._market.watch_dashboard(self._symbols, min_interval_s=self._min_interval_s)
            poll = self.set_interval(0.2, lambda: self._set_connection(stream.connection))  # noqa: B023 - stops with the stream
            try:
                async with aclosing(stream):
                    async for dashboard in stream:
                        self._dashboard = dashboard
                        self._set_connection(stream.connection)
                        self.draw()
            except grpc.aio.AioRpcError as error:  # a retry helps only after a repair of the server
                self._set_connection(Connection(State.LOST, failure(error)))
                await asyncio.sleep(RETRY_S)
            finally:
                poll.stop()

    def _set_connection(self, connection: Connection) -> None:
        if connection.state is not self._connection.state:
            self._connection_start = time.monotonic()
        changed, self._connection = connection != self._connection, connection
        if changed:
            self.draw()

    def draw(self) -> None:
        """Draw the current screen."""
        if not self.screen_stack:
            return
        screen = self.screen if isinstance(self.screen, SymbolScreen) else self.screen_stack[0]
        last = "#symbol" if isinstance(screen, SymbolScreen) else "#status"
        if not (screen.query(MarketHeader) and screen.query(last)):  # not composed yet, or already removed
            return
        status = ConnectionStatus(
            address=self._address,
            connection=self._connection,
            state_age_s=time.monotonic() - self._connection_start,
        )
        if isinstance(screen, SymbolScreen):
            screen.show(self._dashboard, status, watched=screen.symbol in self._watchlist.symbols)
        else:
            self._draw_table(screen, status)

    def _draw_table(self, screen: Screen[Any], status: ConnectionStatus) -> None:
        screen.query_one(MarketHeader).show(self._dashboard, status)
        rows = self._dashboard.rows if self._dashboard else ()
        lost = self._connection.state is State.LOST
        shown = screen.query_one(SymbolTable).show(rows, self._view, self._watchlist.symbols, lost=lost)
        description = self._view.description(shown, len(rows)) if self._dashboard else ""
        screen.query_one("#status", Static).update(Text(self._problem, DOWN) if self._problem else Text(description))
        screen.query_one(AlertPane).draw()

    def _set_view(self, view: TableView) -> None:
        self._view, self._problem = view, ""
        self.draw()

    def _show_problem(self, problem: str) -> None:
        self._problem = problem
        self.draw()

    def on_resize(self, _: Resize) -> None:
        """See Textual."""
        self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        """Draw the table again after another screen has been closed."""
        self.call_after_refresh(self.draw)

    def on_data_table_row_selected(self, _: DataTable.RowSelected) -> None:
        """Open the symbol under the cursor after Enter or a click."""
        symbol = self.query_one(SymbolTable).symbol
        if symbol:
            self.push_screen(SymbolScreen(self._market, symbol))
            self.call_after_refresh(self.draw)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's
        """Allow only the keys of the current screen or input line."""
        if isinstance(self.focused, Input):
            return action in ("clear", "leave")
        if isinstance(self.screen, SymbolScreen):
            return action in ("toggle_watch", "pop_screen", "leave")
        return True

    def action_sort(self, step: int) -> None:
        """Sort by the next column, or by the previous one."""
        self._set_view(self._view.sorted_by_next(layout(self.size.width), step))

    def action_reverse(self) -> None:
        """Reverse the order."""
        self._set_view(replace(self._view, ascending=not self._view.ascending))

    def action_sort_by_dimension(self, number: int) -> None:
        """Sort by a dimension, or reverse its order."""
        self._sort_by(DIMENSIONS[number - 1])

    def action_sort_by_score(self) -> None:
        """Sort by the score, or reverse its order."""
        self._sort_by("score")

    def _sort_by(self, key: str) -> None:
        column = next(each for each in layout(self.size.width) if each.key == key)
        self._set_view(self._view.sorted_by(column))

    def action_ask(self, question: str) -> None:
        """Open the input line."""
        minimum = "" if self._view.min_score is None else f"{self._view.min_score:g}"
        self.query_one(Prompt).ask(question, self._view.search if question == prompt.SEARCH else minimum)

    def on_input_changed(self, changed: Input.Changed) -> None:
        """Search while the user types."""
        line = self.query_one(Prompt)
        if line.question == prompt.SEARCH and line.is_open:
            self._set_view(replace(self._view, search=changed.value.strip()))

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        """Apply the input and close the input line, or show why the input is invalid."""
        if self.query_one(Prompt).question == prompt.MINIMUM:
            try:
                minimum = prompt.minimum_score(submitted.value)
            except ValueError as error:
                self._show_problem(str(error))
                return
            self._set_view(replace(self._view, min_score=minimum))
        self._close_prompt()

    def action_clear(self) -> None:
        """Close the input line, or show all rows again if it is already closed."""
        line = self.query_one(Prompt)
        if line.is_open:
            if line.question == prompt.SEARCH:
                self._set_view(replace(self._view, search=""))
            self._close_prompt()
        else:
            self._set_view(replace(self._view, search="", min_score=None, watched_only=False))

    def _close_prompt(self) -> None:
        self._problem = ""
        self.query_one(Prompt).close()
        self.query_one(SymbolTable).focus()

    def action_toggle_watch(self) -> None:
        """Mark or unmark the symbol."""
        symbol = self.screen.symbol if isinstance(self.screen, SymbolScreen) else self.query_one(SymbolTable).symbol
        if not symbol:
            return
        try:
            self._watchlist.toggle(symbol)
        except OSError as error:
            self._show_problem(f"The watchlist cannot be saved: {error}")
        self.draw()

    def action_watched_only(self) -> None:
        """Toggle between marked symbols and all symbols."""
        self._set_view(replace(self._view, watched_only=not self._view.watched_only))

    def action_alerts(self) -> None:
        """Show or hide the alerts."""
        pane = self.query_one(AlertPane)
        pane.start()
        pane.toggle_class("open")
        self.draw()

    def action_help(self) -> None:
        """Show the help."""
        self.push_screen(HelpScreen())

    def action_leave(self) -> None:
        """Quit."""
        self.exit(NO_CONNECTION if self._dashboard is None else 0)
