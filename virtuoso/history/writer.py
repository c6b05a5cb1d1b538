"""What a collector hands over for the history, written behind its back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import HistoryError
from virtuoso.domain.ports import History
from virtuoso.domain.records import Alert, AlertKind, Opportunity, ScorePoint, Signal
from virtuoso.metrics import HISTORY_DROPPED, HISTORY_WAITING, HISTORY_WRITTEN

log = logging.getLogger(__name__)

POINT_EVERY_MS = 60_000  # of a symbol
POINTS_KEPT = 60_000  # 50 symbols for 20 hours, 500 for two; some 15 MB
RECORDS_KEPT = 50_000  # of each other kind: weeks of them
BATCH = 500  # records of a kind in one transaction; a writing CPU is a collector's, too
SAID_AT_MOST = 10  # refused records of a kind that the log shows
HOUR_S = 3600.0
DAY_MS = 86_400_000
CLOSING_S = 4.0

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """How the writing goes. `waiting` and `dropped` are numbers of records by kind: points, signals, opportunities,
    alerts. `reason` is what the history says while it is down."""

    well: bool
    down_since_ms: int | None
    reason: str
    waiting: Mapping[str, int]
    dropped: Mapping[str, int]


class Queue:
    """Records of one kind that wait, in order; at most `limit`, the oldest go first and are counted. A record with the key
    of one that waits takes its place."""

    def __init__(self, kind: str, limit: int, key: Callable[[Any], Key]) -> None:
        self.kind = kind
        self.dropped = 0
        self._limit = limit
        self._key = key
        self._records: dict[Key, Any] = {}
        for reason in ("full", "refused"):  # there from the beginning: only then can an alert see the first one
            HISTORY_DROPPED.labels(kind, reason)

    def __len__(self) -> int:
        return len(self._records)

    def put(self, record: Any) -> None:
        """One more, or one anew."""
        self._records[self._key(record)] = record
        if len(self._records) > self._limit:
            del self._records[next(iter(self._records))]
            self.drop("full")

    def drop(self, reason: str) -> None:
        """Count one that is never written."""
        if not self.dropped:
            log.warning("history: %s are being dropped: %s", self.kind, reason)
        self.dropped += 1
        HISTORY_DROPPED.labels(self.kind, reason).inc()

    def first(self, count: int) -> list[Any]:
        """The oldest, which go on waiting."""
        return list(islice(self._records.values(), count))

    def written(self, records: Sequence[Any]) -> None:
        """These are done with; one that was put anew meanwhile goes on waiting."""
        for record in records:
            key = self._key(record)
            if self._records.get(key) is record:
                del self._records[key]


class Writer:
    """Takes records at any time without waiting, and writes them from `run`: points every `interval_s` and one a minute of
    a symbol, alerts and what was handed over with them at once. While the history is down all waits, within bounds, and is
    tried again every `interval_s`. Once an hour it forgets points older than `points_days`, and all else but active signals
    older than `rest_days`, counted from the newest point: a replayed market has its own time."""

    def __init__(
        self,
        history: History,
        *,
        cooldown_s: Mapping[AlertKind, float],
        clock: Clock,
        interval_s: float = 5.0,
        points_days: float = 30,
        rest_days: float = 365,
        points_kept: int = POINTS_KEPT,
        records_kept: int = RECORDS_KEPT,
    ) -> None:
        self._history = history
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._interval_s = interval_s
        self._points_ms = int(points_days * DAY_MS)
        self._rest_ms = int(rest_days * DAY_MS)
        self._points = Queue("points", points_kept, lambda point: (point.venue, point.symbol, point.observed_ms))
        self._signals = Queue("signals", records_kept, lambda signal: (signal.id,))
        self._opportunities = Queue("opportunities", records_kept, lambda opportunity: (opportunity.id,))
        self._alerts = Queue("alerts", records_kept, lambda alert: (alert.key, alert.observed_ms))
        self._queues = (self._points, self._signals, self._opportunities, self._alerts)
        self._minutes: dict[tuple[str, str], int] = {}
        self._newest_ms: int | None = None
        self._urgent = asyncio.Event()
        self._down_since_ms: int | None = None
        self._reason = ""

    def record(
        self,
        points: Sequence[ScorePoint] = (),
        signals: Sequence[Signal] = (),
        opportunities: Sequence[Opportunity] = (),
        alerts: Sequence[Alert] = (),
    ) -> None:
        """Take these to be written; returns at once and never fails. Of a symbol's points the first of each minute counts;
        a signal or opportunity that waits is replaced by a newer one of its id."""
        for point in points:
            self._take(point)
        for queue, records in ((self._signals, signals), (self._opportunities, opportunities), (self._alerts, alerts)):
            for record in records:
                queue.put(record)
        self._measure()
        if alerts:
            self._urgent.set()

    def _take(self, point: ScorePoint) -> None:
        name, minute = (point.venue, point.symbol), point.observed_ms // POINT_EVERY_MS
        if self._minutes.get(name) != minute:
            self._minutes[name] = minute
            self._newest_ms = max(self._newest_ms or 0, point.observed_ms)
            self._points.put(point)

    def status(self) -> WriterStatus:
        """How it goes now."""
        return WriterStatus(
            well=self._down_since_ms is None,
            down_since_ms=self._down_since_ms,
            reason=self._reason,
            waiting={queue.kind: len(queue) for queue in self._queues},
            dropped={queue.kind: queue.dropped for queue in self._queues},
        )

    async def run(self) -> None:
        """Write what is handed over, and forget what is old, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_for_ever())
            group.create_task(self._forget_for_ever())

    async def close(self) -> None:
        """After `run` has ended: write what still waits, if that can be done within seconds. Never raises."""
        try:
            async with asyncio.timeout(CLOSING_S):
                await self._write_all()
        except TimeoutError:
            pass
        if waiting := {kind: count for kind, count in self.status().waiting.items() if count}:
            log.warning("history: not written at the end: %s", ", ".join(f"{n} {kind}" for kind, n in waiting.items()))

    # ------------------------------------------------------------------------------------------------------------- writing

    async def _write_for_ever(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._interval_s):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._urgent.clear()
            await self._write_all()
            if self._down_since_ms is not None:
                await self._clock.sleep(self._interval_s)  # alerts that keep coming do not make it ask more often

    async def _write_all(self) -> None:
        """Everything that waits, alerts last: by then what they refer to is there. Stops at the first failure."""
        try:
            while len(self._points) or len(self._signals) or len(self._opportunities):
                await self._write(*(queue.first(BATCH) for queue in self._queues[:3]))
            while batch := self._alerts.first(BATCH):
                await self._add_alerts(batch)
        except HistoryError as error:
            self._reason = str(error)
            if self._down_since_ms is None:
                self._down_since_ms = self._clock.now_ms()
        else:
            if self._down_since_ms is not None:
                log.info("history: all that waited since it was down is written")
            self._down_since_ms, self._reason = None, ""
        self._measure()

    async def _write(self, *batches: Sequence[Any]) -> None:
        try:
            await self._history.write(*batches)
        except HistoryError as error:
            if not error.refused:
                raise
            await self._write_singly(batches)
            return
        for queue, batch in zip(self._queues, batches, strict=False):
            self._done(queue, batch)

    async def _write_singly(self, batches: Sequence[Sequence[Any]]) -> None:
        """One of them is refused: it must not keep the others from being written."""
        for index, batch in enumerate(batches):
            for record in batch:
                alone: list[Sequence[Any]] = [(), (), ()]
                alone[index] = (record,)
                await self._one(self._queues[index], record, self._history.write(*alone))

    async def _add_alerts(self, batch: Sequence[Alert]) -> None:
        try:
            await self._history.add_alerts(batch, cooldown_s=self._cooldown_s)
        except HistoryError as error:
            if not error.refused:
                raise
            for alert in batch:
                await self._one(self._alerts, alert, self._history.add_alerts([alert], cooldown_s=self._cooldown_s))
            return
        self._done(self._alerts, batch)

    async def _one(self, queue: Queue, record: Any, writing: Any) -> None:
        try:
            await writing
        except HistoryError as error:
            if not error.refused:
                raise
            level = logging.WARNING if queue.dropped < SAID_AT_MOST else logging.DEBUG
            log.log(level, "not kept, since it is refused (%s): %r", error, record)
            queue.written([record])
            queue.drop("refused")
        else:
            self._done(queue, [record])

    def _done(self, queue: Queue, records: Sequence[Any]) -> None:
        queue.written(records)
        HISTORY_WRITTEN.labels(queue.kind).inc(len(records))

    def _measure(self) -> None:
        for queue in self._queues:
            HISTORY_WAITING.labels(queue.kind).set(len(queue))

    # ------------------------------------------------------------------------------------------------------------ retention

    async def _forget_for_ever(self) -> None:
        while True:
            await self._clock.sleep(HOUR_S)
            await self.forget()

    async def forget(self) -> None:
        """Remove what is too old; a failure waits for the next hour."""
        if self._newest_ms is None:
            return
        now_ms = min(self._newest_ms, self._clock.now_ms())  # a venue's clock that runs ahead must not empty the history
        try:
            gone = await self._history.forget(
                points_before_ms=now_ms - self._points_ms, rest_before_ms=now_ms - self._rest_ms
            )
        except HistoryError as error:
            log.warning("history: nothing old is removed this hour: %s", error)
        else:
            log.info("history: %d old records removed", gone)
