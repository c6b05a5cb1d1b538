"""The dashboard as a plain table, for pipes and for use without a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from virtuoso.top import words
from virtuoso.top.columns import Column, layout

if TYPE_CHECKING:
    from virtuoso.market.v1.market_service_pb2 import GetDashboardResponse


def plain_table(reply: GetDashboardResponse) -> str:
    """Return the source of the data, the market overview, and one line per symbol, highest score first."""
    provenance, overview = reply.provenance, reply.overview
    name, meaning = words.environment(provenance)
    age, coverage = words.age(provenance.age.ToMilliseconds() / 1000), provenance.coverage
    source = f"{name}{f' ({meaning})' if meaning else ''}  {provenance.venue}  {age} old"
    lines = [
        f"{source}  {coverage.present}/{coverage.expected} scored",
        *(f"{warning}: {reason}" for warning, reason in words.data_warnings(provenance)),
        f"Regime {words.regime(overview)}  Breadth {words.breadth(overview)}  BTC dominance {words.dominance(overview)}",
        "",
    ]
    columns = layout(80)
    lines.append("".join(_aligned(column.title, column) for column in columns))
    lines += ["".join(_aligned(column.text(row), column) for column in columns) for row in reply.rows]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _aligned(text: str, column: Column) -> str:
    """Return a cell with at least one space next to it, so that scripts can split the line."""
    return f"{text:{column.width - 1}} " if column.left else f" {text:>{column.width - 1}}"
