"""The top lines: whether the market is real, how old its data is, how the connection is, and the whole market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from virtuoso.client import Connection, Dashboard, State
from virtuoso.top import words
from virtuoso.top.styles import ALARM, BADGE, DOWN, ENVIRONMENTS, UP, WARN, pairs

if TYPE_CHECKING:
    from virtuoso.market.v1.overview_pb2 import Overview

STATES = {State.CONNECTING: ("○ connecting", WARN), State.LIVE: ("● live", UP), State.LOST: ("✖ LOST", DOWN)}


@dataclass(frozen=True, slots=True)
class Link:
    """The stream as it is: where to, how it is, since how many seconds."""

    address: str
    connection: Connection
    since_s: float


class Banner(Static):
    """Drawn anew each second, since ages grow by themselves."""

    def show(self, dashboard: Dashboard | None, link: Link) -> None:
        """Draw it."""
        width = max(40, self.app.size.width)
        lines = [_first(dashboard, link, width)]
        if dashboard is not None:
            source = dashboard.provenance
            for name, why in words.troubles(source):
                lines.append(Text.assemble((f" {name} ", BADGE), f" {why}"))
            lines += [Text.assemble(" ", line) for line in _market(dashboard.overview, width)]
        if (line := _trouble(link, dashboard)) is not None:
            lines.append(line)
        for line in lines:
            line.truncate(width, overflow="ellipsis", pad=True)
        self.update(Text("\n").join(lines))


def _first(dashboard: Dashboard | None, link: Link, width: int) -> Text:
    state, colour = STATES[link.connection.state]
    if dashboard is None:
        return _apart(Text(" VIRTUOSO", "bold"), Text.assemble((state, colour), f" {link.address} "), width)
    source = dashboard.provenance
    name, meaning = words.environment(source)
    style = ENVIRONMENTS.get(name, ALARM)
    left = Text(f" {name} ")
    if meaning:
        left.append(f"({meaning}) ")
    left.append(f" {source.venue}  {words.age(dashboard.age_s)} old  ")
    left.append(f"{source.coverage.present}/{source.coverage.expected} scored ")
    right = f"{state} {link.address} "
    line = _apart(left, Text(right if left.cell_len + len(right) <= width else f"{state} "), width)
    at = line.plain.rindex(state)
    if style.bgcolor is not None:
        line.stylize(style)
    else:
        line.stylize(style, 1, len(name) + 1)
        line.stylize(colour, at, at + len(state))
    if link.connection.state is State.LOST:
        line.stylize(ALARM, at - 1, at + len(state) + 1)
    return line


def _market(overview: Overview, width: int) -> list[Text]:
    def number(name: str, digits: int, unit: str) -> str:
        return words.number(words.optional(overview, name), digits, unit)

    first = pairs(
        ("Regime", words.regime(overview)),
        ("Breadth", words.breadth(overview)),
        ("BTC dominance", words.dominance(overview)),
    )
    second = pairs(
        ("Volatility", number("volatility_percent", 1, "%")),
        ("Trend", number("trend_strength", 0, "")),
        ("Dispersion", number("dispersion_percent", 1, "%")),
        ("Turnover", words.usd(words.optional(overview, "total_turnover_24h_usd"))),
    )
    if first.cell_len + second.cell_len + 4 <= width:
        return [Text.assemble(first, "   ", second)]
    return [first, second]


def _trouble(link: Link, dashboard: Dashboard | None) -> Text | None:
    why = link.connection.failure
    if link.connection.state is State.LIVE or why is None:
        return None
    age, reason = words.age(link.since_s), words.failure(why)
    if dashboard is None:
        return Text(f" No connection for {age}: {reason}; trying again.", DOWN)
    return Text.assemble((f" Lost {age} ago: {reason}; trying again. ", DOWN), ("This came last.", WARN))


def _apart(left: Text, right: Text, width: int) -> Text:
    gap = width - left.cell_len - right.cell_len
    return Text.assemble(left, " " * max(1, gap), right)
