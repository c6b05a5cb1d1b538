"""The largest moves of the venue in 24 hours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.domain.prices import price_text
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.top import words
from virtuoso.top.context import Context
from virtuoso.top.lists.listing import Column, Content, Entry, Listing, cell
from virtuoso.top.reading import Reading
from virtuoso.top.styles import FAINT, signed

if TYPE_CHECKING:
    from virtuoso.client import Market
    from virtuoso.market.v1.mover_pb2 import Mover

COLUMNS = (
    Column("Symbol", 17, left=True),
    Column("24 h", 10),
    Column("Price", 14),
    Column("Turnover", 10),
    Column("Score", 12),
)
OTHER_LINES = 6  # of the screen


class Movers(Listing):
    """The gainers, then the losers: as many of each as fit on the screen, at least five."""

    def __init__(self, market: Market) -> None:
        self._movers = Reading(lambda: market.stub.ListMovers(api.ListMoversRequest(page_size=50)))

    async def read(self) -> None:
        """See Listing."""
        await self._movers.read()

    def content(self, context: Context) -> Content:
        """See Listing."""
        reply, each = self._movers.reply, max(5, (context.height - OTHER_LINES) // 2)
        movers: Sequence[Mover] = [*reply.gainers[:each], *reply.losers[:each]] if reply else ()
        return Content(
            columns=COLUMNS,
            entries=[_entry(mover, context) for mover in movers],
            empty="None." if reply else "",
            problem=self._movers.problem(),
        )


def _entry(mover: Mover, context: Context) -> Entry:
    row = context.row(mover.symbol)
    score = words.optional(row, "score") if row else None
    return Entry(
        key=mover.symbol,
        symbol=mover.symbol,
        cells=[
            cell(mover.symbol, None if mover.tracked else FAINT),
            cell(*signed(words.change(mover.change_24h_percent))),
            cell(price_text(mover.price, words.optional(mover, "tick_size"))),
            cell(words.usd(mover.turnover_24h_usd)),
            cell(words.number(score)) if mover.tracked else cell("No score", FAINT),
        ],
        detail=Text(),
    )
