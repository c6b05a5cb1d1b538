"""A rate limiter for one venue. It applies to all callers together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from virtuoso.domain.clock import Clock

IN_FLIGHT = 64  # concurrent requests per limit; enough for 300 per second at a round trip of 200 ms


@dataclass(frozen=True, slots=True)
class _Waiting:
    turn: asyncio.Future[None]
    cost: float
    since: float


class Budget:
    """A limit on the total cost of requests: at most `allowance` in any `window_s`. It belongs to one event loop.

    Requests are served in the order of arrival, urgent requests first. The part `reserve` of the allowance is only for
    urgent requests. A batch that has used the rest of the window therefore does not delay them, and urgent requests within
    the reserve take nothing from a batch.
    """

    def __init__(self, allowance: float, window_s: float, reserve: float = 0.0, *, clock: Clock) -> None:
        self.allowance = allowance
        self.reserve = reserve
        self.window_s = window_s
        self._clock = clock
        self._uses: deque[tuple[float, float, bool]] = deque()  # (time, cost, urgent)
        self._used = self._used_by_others = 0.0
        self._urgent: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._in_flight = 0
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, cost: float, *, urgent: bool) -> AsyncIterator[None]:
        """Wait until the request may be sent, then run the body. The body sends it immediately and ends when the reply
        arrives. Raise TimeoutError when `give_up` has ended the wait."""
        if urgent:  # does not count as in flight, so a batch with slow replies does not delay it
            await self.spend(cost)
            yield
            return
        await self._wait(self._others, cost)
        try:
            yield
        finally:
            self._in_flight -= 1
            self._serve()

    async def spend(self, cost: float) -> None:
        """Wait until the window has room for `cost`, then use it. This goes before all requests that are not urgent."""
        await self._wait(self._urgent, cost)

    def give_up(self, patience_s: float) -> None:
        """Record that a reply did not arrive in time.

        If IN_FLIGHT requests are unanswered, end the requests that have waited at least `patience_s`. Without this, they
        would wait for one timeout after another.
        """
        if self._in_flight >= IN_FLIGHT:
            latest = self._clock.monotonic() - patience_s
            for waiting in self._others:
                if waiting.since <= latest and not waiting.turn.done():
                    waiting.turn.set_exception(TimeoutError(f"{self._in_flight} requests before it are unanswered"))

    async def _wait(self, queue: deque[_Waiting], cost: float) -> None:
        cost = min(cost, self._room(queue))  # a request with a higher cost would wait forever
        waiting = _Waiting(asyncio.get_running_loop().create_future(), cost, self._clock.monotonic())
        queue.append(waiting)
        self._serve()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            turn = waiting.turn
            if queue is self._others and turn.done() and not turn.cancelled() and turn.exception() is None:
                self._in_flight -= 1  # cancelled after it was allowed
                self._serve()
            raise

    def _room(self, queue: deque[_Waiting]) -> float:
        return self.allowance if queue is self._urgent else self.allowance - self.reserve

    def _serve(self) -> None:
        """Allow requests while the window has room. Then schedule the next run for when the oldest use leaves the window."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.monotonic()
        while self._uses and self._uses[0][0] <= now - self.window_s:
            _, cost, urgent = self._uses.popleft()
            self._used -= cost
            self._used_by_others -= 0.0 if urgent else cost
        for queue in (self._urgent, self._others):
            while queue:
                waiting = queue[0]
                if not waiting.turn.done():  # otherwise its caller was cancelled
                    if queue is self._others and self._in_flight >= IN_FLIGHT:
                        return  # this runs again when one of them ends
                    urgent = queue is self._urgent
                    over = self._used + waiting.cost > self.allowance + 1e-9
                    if over or (not urgent and self._used_by_others + waiting.cost > self._room(queue) + 1e-9):
                        room_s = max(self._uses[0][0] + self.window_s - now, 0.002)
                        self._timer = asyncio.get_running_loop().call_later(room_s, self._serve)
                        return
                    self._uses.append((now, waiting.cost, urgent))
                    self._used += waiting.cost
                    self._used_by_others += 0.0 if urgent else waiting.cost
                    self._in_flight += queue is self._others
                    waiting.turn.set_result(None)
                queue.popleft()
