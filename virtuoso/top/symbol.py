"""One symbol: what its score is made of, in numbers and sentences, and how its day went."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

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
from virtuoso.top.banner import Banner, Link
from virtuoso.top.columns import BAR, Tone, bar, tone
from virtuoso.top.spark import spark
from virtuoso.top.styles import DOWN, FAINT, TONES, WARN, pairs
from virtuoso.top.words import DASH, optional

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import Component, Dimension

HISTORY_S = 60.0  # between two readings of the history
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Told:
    """A reply, and when it came, on time.monotonic's clock."""

    reply: api.GetConfluenceResponse
    received: float

    def age_s(self, of: Timestamp) -> float:
        """Of something in the reply, now."""
        source = self.reply.provenance
        lag = source.observed_time.ToMilliseconds() - of.ToMilliseconds()
        return (source.age.ToMilliseconds() + lag) / 1000 + time.monotonic() - self.received


class SymbolScreen(Screen[None]):
    """Read again with each snapshot; what could not be read leaves what was read before, and says so."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "app.pop_screen", "Back"), ("w", "app.toggle_watch", "Watch")]

    def __init__(self, market: Market, symbol: str) -> None:
        super().__init__()
        self._market, self.symbol = market, symbol
        self._told: Told | None = None
        self._wrong = self._history_wrong = ""
        self._start = Timestamp()  # of the day that the history is read of
        self._history: tuple[Timestamp, api.GetScoreHistoryResponse] | None = None
        self._snapshot_id = ""
        self._watched = self._lost = False

    def compose(self) -> ComposeResult:
        """See Textual."""
        yield Banner()
        with VerticalScroll():
            yield Static(id="symbol")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """See Textual."""
        self.query_one(VerticalScroll).focus()

    def show(self, dashboard: Dashboard | None, link: Link, *, watched: bool) -> None:
        """Draw what is known now, and read what is new."""
        self.query_one(Banner).show(dashboard, link)
        if dashboard is not None and dashboard.provenance.snapshot_id != self._snapshot_id:
            if not self._snapshot_id:
                self.run_worker(self._read_history(), group="history")
            self._snapshot_id = dashboard.provenance.snapshot_id
            self._start = Timestamp(seconds=dashboard.provenance.observed_time.seconds - DAY_S)
            self.run_worker(self._read(), exclusive=True, group="symbol")
        self._watched, self._lost = watched, link.connection.state is State.LOST
        self._draw()

    def _draw(self) -> None:
        text = self._text()
        self.query_one("#symbol", Static).update(Text(text.plain, FAINT) if self._lost else text)

    async def _read(self) -> None:
        try:
            reply = await self._market.stub.GetConfluence(api.GetConfluenceRequest(symbol=self.symbol))
            self._told, self._wrong = Told(reply, time.monotonic()), ""
        except grpc.aio.AioRpcError as error:
            self._wrong = words.failure(failure(error))
        self._draw()

    async def _read_history(self) -> None:
        while True:
            try:
                start = self._start
                request = api.GetScoreHistoryRequest(symbol=self.symbol, start_time=start)
                self._history = start, await self._market.stub.GetScoreHistory(request)
                self._history_wrong = ""
            except grpc.aio.AioRpcError as error:
                self._history_wrong = words.failure(failure(error))
            self._draw()
            await asyncio.sleep(HISTORY_S)

    def _text(self) -> Text:
        text = Text().append(f"{'★ ' if self._watched else ''}{self.symbol}", "bold")
        if self._wrong:
            text.append(f"\n{self._wrong}. ", DOWN)
            text.append("What you see is what came last." if self._told else "", WARN)
        if self._told is None:
            return text if self._wrong else text.append("\nreading …", FAINT)
        reply, width = self._told.reply, max(60, self.app.size.width - 3)
        for line in [_head(reply, self._told), *self._day(width - 28)]:
            text.append("\n").append_text(line)
        text.append("\n")
        for dimension in reply.dimensions:
            text.append("\n").append_text(_dimension(dimension, self._told, width))
        for dimension in reply.dimensions:
            text.append("\n\n").append_text(_components(dimension))
        if reply.missing_inputs:
            text.append("\n\nMissing inputs: ", FAINT).append(", ".join(reply.missing_inputs))
        return text

    def _day(self, cells: int) -> list[Text]:
        if self._history is None:
            return [Text(f"24 h     {self._history_wrong or 'reading …'}", FAINT)]
        start, reply = self._history
        if not reply.points:
            return [Text("24 h     no points yet", FAINT)]
        begin, step = start.seconds, reply.resolution.ToMilliseconds() / 1000
        times = [each.observed_time.ToMilliseconds() / 1000 for each in reply.points]
        prices: list[tuple[float, float | None]] = [(at, each.price) for at, each in zip(times, reply.points, strict=True)]
        scores = [(at, optional(each, "score")) for at, each in zip(times, reply.points, strict=True)]
        reach = words.age(prices[-1][0] - prices[0][0], rough=True)
        lines = []
        for name, series, how in (("Score", scores, words.number), ("Price", prices, words.price)):
            values = [value for _, value in series if value is not None]
            extremes = f"{how(min(values))} to {how(max(values))}" if values else DASH
            lines.append(Text.assemble((f"{name} {reach:6} ", FAINT), spark(series, begin, step, cells), f" {extremes}"))
        return [*lines, Text(f"Since then: {self._history_wrong}", DOWN)] if self._history_wrong else lines


def _head(reply: api.GetConfluenceResponse, told: Told) -> Text:
    score = optional(reply, "score")
    line = Text.assemble(
        ("Score ", FAINT),
        (words.number(score), TONES[tone(score)]),
        f" {words.LABELS.get(reply.label, 'no score: too few inputs')}   ",
    )
    return line.append_text(
        pairs(
            ("Confidence", words.share(optional(reply, "confidence"))),
            ("Agreement", words.share(optional(reply, "agreement"))),
            ("Coverage", words.share(reply.coverage)),
        )
    ).append_text(
        Text.assemble(
            "\n",
            pairs(
                ("Price", words.price(reply.price)),
                ("24h", words.change(optional(reply, "change_24h_percent"))),
                ("Turnover", words.usd(optional(reply, "turnover_24h_usd"))),
                ("Price is", f"{words.age(told.age_s(reply.price_time))} old"),
            ),
        )
    )


def _dimension(each: Dimension, told: Told, width: int) -> Text:
    score = optional(each, "score")
    text = Text.assemble(
        (f"{_name(each):15} ", "bold"),
        (f"{words.number(score):>5} {bar(score) if score is not None else '':{BAR}} ", TONES[tone(score)]),
    )
    age = words.age(told.age_s(each.observed_time), rough=True) if each.HasField("observed_time") else DASH
    text.append_text(
        pairs(
            ("weight", words.share(each.weight)),
            ("adds", f"{each.contribution:+.1f}" if score is not None else DASH),
            ("conf", words.share(each.confidence) if score is not None else DASH),
            ("inputs", age),
        )
    )
    text.append("".join(f"\n  {line}" for line in wrap(each.sentence, width - 2)))
    return text


def _components(each: Dimension) -> Text:
    text = Text(_name(each))
    text.stylize("bold")
    text.append("  direction, what it adds to the dimension, reading", FAINT)
    for component in each.components:
        text.append("\n").append_text(_component(component))
    return text


def _name(each: Dimension) -> str:
    return words.NAMES[each.kind - 1] if 1 <= each.kind <= len(words.NAMES) else f"Dimension {each.kind}"


def _component(each: Component) -> Text:
    direction = optional(each, "direction")
    if direction is None:
        return Text(f"    {each.name:28} {DASH:>6}  {each.missing}".rstrip(), FAINT)
    reading = optional(each, "reading")
    value = DASH if reading is None else f"{reading:.6g} {each.unit}".rstrip()
    toned = Tone.UP if direction > 0 else Tone.DOWN if direction < 0 else Tone.PLAIN
    return Text.assemble(
        (f"    {each.name:28} ", FAINT), (f"{direction:+6.2f}", TONES[toned]), f"  {each.contribution:+5.1f}  {value}"
    )
