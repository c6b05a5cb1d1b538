"""The messages of WatchDashboard. The main state of a stream is one snapshot id. The change from that snapshot to the newest
one is found once for all streams, and encoded once for all streams with the same symbols. So a thousand streams cost little,
and a slow stream skips states."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.service import encoding
from virtuoso.service.view import dashboard

if TYPE_CHECKING:
    from virtuoso.market.v1 import market_service_pb2 as api
    from virtuoso.service.served_snapshot import ServedSnapshot
    from virtuoso.service.snapshot_cache import SnapshotCache
    from virtuoso.service.view import SnapshotView

HEARTBEAT = encoding.field(4, (encoding.chunk(b""),))
# A snapshot may come this much too early, and the next one then later. So one that comes a little early is not held back.
SLACK_S = 0.25
_EVENTS_KEPT = 64  # for streams with selected symbols


class Selection:
    """The rows of one stream: those of `symbols`, or all when it is empty."""

    def __init__(self, symbols: Sequence[str] = ()) -> None:
        self._requested = frozenset(symbols)
        text = " ".join(sorted(self._requested)).encode()
        self._mark = hashlib.blake2b(text, digest_size=6).hexdigest() if symbols else ""
        self._tracked: frozenset[str] = frozenset()  # the names for which `_names` was found
        self._names: frozenset[str] = frozenset()

    def names(self, view: SnapshotView) -> frozenset[str] | None:
        """Return the names of the selected rows in this view, or None for all rows."""
        if not self._requested:
            return None
        if self._tracked != view.names:
            self._tracked, self._names = view.names, view.names.intersection(map(view.resolve, self._requested))
        return self._names

    def resume_token(self, snapshot_id: str) -> str:
        """Return the opaque token of a snapshot id. It is valid for the same symbols only."""
        token = f"{snapshot_id}\n{self._mark}" if self._mark else snapshot_id
        return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")

    def resumed_id(self, token: str) -> str:
        """Return the snapshot id in a token, or "" for a token that is invalid or of other symbols.

        The stream then starts with a whole dashboard."""
        try:
            text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError):
            return ""
        snapshot_id, _, mark = text.partition("\n")
        return snapshot_id if mark == self._mark else ""


class Pace:
    """The times of a stream's messages. On average, their snapshots arrived at least `interval_s` apart.

    It counts the arrivals of snapshots, and not the messages. So neither the time of the call nor a slow write makes all
    later messages wait."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s, self._slack_s = interval_s, min(SLACK_S, interval_s)
        self._next_at = -math.inf

    def wait_s(self, arrived: float, now: float) -> float:
        """Return the seconds until a snapshot that has arrived may be sent, at most 0 when that is now.

        A snapshot that is too early waits a little longer than necessary, because the next one may come just then."""
        return 0.0 if arrived >= self._next_at - self._slack_s else self._next_at + self._slack_s - now

    def sent(self, arrived: float) -> None:
        """Count a snapshot that was sent."""
        self._next_at = max(arrived, self._next_at) + self.interval_s


class _Change(NamedTuple):
    """What changed between two snapshots: rows with their symbols, removed symbols, and the other fields, encoded."""

    rows: Sequence[tuple[str, bytes]]
    removed: Sequence[str]
    overview: bytes
    movers: bytes


class DashboardEvents:
    """The encoded messages of WatchDashboard. All streams share them."""

    def __init__(self, cache: SnapshotCache) -> None:
        self._cache = cache
        self._newest_id = ""
        self._changes: dict[str, _Change] = {}  # to the newest snapshot, by the id of the older one
        self._events: dict[tuple[str, frozenset[str] | None], bytes] = {}  # by the id of the older snapshot, and the names

    def since(self, snapshot_id: str, served: ServedSnapshot, selection: Selection) -> bytes:
        """Return the message that changes that snapshot into the served one.

        It is a delta, or the whole dashboard when that snapshot is not in memory, or when other rows are selected in it."""
        view = served.view
        if self._newest_id != view.id:
            self._newest_id = view.id
            self._changes.clear()
            self._events.clear()
        older = self._cache.view_of(snapshot_id)
        names = selection.names(view)
        if older is not None and older.names != view.names and selection.names(older) != names:
            older = None  # the change of all rows does not say which rows are selected no more
        key = (snapshot_id if older else "", names)
        event = self._events.get(key)
        if event is None:
            event = _delta(self._change(older, view), names) if older else _whole(view, names)
            if names is None or len(self._events) < _EVENTS_KEPT:
                self._events[key] = event
        return served.provenance_field + event + _token(view.id, selection)

    def heartbeat(self, sent: SnapshotView, selection: Selection) -> bytes:
        """Return a message without changes, with the current age of the snapshot that the stream has sent."""
        return self._cache.provenance_field(sent) + HEARTBEAT + _token(sent.id, selection)

    def _change(self, older: SnapshotView, view: SnapshotView) -> _Change:
        change = self._changes.get(older.id)
        if change is None:
            known = {row.symbol: row.shown for row in older.rows}
            rows = [(row.symbol, row.shown) for row in view.rows if known.pop(row.symbol, None) != row.shown]
            overview = encoding.field(1, view.shown_overview) if view.shown_overview != older.shown_overview else b""
            movers = encoding.field(4, view.shown_gainers) + encoding.field(5, view.shown_losers)
            change = self._changes[older.id] = _Change(rows, list(known), overview, movers)
        return change


def interval_s(request: api.WatchDashboardRequest, default_s: float) -> float:
    """Return the shortest time between two messages of a stream, seconds."""
    if not request.HasField("min_interval"):
        return default_s
    return request.min_interval.seconds + request.min_interval.nanos / 1e9


def _delta(change: _Change, names: frozenset[str] | None) -> bytes:
    rows = [chunk for symbol, chunk in change.rows if names is None or symbol in names]
    removed = [encoding.chunk(symbol.encode()) for symbol in change.removed if names is None or symbol in names]
    body = change.overview + encoding.field(2, rows) + encoding.field(3, removed) + change.movers
    return encoding.field(3, (encoding.chunk(body),))


def _whole(view: SnapshotView, names: frozenset[str] | None) -> bytes:
    rows = (row for row in view.rows if names is None or row.symbol in names)
    body = dashboard(1, view.shown_overview, rows, view.shown_gainers, view.shown_losers)
    return encoding.field(2, (encoding.chunk(body),))


def _token(snapshot_id: str, selection: Selection) -> bytes:
    return encoding.text(5, selection.resume_token(snapshot_id))
