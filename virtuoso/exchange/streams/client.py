"""The streams of one venue: its topics, shared among connections that are opened again whenever they end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from virtuoso.domain.clock import Clock
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Instrument
from virtuoso.domain.stream_updates import StreamUpdate
from virtuoso.exchange.budget import Budget
from virtuoso.exchange.streams.book_requests import BookRequests, ReadBook
from virtuoso.exchange.streams.connection import Listener
from virtuoso.exchange.streams.facts import StreamFacts
from virtuoso.exchange.streams.lane import Lane
from virtuoso.exchange.streams.measures import StreamingTimes
from virtuoso.exchange.streams.port import KindStatus
from virtuoso.exchange.streams.reader import StreamReader, Topic
from virtuoso.exchange.streams.socket import Socket, open_socket
from virtuoso.exchange.streams.thinning import Thinning

CONNECT_WINDOW_S = 300.0
STATUS_S = 1.0


class VenueStreams:
    """See port.Streams. `url` (scheme, host and port of the venue's REST side) replaces the venue's own hosts. `read_book`
    requests an order book, for venues whose streams send only changes. `connect` replaces the network."""

    def __init__(
        self,
        facts: StreamFacts,
        reader: StreamReader,
        *,
        url: str | None,
        clock: Clock,
        listener: Listener,
        read_book: ReadBook | None = None,
        connect: Callable[[str], Awaitable[Socket]] = open_socket,
    ) -> None:
        self._facts, self._reader, self._clock, self._listener = facts, reader, clock, listener
        self._new_lane = partial(
            Lane,
            facts,
            reader=reader,
            url=url,
            clock=clock,
            listener=listener,
            budget=Budget(facts.connects, CONNECT_WINDOW_S, clock=clock),
            connect=connect,
        )
        self._books = BookRequests(reader, read_book, clock, self._deliver)
        self._thinning = Thinning(facts.venue)
        self._symbols: list[str] = []
        self._lanes: list[Lane] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._times = StreamingTimes(facts.venue, clock)
        self._watch: asyncio.Task[None] | None = None

    def set_symbols(self, instruments: Sequence[Instrument]) -> None:
        """See port.Streams. When we cannot keep up, the order books of the last ones are polled first."""
        self._symbols = [each.symbol for each in instruments]
        self._reader.set_instruments(instruments)
        self._books.set_instruments(instruments)
        self._plan("unsubscribed")

    def _plan(self, reason: str) -> None:
        """Serve the topics of all symbols, but for the order books that are thinned. `reason` is that of what ends."""
        wanted = {topic: None for symbol in ["", *self._symbols] for topic in self._facts.topics(symbol)}
        for symbol in self._symbols[len(self._symbols) - self._thinning.count :]:
            wanted.pop(Topic(InputKind.ORDER_BOOK, symbol), None)
        for lane in self._lanes:
            lane.remove([topic for topic in lane.topics if topic not in wanted], reason)
            for topic in lane.topics:
                del wanted[topic]
        new: dict[tuple[str, str], list[Topic]] = {}  # by route and symbol
        for topic in wanted:
            new.setdefault((self._facts.routes.get(topic.kind, ""), topic.symbol), []).append(topic)
        for (route, _), topics in new.items():
            self._lane_for(route, topics).add(topics)
        for lane in [lane for lane in self._lanes if not lane.topics]:
            self._lanes.remove(lane)
            task = asyncio.create_task(lane.stop())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        if self._watch is not None:
            for lane in self._lanes:
                lane.start()

    def start(self) -> None:
        """See port.Streams."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_status())
            self._books.start()
            for lane in self._lanes:
                lane.start()

    async def stop(self) -> None:
        """See port.Streams."""
        if self._watch is not None:
            watch, self._watch = self._watch, None
            watch.cancel()
            await self._books.stop()
            await asyncio.gather(watch, *(lane.stop() for lane in self._lanes), *self._ending, return_exceptions=True)
            self._update_status()

    def status(self) -> Mapping[InputKind, KindStatus]:
        """See port.Streams."""
        errors: dict[InputKind, str] = {}
        for lane in self._lanes:
            errors.update(lane.errors())
        return {
            kind: KindStatus(
                streaming=self._streaming(kind),
                expected=len(self._symbols),
                since_ms=self._times.since_ms(kind),
                last_error=errors.get(kind, ""),
            )
            for kind in self._facts.names
        }

    def reset(self, kind: InputKind, symbol: str, reason: str) -> None:
        """See port.Streams."""
        for lane in self._lanes:
            lane.reset(Topic(kind, symbol), reason)

    def _deliver(self, updates: Sequence[StreamUpdate]) -> None:
        if updates:
            self._listener(updates)

    def _lane_for(self, route: str, topics: Sequence[Topic]) -> Lane:
        """Return a lane that has room for all these topics of one symbol, because one shows whether another is alive. Create
        one when there is none."""
        for lane in self._lanes:
            if lane.route == route and lane.has_room(topics):
                return lane
        self._lanes.append(self._new_lane(route))
        return self._lanes[-1]

    def _streaming(self, kind: InputKind) -> int:
        """Return the number of symbols of which this kind streams."""
        streaming = {
            topic.symbol for lane in self._lanes for topic in lane.topics if topic.kind is kind and lane.streams(topic)
        }
        return len(self._symbols) if "" in streaming else len(streaming)

    async def _watch_status(self) -> None:
        while True:
            self._update_status()
            behind = any(lane.is_behind for lane in self._lanes)
            if self._thinning.changed(behind, len(self._symbols), self._clock.monotonic()):
                self._plan("thinned")
            await self._clock.sleep(STATUS_S)

    def _update_status(self) -> None:
        for kind in self._facts.names:
            self._times.update(kind, self._streaming(kind), len(self._symbols))
