"""The doctor's check of real memcached servers, with and without faults. The check leaves nothing behind."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from pymemcache.client.base import Client

from tests.programs import Memcached, free_port
from virtuoso.doctor.finding import Level
from virtuoso.doctor.memcached_servers import check_memcached


def keys_of(server: Memcached) -> list[bytes]:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"lru_crawler metadump all\r\n")
        reply = b""
        while not reply.endswith(b"END\r\n"):
            reply += connection.recv(65536)
    return [line for line in reply.splitlines() if line.startswith(b"key=")]


async def test_a_memcached_that_works_is_ok_and_holds_nothing_afterwards(
    memcached: Memcached, examined: Callable[..., Any]
) -> None:
    findings = await examined(cache=f"memcached://{memcached.address}")
    server = findings[f"memcached {memcached.address}"]
    assert server.level is Level.OK
    assert server.figures["round_trip_ms"] > 0
    assert findings["NODE_DIRECTORY directory"].level is Level.OK
    assert keys_of(memcached) == []
    client = Client(("127.0.0.1", memcached.port))
    assert client.stats()[b"cmd_set"] == 2
    client.close()


async def test_a_dead_memcached_is_a_warning_beside_one_that_works(
    memcached: Memcached, examined: Callable[..., Any]
) -> None:
    dead = f"127.0.0.1:{free_port()}"
    findings = await examined(cache=f"memcached://{memcached.address},{dead}")
    assert findings[f"memcached {memcached.address}"].level is Level.OK
    assert findings[f"memcached {dead}"].level is Level.WARNING
    assert "other servers" in findings[f"memcached {dead}"].remedy


async def test_a_dead_memcached_alone_is_a_failure(examined: Callable[..., Any]) -> None:
    dead = f"127.0.0.1:{free_port()}"
    finding = (await examined(cache=f"memcached://{dead}"))[f"memcached {dead}"]
    assert finding.level is Level.FAILURE
    assert "cannot be reached" in finding.why
    assert "VIRTUOSO_CACHE" in finding.remedy
    assert "own directory" in finding.remedy


async def test_a_memcached_with_a_low_item_limit_is_a_failure() -> None:
    small = Memcached("-I", "512k")
    finding = await check_memcached("127.0.0.1", small.port)
    assert finding.level is Level.FAILURE
    assert "-I 1m" in finding.why
    assert keys_of(small) == []
    small.kill()


async def test_another_program_on_the_port_is_a_failure() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    finding = await check_memcached("127.0.0.1", server.sockets[0].getsockname()[1])
    server.close()
    assert finding.level is Level.FAILURE
