"""The end of the list of alerts, read once a second for all streams. A stream remembers one cursor and no more: what lies
between it and the newest is in memory, or is read for it, so that a slow reader loses nothing and is told nothing twice."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.errors import HistoryUnavailable, InvalidField
from virtuoso.domain.records import AlertKind, AlertLevel
from virtuoso.service import admission, encoding, invariants
from virtuoso.wire import messages

if TYPE_CHECKING:
    from virtuoso.domain.model import Environment
    from virtuoso.domain.ports import HistoryReader
    from virtuoso.domain.records import Alert
    from virtuoso.service.history_reader import CachedHistory

PERIOD_S = 1.0
PATIENCE_S = 10.0  # that streams bear with a history that is down
RECENT = 2000  # alerts in memory: hours of them
BATCH = 500  # alerts in one message and in one read
DAY_MS = 86_400_000  # that the clocks of writers may run ahead
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlertEntry:
    """An alert: its encoded message, and what streams and lists filter by."""

    cursor: int
    kind: int
    level: int
    environment: Environment | None
    chunk: bytes


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts a client asked for, of the environment that it is shown: no other may pass for it."""

    kinds: frozenset[int]
    least: int
    environment: int

    def __contains__(self, told: AlertEntry) -> bool:
        return (
            (not self.kinds or told.kind in self.kinds)
            and told.level >= self.least
            and told.environment in (None, self.environment)
        )


def encode_alerts(alerts: Sequence[Alert]) -> list[AlertEntry]:
    """Those of the alerts that keep every rule, encoded, in their order."""
    known = {str(alert.cursor): alert for alert in alerts}
    sound = admission.read_remembered(
        "alerts", [messages.alert(alert, cursor) for cursor, alert in known.items()], lambda m: m.cursor, invariants.alert
    )
    return [AlertEntry(int(m.cursor), m.kind, m.level, known[m.cursor].environment, encoding.chunk_of(m)) for m in sound]


class AlertFeed:
    """`up` is False until the history has answered, and while it does not. Begins to read when first asked for anything."""

    def __init__(self, archive: CachedHistory) -> None:
        self._archive = archive
        self._recent: deque[AlertEntry] = deque()
        self._floor = 0  # every alert after this one, up to the head, is among the recent ones
        self._head: int | None = None
        self._failing_since: float | None = None
        self._loop: asyncio.Task[None] | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._asked = asyncio.Event()
        self._polled = asyncio.Event()

    @property
    def up(self) -> bool:
        """True while alerts can be read."""
        return self._head is not None and self._failing_since is None

    def begin(self) -> None:
        """Read from now on, if there is anything to read."""
        if self._loop is None and self._archive.there:
            self._loop = asyncio.create_task(self._run())

    async def newest(self) -> int:
        """The newest cursor, by a read that began after this was asked. HistoryUnavailable."""
        if not self._archive.there:
            raise HistoryUnavailable("this server has no history")
        self.begin()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._asked.set()
        await waiter
        return self._head or 0

    async def resumed(self, cursor: str) -> int:
        """The place of a stream that goes on after `cursor`; "" is now. HistoryUnavailable; InvalidField for a cursor that
        cannot have been given yet, after which nothing would ever come."""
        newest = await self.newest()
        place = int(cursor) if cursor else newest
        if place > max(newest, epoch_ms() + DAY_MS):
            rule = f"{cursor!r} is not a cursor of this service: allowed are those of its alerts, up to {newest} now"
            raise InvalidField([("cursor", rule)])
        return place

    async def after(self, place: int, wanted: AlertFilter) -> tuple[list[bytes], int]:
        """At most BATCH wanted alerts after that place, oldest first, encoded, and the place after them. HistoryUnavailable
        when the history is needed and cannot be read, or has not been for PATIENCE_S."""
        if self._failing_since is not None and time.monotonic() - self._failing_since > PATIENCE_S:
            raise HistoryUnavailable("the history cannot be read now: call again with the last cursor")
        if place < self._floor:
            return await self._older(place, wanted)
        newer = []
        for told in reversed(self._recent):
            if told.cursor <= place:
                break
            newer.append(told)
        newer = newer[: -BATCH - 1 : -1]  # the oldest of them, oldest first
        reached = newer[-1].cursor if len(newer) == BATCH else max(place, self._head or 0)
        return [told.chunk for told in newer if told in wanted], reached

    async def polled(self) -> None:
        """Return when something may have changed."""
        await self._polled.wait()

    def wake(self) -> None:
        """Let all who wait look."""
        polled, self._polled = self._polled, asyncio.Event()
        polled.set()

    async def close(self) -> None:
        """Stop reading. Idempotent."""
        if self._loop is not None:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        self._answer(HistoryUnavailable("the server is going down"))

    async def _older(self, place: int, wanted: AlertFilter) -> tuple[list[bytes], int]:
        """For a reader so far behind that memory does not reach back to it."""

        async def read(history: HistoryReader) -> tuple[int, Sequence[Alert]]:
            head = self._head or 0  # was there before the read: what it does not bring up to here is not wanted
            kinds = [AlertKind(kind) for kind in sorted(wanted.kinds)]
            least = AlertLevel(wanted.least) if wanted.least else None
            return head, await history.alerts(after=place, kinds=kinds, min_level=least, limit=BATCH)

        try:
            head, alerts = await self._archive.near(("alerts after", place, wanted.kinds, wanted.least), read)
        except HistoryUnavailable:
            if self._failing_since is None:
                raise
            return [], place  # it may be back before patience ends
        reached = (alerts[-1].cursor if alerts else None) or place
        found = [told.chunk for told in await asyncio.to_thread(encode_alerts, alerts) if told in wanted]
        return found, reached if len(alerts) >= BATCH else max(reached, head)

    async def _run(self) -> None:
        while True:
            waiting, self._waiting = self._waiting, []
            self._asked.clear()
            failure: HistoryUnavailable | None = None
            try:
                await self._poll()
                self._failing_since = None
            except HistoryUnavailable as error:
                failure = error
            except Exception:  # the loop must outlive whatever one read meets, or streams would wait for ever
                log.exception("reading new alerts failed")
                failure = HistoryUnavailable("the history cannot be read now")
            if failure is not None and self._failing_since is None:
                self._failing_since = time.monotonic()
            self._answer(failure, waiting)
            self.wake()
            with suppress(TimeoutError):
                async with asyncio.timeout(PERIOD_S):
                    await self._asked.wait()

    async def _poll(self) -> None:
        if self._head is None:
            self._floor = self._head = await self._archive.read(lambda history: history.newest_cursor())
        while True:
            after = self._head
            alerts = await self._archive.read(lambda history: history.alerts(after=after, limit=BATCH))  # noqa: B023
            if not alerts:
                return
            self._recent.extend(encode_alerts(alerts))
            self._head = alerts[-1].cursor or after
            while len(self._recent) > RECENT:
                self._floor = self._recent.popleft().cursor
            if len(alerts) < BATCH:
                return

    def _answer(self, failure: HistoryUnavailable | None, waiting: Sequence[asyncio.Future[None]] | None = None) -> None:
        if waiting is None:
            waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if waiter.done():
                continue
            if failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(HistoryUnavailable(*failure.args))
