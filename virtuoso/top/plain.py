"""The dashboard once, as a plain table: for pipes, and for terminals that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from virtuoso.top import words
from virtuoso.top.columns import Column, layout

if TYPE_CHECKING:
    from virtuoso.market.v1.market_service_pb2 import GetDashboardResponse


def table(reply: GetDashboardResponse) -> str:
    """Where it came from, the whole market, and a line a symbol, highest score first."""
    source, overview = reply.provenance, reply.overview
    name, meaning = words.environment(source)
    age, scored = words.age(source.age.ToMilliseconds() / 1000), source.coverage
    lines = [
        f"{name}{f' ({meaning})' if meaning else ''}  {source.venue}  {age} old  {scored.present}/{scored.expected} scored",
        *(f"{trouble}: {why}" for trouble, why in words.troubles(source)),
        f"Regime {words.regime(overview)}  Breadth {words.breadth(overview)}  BTC dominance {words.dominance(overview)}",
        "",
    ]
    columns = layout(80)
    lines.append("".join(_justified(each.title, each) for each in columns))
    lines += ["".join(_justified(each.text(row), each) for each in columns) for row in reply.rows]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _justified(text: str, column: Column) -> str:
    """At least a space from its neighbour, whatever its length: a script can split it."""
    return f"{text:{column.width - 1}} " if column.left else f" {text:>{column.width - 1}}"
