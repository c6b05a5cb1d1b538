"""The handlers that look back: signals, alerts, scores over time. What the snapshot holds is answered from it; the rest is
read from the history, and only that fails while the history is down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from virtuoso.domain.errors import InvalidPageToken, ShuttingDown
from virtuoso.domain.records import AlertKind, AlertLevel, Side
from virtuoso.market.v1 import market_service_pb2, signal_pb2
from virtuoso.service import admission, encoding, invariants, paging
from virtuoso.service.alert_feed import AlertEntry, AlertFilter, encode_alerts
from virtuoso.service.deadline import in_time
from virtuoso.service.time_range import span
from virtuoso.service.view_builder import encoded_signal
from virtuoso.wire import messages, times

if TYPE_CHECKING:
    from virtuoso.domain.ports import History
    from virtuoso.domain.records import Alert, ScorePoint, Signal
    from virtuoso.market.v1 import market_service_pb2 as api
    from virtuoso.service.alert_feed import AlertFeed
    from virtuoso.service.deadline import Context
    from virtuoso.service.history_reader import HistoryReader
    from virtuoso.service.snapshot_cache import SnapshotCache
    from virtuoso.service.view import EncodedSignal, SnapshotView

Key = tuple[int, str]  # (opened_ms, id): the order of signals


class HistoryHandlers:
    """ListSignals, ListAlerts, GetScoreHistory, WatchAlerts. `heartbeat_s`: the longest silence of a stream, less a tick."""

    def __init__(self, keeper: SnapshotCache, archive: HistoryReader, tail: AlertFeed, *, heartbeat_s: float) -> None:
        self._keeper, self._archive, self._tail, self._heartbeat_s = keeper, archive, tail, heartbeat_s
        self._closing = False

    def close(self) -> None:
        """End every stream with SHUTTING_DOWN."""
        self._closing = True
        self._tail.wake()

    # ---------------------------------------------------------------------------------------------------------- signals

    async def list_signals(self, request: api.ListSignalsRequest, context: Context) -> bytes:
        """Active ones from the snapshot, closed ones from the history."""
        if request.active:
            return self._active(request)
        view = self._keeper.present().view
        size = paging.page_size(request)
        venue, before = _signal_place(request, view)
        names = view.spellings(request.symbols)
        known, bound = await self._remembered(request, context, (venue, before, sorted(names), size))
        rows = {each.id: each for each in known}
        if not request.HasField("active") and venue == view.provenance.venue:
            for each in _calls(view, request, names):
                within = (before is None or _key(each) < before) and (bound is None or _key(each) >= bound)
                if within and rows.get(each.id, each).active:  # the snapshot's is newer, but for one that has closed since
                    rows[each.id] = each
        page = sorted(rows.values(), key=_key, reverse=True)
        end = _key(page[size - 1]) if len(page) > size else bound
        token = "" if end is None else paging.write(request, paging.Place(end[0], f"{venue}/{end[1]}"))
        present = self._keeper.present()
        return (
            present.head
            + encoding.field(2, [each.chunk for each in page[:size]])
            + encoding.field(3, present.view.record)
            + encoding.text(4, token)
        )

    def _active(self, request: api.ListSignalsRequest) -> bytes:
        view, start = paging.begin(self._keeper, request)
        end = start + paging.page_size(request)
        rows = _calls(view, request, view.spellings(request.symbols))
        return (
            self._keeper.head(view)
            + encoding.field(2, [each.chunk for each in rows[start:end]])
            + encoding.field(3, view.record)
            + paging.following(4, request, view, end, len(rows))
        )

    async def _remembered(
        self, request: api.ListSignalsRequest, context: Context, place: tuple[str, Key | None, Sequence[str], int]
    ) -> tuple[list[EncodedSignal], Key | None]:
        """The signals of that place in the history, and the last one's key when older ones follow."""
        venue, before, names, size = place
        environment = self._keeper.present().view.provenance.environment
        side = Side(request.side) if request.side else None
        active = request.active if request.HasField("active") else None

        async def read(history: History) -> tuple[list[EncodedSignal], Key | None]:
            found = await history.signals(venue, symbols=names, side=side, active=active, before=before, limit=size + 1)
            last = (found[size - 1].opened_ms, found[size - 1].id) if len(found) > size else None
            return await asyncio.to_thread(_encode_signals, found[:size], environment), last

        async with in_time(context):
            return await self._archive.near(("signals", venue, environment, before, tuple(names), side, active, size), read)

    # ----------------------------------------------------------------------------------------------------------- alerts

    async def list_alerts(self, request: api.ListAlertsRequest, context: Context) -> bytes:
        """Newest first. It begins where `newest_cursor` points, so that a stream from there neither misses nor repeats."""
        size = paging.page_size(request)
        present = self._keeper.present()
        wanted = AlertFilter(frozenset(request.kinds), request.min_level, present.view.provenance.environment)
        names = sorted(present.view.spellings(request.symbols))
        before, shown = _alert_place(request)

        async def read(history: History) -> tuple[int, list[AlertEntry], int | None]:
            newest = await history.newest_cursor() if before is None else shown
            found: Sequence[Alert] = await history.alerts(
                before=newest + 1 if before is None else before,
                kinds=[AlertKind(kind) for kind in sorted(wanted.kinds)],
                least=AlertLevel(wanted.least) if wanted.least else None,
                symbols=names,
                limit=size + 1,
            )
            last = found[size - 1].cursor if len(found) > size else None
            return newest, await asyncio.to_thread(encode_alerts, found[:size]), last

        async with in_time(context):
            newest, alerts, last = await self._archive.near(("alerts", wanted, tuple(names), before, shown, size), read)
        token = "" if last is None else paging.write(request, paging.Place(last, str(newest)))
        return (
            self._keeper.present().head
            + encoding.field(2, [told.chunk for told in alerts if told in wanted])
            + encoding.text(3, token)
            + encoding.text(4, str(newest))
        )

    async def watch_alerts(self, request: api.WatchAlertsRequest, _: Context) -> AsyncGenerator[bytes, None]:
        """First what came after the cursor, be it nothing; then a message when there is more, or a sign of life."""
        place, spoke = await self._tail.resumed(request.cursor), 0.0
        kinds = frozenset(request.kinds)
        while True:
            if self._closing:
                raise ShuttingDown("the server is going down: call again with the last cursor")
            present = self._keeper.present()
            wanted = AlertFilter(kinds, request.min_level, present.view.provenance.environment)
            before = place
            alerts, place = await self._tail.after(place, wanted)
            if alerts or not spoke or time.monotonic() - spoke >= self._heartbeat_s:
                spoke = time.monotonic()
                yield self._keeper.present().head + encoding.field(2, alerts) + encoding.text(3, str(place))
            elif place == before:
                await self._tail.polled()

    # ----------------------------------------------------------------------------------------------------------- scores

    async def get_score_history(self, request: api.GetScoreHistoryRequest, context: Context) -> bytes:
        """One symbol over time; also one that is not scored any more, as long as the venue lists it and there are points."""
        view = self._keeper.present().view
        asked = span(request, self._keeper.market_ms(view))
        former = None if view.spelling(request.symbol) in view.names else view.listed(request.symbol)
        symbol = former or view.symbol(request.symbol)
        venue = view.provenance.venue
        until = asked.end_ms if request.HasField("end_time") else None  # what is asked until now may be a second old

        async def read(history: History) -> tuple[int, bytes]:
            found = await history.score_points(
                venue, symbol, start_ms=asked.start_ms, end_ms=asked.end_ms, step_ms=asked.step_ms
            )
            return await asyncio.to_thread(_encode_points, found, symbol, asked.step_ms)

        async with in_time(context):
            key = "points", venue, symbol, asked.start_ms, until, asked.step_ms
            count, body = await self._archive.near(key, read)
        if former and not count:
            raise view.untracked_error(request.symbol)
        return self._keeper.present().head + body


def _signal_place(request: api.ListSignalsRequest, view: SnapshotView) -> tuple[str, Key | None]:
    """The venue that is listed, and the signal after which the page begins."""
    if not request.page_token:
        return view.provenance.venue, None
    place = paging.read(request, request.page_token)
    venue, _, name = place.snapshot_id.partition("/")
    return venue, (place.position, name)


def _alert_place(request: api.ListAlertsRequest) -> tuple[int | None, int]:
    """The cursor before which the page begins, and the newest one that its first page showed."""
    if not request.page_token:
        return None, 0
    place = paging.read(request, request.page_token)
    if not place.snapshot_id.isdecimal():
        raise InvalidPageToken("page_token is not one of this list")
    return place.position, int(place.snapshot_id)


def _key(one: EncodedSignal) -> Key:
    return one.opened_ms, one.id


def _calls(view: SnapshotView, request: api.ListSignalsRequest, names: frozenset[str]) -> list[EncodedSignal]:
    """The snapshot's signals that pass the filters."""
    return [
        each
        for each in view.signals
        if (not names or each.symbol in names) and request.side in (signal_pb2.SIDE_UNSPECIFIED, each.side)
    ]


def _encode_signals(signals: Sequence[Signal], environment: int) -> list[EncodedSignal]:
    """Of that environment: no other may pass for it."""
    shown = [messages.signal(each) for each in signals if each.environment == environment]
    return [
        encoded_signal(each) for each in admission.read_remembered("signals", shown, lambda each: each.id, invariants.signal)
    ]


def _encode_points(points: Sequence[ScorePoint], symbol: str, step_ms: int) -> tuple[int, bytes]:
    """How many points, and a GetScoreHistoryResponse without provenance."""
    sound = admission.read_points([messages.score_point(point) for point in points], symbol)
    reply = market_service_pb2.GetScoreHistoryResponse(symbol=symbol, points=sound, resolution=times.duration(step_ms))
    return len(sound), reply.SerializeToString(deterministic=True)
