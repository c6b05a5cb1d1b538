"""Faults that only a directory has: broken files, full disks, missing permissions, leftover files, and a clock that is
set."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clocks import SettableClock
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.errors import CorruptValue, RepositoryError, RepositoryTimedOut
from virtuoso.repository import keys
from virtuoso.repository.directory import DirectoryRepository

KEY = keys.HEAD
HOUR = 3600.0


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(SYSTEM_CLOCK.now_ms())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
async def directory(path: Path, clock: SettableClock) -> AsyncIterator[DirectoryRepository]:
    opened = DirectoryRepository(path, clock=clock)
    yield opened
    await opened.close()


def stored(path: Path) -> list[Path]:
    return sorted(path.glob("*.virtuoso"))


async def swept(path: Path, clock: SettableClock) -> None:
    """Write through another repository, and wait until its sweep has ended."""
    other = DirectoryRepository(path, clock=clock)
    await other.set("sweeper", b"", ttl_s=10)
    while other._threads._running:
        await asyncio.sleep(0.001)
    await other.close()


async def test_the_first_write_creates_the_directory_and_a_read_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    directory = DirectoryRepository(path)
    assert await directory.get(KEY) is None
    assert not path.exists()
    await directory.set(KEY, b"value", ttl_s=10)
    assert await directory.get(KEY) == b"value"
    await directory.close()


async def test_a_value_outlives_the_process(directory: DirectoryRepository, path: Path, clock: SettableClock) -> None:
    await directory.set(KEY, b"value", ttl_s=10)
    await directory.close()
    reopened = DirectoryRepository(path, clock=clock)
    assert await reopened.get(KEY) == b"value"
    await reopened.close()


async def test_a_truncated_or_altered_file_is_corrupt_until_the_next_write(
    directory: DirectoryRepository, path: Path
) -> None:
    whole = b"value" * 1000
    await directory.set(KEY, whole, ttl_s=10)
    [file] = stored(path)
    good = file.read_bytes()
    for bad in (b"", good[:20], good[:-1], good[:500] + b"!" + good[501:], good + b"!"):
        file.write_bytes(bad)
        with pytest.raises(CorruptValue):
            await directory.get(KEY)
        await directory.set(KEY, whole, ttl_s=10)
        assert await directory.get(KEY) == whole


async def test_a_huge_foreign_file_is_not_read_into_memory(directory: DirectoryRepository, path: Path) -> None:
    await directory.set(KEY, b"value", ttl_s=10)
    os.truncate(stored(path)[0], 1 << 40)  # a sparse file
    with pytest.raises(CorruptValue, match="more than the maximum of a value"):
        await directory.get(KEY)


async def test_every_key_has_its_own_file_inside_the_directory(directory: DirectoryRepository, path: Path) -> None:
    names = ["../out", "a/b", "..", ".", "", "a%2Fb", "x" * 400, "x" * 401, "币" * 100]
    for name in names:
        await directory.set(name, name.encode(), ttl_s=10)
    for name in names:
        assert await directory.get(name) == name.encode()
    assert [entry.name for entry in path.parent.iterdir()] == ["cache"]


async def test_a_clock_set_forward_expires_the_values_until_the_next_write(
    directory: DirectoryRepository, clock: SettableClock
) -> None:
    await directory.set(KEY, b"old", ttl_s=600)
    clock.advance(HOUR)
    assert await directory.get(KEY) is None
    await directory.set(KEY, b"new", ttl_s=600)
    assert await directory.get(KEY) == b"new"
    clock.advance(-HOUR)  # the earlier time was an error
    await directory.set(KEY, b"newest", ttl_s=600)
    assert await directory.get(KEY) == b"newest"


async def test_a_clock_set_back_does_not_keep_a_value_longer_than_its_ttl(
    directory: DirectoryRepository, clock: SettableClock
) -> None:
    await directory.set(KEY, b"value", ttl_s=600)
    clock.advance(-HOUR)
    assert await directory.get(KEY) is None
    await directory.set(KEY, b"new", ttl_s=600)
    assert await directory.get(KEY) == b"new"


async def test_a_small_clock_correction_loses_no_value(directory: DirectoryRepository, clock: SettableClock) -> None:
    await directory.set(KEY, b"value", ttl_s=600)
    clock.advance(-5)
    assert await directory.get(KEY) == b"value"
    clock.advance(10)
    assert await directory.get(KEY) == b"value"


@pytest.mark.parametrize("step", [-HOUR, HOUR])
async def test_the_lease_of_a_dead_owner_expires_even_if_the_clock_was_set(
    directory: DirectoryRepository, clock: SettableClock, step: float
) -> None:
    assert await directory.lease(keys.lease(), "dead", ttl_s=10)
    assert not await directory.lease(keys.lease(), "heir", ttl_s=10)
    clock.advance(step)
    assert await directory.lease(keys.lease(), "heir", ttl_s=10)
    assert not await directory.lease(keys.lease(), "late", ttl_s=10)


async def test_a_lease_is_free_exactly_when_it_expires(directory: DirectoryRepository, clock: SettableClock) -> None:
    assert await directory.lease(keys.lease(), "first", ttl_s=10)
    clock.advance(9)
    assert not await directory.lease(keys.lease(), "second", ttl_s=10)
    clock.advance(2)
    assert await directory.lease(keys.lease(), "second", ttl_s=10)
    assert not await directory.lease(keys.lease(), "first", ttl_s=10)


HOLDER = """
import asyncio, pathlib, sys
from virtuoso.repository.directory import DirectoryRepository
async def hold():
    directory = DirectoryRepository(pathlib.Path(sys.argv[1]))
    with directory._files.locked(sys.argv[2]):
        print("held", flush=True)
        sys.stdin.read()
asyncio.run(hold())
"""


async def test_a_process_killed_while_it_takes_the_lease_leaves_no_lock_behind(
    directory: DirectoryRepository, path: Path
) -> None:
    arguments = [sys.executable, "-c", HOLDER, str(path), keys.lease()]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(RepositoryError, match="held by another process"):
            await directory.lease(keys.lease(), "heir", ttl_s=10)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert await directory.lease(keys.lease(), "heir", ttl_s=10)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Limit the file size, so that the kernel refuses a write in the middle of a file (EFBIG), as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_write_that_the_disk_interrupts_keeps_the_earlier_value_and_leaves_no_file(
    directory: DirectoryRepository, path: Path
) -> None:
    await directory.set(KEY, b"former" * 100, ttl_s=60)
    with files_no_larger_than(8192), pytest.raises(RepositoryError, match=r"cannot be written .*CACHE"):
        await directory.set(KEY, b"latter" * 100_000, ttl_s=60)
    assert await directory.get(KEY) == b"former" * 100
    assert [entry.name for entry in path.iterdir()] == [stored(path)[0].name]
    await directory.set(KEY, b"latter" * 100_000, ttl_s=60)
    assert await directory.get(KEY) == b"latter" * 100_000


@contextmanager
def without_rights(path: Path) -> Iterator[None]:
    """Remove write permission. Root ignores permissions, so root temporarily becomes another user."""
    path.chmod(0o500)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        path.chmod(0o700)


async def test_missing_permissions_raise_an_error_with_the_path_and_a_remedy(
    directory: DirectoryRepository, path: Path
) -> None:
    await directory.set(KEY, b"value", ttl_s=60)
    with without_rights(path):
        with pytest.raises(RepositoryError, match=f"{path}.*owner or the permissions"):
            await directory.set(KEY, b"other", ttl_s=60)
        with pytest.raises(RepositoryError, match=f"{path}.*owner or the permissions"):
            await directory.lease(keys.lease(), "owner", ttl_s=60)
    assert await directory.get(KEY) == b"value"


async def test_a_file_with_the_name_of_the_directory_is_an_error(path: Path) -> None:
    path.write_text("a file")
    directory = DirectoryRepository(path)
    for call in (directory.get(KEY), directory.set(KEY, b"", ttl_s=9), directory.lease(KEY, "owner", ttl_s=9)):
        with pytest.raises(RepositoryError, match="a file with this name exists"):
            await call
    await directory.close()


async def test_calls_fail_immediately_when_all_threads_wait_for_a_hanging_disk(path: Path) -> None:
    path.mkdir()
    directory = DirectoryRepository(path)
    await directory.set(KEY, b"value", ttl_s=60)
    while directory._threads._abandoned:  # the first sweep must end before the file hangs
        await asyncio.sleep(0.01)
    [file] = stored(path)
    file.unlink()
    os.mkfifo(file)  # opening it blocks, as on a disk that hangs
    try:
        for _ in range(4):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(directory.get(KEY), 0.05)
        with pytest.raises(RepositoryTimedOut, match="still hang"):
            await directory.get(KEY)
    finally:
        while directory._threads._abandoned:
            os.close(os.open(file, os.O_RDWR))  # this unblocks the threads that wait to open the file; they read nothing
            await asyncio.sleep(0.01)
    await directory.set("other", b"value", ttl_s=60)
    assert await directory.get("other") == b"value"
    await directory.close()


async def test_expired_snapshots_are_removed(directory: DirectoryRepository, path: Path, clock: SettableClock) -> None:
    for number in range(20):
        await directory.set(keys.snapshot(str(number)), b"old", ttl_s=10)
    clock.advance(11)
    await directory.set(keys.snapshot("new"), b"new", ttl_s=10)
    await swept(path, clock)
    assert len(stored(path)) == 2
    assert await directory.get(keys.snapshot("new")) == b"new"


async def test_a_value_written_before_the_clock_was_set_back_expires(
    directory: DirectoryRepository, path: Path, clock: SettableClock
) -> None:
    await directory.set(keys.snapshot("1"), b"of the future", ttl_s=10)
    clock.advance(-HOUR)
    await swept(path, clock)
    assert len(stored(path)) == 1


async def test_leftover_parts_are_removed_and_foreign_files_are_kept(
    directory: DirectoryRepository, path: Path, clock: SettableClock
) -> None:
    await directory.set(KEY, b"value", ttl_s=7200)
    ours = [path / "virtuoso:v1:head.abcdef.virtuoso-part", path / "virtuoso:v1:snapshot:9.virtuoso"]
    theirs = [path / "notes.txt", path / "data.part", path / "value"]
    for file in ours + theirs:
        file.write_bytes(b"cut off by a crash")
    await swept(path, clock)
    assert all(file.exists() for file in ours + theirs)  # a write may be in progress
    clock.advance(HOUR)
    await swept(path, clock)
    assert not any(file.exists() for file in ours)
    assert all(file.exists() for file in theirs)
    assert await directory.get(KEY) == b"value"


async def test_a_sweep_never_removes_a_value_that_was_just_replaced(directory: DirectoryRepository, path: Path) -> None:
    sweeping = True

    def sweep() -> None:
        while sweeping:
            directory._files.sweep()

    sweeps = [asyncio.create_task(asyncio.to_thread(sweep)) for _ in range(2)]
    for number in range(150):
        await directory.set(KEY, b"expired", ttl_s=0)
        await directory.set(KEY, str(number).encode(), ttl_s=60)
        last = [await directory.get(KEY) for _ in range(3)][-1]
        assert last in {str(number).encode(), None}  # None: a sweep is processing the file at this moment
    sweeping = False
    await asyncio.gather(*sweeps)
    assert await directory.get(KEY) == b"149"
