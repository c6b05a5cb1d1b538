"""Notices that a snapshot was published, between the processes of one node.

A reader binds a datagram socket in the folder of its node. After each head, the publisher sends an empty datagram to every
socket in the folder. A notice only says that it is time to look, so a lost one costs no more than the next poll."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from virtuoso.repository import keys

if TYPE_CHECKING:
    from virtuoso.domain.ports import SnapshotRepository

SUFFIX = ".notice"
_DATAGRAMS_READ = 64  # at most this many waiting notices become one
log = logging.getLogger(__name__)


class NotifyingRepository:
    """A repository that sends a notice to the sockets in `folder` after it has stored a head."""

    def __init__(self, repository: SnapshotRepository, folder: Path) -> None:
        self._inner, self._folder = repository, folder

    @property
    def name(self) -> str:
        """Return the name of the repository."""
        return self._inner.name

    async def get(self, key: str) -> bytes | None:
        """See the port."""
        return await self._inner.get(key)

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        await self._inner.set(key, value, ttl_s=ttl_s)
        if key == keys.HEAD:
            send_notices(self._folder)

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        return await self._inner.lease(key, owner, ttl_s=ttl_s)

    async def close(self) -> None:
        """See the port."""
        await self._inner.close()


def send_notices(folder: Path) -> None:
    """Send a notice to every socket in the folder. Never wait and never raise. Remove the sockets of ended processes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0)
        for path in _sockets(folder):
            try:
                sender.sendto(b"", path)
            except BlockingIOError:  # enough notices wait already
                continue
            except ConnectionRefusedError:
                with contextlib.suppress(OSError):
                    os.unlink(path)
            except OSError as error:
                log.debug("no notice to %s: %s", path, error)


@contextlib.contextmanager
def receiving_notices(folder: Path, notified: Callable[[], None]) -> Iterator[None]:
    """Call `notified` in the running event loop at each notice, until the body ends.

    Without a socket, such as where its path is too long, no notice comes. The reason is logged."""
    path = folder / f"{uuid.uuid4().hex[:12]}{SUFFIX}"
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(0)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _bind(receiver, path)
        except OSError as error:
            log.info("no notices of snapshots, so this process only polls: %s: %s", path, error)
            yield
            return

        def read() -> None:
            with contextlib.suppress(OSError):
                for _ in range(_DATAGRAMS_READ):
                    receiver.recv(1)
            notified()

        loop.add_reader(receiver, read)
        try:
            yield
        finally:
            loop.remove_reader(receiver)
            path.unlink(missing_ok=True)


def _bind(receiver: socket.socket, path: Path) -> None:
    """Bind the socket, so that only processes of this user can send to it."""
    os.fchmod(receiver.fileno(), 0o600)  # on Linux, the path gets the permissions of the socket, minus the umask
    receiver.bind(str(path))
    path.chmod(0o600)


def _sockets(folder: Path) -> Sequence[str]:
    try:
        return [entry.path for entry in os.scandir(folder) if entry.name.endswith(SUFFIX)]
    except OSError:  # no reader has ever started here
        return []
