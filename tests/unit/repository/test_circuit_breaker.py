"""CircuitBreakerRepository: a repository that hangs delays its callers only a little."""

from __future__ import annotations

import asyncio

from tests.unit.repository.clocks import ManualClock
from virtuoso.domain.errors import RepositoryTimedOut
from virtuoso.repository import keys
from virtuoso.repository.circuit_breaker import CircuitBreakerRepository
from virtuoso.repository.memory import MemoryRepository

KEY = keys.HEAD


class Hanging(MemoryRepository):
    """A repository in memory that answers only while it is awake."""

    def __init__(self) -> None:
        super().__init__()
        self.awake = asyncio.Event()
        self.asked = 0

    async def get(self, key: str) -> bytes | None:
        self.asked += 1
        await self.awake.wait()
        return await super().get(key)


async def test_a_hanging_repository_is_tried_by_one_caller_per_pause_until_it_answers() -> None:
    clock = ManualClock()
    hanging = Hanging()
    breaker = CircuitBreakerRepository(hanging, timeout_s=0.02, pause_s=5, clock=clock)

    async def ask(callers: int) -> list[type]:
        answers = await asyncio.gather(*(breaker.get(KEY) for _ in range(callers)), return_exceptions=True)
        return [type(answer) for answer in answers]

    assert await ask(1) == [RepositoryTimedOut]
    assert await ask(10) == [RepositoryTimedOut] * 10
    assert hanging.asked == 1
    clock.seconds += 5
    assert await ask(10) == [RepositoryTimedOut] * 10
    assert hanging.asked == 2
    hanging.awake.set()
    assert await ask(1) == [RepositoryTimedOut]  # the pause is not over
    clock.seconds += 5
    assert await ask(1) == [type(None)]
    assert await ask(10) == [type(None)] * 10
    assert breaker.health == "ok"
