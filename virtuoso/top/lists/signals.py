"""Active and closed signals, with their record above them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.domain.prices import price_text
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import signal_pb2
from virtuoso.top import words
from virtuoso.top.context import Context
from virtuoso.top.lists.listing import Column, Content, Entry, Listing, cell
from virtuoso.top.lists.signal_text import (
    HISTORY_DOWN,
    current_price,
    is_active,
    record_text,
    result_r,
    signal_text,
    tick_size,
)
from virtuoso.top.reading import Reading
from virtuoso.top.styles import DOWN, UP, WARN, signed

if TYPE_CHECKING:
    from virtuoso.client import Market
    from virtuoso.market.v1.signal_pb2 import Signal

COLUMNS = (
    Column("Side", 6, left=True),
    Column("Symbol", 15, left=True),
    Column("Status", 29, left=True),
    Column("R", 8),
    Column("Price", 12),
    Column("Opened", 9),
)
WIDE = 126
MORE_COLUMNS = (Column("Entry", 12), Column("Stop", 12), Column("Next target", 13), Column("Score", 7))
SIDES = {signal_pb2.SIDE_LONG: UP, signal_pb2.SIDE_SHORT: DOWN}


class Signals(Listing):
    """All active signals and the newest closed ones. Those of another venue stay and are labelled."""

    def __init__(self, market: Market) -> None:
        stub = market.stub
        self._active = Reading(lambda: stub.ListSignals(api.ListSignalsRequest(active=True, page_size=500)))
        self._closed = Reading(lambda: stub.ListSignals(api.ListSignalsRequest(active=False, page_size=35)))

    async def read(self) -> None:
        """See Listing."""
        await self._active.read()
        await self._closed.read()

    def content(self, context: Context) -> Content:
        """See Listing."""
        signals: Sequence[Signal] = [
            *(self._active.reply.signals if self._active.reply else ()),
            *(self._closed.reply.signals if self._closed.reply else ()),
        ]
        return Content(
            columns=(*COLUMNS, *MORE_COLUMNS) if context.width >= WIDE else COLUMNS,
            entries=[_entry(signal, context) for signal in signals],
            summary=self._record(),
            empty="There are no signals yet." if self._active.reply else "",
            problem=self._active.problem() or self._closed.problem("Closed signals"),
        )

    def _record(self) -> Text:
        reply = self._active.reply
        if reply is None:
            return Text()
        return record_text(reply.record) if reply.HasField("record") else Text(HISTORY_DOWN, WARN)


def _entry(signal: Signal, context: Context) -> Entry:
    result, venue, tick = result_r(signal, context), context.other_venue(signal.venue), tick_size(signal, context)
    price = current_price(signal, context) if is_active(signal) else words.optional(signal, "exit_price")
    further = signal.targets[signal.targets_hit :]
    status = words.STATUSES.get(signal.status, "Closed")
    return Entry(
        key=signal.id,
        symbol=signal.symbol,
        cells=[
            cell(words.SIDES.get(signal.side, words.DASH), SIDES.get(signal.side)),
            cell(signal.symbol),
            cell(f"{status}, {venue}" if venue else status, WARN if venue else None),
            cell(*signed(words.points(result, 2))),
            cell(words.DASH if price is None else price_text(price, tick)),
            cell(f"{context.ago(signal.open_time)} ago"),
            cell(price_text(signal.entry, tick)),
            cell(price_text(signal.stop, tick)),
            cell(price_text(further[0].price, tick) if further else words.DASH),
            cell(f"{signal.score:.0f}"),
        ],
        detail=signal_text(signal, context),
    )
