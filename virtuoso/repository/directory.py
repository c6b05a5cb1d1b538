"""Values as files of one directory: for the processes of one node, and for what must outlive them.

A file is a sealed value with its expiry; its modification time says when it was written. It is replaced by a rename, so a
reader sees the old value or the new one. Nothing is synced to the disk: after a power failure a file may be cut, which its
envelope shows, and the next publish is seconds away. A file counts as expired when its time is over or, the clock having
been set back, when it was written in what is now the future: neither keeps a value for ever nor anyone out.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.repository.envelope import HEADER, LARGEST_VALUE, peek, refuse_giant, seal, unseal
from virtuoso.repository.guarded import NoAnswer
from virtuoso.repository.threads import Threads

T = TypeVar("T")

_SUFFIX = ".virtuoso"
_PART = ".virtuoso-part"
_LOCK = ".virtuoso-lock"
_LONGEST_NAME = 180  # file systems take 255 bytes, and a part's name is longer
_SLACK_S = 60.0  # how far back the clock may be set before what is stored counts as expired
_SWEEP_S = 30.0
_ORPHAN_S = 60.0  # a part or a broken file of this age is nobody's any more
_LOCK_S = 0.3
_FULL = {errno.ENOSPC, errno.EDQUOT}


class DirectoryRepository:
    """A repository in `path`, which is made when first written to. `clock` is Unix time in seconds. A write that is not
    done within `timeout_s` is given up."""

    name = "directory"

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, timeout_s: float = 1.0) -> None:
        self._path = path
        self._clock = clock
        self._timeout_s = timeout_s
        self._threads = Threads(f"directory {path}")
        self._sweep_at = 0.0

    async def get(self, key: str) -> bytes | None:
        """See the port; also CorruptValue."""
        return await self._threads.run(lambda: self._get(key))

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        refuse_giant(value)
        ends = time.monotonic() + self._timeout_s
        await self._threads.run(lambda: self._set(key, value, ttl_s, ends))
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + _SWEEP_S
            self._threads.start(self._sweep)

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port. Other processes see it too; the death of the holder frees it when `ttl_s` is over."""
        ends = time.monotonic() + self._timeout_s
        return await self._threads.run(lambda: self._lease(key, owner.encode(), ttl_s, ends))

    async def close(self) -> None:
        """See the port."""
        await self._threads.close()

    # ------------------------------------------------------------------------------------------ in a thread, from here

    def _get(self, key: str) -> bytes | None:
        try:
            with self._file(key).open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_size > LARGEST_VALUE + HEADER:
                    raise CorruptValue(f"{status.st_size} bytes are more than any value has")
                blob = file.read()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise self._error("read", exc) from exc
        value, expires_ms = unseal(blob)
        return None if self._expired(status.st_mtime, expires_ms) else value

    def _set(self, key: str, value: bytes, ttl_s: float, ends: float) -> None:
        try:
            self._replace(key, value, ttl_s, ends)
        except OSError as exc:
            if exc.errno not in _FULL:
                raise self._error("written", exc) from exc
            self._sweep()
            try:
                self._replace(key, value, ttl_s, ends)
            except OSError as still:
                raise self._error("written", still) from still

    def _replace(self, key: str, value: bytes, ttl_s: float, ends: float) -> None:
        now = self._clock()
        file = self._file(key)
        part = self._part(file)
        self._path.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(seal(value, int((now + ttl_s) * 1000)))
            os.utime(part, (now, now))
            if time.monotonic() > ends:
                raise NoAnswer(f"{self._path} takes more than {self._timeout_s:g} s to write to")
            part.rename(file)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _lease(self, key: str, owner: bytes, ttl_s: float, ends: float) -> bool:
        with self._locked(key):
            try:
                holder = self._get(key)
            except CorruptValue:
                holder = None
            if holder is not None and holder != owner:
                return False
            self._set(key, owner, ttl_s, ends)
            return True

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        """Holds the key's lock among threads and processes; the kernel frees that of a process that dies."""
        ends = time.monotonic() + _LOCK_S
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._file(key).with_suffix(_LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as exc:
            raise self._error("written", exc) from exc
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as exc:
                    if time.monotonic() > ends:
                        raise RepositoryError(f"the lock on {key} in {self._path} is held by another process") from exc
                    time.sleep(0.002)
                except OSError as exc:
                    raise self._error("locked", exc) from exc
            yield
        finally:
            os.close(descriptor)

    def _sweep(self) -> None:
        """Remove what nobody will read again. Only files of ours are touched. What cannot be removed is left."""
        with suppress(OSError), os.scandir(self._path) as entries:
            for entry in entries:
                with suppress(OSError):
                    file = Path(entry.path)
                    if not entry.is_file(follow_symlinks=False):
                        continue
                    if file.name.endswith(_PART):
                        if self._orphaned(entry.stat().st_mtime):
                            file.unlink()
                    elif file.name.endswith(_SUFFIX) and self._useless(file):
                        self._remove(file)

    def _remove(self, file: Path) -> None:
        """Take it aside, look again, and put it back if a writer has just replaced it."""
        aside = self._part(file)
        file.rename(aside)
        if not self._useless(aside):
            with suppress(FileExistsError):
                os.link(aside, file)
        aside.unlink()

    def _useless(self, file: Path) -> bool:
        with file.open("rb") as opened:
            written_s = os.fstat(opened.fileno()).st_mtime
            start = opened.read(HEADER)
        try:
            expires_ms, _ = peek(start)
        except CorruptValue:
            return self._orphaned(written_s)
        return self._expired(written_s, expires_ms)

    def _expired(self, written_s: float, expires_ms: int) -> bool:
        return not written_s - _SLACK_S <= self._clock() < expires_ms / 1000

    def _orphaned(self, written_s: float) -> bool:
        return abs(self._clock() - written_s) > _ORPHAN_S

    def _file(self, key: str) -> Path:
        name = quote(key, safe=":")
        if len(name) > _LONGEST_NAME:
            name = f"{name[:100]}#{blake2b(key.encode(), digest_size=16).hexdigest()}"
        return self._path / (name + _SUFFIX)

    def _part(self, file: Path) -> Path:
        return file.with_suffix(f".{secrets.token_hex(6)}{_PART}")

    def _error(self, deed: str, exc: OSError) -> RepositoryError:
        if exc.errno in _FULL:
            advice = "the disk is full: free some room, or let CACHE name a directory elsewhere"
        elif exc.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            advice = "this user may not: change its owner or rights, or let CACHE name another directory"
        elif exc.errno in {errno.ENOTDIR, errno.EEXIST}:
            advice = "a file is in its place: remove it, or let CACHE name another directory"
        else:
            advice = "look at the disk, or let CACHE name a directory elsewhere"
        return RepositoryError(f"{self._path} cannot be {deed} ({exc.strerror or exc}): {advice}")
