"""The collector: the process that writes snapshots to the repository while it holds the lease.

    standby (no lease) ◄──► active: recall the previous states, then run one pass every few seconds
        pass: read the prices of the used venue, unless they stream (its feed reads all other data concurrently) ─► analyse
              its market in a thread ─► publish the snapshot, and write the records to the history

When the used venue fails, the collector switches to the next venue and fills its feed. When a preferred venue has been
healthy for the dwell time, the collector fills its feed concurrently and then switches to it. When no venue sends data,
nothing is published. Servers then mark their data as stale.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.analysis.alert_rules import SourceStatus
from virtuoso.collector.leadership import Leadership
from virtuoso.collector.one_pass import PassRequest
from virtuoso.collector.outlook_keeper import OutlookKeeper
from virtuoso.collector.price_reading import PriceReading
from virtuoso.collector.publication import Publication
from virtuoso.collector.publisher import Publisher
from virtuoso.collector.series_keeper import SeriesKeeper
from virtuoso.collector.stream_status import StreamStatus
from virtuoso.collector.untracked_charts import UntrackedCharts
from virtuoso.collector.venue_selection import VenueSelection
from virtuoso.domain.errors import ExchangeError, RateLimited
from virtuoso.domain.snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from virtuoso.collector.engine import Engine
    from virtuoso.collector.lease import Lease
    from virtuoso.collector.one_pass import PassObserver
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Dominance
    from virtuoso.domain.ports import SnapshotRepository
    from virtuoso.exchange.coingecko import CoinGecko
    from virtuoso.exchange.failover import Failover
    from virtuoso.market_data.feed import Feed

log = logging.getLogger(__name__)

LEASE_PERIOD_S = 1.0
RETRY_S = 1.0  # the pause between two attempts to read a failing venue
LONGEST_PAUSE_S = 5.0
PROBE_PERIOD_S = 5.0  # the pause between two probes of the other venues
STANDBY_READ_PERIOD_S = 600.0  # the pause between two reads of the first venue's markets by a standby
STANDBY_RETRY_PERIOD_S = 30.0  # the same pause after the venue did not answer
DOMINANCE_PERIOD_S = 60.0


class Collector:
    """A collector. `feeds` are in order of preference. `engine` and `failover` have the same venues. `outlook_bars` is the
    folder of the bars for outlooks. Without it, no outlook is made."""

    def __init__(
        self,
        feeds: Mapping[str, Feed],
        failover: Failover,
        repository: SnapshotRepository,
        coingecko: CoinGecko,
        engine: Engine,
        *,
        lease: Lease,
        max_stale_s: float,
        pass_period_s: float = 1.0,
        clock: Clock,
        observer: PassObserver | None = None,
        outlook_bars: Path | None = None,
    ) -> None:
        self._feeds = feeds
        self._repository = repository
        self._coingecko = coingecko
        self._engine = engine
        self._clock = clock
        self._observer = observer
        self._selection = VenueSelection(failover, clock)
        self._publication = Publication(Publisher(repository, max_stale_s=max_stale_s, clock=clock), clock, observer)
        self._leadership = Leadership(lease, clock)
        self._dominance: Dominance | None = None
        self._read_at = -math.inf
        self._can_take_over = False
        self._analysing = {venue: asyncio.Lock() for venue in feeds}
        self._prices = {venue: PriceReading(feed, clock) for venue, feed in feeds.items()}
        self._pass_period_s = pass_period_s
        self._passed: tuple[str, int] | None = None  # venue and time of the last market
        self._streams = StreamStatus(feeds, clock)
        self._charts = UntrackedCharts(self._used_feed, self._publication.publish_candles, clock)
        publish_series = self._publication.publish_series
        self._series = SeriesKeeper(self._used_feed, engine, publish_series, repository, clock)
        self._outlooks: OutlookKeeper | None = None
        if outlook_bars is not None:
            self._outlooks = OutlookKeeper(self._used_feed, outlook_bars, engine.environment, engine.history, clock)
        for feed in feeds.values():
            feed.on_candles = self._publication.publish_candles

    def status(self, name: str) -> str | None:
        """Return the health of `name` on the monitor port: SERVING or NOT_SERVING. Return None for an unknown name."""
        if name not in ("", "liveness", "readiness"):
            return None
        return "SERVING" if name != "readiness" or self.readiness()[0] else "NOT_SERVING"

    def readiness(self) -> tuple[bool, Mapping[str, object]]:
        """Return (ready, details for the operator). A standby is ready. An active collector is ready while servers can see a
        snapshot of it that is not stale."""
        ready = not self._leadership.active or self._publication.current
        return ready, {
            "ready": ready,
            **({} if ready else {"reason": "no snapshot has been published in the last 30 s"}),
            "active": self._leadership.active,
            "uses": self._selection.used or "",
            "venues": self._selection.health(),
            "requests": {venue: error for venue, prices in self._prices.items() if (error := prices.failure)},
            "streams": self._streams.details(),
            "history": self._engine.history_state,
        }

    async def run(self) -> None:
        """Stand by or be active until cancelled. Then release the lease, so that a standby can take over immediately."""
        task: asyncio.Task[None] | None = None
        try:
            while True:
                leads = await self._leadership.renew()
                if task is not None and task.done():
                    task.result()  # the task never returns, so this raises its error
                if leads and task is None:
                    log.info("this collector is active")
                    self._leadership.active, task = True, asyncio.create_task(self._collect())
                elif not leads and task is not None:
                    log.warning("another collector is active: this one stands by")
                    await self._end(task)
                    task, self._read_at = None, -math.inf  # whether the venue answers is no longer known
                elif not leads:
                    await self._stand_by()
                await self._clock.sleep(LEASE_PERIOD_S)
        finally:
            if task is not None:
                await self._end(task)
                await self._leadership.release()

    async def _stand_by(self) -> None:
        """Read the markets of the first venue when they are due. While it answers, announce that this collector can take
        over."""
        if self._clock.monotonic() >= self._read_at:
            log.info("this collector stands by")
            self._can_take_over = await self._read_first_venue()
            period_s = STANDBY_READ_PERIOD_S if self._can_take_over else STANDBY_RETRY_PERIOD_S
            self._read_at = self._clock.monotonic() + period_s
        if self._can_take_over:
            await self._leadership.announce_standby()

    async def _read_first_venue(self) -> bool:
        """Read the markets of the first venue, so that they are known at a takeover. Return True if it answered."""
        venue = next(iter(self._feeds))
        try:
            await self._prices[venue].request()
        except ExchangeError as error:
            log.info("%s does not answer this standby: %s", venue, error)
            return False
        return True

    async def _end(self, task: asyncio.Task[None]) -> None:
        self._leadership.active = False
        task.cancel()
        await asyncio.wait({task})  # this does not raise the error of the task
        for venue in self._feeds:
            await self._stop(venue)

    async def _stop(self, venue: str) -> None:
        await self._prices[venue].stop()
        await self._feeds[venue].stop()

    async def _collect(self) -> None:
        self._engine.reset()
        await self._publication.begin()
        async with asyncio.TaskGroup() as tasks:  # if one fails, all end and the process is restarted
            tasks.create_task(self._engine.recall(self._repository))
            tasks.create_task(self._read_dominance())
            tasks.create_task(self._probe_others())
            tasks.create_task(self._charts.run())
            tasks.create_task(self._series.run())
            if self._outlooks is not None:
                tasks.create_task(self._outlooks.run())
            while True:
                began = self._clock.monotonic()
                pause_s = await self._pass()
                self._report_source()
                await self._clock.sleep(max(0.1, pause_s - (self._clock.monotonic() - began)))

    async def _pass(self) -> float:
        """Read the prices of the used venue and publish its market. Return the seconds until the next pass."""
        venue = await self._select()
        if venue is None:
            return RETRY_S
        with metrics.CYCLE_SECONDS.labels("tickers").time():
            error = await self._read_prices(venue, self._prices[venue].update)
        if error is not None:
            return self._pause_after(error)
        feed = self._feeds[venue]
        feed.start()
        self._streams.report()
        if feed.streams_alive and (venue, feed.newest_ms) == self._passed:
            return self._pass_period_s  # no price has changed
        self._engine.apply_recalled()
        for other, other_feed in self._feeds.items():
            other_feed.follow(self._engine.state(other).followed)
        # Read `warm` before the pass, because the feed continues to fill.
        began, warm = self._clock.monotonic(), feed.warm and self._engine.recalled
        request = PassRequest(
            dominance=self._dominance,
            fallback=self._selection.fallback,
            trading=warm and self._engine.may_trade,
        )
        snapshot = await self._analyse(feed, request)
        if snapshot is None:
            return RETRY_S
        self._passed = venue, snapshot.stamp.observed_ms
        self._selection.record_pass(snapshot, warm=warm)
        _log_progress(feed, snapshot)
        if warm:
            self._leadership.report_progress()
            await self._publication.offer(snapshot)
            if snapshot.liquidations:
                await self._publication.offer_liquidations(venue, partial(self._engine.encode_liquidations, venue))
        busy_s = self._clock.monotonic() - began
        # If the feed was filled during this pass, the next pass follows immediately with all of the data.
        period_s = self._pass_period_s if feed.streams_alive else feed.period_s
        least_s = (period_s if warm else 0.0) if feed.filled else max(feed.period_s / 3, 4 * busy_s)
        return min(feed.period_s, least_s)

    def _used_feed(self) -> Feed | None:
        return None if self._selection.used is None else self._feeds[self._selection.used]

    async def _select(self) -> str | None:
        """Select the venue to use, and stop the feed of the one it replaces. Return None if it may not be read now."""
        before = self._selection.used
        venue = self._selection.select()
        used = self._selection.used
        if before is not None and before != used:
            await self._stop(before)
        if venue is None and used is not None and self._feeds[used].streams_alive:
            return used  # no request may be sent to it, but its streams have returned
        return venue

    async def _read_prices(self, venue: str, read: Callable[[], Awaitable[None]]) -> ExchangeError | None:
        """Read the prices of a venue. If that fails, record the failure and return it. Otherwise, return None."""
        try:
            await read()
        except ExchangeError as error:
            self._selection.failed(venue, error)
            return error
        return None

    def _pause_after(self, error: ExchangeError) -> float:
        # Wait until the end of a short pause, because a request during the pause would count as a failure.
        if isinstance(error, RateLimited):
            return min(LONGEST_PAUSE_S, max(RETRY_S, (error.until_ms - self._clock.now_ms()) / 1000))
        return RETRY_S

    async def _analyse(self, feed: Feed, request: PassRequest) -> Snapshot | None:
        """Run one pass. Return None if another collector may be active at its end, so that no signal is opened twice."""
        async with self._analysing[feed.venue]:  # a probe of a venue may still run when the venue becomes the used one
            number = self._observer.started(feed.venue, request) if self._observer else 0
            with metrics.CYCLE_SECONDS.labels("analysis").time():
                analysed = await self._engine.analyse(feed, request)
            if request.trading and self._leadership.in_doubt:
                log.warning("a pass took longer than the lease, so another collector may be active: its result is discarded")
                return None
            snapshot = self._engine.accept(
                feed,
                analysed,
                snapshot_id=f"{feed.venue}-{analysed.market.stamp.observed_ms}-{self._leadership.owner[-8:]}",
                computed_ms=self._clock.now_ms(),
            )
            if self._outlooks is not None:
                snapshot = replace(snapshot, outlook=self._outlooks.board(snapshot))
            if self._observer:
                self._observer.scored(number, snapshot)
            return snapshot

    def _report_source(self) -> None:
        """Create alerts about changes of the data source."""
        self._engine.report_source(
            SourceStatus(
                environment=self._engine.environment,
                now_ms=self._clock.now_ms(),
                venue=self._selection.used or "",
                fallback=self._selection.fallback,
                failures=self._selection.failures(),
                scored=self._publication.scored,
                expected=self._publication.expected,
            )
        )

    async def _read_dominance(self) -> None:
        """Read the market dominance of BTC about once a minute. Without it, the overview has the turnover share instead."""
        while True:
            try:
                self._dominance = await self._coingecko.dominance()
            except ExchangeError as error:
                self._dominance = None
                log.info("CoinGecko: %s", error)
            await self._clock.sleep(DOMINANCE_PERIOD_S)

    async def _probe_others(self) -> None:
        """Probe the venues that are preferred to the used one. Probe all other venues while the used one fails."""
        while True:
            await self._clock.sleep(PROBE_PERIOD_S)
            for venue in self._selection.to_probe():
                if venue != self._selection.used:  # the used venue may have changed during a probe
                    await self._probe(venue)

    async def _probe(self, venue: str) -> None:
        """Read the prices of a venue that is not used.

        If the venue has been healthy for the dwell time, fill its feed. The venue may take over without a gap after a pass
        over its market has given a complete snapshot."""
        if not self._selection.may_request(venue):
            return
        feed = self._feeds[venue]
        if await self._read_prices(venue, self._prices[venue].request) is None:
            self._selection.record_probe(venue)
            if self._selection.is_proven(venue):
                feed.start()
                if feed.warm:  # read before the pass, because the feed continues to fill
                    snapshot = await self._analyse(feed, PassRequest(dominance=self._dominance))
                    if snapshot is None or self._selection.record_probe_pass(snapshot):
                        return
        self._selection.not_ready(venue)
        if self._selection.is_failing(venue):
            await self._stop(venue)


def _log_progress(feed: Feed, snapshot: Snapshot) -> None:
    """Log the progress of a feed that is not filled yet."""
    if not feed.filled:
        tried, total = feed.progress
        scored, expected = snapshot.scored, len(snapshot.universe)
        log.info("%s: %d of %d inputs read, %d of %d symbols scored", feed.venue, tried, total, scored, expected)
