"""The writer of all data for servers: snapshots by id, the head with the id of the newest snapshot, and bars for charts.

Collectors and replays of recordings use it."""

from __future__ import annotations

import contextlib
import logging
import math
from collections import deque
from typing import TYPE_CHECKING

from virtuoso.domain.errors import CorruptValue, RepositoryError, Superseded
from virtuoso.domain.plausibility import MAX_WATCH_GAP_MS
from virtuoso.repository import keys
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Candles
    from virtuoso.domain.ports import SnapshotRepository
    from virtuoso.domain.snapshot import Snapshot

TTL_MARGIN_S = 120.0
CANDLES_TTL_S = 900.0
SERIES_TTL_S = 24 * 3600.0  # its taker deltas are of a day
LIQUIDATIONS_TTL_S = 2 * MAX_WATCH_GAP_MS / 1000  # older ones are not continued
NO_PUBLISHER_MS = 15_000  # if the head is older than this, no collector publishes
SNAPSHOTS_KEPT = 10  # for servers that have read a head but not its snapshot
ERROR_PERIOD_S = 60.0

log = logging.getLogger(__name__)


class Publisher:
    """A publisher that writes to `repository`. Snapshots may be served for `max_stale_s`.

    Methods raise RepositoryError when a value cannot be stored. `behind_ms` is the delay of the market's clock behind ours.
    It is 0 for a live market."""

    def __init__(self, repository: SnapshotRepository, *, max_stale_s: float, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._term = 0
        self._ttl_s = max_stale_s + TTL_MARGIN_S
        self._published: deque[str] = deque()

    async def begin_term(self) -> None:
        """Begin a term that is higher than all earlier ones. From then on, another publisher's heads are refused.

        A term is at least the time in seconds, so that terms also grow after the repository has lost the last head."""
        head = await self._stored_head()
        self._term = max(head.term + 1 if head else 0, self._clock.now_ms() // 1000)

    async def publish(self, snapshot: Snapshot, blob: bytes, *, behind_ms: int = 0) -> None:
        """Store `blob`, the encoded `snapshot`. Then announce it. Raise Superseded while the publisher of a later term
        is active."""
        stored = await self._stored_head()
        if stored is not None and stored.term > self._term:
            if self._clock.now_ms() - behind_ms - stored.observed_ms <= NO_PUBLISHER_MS:
                raise Superseded("another collector has taken over")
            await self.begin_term()
        await self._repository.set(keys.snapshot(snapshot.id), blob, ttl_s=self._ttl_s)
        head = snapshots.encode_head(snapshot, blob, behind_ms=behind_ms, term=self._term)
        await self._repository.set(keys.HEAD, head, ttl_s=self._ttl_s)
        await self._remove_older(snapshot.id)

    async def _stored_head(self) -> snapshots.Head | None:
        """Return the stored head. Return None when there is no valid head."""
        try:
            head = await self._repository.get(keys.HEAD)
            return snapshots.decode_head(head) if head else None
        except (RepositoryError, CorruptValue):  # if the repository fails, the write that follows raises
            return None

    async def publish_candles(self, venue: str, candles: Candles, *, behind_ms: int = 0) -> None:
        """Store bars for ListCandles."""
        key = keys.candles(venue, candles.symbol, candles.timeframe.value)
        ttl_s = max(CANDLES_TTL_S, 2.5 * candles.timeframe.ms / 1000)
        await self._repository.set(key, snapshots.encode_candles(venue, candles, behind_ms=behind_ms), ttl_s=ttl_s)

    async def publish_markets(self, snapshot: Snapshot, blob: bytes) -> None:
        """Store `blob`, the encoded markets of the snapshot's venue, for ListMarkets."""
        await self._repository.set(keys.markets(snapshot.venue), blob, ttl_s=self._ttl_s)

    async def publish_series(self, venue: str, symbol: str, blob: bytes) -> None:
        """Store `blob`, the encoded series of one market, for GetMarketSeries and for the next collector."""
        await self._repository.set(keys.series(venue, symbol), blob, ttl_s=SERIES_TTL_S)

    async def publish_liquidations(self, venue: str, blob: bytes) -> None:
        """Store `blob`, the encoded liquidations of a venue's markets, for the next collector."""
        await self._repository.set(keys.liquidations(venue), blob, ttl_s=LIQUIDATIONS_TTL_S)

    async def _remove_older(self, newest: str) -> None:
        """Free the memory of snapshots that servers no longer read."""
        if newest in self._published:  # a recording restarts
            self._published.remove(newest)
        self._published.append(newest)
        while len(self._published) > SNAPSHOTS_KEPT:
            with contextlib.suppress(RepositoryError):  # after an error, the snapshot expires later
                await self._repository.set(keys.snapshot(self._published.popleft()), b"", ttl_s=1)


class RepositoryErrorLog:
    """A log of repository failures. It logs one failure a minute at error level, and the others at debug level."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._logged_at = -math.inf

    def log(self, message: str, error: RepositoryError) -> None:
        """Log `error` with `message`, which has one %s for it."""
        now = self._clock.monotonic()
        level = logging.ERROR if now - self._logged_at > ERROR_PERIOD_S else logging.DEBUG
        if level == logging.ERROR:
            self._logged_at = now
        log.log(level, message, error)
