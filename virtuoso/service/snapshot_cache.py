"""The newest snapshot, in memory. It stays available when the repository fails. Its age is updated every second.

Two loops run and never wait for each other. One polls for a newer snapshot, several times a second while there are any. The
other ticks. Requests read the result of the last tick from `SnapshotCache.current()` without waiting.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import DataUnavailable, NotReady
from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS, MAX_ROW_LEAD_MS
from virtuoso.market.v1 import provenance_pb2
from virtuoso.service import admission, encoding
from virtuoso.service.served_snapshot import ServedSnapshot, mark_freshness
from virtuoso.service.snapshot_reader import Keys, SnapshotReader, Source
from virtuoso.service.view import SnapshotDetails, SnapshotView
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.store.v1 import snapshot_head_pb2

# The time between polls until the first snapshot arrives.
STARTUP_PERIOD_S = 0.2
# The time between polls while snapshots arrive. Servers with notices see a snapshot earlier.
FRESH_PERIOD_S = 0.08
# The time for which each snapshot is kept. A collector publishes one a second.
RECENT_S = 20.0
# Snapshots arrive when the last one did within this time.
ARRIVING_S = 30.0
# The timeout of one poll. It is longer than the sum of the tiers' own timeouts.
POLL_LIMIT_S = 5.0
log = logging.getLogger(__name__)


class SnapshotCache:
    """A cache of the newest view, of the views of the last RECENT_S for deltas, and of retained ones for `retention_s`.

    A view older than `max_stale_s` is not served. `primary_venue`: the venue that is configured first; "" when every venue
    counts as primary. `environment`: the only one whose snapshots are served; None for any. `period_s`: the longest time
    between ticks, and the time between polls while the repository fails or no snapshot has arrived for 30 s."""

    def __init__(
        self,
        source: Source,
        keys: Keys,
        *,
        max_stale_s: float,
        primary_venue: str = "",
        environment: provenance_pb2.Environment.ValueType | None = None,
        clock: Clock = SYSTEM_CLOCK,
        period_s: float = 1.0,
        retention_s: float = 120.0,
    ) -> None:
        self._reader, self._clock = SnapshotReader(source, keys, environment), clock
        self._max_stale_ms, self._primary_venue = max_stale_s * 1000, primary_venue
        self._period_s, self._retention_s = period_s, retention_s
        self._recent: OrderedDict[str, tuple[float, SnapshotView]] = OrderedDict()  # id -> (monotonic time of arrival, view)
        self._retained: set[str] = set()  # ids for which a page token or a slow stream exists
        self._view: SnapshotView | None = None
        self._term = 0  # of the view's head
        self._came_ahead = False  # the view's time was ahead of our clock when it arrived
        self._details = SnapshotDetails()
        self._has_been_complete = False
        self._served: ServedSnapshot | None = None
        self._refusal: NotReady | DataUnavailable = NotReady("no snapshot has been seen yet")
        self._ticked, self._noticed = asyncio.Event(), asyncio.Event()
        self._ticked_at = 0.0
        self._loops: list[asyncio.Task[None]] = []

    def current(self) -> ServedSnapshot:
        """Return the snapshot to serve now.

        Raise NotReady before the first complete snapshot. Raise DataUnavailable when the newest snapshot is too old."""
        if self._served is None:
            raise type(self._refusal)(*self._refusal.args)
        return self._served

    @property
    def ready(self) -> bool:
        """Whether there is a snapshot to serve."""
        return self._served is not None

    @property
    def path(self) -> str:
        """The path of the served data, for metrics, or NONE when there is nothing to serve."""
        return self._served.path if self._served else "NONE"

    @property
    def age_s(self) -> float:
        """The age of the served data in seconds at the last tick, or NaN when there is nothing to serve."""
        return self._served.age_s if self._served else math.nan

    @property
    def stale_reason(self) -> provenance_pb2.FallbackReason.ValueType:
        """The reason why there is no newer snapshot, as far as a server can know it."""
        if self._view is not None and self._is_ahead(self._view.observed_ms):
            return provenance_pb2.FALLBACK_REASON_CLOCK_BEHIND
        if self._reader.available:
            return provenance_pb2.FALLBACK_REASON_NO_NEW_SNAPSHOT
        return provenance_pb2.FALLBACK_REASON_REPOSITORY_UNAVAILABLE

    def view_of(self, snapshot_id: str) -> SnapshotView | None:
        """Return the view of a snapshot that is still in memory, or None.

        It is or was the newest within the last RECENT_S, or `retention_s` when it is retained."""
        entry = self._recent.get(snapshot_id)
        return entry[1] if entry else None

    def retain(self, view: SnapshotView) -> None:
        """Keep a recent view for `retention_s` after the next one arrived."""
        self._retained.add(view.id)

    def arrived_at(self, view: SnapshotView) -> float:
        """Return the monotonic time of the arrival of a recent view."""
        return self._recent[view.id][0]

    def provenance_field(self, view: SnapshotView) -> bytes:
        """Return the current provenance of a recent view, encoded as field 1 of a reply."""
        served = self.current()
        if served.view is view:
            return served.provenance_field
        return encoding.field(1, (encoding.chunk_of(self._provenance(view, self._age_ms(view))),))

    def market_ms(self, view: SnapshotView) -> int:
        """Return the current time of the view's market in epoch milliseconds. For a replay, this is the recording's time."""
        return self._clock.now_ms() - view.behind_ms

    def latest_ms(self, view: SnapshotView) -> int:
        """Return the latest time that a stored record of the view's market can have (epoch ms): a minute after now, on our
        clock or on the collector's. A record with a later time was stored with a wrong time."""
        return max(self.market_ms(view), view.computed_ms - view.behind_ms) + MAX_CLOCK_LEAD_MS

    def capabilities(self) -> frozenset[str]:
        """Return the capabilities of the served snapshot, or an empty set when there is nothing to serve."""
        return self._served.view.capabilities() if self._served else frozenset()

    def readiness(self) -> tuple[bool, Mapping[str, object]]:
        """Return (ready, details for an operator)."""
        view = self._view
        details: dict[str, object] = {"ready": self.ready, "path": self.path}
        if not self.ready:
            details["reason"] = str(self._refusal)
        if view is not None:
            coverage = view.provenance.coverage
            details |= {
                "snapshot_id": view.id,
                "venue": view.provenance.venue,
                "age_s": round(self._age_ms(view) / 1000, 1),
                "scored": coverage.present,
                "expected": coverage.expected,
            }
            if self._is_ahead(view.observed_ms):
                details["clock"] = f"{(view.observed_ms - self._clock.now_ms()) / 1000:.0f} s behind the newest data"
        return self.ready, details

    async def next_tick(self) -> None:
        """Wait for the next tick. A tick happens when a new view arrives, and `period_s` after the last tick."""
        await self._ticked.wait()

    def notice(self) -> None:
        """Poll at once, because a snapshot was published."""
        self._noticed.set()

    async def start(self) -> None:
        """Start the two loops in the background. Return at once, even when the repository does not answer."""
        self._ticked_at = self._clock.monotonic()
        self._loops = [asyncio.create_task(self._poll_forever()), asyncio.create_task(self._tick_forever())]

    async def close(self) -> None:
        """Stop both loops and keep the newest view. Idempotent."""
        for loop in self._loops:
            loop.cancel()
        for loop in self._loops:
            with suppress(asyncio.CancelledError):
                await loop
        self._loops = []

    async def poll(self) -> None:
        """Check once for a newer snapshot, and use it if there is one."""
        for head in await self._reader.heads():
            view = self._view
            if view is not None and (head.snapshot_id, snapshots.behind_ms(head)) == (view.id, view.behind_ms):
                if not self._is_stale(view):
                    return
                continue
            if self._reader.is_processed(head):
                continue
            if not self._is_candidate(head):
                continue
            newer = view is None or self._rank(admission.observed_ms(head)) > self._rank(view.observed_ms)
            if not newer and not self._is_stale(view) and not self._came_ahead:
                return
            loaded = await self._reader.load(head)
            if loaded is None:
                if view is None and self._reader.refusal:
                    self._refusal = NotReady(f"no snapshot has been seen yet: {self._reader.refusal}")
                continue
            # An older snapshot replaces the view only when the view is stale or came from the future. Then the snapshot with
            # the later computation time is used. So a change of venue or a wrong clock cannot block newer data.
            if view is None or newer or loaded[0].computed_ms > view.computed_ms:
                self._use(head, *loaded)
                return
            self._reader.mark_processed(head)

    def _is_candidate(self, head: snapshot_head_pb2.SnapshotHead) -> bool:
        """Return True unless the collector of the head was replaced, or the head is ahead of our clock and the view is not.

        When the view is stale, every head is a candidate."""
        if self._view is None or self._is_stale(self._view):
            return True
        return head.term >= self._term and not self._is_ahead(admission.observed_ms(head))

    def tick(self) -> None:
        """Update the age of the newest view, and whether it can be served. Wake all who wait for `next_tick`."""
        self._ticked_at = self._clock.monotonic()
        before, view = self._served, self._view
        if view is not None:
            age_ms = self._age_ms(view)
            metrics.SNAPSHOT_AGE.set(age_ms / 1000)
            for kind, observed_ms in view.input_ms.items():
                metrics.INPUT_AGE.labels(kind).set(max(0, self.market_ms(view) - observed_ms) / 1000)
            too_old = age_ms > self._max_stale_ms
            self._has_been_complete |= view.complete and not too_old
            self._served = self._serve(view, age_ms) if self._has_been_complete and not too_old else None
            self._refusal = self._why_refused(view, age_ms)
        self._report_path(before, self._served)
        ticked, self._ticked = self._ticked, asyncio.Event()
        ticked.set()

    async def _poll_forever(self) -> None:
        while True:
            self._noticed.clear()
            await self._poll_in_time()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._until_poll_s()):
                    await self._noticed.wait()

    def _until_poll_s(self) -> float:
        """Return the time until the next poll, unless a notice comes first."""
        if self._view is None:
            return min(self._period_s, STARTUP_PERIOD_S)
        arrives = self._reader.works and self._clock.monotonic() - self.arrived_at(self._view) <= ARRIVING_S
        return min(self._period_s, FRESH_PERIOD_S) if arrives else self._period_s

    async def _tick_forever(self) -> None:
        while True:
            left_s = self._ticked_at + self._period_s - self._clock.monotonic()
            if left_s > 0:
                await self._clock.sleep(left_s)
                continue
            self._tick_or_stop_serving()

    async def _poll_in_time(self) -> None:
        try:
            async with asyncio.timeout(POLL_LIMIT_S):
                await self.poll()
        except TimeoutError:
            self._reader.available = self._reader.works = False
            log.warning("no repository answered within %.0f s", POLL_LIMIT_S)
        except Exception:  # a failed poll must not end the loop; the newest view is still served
            self._reader.works = False
            log.exception("polling for a new snapshot failed")

    def _tick_or_stop_serving(self) -> None:
        try:
            self.tick()
        except Exception:  # without a tick, old data would look new
            log.exception("the age of the newest snapshot is unknown: it is no longer served")
            self._served, self._refusal = None, DataUnavailable("the age of the newest data is unknown")

    def _use(self, head: snapshot_head_pb2.SnapshotHead, view: SnapshotView, details: SnapshotDetails) -> None:
        now = self._clock.monotonic()
        self._recent[view.id] = (now, view)
        self._recent.move_to_end(view.id)  # a recording that restarts has the same snapshots again
        self._view, self._details, self._term = view, details, head.term
        self._came_ahead = view.observed_ms - self._clock.now_ms() > MAX_ROW_LEAD_MS
        metrics.ROWS.labels("snapshot", "ok").inc()
        metrics.CLOCK_OFFSET.set((self._clock.now_ms() - view.computed_ms) / 1000)
        if self._is_ahead(view.observed_ms):
            log.warning("snapshot %s is more than a minute ahead of our clock: its age is not known", view.id)
        self._reader.mark_processed(head)
        self._forget_old(now)
        self.tick()

    def _forget_old(self, now: float) -> None:
        for (name, _), (_, (superseded, _)) in pairwise(list(self._recent.items())):
            kept_s = self._retention_s if name in self._retained else min(RECENT_S, self._retention_s)
            if superseded <= now - kept_s:
                del self._recent[name]
                self._retained.discard(name)

    def _age_ms(self, view: SnapshotView) -> float:
        # Our clock may be set back, and the exchange's clock may be ahead. The age is at least the time since arrival.
        since_arrival_s = self._clock.monotonic() - self.arrived_at(view)
        return max(0.0, self._clock.now_ms() - view.observed_ms, since_arrival_s * 1000)

    def _is_stale(self, view: SnapshotView | None) -> bool:
        """Return True when the view is old, or when its age is not known, because it is ahead of our clock."""
        return view is None or self._age_ms(view) > snapshots.SOFT_EXPIRY_SCORES_MS or self._is_ahead(view.observed_ms)

    def _rank(self, observed_ms: int) -> tuple[bool, int]:
        """Return the order of snapshots: those ahead of our clock come last."""
        return not self._is_ahead(observed_ms), observed_ms

    def _is_ahead(self, observed_ms: int) -> bool:
        return observed_ms - self._clock.now_ms() > MAX_CLOCK_LEAD_MS

    def _provenance(self, view: SnapshotView, age_ms: float) -> provenance_pb2.Provenance:
        provenance = provenance_pb2.Provenance()
        provenance.CopyFrom(view.provenance)
        if self._primary_venue and provenance.venue != self._primary_venue and not provenance.fallback_from:
            provenance.fallback_from = self._primary_venue
            provenance.fallback_reason = provenance_pb2.FALLBACK_REASON_NO_NEW_SNAPSHOT
        stale = age_ms > snapshots.SOFT_EXPIRY_SCORES_MS or self._is_ahead(view.observed_ms)
        mark_freshness(provenance, stale=stale, age_ms=age_ms, stale_reason=self.stale_reason)
        return provenance

    def _serve(self, view: SnapshotView, age_ms: float) -> ServedSnapshot:
        provenance = self._provenance(view, age_ms)
        provenance_field = encoding.field(1, (encoding.chunk_of(provenance),))
        return ServedSnapshot(
            view=view,
            details=self._details,
            provenance=provenance,
            provenance_field=provenance_field,
            dashboard=provenance_field + view.body,
            path=provenance_pb2.Path.Name(provenance.path).removeprefix("PATH_"),
            age_s=age_ms / 1000,
        )

    def _why_refused(self, view: SnapshotView, age_ms: float) -> NotReady | DataUnavailable:
        if self._has_been_complete:
            return DataUnavailable(
                f"the newest data is {age_ms / 1000:.0f} s old, "
                f"and data above {self._max_stale_ms / 1000:.0f} s is not served"
            )
        coverage = view.provenance.coverage
        return NotReady(
            f"no complete snapshot has been seen yet: {coverage.present} of {coverage.expected} symbols have a score"
            if age_ms <= self._max_stale_ms
            else f"no fresh snapshot has been seen yet: the newest is {age_ms / 1000:.0f} s old"
        )

    def _report_path(self, before: ServedSnapshot | None, after: ServedSnapshot | None) -> None:
        old, new = (served.path if served else "NONE" for served in (before, after))
        if old == new:
            return
        reason = after.provenance.fallback_reason if after else self.stale_reason
        name = provenance_pb2.FallbackReason.Name(reason).removeprefix("FALLBACK_REASON_")
        metrics.FALLBACKS.labels(old, new, name).inc()
        log.info("replies now come from %s instead of %s (%s)", new, old, name)
