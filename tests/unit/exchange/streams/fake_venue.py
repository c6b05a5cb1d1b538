"""A venue with Bybit's protocol in memory, so that hours of streaming pass in a moment. It serves order books, tickers and
trades, once a second. What it does wrong is set by a test."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.unit.exchange.streams.bybit_frames import T0, TICKER, message, trade
from virtuoso.domain.clock import Clock


class FakeSocket:
    """One connection. It counts what the client did."""

    def __init__(self, venue: FakeVenue) -> None:
        self.venue = venue
        self.opened_s = venue.clock.monotonic()
        self.ended_s: float | None = None
        self.topics: dict[str, int] = {}  # by name: the number of messages so far
        self.requests: list[dict[str, Any]] = []
        self.sent_s: list[float] = []
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()

    async def receive(self) -> str | bytes | None:
        return await self._queue.get()

    async def send(self, text: str) -> None:
        if self.ended_s is not None:
            raise ConnectionResetError
        request = json.loads(text)
        self.requests.append(request)
        self.sent_s.append(self.venue.clock.monotonic())
        if not self.venue.dead:
            self._answer(request)

    def waiting_bytes(self) -> int:
        return self.venue.waiting_bytes if any(name.startswith("orderbook") for name in self.topics) else 0

    async def close(self) -> None:
        self.end()

    def end(self) -> None:
        if self.ended_s is None:
            self.ended_s = self.venue.clock.monotonic()
            self._queue.put_nowait(None)

    def _answer(self, request: dict[str, Any]) -> None:
        operation, names, error = request["op"], request.get("args", []), ""
        if operation == "ping":
            if not self.venue.no_pong:
                self.tell(json.dumps({"success": True, "ret_msg": "pong", "op": "ping", "req_id": ""}))
            return
        if operation == "subscribe":
            bad = [name for name in names if name in self.venue.refused]
            if bad:
                error = f"error:handler not found,topic:{bad[0]}" if self.venue.names_refused else "error:refused"
            elif doubled := [name for name in names if name in self.topics]:
                error = f"error:already subscribed,topic:{doubled[0]}"
            else:
                self.topics.update(dict.fromkeys(names, 0))
        else:
            for name in names:
                self.topics.pop(name, None)
        answer = {"success": not error, "ret_msg": error, "op": operation, "req_id": request.get("req_id", "")}
        self.tell(json.dumps(answer))

    def tell(self, text: str) -> None:
        self._queue.put_nowait(text)

    def _tell_bar(self, name: str, start: int, ms: int, *, confirm: bool) -> None:
        prices = {"open": "100", "close": "101", "high": "102", "low": "99", "volume": "7"}
        self.tell(message(name, [{"start": start, "interval": "1", **prices, "confirm": confirm}], ms))

    def tick(self, ms: int) -> None:
        """Send the news of all topics."""
        for name, count in list(self.topics.items()):
            if name in self.venue.silent:
                continue
            kind, _, symbol = name.rpartition(".")
            first = "delta" if count else "snapshot"
            self.topics[name] = count + 1
            if kind == "orderbook.50":
                data = {"s": symbol, "b": [["99", str(count + 1)]], "a": [["101", "1"]], "u": count + 10, "seq": 1}
                self.tell(message(name, data, ms, first, cts=T0 + ms))
            elif kind == "tickers":
                self.tell(message(name, {**TICKER, "symbol": symbol}, ms, first))
            elif kind == "kline.1":
                start = (T0 + ms) // 60_000 * 60_000
                if (T0 + ms - 1_000) < start and count:
                    self._tell_bar(name, start - 60_000, ms, confirm=True)
                self._tell_bar(name, start, ms, confirm=False)
            elif kind == "publicTrade":
                self.tell(message(name, [trade(f"{symbol}{ms}", ms)], ms))


class FakeVenue:
    """The venue. `connect` is the client's way to it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sockets: list[FakeSocket] = []
        self.attempts_s: list[float] = []
        self.refuses = False  # no connection can be opened
        self.dead = False  # connections stay open, but nothing comes
        self.no_pong = False
        self.waiting_bytes = 0  # not read yet, while order books stream
        self.silent: set[str] = set()  # names of topics that are accepted and tell nothing
        self.refused: set[str] = set()  # names of topics that do not exist
        self.names_refused = True  # the error names the topic

    async def connect(self, url: str) -> FakeSocket:
        assert url == "wss://stream.bybit.com/v5/public/linear"
        self.attempts_s.append(self.clock.monotonic())
        if self.refuses:
            raise ConnectionRefusedError("no")
        self.sockets.append(FakeSocket(self))
        return self.sockets[-1]

    @property
    def open(self) -> list[FakeSocket]:
        return [each for each in self.sockets if each.ended_s is None]

    async def run(self, seconds: float, start_ms: int) -> None:
        """Serve for some seconds."""
        for _ in range(int(seconds)):
            if not self.dead:
                for socket in self.open:
                    socket.tick(self.clock.now_ms() - start_ms)
            await asyncio.sleep(1)
