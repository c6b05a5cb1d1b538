"""The newest snapshot, held in memory whatever happens behind it, and each second said anew how old it is.

Two loops that never wait for each other: one polls the head and takes what is newer, one ticks. Requests only look at
what the last tick left: `SnapshotCache.present()`.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from virtuoso import metrics
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.errors import CorruptValue, DataUnavailable, NotReady, RepositoryError
from virtuoso.market.v1 import provenance_pb2
from virtuoso.service import admission, encoding
from virtuoso.service.view import SnapshotDetails, SnapshotView
from virtuoso.service.view_builder import build
from virtuoso.store.v1 import snapshot_head_pb2
from virtuoso.wire import snapshots

FIRST_PERIOD_S = 0.2  # between polls while there is nothing to serve yet
POLL_BUDGET_S = 5.0  # for one poll; above the sum of the tiers' own time-outs
READS_ONCE = 256  # snapshots, by id and how far behind they are, that are never read again: held before, or refused
log = logging.getLogger(__name__)


class Source(Protocol):
    """What is needed of a repository with tiers. RepositoryError when none could answer."""

    async def get(self, key: str) -> bytes | None:
        """The value from the first tier that has it; None when it is nowhere."""
        ...

    async def get_all(self, key: str) -> Sequence[tuple[str, bytes]]:
        """(tier's name, value) of every tier that has one: tiers may know different heads."""
        ...


class Keys(Protocol):
    """The names of stored things."""

    HEAD: str

    def snapshot(self, snapshot_id: str, /) -> str:
        """Of a snapshot's bytes."""
        ...

    def candles(self, venue: str, symbol: str, timeframe: str, /) -> str:
        """Of a series of bars; `timeframe` such as "5m"."""
        ...


@dataclass(frozen=True, slots=True)
class ServedSnapshot:
    """What is served until the next tick. `head` is the provenance encoded as field 1 of any reply."""

    view: SnapshotView
    details: SnapshotDetails
    provenance: provenance_pb2.Provenance
    head: bytes
    dashboard: bytes
    path: str  # SNAPSHOT, STALE_SNAPSHOT, FALLBACK
    age_s: float


class SnapshotCache:
    """Holds the newest view and those of the last `keep_s` seconds. `max_stale_s`: nothing older is served. `primary_venue`:
    the first configured venue; "" when any will do. `period_s`: between polls, and between ticks."""

    def __init__(
        self,
        source: Source,
        keys: Keys,
        *,
        max_stale_s: float,
        primary_venue: str = "",
        clock: Callable[[], int] = epoch_ms,
        period_s: float = 1.0,
        keep_s: float = 120.0,
    ) -> None:
        self._source, self._keys, self._clock = source, keys, clock
        self._max_stale_ms, self._primary = max_stale_s * 1000, primary_venue
        self._period_s, self._keep_s = period_s, keep_s
        self._kept: OrderedDict[str, tuple[float, SnapshotView]] = OrderedDict()  # by id, with when it was taken (monotonic)
        self._details = SnapshotDetails()
        self._view: SnapshotView | None = None
        self._read_once: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._answered = True
        self._complete_seen = False
        self._present: ServedSnapshot | None = None
        self._why_not: NotReady | DataUnavailable = NotReady("no snapshot has been seen yet")
        self._tick = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []

    # ------------------------------------------------------------------------------------------------ what is served

    def present(self) -> ServedSnapshot:
        """What may be served now. NotReady before the first complete snapshot, DataUnavailable when it is too old."""
        if self._present is None:
            raise type(self._why_not)(*self._why_not.args)
        return self._present

    @property
    def ready(self) -> bool:
        """True while there is something to serve."""
        return self._present is not None

    @property
    def path(self) -> str:
        """The way of the data for measures; NONE when there is nothing to serve."""
        return self._present.path if self._present else "NONE"

    @property
    def age_s(self) -> float:
        """Of what is served, as of the last tick; NaN when there is nothing."""
        return self._present.age_s if self._present else math.nan

    def kept(self, snapshot_id: str) -> SnapshotView | None:
        """The view of that snapshot, when it is the newest or was within the last `keep_s` seconds."""
        entry = self._kept.get(snapshot_id)
        return entry[1] if entry else None

    def head(self, view: SnapshotView) -> bytes:
        """The provenance of a kept view as field 1 of a reply, as of now."""
        present = self.present()
        if present.view is view:
            return present.head
        return encoding.field(1, (encoding.chunk_of(self._provenance(view, self._age_ms(view))),))

    def market_ms(self, view: SnapshotView) -> int:
        """What the clock of the view's market shows now."""
        return self._clock() - view.behind_ms

    async def next_tick(self) -> None:
        """Return when something may have changed: within `period_s`, and at once with a new view."""
        await self._tick.wait()

    def capabilities(self) -> frozenset[str]:
        """Those of a snapshot that can be served now."""
        return self._present.view.capabilities() if self._present else frozenset()

    def readiness(self) -> tuple[bool, Mapping[str, object]]:
        """(ready, what an operator wants to know about it)."""
        view = self._view
        facts: dict[str, object] = {"ready": self.ready, "path": self.path}
        if not self.ready:
            facts["reason"] = str(self._why_not)
        if view is not None:
            coverage = view.provenance.coverage
            facts |= {
                "snapshot_id": view.id,
                "venue": view.provenance.venue,
                "age_s": round(self._age_ms(view) / 1000, 1),
                "scored": coverage.present,
                "expected": coverage.expected,
            }
        return self.ready, facts

    # ---------------------------------------------------------------------------------------------------- the two loops

    async def start(self) -> None:
        """Begin to poll and to tick, in the background: nothing is waited for, whatever the repository does."""
        self._loops = [asyncio.create_task(self._poll_forever()), asyncio.create_task(self._tick_forever())]

    async def close(self) -> None:
        """Stop; what is held stays. Idempotent."""
        for loop in self._loops:
            loop.cancel()
        for loop in self._loops:
            with suppress(asyncio.CancelledError):
                await loop
        self._loops = []

    async def _poll_forever(self) -> None:
        while True:
            await self._poll_within_budget()
            await asyncio.sleep(self._period_s if self._view is not None else min(self._period_s, FIRST_PERIOD_S))

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(self._period_s)
            self._tick_or_stop_serving()

    async def _poll_within_budget(self) -> None:
        try:
            async with asyncio.timeout(POLL_BUDGET_S):
                await self.poll()
        except TimeoutError:
            self._answered = False
            log.warning("no repository answered within %.0f s", POLL_BUDGET_S)
        except Exception:  # the loop must outlive whatever one poll meets; what is held is served on
            log.exception("polling for a new snapshot failed")
        self._tick_or_stop_serving()

    def _tick_or_stop_serving(self) -> None:
        try:
            self.tick()
        except Exception:  # without a tick old data would pass for new: rather none
            log.exception("the held snapshot cannot be dated")
            self._present, self._why_not = None, DataUnavailable("what is held cannot be dated")

    # ------------------------------------------------------------------------------------------------------- new views

    async def poll(self) -> None:
        """Look for a newer snapshot and take it."""
        for head in await self._heads():
            held = self._view
            announced = head.snapshot_id, snapshots.behind_ms(head)
            if held is not None and announced == (held.id, held.behind_ms):
                if not self._stale(held):
                    return
                continue
            if announced in self._read_once:
                continue
            newer = held is None or admission.observed_ms(head) > held.observed_ms
            if held is not None and not newer and not self._stale(held):
                return
            loaded = await self._load(head)
            if loaded is None:
                continue
            view, details = loaded
            # Time does not run backwards, unless what is held has gone stale: then what was computed later wins, so that a
            # change of venue or a clock that stood wrong locks nobody out.
            if held is None or newer or view.computed_ms > held.computed_ms:
                self._take(view, details)
                return
            self._remember(announced)

    async def _heads(self) -> list[snapshot_head_pb2.SnapshotHead]:
        """What the tiers announce, newest first."""
        try:
            blobs = await self._source.get_all(self._keys.HEAD)
        except RepositoryError as error:
            if self._answered:
                log.warning("no repository answers: %s", error)
            self._answered = False
            return []
        self._answered = True
        heads = []
        for tier, blob in blobs:
            try:
                heads.append(admission.read_head(blob))
            except CorruptValue as error:
                admission.refuse("head")
                log.warning("%s: %s", tier, error)
        return sorted(heads, key=admission.observed_ms, reverse=True)

    async def _load(self, head: snapshot_head_pb2.SnapshotHead) -> tuple[SnapshotView, SnapshotDetails] | None:
        """The announced snapshot, checked; None when it is not there, not whole, or not to be served."""
        try:
            blob = await self._source.get(self._keys.snapshot(head.snapshot_id))
        except RepositoryError as error:
            log.warning("snapshot %s could not be read: %s", head.snapshot_id, error)
            return None
        if blob is None:
            return None
        try:
            return await asyncio.to_thread(_decode, head, blob)  # tens of milliseconds for 500 symbols: off the loop
        except _Torn:
            admission.refuse("checksum")  # perhaps being written: read again at the next poll
            return None
        except CorruptValue as error:
            admission.refuse("snapshot")
            log.warning("refused: %s", error)
            self._remember((head.snapshot_id, snapshots.behind_ms(head)))
            return None

    def _take(self, view: SnapshotView, details: SnapshotDetails) -> None:
        now = time.monotonic()
        self._kept[view.id] = (now, view)
        self._kept.move_to_end(view.id)  # a recording that begins again shows the same snapshots again
        self._view, self._details = view, details
        metrics.ROWS.labels("snapshot", "ok").inc()
        self._remember((view.id, view.behind_ms))
        taken = [entry[0] for entry in self._kept.values()]
        for superseded in taken[1:]:  # each view was current until the next was taken
            if superseded <= now - self._keep_s:
                self._kept.popitem(last=False)
        self.tick()

    def _remember(self, announced: tuple[str, int]) -> None:
        self._read_once[announced] = None
        if len(self._read_once) > READS_ONCE:
            self._read_once.popitem(last=False)

    # ----------------------------------------------------------------------------------------------------------- ticks

    def _age_ms(self, view: SnapshotView) -> float:
        # Our clock may have been set back, or the exchange's may run ahead: no age is less than the time we have held it.
        return max(0.0, self._clock() - view.observed_ms, (time.monotonic() - self._kept[view.id][0]) * 1000)

    def _stale(self, view: SnapshotView) -> bool:
        return self._age_ms(view) > snapshots.SOFT_EXPIRY_SCORES_MS

    def tick(self) -> None:
        """Say anew how old the held view is and whether it may be served; wake those who wait for `next_tick`."""
        before, view = self._present, self._view
        if view is not None:
            age_ms = self._age_ms(view)
            metrics.SNAPSHOT_AGE.set(age_ms / 1000)
            for kind, observed_ms in view.input_ms.items():
                metrics.INPUT_AGE.labels(kind).set(max(0, self._clock() - observed_ms - view.behind_ms) / 1000)
            gone = age_ms > self._max_stale_ms
            self._complete_seen |= view.complete and not gone
            self._present = self._state(view, age_ms) if self._complete_seen and not gone else None
            self._why_not = self._refusal(view, age_ms)
        self._report(before, self._present)
        tick, self._tick = self._tick, asyncio.Event()
        tick.set()

    def _provenance(self, view: SnapshotView, age_ms: float) -> provenance_pb2.Provenance:
        stale = age_ms > snapshots.SOFT_EXPIRY_SCORES_MS
        provenance = provenance_pb2.Provenance()
        provenance.CopyFrom(view.provenance)
        if self._primary and provenance.venue != self._primary and not provenance.fallback_from:
            provenance.fallback_from = self._primary
            provenance.fallback_reason = provenance_pb2.FALLBACK_REASON_NO_NEW_SNAPSHOT
        mark(provenance, stale=stale, age_ms=age_ms, stale_reason=self.stale_reason)
        return provenance

    def _state(self, view: SnapshotView, age_ms: float) -> ServedSnapshot:
        provenance = self._provenance(view, age_ms)
        head = encoding.field(1, (encoding.chunk_of(provenance),))
        return ServedSnapshot(
            view=view,
            details=self._details,
            provenance=provenance,
            head=head,
            dashboard=head + view.body,
            path=provenance_pb2.Path.Name(provenance.path).removeprefix("PATH_"),
            age_s=age_ms / 1000,
        )

    @property
    def stale_reason(self) -> provenance_pb2.FallbackReason.ValueType:
        """Why nothing newer is there, as far as a server can see."""
        if self._answered:
            return provenance_pb2.FALLBACK_REASON_NO_NEW_SNAPSHOT
        return provenance_pb2.FALLBACK_REASON_REPOSITORY_UNAVAILABLE

    def _refusal(self, view: SnapshotView, age_ms: float) -> NotReady | DataUnavailable:
        if self._complete_seen:
            return DataUnavailable(
                f"the newest data is {age_ms / 1000:.0f} s old and nothing above {self._max_stale_ms / 1000:.0f} s is shown"
            )
        coverage = view.provenance.coverage
        return NotReady(
            f"no complete snapshot has been seen yet: {coverage.present} of {coverage.expected} symbols have a score"
            if age_ms <= self._max_stale_ms
            else f"no fresh snapshot has been seen yet: the newest is {age_ms / 1000:.0f} s old"
        )

    def _report(self, before: ServedSnapshot | None, after: ServedSnapshot | None) -> None:
        old, new = (state.path if state else "NONE" for state in (before, after))
        if old == new:
            return
        reason = after.provenance.fallback_reason if after else self.stale_reason
        word = provenance_pb2.FallbackReason.Name(reason).removeprefix("FALLBACK_REASON_")
        metrics.FALLBACKS.labels(old, new, word).inc()
        log.info("replies come from %s now, from %s before (%s)", new, old, word)


def mark(
    provenance: provenance_pb2.Provenance,
    *,
    stale: bool,
    age_ms: float,
    stale_reason: provenance_pb2.FallbackReason.ValueType,
) -> None:
    """Write into `provenance` what is the server's to say: path, reason, stale, age (at least 0)."""
    provenance.stale = stale
    provenance.age.FromMilliseconds(int(age_ms))
    if stale:
        provenance.path = provenance_pb2.PATH_STALE_SNAPSHOT
    else:
        provenance.path = provenance_pb2.PATH_FALLBACK if provenance.fallback_from else provenance_pb2.PATH_SNAPSHOT
    if not provenance.fallback_from:
        provenance.fallback_reason = stale_reason if stale else provenance_pb2.FALLBACK_REASON_UNSPECIFIED


class _Torn(CorruptValue):
    """The bytes are not those that the head announces."""


def _decode(head: snapshot_head_pb2.SnapshotHead, blob: bytes) -> tuple[SnapshotView, SnapshotDetails]:
    if not admission.matches(head, blob):
        raise _Torn(f"snapshot {head.snapshot_id} is not what its head announces")
    view, details = build(admission.read_snapshot(blob), behind_ms=snapshots.behind_ms(head))
    if view.id != head.snapshot_id:
        raise CorruptValue(f"snapshot {head.snapshot_id} calls itself {view.id}")
    return view, details
