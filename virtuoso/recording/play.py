"""A tape played on its own clock, checked against itself, or looked through.

All times that are published are the recording's; how far its clock runs behind ours goes beside them (`behind`), so that
servers know every age. Where the recording has a gap, ends or begins, only that changes: `behind` jumps, time does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from virtuoso.analysis.weights import Weights
from virtuoso.collector.publisher import Publisher
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.errors import ConfigError, CorruptValue, RepositoryError
from virtuoso.recording import recording
from virtuoso.recording.record import digest, made_by
from virtuoso.recording.session import Session
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from pathlib import Path

    from virtuoso.collector.history_recorder import HistoryRecorder
    from virtuoso.domain.model import Candles, Snapshot, Timeframe
    from virtuoso.domain.ports import SnapshotRepository
    from virtuoso.recording.recording import Event

log = logging.getLogger(__name__)

LONGEST_SILENCE_MS = 60_000  # a recorder that was suspended, or whose clock was set: jumped over
BACK_MS = 1_000
COMPLAINT_PERIOD_S = 60.0


# ----------------------------------------------------------------------------------------------------------------- play


async def play(
    path: Path,
    repository: SnapshotRepository,
    *,
    stop: asyncio.Event,
    max_stale_s: float,
    once: bool = False,
    journal: HistoryRecorder | None = None,
    clock: Callable[[], int] = epoch_ms,
) -> int:
    """Publish to `repository` what is on the tape, at its pace, from its first snapshot to its end and again from there,
    until `stop` is set (or `once`). `journal`: where signals, alerts and all that is remembered go. A tape that is damaged
    ends there. Exit code 0. ConfigError when it is no tape, or nothing was published on it."""
    player = _Player(Publisher(repository, max_stale_s=max_stale_s), journal, stop, clock)
    while not stop.is_set():
        shown = await player.lap(path)
        if not shown and not stop.is_set():
            raise ConfigError(f"FILE={path}: no snapshot was published on it; record for a minute or longer")
        if once or stop.is_set():
            break
        log.info("%s: %d snapshots; again from its beginning", path, shown)
    return 0


class _Player:
    """Plays a tape once from end to end; what is published lives on between laps."""

    def __init__(
        self, publisher: Publisher, journal: HistoryRecorder | None, stop: asyncio.Event, clock: Callable[[], int]
    ) -> None:
        self._publisher, self._journal, self._stop, self._clock = publisher, journal, stop, clock
        self._session: Session | None = None
        self._snapshots: dict[str, Snapshot] = {}
        self._candles: dict[tuple[str, str, Timeframe], Candles] = {}  # that wait for the first snapshot
        self._behind_ms: int | None = None  # None: on the way to a session's first snapshot, as fast as it goes
        self._newest_ms = 0  # the exchange's clock of what was last published, moved to when it is played
        self._complained = 0.0

    async def lap(self, path: Path) -> int:
        """How many snapshots were published."""
        shown, before_ms = 0, 0
        try:
            for event in recording.read(path):
                if "tape" in event:
                    await self._begin(event)
                elif self._behind_ms is None:
                    await asyncio.sleep(0)
                elif not -BACK_MS <= event["at"] - before_ms <= LONGEST_SILENCE_MS:
                    self._behind_ms = self._clock() - event["at"]
                await self._wait_for(event["at"])
                if self._stop.is_set():
                    break
                before_ms = event["at"]
                shown += await self._happen(event)
        except CorruptValue as error:
            log.error("%s", error)  # noqa: TRY400 - no bug
        finally:
            await self._begin(None)
        return shown

    async def _wait_for(self, at_ms: int) -> None:
        early = 0 if self._behind_ms is None else at_ms + self._behind_ms - self._clock()
        if early > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), early / 1000)

    async def _happen(self, event: Event) -> bool:
        """True when it was the publication of a snapshot."""
        if self._session is not None:
            if (snapshot := await self._session.redo(event)) is not None:
                self._snapshots = {snapshot.id: snapshot, **dict(list(self._snapshots.items())[:1])}
            if (due := self._snapshots.get(event.get("published", ""))) is not None:
                await self._publish(due, event["at"])
                return True
        return False

    async def _begin(self, header: Event | None) -> None:
        """End the session, and begin another."""
        if self._session is not None:
            await self._session.close()
        self._session = Session(header, self._journal) if header else None
        self._behind_ms = None
        self._snapshots.clear()
        self._candles.clear()
        if header is None or self._session is None:
            return
        for feed in self._session.feeds.values():
            feed.keep = self._keep
        if header["model"] != (played := Weights.with_overrides(**header["weights"]).version):
            log.warning("recorded by model %s, played by model %s: other scores", header["model"], played)

    async def _publish(self, snapshot: Snapshot, at_ms: int) -> None:
        if self._behind_ms is None:
            # Servers take what is newer: a beginning that was longer in the making must not look older than the last end.
            self._behind_ms = max(self._clock() - at_ms, self._newest_ms + 1 - snapshot.stamp.observed_ms)
            log.info("%s, %s: as it was at %s", snapshot.venue, snapshot.id, _utc(at_ms))
            waiting, self._candles = self._candles, {}
            for (venue, _, _), candles in waiting.items():
                await self._keep(venue, candles)
        self._newest_ms = snapshot.stamp.observed_ms + self._behind_ms
        blob = await asyncio.to_thread(snapshots.encode_snapshot, snapshot)
        try:
            await self._publisher.publish(snapshot, blob, behind_ms=self._behind_ms)
        except RepositoryError as error:
            self._complain("the snapshot could not be kept, so servers do not see it: %s", error)

    async def _keep(self, venue: str, candles: Candles) -> None:
        if self._behind_ms is None:  # they would be dated by a moment that is not known yet
            self._candles[venue, candles.symbol, candles.timeframe] = candles
            return
        try:
            await self._publisher.keep_candles(venue, candles, behind_ms=self._behind_ms)
        except RepositoryError as error:
            self._complain("candles could not be kept: %s", error)

    def _complain(self, words: str, error: RepositoryError) -> None:
        if time.monotonic() - self._complained > COMPLAINT_PERIOD_S:
            self._complained = time.monotonic()
            log.error(words, error)


# ---------------------------------------------------------------------------------------------------------------- check


async def check(path: Path) -> tuple[int, str]:
    """Score all that is on a tape again and compare every snapshot with the digest on it. (exit code, words for a person):
    0 when all are the same to the byte; 1 when one differs, the tape is damaged, or there is nothing to compare.
    ConfigError when it is no tape."""
    session: Session | None = None
    header: Event = {}
    same, spans, venues = 0, [[0, 0]], dict[str, None]()
    try:
        for event in recording.read(path):
            await asyncio.sleep(0)  # who waits beside, may end it
            if "tape" in event:
                if event["model"] != (ours := Weights.with_overrides(**event["weights"]).version):
                    return 1, f"{path}: recorded by model {event['model']}, this is model {ours}: not comparable"
                if session is not None:
                    await session.close()
                header, session = event, Session(event)
                spans.append([event["at"], event["at"]])
            elif session is not None and (snapshot := await session.redo(event)) is not None:
                if digest(snapshot) != event["digest"]:
                    where = f"snapshot {snapshot.id} of {_utc(event['at'])}, after {same} that are the same"
                    return 1, f"{path}: {where}, does not come out as it was recorded{_other_makers(header['made_by'])}"
                same += 1
                venues[snapshot.venue] = None
                spans[-1][1] = event["at"]
    except CorruptValue as error:
        return 1, f"{error}; the {same} snapshots before are the same"
    finally:
        if session is not None:
            await session.close()
    if not same:
        return 1, f"{path}: no snapshot was scored on it, so there is nothing to compare"
    seconds = sum(end - begin for begin, end in spans) / 1000
    span = f"{seconds / 60:.0f} minutes" if seconds > 90 else f"{seconds:.0f} seconds"
    return 0, f"{same} snapshots of {span}, {', '.join(venues)}: all the same, byte for byte"


def _other_makers(then: Mapping[str, str]) -> str:
    """What differs between the machine that recorded and this one."""
    now = made_by()
    other = [f"{name} {then.get(name, 'none')} then, {now[name]} now" for name in now if then.get(name) != now[name]]
    return f" ({'; '.join(other)})" if other else ""


# ----------------------------------------------------------------------------------------------------------------- info


def info(path: Path) -> str:
    """What is on a tape, for a person. ConfigError when it is none."""
    sessions: list[_Contents] = []
    damage = ""
    try:
        for event in recording.read(path):
            if "tape" in event:
                sessions.append(_Contents(event))
            else:
                sessions[-1].add(event)
    except CorruptValue as error:
        damage = f"\n{error}"
    size = path.stat().st_size
    many = f"{len(sessions)} session{'s' if len(sessions) != 1 else ''}"
    return "\n".join([f"{path}: {many}, {size / 1e6:.1f} MB", *map(str, sessions)]) + damage


class _Contents:
    """What one session holds."""

    def __init__(self, header: Event) -> None:
        self._header = header
        self._end_ms = header["at"]
        self._symbols: set[str] = set()
        self._snapshots: dict[str, int] = {}
        self._replies = 0

    def add(self, event: Event) -> None:
        self._end_ms = event["at"]
        self._replies += len(event.get("replies", ()))
        if "symbol" in event:
            self._symbols.add(event["symbol"])
        if "published" in event:
            self._snapshots[event["venue"]] = self._snapshots.get(event["venue"], 0) + 1

    def __str__(self) -> str:
        header = self._header
        minutes = (self._end_ms - header["at"]) / 60_000
        snapshots = ", ".join(f"{count} of {venue}" for venue, count in self._snapshots.items()) or "none"
        return (
            f"  {_utc(header['at'])} to {_utc(self._end_ms)} ({minutes:.1f} minutes)  venues {', '.join(header['venues'])}\n"
            f"    {len(self._symbols)} symbols, {self._replies} replies, snapshots: {snapshots}; model {header['model']}"
        )


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
