"""One WebSocket connection to a venue: it subscribes its topics, pings, and watches that each of them brings news."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

import aiohttp

from virtuoso import metrics
from virtuoso.domain.clock import Clock
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.stream_updates import StreamLost, StreamUpdate
from virtuoso.domain.tasks import cancel_all
from virtuoso.exchange.streams.facts import Answer, StreamFacts
from virtuoso.exchange.streams.reader import StreamReader, Topic
from virtuoso.exchange.streams.socket import Socket
from virtuoso.exchange.streams.subscriptions import Subscription, Subscriptions

CONNECT_S = 10.0
ANSWER_S = 10.0  # for a pong and for the answer to a request
TICK_S = 0.25
WATCH_S = 1.0
LATE_S = 2.0  # a tick so late says that this process did not run
FIRST_NEWS = 3  # times the limit of silence, for the first news of a topic: a venue serves many subscriptions one by one
GARBAGE_S = 10.0
BEHIND_BYTES, BEHIND_S = 64 << 10, 3.0  # so much waits to be read, at all times for so long: we cannot keep up
MAX_GARBAGE = 50  # unreadable messages within GARBAGE_S; more of them may have replaced any message

log = logging.getLogger(__name__)
Listener = Callable[[Sequence[StreamUpdate]], None]
BROKEN = (OSError, aiohttp.ClientError, TimeoutError)


class Connection:
    """A connection with a `number` that no other one of the process has. `run` returns the reason why it ended."""

    def __init__(
        self,
        number: int,
        facts: StreamFacts,
        topics: Iterable[Topic],
        reader: StreamReader,
        *,
        clock: Clock,
        listener: Listener,
        connect: Callable[[str], Awaitable[Socket]],
    ) -> None:
        self.number = number
        self.subscriptions = Subscriptions(facts, topics)
        self.last_errors: dict[InputKind, str] = {}
        self._facts, self._reader, self._clock = facts, reader, clock
        self._listener, self._connect = listener, connect
        self._opened_s = self._news_s = self._ping_s = self._pong_s = self._watched_s = self._sent_s = 0.0
        self._looked_s = 0.0  # when we looked for what waits to be read
        self._behind_since_s: float | None = None  # since when much waits
        self._mute_s = (
            math.inf
        )  # without news of any topic for so long, the connection ends: the shortest limit of its kinds
        self._garbage: deque[float] = deque()
        self._work = asyncio.Event()  # set when there is something to send
        self._stopped = ""

    @property
    def is_behind(self) -> bool:
        """Return True while messages arrive faster than they are read."""
        return self._behind_since_s is not None and self._looked_s - self._behind_since_s > BEHIND_S

    @property
    def streamed_s(self) -> float:
        """Return for how long it brought news."""
        return self._news_s - self._opened_s

    async def run(self, url: str) -> str:
        """Connect, and stream until the connection ends. Return the reason in one word."""
        try:
            async with asyncio.timeout(CONNECT_S):
                socket = await self._connect(url)
        except BROKEN as error:
            self._fail(f"{url} cannot be opened: {error or type(error).__name__}")
            return "refused"
        self._opened_s = self._news_s = self._ping_s = self._pong_s = self._clock.monotonic()
        metrics.STREAM_CONNECTIONS.labels(self._facts.venue).inc()
        tasks = [asyncio.create_task(self._receive(socket)), asyncio.create_task(self._tend(socket))]
        reason = "stopped"
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            reason = next(iter(done)).result()
        except BROKEN:
            reason = "closed"
        finally:
            metrics.STREAM_CONNECTIONS.labels(self._facts.venue).dec()
            await cancel_all(tasks)
            self.deliver(self._reader.closed(self.number, self.subscriptions.topics(), reason))
            with suppress(*BROKEN):
                await socket.close()
        return reason

    def stop(self, reason: str) -> None:
        """End the connection."""
        self._stopped = reason
        self._work.set()

    def add(self, topics: Iterable[Topic]) -> None:
        """Subscribe these topics, too."""
        self.subscriptions.add(topics)
        self._work.set()

    def remove(self, topics: Sequence[Topic], reason: str) -> None:
        """Unsubscribe these topics. `reason` is a word for metrics."""
        self.subscriptions.remove(topics)
        self.deliver(self._reader.closed(self.number, topics, reason))
        self._work.set()

    def reset(self, topic: Topic, reason: str) -> None:
        """Drop what was received of a topic, and subscribe it anew."""
        if known := self.subscriptions.get(topic):
            known.lose(self._clock.monotonic())
            self.deliver(self._reader.closed(self.number, [topic], reason))
            self._work.set()

    def streams(self, topic: Topic) -> bool:
        """Return True while the topic streams. The stream of an order book may go on while the book is not known."""
        known = self.subscriptions.get(topic)
        if known is None or not known.accepted or self._clock.monotonic() - self._news_s > self._mute_s:
            return False
        if topic.kind is InputKind.ORDER_BOOK and self._reader.book(topic.symbol, 1) is None:
            return False
        return topic.kind not in self._facts.silence_s or self._reader.heard_ms(self.number, topic) is not None

    def deliver(self, updates: Sequence[StreamUpdate]) -> None:
        """Hand updates to the listener. A topic that was lost is subscribed again when it needs a snapshot."""
        for update in updates:
            if isinstance(update, StreamLost):
                metrics.STREAM_LOST.labels(self._facts.venue, update.kind, update.reason).inc()
                self.last_errors[update.kind] = update.reason
                known = self.subscriptions.get(Topic(update.kind, update.symbol))
                if known and update.kind in self._facts.resubscribed:
                    known.lose(self._clock.monotonic())
        if updates:
            self._listener(updates)

    async def _receive(self, socket: Socket) -> str:
        reader, clock, answer_of = self._reader, self._clock, self._facts.answer
        while (data := await socket.receive()) is not None:
            if (answer := answer_of(data)) is not None:
                self._answered(answer)
                continue
            if updates := reader.frame(self.number, data, clock.now_ms()):
                if isinstance(updates[0], StreamLost) and updates[0].reason == "garbage":
                    self._garbage.append(clock.monotonic())
                self.deliver(updates)
        return "closed"

    def _answered(self, answer: Answer) -> None:
        now_s = self._clock.monotonic()
        if answer.request is None:
            self._pong_s = now_s
        elif not answer.error:
            self.subscriptions.accepted(answer.request)
        else:
            topics = self.subscriptions.refused(answer.request, answer.error, now_s)
            self.deliver(self._reader.closed(self.number, topics, "refused"))
            for topic in topics:
                self.last_errors[topic.kind] = answer.error
            self._work.set()

    async def _tend(self, socket: Socket) -> str:
        """Send what is due, until there is a reason to end the connection."""
        next_s = math.inf
        while True:
            now_s = self._clock.monotonic()
            on_time = now_s - next_s < LATE_S  # otherwise, what has arrived meanwhile is read first
            next_s = now_s + TICK_S
            if not on_time:
                self._watched_s = 0.0
            elif now_s - self._watched_s >= WATCH_S:
                self._watched_s = now_s
                self._close_silent(now_s)
            if reason := self._stopped or (self._verdict(now_s) if on_time else ""):
                return reason
            self._looked_s = now_s
            behind = socket.waiting_bytes() >= BEHIND_BYTES
            self._behind_since_s = (self._behind_since_s or now_s) if behind else None
            self._work.clear()
            await self._send_due(socket)
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._work.wait()

    def _verdict(self, now_s: float) -> str:
        """Return the reason to end the connection, or ""."""
        asked_s = self.subscriptions.oldest_request_s()
        while self._garbage and self._garbage[0] < now_s - GARBAGE_S:
            self._garbage.popleft()
        if self._facts.ping and self._pong_s < self._ping_s < now_s - ANSWER_S:
            return "no_pong"
        if asked_s is not None and now_s - asked_s > ANSWER_S:
            return "no_answer"
        if len(self._garbage) > MAX_GARBAGE:
            return "garbage"
        return "silent" if now_s - self._news_s > self._mute_s else ""

    def _close_silent(self, now_s: float) -> None:
        """Close each topic that is silent beyond its limit. It is subscribed again."""
        now_ms, limits, silent = self._clock.now_ms(), self._facts.silence_s, []
        if self._mute_s == math.inf:
            self._news_s = now_s
        at_venue = [each for each in self.subscriptions if each.at_venue]
        self._mute_s = min((limits.get(each.topic.kind, math.inf) for each in at_venue), default=math.inf)
        for each in at_venue:
            if each.due_s is None and each.topic.kind in limits:
                heard_ms = self._reader.heard_ms(self.number, each.topic)
                heard_s = now_s - (now_ms - heard_ms) / 1000 if heard_ms is not None else 0.0
                self._news_s = max(self._news_s, min(now_s, heard_s))
                patience = 1 if heard_ms is not None else FIRST_NEWS
                if now_s - max(heard_s, each.since_s) > patience * limits[each.topic.kind]:
                    silent.append(each)
        if now_s - self._news_s <= self._mute_s:  # otherwise the whole connection ends
            for each in silent:
                each.lose(now_s)
            if silent:
                self.deliver(self._reader.closed(self.number, [each.topic for each in silent], "silent"))

    async def _send_due(self, socket: Socket) -> None:
        """Send a ping and one request, where they are due. After a request, there may be another one."""
        facts, subscriptions = self._facts, self.subscriptions
        if facts.ping and self._clock.monotonic() - self._ping_s >= facts.ping_s:
            await self._send(socket, facts.ping)
            self._ping_s = self._clock.monotonic()
        if subscriptions.leaving:
            names = subscriptions.leaving[: facts.names_per_request]
            del subscriptions.leaving[: len(names)]
            await self._send(socket, facts.unsubscribe(subscriptions.number(), names))
            self._work.set()
        elif due := subscriptions.due(self._clock.monotonic()):
            again = [name for each in due if each.at_venue for name in each.names]
            if again:
                await self._send(socket, facts.unsubscribe(subscriptions.number(), again))
            await self._subscribe(socket, due)
            self._work.set()

    async def _subscribe(self, socket: Socket, due: Sequence[Subscription]) -> None:
        due = [each for each in due if self.subscriptions.get(each.topic) is each]  # not removed while we waited
        if not due:
            return
        topics = [each.topic for each in due]
        number = self.subscriptions.requested(due, self._clock.monotonic())
        self.deliver(self._reader.opened(self.number, topics, self._clock.now_ms()))
        await self._send(socket, self._facts.subscribe(number, [name for each in due for name in each.names]))

    async def _send(self, socket: Socket, text: str) -> None:
        """Send a message when the venue's limit allows it."""
        wait_s = self._sent_s + 1 / self._facts.messages_per_s - self._clock.monotonic()
        if wait_s > 0:
            await self._clock.sleep(wait_s)
        self._sent_s = self._clock.monotonic()
        async with asyncio.timeout(ANSWER_S):
            await socket.send(text)

    def _fail(self, error: str) -> None:
        for topic in self.subscriptions.topics():
            self.last_errors[topic.kind] = error
