"""Values in one memcached server, with blocking calls of pymemcache.

A small value is stored under its key as a sealed "V" + value. A value of CHUNK_BYTES or more is sealed, then split into
chunks. The chunks are stored under `key:write id:number`. A sealed "M" + write id + number of chunks is then stored under
the key. A reader therefore sees the old value or the new one, and detects lost chunks. The chunks of a replaced value are
kept until they expire or memcached needs the memory, because a reader may still need them.
"""

from __future__ import annotations

import math
import secrets
import socket
import struct
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from pymemcache.client.base import Client, PooledClient
from pymemcache.exceptions import MemcacheError, MemcacheServerError, MemcacheUnexpectedCloseError

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import CorruptValue, RepositoryError, RepositoryTimedOut
from virtuoso.repository.envelope import HEADER_BYTES, MAX_VALUE_BYTES, Envelope

T = TypeVar("T")

CHUNK_BYTES = 1_000_000  # memcached's item limit of 1 MiB includes the key and overhead
CONNECTIONS = 8
_RELATIVE_TTL_LIMIT_S = 30 * 86_400  # memcached interprets a larger number as a Unix time
_MANIFEST = struct.Struct(">c8sH")
_LEASE_ATTEMPTS = 3  # the lease may expire or change between two commands
_MAX_CHUNKS = math.ceil((MAX_VALUE_BYTES + HEADER_BYTES) / CHUNK_BYTES)
_CLOCK_SLACK_MS = 60_000  # the maximum difference between the clocks of two machines


class _Connection(Client):  # type: ignore[misc]  # pymemcache is untyped here
    """A connection that tries all addresses of the host. `localhost` is often ::1 first, but memcached may use only IPv4."""

    server: tuple[str, int]

    def _connect(self) -> None:
        name, port = self.server
        resolved = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in resolved))
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


class MemcachedClient:
    """A client for one server. Every call blocks.

    A call raises RepositoryTimedOut at its deadline, for values of any size. The deadline is a time of the monotonic clock.
    A single command waits for at most `timeout_s`. All calls raise RepositoryError when the server cannot be used. `name` is
    for messages."""

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        *,
        timeout_s: float,
        connect_timeout_s: float,
        clock: Clock,
        envelope: Envelope,
    ) -> None:
        self._name = name
        self._envelope = envelope
        self._timeout_s = timeout_s
        self._clock = clock
        self._pool = PooledClient(
            (host, port),
            connect_timeout=min(connect_timeout_s, timeout_s),
            timeout=timeout_s,
            no_delay=True,
            default_noreply=False,  # with noreply, a refused set looks like a success
            max_pool_size=CONNECTIONS,
        )
        self._pool.client_class = _Connection

    def get(self, key: str, deadline: float) -> bytes | None:
        """Return the value, or None when there is none. Raise CorruptValue when it is damaged."""
        stored = self._execute(deadline, lambda pool: pool.get(key))
        if stored is None:
            return None
        payload, expires_ms = self._envelope.unseal(key, stored)
        if self._is_expired(expires_ms):
            return None
        if payload[:1] == b"V":
            return payload[1:]
        try:
            _, write_id, count = _MANIFEST.unpack(payload)
        except struct.error as error:
            raise CorruptValue("neither a value nor a list of chunks") from error
        if count > _MAX_CHUNKS:
            raise CorruptValue(f"a list of {count} chunks, and no value has more than {_MAX_CHUNKS}")
        chunks = [self._get_chunk(_chunk_key(key, write_id, number), deadline) for number in range(count)]
        return self._envelope.unseal(key, b"".join(chunks))[0]

    def set(self, key: str, value: bytes, ttl_s: float, deadline: float) -> None:
        """Store the value for at least `ttl_s` seconds."""
        expire, expires_ms = self._expire(ttl_s), self._expires_ms(ttl_s)
        if len(value) < CHUNK_BYTES:
            self._store(key, self._envelope.seal(key, b"V" + value, expires_ms), expire, deadline)
            return
        write_id = secrets.token_bytes(8)
        whole = self._envelope.seal(key, value, expires_ms)
        chunks = {
            _chunk_key(key, write_id, number): whole[start : start + CHUNK_BYTES]
            for number, start in enumerate(range(0, len(whole), CHUNK_BYTES))
        }
        for chunk_key, chunk in chunks.items():
            self._store(chunk_key, chunk, expire, deadline)
        for chunk_key in chunks:  # a server without enough memory has evicted the first chunks
            if not self._execute(deadline, partial(_touch, key=chunk_key, expire=expire)):
                raise RepositoryError(f"{self._name} has too little memory for {len(value)} bytes: give it more (-m)")
        manifest = _MANIFEST.pack(b"M", write_id, len(chunks))
        self._store(key, self._envelope.seal(key, manifest, expires_ms), expire, deadline)

    def lease(self, key: str, owner: str, ttl_s: float, deadline: float) -> bool:
        """Take or renew the lease. Return True if `owner` holds it now.

        The stored lease has its own expiry, so that a lease that memcached never expires does not block anybody."""
        expire, mine = self._expire(ttl_s), self._envelope.seal(key, owner.encode(), self._expires_ms(ttl_s))
        for _ in range(_LEASE_ATTEMPTS):
            if self._execute(deadline, lambda pool: pool.add(key, mine, expire=expire)):
                return True
            stored, token = self._execute(deadline, lambda pool: pool.gets(key))
            if stored is None:
                continue
            if self._holder(key, stored, ttl_s) not in (None, owner.encode()):
                return False
            if self._execute(deadline, partial(_compare_and_set, key=key, stored=mine, token=token, expire=expire)):
                return True
        return False

    def remove(self, key: str, deadline: float) -> None:
        """Remove the value, if there is one."""
        self._execute(deadline, lambda pool: pool.delete(key))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _holder(self, key: str, stored: bytes, ttl_s: float) -> bytes | None:
        """Return the owner in a stored lease. Return None when it is invalid, has expired, or would outlast any lease."""
        try:
            holder, expires_ms = self._envelope.unseal(key, stored)
        except CorruptValue:
            return None
        longest_ms = self._expires_ms(ttl_s) + _CLOCK_SLACK_MS
        return None if self._is_expired(expires_ms) or expires_ms > longest_ms else holder

    def _expires_ms(self, ttl_s: float) -> int:
        return self._clock.now_ms() + math.ceil(ttl_s * 1000)

    def _is_expired(self, expires_ms: int) -> bool:
        """Return True when a value is older than any clock of the cluster can explain. memcached itself expires values in
        time; this is for values that it never expires."""
        return self._clock.now_ms() > expires_ms + _CLOCK_SLACK_MS

    def _expire(self, ttl_s: float) -> int:
        """Return the expiry for memcached. It counts whole seconds and rounds down, so one second is added."""
        seconds = max(0, math.ceil(ttl_s)) + 1
        return seconds if seconds <= _RELATIVE_TTL_LIMIT_S else self._clock.now_ms() // 1000 + seconds

    def _get_chunk(self, key: str, deadline: float) -> bytes:
        chunk = self._execute(deadline, lambda pool: pool.get(key))
        if chunk is None:
            raise CorruptValue(f"chunk {key} is missing")
        return bytes(chunk)

    def _store(self, key: str, stored: bytes, expire: int, deadline: float) -> None:
        if not self._execute(deadline, lambda pool: pool.set(key, stored, expire=expire)):
            raise RepositoryError(f"{self._name} did not store {len(stored)} bytes")

    def _execute(self, deadline: float, command: Callable[[PooledClient], T]) -> T:
        """Return the result of the command. Convert the errors of pymemcache to our errors.

        A restart of the server closes all pooled connections. Each failed attempt removes one of them from the pool. After
        CONNECTIONS failures, the connection is therefore a new one."""
        failure: Exception | None = None
        for _ in range(CONNECTIONS + 1):
            if self._clock.monotonic() >= deadline:
                raise RepositoryTimedOut(f"{self._name} did not answer within {self._timeout_s:g} s") from failure
            try:
                return command(self._pool)
            except TimeoutError as error:
                raise RepositoryTimedOut(f"{self._name} did not answer within {self._timeout_s:g} s") from error
            except (MemcacheUnexpectedCloseError, BrokenPipeError, ConnectionResetError) as error:
                failure = error
            except MemcacheServerError as error:
                reply = b" ".join(part for part in error.args if isinstance(part, bytes)).decode(errors="replace")
                raise RepositoryError(
                    f"{self._name} refuses: {reply}; it needs -I 1m or more, and memory (-m) for a few snapshots"
                ) from error
            except OSError as error:
                raise RepositoryError(f"{self._name} cannot be reached: {error.strerror or error}") from error
            except (MemcacheError, ValueError, LookupError) as error:  # from a server that is not memcached
                raise RepositoryError(f"{self._name} is not a memcached server: {error!r}") from error
        raise RepositoryError(f"{self._name} closes every connection") from failure


def _touch(pool: PooledClient, *, key: str, expire: int) -> bool:
    return bool(pool.touch(key, expire))


def _compare_and_set(pool: PooledClient, *, key: str, stored: bytes, token: bytes, expire: int) -> bool:
    return bool(pool.cas(key, stored, token, expire=expire))


def _chunk_key(key: str, write_id: bytes, number: int) -> str:
    return f"{key}:{write_id.hex()}:{number}"
