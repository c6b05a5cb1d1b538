"""The dashboard on the whole terminal: what is shown when, and the keys."""

from __future__ import annotations

import asyncio
import time
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
from virtuoso.top.alerts import Alerts
from virtuoso.top.banner import Banner, Link
from virtuoso.top.board import Board
from virtuoso.top.columns import layout
from virtuoso.top.help import HelpScreen
from virtuoso.top.styles import DOWN
from virtuoso.top.symbol import SymbolScreen
from virtuoso.top.view import View
from virtuoso.top.watchlist import Watchlist
from virtuoso.top.words import DIMENSIONS

NEVER_CONNECTED = 2
PAUSE_S = 5.0  # before asking a server again that refused
QUESTIONS = {
    "search": "Search: part of a symbol; Enter keeps it, Esc ends it",
    "minimum": "Minimum score: 0 to 100, nothing for all; Enter, or Esc",
}


class Top(App[int]):
    """Ends with 0, or with NEVER_CONNECTED when nothing ever came from the server."""

    CSS = """
    * { scrollbar-color: #3a4556; scrollbar-color-hover: #4a5567; scrollbar-color-active: #4a5567; }
    * { scrollbar-background: #12171e; scrollbar-background-hover: #12171e; scrollbar-background-active: #12171e; }
    Screen { background: #0e1217; color: #e6e9ef; }
    Banner { height: auto; }
    Board { height: 1fr; background: #0e1217; scrollbar-size-vertical: 1; overflow-x: hidden; }
    Board > .datatable--header { background: #1a212b; color: #c3cad5; text-style: none; }
    Board > .datatable--cursor { background: #2b3a52; color: #ffffff; text-style: bold; }
    Board:blur > .datatable--cursor { background: #1f2835; }
    #status { height: 1; padding: 0 1; color: #8b95a5; }
    Input { height: 1; border: none; padding: 0 1; background: #1a212b; display: none; }
    Input:focus { border: none; }
    Input.asked { display: block; }
    Alerts { height: 8; border: round #3a4556; border-title-color: #c3cad5; padding: 0 1; }
    Alerts { display: none; scrollbar-size-vertical: 1; }
    Alerts.shown { display: block; }
    VerticalScroll { scrollbar-size-vertical: 1; background: #0e1217; }
    SymbolScreen > VerticalScroll { padding: 0 1; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort(1)", "Sort"),
        Binding("S", "sort(-1)", "Sort left", show=False),
        Binding("r", "reverse", "Reverse"),
        *(Binding(str(number), f"dimension({number})", show=False) for number in range(1, 7)),
        Binding("0", "by_score", show=False),
        Binding("slash", "ask('search')", "Search"),
        Binding("m", "ask('minimum')", "Min"),
        Binding("w", "toggle_watch", "Watch"),
        Binding("W", "only_watched", "Watched", show=False),
        Binding("a", "alerts", "Alerts"),
        Binding("question_mark", "help", "Help"),
        Binding("escape", "clear", "Clear", show=False),
        Binding("q", "leave", "Quit"),
        Binding("ctrl+c,ctrl+q", "leave", "Quit", show=False, priority=True),
    ]

    def __init__(self, market: Market, address: str, watchlist: Watchlist) -> None:
        super().__init__()
        self._market, self._address, self._watchlist = market, address, watchlist
        self._dashboard: Dashboard | None = None
        self._connection = Connection(State.CONNECTING)
        self._since = time.monotonic()
        self._view, self._asking, self._complaint = View(), "search", ""

    def compose(self) -> ComposeResult:
        """See Textual."""
        yield Banner()
        yield Board()
        yield Alerts(self._market)
        yield Static(id="status")
        yield Input(compact=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """See Textual."""
        self.query_one(Board).focus()
        self.run_worker(self._watch(), group="dashboard")
        self.set_interval(1.0, self.draw)
        self.draw()

    async def _watch(self) -> None:
        while True:
            stream = self._market.watch_dashboard()
            tick = self.set_interval(0.2, lambda: self._connected(stream.connection))  # noqa: B023 - ends with the stream
            try:
                async with aclosing(stream):
                    async for dashboard in stream:
                        self._dashboard = dashboard
                        self._connected(stream.connection)
                        self.draw()
            except grpc.aio.AioRpcError as error:  # of no use to ask again, but a person may mend the server meanwhile
                self._connected(Connection(State.LOST, failure(error)))
                await asyncio.sleep(PAUSE_S)
            finally:
                tick.stop()

    def _connected(self, now: Connection) -> None:
        if now.state is not self._connection.state:
            self._since = time.monotonic()
        changed, self._connection = now != self._connection, now
        if changed:
            self.draw()

    def draw(self) -> None:
        """All that is to be seen, as it is now."""
        if not self.screen_stack:
            return
        shown = self.screen if isinstance(self.screen, SymbolScreen) else self.screen_stack[0]
        last = "#symbol" if isinstance(shown, SymbolScreen) else "#status"
        if not (shown.query(Banner) and shown.query(last)):  # not put together yet, or being taken down
            return
        link = Link(self._address, self._connection, time.monotonic() - self._since)
        if isinstance(shown, SymbolScreen):
            shown.show(self._dashboard, link, watched=shown.symbol in self._watchlist.symbols)
        else:
            self._draw_table(shown, link)

    def _draw_table(self, home: Screen[Any], link: Link) -> None:
        home.query_one(Banner).show(self._dashboard, link)
        rows = self._dashboard.rows if self._dashboard else ()
        lost = self._connection.state is State.LOST
        count = home.query_one(Board).show(rows, self._view, self._watchlist.symbols, lost=lost)
        home.query_one("#status", Static).update(self._status(count, len(rows)))
        home.query_one(Alerts).draw()

    def _status(self, shown: int, known: int) -> Text:
        view = self._view
        if self._complaint:
            return Text(self._complaint, DOWN)
        words = [f"{shown} of {known}"]
        if view.search:
            words.append(f'with "{view.search.upper()}"')
        if view.min_score is not None:
            words.append(f"from score {view.min_score:g}")
        if view.watched:
            words.append("watched")
        return Text(f"{' '.join(words)}, by {view.column} {'▲' if view.ascending else '▼'}" if self._dashboard else "")

    def _choose(self, view: View) -> None:
        self._view, self._complaint = view, ""
        self.draw()

    def _complain(self, words: str) -> None:
        self._complaint = words
        self.draw()

    def on_resize(self, _: Resize) -> None:
        """See Textual."""
        self.call_after_refresh(self.draw)

    def on_data_table_row_selected(self, _: DataTable.RowSelected) -> None:
        """Enter, or a click on the row under the cursor."""
        symbol = self.query_one(Board).symbol
        if symbol:
            self.push_screen(SymbolScreen(self._market, symbol))
            self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        """Back from another screen."""
        self.call_after_refresh(self.draw)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's
        """Keys of the table are of the table alone."""
        if isinstance(self.focused, Input):
            return action in ("clear", "leave")
        if isinstance(self.screen, SymbolScreen):
            return action in ("toggle_watch", "pop_screen", "leave")
        return True

    def action_sort(self, step: int) -> None:
        """By the next column, or the one before."""
        self._choose(self._view.moved(layout(self.size.width), step))

    def action_reverse(self) -> None:
        """The other way round."""
        self._choose(replace(self._view, ascending=not self._view.ascending))

    def action_dimension(self, number: int) -> None:
        """By a dimension; again, the other way round."""
        self._by(DIMENSIONS[number - 1])

    def action_by_score(self) -> None:
        """By the score; again, the other way round."""
        self._by("score")

    def _by(self, key: str) -> None:
        column = next(each for each in layout(self.size.width) if each.key == key)
        self._choose(self._view.sorted_by(column))

    def action_ask(self, question: str) -> None:
        """Open the line at the bottom."""
        self._asking = question
        line = self.query_one(Input)
        line.placeholder = QUESTIONS[question]
        least = self._view.min_score
        line.value = self._view.search if question == "search" else "" if least is None else f"{least:g}"
        line.add_class("asked")
        line.focus()

    def on_input_changed(self, changed: Input.Changed) -> None:
        """A search shows what it finds while it is typed."""
        if self._asking == "search" and changed.input.has_class("asked"):
            self._choose(replace(self._view, search=changed.value.strip()))

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        """Enter: done, or what is wrong with it."""
        if self._asking == "minimum":
            text = submitted.value.strip().replace(",", ".")
            try:
                least = float(text) if text else None
            except ValueError:
                least = -1.0
            if least is not None and not 0 <= least <= 100:
                self._complain(f"Minimum score {text!r}: allowed is 0 to 100, or nothing")
                return
            self._choose(replace(self._view, min_score=least))
        self._close_line()

    def action_clear(self) -> None:
        """Escape: the line is closed; once more, all rows are shown."""
        if self.query_one(Input).has_class("asked"):
            if self._asking == "search":
                self._choose(replace(self._view, search=""))
            self._close_line()
        else:
            self._choose(replace(self._view, search="", min_score=None, watched=False))

    def _close_line(self) -> None:
        self._complaint = ""
        self.query_one(Input).remove_class("asked")
        self.query_one(Board).focus()

    def action_toggle_watch(self) -> None:
        """Mark the symbol, or no more."""
        symbol = self.screen.symbol if isinstance(self.screen, SymbolScreen) else self.query_one(Board).symbol
        if not symbol:
            return
        try:
            self._watchlist.toggle(symbol)
        except OSError as error:
            self._complain(f"The watchlist cannot be kept: {error}")
        self.draw()

    def action_only_watched(self) -> None:
        """Only marked ones, or all."""
        self._choose(replace(self._view, watched=not self._view.watched))

    def action_alerts(self) -> None:
        """Show them, or no more."""
        pane = self.query_one(Alerts)
        pane.begin()
        pane.toggle_class("shown")
        self.draw()

    def action_help(self) -> None:
        """The keys."""
        self.push_screen(HelpScreen())

    def action_leave(self) -> None:
        """End."""
        self.exit(NEVER_CONNECTED if self._dashboard is None else 0)
