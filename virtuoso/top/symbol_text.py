"""The text of one symbol: its score, dimensions and components, and the last 24 hours."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.domain.prices import price_text
from virtuoso.top import words
from virtuoso.top.columns import BAR_WIDTH, bar, score_style, sign_style
from virtuoso.top.sparkline import sparkline
from virtuoso.top.styles import CELL_STYLES, FAINT, name_value_line
from virtuoso.top.words import DASH, optional

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.market.v1 import market_service_pb2 as api
    from virtuoso.market.v1.confluence_pb2 import Component, Dimension


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedReply:
    """A reply, and the time of its receipt on the clock of time.monotonic."""

    reply: api.GetConfluenceResponse
    received: float

    def age_s(self, observed_time: Timestamp) -> float:
        """Return the current age of data in the reply."""
        provenance = self.reply.provenance
        lag_ms = provenance.observed_time.ToMilliseconds() - observed_time.ToMilliseconds()
        return (provenance.age.ToMilliseconds() + lag_ms) / 1000 + time.monotonic() - self.received


def score_lines(received: ReceivedReply) -> Text:
    """Return three lines: the score with the instant score, its change over 15 minutes and its reliability; the price; the
    liquidations."""
    reply = received.reply
    score = optional(reply, "score")
    line = Text.assemble(
        ("Score ", FAINT),
        (words.number(score), CELL_STYLES[score_style(score)]),
        f" {words.LABELS.get(reply.label, 'no score: too few inputs')}   ",
    )
    return line.append_text(
        name_value_line(
            ("Now", f"{words.number(optional(reply, 'instant_score'))} ({words.points(optional(reply, 'change_15m'))})"),
            ("Conf", words.share(optional(reply, "confidence"))),
            ("Agree", words.share(optional(reply, "agreement"))),
            ("Cover", words.share(reply.coverage)),
        )
    ).append_text(
        Text.assemble(
            "\n",
            name_value_line(
                ("Price", price_text(reply.price, optional(reply, "tick_size"))),
                ("24h", words.change(optional(reply, "change_24h_percent"))),
                ("Turnover", words.usd(optional(reply, "turnover_24h_usd"))),
                ("Funding", words.number(optional(reply, "funding_day_percent"), 3, "% a day")),
                ("Price is", f"{words.age(received.age_s(reply.price_time))} old"),
            ),
            "\n",
            name_value_line(("Liquidated", words.liquidations(reply, reply.provenance.observed_time))),
        )
    )


def history_lines(reply: api.GetScoreHistoryResponse, start: Timestamp, cells: int, tick_size: float | None) -> list[Text]:
    """Return one line for the score and one for the price, each with a sparkline from `start`."""
    if not reply.points:
        return [Text("24 h     no points yet", FAINT)]
    step_s = reply.resolution.ToMilliseconds() / 1000
    times = [point.observed_time.ToMilliseconds() / 1000 for point in reply.points]
    scores = [optional(point, "score") for point in reply.points]
    prices: list[float | None] = [point.price for point in reply.points]
    duration = words.age(times[-1] - times[0], rough=True)
    lines = []
    for name, values, formatted in (
        ("Score", scores, words.number),
        ("Price", prices, partial(price_text, tick_size=tick_size)),
    ):
        measured = [value for value in values if value is not None]
        extremes = f"{formatted(min(measured))} to {formatted(max(measured))}" if measured else DASH
        line = sparkline(list(zip(times, values, strict=True)), start.seconds, step_s, cells)
        lines.append(Text.assemble((f"{name} {duration:6} ", FAINT), line, f" {extremes}"))
    return lines


def dimension_lines(dimension: Dimension, received: ReceivedReply, width: int) -> Text:
    """Return the numbers of a dimension on one line, and its sentence below."""
    score = optional(dimension, "score")
    text = Text.assemble(
        (f"{_name(dimension):15} ", "bold"),
        (
            f"{words.number(score):>5} {bar(score) if score is not None else '':{BAR_WIDTH}} ",
            CELL_STYLES[score_style(score)],
        ),
    )
    has_time = dimension.HasField("observed_time")
    text.append_text(
        name_value_line(
            ("weight", words.share(dimension.weight)),
            ("adds", f"{dimension.contribution:+.1f}" if score is not None else DASH),
            ("conf", words.share(dimension.confidence) if score is not None else DASH),
            ("inputs", words.age(received.age_s(dimension.observed_time), rough=True) if has_time else DASH),
        )
    )
    text.append("".join(f"\n  {line}" for line in wrap(dimension.sentence, width - 2)))
    return text


def largest_lines(reply: api.GetConfluenceResponse) -> list[Text]:
    """Return the largest liquidations of 24 hours, one per line."""
    tick_size = optional(reply, "tick_size")
    return [
        Text.assemble(
            (f"    {each.liquidation_time.ToDatetime():%m-%d %H:%M:%S} UTC ", FAINT),
            f"{words.POSITION_SIDES.get(each.side, DASH):5} {words.usd(each.value_usd):>6}",
            f" at {price_text(each.price, tick_size)}",
        )
        for each in reply.liquidations.largest
    ]


def input_lines(dimension: Dimension, received: ReceivedReply, width: int) -> str:
    """Return by which way each input of a dimension came, and its age."""
    inputs = ", ".join(
        f"{each.name.replace('_', ' ')} {words.TRANSPORTS.get(each.transport, 'came another way')}"
        f"{', incomplete,' if each.incomplete else ''} {words.age(received.age_s(each.observed_time), rough=True)} ago"
        for each in dimension.inputs
    )
    return "".join(f"\n    {line}" for line in wrap(inputs, width - 4))


def component_lines(dimension: Dimension, received: ReceivedReply, width: int) -> Text:
    """Return the components of a dimension, one per line, and its inputs."""
    text = Text(_name(dimension))
    text.stylize("bold")
    text.append("  direction, what it adds to the dimension, reading", FAINT)
    for component in dimension.components:
        text.append("\n").append_text(_component_line(component))
    return text.append(input_lines(dimension, received, width), FAINT)


def _name(dimension: Dimension) -> str:
    names = words.DIMENSION_NAMES
    return names[dimension.kind - 1] if 1 <= dimension.kind <= len(names) else f"Dimension {dimension.kind}"


def _component_line(component: Component) -> Text:
    direction = optional(component, "direction")
    if direction is None:
        return Text(f"    {component.name:28} {DASH:>6}  {component.missing}".rstrip(), FAINT)
    reading = optional(component, "reading")
    value = DASH if reading is None else f"{reading:.6g} {component.unit}".rstrip()
    return Text.assemble(
        (f"    {component.name:28} ", FAINT),
        (f"{direction:+6.2f}", CELL_STYLES[sign_style(direction)]),
        f"  {component.contribution:+5.1f}  {value}",
    )
