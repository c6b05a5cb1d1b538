"""The data for replies: one snapshot, with its provenance at the last tick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.market.v1 import provenance_pb2

if TYPE_CHECKING:
    from virtuoso.service.view import SnapshotDetails, SnapshotView
    from virtuoso.store.v1 import candle_series_pb2, market_list_pb2, market_series_pb2

    Stored = candle_series_pb2.CandleSeries | market_list_pb2.MarketList | market_series_pb2.MarketSeriesSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedSnapshot:
    """The data that is served until the next tick. `provenance_field` is the provenance, encoded as field 1 of every reply.
    `dashboard` is a whole GetDashboardResponse. `path` is SNAPSHOT, STALE_SNAPSHOT or FALLBACK."""

    view: SnapshotView
    details: SnapshotDetails
    provenance: provenance_pb2.Provenance
    provenance_field: bytes
    dashboard: bytes
    path: str
    age_s: float


def mark_freshness(
    provenance: provenance_pb2.Provenance,
    *,
    stale: bool,
    age_ms: float,
    stale_reason: provenance_pb2.FallbackReason.ValueType,
) -> None:
    """Set the fields of `provenance` that only a server knows: stale, age, path and fallback_reason.

    `age_ms` must be at least 0. If `fallback_from` is set, its fallback_reason is kept."""
    provenance.stale = stale
    provenance.age.FromMilliseconds(int(age_ms))
    if stale:
        provenance.path = provenance_pb2.PATH_STALE_SNAPSHOT
    else:
        provenance.path = provenance_pb2.PATH_FALLBACK if provenance.fallback_from else provenance_pb2.PATH_SNAPSHOT
    if not provenance.fallback_from:
        provenance.fallback_reason = stale_reason if stale else provenance_pb2.FALLBACK_REASON_UNSPECIFIED


def stored_provenance(
    stored: Stored,
    current: provenance_pb2.Provenance,
    *,
    stale: bool,
    age_ms: float,
    stale_reason: provenance_pb2.FallbackReason.ValueType,
) -> provenance_pb2.Provenance:
    """Return the provenance of a reply with data beside the snapshot: that of the current snapshot with the data's times."""
    provenance = provenance_pb2.Provenance()
    provenance.CopyFrom(current)
    provenance.observed_time.CopyFrom(stored.observed_time)
    provenance.received_time.CopyFrom(stored.received_time)
    provenance.ClearField("oldest_input_time")
    mark_freshness(provenance, stale=stale, age_ms=age_ms, stale_reason=stale_reason)
    return provenance
