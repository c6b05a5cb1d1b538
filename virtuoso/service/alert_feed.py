"""New alerts, read once a second for all streams. A stream remembers one cursor and nothing more. The alerts between that
cursor and the newest one are in memory or are read again, so a slow stream loses nothing and gets nothing twice."""

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
from virtuoso.domain.records import AlertKind, AlertLevel
from virtuoso.service import admission, encoding, invariants
from virtuoso.wire import messages

if TYPE_CHECKING:
    from virtuoso.domain.model import Environment
    from virtuoso.domain.ports import HistoryReader
    from virtuoso.domain.records import Alert
    from virtuoso.service.cached_history import CachedHistory

POLL_PERIOD_S = 1.0
MAX_OUTAGE_S = 10.0  # of the history; after that streams end
MAX_RECENT = 2000  # alerts in memory: the alerts of some hours
BATCH_SIZE = 500  # alerts in one message and in one read
MAX_CLOCK_ERROR_MS = 86_400_000  # by which a writer's clock may be ahead
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlertEntry:
    """An alert: its encoded message, and the values by which streams and lists filter."""

    cursor: int
    kind: int
    level: int
    environment: Environment | None
    chunk: bytes


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """The alerts that a client wants, of the environment that it sees: an alert of another environment must not pass for one
    of this. No kinds stand for all kinds."""

    kinds: frozenset[int]
    min_level: int
    environment: int

    def matches(self, entry: AlertEntry) -> bool:
        """Return True for an alert that the client wants."""
        return (
            (not self.kinds or entry.kind in self.kinds)
            and entry.level >= self.min_level
            and entry.environment in (None, self.environment)
        )


def encode_alerts(alerts: Sequence[Alert]) -> list[AlertEntry]:
    """Return the alerts that keep every rule, encoded, in their order."""
    by_cursor = {str(alert.cursor): alert for alert in alerts}
    valid = admission.read_remembered(
        "alerts",
        [messages.alert(alert, cursor) for cursor, alert in by_cursor.items()],
        lambda m: m.cursor,
        invariants.alert,
    )
    return [AlertEntry(int(m.cursor), m.kind, m.level, by_cursor[m.cursor].environment, encoding.chunk_of(m)) for m in valid]


class AlertFeed:
    """Polls the history from the first time that anybody asks for alerts."""

    def __init__(self, history: CachedHistory, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._history, self._clock = history, clock
        self._recent: deque[AlertEntry] = deque()
        self._recent_after = 0  # every alert after this cursor, up to the newest, is in `_recent`
        self._newest: int | None = None
        self._failing_since: float | None = None
        self._loop: asyncio.Task[None] | None = None
        self._waiters: list[asyncio.Future[None]] = []  # for a poll that has not begun yet
        self._poll_requested = asyncio.Event()
        self._polled = asyncio.Event()

    @property
    def available(self) -> bool:
        """True while alerts can be read: the history has answered, and still does."""
        return self._newest is not None and self._failing_since is None

    def start(self) -> None:
        """Poll from now on, when there is a history. Idempotent."""
        if self._loop is None and self._history.configured:
            self._loop = asyncio.create_task(self._poll_forever())

    async def newest_cursor(self) -> int:
        """Return the newest cursor, by a read that begins after this call. Raise HistoryUnavailable."""
        if not self._history.configured:
            raise HistoryUnavailable("this server has no history")
        self.start()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._poll_requested.set()
        await waiter
        return self._newest or 0

    async def start_after(self, cursor: str) -> int:
        """Return the cursor after which a stream starts; "" stands for the newest. Raise HistoryUnavailable. Raise
        InvalidField for a cursor so far ahead that no alert would ever follow it."""
        newest = await self.newest_cursor()
        position = int(cursor) if cursor else newest
        if position > max(newest, self._clock.now_ms() + MAX_CLOCK_ERROR_MS):
            rule = f"{cursor!r} is not a cursor of this service: expected the cursor of an alert, at most {newest} now"
            raise InvalidField([("cursor", rule)])
        return position

    async def read_after(self, position: int, wanted: AlertFilter) -> tuple[list[bytes], int]:
        """Return the wanted ones of the next BATCH_SIZE alerts after a cursor, encoded, oldest first; and the cursor after
        them. Raise HistoryUnavailable when the history is needed and cannot be read, or could not be for MAX_OUTAGE_S."""
        if self._failing_since is not None and self._clock.monotonic() - self._failing_since > MAX_OUTAGE_S:
            raise HistoryUnavailable("the history cannot be read now: call again with the last cursor")
        if position < self._recent_after:
            return await self._read_older(position, wanted)
        newer = []
        for entry in reversed(self._recent):
            if entry.cursor <= position:
                break
            newer.append(entry)
        batch = newer[: -BATCH_SIZE - 1 : -1]  # the oldest ones, oldest first
        end = batch[-1].cursor if len(batch) == BATCH_SIZE else max(position, self._newest or 0)
        return [entry.chunk for entry in batch if wanted.matches(entry)], end

    async def next_poll(self) -> None:
        """Return after the next poll, or when `wake` is called."""
        await self._polled.wait()

    def wake(self) -> None:
        """Wake everybody who waits for `next_poll`."""
        polled, self._polled = self._polled, asyncio.Event()
        polled.set()

    async def close(self) -> None:
        """Stop polling. Idempotent."""
        if self._loop is not None:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        self._resolve(self._take_waiters(), HistoryUnavailable("the server is going down"))

    async def _read_older(self, position: int, wanted: AlertFilter) -> tuple[list[bytes], int]:
        """Read for a stream that is further behind than the alerts in memory."""

        async def read(history: HistoryReader) -> tuple[int, Sequence[Alert]]:
            newest = self._newest or 0  # known before the read: all wanted alerts up to here are in its result
            kinds = [AlertKind(kind) for kind in sorted(wanted.kinds)]
            least = AlertLevel(wanted.min_level) if wanted.min_level else None
            return newest, await history.alerts(after=position, kinds=kinds, min_level=least, limit=BATCH_SIZE)

        try:
            key = ("alerts after", position, wanted.kinds, wanted.min_level)
            newest, alerts = await self._history.read_cached(key, read)
        except HistoryUnavailable:
            if self._failing_since is None:
                raise
            return [], position  # the history may return before MAX_OUTAGE_S is over
        last = (alerts[-1].cursor if alerts else None) or position
        entries = await asyncio.to_thread(encode_alerts, alerts)
        end = last if len(alerts) >= BATCH_SIZE else max(last, newest)
        return [entry.chunk for entry in entries if wanted.matches(entry)], end

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
            except Exception:  # the loop must outlive any failure of one read, or streams would wait for ever
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
