"""Real memcached servers and real disks, whole and broken: what is found, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymemcache.client.base import Client

from tests.programs import Memcached, free_port
from virtuoso.doctor import storage
from virtuoso.doctor.finding import Level


def keys_of(server: Memcached) -> list[bytes]:
    with socket.create_connection(("127.0.0.1", server.port)) as talk:
        talk.sendall(b"lru_crawler metadump all\r\n")
        said = b""
        while not said.endswith(b"END\r\n"):
            said += talk.recv(65536)
    return [line for line in said.splitlines() if line.startswith(b"key=")]


async def test_a_memcached_that_works_is_well_and_keeps_nothing_of_it(
    memcached: Memcached, look: Callable[..., Any]
) -> None:
    found = await look(cache=f"memcached://{memcached.address}")
    server = found[f"memcached {memcached.address}"]
    assert server.level is Level.WELL
    assert server.figures["round_trip_ms"] > 0
    assert found["NODE_DIRECTORY directory"].level is Level.WELL
    assert keys_of(memcached) == []
    client = Client(("127.0.0.1", memcached.port))
    assert client.stats()[b"cmd_set"] == 2  # it did write
    client.close()


async def test_a_dead_memcached_is_a_warning_beside_one_that_works(memcached: Memcached, look: Callable[..., Any]) -> None:
    dead = f"127.0.0.1:{free_port()}"
    found = await look(cache=f"memcached://{memcached.address},{dead}")
    assert found[f"memcached {memcached.address}"].level is Level.WELL
    assert found[f"memcached {dead}"].level is Level.WARNING
    assert "other servers" in found[f"memcached {dead}"].cure


async def test_a_dead_memcached_alone_is_a_failure(look: Callable[..., Any]) -> None:
    dead = f"127.0.0.1:{free_port()}"
    found = (await look(cache=f"memcached://{dead}"))[f"memcached {dead}"]
    assert found.level is Level.FAILURE
    assert "cannot be reached" in found.why
    assert "VIRTUOSO_CACHE" in found.cure
    assert "own directory" in found.cure


async def test_a_memcached_whose_items_may_not_be_large_is_found() -> None:
    small = Memcached("-I", "512k")
    found = await storage.memcached("127.0.0.1", small.port)
    assert found.level is Level.FAILURE
    assert "-I 1m" in found.why
    assert keys_of(small) == []
    small.kill()


async def test_something_that_is_not_memcached_is_found() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    found = await storage.memcached("127.0.0.1", server.sockets[0].getsockname()[1])
    server.close()
    assert found.level is Level.FAILURE


async def test_a_directory_that_is_there_is_well_and_left_as_it_was(tmp_path: Path) -> None:
    before = tmp_path.stat().st_mtime_ns
    found, disk = await storage.directory("VIRTUOSO_CACHE", tmp_path)
    assert (found.level, found.why) == (Level.WELL, f"{tmp_path} can be written")
    assert disk.figures["free_bytes"] > 0
    assert (tmp_path.stat().st_mtime_ns, list(tmp_path.iterdir())) == (before, [])


async def test_a_file_in_the_directorys_place_is_found(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    found = (await storage.directory("VIRTUOSO_CACHE", tmp_path / "cache" / "deeper"))[0]
    assert found.level is Level.FAILURE
    assert "A file is in its place" in found.cure


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A small disk of its own with the options given."""
    made: list[Path] = []

    def mount(options: str) -> Path:
        path = tmp_path / "disk"
        path.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"NO DISK OF ITS OWN CAN BE MOUNTED HERE: {done.stderr.strip()}")
        made.append(path)
        return path

    yield mount
    for path in made:
        subprocess.run(["umount", str(path)], check=True)


async def test_a_full_disk_is_found(disk: Callable[[str], Path]) -> None:
    path = disk("size=1m")
    (path / "ballast").write_bytes(bytes(1_000_000))
    found, room = await storage.directory("VIRTUOSO_CACHE", path)
    assert (found.level, room.level) == (Level.FAILURE, Level.FAILURE)
    assert "No space left" in found.why
    assert "Free some room" in found.cure
    assert "(tmpfs, at" in room.why
    assert [file.name for file in path.iterdir()] == ["ballast"]


async def test_a_disk_that_will_soon_be_full_is_a_warning(disk: Callable[[str], Path]) -> None:
    found, room = await storage.directory("VIRTUOSO_CACHE", disk("size=500m") / "cache")
    assert (found.level, room.level) == (Level.WELL, Level.WARNING)


async def test_a_disk_without_inodes_is_found(disk: Callable[[str], Path]) -> None:
    path = disk("size=2g,nr_inodes=2")
    (path / "last").write_text("")
    room = (await storage.directory("VIRTUOSO_CACHE", path))[1]
    assert room.level is Level.FAILURE
    assert "inode" in room.why


async def test_a_disk_that_is_read_only_is_found(disk: Callable[[str], Path]) -> None:
    found = (await storage.directory("VIRTUOSO_CACHE", disk("size=1g,ro") / "cache"))[0]
    assert found.level is Level.FAILURE
    assert "Read-only file system" in found.why
    assert "VIRTUOSO_CACHE" in found.cure


async def test_a_directory_of_somebody_else_is_found(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.geteuid() == 0:  # whom no mode stops
        closed = Path("/proc/sys")
    found = (await storage.directory("VIRTUOSO_CACHE", closed / "cache"))[0]
    assert found.level is Level.FAILURE
    assert "let VIRTUOSO_CACHE name another directory" in found.cure
