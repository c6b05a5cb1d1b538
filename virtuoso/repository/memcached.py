"""Values in one memcached server, through the blocking pymemcache in threads of its own.

A value lies under its key as a sealed "V" + value. Above `CHUNK` bytes it is sealed whole and cut; the pieces lie under
`key:write id:number`, and under the key a sealed "M" + write id + number of pieces, written last. So a reader sees the old
value or the new one, and a piece that was lost since shows. Pieces of a replaced value stay until their time is over or
memcached needs the room: a reader may still be at them.
"""

from __future__ import annotations

import math
import secrets
import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from pymemcache.client.base import Client, PooledClient
from pymemcache.exceptions import MemcacheError, MemcacheServerError, MemcacheUnexpectedCloseError

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.repository.envelope import refuse_giant, seal, unseal
from virtuoso.repository.guarded import NoAnswer
from virtuoso.repository.threads import Threads

T = TypeVar("T")

CHUNK = 1_000_000  # memcached's item limit of 1 MiB counts key and overhead too
_THREADS = 4
_RELATIVE_TTL_LIMIT_S = 30 * 86_400  # above, memcached takes the number for a Unix time
_MANIFEST = struct.Struct(">c8sH")


class _Connection(Client):  # type: ignore[misc]  # pymemcache is untyped here
    """Tries every address of the host: `localhost` is often ::1 first, where memcached listens on IPv4 only."""

    server: tuple[str, int]

    def _connect(self) -> None:
        name, port = self.server
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        try:
            for address in addresses:
                self.server = (address, port)
                try:
                    super()._connect()
                    return
                except OSError:
                    if address == addresses[-1]:
                        raise
        finally:
            self.server = (name, port)


class MemcachedRepository:
    """One server. Every call ends within about `timeout_s`, however large the value: past that NoAnswer is raised.
    `clock` is Unix time in seconds, needed for lifetimes above 30 days only."""

    name = "memcached"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float = 1.0,
        connect_timeout_s: float = 0.5,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._address = f"{self.name} {host}:{port}"
        self._timeout_s = timeout_s
        self._clock = clock
        self._threads = Threads(self._address, _THREADS)
        self._client = PooledClient(
            (host, port),
            connect_timeout=min(connect_timeout_s, timeout_s),
            timeout=timeout_s,
            no_delay=True,
            default_noreply=False,  # with noreply a set that the server refused looks like a success
            max_pool_size=2 * _THREADS,
        )
        self._client.client_class = _Connection

    async def get(self, key: str) -> bytes | None:
        """See the port; also CorruptValue."""
        return await self._run(lambda ends: self._get(key, ends))

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        refuse_giant(value)
        await self._run(lambda ends: self._set(key, value, self._expire(ttl_s), ends))

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        return await self._run(lambda ends: self._lease(key, seal(owner.encode()), self._expire(ttl_s), ends))

    async def remove(self, key: str) -> None:
        """The value is absent afterwards, whether or not there was one. RepositoryError when that cannot be had."""
        await self._run(lambda ends: self._do(ends, lambda client: client.delete(key)))

    async def close(self) -> None:
        """See the port."""
        await self._threads.close()
        self._client.close()

    def _expire(self, ttl_s: float) -> int:
        """memcached counts whole seconds and rounds down; one more makes it at least `ttl_s`."""
        seconds = max(0, math.ceil(ttl_s)) + 1
        return seconds if seconds <= _RELATIVE_TTL_LIMIT_S else int(self._clock()) + seconds

    async def _run(self, call: Callable[[float], T]) -> T:
        ends = time.monotonic() + self._timeout_s
        return await self._threads.run(lambda: call(ends))

    # ------------------------------------------------------------------------------------------ in a thread, from here

    def _get(self, key: str, ends: float) -> bytes | None:
        stored = self._do(ends, lambda client: client.get(key))
        if stored is None:
            return None
        payload, _ = unseal(stored)
        if payload[:1] == b"V":
            return payload[1:]
        try:
            _, write_id, count = _MANIFEST.unpack(payload)
        except struct.error as exc:
            raise CorruptValue("neither a value nor a list of pieces") from exc
        pieces = [self._piece(_piece_key(key, write_id, number), ends) for number in range(count)]
        return unseal(b"".join(pieces))[0]

    def _piece(self, key: str, ends: float) -> bytes:
        piece = self._do(ends, lambda client: client.get(key))
        if piece is None:
            raise CorruptValue(f"piece {key} is gone")
        return bytes(piece)

    def _set(self, key: str, value: bytes, expire: int, ends: float) -> None:
        if len(value) < CHUNK:
            self._store(key, seal(b"V" + value), expire, ends)
            return
        write_id = secrets.token_bytes(8)
        whole = seal(value)
        pieces = {
            _piece_key(key, write_id, number): whole[start : start + CHUNK]
            for number, start in enumerate(range(0, len(whole), CHUNK))
        }
        for piece_key, piece in pieces.items():
            self._store(piece_key, piece, expire, ends)
        for piece_key in pieces:  # a server too small for the value dropped the first pieces for the last
            if not self._do(ends, partial(_touch, key=piece_key, expire=expire)):
                raise RepositoryError(f"{self._address} has no room for {len(value)} bytes: give it more memory (-m)")
        self._store(key, seal(_MANIFEST.pack(b"M", write_id, len(pieces))), expire, ends)

    def _store(self, key: str, stored: bytes, expire: int, ends: float) -> None:
        if not self._do(ends, lambda client: client.set(key, stored, expire=expire)):
            raise RepositoryError(f"{self._address} did not store {len(stored)} bytes")

    def _lease(self, key: str, mine: bytes, expire: int, ends: float) -> bool:
        for _ in range(3):  # again when it expires or changes between two commands
            if self._do(ends, lambda client: client.add(key, mine, expire=expire)):
                return True
            held, token = self._do(ends, lambda client: client.gets(key))
            if held is None:
                continue
            if held != mine and _is_sealed(held):
                return False
            if self._do(ends, partial(_swap, key=key, stored=mine, token=token, expire=expire)):
                return True
        return False

    def _do(self, ends: float, command: Callable[[PooledClient], T]) -> T:
        """The command's result; pymemcache's errors become ours. Kept connections may have been closed by a restart of the
        server: each such failure drops one, so after as many there is a fresh one."""
        failure: Exception | None = None
        for _ in range(2 * _THREADS + 1):
            if time.monotonic() >= ends:
                raise NoAnswer(f"{self._address} did not answer within {self._timeout_s:g} s") from failure
            try:
                return command(self._client)
            except TimeoutError as exc:
                raise NoAnswer(f"{self._address} did not answer within {self._timeout_s:g} s") from exc
            except (MemcacheUnexpectedCloseError, BrokenPipeError, ConnectionResetError) as exc:
                failure = exc
            except MemcacheServerError as exc:
                words = b" ".join(a for a in exc.args if isinstance(a, bytes)).decode(errors="replace")
                raise RepositoryError(
                    f"{self._address} refuses: {words}; it needs -I 1m or more, and memory (-m) for a few snapshots"
                ) from exc
            except OSError as exc:
                raise RepositoryError(f"{self._address} cannot be reached: {exc.strerror or exc}") from exc
            except (MemcacheError, ValueError, LookupError) as exc:  # what a server of another kind makes of the client
                raise RepositoryError(f"{self._address} does not speak memcached: {exc!r}") from exc
        raise RepositoryError(f"{self._address} closes every connection") from failure


def _touch(client: PooledClient, *, key: str, expire: int) -> bool:
    return bool(client.touch(key, expire))


def _swap(client: PooledClient, *, key: str, stored: bytes, token: bytes, expire: int) -> bool:
    return bool(client.cas(key, stored, token, expire=expire))


def _piece_key(key: str, write_id: bytes, number: int) -> str:
    return f"{key}:{write_id.hex()}:{number}"


def _is_sealed(stored: bytes) -> bool:
    try:
        unseal(stored)
    except CorruptValue:
        return False
    return True
