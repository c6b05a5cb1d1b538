"""A collector's dealings with the history: what it recalls when it begins to work, what it writes down, how signals ended.

Nothing here is waited for by a pass, and nothing here can end a collector: a history that hangs, is full or is gone costs
history only. What is written down waits in memory meanwhile (see `virtuoso.history.background_writer`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from virtuoso.analysis.alert_rules import COOLDOWNS_S
from virtuoso.analysis.signal_stats import tallies
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
MOST = 20_000  # signals of a venue: more than seven days can bring
TALLY_S = 60.0
SETTLE_S = 2.0  # a signal that has just ended is on its way to the history


@dataclass(frozen=True, slots=True)
class RecalledState:
    """What was stored of some venues: active signals and the week's, the day's opportunities; in any order."""

    signals: tuple[Signal, ...]
    opportunities: tuple[Opportunity, ...]


class HistoryRecorder:
    """On `history`, by `writer`, for `venues`. Its owner runs `run` all the while and closes both afterwards."""

    def __init__(self, history: HistoryReader, writer: BackgroundWriter, venues: Sequence[str], clock: Clock) -> None:
        self._history = history
        self._writer = writer
        self._clock = clock
        self._venues = tuple(venues)
        self._tallies: dict[str, SignalRecord] = {}
        self._ended = asyncio.Event()

    @property
    def state(self) -> str:
        """In words: "well", or what the history says while it is down."""
        status = self._writer.status()
        return "well" if status.well else status.reason

    def tallies(self, venue: str) -> SignalRecord | None:
        """How the venue's closed signals ended, as of a minute ago at most; None while the history does not say."""
        return self._tallies.get(venue)

    def record(
        self,
        points: Sequence[ScorePoint] = (),
        signals: Sequence[Signal] = (),
        opportunities: Sequence[Opportunity] = (),
        alerts: Sequence[Alert] = (),
    ) -> None:
        """Write these down; returns at once and never fails."""
        self._writer.record(points, signals, opportunities, alerts)
        if any(signal.status is not SignalStatus.ACTIVE for signal in signals):
            self._ended.set()

    async def recall(self, now_ms: int) -> RecalledState:
        """What is needed to go on, at `now_ms` (epoch ms). HistoryError, within RECALL_S, when it cannot be had."""
        try:
            async with asyncio.timeout(RECALL_S):
                signals = [signal for venue in self._venues for signal in await self._signals(venue, now_ms)]
                since = now_ms - OPPORTUNITIES_MS
                found = [await self._history.opportunities(v, start_ms=since, limit=PAGE) for v in self._venues]
        except TimeoutError as error:
            raise HistoryError(f"no answer within {RECALL_S:g} s") from error
        return RecalledState(
            tuple({signal.id: signal for signal in signals}.values()),
            tuple(opportunity for each in found for opportunity in each),
        )

    async def _signals(self, venue: str, now_ms: int) -> Sequence[Signal]:
        found = list(await self._history.signals(venue, active=True, limit=PAGE))
        before: tuple[int, str] | None = None
        while len(found) < MOST:
            page = await self._history.signals(venue, before=before, limit=PAGE)
            found += page
            if len(page) < PAGE or page[-1].opened_ms < now_ms - SIGNALS_MS:
                break
            before = (page[-1].opened_ms, page[-1].id)
        return found

    async def run(self) -> None:
        """Write and tally until cancelled."""
        await asyncio.gather(self._endlessly("writing", self._writer.run), self._endlessly("tallying", self._tally))

    async def _endlessly(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:  # a mistake of ours here must not cost scores; the log has it
                log.exception("history: %s failed and goes on", what)
            await self._clock.sleep(SETTLE_S)

    async def _tally(self) -> None:
        """Read how signals ended, and return after a minute or when another has."""
        self._ended.clear()
        try:
            for venue in self._venues:
                results = await self._history.results(venue)
                since = await self._history.first_signal_ms(venue) if results else None
                self._tallies[venue] = replace(await asyncio.to_thread(tallies, results), since_ms=since)
        except HistoryError as error:
            self._tallies.clear()
            log.debug("history: how signals ended is not known: %s", error)
        try:
            async with asyncio.timeout(TALLY_S):
                await self._ended.wait()
        except TimeoutError:
            pass


@contextlib.asynccontextmanager
async def kept(
    url: str | None, venues: Sequence[str], *, days: tuple[float, float], clock: Clock
) -> AsyncIterator[HistoryRecorder | None]:
    """A journal on the history at `url` that is kept as long as the body runs, and closed after what still waits is written;
    None for None. `days`: how long points, and all else, are kept. ConfigError for a URL that is none of a history."""
    if url is None:
        yield None
        return
    history = open_history_writer(url)
    points_days, rest_days = days
    writer = BackgroundWriter(history, cooldown_s=COOLDOWNS_S, clock=clock, points_days=points_days, rest_days=rest_days)
    journal = HistoryRecorder(history, writer, venues, clock)
    running = asyncio.create_task(journal.run())
    try:
        yield journal
    finally:
        running.cancel()
        await asyncio.wait({running})
        await writer.close()
        await history.close()
