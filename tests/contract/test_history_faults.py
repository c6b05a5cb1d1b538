"""Histories that fail while they are used. Each failure raises a HistoryError in time. The history recovers by itself."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.contract.histories import KINDS, T0, Place, alert, place_of, point, signal
from tests.programs import Postgres
from virtuoso.domain.errors import HistoryError
from virtuoso.domain.ports import HistoryReader, HistoryWriter
from virtuoso.domain.records import ScorePoint

TIMEOUT_S = 1.0


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Place]:
    place = place_of("sqlite", tmp_path, Postgres)
    yield place
    await place.close()


@pytest.fixture
async def server(tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    place = place_of("postgresql", tmp_path, postgres)
    await place.make()
    yield place
    await place.close()
    running = postgres()
    running.thaw()
    if running.process.poll() is not None:
        running.start()


async def stored(history: HistoryReader) -> list[ScorePoint]:
    return list(await history.score_points("bybit", "BTCUSDT", start_ms=0, end_ms=2 * T0, step_ms=1))


async def within(seconds: float, call: Callable[[], Awaitable[object]]) -> None:
    """Retry the call until it succeeds, for at most `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            await call()
        except HistoryError:
            assert time.monotonic() < end, f"it does not work again within {seconds:g} s"
            await asyncio.sleep(0.05)
        else:
            return


async def fails_in_time(call: Callable[[], Awaitable[object]]) -> HistoryError:
    """Return the error of the call. A call that hangs fails the test."""
    async with asyncio.timeout(5 * TIMEOUT_S):
        with pytest.raises(HistoryError) as failure:
            await call()
    return failure.value


async def test_a_killed_server_causes_an_error_and_is_used_again_when_it_returns(server: Place) -> None:
    writer, reader = server.writer(timeout_s=TIMEOUT_S), server.reader(timeout_s=TIMEOUT_S)
    assert server.server is not None
    await within(10, lambda: writer.write([point()]))
    assert len(await stored(reader)) == 1
    server.server.kill()
    error = await fails_in_time(lambda: writer.write([point(1)]))
    assert not error.refused
    await fails_in_time(reader.newest_cursor)
    server.server.start()
    await within(10, lambda: writer.write([point(2)]))
    await within(10, reader.newest_cursor)
    assert [each.price for each in await stored(reader)] == [100.0, 102.0]


async def test_the_first_call_to_a_hanging_server_times_out_and_later_calls_fail_immediately(server: Place) -> None:
    writer, reader = server.writer(timeout_s=TIMEOUT_S), server.reader(timeout_s=TIMEOUT_S)
    assert server.server is not None
    await within(10, lambda: writer.write([point()]))
    assert len(await stored(reader)) == 1
    server.server.freeze()
    try:
        await fails_in_time(lambda: writer.write([point(1)]))
        await fails_in_time(reader.newest_cursor)
        async with asyncio.timeout(TIMEOUT_S / 2):  # a hundred calls take less than half the timeout of one call
            for _ in range(100):
                with pytest.raises(HistoryError, match="skipped for a moment"):
                    await reader.newest_cursor()
    finally:
        server.server.thaw()
    await within(10, lambda: writer.write([point(1), point(2)]))
    await within(10, reader.newest_cursor)
    assert [each.price for each in await stored(reader)] == [100.0, 101.0, 102.0]


async def test_closed_connections_are_replaced_without_a_failure(server: Place) -> None:
    writer = server.writer()
    await within(10, lambda: writer.write([point()]))
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'virtuoso'")
    assert len(await stored(writer)) == 1
    await writer.write([point(1)])


async def test_the_error_for_an_unavailable_server_does_not_contain_the_password(server: Place) -> None:
    assert server.server is not None
    nowhere = f"postgresql://virtuoso:secret@127.0.0.1:{server.server.port}/nowhere"
    stranger = server.url.replace("virtuoso@", "stranger:secret@")
    for url in (nowhere, stranger):
        place = Place(url)
        error = await fails_in_time(place.writer().newest_cursor)
        assert "does not exist" in str(error)
        assert "secret" not in str(error)
        await place.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_cancelled_call_leaves_no_partial_write_and_no_lock(
    kind: str, tmp_path: Path, postgres: Callable[[], Postgres]
) -> None:
    place = place_of(kind, tmp_path, postgres)
    writer = place.writer()
    await writer.write([point()])
    for attempt in range(40):
        task = asyncio.create_task(writer.write([point(minute) for minute in range(1, 200)]))
        await asyncio.sleep(attempt * 0.0002)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert len(await stored(writer)) in {1, 200}
        await writer.add_alerts([alert(f"key-{attempt}")], cooldown_s={})
    assert len(await writer.alerts()) == 40
    await place.close()


async def test_a_file_that_another_process_locks_can_be_read_and_is_written_once_it_is_free(file: Place) -> None:
    await file.make()
    writer, reader = file.writer(timeout_s=TIMEOUT_S), file.reader(timeout_s=TIMEOUT_S)
    await writer.write([point()])
    assert file.file is not None
    with closing(sqlite3.connect(file.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        error = await fails_in_time(lambda: writer.write([point(1)]))
        assert "locked" in str(error)
        assert len(await stored(reader)) == 1
    await within(5, lambda: writer.write([point(1)]))
    assert len(await stored(reader)) == 2


async def test_a_new_file_that_another_process_locks_is_waited_for(file: Place) -> None:
    assert file.file is not None
    file.file.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(file.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        call = asyncio.create_task(file.writer().newest_cursor())
        await asyncio.wait({call}, timeout=0.5)
        assert not call.done()
    assert await call == 0


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Limit the file size, to simulate a full disk where mounting is not allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def fill(writer: HistoryWriter) -> tuple[int, HistoryError]:
    """Write hours of points until a write fails. Return (number of hours written, error)."""
    for hour in range(1000):
        try:
            await writer.write([point(60 * hour + minute, name) for minute in range(60) for name in ("BTCUSDT", "ETHUSDT")])
        except HistoryError as error:
            return hour, error
    raise AssertionError("it is never full")


async def test_a_file_that_cannot_grow_keeps_its_records_and_recovers(file: Place) -> None:
    writer, reader = file.writer(), file.reader()
    await writer.write(signals=[signal()])
    with files_no_larger_than(1 << 20):
        hours, error = await fill(writer)
        assert "disk" in str(error)
        assert not error.refused
        assert len(await stored(reader)) == 60 * hours
    await writer.write([point(-1)])
    assert len(await stored(reader)) == 60 * hours + 1
    assert list(await reader.signals()) == [signal()]


async def test_a_full_disk_keeps_its_records_and_is_used_again_when_it_has_space(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("NO SMALL DISK CAN BE MOUNTED HERE: only a file that cannot grow is tested")
    place = Place(f"sqlite://{disk}/history.db", file=disk / "history.db")
    try:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(300_000))
        writer, reader = place.writer(), place.reader()
        hours, error = await fill(writer)
        assert "free some space" in str(error)
        assert len(await stored(reader)) == 60 * hours
        ballast.unlink()
        await writer.write([point(-1)])
        assert len(await stored(reader)) == 60 * hours + 1
    finally:
        await place.close()
        subprocess.run(["umount", disk], check=True)


def corrupt(path: Path, start: int, length: int) -> None:
    """Overwrite bytes in the middle of a file, as a failing disk does."""
    with path.open("r+b") as opened:
        opened.seek(start)
        opened.write(os.urandom(length))


@pytest.mark.parametrize("damage", ["header", "pages", "cut"])
async def test_a_damaged_file_is_renamed_and_logged_and_readers_use_the_new_one(
    file: Place, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = file.file
    assert path is not None
    first = file.writer()
    for hour in range(20):
        await first.write([point(60 * hour + minute) for minute in range(60)])
    [before] = await first.add_alerts([alert()], cooldown_s={})
    await first.close()  # this moves the content of the log into the file
    size = path.stat().st_size
    reader, writer = file.reader(), file.writer()
    if damage == "header":
        corrupt(path, 0, 100)
    elif damage == "pages":
        corrupt(path, 4096, size - 4096)
    else:
        os.truncate(path, size // 2)
    damaged = path.read_bytes()
    with pytest.raises(HistoryError):
        await stored(reader)
    with caplog.at_level(logging.ERROR):
        await writer.write([point(5000)])
    [aside] = [each for each in path.parent.glob("history.db.damaged-*") if not each.name.endswith(("-wal", "-shm"))]
    assert aside.read_bytes()[:4096] == damaged[:4096]
    assert str(aside) in caplog.text
    assert [each.price for each in await stored(reader)] == [5100.0]
    [after] = await writer.add_alerts([alert()], cooldown_s={})
    assert (after.cursor or 0) > (before.cursor or 0), "a reader that continues at its cursor misses no alert"


async def test_two_writers_that_find_damage_create_one_new_file_and_continue(file: Place) -> None:
    path = file.file
    assert path is not None
    writers = [file.writer(), file.writer()]
    for writer in writers:
        await writer.write([point()])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    corrupt(path, 0, path.stat().st_size)
    await asyncio.gather(*(within(5, lambda w=writer: w.write([point(1)])) for writer in writers))  # type: ignore[misc]
    assert len(list(path.parent.glob("history.db.damaged-*[0-9]"))) == 1
    assert [each.price for each in await stored(writers[0])] == [101.0]


async def test_a_removed_or_replaced_file_is_created_again_and_used_by_all(file: Place) -> None:
    writer, reader = file.writer(), file.reader()
    await writer.write([point()])
    assert len(await stored(reader)) == 1
    assert file.file is not None
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{file.file}{suffix}").unlink()
    await fails_in_time(lambda: stored(reader))
    await writer.write([point(1)])
    assert [each.price for each in await stored(reader)] == [101.0]


async def test_the_error_for_a_folder_that_cannot_be_created_has_the_file(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    place = Place(f"sqlite://{tmp_path}/state/history.db")
    error = await fails_in_time(place.writer().newest_cursor)
    assert f"{tmp_path}/state/history.db" in str(error)
    await place.close()
