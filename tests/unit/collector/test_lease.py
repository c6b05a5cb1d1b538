"""Who works: one of several, and somebody even where no lease can be had."""

from __future__ import annotations

import asyncio

import pytest

from tests.clocks import SettableClock
from virtuoso.collector.lease import Lease
from virtuoso.domain.errors import RepositoryError
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.store.v1 import snapshot_head_pb2
from virtuoso.wire.times import timestamp

NOW = 1_760_000_000_000


class Leaseless(MemoryRepository):
    """Keeps values but knows no leases, as a file system without locks."""

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        raise RepositoryError("no locks here")


class Dead(Leaseless):
    """Answers nothing."""

    async def get(self, key: str) -> bytes | None:
        raise RepositoryError("gone")

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        raise RepositoryError("gone")


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zlib.crc32", lambda _: 0)


async def test_one_of_two_works_and_the_other_goes_on_when_it_is_given_back() -> None:
    repository = MemoryRepository()
    first, second = (Lease(repository, name, SettableClock(NOW)) for name in ("a", "b"))
    assert await first.acquire(working=False)
    assert not await second.acquire(working=False)
    assert await first.acquire(working=True)
    await first.release()
    async with asyncio.timeout(5):
        while not await second.acquire(working=False):
            await asyncio.sleep(0.001)
    assert not await first.acquire(working=False)


async def test_without_leases_the_one_that_works_goes_on_and_another_begins_only_when_nobody_publishes() -> None:
    repository = Leaseless()
    lease = Lease(repository, "a", SettableClock(NOW))
    assert await lease.acquire(working=True)
    assert await lease.acquire(working=False)
    for age_s, begins in ((3, False), (20, True)):
        head = snapshot_head_pb2.SnapshotHead(snapshot_id="x", observed_time=timestamp(NOW - age_s * 1000))
        await repository.set(keys.HEAD, head.SerializeToString(), ttl_s=60)
        assert await lease.acquire(working=False) is begins
    await repository.set(keys.HEAD, b"\xff\xff", ttl_s=60)
    assert await lease.acquire(working=False)


async def test_where_nothing_can_be_kept_nobody_begins_to_ask_the_venues_for_nothing() -> None:
    lease = Lease(Dead(), "a", SettableClock(NOW))
    assert not await lease.acquire(working=False)
    assert await lease.acquire(working=True)
    await lease.release()
