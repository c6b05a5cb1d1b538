"""Opportunities that have not expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.domain.prices import price_text
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.top import names, words
from virtuoso.top.context import Context
from virtuoso.top.lists.listing import Column, Content, Entry, Listing, cell
from virtuoso.top.reading import Reading
from virtuoso.top.styles import FAINT, name_value_line

if TYPE_CHECKING:
    from virtuoso.client import Market
    from virtuoso.market.v1.opportunity_pb2 import Opportunity

COLUMNS = (
    Column("Symbol", 15, left=True),
    Column("Kind", 30, left=True),
    Column("Z-score", 9),
    Column("Confidence", 12),
    Column("Found", 12),
)
NARROW, WIDE = 79, 110  # the width of these columns; that from which the sentence is a column
NOTE = (
    "An opportunity is an unusual move relative to BTC, or unusual funding. It is an observation. It is neither a signal "
    "nor advice."
)


class Opportunities(Listing):
    """The opportunities, newest first."""

    def __init__(self, market: Market) -> None:
        self._read = Reading(lambda: market.stub.ListOpportunities(api.ListOpportunitiesRequest(page_size=500)))

    async def read(self) -> None:
        """See Listing."""
        await self._read.read()

    def content(self, context: Context) -> Content:
        """See Listing."""
        reply = self._read.reply
        return Content(
            columns=(*COLUMNS, Column(" What was found", context.width - NARROW, left=True))
            if context.width > WIDE
            else COLUMNS,
            entries=[_entry(each, context) for each in reply.opportunities] if reply else (),
            summary=Text(NOTE, FAINT),
            empty="There are no opportunities at present. They are rare." if reply else "",
            problem=self._read.problem(),
        )


def _entry(opportunity: Opportunity, context: Context) -> Entry:
    z_score = words.optional(opportunity, "z_score")
    return Entry(
        key=opportunity.id,
        symbol=opportunity.symbol,
        cells=[
            cell(opportunity.symbol),
            cell(words.OPPORTUNITIES.get(opportunity.kind, "Opportunity")),
            cell(words.number(z_score, 1, " σ")),
            cell(words.share(opportunity.confidence)),
            cell(f"{context.ago(opportunity.find_time)} ago"),
            cell(f" {opportunity.sentence}"),
        ],
        detail=opportunity_text(opportunity, context),
    )


def opportunity_text(opportunity: Opportunity, context: Context) -> Text:
    """Return the sentence of an opportunity, its numbers and its times."""
    row = context.row(opportunity.symbol)
    reading, alpha = words.optional(opportunity, "reading"), words.optional(opportunity, "alpha_percent")
    left_s = -context.age_s(opportunity.expire_time)
    expires = (
        f"expires in {words.age(left_s, rough=True)}" if left_s > 0 else f"expired {words.age(-left_s, rough=True)} ago"
    )
    venue = context.other_venue(opportunity.venue)
    text = Text.assemble((words.OPPORTUNITIES.get(opportunity.kind, "Opportunity"), "bold"), f": {opportunity.sentence}")
    if opportunity.also_symbols:
        text.append(f" Also: {', '.join(opportunity.also_symbols)}.")
    if opportunity.invalidation:
        text.append(f" {opportunity.invalidation}")
    facts = [
        ("Reading", words.DASH if reading is None else names.reading(reading, opportunity.unit)),
        ("Alpha", words.change(alpha)),
        ("Confidence", words.share(opportunity.confidence)),
        ("Score", words.number(words.optional(row, "score") if row else None)),
        ("Price when found", price_text(opportunity.price, words.optional(row, "tick_size") if row else None)),
    ]
    text.append("\n").append_text(name_value_line(*(fact for fact in facts if fact[1] != words.DASH)))
    held = (
        f", last confirmed {context.ago(opportunity.last_held_time)} ago" if opportunity.HasField("last_held_time") else ""
    )
    found = f"\nFound {context.ago(opportunity.find_time)} ago{f' on {venue}' if venue else ''}{held}, {expires}."
    return text.append(found, FAINT)
