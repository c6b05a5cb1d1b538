"""Run all checks concurrently, each with a timeout, and return their findings in order."""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from virtuoso.client.tls import ClientTls
from virtuoso.doctor import edge, listeners, machine
from virtuoso.doctor.directories import check_directory
from virtuoso.doctor.finding import Finding, Level
from virtuoso.doctor.history import check_history
from virtuoso.doctor.memcached_servers import check_memcached, downgrade_failures
from virtuoso.doctor.secret_files import check_secret_files
from virtuoso.domain.addresses import Address, format_address, memcached_servers
from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.model import Environment

CHECK_S = 5.0
# With this limit, the command takes at most 8 s on an idle machine.
TOTAL_S = 6.0
# A busy machine imports the libraries slowly. This is not a failure.
LOAD_S = 15.0

Check = Callable[[], Awaitable[list[Finding]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deadline:
    """The deadline `end` of all checks, in time.monotonic(), and the time limit `check_s` of one check."""

    end: float
    check_s: float

    @property
    def remaining_s(self) -> float:
        """Return the time limit for a check that starts now."""
        return max(0.1, min(self.check_s, self.end - time.monotonic()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """The targets of the checks, from the settings.

    `streaming`: the exchanges that are streamed. `history`: the URL, or None. `envoy`: the program, or None. `servers`: the
    upstream servers of the edge. `tls`: the certificate and the key of the edge. `grpc_tls`: those of the gRPC port, and its
    clients' authorities. `client_tls`: the TLS of calls to servers. `access_logs`: the files of access logs, by setting.
    `secret_files`: the files with secrets, by the setting that names each. `connections`: how many connections each part of
    a node may need."""

    exchanges: Sequence[str]
    exchange_urls: Mapping[str, str]
    connections: Mapping[str, int]
    coingecko_url: str
    cache: str
    node_directory: str
    grpc_address: Address
    edge_address: Address
    monitor_address: Address | None
    environment: Environment
    history: str | None
    envoy: str | None
    streaming: Sequence[str] = ()
    servers: Sequence[Address] = ()
    tls: tuple[str, str] = ("", "")
    grpc_tls: tuple[str, str, str] = ("", "", "")
    client_tls: ClientTls | None = None
    access_logs: Mapping[str, str] = field(default_factory=dict)
    secret_files: Mapping[str, str] = field(default_factory=dict)


async def examine(targets: Targets, *, clock: Clock = SYSTEM_CLOCK) -> list[Finding]:
    """Check all `targets`. Each check takes at most CHECK_S. All checks together take about TOTAL_S at most.

    The time limit for the venues starts after the libraries are imported. `clock` is this machine's clock. Raise ConfigError
    for settings that are invalid on every machine, such as an exchange that ccxt does not support.
    """
    deadline = _Deadline(end=time.monotonic() + TOTAL_S, check_s=CHECK_S)
    loading = _Deadline(end=time.monotonic() + LOAD_S, check_s=LOAD_S)
    libraries_task = asyncio.create_task(_bounded("libraries", loading, lambda: _single(machine.check_libraries())))
    other_tasks = [
        asyncio.create_task(_bounded(subject, deadline, check)) for subject, check in _other_checks(targets, deadline)
    ]
    try:
        libraries = await libraries_task
        findings = [
            machine.environment_finding(targets.environment.name, targets.exchange_urls),
            *libraries,
            machine.check_proxies(os.environ),
        ]
        if libraries[0].level is Level.OK:
            # This import is late so that a missing ccxt is a finding and not a traceback.
            venues = importlib.import_module("virtuoso.doctor.venues")
            findings += await venues.check_sources(
                targets.exchanges,
                targets.exchange_urls,
                targets.coingecko_url,
                streaming=targets.streaming,
                timeout_s=CHECK_S,
                clock=clock,
            )
            if targets.streaming and targets.monitor_address:
                streams = importlib.import_module("virtuoso.doctor.streams")
                findings += await streams.check_collector(targets.monitor_address)
        else:
            findings += [Finding(f"venue {name}", Level.NOT_CHECKED, "libraries are missing") for name in targets.exchanges]
        return findings + [finding for group in await asyncio.gather(*other_tasks) for finding in group]
    finally:
        for task in (libraries_task, *other_tasks):
            task.cancel()
        await asyncio.wait({libraries_task, *other_tasks})


def _other_checks(targets: Targets, deadline: _Deadline) -> list[tuple[str, Check]]:
    """Return (subject, check) of all checks except the venues, in the order of the report."""

    def port(setting: str, address: Address, status: listeners.Status, *, needed: bool = True) -> tuple[str, Check]:
        check = listeners.check_port
        return setting, lambda: _single(check(f"VIRTUOSO_{setting}", address, status, needed=needed))

    edge_status = listeners.https_status if any(targets.tls) else listeners.http_status
    checks: list[tuple[str, Check]] = [
        ("open files", lambda: _single(machine.check_open_files(targets.connections))),
        *_repository_checks(targets.cache, targets.node_directory, deadline),
        ("HISTORY", lambda: check_history(targets.history)),
        ("secret files", lambda: _single(check_secret_files(targets.secret_files, targets.history))),
        port("GRPC_ADDRESS", targets.grpc_address, partial(listeners.grpc_status, tls=targets.client_tls)),
        port("EDGE_ADDRESS", targets.edge_address, edge_status),
        *(
            [port("MONITOR_ADDRESS", targets.monitor_address, listeners.http_status, needed=False)]
            if targets.monitor_address
            else []
        ),
        ("envoy", lambda: _single(machine.check_envoy(targets.envoy))),
    ]
    if targets.servers:
        monitor_port = targets.monitor_address[1] if targets.monitor_address else None
        checks.append(("SERVERS", lambda: edge.check_servers(targets.servers, monitor_port, targets.client_tls)))
    if any(targets.tls):
        checks.append(("TLS", lambda: _single(edge.check_tls(*targets.tls))))
    if any(targets.grpc_tls):
        checks.append(("GRPC_TLS", lambda: _single(edge.check_grpc_tls(*targets.grpc_tls))))
    for setting, path in targets.access_logs.items():
        checks.append((setting, partial(_access_log, path, setting)))
    return checks


def _repository_checks(cache: str, node_directory: str, deadline: _Deadline) -> list[tuple[str, Check]]:
    """Return the checks of CACHE and NODE_DIRECTORY."""
    kind, _, rest = cache.partition(":")
    if kind == "memory":
        return [("CACHE", lambda: _single(_memory_finding()))]
    if kind == "directory":
        path = Path(rest).expanduser().absolute()
        return [("CACHE directory", lambda: check_directory("VIRTUOSO_CACHE", path))]
    servers = memcached_servers(cache)

    def bounded(address: Address) -> Awaitable[list[Finding]]:
        return _bounded(f"memcached {format_address(address)}", deadline, lambda: _single(check_memcached(*address)))

    async def every_server() -> list[Finding]:
        groups = await asyncio.gather(*map(bounded, servers))
        return downgrade_failures([finding for group in groups for finding in group])

    path = Path(node_directory).expanduser().absolute()
    return [
        ("memcached", every_server),
        ("NODE_DIRECTORY", lambda: check_directory("VIRTUOSO_NODE_DIRECTORY", path)),
    ]


async def _memory_finding() -> Finding:
    why = "memory: works in one process only: a collector and a server in separate processes do not share it"
    remedy = "Set VIRTUOSO_CACHE to directory:PATH or memcached://host:port"
    return Finding("CACHE", Level.WARNING, why, remedy)


async def _bounded(subject: str, deadline: _Deadline, check: Check) -> list[Finding]:
    """Return the findings of `check`, or one finding if it times out or fails."""
    timeout_s = deadline.remaining_s
    try:
        async with asyncio.timeout(timeout_s):
            return await check()
    except TimeoutError:
        why = f"no answer within {timeout_s:.1f} s"
        return [Finding(subject, Level.FAILURE, why, "Check the disk, the network and DNS")]
    except Exception as error:  # noqa: BLE001 - one broken check must not hide what the others found
        return [Finding(subject, Level.NOT_CHECKED, f"the check itself failed: {type(error).__name__}: {error}")]


async def _access_log(path: str, setting: str) -> list[Finding]:
    return [await edge.check_access_log(path, setting)]


async def _single(check: Awaitable[Finding]) -> list[Finding]:
    return [await check]
