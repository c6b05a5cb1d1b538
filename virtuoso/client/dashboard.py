"""Build the dashboard from the messages of a stream: first a snapshot, then deltas."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from virtuoso.market.v1.confluence_pb2 import ConfluenceRow
from virtuoso.market.v1.market_service_pb2 import WatchDashboardResponse
from virtuoso.market.v1.mover_pb2 import Mover
from virtuoso.market.v1.overview_pb2 import Overview
from virtuoso.market.v1.provenance_pb2 import Provenance


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The dashboard of one snapshot. Do not change its messages.

    `rows` has every tracked symbol, highest score first. Symbols without a score come last. `received` is the time of
    receipt of the message, by time.monotonic.
    """

    provenance: Provenance
    overview: Overview
    rows: Sequence[ConfluenceRow]
    gainers: Sequence[Mover]
    losers: Sequence[Mover]
    received: float

    @property
    def age_s(self) -> float:
        """Return the current age of the newest prices in seconds: the age in the message plus the time since its receipt."""
        return self.provenance.age.ToMilliseconds() / 1000 + time.monotonic() - self.received

    def row(self, symbol: str) -> ConfluenceRow | None:
        """Return the row of a symbol. Return None when it is not tracked."""
        return next((row for row in self.rows if row.symbol == symbol), None)


def after(before: Dashboard | None, message: WatchDashboardResponse) -> Dashboard | None:
    """Return the dashboard after a message. Return None for a change without a previous dashboard. Servers never send
    this."""
    received = time.monotonic()
    if message.HasField("snapshot"):
        snapshot = message.snapshot
        return Dashboard(message.provenance, snapshot.overview, snapshot.rows, snapshot.gainers, snapshot.losers, received)
    if before is None:
        return None
    if not message.HasField("delta"):  # a heartbeat
        return replace(before, provenance=message.provenance, received=received)
    delta = message.delta
    rows = {row.symbol: row for row in before.rows} | {row.symbol: row for row in delta.changed_rows}
    for symbol in delta.removed_symbols:
        rows.pop(symbol, None)
    return Dashboard(
        message.provenance,
        delta.overview if delta.HasField("overview") else before.overview,
        sorted(rows.values(), key=_rank),
        delta.gainers,
        delta.losers,
        received,
    )


def _rank(row: ConfluenceRow) -> tuple[bool, float, str]:
    return not row.HasField("score"), -row.score, row.symbol
