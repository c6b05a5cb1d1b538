"""A node: a server, the edge and the publishers of snapshots, as child processes."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from virtuoso.app import supervisor
from virtuoso.app.banner import announce
from virtuoso.app.supervisor import Role
from virtuoso.client.tls import ClientTls
from virtuoso.domain.addresses import Address, address_in_use, format_address, reachable
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.private_files import make_directory

SIMULATED = ("bybit", "binance", "okx")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of a node.

    `monitor` is the address of the server's monitor, and `metrics` that of its /metrics. Other processes use the next free
    ports. None means that there is none. `secure`: the edge uses https. `tls` is that of calls to the server."""

    grpc: Address
    edge: Address
    monitor: Address | None
    metrics: Address | None
    secure: bool = False
    tls: ClientTls | None = None


async def run(
    addresses: Addresses,
    environment: str,
    sources: Sequence[Role],
    env: Mapping[str, str],
    stop: asyncio.Event,
    *,
    grace_s: float,
) -> int:
    """Run a server, the edge and `sources` until `stop`. Return the exit code of `supervisor.supervise`.

    Print the addresses when the node serves. `environment` is a name such as SIMULATED. `env` is added to the environment of
    each process. Raise ConfigError when another program listens on one of the ports, or when a port is 0."""
    named = {"GRPC_ADDRESS": addresses.grpc, "EDGE_ADDRESS": addresses.edge, "MONITOR_ADDRESS": addresses.monitor}
    for name, address in named.items():
        if address is None:
            continue
        if not address[1]:
            raise ConfigError(
                f"{name} {format_address(address)}: the processes of a node must know the port: expected a port above 0"
            )
        with contextlib.suppress(OSError), socket.create_connection(reachable(address), timeout=0.2):
            raise ConfigError(address_in_use(name, address))
    roles = [Role("serve", ["serve", "--with-parent"]), *sources, Role("edge", ["edge", "--with-parent"])]
    log.info(
        "gRPC on %s, %s market; NOT_SERVING until the first complete snapshot", format_address(addresses.grpc), environment
    )
    ready = asyncio.Event()
    grpc, edge = (format_address(reachable(each)) for each in (addresses.grpc, addresses.edge))
    edge = f"{'https' if addresses.secure else 'http'}://{edge}"
    urls = [
        f"http://{format_address(reachable(address))}/{path}"
        for address, path in ((addresses.monitor, "healthz"), (addresses.metrics, "metrics"))
        if address is not None
    ]
    banner = asyncio.create_task(announce(environment, grpc, edge, urls, ready=ready, tls=addresses.tls))
    try:
        return await supervisor.supervise(roles, env, stop, grace_s, ready)
    finally:
        banner.cancel()
        await asyncio.wait({banner})


def simulated(venues: Sequence[str], url: str) -> dict[str, str]:
    """Return the settings for the simulated exchange at `url`. Raise ConfigError for a venue that is not simulated."""
    if not set(venues) <= set(SIMULATED):
        requested, known = ",".join(venues), ", ".join(SIMULATED)
        raise ConfigError(f"VIRTUOSO_EXCHANGES={requested!r}: expected simulated venues: {known}")
    return {"exchange_urls": json.dumps(dict.fromkeys(venues, url)), "coingecko_url": url, "environment": "SIMULATED"}


def own_state(folder: Path) -> dict[str, str]:
    """Return the settings that make a node store all data in `folder`."""
    history = f"sqlite:///{folder.absolute()}/history.db"
    return {"cache": f"directory:{folder / 'cache'}", "node_directory": str(folder / "node"), "history": history}


@contextlib.contextmanager
def temporary_folder(base: Path, prefix: str) -> Iterator[Path]:
    """Yield a new folder in `base` and delete it afterwards. Also delete the folders of killed processes.

    Raise ConfigError when `base` cannot be written."""
    try:
        make_directory(base)
        for leftover in base.glob(f"{prefix}*"):
            if (lock := _try_lock(leftover)) is not None:
                shutil.rmtree(leftover, ignore_errors=True)
                os.close(lock)
        folder = tempfile.TemporaryDirectory(prefix=prefix, dir=base, ignore_cleanup_errors=True)
    except OSError as error:
        raise ConfigError(f"{base} cannot be written: {error.strerror}. Set XDG_STATE_HOME to a writable folder") from error
    with folder as path:
        lock = _try_lock(Path(path))
        yield Path(path)
    if lock is not None:
        os.close(lock)


def _try_lock(folder: Path) -> int | None:
    """Lock the folder until this process ends. Return the file descriptor, or None when another process has the lock."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
