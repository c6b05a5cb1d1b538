"""A directory repository on a small disk of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clocks import SettableClock
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.errors import RepositoryError
from virtuoso.repository import keys
from virtuoso.repository.directory import DirectoryRepository


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(SYSTEM_CLOCK.now_ms())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk; a unit test of a write that breaks off covers the rest")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_keeps_the_former_value_and_says_what_to_do(small_disk: Path, clock: SettableClock) -> None:
    directory = DirectoryRepository(small_disk / "cache", clock=clock)
    await directory.set(keys.HEAD, b"f" * 400_000, ttl_s=60)
    with pytest.raises(RepositoryError, match=f"{small_disk}.*disk is full: free"):
        await directory.set(keys.HEAD, b"l" * 800_000, ttl_s=60)
    assert await directory.get(keys.HEAD) == b"f" * 400_000
    assert len(list((small_disk / "cache").iterdir())) == 1
    await directory.set("small", b"value", ttl_s=60)
    assert await directory.get("small") == b"value"
    await directory.close()


async def test_a_disk_full_of_expired_values_makes_room(small_disk: Path, clock: SettableClock) -> None:
    directory = DirectoryRepository(small_disk, clock=clock)
    for number in range(3):
        await directory.set(keys.snapshot(str(number)), bytes(300_000), ttl_s=10)
    clock.advance(11)
    await directory.set(keys.snapshot("new"), bytes(900_000), ttl_s=10)
    assert await directory.get(keys.snapshot("new")) == bytes(900_000)
    await directory.close()


async def test_a_lease_is_renewed_on_a_full_disk_and_is_not_lost_to_a_standby(
    small_disk: Path, clock: SettableClock
) -> None:
    active, standby = (DirectoryRepository(small_disk, clock=clock) for _ in range(2))
    assert await active.lease(keys.lease(), "active", ttl_s=5)
    (small_disk / "other").write_bytes(bytes(4096))
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(bytes(2_000_000))
    for _ in range(5):
        clock.advance(4)
        assert await active.lease(keys.lease(), "active", ttl_s=5)
        assert not await standby.lease(keys.lease(), "standby", ttl_s=5)
    (small_disk / "other").unlink()  # a little room does not change the holder
    assert not await standby.lease(keys.lease(), "standby", ttl_s=5)
    clock.advance(6)
    assert await standby.lease(keys.lease(), "standby", ttl_s=5)
    for repository in (active, standby):
        await repository.close()
