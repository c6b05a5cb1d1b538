"""The messages of WatchDashboard. A stream remembers one snapshot id and nothing more. The delta from that snapshot to the
newest one is encoded once for all streams that need it, so a thousand streams cost little and a slow one skips states."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from virtuoso.service import encoding

if TYPE_CHECKING:
    from virtuoso.service.served_snapshot import ServedSnapshot
    from virtuoso.service.snapshot_cache import SnapshotCache

HEARTBEAT = encoding.field(4, (encoding.chunk(b""),))


def resume_token(snapshot_id: str) -> str:
    """Return opaque text for a snapshot's id."""
    return base64.urlsafe_b64encode(snapshot_id.encode()).decode().rstrip("=")


def resumed(token: str) -> str:
    """Return the snapshot's id in a token; "" for an unreadable token, with which the stream starts anew."""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


class DashboardEvents:
    """Encoded messages of WatchDashboard, shared by all streams."""

    def __init__(self, cache: SnapshotCache) -> None:
        self._cache = cache
        self._newest_id = ""
        self._events: dict[str, bytes] = {}  # to the newest snapshot, by the id of the snapshot before

    def since(self, snapshot_id: str, served: ServedSnapshot) -> bytes:
        """Return the message that leads from that snapshot to the served one: a delta, or the whole dashboard when that
        snapshot is not in memory any more."""
        if self._newest_id != served.view.id:
            self._newest_id = served.view.id
            self._events.clear()
        older = self._cache.view_of(snapshot_id)
        key = snapshot_id if older else ""
        event = self._events.get(key)
        if event is None:
            view = served.view
            body = encoding.field(3, (encoding.chunk(view.delta(older)),)) if older else _whole(view.snapshot())
            event = self._events[key] = body + _token(view.id)
        return served.provenance_field + event

    def heartbeat(self, served: ServedSnapshot) -> bytes:
        """Return a message without news, with the present age."""
        return served.provenance_field + HEARTBEAT + _token(served.view.id)


def _whole(snapshot: bytes) -> bytes:
    return encoding.field(2, (encoding.chunk(snapshot),))


def _token(snapshot_id: str) -> bytes:
    return encoding.text(5, resume_token(snapshot_id))
