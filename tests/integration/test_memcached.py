"""Faults that only memcached has, on real servers: death, freezing, restarts, refusals, evictions and foreign values."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote

import pytest
from pymemcache.client.base import Client

from tests.programs import Memcached as Server
from tests.programs import free_port
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.errors import CorruptValue, RepositoryError, RepositoryTimedOut
from virtuoso.repository import keys
from virtuoso.repository.envelope import Envelope
from virtuoso.repository.memcached import MemcachedRepository

KEY = keys.HEAD


@pytest.fixture
async def repository(memcached: Server) -> AsyncIterator[MemcachedRepository]:
    opened = MemcachedRepository("127.0.0.1", memcached.port)
    yield opened
    await opened.close()


@contextmanager
def raw(server: Server) -> Iterator[Client]:
    """Return another client of the same server."""
    client = Client(("127.0.0.1", server.port), default_noreply=False)
    try:
        yield client
    finally:
        client.close()


async def test_a_server_listening_on_ipv4_only_is_found_by_the_name_localhost(memcached: Server) -> None:
    repository = MemcachedRepository("localhost", memcached.port)
    await repository.set(KEY, b"value", ttl_s=10)
    assert await repository.get(KEY) == b"value"
    await repository.close()


async def test_a_host_without_a_name_says_so() -> None:
    repository = MemcachedRepository("no-such-host.invalid", 11211)
    with pytest.raises(RepositoryError, match=r"no-such-host\.invalid"):
        await asyncio.wait_for(repository.get(KEY), 20)
    await repository.close()


async def test_a_dead_server_is_an_error_for_every_call_and_never_a_miss(
    memcached: Server, repository: MemcachedRepository
) -> None:
    await repository.set(KEY, b"value", ttl_s=60)
    memcached.kill()
    for _ in range(5):
        with pytest.raises(RepositoryError):
            await repository.get(KEY)
    with pytest.raises(RepositoryError):
        await repository.set(KEY, b"value", ttl_s=60)
    with pytest.raises(RepositoryError):
        await repository.lease(keys.lease(), "owner", ttl_s=60)


async def test_a_server_restarted_empty_is_used_at_once_although_its_connections_are_gone(memcached: Server) -> None:
    repository = MemcachedRepository("127.0.0.1", memcached.port)
    await asyncio.gather(*(repository.set(f"{KEY}{n}", bytes(300_000), ttl_s=60) for n in range(8)))  # several connections
    memcached.kill()
    again = Server(port=memcached.port)
    assert await asyncio.gather(*(repository.get(f"{KEY}{n}") for n in range(8))) == [None] * 8
    await repository.set(KEY, b"value", ttl_s=60)
    assert await repository.get(KEY) == b"value"
    await repository.close()
    again.kill()


async def test_a_frozen_server_never_blocks_the_event_loop_and_every_call_ends(
    memcached: Server, repository: MemcachedRepository
) -> None:
    await repository.set(KEY, b"value", ttl_s=60)
    ticks = 0

    async def beat() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    heart = asyncio.create_task(beat())
    memcached.freeze()
    calls = [repository.get(KEY), repository.set(KEY, bytes(5_000_000), ttl_s=60), repository.lease(KEY, "a", ttl_s=9)]
    outcomes = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 20)
    heart.cancel()
    assert [type(outcome) for outcome in outcomes] == [RepositoryTimedOut] * 3
    assert ticks > 10
    memcached.thaw()
    assert await repository.get(KEY) == b"value"


async def test_a_value_whose_piece_was_lost_is_corrupt_and_the_next_write_mends_it(
    memcached: Server, repository: MemcachedRepository
) -> None:
    value = bytes(range(256)) * 10_000
    await repository.set(KEY, value, ttl_s=60)
    with raw(memcached) as client:
        assert client.delete(piece_keys(memcached)[0])
    with pytest.raises(CorruptValue):
        await repository.get(KEY)
    await repository.set(KEY, value, ttl_s=60)
    assert await repository.get(KEY) == value


async def test_pieces_of_two_writes_are_never_put_together(memcached: Server, repository: MemcachedRepository) -> None:
    await repository.set(KEY, b"a" * 2_500_000, ttl_s=60)
    [first] = [key for key in piece_keys(memcached) if key.endswith(":1")]
    await repository.set(KEY, b"b" * 2_500_000, ttl_s=60)
    second = next(key for key in piece_keys(memcached) if key.endswith(":1") and key != first)
    with raw(memcached) as client:
        client.set(second, client.get(first))
    with pytest.raises(CorruptValue):
        await repository.get(KEY)


async def test_a_server_that_refuses_so_large_an_item_is_an_error_with_a_remedy() -> None:
    server = Server("-I", "512k")
    repository = MemcachedRepository("127.0.0.1", server.port)
    await repository.set(KEY, b"former", ttl_s=60)
    with pytest.raises(RepositoryError, match=r"too large.*-I 1m"):
        await repository.set(KEY, bytes(800_000), ttl_s=60)
    assert await repository.get(KEY) in {b"former", None}
    with pytest.raises(RepositoryError, match="too large"):
        await repository.set(KEY, bytes(3_000_000), ttl_s=60)
    await repository.set(KEY, bytes(400_000), ttl_s=60)
    assert await repository.get(KEY) == bytes(400_000)
    await repository.close()
    server.kill()


async def test_a_server_too_small_for_a_value_is_an_error_and_not_a_value_with_holes() -> None:
    server = Server("-m", "8")
    repository = MemcachedRepository("127.0.0.1", server.port, timeout_s=10)
    await repository.set(KEY, b"former", ttl_s=60)
    with pytest.raises(RepositoryError, match="-m"):
        await repository.set(KEY, bytes(15_000_000), ttl_s=60)
    assert await repository.get(KEY) in {b"former", None}
    await repository.close()
    server.kill()


async def test_a_value_too_large_for_the_time_that_is_left_is_given_up_whole(memcached: Server) -> None:
    hasty = MemcachedRepository("127.0.0.1", memcached.port, timeout_s=0.005)
    patient = MemcachedRepository("127.0.0.1", memcached.port)
    await patient.set(KEY, b"former", ttl_s=60)
    with pytest.raises(RepositoryTimedOut):
        await hasty.set(KEY, bytes(15_000_000), ttl_s=60)
    assert await patient.get(KEY) == b"former"
    await hasty.close()
    await patient.close()


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"VALUE x\r\n", b"\x00\xff\r\n", b""])
async def test_a_server_of_another_kind_is_an_error_and_not_an_absence(reply: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(4096)
                        connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        repository = MemcachedRepository("127.0.0.1", listener.getsockname()[1])
        for call in (repository.get(KEY), repository.set(KEY, b"v", ttl_s=9), repository.lease(KEY, "a", ttl_s=9)):
            with pytest.raises(RepositoryError):
                await call
        await repository.close()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


async def test_a_port_where_nobody_listens_is_an_error_at_once() -> None:
    repository = MemcachedRepository("127.0.0.1", free_port())
    with pytest.raises(RepositoryError, match="cannot be reached"):
        await repository.get(KEY)
    await repository.close()


def piece_keys(server: Server) -> list[str]:
    """Return the keys of the pieces of large values on the server, as its crawler lists them (percent-encoded)."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"lru_crawler metadump all\r\n")
        content = b""
        while not content.endswith(b"END\r\n"):
            content += connection.recv(65536)
    found = [unquote(line.split()[0].removeprefix(b"key=").decode()) for line in content.splitlines()[:-1]]
    return [key for key in found if key.startswith(KEY + ":")]


FOREVER_MS = 10**15


@pytest.mark.parametrize("keys_of_writer", [(), ("another secret of another cluster",)])
async def test_what_is_written_without_the_clusters_key_is_absent_and_blocks_nobody(
    memcached: Server, keys_of_writer: tuple[str, ...]
) -> None:
    cluster = MemcachedRepository("127.0.0.1", memcached.port, keys=["the secret of the cluster"])
    stranger = Envelope(keys_of_writer)
    with raw(memcached) as client:
        client.set(KEY, stranger.seal(KEY, b"Vpoison", FOREVER_MS))
        client.set(keys.lease(), stranger.seal(keys.lease(), b"stranger", FOREVER_MS))
        with pytest.raises(CorruptValue, match="without the key of this cluster"):
            await cluster.get(KEY)
        assert await cluster.lease(keys.lease(), "ours", ttl_s=5)
        await cluster.set(KEY, b"value", ttl_s=5)
        assert await cluster.get(KEY) == b"value"
        client.set(f"{KEY}2", client.get(KEY))  # a true value under another name
        with pytest.raises(CorruptValue):
            await cluster.get(f"{KEY}2")
    await cluster.close()


async def test_a_lease_that_memcached_never_expires_has_its_own_expiry(
    memcached: Server, repository: MemcachedRepository
) -> None:
    envelope, now_ms = Envelope(), SYSTEM_CLOCK.now_ms()
    with raw(memcached) as client:
        for expires_ms, free in ((now_ms - 120_000, True), (FOREVER_MS, True), (now_ms + 4_000, False)):
            client.set(keys.lease(), envelope.seal(keys.lease(), b"foreign", expires_ms))
            assert await repository.lease(keys.lease(), "ours", ttl_s=5) is free
            client.delete(keys.lease())


async def test_a_value_that_memcached_never_expires_is_absent_once_it_is_old(
    memcached: Server, repository: MemcachedRepository
) -> None:
    with raw(memcached) as client:
        client.set(KEY, Envelope().seal(KEY, b"Vold", SYSTEM_CLOCK.now_ms() - 120_000))
        assert await repository.get(KEY) is None


async def test_a_list_of_more_chunks_than_any_value_has_is_refused_before_they_are_read(
    memcached: Server, repository: MemcachedRepository
) -> None:
    with raw(memcached) as client:
        manifest = b"M" + bytes(8) + (60).to_bytes(2, "big")
        client.set(KEY, Envelope().seal(KEY, manifest, FOREVER_MS))
        with pytest.raises(CorruptValue, match="60 chunks"):
            await repository.get(KEY)
