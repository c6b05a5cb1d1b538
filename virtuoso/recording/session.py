"""One session of a tape, done again: fresh feeds take the recorded answers, and desks work, by the code of every day."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from virtuoso.analysis.alert_rules import SourceStatus
from virtuoso.analysis.weights import Weights
from virtuoso.collector.engine import Engine
from virtuoso.collector.venue_state import snapshot_of
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.model import Dominance, DominanceBasis, Environment, Fallback, Timeframe
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.venues import cadence
from virtuoso.market_data.feed import Feed, UniverseRules
from virtuoso.market_data.schedule import Job

if TYPE_CHECKING:
    import yarl

    from virtuoso.collector.history_recorder import HistoryRecorder
    from virtuoso.collector.venue_state import PassResult
    from virtuoso.domain.model import Snapshot
    from virtuoso.market_data.feed import MarketData
    from virtuoso.recording.recording import Event


class Session:
    """Feeds and desks as they were at the beginning of a session; `header` is its event; `journal`: where what comes of it
    is written down."""

    def __init__(self, header: Event, journal: HistoryRecorder | None = None) -> None:
        rules = UniverseRules(**header["rules"] | {"symbols": tuple(header["rules"]["symbols"])})
        self._exchanges = {venue: PlayedExchange(venue) for venue in header["venues"]}
        self.feeds = {venue: Feed(exchange, rules, cadence) for venue, exchange in self._exchanges.items()}
        self._floor = Engine(
            header["venues"],
            Environment.REPLAY,
            opportunities=header["opportunities"],
            weights=Weights.with_overrides(**header["weights"]),
            journal=journal,
            clock=lambda: header["at"],
        )
        self._passes: dict[int, tuple[MarketData, PassResult, Fallback | None]] = {}

    async def redo(self, event: Event) -> Snapshot | None:
        """Let an event happen again; the snapshot, of environment REPLAY, where one was scored."""
        if "op" in event:
            with contextlib.suppress(ExchangeError):  # it failed then too
                await self._operate(event)
        elif "pass" in event:
            await self._score(event)
        elif "scored" in event:
            return self._snapshot(event)
        return None

    async def close(self) -> None:
        """Release what the exchanges' clients hold."""
        await asyncio.gather(*(exchange.close() for exchange in self._exchanges.values()))

    async def _operate(self, event: Event) -> None:
        venue, op = event["venue"], event["op"]
        exchange, feed = self._exchanges[venue], self.feeds[venue]
        exchange.answers.load(event["replies"])
        if op == "instruments":
            await feed.read_instruments()
        elif op == "tickers":
            await feed.read_prices()
        elif op == "premiums":
            await exchange.renew_premiums()
        elif feed.follows(event["symbol"]):  # else it was retired while its answer was on the way
            timeframe = Timeframe(event["timeframe"]) if "timeframe" in event else None
            await feed.read(Job(event["symbol"], op, timeframe), event.get("bars", 0))

    async def _score(self, event: Event) -> None:
        venue, dominance = event["venue"], None
        if (said := event.get("dominance")) is not None:
            dominance = Dominance(percent=said[0], basis=DominanceBasis(said[1]), observed_ms=said[2])
        fallback = Fallback(venue=event["fallback"][0], reason=event["fallback"][1]) if "fallback" in event else None
        market, desk = self.feeds[venue].market(), self._floor.desk(venue)
        done = await asyncio.to_thread(self._floor.work, desk, market, dominance, trading=event["trading"])
        self._passes[event["pass"]] = market, done, fallback

    def _snapshot(self, event: Event) -> Snapshot:
        market, done, fallback = self._passes.pop(event["scored"])
        venue = market.venue
        self.feeds[venue].follow(self._floor.settle(venue, done).followed)
        snapshot = snapshot_of(
            market,
            done,
            snapshot_id=event["id"],
            environment=Environment.REPLAY,
            computed_ms=event["computed_ms"],
            fallback=fallback,
            signal_record=self._floor.tallies(venue),
        )
        if done.traded:
            scored, expected = snapshot.scored, len(snapshot.universe)
            supply = SourceStatus(
                environment=Environment.REPLAY,
                now_ms=snapshot.computed_ms,
                venue=venue,
                fallback=fallback,
                scored=scored,
                expected=expected,
            )
            self._floor.tell(supply)
        return snapshot


class PlayedExchange(CcxtExchange):
    """A venue whose every request is answered by `answers`, at the recorded moment, and never by a network."""

    def __init__(self, venue: str) -> None:
        self.answers = Answers()
        super().__init__(venue, clock=lambda: self.answers.now_ms, session=self.answers)

    def _ask_beside(self) -> None:
        """The tape says when."""

    def _hold(self) -> None:
        """What was sent was allowed."""


class Answers:
    """Stands where ccxt's client has its HTTP session. `now_ms`: when the last reply that was given had come."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.now_ms = 0
        self._left: list[list[Any]] = []

    def load(self, replies: list[list[Any]]) -> None:
        """From now on these replies, as on the tape, are there, each once."""
        self._left = list(replies)

    @contextlib.asynccontextmanager
    async def get(self, url: yarl.URL, **_: Any) -> AsyncIterator[_Response]:
        """The recorded reply to this request. ClientConnectionError when there is none, as if no network were there."""
        parts = urlsplit(str(url))
        place = f"{parts.path}?{parts.query}" if parts.query else parts.path
        found = [reply for reply in self._left if reply[0] == place]
        found += [reply for reply in self._left if urlsplit(reply[0]).path == parts.path]  # a query may hold a time
        if not found:
            raise aiohttp.ClientConnectionError(f"no reply to {place} on the tape")
        self._left.remove(found[0])
        _, status, headers, body, self.now_ms = found[0]
        yield _Response(status, headers, body)

    async def close(self) -> None:
        """Nothing is held."""


class _Response:
    """What ccxt reads of aiohttp's response."""

    reason = ""

    def __init__(self, status: int, headers: Mapping[str, str], body: str) -> None:
        self.status, self.headers, self._body = status, headers, body

    async def text(self, **_: Any) -> str:
        return self._body
