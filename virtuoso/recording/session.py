"""One session of a recording, played: new feeds take the recorded answers, and a new engine runs the recorded passes, by the
same code as live."""

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
from virtuoso.collector.one_pass import PassRequest
from virtuoso.domain.clock import SYSTEM_CLOCK, SystemClock
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.model import Dominance, DominanceBasis, Environment, Fallback, Timeframe
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.venues import cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.schedule import Job
from virtuoso.market_data.universe import UniverseRules

if TYPE_CHECKING:
    import yarl

    from virtuoso.collector.engine import AnalysedMarket
    from virtuoso.collector.history_recorder import HistoryRecorder
    from virtuoso.domain.model import Snapshot
    from virtuoso.recording.recording import Event


class Session:
    """Feeds and engine as they were at the beginning of a session. `header`: its first event. `history`: what gets the
    records of its passes."""

    def __init__(self, header: Event, history: HistoryRecorder | None = None) -> None:
        rules = UniverseRules(**header["rules"] | {"symbols": tuple(header["rules"]["symbols"])})
        self._exchanges = {venue: PlayedExchange(venue) for venue in header["venues"]}
        self.feeds = {venue: Feed(exchange, rules, cadence, SYSTEM_CLOCK) for venue, exchange in self._exchanges.items()}
        self._engine = Engine(
            header["venues"],
            Environment.REPLAY,
            opportunities=header["opportunities"],
            weights=Weights.of(**header["weights"]),
            history=history,
            clock=ReplayClock(header["at"]),
        )
        self._passes: dict[int, AnalysedMarket] = {}

    async def redo(self, event: Event) -> Snapshot | None:
        """Let an event happen again; the snapshot, of environment REPLAY, where one was scored."""
        if "op" in event:
            with contextlib.suppress(ExchangeError):  # it failed then too
                await self._operate(event)
        elif "pass" in event:
            await self._analyse(event)
        elif "scored" in event:
            return self._accept(event)
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

    async def _analyse(self, event: Event) -> None:
        dominance = fallback = None
        if (recorded := event.get("dominance")) is not None:
            dominance = Dominance(percent=recorded[0], basis=DominanceBasis(recorded[1]), observed_ms=recorded[2])
        if (recorded := event.get("fallback")) is not None:
            fallback = Fallback(venue=recorded[0], reason=recorded[1])
        request = PassRequest(dominance=dominance, fallback=fallback, trading=event["trading"])
        self._passes[event["pass"]] = await self._engine.analyse(self.feeds[event["venue"]], request)

    def _accept(self, event: Event) -> Snapshot:
        analysed = self._passes.pop(event["scored"])
        feed = self.feeds[analysed.market.venue]
        snapshot = self._engine.accept(feed, analysed, snapshot_id=event["id"], computed_ms=event["computed_ms"])
        if analysed.result.traded:
            self._engine.report_source(
                SourceStatus(
                    environment=Environment.REPLAY,
                    now_ms=snapshot.computed_ms,
                    venue=snapshot.venue,
                    fallback=snapshot.fallback,
                    scored=snapshot.scored,
                    expected=len(snapshot.universe),
                )
            )
        return snapshot


class ReplayClock(SystemClock):
    """The wall clock of a recording, which stands where `moment_ms` sets it; it waits as this machine does."""

    def __init__(self, moment_ms: int = 0) -> None:
        self.moment_ms = moment_ms

    def now_ms(self) -> int:
        """See Clock."""
        return self.moment_ms


class PlayedExchange(CcxtExchange):
    """A venue whose every request is answered by `answers`, at the recorded moment, and never by a network."""

    def __init__(self, venue: str) -> None:
        self.answers = Answers()
        super().__init__(venue, clock=self.answers.clock, session=self.answers)

    def _begin_premiums(self) -> None:
        """The tape says when."""

    def _check_pause(self) -> None:
        """What was sent was allowed."""


class Answers:
    """Stands where ccxt's client has its HTTP session. `clock` shows when the last reply that was given had come."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.clock = ReplayClock()
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
        _, status, headers, body, self.clock.moment_ms = found[0]
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
