"""Several memcached servers: some die, some freeze, some come back empty or with their old content."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import chain

import pytest

from tests.programs import Memcached as Server
from virtuoso.domain.errors import RepositoryError, RepositoryTimedOut
from virtuoso.repository import keys
from virtuoso.repository.memcached import MemcachedRepository
from virtuoso.repository.sharded import ShardedRepository

KEY = keys.HEAD
PAUSE_S = 1.0


def sharded_over(servers: list[Server]) -> ShardedRepository:
    members = {server.address: MemcachedRepository("127.0.0.1", server.port, timeout_s=0.4) for server in servers}
    return ShardedRepository(members, timeout_s=0.45, pause_s=PAUSE_S)


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    running = [Server() for _ in range(3)]
    yield running
    for server in running:
        server.thaw()
        server.kill()


@pytest.fixture
async def sharded(servers: list[Server]) -> AsyncIterator[ShardedRepository]:
    opened = sharded_over(servers)
    yield opened
    await opened.close()


async def first_server_of(key: str, servers: list[Server]) -> Server:
    """Return the server that stores a key while all servers work."""
    sharded = sharded_over(servers)
    await sharded.set(key, b"found", ttl_s=60)
    await sharded.close()
    for server in servers:
        alone = MemcachedRepository("127.0.0.1", server.port)
        value = await alone.get(key)
        await alone.close()
        if value is not None:
            return server
    raise AssertionError("it lies on none")


async def test_keys_spread_over_all_servers_and_every_process_agrees_where(
    servers: list[Server], sharded: ShardedRepository
) -> None:
    names = [keys.snapshot(str(n)) for n in range(40)]
    for name in names:
        await sharded.set(name, name.encode(), ttl_s=60)
    held = []
    for server in servers:
        alone = MemcachedRepository("127.0.0.1", server.port)
        held.append([name for name in names if await alone.get(name) is not None])
        await alone.close()
    assert all(held)
    assert sorted(chain.from_iterable(held)) == sorted(names)
    other = sharded_over(list(reversed(servers)))
    assert [await other.get(name) for name in names] == [name.encode() for name in names]
    await other.close()


async def test_one_server_dying_in_the_middle_of_traffic_fails_no_call(
    servers: list[Server], sharded: ShardedRepository
) -> None:
    names = [keys.snapshot(str(n)) for n in range(12)]
    dead = await first_server_of(names[0], servers)
    for turn in range(6):
        if turn == 2:
            dead.kill()
        value = str(turn).encode() * 100
        await asyncio.gather(*(sharded.set(name, value, ttl_s=60) for name in names))
        assert await asyncio.gather(*(sharded.get(name) for name in names)) == [value] * len(names)
    health = sharded.health()
    assert health.pop(f"memcached {dead.address}") != "ok"
    assert set(health.values()) == {"ok"}


async def test_a_frozen_server_is_passed_over_within_the_call_and_then_skipped(
    servers: list[Server], sharded: ShardedRepository
) -> None:
    frozen = await first_server_of(KEY, servers)
    frozen.freeze()
    await sharded.set(KEY, b"on the next one", ttl_s=60)
    assert await sharded.get(KEY) == b"on the next one"
    assert await sharded.lease(keys.lease(), "owner", ttl_s=60)
    assert "did not answer" in sharded.health()[f"memcached {frozen.address}"]


async def test_a_server_back_with_an_old_value_cannot_hide_the_newer_one(
    servers: list[Server], sharded: ShardedRepository
) -> None:
    frozen = await first_server_of(KEY, servers)
    await sharded.set(KEY, b"old", ttl_s=60)
    frozen.freeze()
    assert await sharded.get(KEY) is None  # it is skipped from here on, because it would execute late requests
    await sharded.set(KEY, b"new", ttl_s=60)
    frozen.thaw()
    while sharded.health()[f"memcached {frozen.address}"] != "ok":
        await sharded.get_all(KEY)
        await asyncio.sleep(0.01)
    assert sorted(value for _, value in await sharded.get_all(KEY)) == [b"new", b"old"]
    await sharded.set(KEY, b"newest", ttl_s=60)
    assert await sharded.get(KEY) == b"newest"


async def test_a_server_back_empty_hides_nothing_that_the_others_hold(
    servers: list[Server], sharded: ShardedRepository
) -> None:
    dead = await first_server_of(KEY, servers)
    dead.kill()
    await sharded.set(KEY, b"value", ttl_s=60)
    again = Server(port=dead.port)
    assert await sharded.get(KEY) == b"value"
    again.kill()


async def test_a_value_that_is_damaged_on_one_server_is_found_on_another(
    servers: list[Server], sharded: ShardedRepository
) -> None:
    first = await first_server_of(KEY, servers)
    first.freeze()
    assert await sharded.get(KEY) is None
    await sharded.set(KEY, b"value", ttl_s=60)
    first.thaw()
    alone = MemcachedRepository("127.0.0.1", first.port)
    await asyncio.to_thread(alone._client._pool.set, KEY, b"a stranger's")
    await alone.close()
    assert await sharded.get(KEY) == b"value"
    assert [value for _, value in await sharded.get_all(KEY)] == [b"value"]


async def test_only_when_no_server_answers_is_it_an_error(servers: list[Server], sharded: ShardedRepository) -> None:
    await sharded.set(KEY, b"value", ttl_s=60)
    servers[0].kill()
    servers[1].kill()
    await sharded.set(KEY, b"value", ttl_s=60)
    assert await sharded.get(KEY) == b"value"
    assert await sharded.get(keys.snapshot("never written")) is None
    servers[2].kill()
    for call in (sharded.get(KEY), sharded.get_all(KEY), sharded.set(KEY, b"", ttl_s=9), sharded.lease(KEY, "a", ttl_s=9)):
        with pytest.raises(RepositoryError):
            await call


async def test_all_frozen_is_a_timeout_and_not_an_absence(servers: list[Server], sharded: ShardedRepository) -> None:
    for server in servers:
        server.freeze()
    for _ in range(2):
        with pytest.raises(RepositoryTimedOut):
            await sharded.get(KEY)
