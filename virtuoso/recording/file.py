"""The file of a recording. It is a sequence of xz members, each a batch of complete lines. `xzcat` can also read it.

A venue's messages repeat much of those seconds before. xz remembers so far, gzip does not: a recording of streams is a third
smaller. Formats before 4 have gzip members. A crash or a full disk can leave an incomplete member at the end. Readers stop
before it. The next recorder removes it.
"""

from __future__ import annotations

import fcntl
import json
import lzma
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from virtuoso.domain.errors import ConfigError, CorruptValue
from virtuoso.domain.private_files import FILE_MODE, tighten

FORMAT = 4  # format 3 added events of streams, and format 4 members of xz
READABLE_FORMATS = (2, 3, FORMAT)
RECORDING_KEY = "tape"  # the key of the event that begins a session of a recording; its value is FORMAT
CHUNK = 1 << 20
GZIP, XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"  # how a member begins
PRESET = 1  # the levels above it take several times as long and save a tenth

Event = Mapping[str, Any]


class RecordingFile:
    """A recording that is open for appending, by one recorder at a time. It never becomes larger than `max_bytes`.

    The file is created when it does not exist. Raise ConfigError when `path` cannot be written, another recorder has it
    open, it is not a recording, or it is damaged before its end. The file is not changed in these cases.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self.path, self.max_bytes = path, max_bytes
        if path.exists() and not path.is_file():
            raise ConfigError(f"FILE={path}: not a regular file")
        self._created = not path.exists()
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError as error:
            raise ConfigError(f"FILE={path}: cannot be written: {error.strerror}") from error
        try:
            self._lock()
            tighten([path])
            self.size = self._complete_size()
            os.ftruncate(self._descriptor, self.size)
        except BaseException:
            os.close(self._descriptor)
            raise

    def append(self, events: Iterable[Event]) -> bool:
        """Append a batch. Return False, and write nothing, when the file would exceed `max_bytes`.

        Raise OSError when the write fails. The file then keeps its previous content.
        """
        lines = b"".join(json.dumps(event, separators=(",", ":")).encode() + b"\n" for event in events)
        member = memoryview(lzma.compress(lines, preset=PRESET))
        if self.size + len(member) > self.max_bytes:
            return False
        try:
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            written = 0
            while written < len(member):
                written += os.write(self._descriptor, member[written:])
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(member)
        return True

    def close(self) -> None:
        """Close the file. Delete it when this object created it and it is empty."""
        if self._created and self.size == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                f"FILE={self.path}: another `virtuoso record` is writing to it; choose another file"
            ) from error

    def _complete_size(self) -> int:
        """Return the size of all complete members, which is the offset of the next batch."""
        if os.fstat(self._descriptor).st_size == 0:
            return 0
        end = 0
        try:
            with self.path.open("rb") as file:
                for content, after in _members(file, self.path):
                    if not end:
                        _require_recording(content, self.path)
                    end = after
        except CorruptValue as error:
            raise ConfigError(f"FILE={error}; choose another file") from error
        if not end:
            raise _not_a_recording(self.path)
        return end


def read(path: Path) -> Iterator[Event]:
    """Yield the events of a recording in order. An incomplete member at the end is ignored.

    Raise ConfigError when the file does not exist or is not a recording of this format. Raise CorruptValue at damage.
    """
    try:
        with path.open("rb") as file:
            first = True
            for content, _ in _members(file, path):
                if first:
                    _require_recording(content, path)
                    first = False
                for line in content.splitlines():
                    yield json.loads(line)
            if first:
                raise _not_a_recording(path)
    except OSError as error:
        raise ConfigError(f"FILE={path}: cannot be read: {error.strerror}") from error


def header(path: Path) -> Event:
    """Return the event that begins the first session. Raise ConfigError as `read` does."""
    return next(read(path))


def _members(file: BinaryIO, path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield (content, offset of its end) of every complete member. Raise CorruptValue for one that fails its checksum."""
    end, rest = 0, b""
    while True:
        if len(rest) < len(XZ):
            rest += file.read(CHUNK)
        if len(rest) < len(XZ):
            return
        unzip = zlib.decompressobj(wbits=31) if rest.startswith(GZIP) else lzma.LZMADecompressor(lzma.FORMAT_XZ)
        parts, consumed = [], 0
        while not unzip.eof:
            chunk, rest = rest or file.read(CHUNK), b""
            if not chunk:
                return  # the file ended, maybe within an incomplete member
            consumed += len(chunk)
            try:
                parts.append(unzip.decompress(chunk))
            except (zlib.error, lzma.LZMAError) as error:
                if end == 0:
                    raise _not_a_recording(path) from error
                file.seek(-8, os.SEEK_END)
                if file.read() == bytes(8):  # zeros that the file system added after a power failure
                    return
                raise CorruptValue(f"{path} is damaged after byte {end}: nothing after it can be trusted") from error
        rest = unzip.unused_data
        end += consumed - len(rest)
        yield b"".join(parts), end


def _require_recording(content: bytes, path: Path) -> None:
    """Raise ConfigError unless these are the first lines of a recording in our format."""
    try:
        first = json.loads(content[: content.index(b"\n")])
        version = first[RECORDING_KEY]
    except (ValueError, KeyError, TypeError) as error:
        raise _not_a_recording(path) from error
    if version not in READABLE_FORMATS:
        raise ConfigError(f"FILE={path}: a recording of format {version}; this version reads formats 2 to 4 and writes 4")


def _not_a_recording(path: Path) -> ConfigError:
    return ConfigError(f"FILE={path}: not a recording of `virtuoso record`; it was left unchanged")
