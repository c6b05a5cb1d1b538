"""The file of a recording: complete after any crash, written by one recorder, never larger than the limit."""

from __future__ import annotations

import gzip
import json
import lzma
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from virtuoso.domain.errors import ConfigError, CorruptValue
from virtuoso.recording.file import FORMAT, RECORDING_KEY, RecordingFile, header, read

HEADER = {RECORDING_KEY: FORMAT, "at": 1, "model": "v1"}
MAX_BYTES = 1 << 30


@contextmanager
def writing(path: Path, max_bytes: int = MAX_BYTES) -> Iterator[RecordingFile]:
    file = RecordingFile(path, max_bytes=max_bytes)
    try:
        yield file
    finally:
        file.close()


def batch(number: int) -> list[dict[str, Any]]:
    return [{"op": "book", "at": number, "replies": [["/v5", 200, {}, f"body {number} \u00e9 " * 50, number]]}]


def written(path: Path, batches: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [HEADER]
    with writing(path) as file:
        assert file.append([HEADER])
        for number in range(batches):
            assert file.append(batch(number))
            events += batch(number)
    return events


def test_xz_can_read_the_events_of_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.recording"
    events = written(path, 3)
    assert list(read(path)) == events
    assert header(path) == HEADER
    assert lzma.decompress(path.read_bytes()).count(b"\n") == 4


@pytest.mark.parametrize("number", [2, 3])
def test_a_recording_of_an_earlier_format_can_be_read_and_continued(tmp_path: Path, number: int) -> None:
    path, first = tmp_path / "a.recording", {**HEADER, RECORDING_KEY: number}
    lines = [json.dumps(event).encode() + b"\n" for event in (first, *batch(1))]
    path.write_bytes(b"".join(gzip.compress(line, mtime=0) for line in lines) + gzip.compress(b"cut")[:-9])
    assert list(read(path)) == [first, *batch(1)]
    with writing(path) as file:
        assert file.append([HEADER, *batch(2)])
    assert list(read(path)) == [first, *batch(1), HEADER, *batch(2)]


def test_a_file_that_was_cut_anywhere_can_be_read_and_continued(tmp_path: Path) -> None:
    path, cut = tmp_path / "a.recording", tmp_path / "cut.recording"
    ends = []
    with writing(path) as file:
        for number in range(3):
            assert file.append(batch(number) if number else [HEADER])
            ends.append(file.size)
    whole, events = path.read_bytes(), list(read(path))
    for length in sorted({*range(ends[0], len(whole), 7), *(end + i for end in ends for i in (-1, 0, 1, 5, 6))}):
        if not ends[0] <= length <= len(whole):
            continue
        for tail in (b"", bytes(4096)):  # some file systems leave zeros after a power failure
            cut.write_bytes(content := whole[:length] + tail)
            complete = events[: sum(content.startswith(whole[:end]) for end in ends)]
            assert list(read(cut)) == complete
            with writing(cut) as file:
                assert file.append(batch(9))
            assert list(read(cut)) == complete + batch(9)


@pytest.mark.parametrize(
    "content",
    [
        b"a letter",
        gzip.compress(b"another program's log\n", mtime=0),
        gzip.compress(b'{"id": 7}\n', mtime=0),
        gzip.compress(b"[]\n", mtime=0),
        gzip.compress(b"", mtime=0),
        gzip.compress(b'{"tape": 1}\n', mtime=0)[:-4],
        b"\0" * 1000,
    ],
)
def test_a_file_that_is_not_a_recording_is_refused_and_left_unchanged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not a recording"):
        RecordingFile(path, max_bytes=MAX_BYTES)
    with pytest.raises(ConfigError, match="not a recording"):
        list(read(path))
    assert path.read_bytes() == content


def test_a_recording_of_another_format_is_refused_with_its_format(tmp_path: Path) -> None:
    path = tmp_path / "new.recording"
    path.write_bytes(gzip.compress(b'{"tape": 99}\n', mtime=0))
    with pytest.raises(ConfigError, match="format 99"):
        list(read(path))
    with pytest.raises(ConfigError, match="format 99"):
        RecordingFile(path, max_bytes=MAX_BYTES)


def test_the_error_for_a_damaged_recording_has_the_position_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.recording"
    with writing(path) as file:
        file.append([HEADER])
        first = file.size
        file.append(batch(1))
        file.append(batch(2))
    damaged = bytearray(path.read_bytes())
    damaged[first + 20] ^= 1
    path.write_bytes(damaged)
    events = read(path)
    assert next(events) == HEADER
    with pytest.raises(CorruptValue, match=f"damaged after byte {first}"):
        list(events)
    with pytest.raises(ConfigError, match=f"damaged after byte {first}"):
        RecordingFile(path, max_bytes=MAX_BYTES)
    assert path.read_bytes() == damaged


def test_two_recorders_cannot_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "a.recording"
    with writing(path) as file:
        file.append([HEADER])
        with pytest.raises(ConfigError, match="another `virtuoso record` is writing to it"):
            RecordingFile(path, max_bytes=MAX_BYTES)
    with writing(path) as file:
        assert file.size == path.stat().st_size


def test_a_file_does_not_grow_above_its_maximum(tmp_path: Path) -> None:
    path = tmp_path / "a.recording"
    with writing(path, max_bytes=2_000) as file:
        assert file.append([HEADER])
        number = 0
        while file.append(batch(number)):
            number += 1
    assert number > 3
    assert path.stat().st_size <= 2_000
    assert len(list(read(path))) == number + 1


def test_a_failed_write_does_not_change_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.recording"
    events = written(path, 2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with writing(path) as file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.size + 50, hard))
        try:
            with pytest.raises(OSError, match="too large"):
                file.append(batch(3))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(read(path)) == events


def test_the_error_for_an_unusable_path_has_the_path(tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "a.recording", tmp_path):
        with pytest.raises(ConfigError, match=str(path)):
            RecordingFile(path, max_bytes=MAX_BYTES)
        with pytest.raises(ConfigError, match=str(path)):
            list(read(path))


def test_a_new_file_without_events_is_removed_but_an_existing_empty_file_is_kept(tmp_path: Path) -> None:
    with writing(tmp_path / "new.recording"):
        pass
    (tmp_path / "there.recording").touch()
    with writing(tmp_path / "there.recording"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["there.recording"]
