"""TieredRepository: which answers, what is counted, and that one that hangs costs its callers little."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tests.programs import Memcached as Server
from virtuoso.domain.errors import RepositoryError
from virtuoso.repository import keys
from virtuoso.repository.directory import DirectoryRepository
from virtuoso.repository.guarded import GuardedRepository, NoAnswer
from virtuoso.repository.memcached import MemcachedRepository
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.ring import Ring
from virtuoso.repository.tiers import TieredRepository

KEY = keys.HEAD


@pytest.fixture
async def tiers(memcached: Server, tmp_path: Path) -> AsyncIterator[TieredRepository]:
    server = MemcachedRepository("127.0.0.1", memcached.port, timeout_s=0.4)
    ring = Ring({memcached.address: server}, timeout_s=0.45, pause_s=1)
    opened = TieredRepository([ring, DirectoryRepository(tmp_path)], pause_s=1)
    yield opened
    await opened.close()


def fallbacks(reason: str) -> float:
    labels = {"from": "memcached", "to": "directory", "reason": reason}
    return REGISTRY.get_sample_value("virtuoso_fallback_total", labels) or 0.0


def writes(repository: str, result: str) -> float:
    labels = {"repository": repository, "result": result}
    return REGISTRY.get_sample_value("virtuoso_cache_writes_total", labels) or 0.0


async def test_a_write_reaches_every_tier_and_is_counted_for_each(tiers: TieredRepository) -> None:
    before = writes("memcached", "ok"), writes("directory", "ok")
    await tiers.set(KEY, b"value", ttl_s=60)
    assert await tiers.get_all(KEY) == [("memcached", b"value"), ("directory", b"value")]
    assert (writes("memcached", "ok"), writes("directory", "ok")) == (before[0] + 1, before[1] + 1)


async def test_killed_memcached_is_answered_for_by_the_directory_and_counted(
    memcached: Server, tiers: TieredRepository
) -> None:
    await tiers.set(KEY, b"value", ttl_s=60)
    memcached.kill()
    before = fallbacks("error")
    assert await tiers.get(KEY) == b"value"
    assert await tiers.get_all(KEY) == [("directory", b"value")]
    assert fallbacks("error") == before + 2
    await tiers.set(KEY, b"newer", ttl_s=60)
    assert await tiers.get(KEY) == b"newer"
    assert await tiers.lease(keys.lease(), "owner", ttl_s=60)
    assert not await tiers.lease(keys.lease(), "another", ttl_s=60)
    assert tiers.health()["directory"] == "ok"
    assert "cannot be reached" in tiers.health()["memcached"]


async def test_frozen_memcached_and_back(memcached: Server, tiers: TieredRepository) -> None:
    await tiers.set(KEY, b"old", ttl_s=60)
    memcached.freeze()
    before = fallbacks("no_answer")
    assert await tiers.get(KEY) == b"old"
    await tiers.set(KEY, b"new", ttl_s=60)
    assert await tiers.get(KEY) == b"new"
    assert fallbacks("no_answer") == before + 2
    memcached.thaw()
    while tiers.health()["memcached"] != "ok":
        await tiers.get_all(KEY)
        await asyncio.sleep(0.01)
    assert await tiers.get_all(KEY) == [("memcached", b"old"), ("directory", b"new")]  # the caller knows which is newer
    await tiers.set(KEY, b"newest", ttl_s=60)
    assert await tiers.get_all(KEY) == [("memcached", b"newest"), ("directory", b"newest")]


async def test_memcached_restarted_empty_is_no_failure_and_the_directory_answers(
    memcached: Server, tiers: TieredRepository
) -> None:
    await tiers.set(KEY, b"value", ttl_s=60)
    memcached.kill()
    again = Server(port=memcached.port)
    before = fallbacks("error"), fallbacks("no_answer")
    assert await tiers.get(KEY) == b"value"
    assert (fallbacks("error"), fallbacks("no_answer")) == before
    again.kill()


async def test_an_absence_is_only_told_when_every_tier_has_answered(memcached: Server, tiers: TieredRepository) -> None:
    assert await tiers.get(KEY) is None
    memcached.kill()
    with pytest.raises(RepositoryError):
        await tiers.get(KEY)
    with pytest.raises(RepositoryError):
        await tiers.get_all(KEY)


async def test_only_when_no_tier_keeps_a_value_does_the_write_fail(memcached: Server, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    tiers = TieredRepository([MemcachedRepository("127.0.0.1", memcached.port), DirectoryRepository(in_the_way)])
    await tiers.set(KEY, b"value", ttl_s=60)
    assert await tiers.get(KEY) == b"value"
    assert tiers.health()["memcached"] == "ok"
    assert "a file is in its place" in tiers.health()["directory"]
    memcached.kill()
    with pytest.raises(RepositoryError, match=r"cannot be reached.*a file is in its place"):
        await tiers.set(KEY, b"value", ttl_s=60)
    with pytest.raises(RepositoryError, match=r"cannot be reached.*a file is in its place"):
        await tiers.lease(KEY, "owner", ttl_s=60)
    await tiers.close()


async def test_a_disk_that_takes_no_more_writes_is_still_read_from(tmp_path: Path) -> None:
    memory = MemoryRepository()
    tiers = TieredRepository([memory])
    await tiers.set(KEY, b"value", ttl_s=60)
    with pytest.raises(RepositoryError):
        await tiers.set(KEY, bytes(64 * 1024 * 1024 + 1), ttl_s=60)
    assert await tiers.get(KEY) == b"value"
    assert "larger" in tiers.health()["memory"]
    await tiers.set(KEY, b"smaller", ttl_s=60)
    assert tiers.health() == {"memory": "ok"}


async def test_nothing_is_said_about_a_tier_before_it_was_asked(tmp_path: Path) -> None:
    assert TieredRepository([MemoryRepository()]).health() == {"memory": "not asked yet"}


class Hanging(MemoryRepository):
    """A memory that answers only while it is awake."""

    def __init__(self) -> None:
        super().__init__()
        self.awake = asyncio.Event()
        self.asked = 0

    async def get(self, key: str) -> bytes | None:
        self.asked += 1
        await self.awake.wait()
        return await super().get(key)


async def test_what_hangs_is_asked_once_a_pause_by_one_caller_and_then_trusted_again() -> None:
    now = 100.0
    hanging = Hanging()
    guarded = GuardedRepository(hanging, timeout_s=0.02, pause_s=5, clock=lambda: now)

    async def ask(callers: int) -> list[type]:
        answers = await asyncio.gather(*(guarded.get(KEY) for _ in range(callers)), return_exceptions=True)
        return [type(answer) for answer in answers]

    assert await ask(1) == [NoAnswer]
    assert await ask(10) == [NoAnswer] * 10
    assert hanging.asked == 1
    now += 5
    assert await ask(10) == [NoAnswer] * 10
    assert hanging.asked == 2
    hanging.awake.set()
    assert await ask(1) == [NoAnswer]  # still spared
    now += 5
    assert await ask(1) == [type(None)]
    assert await ask(10) == [type(None)] * 10
    assert guarded.health == "ok"


async def test_memory_forgets_expired_values() -> None:
    now = time.monotonic()
    memory = MemoryRepository(clock=lambda: now)
    for number in range(50):
        await memory.set(keys.snapshot(str(number)), b"old", ttl_s=10)
    now += 60
    await memory.set(KEY, b"new", ttl_s=10)
    assert list(memory._values) == [KEY]
