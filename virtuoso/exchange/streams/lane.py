"""A share of a venue's topics. One connection serves it. When that ends, or before it is too old, another one does."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from virtuoso import metrics
from virtuoso.domain.clock import Clock
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.tasks import cancel_all
from virtuoso.exchange.budget import Budget
from virtuoso.exchange.streams.backoff import Backoff
from virtuoso.exchange.streams.connection import Connection, Listener
from virtuoso.exchange.streams.facts import StreamFacts
from virtuoso.exchange.streams.reader import StreamReader, Topic
from virtuoso.exchange.streams.socket import Socket

FIRST_RETRY_S = 0.5
STEADY_S = 10.0  # a connection that brought news for so long begins again with the first wait
ROTATION_RETRY_S = 60.0

log = logging.getLogger(__name__)
_numbers = itertools.count(1)


class Lane:
    """See the module. `route` is that of its topics. `budget` counts the connections of the venue."""

    def __init__(
        self,
        facts: StreamFacts,
        route: str,
        reader: StreamReader,
        *,
        url: str | None,
        clock: Clock,
        listener: Listener,
        budget: Budget,
        connect: Callable[[str], Awaitable[Socket]],
    ) -> None:
        self.route = route
        self.topics: dict[Topic, None] = {}
        self.last_errors: dict[InputKind, str] = {}
        self._facts, self._reader, self._clock = facts, reader, clock
        self._url = facts.url(route, url)
        self._listener, self._budget, self._connect = listener, budget, connect
        self._connections: dict[Connection, asyncio.Task[str]] = {}
        self._names = self._characters = 0
        self._task: asyncio.Task[None] | None = None

    def has_room(self, topics: Iterable[Topic]) -> bool:
        """Return True if a connection may serve these topics, too."""
        names = [name for topic in topics for name in self._facts.topic_names(topic)]
        return (
            self._names + len(names) <= self._facts.names_per_connection
            and self._characters + _characters(names) <= self._facts.characters_per_connection
        )

    def add(self, topics: Iterable[Topic]) -> None:
        """Serve these topics, too."""
        new = [topic for topic in topics if topic not in self.topics]
        self.topics.update(dict.fromkeys(new))
        self._count(new, 1)
        for connection in self._connections:
            connection.add(new)

    def remove(self, topics: Sequence[Topic], reason: str) -> None:
        """No longer serve these topics. `reason` is a word for metrics."""
        for topic in topics:
            del self.topics[topic]
        self._count(topics, -1)
        for connection in list(self._connections):
            connection.remove(topics, reason)

    def reset(self, topic: Topic, reason: str) -> None:
        """Drop what was received of a topic, and subscribe it anew."""
        for connection in list(self._connections):
            connection.reset(topic, reason)

    def streams(self, topic: Topic) -> bool:
        """Return True while a topic streams."""
        return any(connection.streams(topic) for connection in self._connections)

    @property
    def is_behind(self) -> bool:
        """Return True while messages arrive faster than they are read."""
        return any(connection.is_behind for connection in self._connections)

    def errors(self) -> Mapping[InputKind, str]:
        """Return the last error of each kind."""
        for connection in self._connections:
            self.last_errors.update(connection.last_errors)
        return self.last_errors

    def start(self) -> None:
        """Open the connection. Do nothing while it is open."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Close the connections. Idempotent."""
        if self._task is not None:
            await cancel_all([self._task])
            self._task = None

    async def _run(self) -> None:
        backoff = Backoff(FIRST_RETRY_S)
        try:
            while True:
                await self._budget.spend(1)
                serving = self._open()
                await self._serve(serving)
                if serving.streamed_s > STEADY_S:
                    backoff.reset()
                await self._clock.sleep(backoff.next_s())
        finally:
            await cancel_all(self._connections.values())

    async def _serve(self, serving: Connection) -> None:
        """Return when the connection, or the one that replaced it, has ended."""
        wait_s = self._facts.rotation_s
        while True:
            if await self._ended(serving, wait_s):
                return
            await self._budget.spend(1)
            successor = self._open()
            if await self._ended(serving, self._facts.overlap_s):
                serving, wait_s = successor, self._facts.rotation_s  # it has served on time
            elif successor in self._connections:
                old, serving, wait_s = serving, successor, self._facts.rotation_s - self._facts.overlap_s
                old.stop("rotation")
            else:
                wait_s = ROTATION_RETRY_S

    async def _ended(self, connection: Connection, wait_s: float) -> bool:
        """Return True when the connection ends within `wait_s`."""
        task = self._connections.get(connection)
        return task is None or bool((await asyncio.wait({task}, timeout=wait_s))[0])

    def _open(self) -> Connection:
        connection = Connection(
            next(_numbers),
            self._facts,
            self.topics,
            self._reader,
            clock=self._clock,
            listener=self._listener,
            connect=self._connect,
        )
        task = asyncio.create_task(connection.run(self._url))
        self._connections[connection] = task
        task.add_done_callback(lambda done: self._close(connection, done))
        return connection

    def _close(self, connection: Connection, task: asyncio.Task[str]) -> None:
        del self._connections[connection]
        self.last_errors.update(connection.last_errors)
        if task.cancelled():
            return
        if error := task.exception():
            log.error("streams of %s: a connection failed", self._facts.venue, exc_info=error)
        reason = "failed" if error else task.result()
        metrics.STREAM_RECONNECTS.labels(self._facts.venue, reason).inc()
        log.log(
            logging.INFO if reason == "rotation" else logging.WARNING,
            "streams of %s: connection %d of %d topics ended: %s",
            self._facts.venue,
            connection.number,
            len(self.topics),
            reason,
        )

    def _count(self, topics: Iterable[Topic], sign: int) -> None:
        for topic in topics:
            names = self._facts.topic_names(topic)
            self._names += sign * len(names)
            self._characters += sign * _characters(names)


def _characters(names: Sequence[str]) -> int:
    return sum(len(name) + 3 for name in names)  # two quotation marks and a comma
