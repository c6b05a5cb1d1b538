"""The creation of the repository, with all its layers, from the setting CACHE."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from virtuoso.domain.addresses import Address, memcached_servers
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.repository.directory import DirectoryRepository
from virtuoso.repository.memcached import MemcachedRepository
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.sharded import ShardedRepository
from virtuoso.repository.tiered import TieredRepository

_ALLOWED = "memory:, directory:/a/path, or memcached://host:port[,host:port...]"
_ONLY_SERVER_S = 1.0  # the timeout of a call when there is one server
_ONE_OF_SEVERAL_S = 0.45  # the timeout of a call when there are several, so that there is time for a second one


def open_repository(url: str, node_directory: Path | None, *, cluster_keys: Sequence[str] = ()) -> TieredRepository:
    """Return the repository of `url`: memory:, directory:/a/path or memcached://host:port,host:port.

    With memcached, `node_directory` is the second tier. `cluster_keys`: see Envelope. This function does not connect or
    write. Raise ConfigError if `url` is not valid."""
    scheme, _, rest = url.partition(":")
    if url == "memory:":
        return TieredRepository([MemoryRepository()])
    if scheme == "directory" and rest:
        return TieredRepository([DirectoryRepository(Path(rest).expanduser(), keys=cluster_keys)])
    try:
        servers = memcached_servers(url)
    except ValueError as error:
        raise _config_error(url, str(error)) from error
    if servers:
        tiers: list[SnapshotRepository] = [_sharded(servers, cluster_keys)]
        if node_directory is not None:
            tiers.append(DirectoryRepository(node_directory, keys=cluster_keys))
        return TieredRepository(tiers)
    raise _config_error(url, "its kind is unknown")


def _sharded(servers: Sequence[Address], cluster_keys: Sequence[str]) -> ShardedRepository:
    timeout_s = _ONLY_SERVER_S if len(servers) == 1 else _ONE_OF_SEVERAL_S
    repositories = {
        f"{host}:{port}": MemcachedRepository(host, port, timeout_s=timeout_s, keys=cluster_keys) for host, port in servers
    }
    return ShardedRepository(repositories, timeout_s=timeout_s + 0.05)


def _config_error(url: str, why: str) -> ConfigError:
    return ConfigError(f"CACHE: {url!r} is not allowed: {why}; expected {_ALLOWED}")
