"""A repository in a directory. The processes of one node share it, and its values outlive them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.repository.envelope import Envelope, check_size
from virtuoso.repository.thread_pool import ThreadPool
from virtuoso.repository.value_files import ValueFiles

_SWEEP_INTERVAL_S = 30.0


class DirectoryRepository:
    """A repository in the directory `path`. The first write creates the directory.

    A write that takes longer than `timeout_s` is abandoned. The module `value_files` describes the file format."""

    name = "directory"

    def __init__(self, path: Path, *, clock: Clock = SYSTEM_CLOCK, timeout_s: float = 1.0, keys: Sequence[str] = ()) -> None:
        self._files = ValueFiles(path, clock=clock, envelope=Envelope(keys))
        self._clock = clock
        self._timeout_s = timeout_s
        self._threads = ThreadPool(f"directory {path}")
        self._next_sweep_at = 0.0

    async def get(self, key: str) -> bytes | None:
        """See the port. Raise CorruptValue when the file is damaged."""
        return await self._threads.run(lambda: self._files.get(key))

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port. Expired files are removed after a write, at most every 30 seconds."""
        check_size(value)
        deadline = self._clock.monotonic() + self._timeout_s
        await self._threads.run(lambda: self._files.set(key, value, ttl_s, deadline))
        if self._clock.monotonic() >= self._next_sweep_at:
            self._next_sweep_at = self._clock.monotonic() + _SWEEP_INTERVAL_S
            self._threads.start(self._files.sweep)

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port. The lease is shared by all processes. The lease of a dead process expires after `ttl_s`."""
        deadline = self._clock.monotonic() + self._timeout_s
        return await self._threads.run(lambda: self._files.lease(key, owner, ttl_s, deadline))

    async def close(self) -> None:
        """See the port."""
        await self._threads.close()
