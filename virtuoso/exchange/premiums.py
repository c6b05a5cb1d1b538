"""Mark prices, index prices and funding rates of venues whose tickers lack them.

They are requested separately from the tickers, and less often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.model import Stamp

Rows = Mapping[str, Mapping[str, Any]]
WAIT_S = 0.5  # longest time that tickers wait for their premiums


class Premiums:
    """The last rows received. They are requested at most every `period_s` and expire after 2 * `period_s`. With None, they
    are never requested."""

    def __init__(self, period_s: float | None, clock: Clock) -> None:
        self._period_ms = None if period_s is None else period_s * 1000
        self._clock = clock
        self._rows: Rows = {}
        self._received_ms = 0
        self._asked_ms: int | None = None
        self._task: asyncio.Task[None] | None = None

    def refresh(self, ask: Callable[[], Awaitable[tuple[Rows, int]]]) -> None:
        """Start `ask` if new rows are due. `ask` returns rows and their time of receipt (epoch ms). A failure changes
        nothing."""
        now = self._clock.now_ms()
        due = self._asked_ms is None or abs(now - self._asked_ms) >= (self._period_ms or 0)
        if self._period_ms is not None and due and (self._task is None or self._task.done()):
            self._asked_ms = now
            self._task = asyncio.get_running_loop().create_task(self.renew(ask))

    async def renew(self, ask: Callable[[], Awaitable[tuple[Rows, int]]]) -> None:
        """Request the rows now. A failure changes nothing."""
        with suppress(ExchangeError):  # already counted by the adapter; only these fields are missing
            self._rows, self._received_ms = await ask()

    async def arrival(self) -> None:
        """Wait for requested rows, at most WAIT_S."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=WAIT_S)

    def rows_at(self, stamp: Stamp) -> Rows:
        """Return the rows by venue symbol. Return no rows when they are too old."""
        fresh = self._period_ms is not None and abs(stamp.received_ms - self._received_ms) <= 2 * self._period_ms
        return self._rows if fresh else {}

    async def close(self) -> None:
        """Cancel the running request."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
