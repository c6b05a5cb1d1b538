"""Several memcached servers: some die, freeze, come back empty or with what they held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import chain

import pytest

from tests.programs import Memcached as Server
from virtuoso.domain.errors import RepositoryError
from virtuoso.repository import keys
from virtuoso.repository.guarded import NoAnswer
from virtuoso.repository.memcached import MemcachedRepository
from virtuoso.repository.ring import Ring

KEY = keys.HEAD
PAUSE_S = 1.0


def ring_of(servers: list[Server]) -> Ring:
    members = {server.address: MemcachedRepository("127.0.0.1", server.port, timeout_s=0.4) for server in servers}
    return Ring(members, timeout_s=0.45, pause_s=PAUSE_S)


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    running = [Server() for _ in range(3)]
    yield running
    for server in running:
        server.thaw()
        server.kill()


@pytest.fixture
async def ring(servers: list[Server]) -> AsyncIterator[Ring]:
    opened = ring_of(servers)
    yield opened
    await opened.close()


async def home_of(key: str, servers: list[Server]) -> Server:
    """The server that a key lies on while all live."""
    ring = ring_of(servers)
    await ring.set(key, b"found", ttl_s=60)
    await ring.close()
    for server in servers:
        alone = MemcachedRepository("127.0.0.1", server.port)
        value = await alone.get(key)
        await alone.close()
        if value is not None:
            return server
    raise AssertionError("it lies on none")


async def test_keys_spread_over_all_servers_and_every_process_agrees_where(servers: list[Server], ring: Ring) -> None:
    names = [keys.snapshot(str(n)) for n in range(40)]
    for name in names:
        await ring.set(name, name.encode(), ttl_s=60)
    held = []
    for server in servers:
        alone = MemcachedRepository("127.0.0.1", server.port)
        held.append([name for name in names if await alone.get(name) is not None])
        await alone.close()
    assert all(held)
    assert sorted(chain.from_iterable(held)) == sorted(names)
    other = ring_of(list(reversed(servers)))
    assert [await other.get(name) for name in names] == [name.encode() for name in names]
    await other.close()


async def test_one_server_dying_in_the_middle_of_traffic_fails_no_call(servers: list[Server], ring: Ring) -> None:
    names = [keys.snapshot(str(n)) for n in range(12)]
    dead = await home_of(names[0], servers)
    for turn in range(6):
        if turn == 2:
            dead.kill()
        value = str(turn).encode() * 100
        await asyncio.gather(*(ring.set(name, value, ttl_s=60) for name in names))
        assert await asyncio.gather(*(ring.get(name) for name in names)) == [value] * len(names)
    words = ring.health()
    assert words.pop(f"memcached {dead.address}") != "ok"
    assert set(words.values()) == {"ok"}


async def test_a_frozen_server_is_passed_over_within_the_call_and_then_skipped(servers: list[Server], ring: Ring) -> None:
    frozen = await home_of(KEY, servers)
    frozen.freeze()
    await ring.set(KEY, b"on the next one", ttl_s=60)
    assert await ring.get(KEY) == b"on the next one"
    assert await ring.lease(keys.lease(), "owner", ttl_s=60)
    assert "did not answer" in ring.health()[f"memcached {frozen.address}"]


async def test_a_server_back_with_an_old_value_cannot_hide_the_newer_one(servers: list[Server], ring: Ring) -> None:
    frozen = await home_of(KEY, servers)
    await ring.set(KEY, b"old", ttl_s=60)
    frozen.freeze()
    assert await ring.get(KEY) is None  # from now on it is skipped: what was sent to it, it would do when it is back
    await ring.set(KEY, b"new", ttl_s=60)
    frozen.thaw()
    while ring.health()[f"memcached {frozen.address}"] != "ok":
        await ring.get_all(KEY)
        await asyncio.sleep(0.01)
    assert sorted(value for _, value in await ring.get_all(KEY)) == [b"new", b"old"]
    await ring.set(KEY, b"newest", ttl_s=60)
    assert await ring.get(KEY) == b"newest"


async def test_a_server_back_empty_hides_nothing_that_the_others_hold(servers: list[Server], ring: Ring) -> None:
    dead = await home_of(KEY, servers)
    dead.kill()
    await ring.set(KEY, b"value", ttl_s=60)
    again = Server(port=dead.port)
    assert await ring.get(KEY) == b"value"
    again.kill()


async def test_what_does_not_check_on_one_server_is_found_on_another(servers: list[Server], ring: Ring) -> None:
    home = await home_of(KEY, servers)
    home.freeze()
    assert await ring.get(KEY) is None
    await ring.set(KEY, b"value", ttl_s=60)
    home.thaw()
    alone = MemcachedRepository("127.0.0.1", home.port)
    await alone._threads.run(lambda: alone._client.set(KEY, b"a stranger's"))
    await alone.close()
    assert await ring.get(KEY) == b"value"
    assert [value for _, value in await ring.get_all(KEY)] == [b"value"]


async def test_only_when_no_server_answers_is_it_an_error(servers: list[Server], ring: Ring) -> None:
    await ring.set(KEY, b"value", ttl_s=60)
    servers[0].kill()
    servers[1].kill()
    await ring.set(KEY, b"value", ttl_s=60)
    assert await ring.get(KEY) == b"value"
    assert await ring.get(keys.snapshot("never written")) is None
    servers[2].kill()
    for call in (ring.get(KEY), ring.get_all(KEY), ring.set(KEY, b"", ttl_s=9), ring.lease(KEY, "a", ttl_s=9)):
        with pytest.raises(RepositoryError):
            await call


async def test_all_frozen_is_no_answer_and_not_an_absence(servers: list[Server], ring: Ring) -> None:
    for server in servers:
        server.freeze()
    for _ in range(2):
        with pytest.raises(NoAnswer):
            await ring.get(KEY)
