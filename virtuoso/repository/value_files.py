"""Values as files of one directory, with blocking calls.

A file contains a sealed value with its expiry. Its modification time is the time of the write. A rename replaces the file.
A reader therefore sees the old value or the new one. Files are not synced to the disk. After a power failure, a file may be
truncated. Its envelope shows this, and the next value is published within seconds.

Only their owner may read the files. Files of an older version become private at the first call.

A file is expired after its expiry time. It is also expired when it was written in the future, because the clock has been set
back. A clock change therefore neither keeps a value forever nor blocks a lease forever.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import CorruptValue, RepositoryError, RepositoryTimedOut
from virtuoso.domain.private_files import FILE_MODE, make_directory, opener, tighten
from virtuoso.repository.envelope import HEADER_BYTES, MAX_VALUE_BYTES, Envelope, read_header

_SUFFIX = ".virtuoso"
_PART = ".virtuoso-part"
_LOCK = ".virtuoso-lock"
_LONGEST_NAME = 180  # bytes; file systems allow 255, and the names of parts are longer
_CLOCK_SLACK_S = 60.0  # a file expires when it was written further in the future than this
_ORPHAN_S = 60.0  # no process still writes a part or a damaged file that is older than this
_LOCK_TIMEOUT_S = 0.3
_FULL = {errno.ENOSPC, errno.EDQUOT}


class ValueFiles:
    """The files in the directory `path`. The first write creates the directory. Every call blocks.

    After `deadline`, a time of the monotonic clock, a write is abandoned."""

    def __init__(self, path: Path, *, clock: Clock, envelope: Envelope) -> None:
        self._envelope = envelope
        self._path = path
        self._clock = clock
        self._private = False

    def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none or it has expired. Raise CorruptValue when the file is damaged. Raise
        RepositoryError when it cannot be read."""
        self._make_private()
        try:
            with self._file(key).open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_size > MAX_VALUE_BYTES + HEADER_BYTES:
                    raise CorruptValue(f"{status.st_size} bytes are more than the maximum of a value")
                blob = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error("read", error) from error
        value, expires_ms = self._envelope.unseal(key, blob)
        return None if self._expired(status.st_mtime, expires_ms) else value

    def set(self, key: str, value: bytes, ttl_s: float, deadline: float) -> None:
        """Store the value for `ttl_s` seconds. When the disk is full, sweep and try once more. Raise RepositoryError when
        the file cannot be written. Raise RepositoryTimedOut after the deadline."""
        try:
            self._replace(key, value, ttl_s, deadline)
        except OSError as error:
            if error.errno not in _FULL:
                raise self._error("written", error) from error
            self.sweep()
            try:
                self._replace(key, value, ttl_s, deadline)
            except OSError as second:
                raise self._error("written", second) from second

    def lease(self, key: str, owner: str, ttl_s: float, deadline: float) -> bool:
        """Take or renew the lease. Return True if `owner` holds it now. Raise RepositoryError when the holder cannot be
        determined."""
        with self.locked(key):
            try:
                holder = self.get(key)
            except CorruptValue:
                holder = None
            if holder is not None and holder != owner.encode():
                return False
            if holder is None:
                self.set(key, owner.encode(), ttl_s, deadline)
            else:
                self._overwrite(key, holder, ttl_s)
            return True

    @contextmanager
    def locked(self, key: str) -> Iterator[None]:
        """Hold the lock of the key against other threads and processes. The kernel releases the lock of a process that
        dies. Raise RepositoryError when another holder keeps it for too long."""
        give_up_at = self._clock.monotonic() + _LOCK_TIMEOUT_S
        self._make_private()
        try:
            make_directory(self._path)
            descriptor = os.open(self._file(key).with_suffix(_LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError as error:
            raise self._error("written", error) from error
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if self._clock.monotonic() > give_up_at:
                        raise RepositoryError(f"the lock on {key} in {self._path} is held by another process") from error
                    time.sleep(0.002)
                except OSError as error:
                    raise self._error("locked", error) from error
            yield
        finally:
            os.close(descriptor)

    def sweep(self) -> None:
        """Remove expired or orphaned files of this repository. Skip a file that cannot be removed."""
        with suppress(OSError), os.scandir(self._path) as entries:
            for entry in entries:
                with suppress(OSError):
                    file = Path(entry.path)
                    if not entry.is_file(follow_symlinks=False):
                        continue
                    if file.name.endswith(_PART):
                        if self._orphaned(entry.stat().st_mtime):
                            file.unlink()
                    elif file.name.endswith(_SUFFIX) and self._removable(file):
                        self._remove(file)

    def _make_private(self) -> None:
        """Tighten the modes of the directory and of our files in it, once."""
        if not self._private:
            self._private = True
            tighten([self._path, *self._path.glob(f"*{_SUFFIX}*")])

    def _overwrite(self, key: str, value: bytes, ttl_s: float) -> None:
        """Store an equal value with a new expiry in the same file. This needs no room on the disk, so a lease can always be
        renewed."""
        now_ms = self._clock.now_ms()
        try:
            with self._file(key).open("r+b") as file:
                file.write(self._envelope.seal(key, value, now_ms + int(ttl_s * 1000)))
                file.flush()
                os.utime(file.fileno(), (now_ms / 1000, now_ms / 1000))
        except OSError as error:
            raise self._error("written", error) from error

    def _replace(self, key: str, value: bytes, ttl_s: float, deadline: float) -> None:
        now_ms = self._clock.now_ms()
        file = self._file(key)
        part = self._part(file)
        self._make_private()
        make_directory(self._path)
        try:
            with open(part, "xb", opener=opener) as opened:
                opened.write(self._envelope.seal(key, value, now_ms + int(ttl_s * 1000)))
            os.utime(part, (now_ms / 1000, now_ms / 1000))
            if self._clock.monotonic() > deadline:
                raise RepositoryTimedOut(f"{self._path} took too long to write")
            part.rename(file)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _remove(self, file: Path) -> None:
        """Rename the file, check it again, and then delete it. Restore it first if a writer has just replaced it."""
        renamed = self._part(file)
        file.rename(renamed)
        if not self._removable(renamed):
            with suppress(FileExistsError):
                os.link(renamed, file)
        renamed.unlink()

    def _removable(self, file: Path) -> bool:
        with file.open("rb") as opened:
            written_s = os.fstat(opened.fileno()).st_mtime
            start = opened.read(HEADER_BYTES)
        try:
            expires_ms, _ = read_header(start)
        except CorruptValue:
            return self._orphaned(written_s)
        return self._expired(written_s, expires_ms)

    def _expired(self, written_s: float, expires_ms: int) -> bool:
        now_ms = self._clock.now_ms()
        return not (written_s - _CLOCK_SLACK_S) * 1000 <= now_ms < expires_ms

    def _orphaned(self, written_s: float) -> bool:
        return abs(self._clock.now_ms() / 1000 - written_s) > _ORPHAN_S

    def _file(self, key: str) -> Path:
        name = quote(key, safe=":")
        if len(name) > _LONGEST_NAME:
            name = f"{name[:100]}#{blake2b(key.encode(), digest_size=16).hexdigest()}"
        return self._path / (name + _SUFFIX)

    def _part(self, file: Path) -> Path:
        return file.with_suffix(f".{secrets.token_hex(6)}{_PART}")

    def _error(self, participle: str, error: OSError) -> RepositoryError:
        if error.errno in _FULL:
            remedy = "the disk is full: free some space, or set CACHE to a directory on another disk"
        elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            remedy = "this user has no permission: change the owner or the permissions, or set CACHE to another directory"
        elif error.errno in {errno.ENOTDIR, errno.EEXIST}:
            remedy = "a file with this name exists: remove it, or set CACHE to another directory"
        else:
            remedy = "check the disk, or set CACHE to a directory on another disk"
        return RepositoryError(f"{self._path} cannot be {participle} ({error.strerror or error}): {remedy}")
