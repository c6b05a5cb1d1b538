"""The header: the environment, the age of the data, and the connection; and the overview of the market."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.client import Connection, Dashboard, State
from virtuoso.top import words
from virtuoso.top.context import Context
from virtuoso.top.styles import ALARM, BADGE, DOWN, ENVIRONMENTS, FAINT, UP, WARN, name_value_line, name_value_lines
from virtuoso.top.text_box import TextBox

if TYPE_CHECKING:
    from virtuoso.market.v1.market_service_pb2 import GetSentimentResponse

STATES = {State.CONNECTING: ("○ connecting", WARN), State.LIVE: ("● live", UP), State.LOST: ("✖ LOST", DOWN)}
SILENT_S = 15.0  # a server sends a message every 10 s


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """The connection to the server."""

    address: str
    connection: Connection
    state_age_s: float  # the time in the current state


class SourceHeader(TextBox):
    """The first lines of each screen. They are drawn again every second because ages change."""

    def show(self, dashboard: Dashboard | None, status: ConnectionStatus) -> None:
        """Draw the lines."""
        width = max(40, self.app.size.width)
        lines = [_source_line(dashboard, status, width)]
        if dashboard is not None:
            for warning, reason in words.data_warnings(dashboard.provenance):
                lines.append(Text.assemble((f" {warning} ", BADGE), f" {reason}"))
        if (line := _connection_line(status, dashboard)) is not None:
            lines.append(line)
        for line in lines:
            line.truncate(width, overflow="ellipsis", pad=True)
        self.put(Text("\n").join(lines))


def overview_text(context: Context, reply: GetSentimentResponse | None) -> Text:
    """Return the market in a few lines."""
    dashboard, width = context.dashboard, context.width - 2
    if dashboard is None:
        return Text(words.LOADING, FAINT)
    overview, btc = dashboard.overview, context.row("BTCUSDT")

    def number(name: str, digits: int, unit: str) -> str:
        return words.number(words.optional(overview, name), digits, unit)

    numbers = name_value_lines(
        width,
        ("Regime", words.regime(overview)),
        ("Breadth", words.breadth(overview)),
        ("BTC", words.change(words.optional(btc, "change_24h_percent") if btc else None)),
        ("Sentiment", words.gauge(words.optional(reply.sentiment, "gauge") if reply else None)),
        ("BTC dominance", words.dominance(overview)),
        ("BTC volatility", number("volatility_percent", 1, "%")),
        ("BTC trend", number("trend_strength", 0, "")),
        ("Dispersion", number("dispersion_percent", 1, "%")),
        ("Turnover", words.usd(words.optional(overview, "total_turnover_24h_usd"))),
    )
    liquidations = words.liquidations(overview, dashboard.provenance.observed_time, context.clock)
    return Text("\n").join([numbers, name_value_line(("Liquidated", liquidations))])


def _source_line(dashboard: Dashboard | None, status: ConnectionStatus, width: int) -> Text:
    state, colour = _state(dashboard, status)
    if dashboard is None:
        return _left_and_right(Text(" VIRTUOSO", "bold"), Text.assemble((state, colour), f" {status.address} "), width)
    provenance = dashboard.provenance
    name, meaning = words.environment(provenance)
    style = ENVIRONMENTS.get(name, ALARM)
    left = Text(f" {name} ")
    if meaning:
        left.append(f"({meaning}) ")
    left.append(f" {words.venue_name(provenance.venue)}  {words.age(dashboard.age_s)} old  ")
    coverage = provenance.coverage
    left.append(f"{coverage.present}/{coverage.expected} scored ")
    streamed = f" {coverage.streamed} streamed "
    if left.cell_len + len(streamed) + len(state) + 1 <= width:
        left.append(streamed)
    right = f"{state} {status.address} "
    line = _left_and_right(left, Text(right if left.cell_len + len(right) <= width else f"{state} "), width)
    state_start = line.plain.rindex(state)
    if style.bgcolor is not None:
        line.stylize(style)
    else:
        line.stylize(style, 1, len(name) + 1)
        line.stylize(colour, state_start, state_start + len(state))
    if status.connection.state is State.LOST:
        line.stylize(ALARM, state_start - 1, state_start + len(state) + 1)
    return line


def _state(dashboard: Dashboard | None, status: ConnectionStatus) -> tuple[str, str]:
    """Return the state of the connection and its colour. Stale data and a silent server are never "live"."""
    state = status.connection.state
    if dashboard is not None and state is State.LIVE:
        silent_s = time.monotonic() - dashboard.received
        if silent_s > SILENT_S:
            return f"○ no message for {words.age(silent_s)}", WARN
        if dashboard.provenance.stale:
            return "○ stale", WARN
    return STATES[state]


def _connection_line(status: ConnectionStatus, dashboard: Dashboard | None) -> Text | None:
    failure = status.connection.failure
    if status.connection.state is State.LIVE or failure is None:
        return None
    age, reason = words.age(status.state_age_s), words.failure_text(failure)
    if dashboard is None:
        return Text(f" No connection for {age}: {reason}; connecting again.", DOWN)
    return Text.assemble((f" Lost {age} ago: {reason}; connecting again. ", DOWN), (words.LAST_DATA, WARN))


def _left_and_right(left: Text, right: Text, width: int) -> Text:
    gap = width - left.cell_len - right.cell_len
    return Text.assemble(left, " " * max(0, gap), right)
