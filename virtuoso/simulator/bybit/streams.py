"""Bybit's protocol of streams: `/v5/public/linear`."""

from __future__ import annotations

import orjson

from virtuoso.simulator.bybit.topics import topic_of
from virtuoso.simulator.streams.topics import Topic
from virtuoso.simulator.streams.venue import Connection, StreamVenue

PATH = "/v5/public/linear"
MOST_CHARACTERS = 21_000  # of the topics of one connection
SILENCE_MS = 60_000  # a client sends a ping at least so often


class BybitStreams(StreamVenue):
    """Bybit. One bad topic refuses a whole request. A connection without topics ends after a silent minute."""

    connects_in_5_min = 500

    def topic_of(self, name: str, now_ms: int) -> Topic | None:
        """Return a new topic with this name."""
        return topic_of(self.market, name, now_ms)

    def receive(self, connection: Connection, text: str, now_ms: int) -> bool:
        """Answer a request."""
        try:
            message = orjson.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            message, error = {}, f"Failed to decode incoming data: found {text[:50]}"
            self.breaches["malformed"] += 1
        else:
            error = self._error(connection, message, now_ms)
        op, names = message.get("op", ""), message.get("args") or []
        if op == "ping":
            connection.pinged_ms = now_ms
        reply = {"success": not error, "ret_msg": "pong" if op == "ping" else error, "conn_id": f"{id(connection):020x}"}
        self.send(connection, {**reply, "req_id": str(message.get("req_id", "")), "op": op})
        if not error and op != "ping":
            for name in names:
                topic = self.find(name, now_ms) if op == "subscribe" else None
                if topic is not None:
                    self.subscribe(connection, topic, now_ms)
                else:
                    self.unsubscribe(connection, name)
        return True

    def _error(self, connection: Connection, message: dict[str, object], now_ms: int) -> str:
        """Return why the venue refuses a request, or "" when it does not."""
        op, names = message.get("op"), message.get("args")
        if op == "ping":
            return ""
        if op not in ("subscribe", "unsubscribe"):
            self.breaches["malformed"] += 1
            return "error:invalid op"
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            self.breaches["malformed"] += 1
            return "error:invalid args"
        return self._refusal(connection, names, now_ms) if op == "subscribe" else ""

    def _refusal(self, connection: Connection, names: list[str], now_ms: int) -> str:
        if sum(len(name) + 3 for name in (*connection.topics, *names)) > MOST_CHARACTERS:
            self.breaches["args_over_21000"] += 1
            return "error:args length over limit"
        for place, name in enumerate(names):
            if name in connection.topics or name in names[:place]:
                self.breaches["already_subscribed"] += 1
                return f"error:already subscribed,topic:{name}"
            unknown = self.find(name, now_ms) is None
            self.breaches.update({"unknown_topic": 1} if unknown else {})
            if unknown or self.fault.mode == "ws_reject":
                return f"error:handler not found,topic:{name}"
        return ""

    def watch(self, connection: Connection, now_ms: int) -> None:
        """Count a missing ping. End an idle connection."""
        if now_ms - connection.pinged_ms > SILENCE_MS:
            self.breaches["no_ping_for_60_s"] += 1
            connection.pinged_ms = now_ms
        if not connection.topics and now_ms - connection.heard_ms > SILENCE_MS:
            self.breaches["idle"] += 1
            connection.heard_ms = now_ms
            self.abort(connection)
