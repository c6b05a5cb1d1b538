"""Who calls, and how many streams each caller has open.

A limit for all callers alone would let one of them take everything. A caller is an IPv4 address, or an IPv6 network of
CALLER_BITS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import unquote

from virtuoso.domain.addresses import caller, is_private
from virtuoso.domain.errors import TooManyStreams

FORWARDED = "x-forwarded-for"


class Call(Protocol):
    """The part of grpc.aio.ServicerContext that says who calls."""

    def peer(self) -> str: ...

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...] | None: ...


def caller_of(call: Call) -> str:
    """Return the caller of an RPC: its peer, or the address for which the peer forwards the call.

    The edge and grpc-gateway put that address last in `x-forwarded-for`. It counts only from a private address or from this
    machine, because anybody can write the header."""
    peer = unquote(call.peer().partition(":")[2]).rpartition(":")[0].strip("[]")
    if is_private(peer):
        for key, value in reversed(call.invocation_metadata() or ()):
            if key == FORWARDED:
                return caller(str(value).rpartition(",")[2].strip())
    return caller(peer)


class StreamShares:
    """The open streams of each caller, of which one caller may have `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, call: Call) -> Iterator[None]:
        """Count one stream of the caller while the body runs. Raise TooManyStreams when it has `limit` already."""
        name = caller_of(call)
        if self._open[name] >= self._limit:
            raise TooManyStreams(f"{self._limit} streams from this address are already open on this server")
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]
