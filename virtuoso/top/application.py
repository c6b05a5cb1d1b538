"""The full-screen dashboard: its screens and its keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any, ClassVar

import grpc
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Input, TabbedContent, TabPane

from virtuoso.client import Connection, Dashboard, Market, State, failure
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.top import prompt
from virtuoso.top.columns import layout
from virtuoso.top.connection import NO_CONNECTION, RETRY_S
from virtuoso.top.context import Context
from virtuoso.top.header import ConnectionStatus, SourceHeader, overview_text
from virtuoso.top.help import HelpScreen
from virtuoso.top.list_tab import ListTab
from virtuoso.top.lists.alerts import Alerts
from virtuoso.top.lists.betas import Betas
from virtuoso.top.lists.listing import Listing
from virtuoso.top.lists.movers import Movers
from virtuoso.top.lists.opportunities import Opportunities
from virtuoso.top.lists.signals import Signals
from virtuoso.top.prompt import Prompt
from virtuoso.top.reading import Reading
from virtuoso.top.styles import APPLICATION_CSS, DOWN
from virtuoso.top.symbol_screen import SymbolScreen
from virtuoso.top.symbol_table import SymbolTable
from virtuoso.top.table import Table
from virtuoso.top.table_view import TableView
from virtuoso.top.text_box import TextBox
from virtuoso.top.watchlist import Watchlist

SENTIMENT_PERIOD_S = 10.0
MARKET = "market"
LISTS: Sequence[Callable[[Market], Listing]] = (Movers, Signals, Opportunities, Alerts, Betas)
TABS = (MARKET, "movers", "signals", "opportunities", "alerts", "beta")


class TopApp(App[int]):
    """The terminal dashboard. It returns 0, or NO_CONNECTION when the server never sent data."""

    CSS = APPLICATION_CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(f"{number}", f"tab('{tab}')", show=False) for number, tab in enumerate(TABS, start=1)),
        Binding("s", "sort(1)", "Sort"),
        Binding("S", "sort(-1)", "Sort left", show=False),
        Binding("r", "reverse", "Reverse"),
        Binding("0", "sort_by('score')", show=False),
        Binding("slash", f"ask('{prompt.SEARCH}')", "Search"),
        Binding("m", f"ask('{prompt.MINIMUM}')", "Min"),
        Binding("w", "toggle_watch", "Watch"),
        Binding("W", "watched_only", "Watched", show=False),
        Binding("t", "turn(1)", "Window"),
        Binding("T", "turn(-1)", show=False),
        Binding("z", "time_zone", "Zone", show=False),
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
        zone: tzinfo | None = UTC,
    ) -> None:
        super().__init__()
        self._symbols, self._min_interval_s, self._zone = symbols, min_interval_s, zone
        self._market, self._address, self._watchlist = market, address, watchlist
        self._dashboard: Dashboard | None = None
        self._connection = Connection(State.CONNECTING)
        self._connection_start = time.monotonic()  # start of the current state
        self._view, self._problem = TableView(), ""
        self._sentiment = Reading(lambda: market.stub.GetSentiment(api.GetSentimentRequest()))

    def compose(self) -> ComposeResult:
        """See Textual."""
        yield SourceHeader()
        with TabbedContent():
            with TabPane("1 Market", id=MARKET):
                yield TextBox(id="overview")
                yield SymbolTable()
                yield TextBox(id="status")
                yield Prompt()
            for number, (tab, listing) in enumerate(zip(TABS[1:], LISTS, strict=True), start=2):
                yield ListTab(f"{number} {tab.capitalize()}", listing(self._market), id=tab)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """See Textual."""
        self.query_one("ContentTabs").can_focus = False
        self.query_one(SymbolTable).focus()
        self.run_worker(self._watch(), group="dashboard")
        self.run_worker(self._read_sentiment(), group="sentiment")
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

    async def _read_sentiment(self) -> None:
        while True:
            await self._sentiment.read()
            await asyncio.sleep(SENTIMENT_PERIOD_S)

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
        last = "#symbol" if isinstance(screen, SymbolScreen) else "Prompt"
        if not (screen.query(SourceHeader) and screen.query(last)):  # not composed yet, or already removed
            return
        lost = self._connection.state is State.LOST
        width, height = self.size
        context = Context(dashboard=self._dashboard, lost=lost, zone=self._zone, width=width, height=height)
        status = ConnectionStatus(
            address=self._address,
            connection=self._connection,
            state_age_s=time.monotonic() - self._connection_start,
        )
        if isinstance(screen, SymbolScreen):
            screen.show(context, status, watched=screen.symbol in self._watchlist.symbols)
            return
        screen.query_one(SourceHeader).show(self._dashboard, status)
        if self._list is not None:
            self._list.show(context)
        else:
            self._draw_market(screen, context)

    def _draw_market(self, screen: Screen[Any], context: Context) -> None:
        screen.query_one("#overview", TextBox).put(overview_text(context, self._sentiment.reply))
        rows = context.dashboard.rows if context.dashboard else ()
        shown = screen.query_one(SymbolTable).show(rows, self._view, self._watchlist.symbols, lost=context.lost)
        description = self._view.description(shown, len(rows)) if context.dashboard else ""
        screen.query_one("#status", TextBox).put(Text().append(self._problem, DOWN) if self._problem else Text(description))

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
        """Draw the main screen again after another screen has been closed."""
        self.call_after_refresh(self.draw)

    def on_tabbed_content_tab_activated(self, activated: TabbedContent.TabActivated) -> None:
        """Draw a tab when it is opened."""
        activated.pane.query_one(Table).focus()
        self.refresh_bindings()
        self.draw()

    def on_data_table_row_selected(self, _: DataTable.RowSelected) -> None:
        """Expand the row under the cursor, or open its symbol, after Enter or a click."""
        if self._list is not None and self._list.toggle_group():
            self.draw()
        elif symbol := self._symbol:
            self.push_screen(SymbolScreen(self._market, symbol))
            self.call_after_refresh(self.draw)

    def on_data_table_header_selected(self, selected: DataTable.HeaderSelected) -> None:
        """Sort by the column whose title was clicked."""
        if isinstance(selected.data_table, SymbolTable):
            self.action_sort_by(selected.column_key.value or "")

    @property
    def _list(self) -> ListTab | None:
        """The open list; None while the market is open."""
        for tabs in self.screen_stack[0].query(TabbedContent):
            if isinstance(tabs.active_pane, ListTab):
                return tabs.active_pane
        return None

    @property
    def _symbol(self) -> str:
        """The symbol of the screen, or under the cursor."""
        if isinstance(self.screen, SymbolScreen):
            return self.screen.symbol
        return self._list.symbol if self._list is not None else self.query_one(SymbolTable).key

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's
        """Allow only the keys of the current screen, tab or input line."""
        if isinstance(self.focused, Input):
            return action in ("clear", "leave")
        if isinstance(self.screen, SymbolScreen):
            return action in ("toggle_watch", "turn", "time_zone", "pop_screen", "help", "leave")
        if action in ("sort", "sort_by", "reverse", "ask", "watched_only", "clear"):
            return self._list is None
        return action != "turn" or (self._list is not None and self._list.has_windows)

    def action_tab(self, tab: str) -> None:
        """Open a tab."""
        self.query_one(TabbedContent).active = tab

    def action_turn(self, step: int) -> None:
        """Choose the next length of bars, or the next window."""
        place = self.screen if isinstance(self.screen, SymbolScreen) else self._list
        if place is not None:
            place.turn(step)
            self.draw()

    def action_time_zone(self) -> None:
        """Change between UTC and the time zone of this machine."""
        self._zone = None if self._zone else UTC
        self.draw()

    def action_sort(self, step: int) -> None:
        """Sort by the next column, or by the previous one."""
        self._set_view(self._view.sorted_by_next(layout(self.size.width), step))

    def action_reverse(self) -> None:
        """Reverse the order."""
        self._set_view(replace(self._view, ascending=not self._view.ascending))

    def action_sort_by(self, key: str) -> None:
        """Sort by a column, or reverse its order."""
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
        symbol = self._symbol
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

    def action_help(self) -> None:
        """Show the help."""
        self.push_screen(HelpScreen())

    def action_leave(self) -> None:
        """Quit."""
        self.exit(NO_CONNECTION if self._dashboard is None else 0)
