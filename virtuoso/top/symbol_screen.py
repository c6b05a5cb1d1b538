"""The screen of one symbol. It reads the symbol after each snapshot, and the history every minute."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from virtuoso.client import Dashboard, Market, State, failure
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.top import words
from virtuoso.top.header import ConnectionStatus, MarketHeader
from virtuoso.top.styles import DOWN, FAINT, WARN
from virtuoso.top.symbol_text import (
    ReceivedReply,
    component_lines,
    dimension_lines,
    history_lines,
    largest_lines,
    score_lines,
)

HISTORY_PERIOD_S = 60.0
DAY_S = 86_400


class SymbolScreen(Screen[None]):
    """The screen of one symbol. After a failed call, it shows the reason above the last data."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "app.pop_screen", "Back"), ("w", "app.toggle_watch", "Watch")]

    def __init__(self, market: Market, symbol: str) -> None:
        super().__init__()
        self._market, self.symbol = market, symbol
        self._received: ReceivedReply | None = None
        self._history: tuple[Timestamp, api.GetScoreHistoryResponse] | None = None  # (start, reply)
        self._problem = self._history_problem = ""
        self._history_start = Timestamp()
        self._snapshot_id = ""
        self._watched = self._lost = False

    def compose(self) -> ComposeResult:
        """See Textual."""
        yield MarketHeader()
        with VerticalScroll():
            yield Static(id="symbol")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """See Textual."""
        self.query_one(VerticalScroll).focus()

    def show(self, dashboard: Dashboard | None, status: ConnectionStatus, *, watched: bool) -> None:
        """Draw the current data. Read the symbol again when there is a new snapshot."""
        self.query_one(MarketHeader).show(dashboard, status)
        if dashboard is not None and dashboard.provenance.snapshot_id != self._snapshot_id:
            if not self._snapshot_id:
                self.run_worker(self._read_history(), group="history")
            self._snapshot_id = dashboard.provenance.snapshot_id
            self._history_start = Timestamp(seconds=dashboard.provenance.observed_time.seconds - DAY_S)
            self.run_worker(self._read(), exclusive=True, group="symbol")
        self._watched, self._lost = watched, status.connection.state is State.LOST
        self._draw()

    def _draw(self) -> None:
        text = self._text()
        self.query_one("#symbol", Static).update(Text(text.plain, FAINT) if self._lost else text)

    async def _read(self) -> None:
        try:
            reply = await self._market.stub.GetConfluence(api.GetConfluenceRequest(symbol=self.symbol))
            self._received, self._problem = ReceivedReply(reply=reply, received=time.monotonic()), ""
        except grpc.aio.AioRpcError as error:
            self._problem = words.failure_text(failure(error))
        self._draw()

    async def _read_history(self) -> None:
        while True:
            try:
                start = self._history_start
                request = api.GetScoreHistoryRequest(symbol=self.symbol, start_time=start)
                self._history = start, await self._market.stub.GetScoreHistory(request)
                self._history_problem = ""
            except grpc.aio.AioRpcError as error:
                self._history_problem = words.failure_text(failure(error))
            self._draw()
            await asyncio.sleep(HISTORY_PERIOD_S)

    def _text(self) -> Text:
        text = Text().append(f"{'★ ' if self._watched else ''}{self.symbol}", "bold")
        if self._problem:
            text.append(f"\n{self._problem}. ", DOWN)
            text.append(words.LAST_DATA if self._received else "", WARN)
        if self._received is None:
            return text if self._problem else text.append(f"\n{words.LOADING}", FAINT)
        reply, width = self._received.reply, max(60, self.app.size.width - 3)
        for line in [score_lines(self._received), *self._history_lines(width - 28, words.optional(reply, "tick_size"))]:
            text.append("\n").append_text(line)
        text.append("\n")
        for dimension in reply.dimensions:
            text.append("\n").append_text(dimension_lines(dimension, self._received, width))
        for dimension in reply.dimensions:
            text.append("\n\n").append_text(component_lines(dimension, self._received, width))
        if reply.liquidations.largest:
            text.append("\n\n").append("Largest liquidations in 24 hours", "bold")
            for line in largest_lines(reply):
                text.append("\n").append_text(line)
        if reply.missing_inputs:
            text.append("\n\nMissing inputs: ", FAINT).append(", ".join(reply.missing_inputs))
        return text

    def _history_lines(self, cells: int, tick_size: float | None) -> list[Text]:
        if self._history is None:
            return [Text(f"24 h     {self._history_problem or words.LOADING}", FAINT)]
        start, reply = self._history
        lines = history_lines(reply, start, cells, tick_size)
        return [*lines, Text(f"No newer history: {self._history_problem}", DOWN)] if self._history_problem else lines
