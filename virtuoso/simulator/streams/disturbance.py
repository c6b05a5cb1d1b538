"""What a fault does to the messages of a topic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from random import Random

import orjson

from virtuoso.simulator.faults import Fault
from virtuoso.simulator.streams.frames import BINARY, TEXT
from virtuoso.simulator.streams.topics import BookTopic, Topic

Payload = tuple[bytes, int]  # (payload, kind of the frame)

NUMBER = re.compile(r"-?[\d.]+")
BAD_NUMBERS = ("NaN", "", None, "-1", "-0.5", "Infinity", "0", "abc")
NAMES = ("topic", "interval", "i")  # fields whose text may look like a number
GARBAGE: tuple[Payload, ...] = (
    (b"upstream connect error or disconnect/reset before headers", TEXT),
    (b"<html><body><h1>502 Bad Gateway</h1></body></html>", TEXT),
    (b"\x00\x8f" + bytes(range(64, 112)), BINARY),
)


class Disturbance:
    """One fault of a venue's streams, from its begin to its end. `disturbed` counts the messages by mode."""

    def __init__(self, fault: Fault, disturbed: Counter[str]) -> None:
        self._fault, self._disturbed = fault, disturbed
        self._random = Random()  # noqa: S311 - not a secret
        self._next_gap_ms = dict[str, int]()
        self._held = dict[str, Payload]()

    def payloads(self, topic: Topic, messages: Sequence[object], now_ms: int) -> list[Payload]:
        """Return what is sent instead of `messages`."""
        mode, payloads = self._fault.stream_mode, list[Payload]()
        for message in messages:
            payload = (orjson.dumps(message), TEXT)
            if mode == "ws_gap" and self._gap(topic, now_ms):
                continue
            if mode == "ws_nan" and self._hit(mode):
                payload = (orjson.dumps(self._with_bad_numbers(message)), TEXT)
            elif mode == "ws_garbage" and self._hit(mode):
                half = (payload[0][: len(payload[0]) // 2], TEXT)
                payload = self._random.choice((half, half, *GARBAGE))
            elif mode == "ws_dup":
                payloads += self._doubled(topic, payload)
                continue
            payloads.append(payload)
        return payloads

    def held(self) -> dict[str, Payload]:
        """Return the messages that were held back, by topic."""
        return self._held

    def _hit(self, mode: str) -> bool:
        hit = self._random.random() < self._fault.stream_prob
        self._disturbed[mode] += hit
        return hit

    def _gap(self, topic: Topic, now_ms: int) -> bool:
        """Return whether this message of a book is omitted: one, or one every `every_s`."""
        if not isinstance(topic, BookTopic) or now_ms < self._next_gap_ms.get(topic.name, 0):
            return False
        every_s = self._fault.every_s
        self._next_gap_ms[topic.name] = now_ms + round(1000 * every_s) if every_s else 1 << 62
        self._disturbed["ws_gap"] += 1
        return True

    def _doubled(self, topic: Topic, payload: Payload) -> list[Payload]:
        """Return a message once or twice, or hold it back until the next one has been sent."""
        held = self._held.pop(topic.name, None)
        if held is None and self._hit("ws_dup"):
            self._held[topic.name] = payload
            return []
        return [payload] * (2 if self._hit("ws_dup") else 1) + ([held] if held else [])

    def _with_bad_numbers(self, value: object) -> object:
        if isinstance(value, dict):
            return {key: item if key in NAMES else self._with_bad_numbers(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._with_bad_numbers(item) for item in value]
        bad = isinstance(value, str) and NUMBER.fullmatch(value) and self._random.random() < 1 / 3
        return self._random.choice(BAD_NUMBERS) if bad else value
