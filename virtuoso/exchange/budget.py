"""A venue's allowance: so much in any window of time, never more, whoever asks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

IN_FLIGHT = 64  # requests of one limit at once: enough for 300 a second at a round trip of 200 ms


class Budget:
    """At most `allowance` in any `window_s`, in order of asking, urgent requests first. For one event loop."""

    def __init__(self, allowance: float, window_s: float) -> None:
        self.allowance = allowance
        self.window_s = window_s
        self._spent: deque[tuple[float, float]] = deque()
        self._total = 0.0
        self._queues: tuple[deque[tuple[asyncio.Future[None], float]], ...] = (deque(), deque())  # urgent, others
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, cost: float, *, urgent: bool) -> AsyncIterator[None]:
        """Entered when the request may be sent now; leave it when it is answered. Only CancelledError is raised."""
        if urgent:  # takes no slot, so that it is not behind a batch whose replies are slow
            await self.spend(cost, urgent=True)
            yield
        else:
            async with self._slots:  # before spending: what is spent must be sent at once, or a later window overflows
                await self.spend(cost, urgent=False)
                yield

    async def spend(self, cost: float, *, urgent: bool) -> None:
        """Returns when the window has room for `cost`, which is taken."""
        cost = min(cost, self.allowance)  # a dearer one would wait for ever
        turn = asyncio.get_running_loop().create_future()
        self._queues[0 if urgent else 1].append((turn, cost))
        self._serve()
        await turn

    def _serve(self) -> None:
        """Let pass whom the window has room for; come back when the oldest spending leaves it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._spent and self._spent[0][0] <= now - self.window_s:
            self._total -= self._spent.popleft()[1]
        for queue in self._queues:
            while queue:
                turn, cost = queue[0]
                if not turn.done():  # else its caller was cancelled
                    if self._total + cost > self.allowance + 1e-9:
                        wait = self._spent[0][0] + self.window_s - now
                        self._timer = loop.call_later(max(wait, 0.002), self._serve)
                        return
                    self._spent.append((now, cost))
                    self._total += cost
                    turn.set_result(None)
                queue.popleft()
