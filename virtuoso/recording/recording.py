"""The file: gzip members one after the other, each a batch of whole lines. What a crash or a full disk leaves behind is a
member that is not whole at the end: readers stop before it, the next recorder cuts it off. `zcat` reads it too."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from virtuoso.domain.errors import ConfigError, CorruptValue

FORMAT = 2  # from 2 on a pass says whether it traded
CHUNK = 1 << 20

Event = Mapping[str, Any]


class RecordingFile:
    """A tape open for writing at its end, by nobody else; created when it is not there. It never grows above `max_bytes`.

    ConfigError when `path` cannot be written, another recorder has it, it is something else than a tape, or damaged before
    its end. The file is untouched then.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self.path, self.max_bytes = path, max_bytes
        if path.exists() and not path.is_file():
            raise ConfigError(f"FILE={path}: is no regular file")
        self._made = not path.exists()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ConfigError(f"FILE={path}: cannot be written: {error.strerror}") from error
        try:
            self._lock()
            self.size = self._end_of_whole()
            os.ftruncate(self._file, self.size)
        except BaseException:
            os.close(self._file)
            raise

    def append(self, events: Iterable[Event]) -> bool:
        """Write a batch; False when the tape is too full for it, which is then left out whole. OSError when the disk does
        not take it, which leaves the tape as it was."""
        lines = b"".join(json.dumps(event, separators=(",", ":")).encode() + b"\n" for event in events)
        member = memoryview(gzip.compress(lines, compresslevel=6, mtime=0))
        if self.size + len(member) > self.max_bytes:
            return False
        try:
            os.lseek(self._file, self.size, os.SEEK_SET)
            written = 0
            while written < len(member):
                written += os.write(self._file, member[written:])
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(member)
        return True

    def close(self) -> None:
        """Let go of the file; one that was made here and holds nothing is removed."""
        if self._made and self.size == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._file)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"FILE={self.path}: another `virtuoso record` writes it; choose another file") from error

    def _end_of_whole(self) -> int:
        """Where the next batch is to be written."""
        if os.fstat(self._file).st_size == 0:
            return 0
        end = 0
        try:
            with self.path.open("rb") as file:
                for content, after in _members(file, self.path):
                    if not end:
                        _refuse_foreign(content, self.path)
                    end = after
        except CorruptValue as error:
            raise ConfigError(f"FILE={error}; choose another file") from error
        if not end:
            raise _foreign(self.path)
        return end


def read(path: Path) -> Iterator[Event]:
    """The events of a tape, in order. ConfigError when there is no such file or it is not a tape of this format,
    CorruptValue where it is damaged; a torn end is the end."""
    try:
        with path.open("rb") as file:
            first = True
            for content, _ in _members(file, path):
                if first:
                    _refuse_foreign(content, path)
                    first = False
                for line in content.splitlines():
                    yield json.loads(line)
            if first:
                raise _foreign(path)
    except OSError as error:
        raise ConfigError(f"FILE={path}: cannot be read: {error.strerror}") from error


def header(path: Path) -> Event:
    """The event with which the first session begins. ConfigError as `read`."""
    return next(read(path))


def _members(file: BinaryIO, path: Path) -> Iterator[tuple[bytes, int]]:
    """(content, place of the next one in the file) of every whole member. CorruptValue for one that does not check."""
    end, rest = 0, b""
    while True:
        unzip, parts, taken = zlib.decompressobj(wbits=31), [], 0
        while not unzip.eof:
            chunk, rest = rest or file.read(CHUNK), b""
            if not chunk:
                return  # the end, also a torn one
            taken += len(chunk)
            try:
                parts.append(unzip.decompress(chunk))
            except zlib.error as error:
                if end == 0:
                    raise _foreign(path) from error
                file.seek(-8, os.SEEK_END)
                if file.read() == bytes(8):  # no member ends so: a power cut, after which the file system filled up the file
                    return
                raise CorruptValue(f"{path} is damaged after byte {end} and cannot be trusted from there on") from error
        rest = unzip.unused_data
        end += taken - len(rest)
        yield b"".join(parts), end


def _refuse_foreign(content: bytes, path: Path) -> None:
    """ConfigError unless these are the first lines of a tape that can be read here."""
    try:
        first = json.loads(content[: content.index(b"\n")])
        version = first["tape"]
    except (ValueError, KeyError, TypeError) as error:
        raise _foreign(path) from error
    if version != FORMAT:
        raise ConfigError(f"FILE={path}: a tape of format {version}; this version reads and writes format {FORMAT}")


def _foreign(path: Path) -> ConfigError:
    return ConfigError(f"FILE={path}: not a tape of `virtuoso record`, and left as it is")
