"""The connection of a collector to the history: recall the previous state, record the results, read the outcomes of signals.

A pass never waits for the history, and a failing history never ends a collector. While the history fails, records wait in
memory (see `virtuoso.history.background_writer`). Only history can be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.analysis.alert_groups import COOLDOWNS_S, RECALL_MS
from virtuoso.analysis.signal_stats import signal_record
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import HistoryError
from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS
from virtuoso.domain.records import SignalStatus
from virtuoso.history.background_writer import BackgroundWriter
from virtuoso.history.factory import open_history_writer

if TYPE_CHECKING:
    from virtuoso.domain.outlook import SaidOutlook
    from virtuoso.domain.ports import HistoryReader
    from virtuoso.domain.records import Alert, Opportunity, ScorePoint, Signal, SignalRecord

log = logging.getLogger(__name__)

RECALL_S = 3.0  # after this time without an answer, a collector continues with the last snapshot
SIGNALS_MS = 9 * 86_400_000  # `analysis.signals` needs the signals of this period and the active ones
OPPORTUNITIES_MS = 86_400_000  # `analysis.opportunities` needs the opportunities of this period
PAGE = 500
MAX_ALERTS = 2_000  # `analysis.alert_groups` needs the alerts of RECALL_MS; these are more than ever come in that time
MAX_SIGNALS = 20_000  # per venue; nine days give fewer
SIGNAL_RECORD_S = 60.0
SETTLE_S = 2.0  # a signal that has just ended needs this time to reach the history


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledState:
    """The stored records of some venues, in any order: active signals, signals of nine days, opportunities of a day, and
    alerts of some hours."""

    signals: tuple[Signal, ...]
    opportunities: tuple[Opportunity, ...]
    alerts: tuple[Alert, ...] = ()


class HistoryRecorder:
    """A recorder that reads from `history` and writes with `writer`, for `venues`. Its owner runs `run`, and closes
    `history` and `writer` afterwards."""

    def __init__(self, history: HistoryReader, writer: BackgroundWriter, venues: Sequence[str], clock: Clock) -> None:
        self._history = history
        self._writer = writer
        self._venues = tuple(venues)
        self._clock = clock
        self._signal_records: dict[str, SignalRecord] = {}
        self._signal_ended = asyncio.Event()

    @property
    def state(self) -> str:
        """Return "ok", or the error message of the history while it is down."""
        status = self._writer.status()
        return "ok" if status.ok else status.reason

    def signal_record(self, venue: str) -> SignalRecord | None:
        """Return the record of the venue's closed signals, at most a minute old. Return None while it cannot be read."""
        return self._signal_records.get(venue)

    def record(
        self,
        points: Sequence[ScorePoint] = (),
        signals: Sequence[Signal] = (),
        opportunities: Sequence[Opportunity] = (),
        alerts: Sequence[Alert] = (),
    ) -> None:
        """Queue these records for writing. Return immediately and never fail."""
        self._writer.record(points, signals, opportunities, alerts)
        if any(signal.status is not SignalStatus.ACTIVE for signal in signals):
            self._signal_ended.set()

    async def recall(self, now_ms: int) -> RecalledState:
        """Return the records needed to continue at `now_ms` (epoch ms). On failure, raise HistoryError within RECALL_S."""
        try:
            async with asyncio.timeout(RECALL_S):
                signals = [signal for venue in self._venues for signal in await self._signals(venue, now_ms)]
                since = now_ms - OPPORTUNITIES_MS
                pages = [await self._history.opportunities(v, start_ms=since, limit=PAGE) for v in self._venues]
                alerts = await self._history.alerts(limit=MAX_ALERTS)
        except TimeoutError as error:
            raise HistoryError(f"no answer within {RECALL_S:g} s") from error
        return RecalledState(
            signals=tuple({signal.id: signal for signal in signals}.values()),
            opportunities=tuple(opportunity for page in pages for opportunity in page),
            alerts=tuple(alert for alert in alerts if now_ms - alert.observed_ms < RECALL_MS),
        )

    async def _signals(self, venue: str, now_ms: int) -> Sequence[Signal]:
        signals = list(await self._history.signals(venue, active=True, limit=PAGE))
        before: tuple[int, str] | None = None
        while len(signals) < MAX_SIGNALS:
            page = await self._history.signals(venue, before=before, limit=PAGE)
            signals += page
            if len(page) < PAGE or page[-1].opened_ms < now_ms - SIGNALS_MS:
                break
            before = (page[-1].opened_ms, page[-1].id)
        return signals

    async def said_outlooks(self, venue: str, *, start_ms: int) -> Sequence[SaidOutlook]:
        """See HistoryReader."""
        return await self._history.said_outlooks(venue, start_ms=start_ms)

    async def write_outlooks(self, outlooks: Sequence[SaidOutlook]) -> None:
        """See HistoryWriter."""
        await self._writer.write_outlooks(outlooks)

    async def run(self) -> None:
        """Write records and read the outcomes of signals until cancelled."""
        await asyncio.gather(
            self._repeat("writing", self._writer.run), self._repeat("reading the record", self._read_signal_records)
        )

    async def _repeat(self, task: str, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:  # an unexpected error here must not affect the scores
                log.exception("history: %s failed and will be retried", task)
            await self._clock.sleep(SETTLE_S)

    async def _read_signal_records(self) -> None:
        """Read the outcomes of signals. Return after a minute, or when another signal has ended."""
        self._signal_ended.clear()
        try:
            for venue in self._venues:
                latest_ms = self._clock.now_ms() + MAX_CLOCK_LEAD_MS  # a later time was stored while a clock was wrong
                results = await self._history.results(venue, closed_by_ms=latest_ms)
                self._signal_records[venue] = await asyncio.to_thread(signal_record, results)
        except HistoryError as error:
            self._signal_records.clear()
            log.debug("history: cannot read the outcomes of signals: %s", error)
        try:
            async with asyncio.timeout(SIGNAL_RECORD_S):
                await self._signal_ended.wait()
        except TimeoutError:
            pass


@contextlib.asynccontextmanager
async def history_recorder(
    url: str | None, venues: Sequence[str], *, days: tuple[float, float], clock: Clock
) -> AsyncIterator[HistoryRecorder | None]:
    """Run a recorder on the history at `url` while the body runs. Then write the waiting records and close the history.

    Yield None if `url` is None. `days` is (days to keep points, days to keep all other records). Raise ConfigError if `url`
    is not a valid history URL."""
    if url is None:
        yield None
        return
    history = open_history_writer(url)
    points_days, rest_days = days
    writer = BackgroundWriter(history, cooldown_s=COOLDOWNS_S, clock=clock, points_days=points_days, rest_days=rest_days)
    recorder = HistoryRecorder(history, writer, venues, clock)
    running = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        running.cancel()
        await asyncio.wait({running})
        await writer.close()
        await history.close()
