"""All checks side by side, each within its time, their findings in order."""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from virtuoso.doctor import edge, listeners, machine, storage
from virtuoso.doctor.finding import Finding, Level
from virtuoso.doctor.history import history as history_of
from virtuoso.domain.addresses import Address
from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.model import Environment
from virtuoso.repository.factory import memcached_servers

CHECK_S = 5.0
WHOLE_S = 6.0  # with what a start takes, the command ends within 8 s


@dataclass(frozen=True, slots=True)
class _Time:
    """When the whole must be over, by the loop's clock, and what one check may take."""

    ends: float
    check_s: float

    @property
    def left_s(self) -> float:
        """For a check that begins now."""
        return max(0.1, min(self.check_s, self.ends - time.monotonic()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What the settings name. `history`: its URL, None for none; `envoy`: the program that the edge would run, None where
    there is none; `servers`: those that the edge would call; `tls`: its certificate and key; `access_log`: the file of its
    log, "" for none."""

    exchanges: Sequence[str]
    exchange_urls: Mapping[str, str]
    coingecko_url: str
    cache: str
    node_directory: str
    grpc_address: Address
    edge_address: Address
    monitor_address: Address
    environment: Environment
    history: str | None
    envoy: str | None
    servers: Sequence[Address] = ()
    tls: tuple[str, str] = ("", "")
    access_log: str = ""


async def examine(
    targets: Targets, *, clock: Clock = SYSTEM_CLOCK, check_s: float = CHECK_S, whole_s: float = WHOLE_S
) -> list[Finding]:
    """Look at everything that `targets` names. `clock` is this machine's. Each check ends within `check_s`, the whole
    within `whole_s` and a moment. ConfigError for settings that no machine could satisfy, such as an exchange that ccxt does
    not have."""
    edge_status = listeners.https_status if any(targets.tls) else listeners.http_status
    limit = _Time(time.monotonic() + whole_s, check_s)
    loaded = asyncio.create_task(_bounded("libraries", limit, lambda: _one(machine.libraries())))
    # In the order of the report, after those about venues.
    table: list[tuple[str, Callable[[], Awaitable[list[Finding]]]]] = [
        *_repository(targets.cache, targets.node_directory, limit),
        ("HISTORY", lambda: history_of(targets.history)),
        ("GRPC_ADDRESS", lambda: _one(listeners.port("VIRTUOSO_GRPC_ADDRESS", targets.grpc_address, listeners.grpc_status))),
        ("EDGE_ADDRESS", lambda: _one(listeners.port("VIRTUOSO_EDGE_ADDRESS", targets.edge_address, edge_status))),
        (
            "MONITOR_ADDRESS",
            lambda: _one(
                listeners.port("VIRTUOSO_MONITOR_ADDRESS", targets.monitor_address, listeners.http_status, needed=False)
            ),
        ),
        ("envoy", lambda: _one(machine.envoy(targets.envoy))),
        *([("SERVERS", lambda: edge.servers(targets.servers, targets.monitor_address[1]))] if targets.servers else []),
        *([("TLS", lambda: _one(edge.tls(*targets.tls)))] if any(targets.tls) else []),
        *([("ACCESS_LOG", lambda: _one(edge.access_log(targets.access_log)))] if targets.access_log else []),
    ]
    others = [asyncio.create_task(_bounded(subject, limit, check)) for subject, check in table]
    try:
        libraries = await loaded
        first = [
            machine.environment(targets.environment.name, targets.exchange_urls),
            *libraries,
            machine.proxies(os.environ),
        ]
        if libraries[0].level is Level.WELL:
            # By name and here: ccxt may not load at all, which is a finding and not a traceback.
            venues = importlib.import_module("virtuoso.doctor.venues")
            first += await venues.markets(
                targets.exchanges,
                targets.exchange_urls,
                targets.coingecko_url,
                timeout_s=limit.left_s,
                clock=clock,
            )
        else:
            first += [Finding(f"venue {name}", Level.NOT_CHECKED, "libraries are missing") for name in targets.exchanges]
        return first + [finding for found in await asyncio.gather(*others) for finding in found]
    finally:
        for task in (loaded, *others):
            task.cancel()
        await asyncio.wait({loaded, *others})


def _repository(cache: str, node_directory: str, limit: _Time) -> list[tuple[str, Callable[[], Awaitable[list[Finding]]]]]:
    """The checks of what CACHE and NODE_DIRECTORY name."""
    kind, _, rest = cache.partition(":")
    if kind == "memory":
        why = "memory: is of one process: a server and a collector that are processes of their own do not meet there"
        cure = "Let VIRTUOSO_CACHE name directory:PATH or memcached://host:port"
        return [("CACHE", lambda: _ready([Finding("CACHE", Level.WARNING, why, cure)]))]
    if kind == "directory":
        path = Path(rest).expanduser().absolute()
        return [("CACHE directory", lambda: storage.directory("VIRTUOSO_CACHE", path))]
    servers = memcached_servers(cache)

    async def every_server() -> list[Finding]:
        found = await asyncio.gather(
            *(
                _bounded(f"memcached {host}:{port}", limit, lambda host=host, port=port: _one(storage.memcached(host, port)))  # type: ignore[misc]
                for host, port in servers
            )
        )
        return storage.weigh_servers([finding for each in found for finding in each])

    path = Path(node_directory).expanduser().absolute()
    return [
        ("memcached", every_server),
        ("NODE_DIRECTORY", lambda: storage.directory("VIRTUOSO_NODE_DIRECTORY", path)),
    ]


async def _bounded(subject: str, limit: _Time, check: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    timeout_s = limit.left_s
    try:
        async with asyncio.timeout(timeout_s):
            return await check()
    except TimeoutError:
        why = f"no answer within {timeout_s:.1f} s: what is behind it hangs"
        return [Finding(subject, Level.FAILURE, why, "Look at the disk, the network or the name resolution that it needs")]
    except Exception as error:  # noqa: BLE001 - one check that is broken must not hide what the others found
        return [Finding(subject, Level.NOT_CHECKED, f"the check itself failed: {type(error).__name__}: {error}")]


async def _one(check: Awaitable[Finding]) -> list[Finding]:
    return [await check]


async def _ready(findings: list[Finding]) -> list[Finding]:
    return findings
