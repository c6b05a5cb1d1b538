"""Clients of simulated streams in virtual time: a venue, one connection, and what it was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from virtuoso.simulator import binance, bybit
from virtuoso.simulator.binance.streams import BinanceStreams
from virtuoso.simulator.bybit.streams import BybitStreams
from virtuoso.simulator.faults import Faults
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.streams.venue import Connection, StreamVenue

NOW = 1_767_225_600_000 + 9 * 3_600_000 + 37 * 60_000 + 23_450
MARKET = SimulatedMarket(7, now_ms=NOW)
TICK_MS = 25

Levels = dict[float, float]


class Received:
    """What a connection was sent."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.data += data

    def abort(self) -> None:
        self.aborted = True

    def get_write_buffer_size(self) -> int:
        return 0


class Client:
    """One connection to a venue. `now` is the time."""

    def __init__(self, venue: StreamVenue, *, route: str = "", combined: bool = False, names: Sequence[str] = ()) -> None:
        self.venue, self.now, self._received = venue, NOW, Received()
        self.connection = Connection(self._received, NOW, route=route, combined=combined)
        venue.open(self.connection, NOW, names)

    @property
    def aborted(self) -> bool:
        return self._received.aborted

    def send(self, message: object) -> bool:
        """Send a message, and return whether the connection goes on."""
        text = message if isinstance(message, str) else json.dumps(message)
        going_on = self.venue.receive(self.connection, text, self.now)
        self.venue.flush(self.connection, self.now)
        return going_on

    def texts(self) -> list[bytes]:
        """Return the payloads of all frames since the last call."""
        data, self._received.data = bytes(self._received.data), bytearray()
        return [payload for _, payload in frames(data)]

    def messages(self) -> list[Any]:
        """Return all messages since the last call."""
        return [json.loads(text) for text in self.texts()]

    def run(self, seconds: float, step_ms: int = TICK_MS) -> list[Any]:
        """Let time go on. Return the messages."""
        end = self.now + round(1000 * seconds)
        while self.now < end:
            self.now += step_ms
            self.venue.tick(self.now)
        return self.messages()

    def fault(self, mode: str, **more: Any) -> None:
        faults = Faults(["venue"])
        faults.set({"mode": mode, **more}, self.now)
        self.venue.set_fault(faults.streams["venue"], self.now)


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, payload) of each frame."""
    while data:
        kind, size, begin = data[0] & 0x0F, data[1], 2
        if size == 126:
            size, begin = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, begin = int.from_bytes(data[2:10], "big"), 10
        yield kind, data[begin : begin + size]
        data = data[begin + size :]


def bybit_client(*topics: str) -> Client:
    """Return a client of Bybit with these topics. It has read the acknowledgement."""
    client = Client(BybitStreams(MARKET))
    if topics:
        client.send({"op": "subscribe", "args": list(topics), "req_id": "1"})
    return client


def binance_client(*streams: str, route: str = "public") -> Client:
    """Return a client of Binance with these streams. It has read the acknowledgement."""
    client = Client(BinanceStreams(MARKET), route=route)
    client.send({"method": "SUBSCRIBE", "params": list(streams), "id": 1})
    assert client.messages()[0] == {"result": None, "id": 1}
    return client


def bybit_rest(path: str, now_ms: int, **query: str) -> Any:
    body: Any = bybit.answer(MARKET, f"/v5/market/{path}", {"category": "linear", **query}, now_ms)
    return body["result"]


def binance_rest(path: str, now_ms: int, **query: str) -> Any:
    return binance.answer(MARKET, f"/fapi/v1/{path}", query, now_ms)


def side(rows: Sequence[Sequence[str]]) -> Levels:
    return {float(price): float(size) for price, size in rows}


class Book:
    """A book that a client keeps from snapshots and changes."""

    def __init__(self, bids: Sequence[Sequence[str]], asks: Sequence[Sequence[str]]) -> None:
        self.bids, self.asks = side(bids), side(asks)

    def apply(self, bids: Sequence[Sequence[str]], asks: Sequence[Sequence[str]]) -> None:
        for levels, changed in ((self.bids, bids), (self.asks, asks)):
            for price, size in side(changed).items():
                levels[price] = size
                if not size:
                    del levels[price]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Book) and (self.bids, self.asks) == (other.bids, other.asks)

    __hash__ = None  # type: ignore[assignment]

    @property
    def crossed(self) -> bool:
        return max(self.bids) >= min(self.asks)


def bybit_book(message: Mapping[str, Any]) -> Book:
    return Book(message["data"]["b"], message["data"]["a"])
