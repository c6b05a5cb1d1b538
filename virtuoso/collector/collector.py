"""The writer: tickers ─► venue choice ─► analysis ─► bytes ─► repository, again and again, while it holds the lease.

    standby (no lease) ◄──► working: recall what was, then every few seconds one pass
        pass: read the chosen venue's tickers (its feed keeps all else fresh beside it) ─► its desk works in a thread ─►
              publish, and write down in the journal

One venue is *used* at a time. When it fails, the next one's feed is filled and then used; when a better one is well again
for the dwell, its feed is filled beside and takes over. What no venue gives is not published: servers mark what they hold.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from virtuoso import metrics
from virtuoso.analysis.alert_rules import SourceStatus
from virtuoso.collector.lease import TTL_S
from virtuoso.collector.publisher import Publisher
from virtuoso.collector.venue_state import snapshot_of
from virtuoso.domain.errors import ExchangeError, RateLimited, RepositoryError, VenueIncomplete, VenueTimedOut
from virtuoso.domain.model import Fallback
from virtuoso.domain.snapshot import Snapshot
from virtuoso.exchange.advice import advice
from virtuoso.exchange.breaker import Breaker
from virtuoso.exchange.failover import fallback_reason
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.collector.engine import Engine
    from virtuoso.collector.lease import Lease
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Candles, Dominance, Environment
    from virtuoso.domain.ports import SnapshotRepository
    from virtuoso.exchange.coingecko import CoinGecko
    from virtuoso.exchange.failover import Failover
    from virtuoso.market_data.feed import Feed

log = logging.getLogger(__name__)

LEASE_PERIOD_S = 1.0
STAGE_S = 5.0  # most that one stage may take
INCOMPLETE_AFTER_S = 30.0  # a venue without a complete snapshot for so long counts as failing where there is another
RETRY_S = 1.0  # between two tries of a venue that fails
LONGEST_PAUSE_S = 5.0
PROBE_S = 5.0  # between two looks at a better venue
WARM_PERIOD_S = 600.0  # between two looks of a standby at the first venue's markets
COMPLAINT_PERIOD_S = 60.0
DOMINANCE_PERIOD_S = 60.0


class PassObserver(Protocol):
    """Told of every pass, in the order in which things happen: what a recorder needs to do it again."""

    def taken(self, venue: str, fallback: Fallback | None, dominance: Dominance | None, *, trading: bool) -> int:
        """What the venue's feed knows at this moment is going to be worked on; a number for this pass."""
        ...

    def scored(self, number: int, snapshot: Snapshot) -> None:
        """That came of the pass, and the next one knows of it."""
        ...

    def published(self, snapshot: Snapshot) -> None:
        """Servers may see it now."""
        ...


class Collector:
    """See the module. `feeds` in order of preference; `floor` has a desk for each; `tap`: who wants to be
    told."""

    def __init__(
        self,
        feeds: Mapping[str, Feed],
        failover: Failover,
        repository: SnapshotRepository,
        coingecko: CoinGecko,
        floor: Engine,
        *,
        lease: Lease,
        environment: Environment,
        max_stale_s: float,
        clock: Clock,
        tap: PassObserver | None = None,
    ) -> None:
        self._feeds = feeds
        self._failover = failover
        self._breakers = {venue: Breaker(venue, clock=clock) for venue in feeds}
        self._repository = repository
        self._coingecko = coingecko
        self._floor = floor
        self._environment = environment
        self._lease = lease
        self._publisher = Publisher(repository, max_stale_s=max_stale_s)
        self._clock = clock
        self._tap = tap
        self._used: str | None = None
        self._fallback: Fallback | None = None
        self._held_at = -math.inf  # monotonic moment at which this collector was last known to be the one that works
        self._scored: tuple[int | None, int] = None, 0  # symbols of the last publication, and how many there were
        self._dominance: Dominance | None = None
        self._fit: set[str] = set()  # venues that are filled beside the used one and could be scored
        self._complete_at = -math.inf  # monotonic moment of the last complete publication
        self._incomplete_since: dict[str, float] = {}
        self.working = False
        self._complained = -math.inf
        for feed in feeds.values():
            feed.keep = self.keep_candles

    def status(self, name: str) -> str | None:
        """Health by name for the monitor port: SERVING while it works or stands by; None for a name that is not known."""
        return "SERVING" if name in ("", "liveness", "readiness") else None

    def readiness(self) -> tuple[bool, Mapping[str, object]]:
        """(True, what an operator wants to know about it)."""
        venues = {venue: "failing" if breaker.open else "well" for venue, breaker in self._breakers.items()}
        facts = {"ready": True, "working": self.working, "uses": self._used or "", "venues": venues}
        return True, {**facts, "history": self._floor.state}

    async def run(self) -> None:
        """Stand by or work until cancelled; then give the lease back so that a standby goes on at once."""
        work: asyncio.Task[None] | None = None
        warmed = -WARM_PERIOD_S
        try:
            while True:
                held = await self._lease.held(working=self.working)
                self._held_at = self._clock.monotonic() if held else -math.inf
                metrics.LEASE_HELD.set(held)
                if work is not None and work.done():
                    work.result()  # it never returns: this raises what ended it
                if held and work is None:
                    log.info("this collector works")
                    self.working, work = True, asyncio.create_task(self._work())
                elif not held and work is not None:
                    log.warning("another collector works: this one stands by")
                    await self._end(work)
                    work = None
                elif not held and self._clock.monotonic() - warmed > WARM_PERIOD_S:
                    log.info("this collector stands by" if warmed < 0 else "still standing by")
                    warmed = self._clock.monotonic()
                    await self._warm()
                await self._clock.sleep(LEASE_PERIOD_S)
        finally:
            if work is not None:
                await self._end(work)
                await self._lease.give_back()

    async def _warm(self) -> None:
        """Know the first venue's markets already, so that a takeover begins with what matters."""
        venue = next(iter(self._feeds))
        try:
            async with asyncio.timeout(STAGE_S):
                await self._feeds[venue].refresh_tickers()
        except (TimeoutError, ExchangeError) as error:
            log.info("%s does not answer the standby: %s", venue, error)

    async def _end(self, work: asyncio.Task[None]) -> None:
        self.working = False
        work.cancel()
        await asyncio.wait({work})  # what it raised, if anything, is its owner's to look at
        for feed in self._feeds.values():
            await feed.stop()

    def _complain(self, words: str, error: RepositoryError) -> None:
        """Say of a repository that fails, but not again and again."""
        now = self._clock.monotonic()
        level = logging.ERROR if now - self._complained > COMPLAINT_PERIOD_S else logging.DEBUG
        if level == logging.ERROR:
            self._complained = now
        log.log(level, words, error)

    async def _work(self) -> None:
        self._floor.clear()
        self._scored = None, 0
        async with asyncio.TaskGroup() as tasks:  # should one of them fail, all end and the process is started again
            tasks.create_task(self._floor.recall(self._repository))
            tasks.create_task(self._read_dominance())
            tasks.create_task(self._watch_others())
            while True:
                began = self._clock.monotonic()
                pause = await self._pass()
                self._tell()
                await self._clock.sleep(max(0.1, pause - (self._clock.monotonic() - began)))

    # -------------------------------------------------------------------------------------------------------- one pass

    async def _pass(self) -> float:
        """Read the used venue's prices and publish what is known of its market. Seconds until the next pass."""
        venue, fallback = self._failover.choose(self._breakers, self._fit)
        self._fallback = fallback
        breaker, feed = self._breakers[venue], self._feeds[venue]
        if breaker.open and not breaker.probe_due:
            return RETRY_S
        if venue != self._used:
            await self._use(venue, fallback)
        try:
            with metrics.CYCLE_SECONDS.labels("tickers").time():
                async with asyncio.timeout(STAGE_S):
                    await feed.refresh_tickers()
        except TimeoutError:
            self._failed(venue, VenueTimedOut(f"no prices within {STAGE_S:g} s", venue=venue, endpoint="tickers"))
            return RETRY_S
        except RateLimited as error:  # a short pause is waited out: asking meanwhile would count as failing
            self._failed(venue, error)
            return min(LONGEST_PAUSE_S, max(RETRY_S, (error.until_ms - self._clock.now_ms()) / 1000))
        except ExchangeError as error:
            self._failed(venue, error)
            return RETRY_S
        feed.start()
        self._take_up()
        began, warm = (
            self._clock.monotonic(),
            feed.warm and self._floor.recalled,
        )  # as its inputs are now: it fills on meanwhile
        snapshot = await self._analyse(venue, feed, fallback, trading=warm and self._floor.trades)
        if snapshot is None:
            return RETRY_S
        now = self._clock.monotonic()
        if snapshot.complete or not warm:
            self._incomplete_since.pop(venue, None)
            breaker.succeeded()
        elif now - self._incomplete_since.setdefault(venue, now) > INCOMPLETE_AFTER_S and self._others(venue):
            self._failed(venue, _incomplete(snapshot))
        metrics.VENUE_UP.labels(venue).set(not breaker.open)
        await self._publish(snapshot, feed, warm=warm)
        busy = self._clock.monotonic() - began
        # Filled, but only meanwhile: then at once again, now that all of it is there.
        least = (feed.period_s if warm else 0.0) if feed.filled else max(feed.period_s / 3, 4 * busy)
        return min(feed.period_s, least)

    def _others(self, venue: str) -> list[str]:
        """Venues beside this one that may be used."""
        return [other for other, breaker in self._breakers.items() if other != venue and not breaker.open]

    async def _use(self, venue: str, fallback: Fallback | None) -> None:
        if self._used is not None:
            reason = fallback.reason.name if fallback else "VENUE_WELL_AGAIN"
            log.warning("%s is used instead of %s (%s)", venue, self._used, reason)
            metrics.FALLBACKS.labels(self._used, venue, reason).inc()
            await self._feeds[self._used].stop()
        self._used = venue
        self._fit.discard(venue)

    def _failed(self, venue: str, error: ExchangeError) -> None:
        breaker = self._breakers[venue]
        was_open = breaker.open
        breaker.failed(error)
        metrics.VENUE_UP.labels(venue).set(not breaker.open)
        if breaker.open and not was_open:
            log.error("%s cannot be used: %s: %s. %s", venue, type(error).__name__, error, advice(error))
        else:
            log.info("%s: %s: %s", venue, type(error).__name__, error)

    def _take_up(self) -> None:
        self._floor.take_up()
        for venue, feed in self._feeds.items():
            feed.follow(self._floor.desk(venue).followed)

    async def _analyse(self, venue: str, feed: Feed, fallback: Fallback | None, *, trading: bool) -> Snapshot | None:
        """Work on everything in a thread, on the exchange's clock, so that the loop stays free. None when, by the end of it,
        another collector may be the one that works: of one signal there must not be two."""
        market, dominance, of = feed.market(), self._dominance, self._floor.desk(venue)
        number = self._tap.taken(venue, fallback, dominance, trading=trading) if self._tap else 0
        with metrics.CYCLE_SECONDS.labels("analysis").time():
            done = await asyncio.to_thread(self._floor.work, of, market, dominance, trading=trading)
        if trading and self._clock.monotonic() - self._held_at > TTL_S:
            log.warning("a pass took so long that another collector may work: it does not count")
            return None
        feed.follow(self._floor.settle(venue, done).followed)
        snapshot = snapshot_of(
            market,
            done,
            snapshot_id=f"{venue}-{market.stamp.observed_ms}-{self._lease.owner[-8:]}",
            environment=self._environment,
            computed_ms=self._clock.now_ms(),
            fallback=fallback,
            signal_record=self._floor.tallies(venue),
        )
        if self._tap:
            self._tap.scored(number, snapshot)
        return snapshot

    def _tell(self) -> None:
        """Of changes in where the data comes from."""
        troubles = {venue: fallback_reason(breaker.error) for venue, breaker in self._breakers.items() if breaker.open}
        scored, expected = self._scored
        used = self._used or ""
        self._floor.tell(
            SourceStatus(self._environment, self._clock.now_ms(), used, self._fallback, troubles, scored, expected)
        )

    async def _publish(self, snapshot: Snapshot, feed: Feed, *, warm: bool) -> None:
        """Publish once the feed was warm; an incomplete snapshot only where the last complete one has grown stale."""
        now = self._clock.monotonic()
        if not feed.filled:
            asked, total = feed.progress
            log.info(
                "%s: %d of %d inputs read, %d of %d symbols scored",
                snapshot.venue, asked, total, snapshot.scored, len(snapshot.universe),
            )  # fmt: skip
        stale = now - self._complete_at > snapshots.SOFT_EXPIRY_SCORES_MS / 1000
        if not warm or not (snapshot.complete or stale):
            return
        with metrics.CYCLE_SECONDS.labels("encode").time():
            blob = await asyncio.to_thread(snapshots.encode_snapshot, snapshot)
        try:
            with metrics.CYCLE_SECONDS.labels("publish").time():
                await self._publisher.publish(snapshot, blob)
        except RepositoryError as error:
            self._complain("the snapshot could not be kept, so servers do not see it: %s", error)
            return
        if self._tap:
            self._tap.published(snapshot)
        self._scored = snapshot.scored, len(snapshot.universe)
        metrics.SNAPSHOTS.labels(snapshot.venue, "yes" if snapshot.complete else "no").inc()
        if self._complete_at == -math.inf:
            log.info(
                "first snapshot: %d of %d symbols scored from %s", snapshot.scored, len(snapshot.universe), snapshot.venue
            )
        if snapshot.complete:
            self._complete_at = now

    async def keep_candles(self, venue: str, candles: Candles) -> None:
        """Write bars where ListCandles finds them; should that fail, the next bar's writing mends it."""
        try:
            await self._publisher.keep_candles(venue, candles)
        except RepositoryError as error:
            self._complain("candles could not be kept: %s", error)

    # ------------------------------------------------------------------------------------------------- beside the pass

    async def _read_dominance(self) -> None:
        """BTC's share of the market, about once a minute; without it the turnover share is given instead."""
        while True:
            try:
                self._dominance = await self._coingecko.dominance()
            except ExchangeError as error:
                self._dominance = None
                log.info("CoinGecko: %s", error)
            await self._clock.sleep(DOMINANCE_PERIOD_S)

    async def _watch_others(self) -> None:
        """Look at the venues that are preferred to the used one, and at all others while the used one fails."""
        while True:
            await self._clock.sleep(PROBE_S)
            if self._used is None:
                continue
            venues = list(self._feeds)
            better = venues[: venues.index(self._used)]
            for venue in venues if self._breakers[self._used].open else better:
                if venue != self._used:
                    await self._probe(venue)

    async def _probe(self, venue: str) -> None:
        """Ask for a venue's prices. One that has been well for the dwell is filled beside the used one, and is fit to take
        over, without a gap, once its market can be scored."""
        breaker, feed = self._breakers[venue], self._feeds[venue]
        if breaker.open and not breaker.probe_due:
            return
        try:
            async with asyncio.timeout(STAGE_S):
                await feed.refresh_tickers()
        except TimeoutError:
            self._failed(venue, VenueTimedOut(f"no prices within {STAGE_S:g} s", venue=venue, endpoint="tickers"))
        except ExchangeError as error:
            self._failed(venue, error)
        else:
            breaker.succeeded()
            metrics.VENUE_UP.labels(venue).set(1)
            if self._failover.proven(breaker) and venue != self._used:
                feed.start()
                if feed.warm:  # asked before its inputs are taken, as above
                    snapshot = await self._analyse(venue, feed, None, trading=False)
                    if snapshot is None:
                        return
                    if snapshot.complete:
                        self._fit.add(venue)
                        return
                    self._failed(venue, _incomplete(snapshot))
        self._fit.discard(venue)
        if breaker.error is not None and venue != self._used:
            await feed.stop()


def _incomplete(snapshot: Snapshot) -> VenueIncomplete:
    found = f"{snapshot.scored} of {len(snapshot.universe)} symbols could be scored"
    return VenueIncomplete(found, venue=snapshot.venue)
