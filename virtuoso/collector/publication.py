"""The publication of snapshots. An incomplete snapshot is published only when the last complete one is stale."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.collector.publisher import RepositoryErrorLog
from virtuoso.domain.errors import RepositoryError, Superseded
from virtuoso.domain.snapshot import Snapshot
from virtuoso.wire import snapshots
from virtuoso.wire.markets import encode_markets

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtuoso.collector.one_pass import PassObserver
    from virtuoso.collector.publisher import Publisher
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Candles

log = logging.getLogger(__name__)

MARKETS_PERIOD_S = 5.0  # of the list of all markets, for which a snapshot a second would be too much

LIQUIDATIONS_PERIOD_S = 15.0  # the next collector lacks at most those of this time


class Publication:
    """The publication of snapshots and candles.

    In the last published snapshot, `scored` of `expected` symbols had a score. `scored` is None before the first one."""

    def __init__(self, publisher: Publisher, clock: Clock, observer: PassObserver | None = None) -> None:
        self._publisher = publisher
        self._clock = clock
        self._observer = observer
        self._errors = RepositoryErrorLog(clock)
        self._encoder = snapshots.SnapshotEncoder()
        self._complete_at = -math.inf  # monotonic time of the last complete publication
        self._markets_at = -math.inf  # monotonic time of the last list of markets
        self._liquidations_at = -math.inf  # monotonic time of the last liquidations
        self.reset()

    def reset(self) -> None:
        """Discard what is known of the last snapshot. Another collector was active in the meantime."""
        self.scored: int | None = None
        self.expected = 0
        self._published_at: float | None = None

    async def begin(self) -> None:
        """Begin to publish. From then on, the snapshots of the previous collector are refused."""
        self.reset()
        await self._publisher.begin_term()

    @property
    def current(self) -> bool:
        """Return True while the last snapshot that was published is not stale."""
        age_s = math.inf if self._published_at is None else self._clock.monotonic() - self._published_at
        return age_s <= snapshots.SOFT_EXPIRY_SCORES_MS / 1000

    async def offer(self, snapshot: Snapshot) -> None:
        """Publish the snapshot if it is complete or the last complete one is stale. Log an error of the repository."""
        now = self._clock.monotonic()
        stale = now - self._complete_at > snapshots.SOFT_EXPIRY_SCORES_MS / 1000
        if not (snapshot.complete or stale):
            return
        markets_due = now - self._markets_at >= MARKETS_PERIOD_S
        with metrics.CYCLE_SECONDS.labels("encode").time():
            blob, markets = await asyncio.to_thread(self._encode, snapshot, with_markets=markets_due)
        try:
            with metrics.CYCLE_SECONDS.labels("publish").time():
                await self._publisher.publish(snapshot, blob)
        except Superseded as error:
            log.warning("a snapshot was not published: %s", error)
            return
        except RepositoryError as error:
            self._errors.log("the snapshot could not be stored, so servers do not see it: %s", error)
            return
        self._published_at = self._clock.monotonic()
        if self._observer:
            self._observer.published(snapshot)
        self.scored, self.expected = snapshot.scored, len(snapshot.universe)
        metrics.SNAPSHOTS.labels(snapshot.venue, "yes" if snapshot.complete else "no").inc()
        if self._complete_at == -math.inf:
            log.info("first snapshot: %d of %d symbols scored from %s", self.scored, self.expected, snapshot.venue)
        if snapshot.complete:
            self._complete_at = now
        if markets is not None:
            await self._publish_markets(snapshot, markets)

    async def _publish_markets(self, snapshot: Snapshot, blob: bytes) -> None:
        """Store all markets of the venue for ListMarkets. If that fails, the next snapshot stores them."""
        try:
            await self._publisher.publish_markets(snapshot, blob)
        except RepositoryError as error:
            self._errors.log("the list of markets could not be stored: %s", error)
        else:
            self._markets_at = self._clock.monotonic()

    def _encode(self, snapshot: Snapshot, *, with_markets: bool) -> tuple[bytes, bytes | None]:
        return self._encoder.encode(snapshot), encode_markets(snapshot) if with_markets else None

    async def offer_liquidations(self, venue: str, encode: Callable[[], bytes]) -> None:
        """Store the liquidations of a venue's markets when they are due. If that fails, the next call stores them."""
        now = self._clock.monotonic()
        if now - self._liquidations_at < LIQUIDATIONS_PERIOD_S:
            return
        try:
            await self._publisher.publish_liquidations(venue, await asyncio.to_thread(encode))
        except RepositoryError as error:
            self._errors.log("the liquidations could not be stored: %s", error)
        else:
            self._liquidations_at = now

    async def publish_series(self, venue: str, symbol: str, blob: bytes) -> None:
        """Store the series of one market. If that fails, the next call stores them."""
        try:
            await self._publisher.publish_series(venue, symbol, blob)
        except RepositoryError as error:
            self._errors.log("the series of a market could not be stored: %s", error)

    async def publish_candles(self, venue: str, candles: Candles) -> None:
        """Store bars for ListCandles. If that fails, the next call stores them."""
        try:
            await self._publisher.publish_candles(venue, candles)
        except RepositoryError as error:
            self._errors.log("candles could not be stored: %s", error)
