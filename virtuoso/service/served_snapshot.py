"""What a server answers with: one snapshot, with its provenance as of the last tick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.market.v1 import provenance_pb2

if TYPE_CHECKING:
    from virtuoso.service.view import SnapshotDetails, SnapshotView


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedSnapshot:
    """What is served until the next tick. `provenance_field` is the provenance, encoded as field 1 of every reply.
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
    """Write into `provenance` the fields that only a server knows: stale, age (at least 0), path, and the reason of the path
    unless the collector has given one."""
    provenance.stale = stale
    provenance.age.FromMilliseconds(int(age_ms))
    if stale:
        provenance.path = provenance_pb2.PATH_STALE_SNAPSHOT
    else:
        provenance.path = provenance_pb2.PATH_FALLBACK if provenance.fallback_from else provenance_pb2.PATH_SNAPSHOT
    if not provenance.fallback_from:
        provenance.fallback_reason = stale_reason if stale else provenance_pb2.FALLBACK_REASON_UNSPECIFIED
