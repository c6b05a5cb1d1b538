"""Play one session of a recording. New feeds process the recorded replies, and an engine computes the scores.

Feeds and engine are the same code as in live operation.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from virtuoso.analysis.alert_rules import SourceStatus
from virtuoso.analysis.signal_rules import CostRules, SignalRules
from virtuoso.analysis.weights import Weights
from virtuoso.collector.engine import Engine
from virtuoso.collector.one_pass import PassRequest
from virtuoso.domain.clock import SYSTEM_CLOCK, SystemClock
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Dominance, DominanceBasis, Environment, Fallback, FallbackReason, Timeframe
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.venues import cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.schedule import Job
from virtuoso.market_data.universe import UniverseRules
from virtuoso.recording.record import path_and_query
from virtuoso.recording.streams import STREAM_KEY, repeat, replay_reader

if TYPE_CHECKING:
    import yarl

    from virtuoso.collector.engine import AnalysedMarket
    from virtuoso.collector.history_recorder import HistoryRecorder
    from virtuoso.domain.snapshot import Snapshot
    from virtuoso.recording.file import Event


class Session:
    """The feeds and the engine of a session. They start in their state at its beginning.

    `header` is the event that begins the session. `history` receives the signals, alerts and scores, unless it is None.
    """

    def __init__(self, header: Event, history: HistoryRecorder | None = None) -> None:
        rules = UniverseRules(**header["rules"] | {"symbols": tuple(header["rules"]["symbols"])})
        self._exchanges = {venue: ReplayedExchange(venue) for venue in header["venues"]}
        self._readers = {venue: replay_reader(venue, kinds) for venue, kinds in header.get("streams", {}).items()}
        self.feeds = {
            venue: Feed(exchange, rules, cadence, SYSTEM_CLOCK, reader=self._readers.get(venue))
            for venue, exchange in self._exchanges.items()
        }
        self._engine = Engine(
            header["venues"],
            Environment.REPLAY,
            opportunities=header["opportunities"],
            weights=Weights.with_overrides(**header["weights"]),
            signal_rules=SignalRules(costs=CostRules(**header.get("costs", {}))),
            history=history,
            clock=ReplayClock(header["at"]),
        )
        self._passes: dict[int, AnalysedMarket] = {}

    async def replay(self, event: Event) -> Snapshot | None:
        """Repeat an event. Return the snapshot, with environment REPLAY, when the event is a scored snapshot."""
        if "op" in event:
            with contextlib.suppress(ExchangeError):  # it also failed when it was recorded
                await self._operate(event)
        elif STREAM_KEY in event:
            feed = self.feeds[event[STREAM_KEY]]
            repeat(self._readers[feed.venue], event, feed.apply_updates)
        elif "pass" in event:
            await self._analyse(event)
        elif "scored" in event:
            return self._accept(event)
        return None

    async def close(self) -> None:
        """Close the exchanges."""
        await asyncio.gather(*(exchange.close() for exchange in self._exchanges.values()))

    async def _operate(self, event: Event) -> None:
        venue, kind = event["venue"], InputKind(event["op"])
        exchange, feed = self._exchanges[venue], self.feeds[venue]
        exchange.replies.load(event["replies"])
        if kind is InputKind.INSTRUMENTS:
            await feed.read_instruments()
        elif kind is InputKind.TICKERS:
            await feed.read_prices()
        elif kind is InputKind.PREMIUMS:
            await exchange.renew_premiums()
        elif feed.follows(event["symbol"]):  # otherwise, the feed stopped reading the symbol before the reply arrived
            timeframe = Timeframe(event["timeframe"]) if "timeframe" in event else None
            await feed.read(Job(event["symbol"], kind, timeframe), event.get("bars", 0))

    async def _analyse(self, event: Event) -> None:
        dominance = fallback = None
        if (recorded := event.get("dominance")) is not None:
            dominance = Dominance(percent=recorded[0], basis=DominanceBasis(recorded[1]), observed_ms=recorded[2])
        if (recorded := event.get("fallback")) is not None:
            fallback = Fallback(venue=recorded[0], reason=FallbackReason[recorded[1]])
        request = PassRequest(dominance=dominance, fallback=fallback, trading=event["trading"])
        feed = self.feeds[event["venue"]]
        self._passes[event["pass"]] = await self._engine.analyse(feed, request)
        await feed.publish_told_candles()

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
    """The wall clock of a recording. `sleep` and `monotonic` are those of this machine."""

    def __init__(self, time_ms: int = 0) -> None:
        self.time_ms = time_ms

    def now_ms(self) -> int:
        """See Clock."""
        return self.time_ms


class ReplayedExchange(CcxtExchange):
    """A venue whose requests are answered by `replies`, without a network. It uses the clock of `replies`."""

    def __init__(self, venue: str) -> None:
        self.replies = RecordedReplies()
        super().__init__(venue, clock=self.replies.clock, session=self.replies)

    def _begin_premiums(self) -> None:
        """Do nothing, because the recording determines when premiums are read."""

    def _check_pause(self) -> None:
        """Do nothing, because every recorded request was allowed."""


class RecordedReplies:
    """An HTTP session for ccxt's client with recorded replies. `clock` shows the time of receipt of the last reply."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.clock = ReplayClock()
        self._remaining: list[list[Any]] = []

    def load(self, replies: list[list[Any]]) -> None:
        """Replace the available replies. Each is returned once."""
        self._remaining = list(replies)

    @contextlib.asynccontextmanager
    async def get(self, url: yarl.URL, **_: Any) -> AsyncIterator[_Response]:
        """Yield the recorded reply to this request. Raise ClientConnectionError when there is none."""
        wanted = path_and_query(str(url))
        path = urlsplit(wanted).path
        matching = [reply for reply in self._remaining if reply[0] == wanted]
        matching += [reply for reply in self._remaining if urlsplit(reply[0]).path == path]  # a query may contain a time
        if not matching:
            raise aiohttp.ClientConnectionError(f"the recording holds no reply to {wanted}")
        self._remaining.remove(matching[0])
        _, status, headers, body, self.clock.time_ms = matching[0]
        yield _Response(status, headers, body)

    async def close(self) -> None:
        """Do nothing, because there is no connection."""


class _Response:
    """The part of aiohttp's response that ccxt reads."""

    reason = ""

    def __init__(self, status: int, headers: Mapping[str, str], body: str) -> None:
        self.status, self.headers, self._body = status, headers, body

    async def text(self, **_: Any) -> str:
        return self._body
