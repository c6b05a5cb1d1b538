"""New alerts, read once a second for all streams. The main state of a stream is its cursor. The alerts between that
cursor and the newest one are in memory or are read again. Therefore even a slow stream gets every alert exactly once."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import HistoryUnavailable, InvalidField
from virtuoso.domain.plausibility import LAST_SECOND
from virtuoso.domain.records import AlertKind, AlertLevel
from virtuoso.service import admission, encoding, invariants
from virtuoso.wire import messages

if TYPE_CHECKING:
    from virtuoso.domain.model import Environment
    from virtuoso.domain.ports import HistoryReader
    from virtuoso.domain.records import Alert
    from virtuoso.service.cached_history import CachedHistory

POLL_PERIOD_S = 1.0
# Streams end when the history is unavailable for longer than this.
MAX_OUTAGE_S = 10.0
# The number of alerts in memory. It is enough for some hours.
MAX_RECENT = 2000
# The maximum number of alerts in one message and in one read.
BATCH_SIZE = 100
# The maximum time by which a writer's clock may be ahead.
MAX_CLOCK_ERROR_MS = 86_400_000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlertEntry:
    """An alert: its encoded message, and the values for the filters of streams and lists."""

    cursor: int
    kind: int
    level: int
    environment: Environment | None
    chunk: bytes


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """The filter of one client. Without `kinds`, all kinds match.

    `environment` is the one that the client sees. Alerts of other environments do not match."""

    kinds: frozenset[int]
    min_level: int
    environment: int

    def matches(self, entry: AlertEntry) -> bool:
        """Return True for an alert that matches the filter."""
        return (
            (not self.kinds or entry.kind in self.kinds)
            and entry.level >= self.min_level
            and entry.environment in (None, self.environment)
        )


def encode_alerts(alerts: Sequence[Alert]) -> list[AlertEntry]:
    """Return the valid alerts, encoded, in their order."""
    by_cursor = {str(alert.cursor): alert for alert in alerts}
    valid = admission.read_history_rows(
        "alerts",
        [messages.alert(alert, cursor) for cursor, alert in by_cursor.items()],
        lambda m: m.cursor,
        invariants.alert,
        latest_ms=LAST_SECOND * 1000 - 1,  # a replayed market has its own time
    )
    return [AlertEntry(int(m.cursor), m.kind, m.level, by_cursor[m.cursor].environment, encoding.chunk_of(m)) for m in valid]


class AlertFeed:
    """A poller of the history. Polling starts with the first request for alerts."""

    def __init__(self, history: CachedHistory, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._history, self._clock = history, clock
        self._recent: deque[AlertEntry] = deque()
        self._recent_after = 0  # `_recent` has all known alerts after this cursor
        self._newest: int | None = None
        self._failing_since: float | None = None
        self._loop: asyncio.Task[None] | None = None
        self._waiters: list[asyncio.Future[None]] = []  # they wait for the next poll that starts
        self._poll_requested = asyncio.Event()
        self._polled = asyncio.Event()

    @property
    def available(self) -> bool:
        """Whether alerts can be read: the history has been read, and the last poll did not fail."""
        return self._newest is not None and self._failing_since is None

    def start(self) -> None:
        """Start to poll if there is a history. Idempotent."""
        if self._loop is None and self._history.configured:
            self._loop = asyncio.create_task(self._poll_forever())

    async def newest_cursor(self) -> int:
        """Return the newest cursor from a read that starts after this call. Raise HistoryUnavailable when the read fails."""
        if not self._history.configured:
            raise HistoryUnavailable("this server has no history")
        self.start()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._poll_requested.set()
        await waiter
        return self._newest or 0

    async def start_after(self, cursor: str) -> int:
        """Return the cursor after which a stream starts. "" means the newest cursor.

        Only "", an unusual cursor and a history that was not read at the last poll cause a read. Raise HistoryUnavailable
        when it fails. Raise InvalidField for a cursor too far in the future."""
        latest = self._clock.now_ms() + MAX_CLOCK_ERROR_MS
        if cursor and int(cursor) <= latest and self.available:
            return int(cursor)
        newest = await self.newest_cursor()
        position = int(cursor) if cursor else newest
        if position > max(newest, latest):
            rule = f"{cursor!r} is not a cursor of this service: expected the cursor of an alert, now at most {newest}"
            raise InvalidField([("cursor", rule)])
        return position

    async def read_after(self, position: int, alert_filter: AlertFilter) -> tuple[list[bytes], int]:
        """Return (the encoded alerts that match, oldest first; the cursor after them).

        One call reads at most BATCH_SIZE alerts after `position`. Raise HistoryUnavailable when the history is needed and
        cannot be read, or when polling has failed for MAX_OUTAGE_S."""
        if self._failing_since is not None and self._clock.monotonic() - self._failing_since > MAX_OUTAGE_S:
            raise HistoryUnavailable("the history cannot be read now: call again with the last cursor")
        if position < self._recent_after:
            return await self._read_older(position, alert_filter)
        newer = []
        for entry in reversed(self._recent):
            if entry.cursor <= position:
                break
            newer.append(entry)
        batch = newer[: -BATCH_SIZE - 1 : -1]  # the oldest alerts, oldest first
        end = batch[-1].cursor if len(batch) == BATCH_SIZE else max(position, self._newest or 0)
        return [entry.chunk for entry in batch if alert_filter.matches(entry)], end

    async def next_poll(self) -> None:
        """Wait for the end of the next poll, or for a call of `wake`."""
        await self._polled.wait()

    def wake(self) -> None:
        """Wake all callers of `next_poll`."""
        polled, self._polled = self._polled, asyncio.Event()
        polled.set()

    async def close(self) -> None:
        """Stop polling. Idempotent."""
        if self._loop is not None:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        self._resolve(self._take_waiters(), HistoryUnavailable("the server is shutting down"))

    async def _read_older(self, position: int, alert_filter: AlertFilter) -> tuple[list[bytes], int]:
        """Return the same as `read_after` for alerts that are no longer in memory."""

        async def read(history: HistoryReader) -> tuple[int, Sequence[Alert]]:
            newest = self._newest or 0  # set before the read, so that the read covers it
            kinds = [AlertKind(kind) for kind in sorted(alert_filter.kinds)]
            least = AlertLevel(alert_filter.min_level) if alert_filter.min_level else None
            return newest, await history.alerts(after=position, kinds=kinds, min_level=least, limit=BATCH_SIZE)

        try:
            key = ("alerts after", position, alert_filter.kinds, alert_filter.min_level)
            newest, alerts = await self._history.read_cached(key, read)
        except HistoryUnavailable:
            if self._failing_since is None:
                raise
            return [], position  # the history may be available again before MAX_OUTAGE_S
        last = (alerts[-1].cursor if alerts else None) or position
        entries = await asyncio.to_thread(encode_alerts, alerts)
        end = last if len(alerts) >= BATCH_SIZE else max(last, newest)
        return [entry.chunk for entry in entries if alert_filter.matches(entry)], end

    async def _poll_forever(self) -> None:
        while True:
            waiters = self._take_waiters()
            self._poll_requested.clear()
            failure: HistoryUnavailable | None = None
            try:
                await self._poll()
                self._failing_since = None
            except HistoryUnavailable as error:
                failure = error
            except Exception:  # a failed read must not end the loop: streams wait for it
                log.exception("reading new alerts failed")
                failure = HistoryUnavailable("the history cannot be read now")
            if failure is not None and self._failing_since is None:
                self._failing_since = self._clock.monotonic()
            self._resolve(waiters, failure)
            self.wake()
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_PERIOD_S):
                    await self._poll_requested.wait()

    async def _poll(self) -> None:
        if self._newest is None:
            self._recent_after = self._newest = await self._history.read(lambda history: history.newest_cursor())
        while True:
            newest = self._newest
            alerts = await self._history.read(lambda history: history.alerts(after=newest, limit=BATCH_SIZE))  # noqa: B023
            if not alerts:
                return
            self._recent.extend(encode_alerts(alerts))
            self._newest = alerts[-1].cursor or newest
            while len(self._recent) > MAX_RECENT:
                self._recent_after = self._recent.popleft().cursor
            if len(alerts) < BATCH_SIZE:
                return

    def _take_waiters(self) -> Sequence[asyncio.Future[None]]:
        waiters, self._waiters = self._waiters, []
        return waiters

    @staticmethod
    def _resolve(waiters: Sequence[asyncio.Future[None]], failure: HistoryUnavailable | None) -> None:
        for waiter in waiters:
            if waiter.done():
                continue
            if failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(HistoryUnavailable(*failure.args))
