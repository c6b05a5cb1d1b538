"""The screen of one symbol: its chart, its score and what is known of it besides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer

from virtuoso.client import Market
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1.candle_pb2 import Timeframe
from virtuoso.market.v1.market_pb2 import VenueMarket
from virtuoso.market.v1.outlook_pb2 import OutlookRecord
from virtuoso.top import symbol_text, words
from virtuoso.top.candle_chart import candle_chart
from virtuoso.top.connection import RETRY_S
from virtuoso.top.context import Context
from virtuoso.top.header import ConnectionStatus, SourceHeader
from virtuoso.top.lists.beta_text import beta_lines
from virtuoso.top.lists.opportunities import opportunity_text
from virtuoso.top.lists.signal_text import signal_text
from virtuoso.top.outlook_text import outlook_text
from virtuoso.top.reading import Reading
from virtuoso.top.styles import DOWN, FAINT, WARN
from virtuoso.top.text_box import TextBox

OFTEN_S, SELDOM_S = 10.0, 60.0
OTHER_LINES = 14  # of a screen, beside the chart
MAX_CHART_LINES = 24
Reply = TypeVar("Reply")


class SymbolScreen(Screen[None]):
    """The screen of one symbol. After a failed call, it shows the reason with the last data.

    The score is read after each snapshot, the other parts from time to time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "Back"),
        Binding("t", "app.turn(1)", "Bars"),
        Binding("w", "app.toggle_watch", "Watch"),
    ]

    def __init__(self, market: Market, symbol: str) -> None:
        super().__init__()
        self.symbol = symbol
        self._timeframe: Timeframe.ValueType = Timeframe.TIMEFRAME_5M
        stub, symbols = market.stub, [symbol]
        self._confluence = Reading(lambda: stub.GetConfluence(api.GetConfluenceRequest(symbol=symbol)))
        self._candles = Reading(lambda: stub.ListCandles(self._candles_request()))
        self._signals = Reading(lambda: stub.ListSignals(api.ListSignalsRequest(symbols=symbols, active=True)))
        self._opportunities = Reading(lambda: stub.ListOpportunities(api.ListOpportunitiesRequest(symbols=symbols)))
        self._outlook = Reading(lambda: stub.GetOutlook(api.GetOutlookRequest(symbol=symbol)))
        self._record = Reading(lambda: stub.GetOutlookRecord(api.GetOutlookRecordRequest()))
        self._beta = Reading(lambda: stub.GetBeta(api.GetBetaRequest(symbol=symbol)))
        self._history = Reading(lambda: stub.GetScoreHistory(api.GetScoreHistoryRequest(symbol=symbol)))
        self._venue_market = Reading(lambda: stub.ListMarkets(api.ListMarketsRequest(query=symbol)))
        self._snapshot_id = ""
        self._shown: Context | None = None
        self._watched = False

    def compose(self) -> ComposeResult:
        """See Textual."""
        yield SourceHeader()
        with VerticalScroll():
            yield TextBox(id="symbol")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """See Textual."""
        self.query_one(VerticalScroll).focus()
        self.run_worker(self._repeat(OFTEN_S, self._candles, self._signals, self._opportunities), group="often")
        self.run_worker(self._repeat(SELDOM_S, self._history, self._beta, self._outlook, self._record), group="seldom")

    def show(self, context: Context, status: ConnectionStatus, *, watched: bool) -> None:
        """Draw the current data. Read the symbol again when there is a new snapshot."""
        self.query_one(SourceHeader).show(context.dashboard, status)
        self._shown, self._watched = context, watched
        if context.dashboard is not None and context.dashboard.provenance.snapshot_id != self._snapshot_id:
            self._snapshot_id = context.dashboard.provenance.snapshot_id
            self.run_worker(self._read_score(), exclusive=True, group="score")
        self._draw()

    def turn(self, step: int) -> None:
        """Choose the next length of the bars."""
        known = self._timeframes
        self._timeframe = known[(known.index(self._timeframe) + step) % len(known)]
        self.run_worker(self._read(self._candles), exclusive=True, group="candles")

    @property
    def _is_untracked(self) -> bool:
        failure = self._confluence.failure
        return failure is not None and failure.reason == "SYMBOL_NOT_TRACKED"

    @property
    def _timeframes(self) -> Sequence[Timeframe.ValueType]:
        """The lengths of the bars that are known: without a score, those of 30 minutes and longer."""
        known = [*words.TIMEFRAMES]
        return known[known.index(Timeframe.TIMEFRAME_30M) :] if self._is_untracked else known

    @property
    def _market(self) -> VenueMarket | None:
        markets = self._venue_market.reply.markets if self._venue_market.reply else ()
        return next((each for each in markets if each.symbol == self.symbol), None)

    async def _read_score(self) -> None:
        await self._read(self._confluence)
        if self._is_untracked:
            if self._timeframe not in self._timeframes:
                self._timeframe = Timeframe.TIMEFRAME_30M
                await self._read(self._candles)
            await self._read(self._venue_market)

    def _candles_request(self) -> api.ListCandlesRequest:
        return api.ListCandlesRequest(symbol=self.symbol, timeframe=self._timeframe, page_size=500)

    async def _read(self, reading: Reading[Any]) -> None:
        await reading.read()
        self._draw()

    async def _repeat(self, period_s: float, *readings: Reading[Any]) -> None:
        while True:
            for reading in readings:
                await self._read(reading)
            await asyncio.sleep(RETRY_S if any(reading.failure for reading in readings) else period_s)

    def _draw(self) -> None:
        if self._shown is not None and self.query("#symbol"):  # neither before it is composed nor after it was closed
            text = self._text(self._shown)
            self.query_one("#symbol", TextBox).put(Text().append(text.plain, FAINT) if self._shown.lost else text)

    def _text(self, context: Context) -> Text:
        width = max(60, context.width - 3)
        parts = [self._head(context), self._chart(context, width)]
        if self._is_untracked:
            return Text("\n").join(parts)
        reply = self._confluence.reply
        tick_size = words.optional(reply, "tick_size") if reply else None
        history = self._history
        parts += [
            _section("", self._confluence, lambda one: symbol_text.score_lines(one, width), what="Score"),
            _section("", history, lambda one: symbol_text.history_lines(one, width - 28, tick_size), what="Score over time"),
            _section(
                "Dimensions",
                self._confluence,
                lambda one: symbol_text.dimension_lines(one, context, width),
                problem_shown=True,
            ),
            _section("Outlook", self._outlook, lambda one: outlook_text(one.outlook, self._said, context)),
            _section("Active signal", self._signals, lambda one: self._listed(one.signals, signal_text, "active signal")),
            _section(
                "Opportunities",
                self._opportunities,
                lambda one: self._listed(one.opportunities, opportunity_text, "opportunity"),
            ),
            _section("Beta to BTC", self._beta, lambda one: beta_lines(one.beta)),
            _section(
                "Order book depth",
                self._confluence,
                lambda one: symbol_text.depth_lines(one, context, width),
                problem_shown=True,
            ),
            _section(
                "Liquidations", self._confluence, lambda one: symbol_text.liquidation_lines(one, context), problem_shown=True
            ),
            _section(
                "Components",
                self._confluence,
                lambda one: symbol_text.component_lines(one.dimensions, context, width),
                problem_shown=True,
            ),
        ]
        return Text("\n").join(part for part in parts if part)

    @property
    def _said(self) -> OutlookRecord | None:
        return self._record.reply.record if self._record.reply else None

    def _head(self, context: Context) -> Text:
        text = Text.assemble((f"{'★ ' if self._watched else ''}{self.symbol}  ", "bold"))
        if self._is_untracked:
            found = self._market
            if found is None:
                return text.append(self._venue_market.problem() or words.LOADING, FAINT)
            tracked = context.dashboard.provenance.coverage.expected if context.dashboard else 0
            text.append_text(symbol_text.price_line(found, None))
            return text.append(f"\n{words.unscored(found, tracked)}", WARN)
        reply = self._confluence.reply
        return text.append_text(symbol_text.price_line(reply, context.row(self.symbol))) if reply else text

    def _chart(self, context: Context, width: int) -> Text:
        reply = self._candles.reply
        if reply is None or not reply.candles:
            return Text(self._candles.problem("Bars") or ("No bars yet." if reply else words.LOADING), FAINT)
        name, step_ms = words.TIMEFRAMES[reply.timeframe]
        row = context.row(self.symbol)
        priced = row or self._market
        tick_size = words.optional(priced, "tick_size") if priced else None
        size = width, min(MAX_CHART_LINES, max(7, context.height - OTHER_LINES))
        lines = candle_chart(
            reply.candles, step_ms, context, size=size, tick_size=tick_size, price=row.price if row else None
        )
        text = symbol_text.bar_line(reply.candles[-1], name, step_ms, tick_size, context)
        if reply.provenance.stale:
            text.append("  STALE", WARN)
        if self._candles.failure:
            lines.append(Text(self._candles.problem("Bars"), DOWN))
        return Text("\n").join([text, *lines])

    def _listed(self, found: Sequence[Reply], text: Callable[[Reply, Context], Text], what: str) -> Text:
        if not found or self._shown is None:
            return Text(f"There is no {what} for {self.symbol} at present.", FAINT)
        return Text("\n").join(text(each, self._shown) for each in found)


def _section(
    title: str, reading: Reading[Reply], text: Callable[[Reply], Text], *, what: str = "", problem_shown: bool = False
) -> Text:
    """Return a title, and the text of a reply. With `problem_shown`, return nothing without a reply.

    `what` names what is missing when there is no title."""
    lines = [Text(f"\n{title}", "bold")] if title else []
    if reading.reply is not None:
        lines.append(text(reading.reply))
    if problem_shown:
        return Text("\n").join(lines) if reading.reply is not None else Text()
    if reading.failure:
        lines.append(Text(reading.problem(what), DOWN))
    elif reading.reply is None:
        lines.append(Text(words.LOADING, FAINT))
    return Text("\n").join(lines)
