"""The handlers that need the history: signals, alerts, and scores over time.

Data that is in the snapshot is returned from the snapshot. While the history is unavailable, only reads from it fail."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from virtuoso.domain.errors import InvalidPageToken, ShuttingDown
from virtuoso.domain.records import AlertKind, AlertLevel, Side
from virtuoso.market.v1 import market_service_pb2, signal_pb2
from virtuoso.service import admission, encoding, invariants, paging
from virtuoso.service.alert_feed import AlertEntry, AlertFilter, encode_alerts
from virtuoso.service.deadline import caller_deadline
from virtuoso.service.time_range import requested_range
from virtuoso.service.view_builder import encoded_signal
from virtuoso.wire import messages, times

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.ports import HistoryReader
    from virtuoso.domain.records import Alert, ScorePoint, Signal
    from virtuoso.market.v1 import market_service_pb2 as api
    from virtuoso.service.alert_feed import AlertFeed
    from virtuoso.service.cached_history import CachedHistory
    from virtuoso.service.deadline import Context
    from virtuoso.service.snapshot_cache import SnapshotCache
    from virtuoso.service.view import EncodedSignal, SnapshotView

# The maximum number of signals on a page that needs the history.
MAX_STORED_SIGNALS = 35
# (opened_ms, id) of a signal. Signals are ordered by this key.
Key = tuple[int, str]


class HistoryHandlers:
    """The handlers of ListSignals, ListAlerts, GetScoreHistory and WatchAlerts.

    A stream sends a heartbeat at the first poll that is at least `heartbeat_s` after its last message."""

    def __init__(
        self, cache: SnapshotCache, history: CachedHistory, alerts: AlertFeed, *, heartbeat_s: float, clock: Clock
    ) -> None:
        self._cache, self._history, self._alerts = cache, history, alerts
        self._heartbeat_s, self._clock = heartbeat_s, clock
        self._closing = False

    def close(self) -> None:
        """End every stream with SHUTTING_DOWN."""
        self._closing = True
        self._alerts.wake()

    async def list_signals(self, request: api.ListSignalsRequest, context: Context) -> bytes:
        """Return active signals from the snapshot, and closed signals from the history. They are of all venues."""
        if request.active:
            return self._list_active(request)
        view = self._cache.current().view
        size = min(paging.page_size(request), MAX_STORED_SIGNALS)
        before = _signal_position(request)
        names = view.aliases(request.symbols)
        stored, oldest = await self._read_signals(request, context, (before, sorted(names), size))
        by_id = {signal.id: signal for signal in stored}
        if not request.HasField("active"):
            for signal in _matching(view, request, names):
                on_page = (before is None or _key(signal) < before) and (oldest is None or _key(signal) >= oldest)
                if on_page and by_id.get(signal.id, signal).active:  # the snapshot is newer unless the signal has closed
                    by_id[signal.id] = signal
        page = sorted(by_id.values(), key=_key, reverse=True)
        end = _key(page[size - 1]) if len(page) > size else oldest
        token = "" if end is None else paging.encode_token(request, paging.PageStart(*end))
        served = self._cache.current()
        return (
            served.provenance_field
            + encoding.field(2, [signal.chunk for signal in page[:size]])
            + encoding.field(3, served.view.record)
            + encoding.text(4, token)
        )

    def _list_active(self, request: api.ListSignalsRequest) -> bytes:
        view, start = paging.first_row(self._cache, request)
        end = start + paging.page_size(request)
        signals = _matching(view, request, view.aliases(request.symbols))
        return (
            self._cache.provenance_field(view)
            + encoding.field(2, [signal.chunk for signal in signals[start:end]])
            + encoding.field(3, view.record)
            + paging.next_token(self._cache, 4, request, view, end=end, total=len(signals))
        )

    async def _read_signals(
        self, request: api.ListSignalsRequest, context: Context, page: tuple[Key | None, Sequence[str], int]
    ) -> tuple[list[EncodedSignal], Key | None]:
        """Return one page of signals from the history, and the key of its last signal when older signals follow."""
        before, names, size = page
        view = self._cache.current().view
        environment, latest_ms = view.provenance.environment, self._cache.latest_ms(view)
        side = Side(request.side) if request.side else None
        active = request.active if request.HasField("active") else None

        async def read(history: HistoryReader) -> tuple[list[EncodedSignal], Key | None]:
            stored = await history.signals(symbols=names, side=side, active=active, before=before, limit=size + 1)
            last = (stored[size - 1].opened_ms, stored[size - 1].id) if len(stored) > size else None
            return await asyncio.to_thread(_encode_signals, stored[:size], environment, latest_ms), last

        async with caller_deadline(context):
            key = ("signals", environment, before, tuple(names), side, active, size)
            return await self._history.read_cached(key, read)

    async def list_alerts(self, request: api.ListAlertsRequest, context: Context) -> bytes:
        """Return alerts, newest first.

        The first page starts at `newest_cursor`. A stream from that cursor neither misses nor repeats an alert."""
        size = paging.page_size(request)
        served = self._cache.current()
        alert_filter = AlertFilter(frozenset(request.kinds), request.min_level, served.view.provenance.environment)
        names = sorted(served.view.aliases(request.symbols))
        before, first_newest = _alert_position(request)

        async def read(history: HistoryReader) -> tuple[int, list[AlertEntry], int | None]:
            newest = await history.newest_cursor() if before is None else first_newest
            stored: Sequence[Alert] = await history.alerts(
                before=newest + 1 if before is None else before,
                kinds=[AlertKind(kind) for kind in sorted(alert_filter.kinds)],
                min_level=AlertLevel(alert_filter.min_level) if alert_filter.min_level else None,
                symbols=names,
                limit=size + 1,
            )
            last = stored[size - 1].cursor if len(stored) > size else None
            return newest, await asyncio.to_thread(encode_alerts, stored[:size]), last

        async with caller_deadline(context):
            key = ("alerts", alert_filter, tuple(names), before, first_newest, size)
            newest, entries, last = await self._history.read_cached(key, read)
        token = "" if last is None else paging.encode_token(request, paging.PageStart(last, str(newest)))
        return (
            self._cache.current().provenance_field
            + encoding.field(2, [entry.chunk for entry in entries if alert_filter.matches(entry)])
            + encoding.text(3, token)
            + encoding.text(4, str(newest))
        )

    async def watch_alerts(self, request: api.WatchAlertsRequest, _: Context) -> AsyncGenerator[bytes, None]:
        """Yield the alerts after the cursor, then new alerts and heartbeats. Yield the first message even without alerts."""
        position, last_sent = await self._alerts.start_after(request.cursor), -math.inf
        kinds = frozenset(request.kinds)
        while True:
            if self._closing:
                raise ShuttingDown("the server is shutting down: call again with the last cursor")
            environment = self._cache.current().view.provenance.environment
            before = position
            alerts, position = await self._alerts.read_after(position, AlertFilter(kinds, request.min_level, environment))
            if alerts or self._clock.monotonic() - last_sent >= self._heartbeat_s:
                last_sent = self._clock.monotonic()
                yield (self._cache.current().provenance_field + encoding.field(2, alerts) + encoding.text(3, str(position)))
            elif position == before:
                await self._alerts.next_poll()

    async def get_score_history(self, request: api.GetScoreHistoryRequest, context: Context) -> bytes:
        """Return the scores of one symbol over time.

        A symbol that is no longer scored is accepted if the venue lists it and the history has points."""
        view = self._cache.current().view
        points_range = requested_range(request, self._cache.market_ms(view))
        untracked = None if view.resolve(request.symbol) in view.names else view.untracked_symbol(request.symbol)
        symbol = untracked or view.symbol(request.symbol)
        venue = view.provenance.venue
        # Without an end time, a cached result from a second ago is recent enough.
        end_ms = points_range.end_ms if request.HasField("end_time") else None

        async def read(history: HistoryReader) -> tuple[int, bytes]:
            points = await history.score_points(
                venue, symbol, start_ms=points_range.start_ms, end_ms=points_range.end_ms, step_ms=points_range.step_ms
            )
            return await asyncio.to_thread(_encode_points, points, symbol, points_range.step_ms, self._cache.latest_ms(view))

        async with caller_deadline(context):
            key = ("points", venue, symbol, points_range.start_ms, end_ms, points_range.step_ms)
            count, body = await self._history.read_cached(key, read)
        if untracked and not count:
            raise view.untracked_error(request.symbol)
        return self._cache.current().provenance_field + body


def _signal_position(request: api.ListSignalsRequest) -> Key | None:
    """Return the key of the signal after which the page starts."""
    if not request.page_token:
        return None
    start = paging.decode_token(request, request.page_token)
    return start.position, start.snapshot_id


def _alert_position(request: api.ListAlertsRequest) -> tuple[int | None, int]:
    """Return the cursor before which the page starts, and the newest cursor of the list's first page."""
    if not request.page_token:
        return None, 0
    start = paging.decode_token(request, request.page_token)
    if not start.snapshot_id.isdecimal():
        raise InvalidPageToken("page_token is not from this list")
    return start.position, int(start.snapshot_id)


def _key(signal: EncodedSignal) -> Key:
    return signal.opened_ms, signal.id


def _matching(view: SnapshotView, request: api.ListSignalsRequest, names: frozenset[str]) -> list[EncodedSignal]:
    """Return the snapshot's signals that pass the filters."""
    return [
        signal
        for signal in view.signals
        if (not names or signal.symbol in names) and request.side in (signal_pb2.SIDE_UNSPECIFIED, signal.side)
    ]


def _encode_signals(signals: Sequence[Signal], environment: int, latest_ms: int) -> list[EncodedSignal]:
    """Return the valid signals of `environment`, encoded."""
    encoded = [messages.signal(signal) for signal in signals if signal.environment == environment]
    valid = admission.read_history_rows(
        "signals", encoded, lambda message: message.id, invariants.signal, latest_ms=latest_ms
    )
    return [encoded_signal(message) for message in valid]


def _encode_points(points: Sequence[ScorePoint], symbol: str, step_ms: int, latest_ms: int) -> tuple[int, bytes]:
    """Return the number of points, and a GetScoreHistoryResponse without provenance."""
    valid = admission.read_points([messages.score_point(point) for point in points], symbol, latest_ms=latest_ms)
    reply = market_service_pb2.GetScoreHistoryResponse(symbol=symbol, points=valid, resolution=times.duration(step_ms))
    return len(valid), reply.SerializeToString(deterministic=True)
