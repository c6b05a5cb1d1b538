"""Write the records of a collector to the history in the background. The collector does not wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import HistoryError
from virtuoso.domain.model import DAY_MS
from virtuoso.domain.outlook import SaidOutlook
from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS
from virtuoso.domain.ports import HistoryWriter
from virtuoso.domain.records import Alert, AlertKind, Opportunity, ScorePoint, Signal
from virtuoso.history.record_queue import RecordQueue
from virtuoso.metrics import HISTORY_WAITING, HISTORY_WRITTEN

log = logging.getLogger(__name__)

POINT_INTERVAL_MS = 60_000  # per symbol
MAX_POINTS = 60_000  # maximum in the queue: 50 symbols for 20 hours or 500 for two; about 15 MB
MAX_RECORDS = 50_000  # maximum in the queue of each other kind: enough for weeks
BATCH_SIZE = 500  # records per kind and transaction; small, because the collector uses the same CPU
MAX_LOGGED_REFUSALS = 10  # warnings per kind
HOUR_S = 3600.0
CLOSING_S = 4.0

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """The state of the writer. `waiting` and `dropped` count records by kind: points, signals, opportunities, alerts."""

    ok: bool
    reason: str  # the error of the history; empty while writes succeed
    waiting: Mapping[str, int]
    dropped: Mapping[str, int]


class BackgroundWriter:
    """Queues records at any time without waiting. `run` writes them.

    An alert is written immediately, together with all queued records. Other records are written every `interval_s`. One
    point per symbol and minute is written. While the history is down, records stay in the queue, up to a limit. They are
    retried every `interval_s`.

    Once an hour it removes points older than `points_days`. It also removes all other records older than `rest_days`, except
    active signals. Ages are relative to the newest point, because a replayed market has its own time. Records with a time
    in the future are deleted, too.
    """

    def __init__(
        self,
        history: HistoryWriter,
        *,
        cooldown_s: Mapping[AlertKind, float],
        clock: Clock,
        interval_s: float = 5.0,
        points_days: float = 30,
        rest_days: float = 365,
        max_points: int = MAX_POINTS,
        max_records: int = MAX_RECORDS,
    ) -> None:
        self._history = history
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._interval_s = interval_s
        self._points_ms = int(points_days * DAY_MS)
        self._rest_ms = int(rest_days * DAY_MS)
        self._points: RecordQueue[ScorePoint] = RecordQueue(
            "points", max_points, lambda point: (point.venue, point.symbol, point.observed_ms)
        )
        self._signals: RecordQueue[Signal] = RecordQueue("signals", max_records, lambda signal: signal.id)
        self._opportunities: RecordQueue[Opportunity] = RecordQueue(
            "opportunities", max_records, lambda opportunity: opportunity.id
        )
        self._alerts: RecordQueue[Alert] = RecordQueue("alerts", max_records, lambda alert: (alert.key, alert.observed_ms))
        self._queues = (self._points, self._signals, self._opportunities, self._alerts)
        self._minutes: dict[tuple[str, str], int] = {}  # minute of the last point, by venue and symbol
        self._newest_ms: int | None = None
        self._urgent = asyncio.Event()
        self._reason = ""

    def record(
        self,
        points: Sequence[ScorePoint] = (),
        signals: Sequence[Signal] = (),
        opportunities: Sequence[Opportunity] = (),
        alerts: Sequence[Alert] = (),
    ) -> None:
        """Queue these records. Return immediately and never fail.

        Only the first point per symbol and minute is kept. A newer signal or opportunity replaces a queued one with its id.
        """
        for point in points:
            self._put_point(point)
        for signal in signals:
            self._signals.put(signal)
        for opportunity in opportunities:
            self._opportunities.put(opportunity)
        for alert in alerts:
            self._alerts.put(alert)
        self._update_metrics()
        if alerts:
            self._urgent.set()

    def _put_point(self, point: ScorePoint) -> None:
        series, minute = (point.venue, point.symbol), point.observed_ms // POINT_INTERVAL_MS
        if self._minutes.get(series) != minute:
            self._minutes[series] = minute
            self._newest_ms = max(self._newest_ms or 0, point.observed_ms)
            self._points.put(point)

    def status(self) -> WriterStatus:
        """Return the current state of the writer."""
        return WriterStatus(
            ok=not self._reason,
            reason=self._reason,
            waiting={queue.kind: len(queue) for queue in self._queues},
            dropped={queue.kind: queue.dropped for queue in self._queues},
        )

    async def run(self) -> None:
        """Write queued records and remove old ones, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_forever())
            group.create_task(self._delete_old_forever())

    async def write_outlooks(self, outlooks: Sequence[SaidOutlook]) -> None:
        """Write outlooks now, see HistoryWriter. The caller keeps them until they are stored."""
        await self._history.write_outlooks(outlooks)

    async def close(self) -> None:
        """Write the queued records within at most CLOSING_S. Call this after `run` has ended. Never raise."""
        try:
            async with asyncio.timeout(CLOSING_S):
                await self._write_all()
        except TimeoutError:
            pass
        if waiting := {kind: count for kind, count in self.status().waiting.items() if count}:
            log.warning("history: not written at shutdown: %s", ", ".join(f"{n} {kind}" for kind, n in waiting.items()))

    async def _write_forever(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._interval_s):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._urgent.clear()
            await self._write_all()
            if self._reason:
                await self._clock.sleep(self._interval_s)  # further alerts do not cause more attempts

    async def _write_all(self) -> None:
        """Write all queued records. Alerts come last, after the records that they refer to. Stop at the first failure."""
        try:
            while len(self._points) or len(self._signals) or len(self._opportunities):
                await self._write_batch()
            while alerts := self._alerts.first(BATCH_SIZE):
                await self._write_alerts(alerts)
        except HistoryError as error:
            self._reason = str(error)
        else:
            if self._reason:
                log.info("history: all records that were queued during the outage are written")
            self._reason = ""
        self._update_metrics()

    async def _write_batch(self) -> None:
        """Write the oldest records of each kind except alerts."""
        points = self._points.first(BATCH_SIZE)
        signals = self._signals.first(BATCH_SIZE)
        opportunities = self._opportunities.first(BATCH_SIZE)
        try:
            await self._history.write(points, signals, opportunities)
        except HistoryError as error:
            if not error.refused:
                raise
            await self._write_singly(self._points, points, lambda point: self._history.write(points=[point]))
            await self._write_singly(self._signals, signals, lambda signal: self._history.write(signals=[signal]))
            await self._write_singly(
                self._opportunities, opportunities, lambda opportunity: self._history.write(opportunities=[opportunity])
            )
            return
        self._written(self._points, points)
        self._written(self._signals, signals)
        self._written(self._opportunities, opportunities)

    async def _write_alerts(self, alerts: Sequence[Alert]) -> None:
        async def add(alerts: Sequence[Alert]) -> None:
            await self._history.add_alerts(alerts, cooldown_s=self._cooldown_s)

        try:
            await add(alerts)
        except HistoryError as error:
            if not error.refused:
                raise
            await self._write_singly(self._alerts, alerts, lambda alert: add([alert]))
            return
        self._written(self._alerts, alerts)

    async def _write_singly(
        self, queue: RecordQueue[R], records: Sequence[R], write: Callable[[R], Awaitable[None]]
    ) -> None:
        """Write each record separately. Drop records that the history refuses, so that they do not block the others."""
        for record in records:
            try:
                await write(record)
            except HistoryError as error:
                if not error.refused:
                    raise
                level = logging.WARNING if queue.dropped < MAX_LOGGED_REFUSALS else logging.DEBUG
                log.log(level, "history: a record is dropped because the history refuses it (%s): %r", error, record)
                queue.remove([record])
                queue.count_dropped("refused")
            else:
                self._written(queue, [record])

    def _written(self, queue: RecordQueue[R], records: Sequence[R]) -> None:
        queue.remove(records)
        HISTORY_WRITTEN.labels(queue.kind).inc(len(records))

    def _update_metrics(self) -> None:
        for queue in self._queues:
            HISTORY_WAITING.labels(queue.kind).set(len(queue))

    async def _delete_old_forever(self) -> None:
        while True:
            await self._clock.sleep(HOUR_S)
            await self.delete_old()

    async def delete_old(self) -> None:
        """Delete old records, and those with a time in the future. Log a failure. `run` tries again after an hour."""
        if self._newest_ms is None:
            return
        # One wrong clock must not empty the history: a record is old, or in the future, on both clocks.
        clocks_ms = (self._newest_ms, self._clock.now_ms())
        now_ms = min(clocks_ms)
        try:
            count = await self._history.delete_old(
                points_before_ms=now_ms - self._points_ms,
                rest_before_ms=now_ms - self._rest_ms,
                latest_ms=max(clocks_ms) + MAX_CLOCK_LEAD_MS,
            )
        except HistoryError as error:
            log.warning("history: old records are not removed this hour: %s", error)
        else:
            log.info("history: %d records deleted, because they are old or have a time in the future", count)
