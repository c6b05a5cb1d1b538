"""A collector's dealings with the history: what it recalls when it begins to work, what it records, how signals ended.

Nothing here is waited for by a pass, and nothing here can end a collector: a history that hangs, is full or is gone costs
history only. What is recorded waits in memory meanwhile (see `virtuoso.history.background_writer`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from virtuoso.analysis.alert_rules import COOLDOWNS_S
from virtuoso.analysis.signal_stats import signal_record
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import HistoryError
from virtuoso.domain.records import SignalStatus
from virtuoso.history.background_writer import BackgroundWriter
from virtuoso.history.factory import open_history_writer

if TYPE_CHECKING:
    from virtuoso.domain.ports import HistoryReader
    from virtuoso.domain.records import Alert, Opportunity, ScorePoint, Signal, SignalRecord

log = logging.getLogger(__name__)

RECALL_S = 3.0  # until a collector goes on with what the last snapshot says
SIGNALS_MS = 7 * 86_400_000  # what `analysis.signals` needs beside the active ones
OPPORTUNITIES_MS = 86_400_000  # what `analysis.opportunities` needs
PAGE = 500
MAX_SIGNALS = 20_000  # of a venue: more than seven days can bring
SIGNAL_RECORD_S = 60.0
SETTLE_S = 2.0  # a signal that has just ended is on its way to the history


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledState:
    """What was stored of some venues: active signals and the week's, the day's opportunities; in any order."""

    signals: tuple[Signal, ...]
    opportunities: tuple[Opportunity, ...]


class HistoryRecorder:
    """Reads from `history` and writes by `writer`, for `venues`. Its owner runs `run` all the while and closes both
    afterwards."""

    def __init__(self, history: HistoryReader, writer: BackgroundWriter, venues: Sequence[str], clock: Clock) -> None:
        self._history = history
        self._writer = writer
        self._venues = tuple(venues)
        self._clock = clock
        self._signal_records: dict[str, SignalRecord] = {}
        self._signal_ended = asyncio.Event()

    @property
    def state(self) -> str:
        """Return "well", or what the history says while it is down."""
        status = self._writer.status()
        return "well" if status.well else status.reason

    def signal_record(self, venue: str) -> SignalRecord | None:
        """Return how the venue's closed signals ended, as of a minute ago at most; None while the history does not say."""
        return self._signal_records.get(venue)

    def record(
        self,
        points: Sequence[ScorePoint] = (),
        signals: Sequence[Signal] = (),
        opportunities: Sequence[Opportunity] = (),
        alerts: Sequence[Alert] = (),
    ) -> None:
        """Take these to be written. It returns at once and never fails."""
        self._writer.record(points, signals, opportunities, alerts)
        if any(signal.status is not SignalStatus.ACTIVE for signal in signals):
            self._signal_ended.set()

    async def recall(self, now_ms: int) -> RecalledState:
        """Return what is needed to go on at `now_ms` (epoch ms). HistoryError, within RECALL_S, when it cannot be had."""
        try:
            async with asyncio.timeout(RECALL_S):
                signals = [signal for venue in self._venues for signal in await self._signals(venue, now_ms)]
                since = now_ms - OPPORTUNITIES_MS
                pages = [await self._history.opportunities(v, start_ms=since, limit=PAGE) for v in self._venues]
        except TimeoutError as error:
            raise HistoryError(f"no answer within {RECALL_S:g} s") from error
        return RecalledState(
            signals=tuple({signal.id: signal for signal in signals}.values()),
            opportunities=tuple(opportunity for page in pages for opportunity in page),
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

    async def run(self) -> None:
        """Write, and read how signals ended, until cancelled."""
        await asyncio.gather(
            self._repeat("writing", self._writer.run), self._repeat("reading the record", self._read_signal_records)
        )

    async def _repeat(self, task: str, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:  # a mistake of ours here must not cost scores; the log has it
                log.exception("history: %s failed and will be retried", task)
            await self._clock.sleep(SETTLE_S)

    async def _read_signal_records(self) -> None:
        """Read how signals ended, and return after a minute or when another has."""
        self._signal_ended.clear()
        try:
            for venue in self._venues:
                results = await self._history.results(venue)
                since = await self._history.first_signal_ms(venue) if results else None
                self._signal_records[venue] = replace(await asyncio.to_thread(signal_record, results), since_ms=since)
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
    """Run a recorder on the history at `url` while the body runs, then write what still waits and close it; None for None.
    `days`: how long points, and all else, are stored. ConfigError for a URL that is none of a history."""
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
