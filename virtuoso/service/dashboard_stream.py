"""The messages of WatchDashboard. The main state of a stream is one snapshot id. The delta from that snapshot to the newest
one is encoded once for all streams that need it. So a thousand streams cost little, and a slow stream skips states."""

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
    """Return the opaque token of a snapshot id."""
    return base64.urlsafe_b64encode(snapshot_id.encode()).decode().rstrip("=")


def resumed_id(token: str) -> str:
    """Return the snapshot id in a token, or "" for an invalid token. The stream then starts with a whole dashboard."""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


class DashboardEvents:
    """The encoded messages of WatchDashboard. All streams share them."""

    def __init__(self, cache: SnapshotCache) -> None:
        self._cache = cache
        self._newest_id = ""
        self._events: dict[str, bytes] = {}  # changes to the newest snapshot, by the id of the older one

    def since(self, snapshot_id: str, served: ServedSnapshot) -> bytes:
        """Return the message that changes that snapshot into the served one.

        It is a delta, or the whole dashboard when that snapshot is not in memory."""
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
        """Return a message without changes, with the current age."""
        return served.provenance_field + HEARTBEAT + _token(served.view.id)


def _whole(snapshot: bytes) -> bytes:
    return encoding.field(2, (encoding.chunk(snapshot),))


def _token(snapshot_id: str) -> bytes:
    return encoding.text(5, resume_token(snapshot_id))
