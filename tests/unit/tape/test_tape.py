"""The file of a recording: whole after whatever end, nobody else's, and never larger than was asked."""

from __future__ import annotations

import gzip
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from virtuoso.errors import ConfigError, CorruptValue
from virtuoso.tape.tape import FORMAT, Tape, header, read

HEADER = {"tape": FORMAT, "at": 1, "model": "v1"}
MOST = 1 << 30


@contextmanager
def writing(path: Path, max_bytes: int = MOST) -> Iterator[Tape]:
    tape = Tape(path, max_bytes=max_bytes)
    try:
        yield tape
    finally:
        tape.close()


def batch(number: int) -> list[dict[str, Any]]:
    return [{"op": "book", "at": number, "replies": [["/v5", 200, {}, f"body {number} \u00e9 " * 50, number]]}]


def written(path: Path, batches: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [HEADER]
    with writing(path) as tape:
        assert tape.append([HEADER])
        for number in range(batches):
            assert tape.append(batch(number))
            events += batch(number)
    return events


def test_what_was_written_is_read_and_any_gzip_reads_it_too(tmp_path: Path) -> None:
    path = tmp_path / "a.tape"
    events = written(path, 3)
    assert list(read(path)) == events
    assert header(path) == HEADER
    assert gzip.decompress(path.read_bytes()).count(b"\n") == 4


def test_a_tape_torn_at_any_byte_is_read_up_to_there_and_gone_on_with(tmp_path: Path) -> None:
    path, torn = tmp_path / "a.tape", tmp_path / "torn.tape"
    ends = []
    with writing(path) as tape:
        for number in range(3):
            assert tape.append(batch(number) if number else [HEADER])
            ends.append(tape.size)
    whole, events = path.read_bytes(), list(read(path))
    for length in range(ends[0], len(whole) + 1):
        for tail in (b"", bytes(4096)):  # zeros are what some file systems leave after a power cut
            torn.write_bytes(content := whole[:length] + tail)
            kept = events[: sum(content.startswith(whole[:end]) for end in ends)]
            assert list(read(torn)) == kept
            with writing(torn) as tape:
                assert tape.append(batch(9))
            assert list(read(torn)) == kept + batch(9)


@pytest.mark.parametrize(
    "content",
    [
        b"a letter to my mother",
        gzip.compress(b"another program's log\n", mtime=0),
        gzip.compress(b'{"id": 7}\n', mtime=0),
        gzip.compress(b"[]\n", mtime=0),
        gzip.compress(b"", mtime=0),
        gzip.compress(b'{"tape": 1}\n', mtime=0)[:-4],
        b"\0" * 1000,
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_untouched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not a tape"):
        Tape(path, max_bytes=MOST)
    with pytest.raises(ConfigError, match="not a tape"):
        list(read(path))
    assert path.read_bytes() == content


def test_a_tape_of_another_format_is_refused_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "new.tape"
    path.write_bytes(gzip.compress(b'{"tape": 99}\n'))
    with pytest.raises(ConfigError, match="format 99"):
        list(read(path))
    with pytest.raises(ConfigError, match="format 99"):
        Tape(path, max_bytes=MOST)


def test_a_tape_that_is_damaged_before_its_end_says_where_and_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "a.tape"
    with writing(path) as tape:
        tape.append([HEADER])
        first = tape.size
        tape.append(batch(1))
        tape.append(batch(2))
    spoilt = bytearray(path.read_bytes())
    spoilt[first + 20] ^= 1
    path.write_bytes(spoilt)
    events = read(path)
    assert next(events) == HEADER
    with pytest.raises(CorruptValue, match=f"damaged after byte {first}"):
        list(events)
    with pytest.raises(ConfigError, match=f"damaged after byte {first}"):
        Tape(path, max_bytes=MOST)
    assert path.read_bytes() == spoilt


def test_two_recorders_do_not_write_one_tape(tmp_path: Path) -> None:
    path = tmp_path / "a.tape"
    with writing(path) as tape:
        tape.append([HEADER])
        with pytest.raises(ConfigError, match="another `virtuoso record` writes it"):
            Tape(path, max_bytes=MOST)
    with writing(path) as tape:
        assert tape.size == path.stat().st_size


def test_a_tape_does_not_grow_above_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "a.tape"
    with writing(path, max_bytes=2_000) as tape:
        assert tape.append([HEADER])
        number = 0
        while tape.append(batch(number)):
            number += 1
    assert number > 3
    assert path.stat().st_size <= 2_000
    assert len(list(read(path))) == number + 1


def test_what_a_disk_does_not_take_leaves_the_tape_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.tape"
    events = written(path, 2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with writing(path) as tape:
        resource.setrlimit(resource.RLIMIT_FSIZE, (tape.size + 50, hard))
        try:
            with pytest.raises(OSError, match="too large"):
                tape.append(batch(3))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(read(path)) == events


def test_a_place_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "a.tape", tmp_path):
        with pytest.raises(ConfigError, match=str(path)):
            Tape(path, max_bytes=MOST)
        with pytest.raises(ConfigError, match=str(path)):
            list(read(path))


def test_where_nothing_was_recorded_no_file_is_left_but_an_empty_one_that_was_there_stays(tmp_path: Path) -> None:
    with writing(tmp_path / "new.tape"):
        pass
    (tmp_path / "there.tape").touch()
    with writing(tmp_path / "there.tape"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["there.tape"]
