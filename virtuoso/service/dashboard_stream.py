"""What a stream of dashboards says next. A stream remembers one id and no more: what lies between that snapshot and the
newest is encoded once for all streams that need it, so a thousand readers cost little and a slow one skips ahead."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from virtuoso.service import encoding

if TYPE_CHECKING:
    from virtuoso.service.snapshot_cache import ServedSnapshot, SnapshotCache

HEARTBEAT = encoding.field(4, (encoding.chunk(b""),))


def resume_token(snapshot_id: str) -> str:
    """Opaque text for a snapshot's id."""
    return base64.urlsafe_b64encode(snapshot_id.encode()).decode().rstrip("=")


def resumed(token: str) -> str:
    """The snapshot's id in a token; "" for what is no token, which begins the stream anew."""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


class DashboardEvents:
    """Encoded messages of WatchDashboard, shared by all streams."""

    def __init__(self, keeper: SnapshotCache) -> None:
        self._keeper = keeper
        self._newest = ""
        self._since: dict[str, bytes] = {}

    def since(self, snapshot_id: str, present: ServedSnapshot) -> bytes:
        """The message that leads from that snapshot to the present one: a delta, or the whole when it is not known any
        more."""
        if self._newest != present.view.id:
            self._newest = present.view.id
            self._since.clear()
        older = self._keeper.kept(snapshot_id)
        key = snapshot_id if older else ""
        event = self._since.get(key)
        if event is None:
            view = present.view
            body = encoding.field(3, (encoding.chunk(view.delta(older)),)) if older else _whole(view.snapshot())
            event = self._since[key] = body + _token(view.id)
        return present.head + event

    def heartbeat(self, present: ServedSnapshot) -> bytes:
        """A sign of life with the present age."""
        return present.head + HEARTBEAT + _token(present.view.id)


def _whole(snapshot: bytes) -> bytes:
    return encoding.field(2, (encoding.chunk(snapshot),))


def _token(snapshot_id: str) -> bytes:
    return encoding.text(5, resume_token(snapshot_id))
