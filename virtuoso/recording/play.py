"""Play a recording to a repository at its original speed.

All published times are those of the recording. Their lag behind this machine's clock (`behind_ms`) is also published, so
that servers can compute every age. Only `behind_ms` changes at the beginning of a recording and at a gap.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from virtuoso.analysis.weights import Weights
from virtuoso.collector.publisher import Publisher, RepositoryErrorLog
from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import ConfigError, CorruptValue, RepositoryError
from virtuoso.recording import file
from virtuoso.recording.contents import utc
from virtuoso.recording.session import Session
from virtuoso.wire import snapshots
from virtuoso.wire.markets import encode_markets

if TYPE_CHECKING:
    from pathlib import Path

    from virtuoso.collector.history_recorder import HistoryRecorder
    from virtuoso.domain.model import Candles, Timeframe
    from virtuoso.domain.ports import SnapshotRepository
    from virtuoso.domain.snapshot import Snapshot
    from virtuoso.recording.file import Event

log = logging.getLogger(__name__)

# A longer pause or step back between two events is skipped. It means that the recorder was suspended or its clock was set.
LONGEST_PAUSE_MS = 60_000
LONGEST_STEP_BACK_MS = 1_000


async def play(
    path: Path,
    repository: SnapshotRepository,
    *,
    stop: asyncio.Event,
    max_stale_s: float,
    once: bool = False,
    history: HistoryRecorder | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Publish a recording to `repository` repeatedly until `stop` is set, or only `once`. Return the exit code 0.

    `history` receives the signals, alerts and scores, unless it is None. A damaged recording ends at the damage. Raise
    ConfigError when the file is not a recording or holds no published snapshot.
    """
    publisher = Publisher(repository, max_stale_s=max_stale_s, clock=clock)
    await publisher.begin_term()
    player = _Player(publisher, history, stop, clock)
    while not stop.is_set():
        published = await player.play_once(path)
        if not published and not stop.is_set():
            raise ConfigError(f"FILE={path}: it holds no published snapshot; record for a minute or longer")
        if once or stop.is_set():
            break
        log.info("%s: %d snapshots replayed; starting again", path, published)
    return 0


class _Player:
    """Plays a recording from start to end, any number of times. Published times increase from one playback to the next."""

    def __init__(self, publisher: Publisher, history: HistoryRecorder | None, stop: asyncio.Event, clock: Clock) -> None:
        self._publisher, self._history, self._stop, self._clock = publisher, history, stop, clock
        self._session: Session | None = None
        self._snapshots: dict[str, Snapshot] = {}
        # Candles before the session's first snapshot. They wait, because `behind_ms` is unknown until that snapshot.
        self._waiting_candles: dict[tuple[str, str, Timeframe], Candles] = {}
        # None until a session's first snapshot. Before that, the session is played as fast as possible.
        self._behind_ms: int | None = None
        self._newest_ms = 0  # observed time of the last published snapshot plus its `behind_ms`
        self._errors = RepositoryErrorLog(clock)

    async def play_once(self, path: Path) -> int:
        """Play the recording once. Return the number of published snapshots."""
        published, before_ms = 0, 0
        try:
            for event in file.read(path):
                if file.RECORDING_KEY in event:
                    await self._begin(event)
                elif self._behind_ms is None:
                    await self._clock.sleep(0)
                elif not -LONGEST_STEP_BACK_MS <= event["at"] - before_ms <= LONGEST_PAUSE_MS:
                    self._behind_ms = self._clock.now_ms() - event["at"]
                await self._wait_for(event["at"])
                if self._stop.is_set():
                    break
                before_ms = event["at"]
                published += await self._replay(event)
        except CorruptValue as error:
            log.error("%s", error)  # noqa: TRY400 - not a bug
        finally:
            await self._begin(None)
        return published

    async def _wait_for(self, at_ms: int) -> None:
        early_ms = 0 if self._behind_ms is None else at_ms + self._behind_ms - self._clock.now_ms()
        if early_ms > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), early_ms / 1000)

    async def _replay(self, event: Event) -> bool:
        """Repeat an event. Return whether it published a snapshot."""
        if self._session is not None:
            if (snapshot := await self._session.replay(event)) is not None:
                self._snapshots = {snapshot.id: snapshot, **dict(list(self._snapshots.items())[:1])}
            if (snapshot := self._snapshots.get(event.get("published", ""))) is not None:
                await self._publish(snapshot, event["at"])
                return True
        return False

    async def _begin(self, header: Event | None) -> None:
        """End the current session. Begin the next one unless `header` is None."""
        if self._session is not None:
            await self._session.close()
        self._session = Session(header, self._history) if header else None
        self._behind_ms = None
        self._snapshots.clear()
        self._waiting_candles.clear()
        if header is None or self._session is None:
            return
        for feed in self._session.feeds.values():
            feed.on_candles = self._publish_candles
        if header["model"] != (played := Weights.with_overrides(**header["weights"]).version):
            log.warning("recorded with model %s, replayed with model %s: the scores differ", header["model"], played)

    async def _publish(self, snapshot: Snapshot, at_ms: int) -> None:
        if self._behind_ms is None:
            # Servers accept only newer snapshots. A session's first snapshot must be newer than the previous session's last.
            self._behind_ms = max(self._clock.now_ms() - at_ms, self._newest_ms + 1 - snapshot.stamp.observed_ms)
            log.info("%s, %s: replayed as of %s", snapshot.venue, snapshot.id, utc(at_ms))
            waiting, self._waiting_candles = self._waiting_candles, {}
            for (venue, _, _), candles in waiting.items():
                await self._publish_candles(venue, candles)
        self._newest_ms = snapshot.stamp.observed_ms + self._behind_ms
        blob = await asyncio.to_thread(snapshots.encode_snapshot, snapshot)
        try:
            await self._publisher.publish(snapshot, blob, behind_ms=self._behind_ms)
            await self._publisher.publish_markets(snapshot, encode_markets(snapshot, behind_ms=self._behind_ms))
        except RepositoryError as error:
            self._errors.log("the snapshot could not be stored, so servers do not see it: %s", error)

    async def _publish_candles(self, venue: str, candles: Candles) -> None:
        if self._behind_ms is None:
            self._waiting_candles[venue, candles.symbol, candles.timeframe] = candles
            return
        try:
            await self._publisher.publish_candles(venue, candles, behind_ms=self._behind_ms)
        except RepositoryError as error:
            self._errors.log("candles could not be stored: %s", error)
