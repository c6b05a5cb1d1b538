"""A collector with exchanges in memory, in virtual time, and everything that it published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

from tests.bullish_market import AT_ONCE, BullishExchange
from tests.clocks import VirtualClock, VirtualTimeLoop
from tests.unit.fakes import FakeExchange
from tests.unit.streams import FakeStreams
from virtuoso.collector.collector import Collector
from virtuoso.collector.engine import Engine
from virtuoso.collector.history_recorder import HistoryRecorder, RecalledState
from virtuoso.collector.lease import Lease
from virtuoso.collector.one_pass import PassRequest, PassResult, run_pass
from virtuoso.collector.venue_state import VenueState
from virtuoso.domain.errors import ExchangeError, HistoryError, VenueUnavailable
from virtuoso.domain.model import Dominance, Environment
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.domain.records import Alert, Opportunity, ScorePoint, Signal, SignalRecord
from virtuoso.domain.snapshot import Snapshot
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.failover import Failover
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.market import MarketData
from virtuoso.market_data.universe import UniverseRules
from virtuoso.repository.memory import MemoryRepository

PERIOD_S = 3.0
DWELL_S = 60.0
CLOCK = VirtualClock()
SCORED_KINDS = ("candles_1m", "candles_5m", "candles_30m", "candles_4h", "book", "trades")


class FakeCoinGecko(CoinGecko):
    """CoinGecko without a network. `answer` is what it returns or raises."""

    def __init__(self, answer: Dominance | Exception) -> None:
        super().__init__("http://127.0.0.1:9")
        self.answer = answer
        self.calls = 0

    async def dominance(self) -> Dominance:
        """See CoinGecko."""
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class FakeRecorder(HistoryRecorder):
    """A history in memory. While `down` is set it returns nothing."""

    def __init__(self) -> None:
        self.down = False
        self.stored: dict[str, Signal] = {}
        self.points: list[ScorePoint] = []
        self.alerts: list[Alert] = []

    @property
    def state(self) -> str:
        """See HistoryRecorder."""
        return "down" if self.down else "ok"

    def signal_record(self, venue: str) -> SignalRecord | None:
        """See HistoryRecorder."""

    def record(
        self,
        points: Sequence[ScorePoint] = (),
        signals: Sequence[Signal] = (),
        opportunities: Sequence[Opportunity] = (),
        alerts: Sequence[Alert] = (),
    ) -> None:
        """See HistoryRecorder."""
        self.points += points
        self.stored.update({signal.id: signal for signal in signals})
        self.alerts += alerts

    async def recall(self, now_ms: int) -> RecalledState:
        """See HistoryRecorder."""
        if self.down:
            raise HistoryError("down")
        return RecalledState(signals=tuple(self.stored.values()), opportunities=(), alerts=tuple(self.alerts))


@dataclass
class Published:
    """A snapshot and when it was published, in virtual seconds."""

    at: float
    snapshot: Snapshot

    @property
    def reason(self) -> str | None:
        return self.snapshot.fallback.reason.name if self.snapshot.fallback else None


@dataclass
class Observer:
    """An observer that records passes and publications."""

    requests: list[tuple[str, PassRequest]] = field(default_factory=list)
    started_at: list[float] = field(default_factory=list)
    scored_ids: list[str] = field(default_factory=list)
    publications: list[Published] = field(default_factory=list)

    def started(self, venue: str, request: PassRequest) -> int:
        """See PassObserver."""
        self.requests.append((venue, request))
        self.started_at.append(CLOCK.monotonic())
        return len(self.requests)

    def scored(self, number: int, snapshot: Snapshot) -> None:
        """See PassObserver."""
        self.scored_ids.append(snapshot.id)

    def published(self, snapshot: Snapshot) -> None:
        """See PassObserver."""
        self.publications.append(Published(CLOCK.monotonic(), snapshot))


class Node:
    """A collector named `owner` that uses `exchanges`, best first."""

    def __init__(
        self,
        exchanges: Sequence[FakeExchange],
        repository: SnapshotRepository,
        *,
        owner: str = "a",
        coingecko: FakeCoinGecko | None = None,
        history: HistoryRecorder | None = None,
        symbols: tuple[str, ...] = (),
        streams: Mapping[str, FakeStreams] | None = None,
    ) -> None:
        venues = [exchange.venue for exchange in exchanges]
        self.exchanges = {exchange.venue: exchange for exchange in exchanges}
        self.repository = repository
        self.observer = Observer()
        self.coingecko = coingecko or FakeCoinGecko(VenueUnavailable("no network"))
        self.feeds = {
            e.venue: Feed(
                e,
                UniverseRules(symbols=symbols),
                lambda _, __: Cadence(PERIOD_S, 5, 5),
                CLOCK,
                reader=None if streams is None else streams[e.venue].reader,
            )
            for e in exchanges
        }
        for venue, each in (streams or {}).items():
            each.attach(self.feeds[venue])
        self.collector = Collector(
            self.feeds,
            Failover(venues, dwell_s=DWELL_S, clock=CLOCK),
            repository,
            self.coingecko,
            Engine(venues, Environment.SIMULATED, signal_rules=AT_ONCE, history=history, clock=CLOCK),
            lease=Lease(repository, owner, CLOCK),
            max_stale_s=600,
            clock=CLOCK,
            observer=self.observer,
        )

    def is_active(self) -> bool:
        """Return whether its collector is active."""
        return bool(self.collector.readiness()[1]["active"])

    @property
    def used(self) -> str:
        return str(self.collector.readiness()[1]["uses"])

    @property
    def publications(self) -> list[Published]:
        return self.observer.publications

    def since(self, at: float) -> list[Published]:
        """Return what was published from `at` on."""
        return [each for each in self.publications if each.at >= at]

    def venues(self) -> list[str]:
        """Return the venues of the published snapshots, each change of venue once."""
        found: list[str] = []
        for each in self.publications:
            if not found or found[-1] != each.snapshot.venue:
                found.append(each.snapshot.venue)
        return found

    def longest_gap_s(self, since: float = 0.0) -> float:
        """Return the longest time between two publications, up to now."""
        times = [each.at for each in self.since(since)] + [CLOCK.monotonic()]
        return max(later - earlier for earlier, later in pairwise(times))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Node]:
        """Run the collector while the body runs."""
        task = asyncio.create_task(self.collector.run())
        try:
            yield self
        finally:
            ended = task.done()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            assert not ended, "the collector ended by itself"


def memory() -> MemoryRepository:
    """Return an empty repository in virtual time."""
    return MemoryRepository(clock=CLOCK)


def exchange(venue: str = "bybit", *symbols: str) -> FakeExchange:
    """Return an exchange that runs in virtual time."""
    return FakeExchange(*(symbols or ("BTCUSDT", "ETHUSDT")), venue=venue, clock=CLOCK)


async def filled_bullish_feed() -> Feed:
    """Return a feed on a market in which every symbol opens a long signal. The feed has read all inputs and is stopped."""
    feed = Feed(BullishExchange(clock=CLOCK), UniverseRules(), lambda _, __: Cadence(0.2, 0.2, 0.2), CLOCK)
    await feed.refresh_tickers()
    feed.start()
    async with asyncio.timeout(10):
        while not feed.filled or not all(item.book_flow for item in feed.market().inputs):
            await asyncio.sleep(0.02)
    await feed.refresh_tickers()
    await feed.stop()
    return feed


def opening(state: VenueState, market: MarketData) -> PassResult:
    """Run a pass in which signals open."""
    return run_pass(state, market, PassRequest(trading=True))


def break_down(exchange: FakeExchange, error: ExchangeError | None, kinds: Iterable[str] = ("tickers",)) -> None:
    """Let the exchange raise `error` for every call of these kinds, or hang if `error` is None."""
    exchange.faults.update(dict.fromkeys(kinds, error))


def two_venues(**settings: object) -> Node:
    return Node([exchange("bybit"), exchange("binance")], memory(), **settings)  # type: ignore[arg-type]


def virtual_loop() -> VirtualTimeLoop:
    """Return the running loop. The test moves its time."""
    return cast(VirtualTimeLoop, asyncio.get_running_loop())
