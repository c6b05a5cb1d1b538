"""The dashboard as a stream tells it: first whole, then by what changes."""

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
    """One state of the dashboard, all of it from one snapshot; do not change the messages in it. `rows`: every tracked
    symbol, highest score first, those without a score last. `received`: when this was said, on time.monotonic's clock."""

    provenance: Provenance
    overview: Overview
    rows: Sequence[ConfluenceRow]
    gainers: Sequence[Mover]
    losers: Sequence[Mover]
    received: float

    @property
    def age_s(self) -> float:
        """Age of the newest prices now, in seconds: what the server said, and what has passed since."""
        return self.provenance.age.ToMilliseconds() / 1000 + time.monotonic() - self.received

    def row(self, symbol: str) -> ConfluenceRow | None:
        """The row of a symbol; None when it is not tracked."""
        return next((row for row in self.rows if row.symbol == symbol), None)


def after(before: Dashboard | None, message: WatchDashboardResponse) -> Dashboard | None:
    """The dashboard once a message is applied; None for a change of what was never told, which no server sends."""
    received = time.monotonic()
    if message.HasField("snapshot"):
        whole = message.snapshot
        return Dashboard(message.provenance, whole.overview, whole.rows, whole.gainers, whole.losers, received)
    if before is None:
        return None
    if not message.HasField("delta"):  # a sign of life
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
