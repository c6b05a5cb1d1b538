"""Notices between the processes of a node: they arrive, they cost nothing when nobody listens, and they clean up."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.servers import publish
from tests.service.snapshots import T0, snapshot
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.notices import SUFFIX, NotifyingRepository, receiving_notices, send_notices
from virtuoso.repository.tiered import TieredRepository
from virtuoso.service import snapshot_cache


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, as a Unix socket needs it."""
    with tempfile.TemporaryDirectory(prefix="v-") as path:
        yield Path(path) / "notices"


async def test_every_reader_is_notified_after_a_head_and_only_after_a_head(folder: Path) -> None:
    repository = NotifyingRepository(MemoryRepository(), folder)
    first, second = asyncio.Event(), asyncio.Event()
    with receiving_notices(folder, first.set), receiving_notices(folder, second.set):
        await repository.set(keys.snapshot("s1"), b"snapshot", ttl_s=60)
        await asyncio.sleep(0)
        assert not first.is_set()
        await repository.set(keys.HEAD, b"head", ttl_s=60)
        await asyncio.wait_for(asyncio.gather(first.wait(), second.wait()), 10)
    assert await repository.get(keys.HEAD) == b"head"
    assert os.listdir(folder) == []


async def test_many_notices_that_wait_are_one_call(folder: Path) -> None:
    calls: list[int] = []
    with receiving_notices(folder, lambda: calls.append(1)):
        for _ in range(5):
            send_notices(folder)
        while not calls:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert len(calls) == 1


async def test_only_the_user_of_the_process_can_send_a_notice(folder: Path) -> None:
    with receiving_notices(folder, lambda: None):
        (path,) = folder.iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_socket_of_an_ended_process_is_removed_and_other_files_are_not(folder: Path) -> None:
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(folder / f"dead{SUFFIX}"))
    (folder / "other").write_text("kept")
    send_notices(folder)
    assert os.listdir(folder) == ["other"]


def test_a_reader_that_does_not_read_never_blocks_the_sender(folder: Path) -> None:
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stalled:
        stalled.bind(str(folder / f"stalled{SUFFIX}"))
        for _ in range(2000):
            send_notices(folder)
        assert len(os.listdir(folder)) == 1


async def test_without_a_folder_or_with_a_long_path_there_are_no_notices_and_no_error(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    send_notices(folder)
    caplog.set_level("INFO")
    with receiving_notices(folder / ("x" * 120), lambda: None):
        send_notices(folder)
    assert "this process only polls" in caplog.text


async def test_a_server_that_hardly_polls_sees_a_snapshot_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for period in ("STARTUP_PERIOD_S", "FRESH_PERIOD_S"):
        monkeypatch.setattr(snapshot_cache, period, 3600.0)
    stored = TieredRepository([MemoryRepository()])
    repository = NotifyingRepository(stored, folder)
    cache = snapshot_cache.SnapshotCache(stored, keys, max_stale_s=1e9, period_s=3600)
    await cache.start()
    try:
        with receiving_notices(folder, cache.notice):
            for number in range(3):
                await asyncio.sleep(0.01)  # the loop of polls waits
                await publish(repository, snapshot(f"s{number}", observed_ms=T0 + number))
                async with asyncio.timeout(30):
                    while not cache.ready or cache.current().view.id != f"s{number}":
                        await cache.next_tick()
    finally:
        await cache.close()
        await stored.close()
