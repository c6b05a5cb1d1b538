"""Binance's protocol of streams: `/public` and `/market`, each with `/ws`, `/ws/<stream>` and `/stream?streams=`."""

from __future__ import annotations

import re
from collections.abc import Iterable

import orjson

from virtuoso.simulator.binance.topics import PUBLIC, topic_of
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.streams.frames import PING, frame
from virtuoso.simulator.streams.topics import Topic
from virtuoso.simulator.streams.venue import Connection, StreamVenue

PATH = re.compile(r"/(?:(public|market)/)?(ws|stream)(?:/(.*))?")
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
STREAM_NAME = re.compile(r"[!0-9A-Za-z_]+(@[0-9A-Za-z_+:-]+)*")
MOST_STREAMS = 200  # on a connection
MOST_MESSAGES = 10  # frames of a client in a second
PING_MS = 180_000
PONG_MS = 600_000  # a connection without a pong for this time ends

INVALID_REQUEST, INVALID_JSON, TOO_MANY = 2, 3, 4


class BinanceStreams(StreamVenue):
    """Binance. Unknown streams and streams of the other route are accepted and never send anything."""

    connects_in_5_min = 300

    def __init__(self, market: SimulatedMarket, *, ping_ms: int = PING_MS) -> None:
        super().__init__(market)
        self._ping_ms, self._pong_ms = ping_ms, ping_ms * PONG_MS // PING_MS

    def topic_of(self, name: str, now_ms: int) -> Topic | None:
        """Return a new stream with this name."""
        return topic_of(self.market, name, now_ms)

    def open(self, connection: Connection, now_ms: int, names: Iterable[str] = ()) -> None:
        """Add a connection with the streams of its address."""
        super().open(connection, now_ms)
        for place, name in enumerate(names):
            if place == MOST_STREAMS:
                self.breaches["over_200_streams"] += 1
                break
            self._join(connection, name, now_ms)

    def allowed(self, connection: Connection, now_ms: int) -> bool:
        """Return whether this is one of at most 10 frames within a second."""
        received_ms = connection.received_ms
        received_ms.append(now_ms)
        while received_ms[0] < now_ms - 1000:
            received_ms.popleft()
        self.breaches.update({"over_10_messages_per_s": 1} if len(received_ms) > MOST_MESSAGES else {})
        return len(received_ms) <= MOST_MESSAGES

    def receive(self, connection: Connection, text: str, now_ms: int) -> bool:
        """Answer a request."""
        try:
            message = orjson.loads(text)
        except ValueError:
            return self._refuse(connection, INVALID_JSON, "Invalid JSON: expected value at line 1 column 1")
        if not isinstance(message, dict) or message.get("method") not in METHODS:
            return self._refuse(connection, INVALID_REQUEST, "Invalid request: unknown or missing `method`")
        method, number, names = message["method"], message.get("id"), message.get("params") or []
        if isinstance(number, bool) or not isinstance(number, int | str) or not isinstance(names, list):
            return self._refuse(connection, INVALID_REQUEST, "Invalid request: request ID must be an unsigned integer")
        if method in ("SET_PROPERTY", "GET_PROPERTY"):
            return self._property(connection, method, names, number)
        if method == "SUBSCRIBE":
            return self._subscribe(connection, names, number, now_ms)
        listed = [*connection.topics, *connection.unanswered] if method == "LIST_SUBSCRIPTIONS" else None
        self.send(connection, {"result": listed, "id": number})
        for name in names if method == "UNSUBSCRIBE" else ():
            self.unsubscribe(connection, name)
        return True

    def _subscribe(self, connection: Connection, names: list[str], number: int | str, now_ms: int) -> bool:
        valid = all(isinstance(name, str) and STREAM_NAME.fullmatch(name) for name in names)
        if not valid or self.fault.mode == "ws_reject":
            self.breaches.update({} if valid else {"malformed": 1})
            self.send(connection, _error(INVALID_REQUEST, "Invalid request: invalid stream", number))
            return valid
        if len({*connection.topics, *connection.unanswered, *names}) > MOST_STREAMS:
            self.breaches["over_200_streams"] += 1
            self.send(connection, _error(TOO_MANY, "Too many subscriptions", number))
            return True
        self.send(connection, {"result": None, "id": number})
        for name in names:
            self._join(connection, name, now_ms)
        return True

    def _property(self, connection: Connection, method: str, names: list[object], number: int | str) -> bool:
        """Set or return whether messages are wrapped with the names of their streams."""
        if names[:1] != ["combined"] or (method == "SET_PROPERTY" and not isinstance(names[-1], bool)):
            return self._refuse(connection, 0, "Unknown property", number)
        if method == "SET_PROPERTY":
            connection.combined = names[-1] is True
        self.send(connection, {"result": None if method == "SET_PROPERTY" else connection.combined, "id": number})
        return True

    def _refuse(self, connection: Connection, code: int, text: str, number: int | str | None = None) -> bool:
        """Answer a malformed request. Return True: the connection goes on."""
        self.breaches["malformed"] += 1
        self.send(connection, _error(code, text, number))
        return True

    def _join(self, connection: Connection, name: str, now_ms: int) -> None:
        if name in connection.topics:
            return
        topic, route = self.find(name, now_ms), "public" if PUBLIC.search(name) else "market"
        if topic is None:
            self.breaches["unknown_stream"] += 1
        elif connection.route not in ("", route):
            self.breaches["stream_on_wrong_route"] += 1
        elif not connection.route and route == "market":
            self.breaches["market_stream_without_route"] += 1
        else:
            self.subscribe(connection, topic, now_ms)
            return
        connection.unanswered[name] = None

    def watch(self, connection: Connection, now_ms: int) -> None:
        """Send a ping when it is time. End a connection that does not answer them."""
        if now_ms - connection.ping_sent_ms >= self._ping_ms:
            connection.ping_sent_ms = now_ms
            connection.out.append(frame(str(now_ms).encode(), PING))
        if now_ms - connection.ponged_ms > self._pong_ms:
            self.breaches["no_pong"] += 1
            connection.ponged_ms = now_ms
            self.abort(connection)


def _error(code: int, text: str, number: int | str | None) -> dict[str, object]:
    return {"error": {"code": code, "msg": text}, **({} if number is None else {"id": number})}
