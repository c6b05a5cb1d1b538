"""From the setting CACHE to the repository that it names, all its layers in place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from virtuoso.domain.errors import ConfigError
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.repository.directory import DirectoryRepository
from virtuoso.repository.memcached import MemcachedRepository
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.ring import Ring
from virtuoso.repository.tiers import TieredRepository

_ALLOWED = "memory:, directory:/a/path, or memcached://host:port[,host:port...]"
_MEMCACHED_PORT = 11211
_ALONE_S = 1.0  # for a call of the only server
_AMONG_OTHERS_S = 0.45  # for a call of one of several: the time is enough for a second one


def open_repository(url: str, node_directory: Path | None) -> TieredRepository:
    """The repository of `url`: memory:, directory:/a/path or memcached://host:port,host:port. memcached gets
    `node_directory` as its second tier. Nothing is connected to or written yet. ConfigError names what is wrong."""
    scheme, colon, rest = url.partition(":")
    if url == "memory:":
        return TieredRepository([MemoryRepository()])
    if scheme == "directory" and rest:
        return TieredRepository([DirectoryRepository(Path(rest).expanduser())])
    if scheme == "memcached" and colon and rest.startswith("//"):
        second: list[SnapshotRepository] = [] if node_directory is None else [DirectoryRepository(node_directory)]
        return TieredRepository([_ring(memcached_servers(url)), *second])
    raise _refusal(url, "it is none of the kinds there are")


def memcached_servers(url: str) -> list[tuple[str, int]]:
    """(host, port) of each server of memcached://host:port,host:port. ConfigError names what is wrong."""
    addresses = url.removeprefix("memcached://").rstrip("/").split(",")
    return list(dict.fromkeys(_place(url, address.strip()) for address in addresses))


def _ring(places: Sequence[tuple[str, int]]) -> Ring:
    timeout_s = _ALONE_S if len(places) == 1 else _AMONG_OTHERS_S
    servers = {f"{host}:{port}": MemcachedRepository(host, port, timeout_s=timeout_s) for host, port in places}
    return Ring(servers, timeout_s=timeout_s + 0.05)


def _place(url: str, address: str) -> tuple[str, int]:
    """ "host", "host:port", "[::1]:port" """
    bracketed = address.startswith("[")
    host, _, port = address.removeprefix("[").partition("]:" if bracketed else ":")
    host = host.removesuffix("]")
    if not host or " " in host or "/" in host:
        raise _refusal(url, f"{address!r} names no host")
    if not port:
        return host, _MEMCACHED_PORT
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise _refusal(url, f"the port of {address!r} is not a number from 1 to 65535")
    return host, int(port)


def _refusal(url: str, why: str) -> ConfigError:
    return ConfigError(f"CACHE: {url!r} is not allowed: {why}; allowed are {_ALLOWED}")
