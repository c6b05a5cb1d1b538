"""Requests the order books that a reader needs, for venues whose streams send only changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.model import Instrument
from virtuoso.domain.stream_updates import StreamUpdate
from virtuoso.domain.tasks import cancel_all
from virtuoso.exchange.budget import Budget
from virtuoso.exchange.streams.backoff import Backoff
from virtuoso.exchange.streams.reader import StreamReader

ReadBook = Callable[[Instrument, int], Awaitable[tuple[str, int]]]  # the text of the reply, and our time of receipt
LOOK_S = 0.1
IN_FLIGHT = 8
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 30.0
LEVELS_PER_MINUTE = 10_000  # of all symbols: 100 books of 100 levels; the venue's allowance is also for what is polled


class BookRequests:
    """See the module. `deliver` gets the updates of the reader."""

    def __init__(
        self,
        reader: StreamReader,
        read_book: ReadBook | None,
        clock: Clock,
        deliver: Callable[[Sequence[StreamUpdate]], None],
    ) -> None:
        self._reader, self._read_book, self._clock, self._deliver = reader, read_book, clock, deliver
        self._instruments: dict[str, Instrument] = {}
        self._requests: dict[str, asyncio.Task[None]] = {}
        self._backoffs: dict[str, tuple[Backoff, float]] = {}  # by symbol: the wait, and when the next request is due
        self._budget = Budget(LEVELS_PER_MINUTE, 60.0, clock=clock)
        self._task: asyncio.Task[None] | None = None

    def set_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Set the instruments by which requests are made."""
        self._instruments = {each.symbol: each for each in instruments}

    def start(self) -> None:
        """Begin to look for wanted books."""
        if self._read_book is not None and self._task is None:
            self._task = asyncio.create_task(self._run(self._read_book))

    async def stop(self) -> None:
        """End all requests. Idempotent."""
        if self._task is not None:
            await cancel_all([self._task, *self._requests.values()])
            self._task = None
            self._requests.clear()

    async def _run(self, read_book: ReadBook) -> None:
        while True:
            wanted = self._reader.wanted_books()
            for symbol in self._backoffs.keys() - wanted.keys() - self._requests.keys():
                del self._backoffs[symbol]
            for symbol, levels in wanted.items():
                instrument = self._instruments.get(symbol)
                due_s = self._backoffs[symbol][1] if symbol in self._backoffs else 0.0
                if len(self._requests) >= IN_FLIGHT:
                    break
                if instrument and symbol not in self._requests and self._clock.monotonic() >= due_s:
                    task = asyncio.create_task(self._request(read_book, instrument, levels))
                    self._requests[symbol] = task
                    task.add_done_callback(partial(self._end, symbol))
            await self._clock.sleep(LOOK_S)

    def _end(self, symbol: str, _: asyncio.Task[None]) -> None:
        self._requests.pop(symbol, None)

    async def _request(self, read_book: ReadBook, instrument: Instrument, levels: int) -> None:
        symbol = instrument.symbol
        backoff = self._backoffs[symbol][0] if symbol in self._backoffs else Backoff(FIRST_RETRY_S, LONGEST_RETRY_S)
        await self._budget.spend(levels)
        if symbol not in self._reader.wanted_books():
            return
        try:
            text, received_ms = await read_book(instrument, levels)
            self._deliver(self._reader.rest_book(symbol, text, received_ms))
        except ExchangeError:
            pass  # the adapter has counted it
        finally:
            self._backoffs[symbol] = backoff, self._clock.monotonic() + backoff.next_s()
