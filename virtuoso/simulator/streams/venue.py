"""The streams of one venue: its connections and topics, its fault, and its counts. It has no I/O.

`tick` sends each topic's messages to its subscribers. Times are epoch ms and come from the caller.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable
from typing import Protocol

import orjson

from virtuoso.simulator.faults import Fault
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.streams.disturbance import Disturbance, Payload
from virtuoso.simulator.streams.frames import TEXT, frame
from virtuoso.simulator.streams.topics import Topic

RESET = ("ws_drop", "ws_flap", "down", "html_403", "451")  # these faults reset the open connections
SLOW_CONSUMER_BYTES = 16 << 20
FIVE_MINUTES_MS = 300_000


class Sink(Protocol):
    """Where the frames of a connection go, such as a transport of asyncio."""

    def write(self, data: bytes) -> None:
        """Send data."""

    def abort(self) -> None:
        """Reset the connection."""

    def get_write_buffer_size(self) -> int:
        """Return the number of bytes that the client has not read."""
        ...


class Connection:
    """One connection. `route` is the part of the address that names a group of topics, `combined` says that messages are
    wrapped with the names of their streams."""

    def __init__(self, sink: Sink, now_ms: int, *, route: str = "", combined: bool = False) -> None:
        self.sink, self.route, self.combined = sink, route, combined
        self.opened_ms = self.heard_ms = self.pinged_ms = self.ponged_ms = self.ping_sent_ms = now_ms
        self.topics = dict[str, Topic]()
        self.unanswered = dict[str, None]()  # names of topics that were accepted and never send anything
        self.received_ms = deque[int]()
        self.out = list[bytes]()
        self.late = deque[tuple[int, bytes]]()


class StreamVenue:
    """The streams of one venue. A subclass speaks the venue's protocol and knows its limits."""

    connects_in_5_min = 0

    def __init__(self, market: SimulatedMarket) -> None:
        self.market, self.fault = market, Fault()
        self.connections = dict[Connection, None]()
        self.topics = dict[str, Topic]()
        self.subscribers = dict[str, dict[Connection, None]]()
        self._connects_ms, self._next_flap_ms = deque[int](), 0
        self.reset_counts()

    def reset_counts(self) -> None:
        """Set all counts to 0."""
        self.counts, self.sent, self.breaches = Counter[str](), Counter[str](), Counter[str]()
        self.disturbed = Counter[str]()
        self._disturbance = Disturbance(self.fault, self.disturbed)

    # The venue's protocol

    def topic_of(self, name: str, now_ms: int) -> Topic | None:
        """Return a new topic with this name. Return None if the venue has none."""
        raise NotImplementedError

    def receive(self, connection: Connection, text: str, now_ms: int) -> bool:
        """Answer a message of a client. Return False when the venue ends the connection."""
        raise NotImplementedError

    def allowed(self, connection: Connection, now_ms: int) -> bool:  # noqa: ARG002 - the common signature
        """Return whether a client may send one more frame now."""
        return True

    def watch(self, connection: Connection, now_ms: int) -> None:
        """Apply the rules of the venue that depend on time."""

    # Connections and subscriptions

    def open(self, connection: Connection, now_ms: int, names: Iterable[str] = ()) -> None:  # noqa: ARG002 - the same
        """Add a connection. `names` are the topics in its address."""
        self.connections[connection] = None
        self.counts["opened"] += 1
        self._connects_ms.append(now_ms)
        while self._connects_ms[0] < now_ms - FIVE_MINUTES_MS:
            self._connects_ms.popleft()
        self.breaches.update({"connects_in_5_min": 1} if len(self._connects_ms) > self.connects_in_5_min else {})

    def close(self, connection: Connection) -> None:
        """Remove a connection."""
        if connection in self.connections:
            del self.connections[connection]
            self.counts["closed"] += 1
        for name in list(connection.topics):
            self.unsubscribe(connection, name)

    def find(self, name: str, now_ms: int) -> Topic | None:
        """Return the topic with this name. Return None if the venue has none."""
        return self.topics.get(name) or self.topic_of(name, now_ms)

    def subscribe(self, connection: Connection, topic: Topic, now_ms: int) -> None:
        """Add a subscriber, and send it what a new subscriber gets at once."""
        at_ms = self._data_ms(topic, now_ms)
        if topic.name not in self.topics:
            self.topics[topic.name] = topic
            topic.begin(at_ms)
            topic.due_ms = next_multiple(now_ms, topic.every_ms)
        connection.topics[topic.name] = topic
        self.subscribers.setdefault(topic.name, {})[connection] = None
        if self.fault.stream_mode != "empty":
            self._send((connection,), topic, [(orjson.dumps(message), TEXT) for message in topic.first(at_ms)])

    def unsubscribe(self, connection: Connection, name: str) -> None:
        """Remove a subscriber."""
        connection.unanswered.pop(name, None)
        if connection.topics.pop(name, None) is not None:
            del self.subscribers[name][connection]
            if not self.subscribers[name]:
                del self.subscribers[name], self.topics[name]

    def send(self, connection: Connection, message: object) -> None:
        """Send a message to one client."""
        connection.out.append(frame(orjson.dumps(message)))

    def abort_all(self) -> None:
        """Reset all connections."""
        for connection in list(self.connections):
            self.abort(connection)

    def abort(self, connection: Connection) -> None:
        """Reset a connection."""
        self.counts["aborted"] += 1
        connection.out.clear()
        connection.late.clear()
        connection.sink.abort()

    # Faults

    def set_fault(self, fault: Fault, now_ms: int) -> None:
        """Begin a fault, or end the current one."""
        for name, payload in self._disturbance.held().items():
            if name in self.topics:
                self._send(self.subscribers[name], self.topics[name], [payload])
        self.fault, self._disturbance = fault, Disturbance(fault, self.disturbed)
        self._next_flap_ms = now_ms + round(1000 * (fault.every_s or 0))
        if fault.mode in RESET:
            self.abort_all()
        if fault.mode == "ws_restart":
            for topic in self.topics.values():
                if fault.concerns(topic.name):
                    payloads = [(orjson.dumps(message), TEXT) for message in topic.restart(now_ms)]
                    self._send(self.subscribers[topic.name], topic, payloads)
                    self.disturbed["ws_restart"] += 1

    def _touches(self, topic: Topic) -> bool:
        return self.fault.mode != "ok" and self.fault.concerns(topic.name)

    def _data_ms(self, topic: Topic, now_ms: int) -> int:
        """Return the time of a topic's data."""
        frozen_ms = self.fault.frozen_ms
        return frozen_ms if frozen_ms is not None and self._touches(topic) else now_ms

    # Time

    def tick(self, now_ms: int) -> None:
        """Tell what is new, and apply the rules that depend on time."""
        if self.fault.mode == "ws_flap" and now_ms >= self._next_flap_ms:
            self._next_flap_ms = now_ms + round(1000 * (self.fault.every_s or 0))
            self.abort_all()
        for topic in list(self.topics.values()):
            if topic.due_ms <= now_ms or topic.due_ms > now_ms + topic.every_ms:
                topic.due_ms = next_multiple(now_ms, topic.every_ms)
                self._poll(topic, now_ms)
        for connection in list(self.connections):
            if self.fault.stream_mode != "ws_silent":
                self.watch(connection, now_ms)
            self.flush(connection, now_ms)

    def _poll(self, topic: Topic, now_ms: int) -> None:
        touched, mode = self._touches(topic), self.fault.stream_mode
        topic.repeat = touched and mode == "ws_stale"
        topic.crossed = touched and mode == "ws_crossed"
        if touched and mode == "empty":
            return
        if messages := topic.poll(self._data_ms(topic, now_ms)):
            whole = [(orjson.dumps(message), TEXT) for message in messages] if not touched else None
            payloads = self._disturbance.payloads(topic, messages, now_ms) if whole is None else whole
            self._send(self.subscribers[topic.name], topic, payloads)

    def _send(self, connections: Collection[Connection], topic: Topic, payloads: Iterable[Payload]) -> None:
        for payload, kind in payloads:
            plain = wrapped = b""
            for connection in connections:
                if connection.combined and payload[:1] in b"{[" and kind == TEXT:
                    wrapped = wrapped or frame(b'{"stream":"%s","data":%s}' % (topic.name.encode(), payload))
                    connection.out.append(wrapped)
                else:
                    plain = plain or frame(payload, kind)
                    connection.out.append(plain)
            self.sent[topic.kind] += len(connections)

    def flush(self, connection: Connection, now_ms: int) -> None:
        """Send what waits for one client, late or not at all under such a fault."""
        if self.fault.stream_mode == "ws_silent":
            connection.out.clear()
            return
        if connection.out and (self.fault.latency_ms or connection.late):
            connection.late.append((now_ms + round(self.fault.latency_ms), b"".join(connection.out)))
            connection.out.clear()
        while connection.late and connection.late[0][0] <= now_ms:
            connection.out.append(connection.late.popleft()[1])
        if connection.out:
            connection.sink.write(b"".join(connection.out))
            connection.out.clear()
            if connection.sink.get_write_buffer_size() > SLOW_CONSUMER_BYTES:
                self.breaches["slow_consumer"] += 1
                self.abort(connection)

    def to_json(self, now_ms: int) -> dict[str, object]:
        """Return all counts, and the clients."""
        return {
            "connections": {"open": len(self.connections), **self.counts},
            "subscriptions": Counter(topic.kind for each in self.connections for topic in each.topics.values()),
            "sent": self.sent,
            "disturbed": self.disturbed,
            "breaches": self.breaches,
            "clients": [
                {
                    "route": each.route,
                    "age_s": round((now_ms - each.opened_ms) / 1000, 1),
                    "heard_s_ago": round((now_ms - each.heard_ms) / 1000, 1),
                    "topics": len(each.topics),
                    "unanswered": list(each.unanswered)[:10],
                }
                for each in self.connections
            ],
        }


def next_multiple(now_ms: int, step_ms: int) -> int:
    """Return the next multiple of `step_ms` after `now_ms`."""
    return (now_ms // step_ms + 1) * step_ms
