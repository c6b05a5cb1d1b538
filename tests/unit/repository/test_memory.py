"""Behaviour that only MemoryRepository has."""

from __future__ import annotations

from tests.unit.repository.clocks import ManualClock
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository


async def test_expired_values_are_removed() -> None:
    clock = ManualClock()
    memory = MemoryRepository(clock=clock)
    for number in range(50):
        await memory.set(keys.snapshot(str(number)), b"old", ttl_s=10)
    clock.seconds += 60
    await memory.set(keys.HEAD, b"new", ttl_s=10)
    assert list(memory._values) == [keys.HEAD]
