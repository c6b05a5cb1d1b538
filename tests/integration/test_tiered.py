"""TieredRepository: which tier answers, what is counted, and that a tier that hangs delays its callers only a little."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tests.programs import Memcached as Server
from virtuoso.domain.errors import RepositoryError
from virtuoso.repository import keys
from virtuoso.repository.directory import DirectoryRepository
from virtuoso.repository.memcached import MemcachedRepository
from virtuoso.repository.sharded import ShardedRepository
from virtuoso.repository.tiered import TieredRepository

KEY = keys.HEAD


@pytest.fixture
async def tiers(memcached: Server, tmp_path: Path) -> AsyncIterator[TieredRepository]:
    server = MemcachedRepository("127.0.0.1", memcached.port, timeout_s=0.4)
    sharded = ShardedRepository({memcached.address: server}, timeout_s=0.45, pause_s=1)
    opened = TieredRepository([sharded, DirectoryRepository(tmp_path)], pause_s=1)
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
    assert await tiers.get_all(KEY) == [("memcached", b"old"), ("directory", b"new")]  # the caller knows which one is newer
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


async def test_an_absence_is_only_reported_when_every_tier_has_answered(memcached: Server, tiers: TieredRepository) -> None:
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
    assert "a file with this name exists" in tiers.health()["directory"]
    memcached.kill()
    with pytest.raises(RepositoryError, match=r"cannot be reached.*a file with this name exists"):
        await tiers.set(KEY, b"value", ttl_s=60)
    with pytest.raises(RepositoryError, match=r"cannot be reached.*a file with this name exists"):
        await tiers.lease(KEY, "owner", ttl_s=60)
    await tiers.close()
