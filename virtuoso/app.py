"""The composition root: the one place to learn the wiring, and the only one beneath `cli` that reads settings.

up       a supervisor: `collect` twice (one works, one stands by) and `serve`
collect  repository, exchanges, feeds, failover ─► Collector, and a monitor port
serve    repository ─► Keeper ─► MarketServer, and a monitor port
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import uvloop

from virtuoso import monitor, supervisor
from virtuoso.config import Loaded, Settings, env_name
from virtuoso.errors import ConfigError
from virtuoso.lease import Lease
from virtuoso.repository import keys
from virtuoso.repository.open import open_repository
from virtuoso.repository.tiers import Tiers
from virtuoso.service.charts import Charts
from virtuoso.service.interceptors import Limits
from virtuoso.service.keeper import Keeper
from virtuoso.service.server import MarketServer
from virtuoso.supervisor import Role

log = logging.getLogger(__name__)

PORTS_TRIED = 20


def epoch_ms() -> int:
    """Our clock."""
    return time.time_ns() // 1_000_000


def run(command: str, loaded: Loaded, *, with_parent: bool) -> int:
    """Run `up`, `collect` or `serve` until SIGTERM or SIGINT; returns the exit code. ConfigError for what settings ask for
    and the machine does not have, such as a free port."""
    bodies: Mapping[str, Callable[[Loaded, asyncio.Event], Coroutine[Any, Any, int]]] = {
        "up": up,
        "collect": collect,
        "serve": serve,
    }
    return uvloop.run(_until_stopped(bodies[command], loaded, with_parent=with_parent))


async def _until_stopped(
    body: Callable[[Loaded, asyncio.Event], Coroutine[Any, Any, int]], loaded: Loaded, *, with_parent: bool
) -> int:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    orphaned = asyncio.create_task(supervisor.parent_gone()) if with_parent else None
    if orphaned is not None:
        orphaned.add_done_callback(lambda _: stop.set())
    try:
        return await body(loaded, stop)
    finally:
        if orphaned is not None:
            orphaned.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await orphaned


# ------------------------------------------------------------------------------------------------------------------ up


async def up(loaded: Loaded, stop: asyncio.Event) -> int:
    """Everything on this machine, each part a process of its own that is started again when it ends."""
    settings = loaded.settings
    host, port = settings.grpc_address
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.2):
        raise ConfigError(_taken("GRPC_ADDRESS", (host, port)))
    if settings.cache == "memory:":
        raise ConfigError(
            "VIRTUOSO_CACHE='memory:' is of one process and `up` runs several: allowed are directory:PATH, memcached://…"
        )
    env = {env_name_of(name): text for name, (text, source) in loaded.texts.items() if source == "flag"}
    roles = [Role("serve", ["serve", "--with-parent"]), Role("collect", ["collect", "--with-parent"])]
    roles.append(Role("collect-standby", ["collect", "--with-parent"]))
    where = ", ".join(settings.exchanges)
    log.info("gRPC on %s:%d, market data from %s (%s)", host, port, where, settings.effective_environment.name)
    log.info("NOT_SERVING until the first complete snapshot; ask with: virtuoso probe --addr %s:%d", host, port)
    return await supervisor.supervise(roles, env, stop, settings.grace_s)


def env_name_of(name: str) -> str:
    """The environment variable of a setting by its field name."""
    return env_name(Settings.__dataclass_fields__[name])


# --------------------------------------------------------------------------------------------------------------- serve


async def serve(loaded: Loaded, stop: asyncio.Event) -> int:
    """Answer from what collectors publish."""
    settings = loaded.settings
    repository = _repository(settings)
    keeper = Keeper(repository, keys, max_stale_s=settings.max_stale_s, primary_venue=settings.exchanges[0])
    server = MarketServer(
        _joined(settings.grpc_address),
        keeper,
        Charts(repository, keys, max_stale_s=settings.max_stale_s),
        limits=Limits(calls=settings.max_requests, streams=settings.max_streams),
        reflect=settings.reflection,
        heartbeat_s=settings.heartbeat_s,
    )
    try:
        await server.start()  # says NOT_SERVING until the keeper has something to serve
        await keeper.start()
        async with _monitor(settings, server.health.status, keeper.readiness):
            log.info("gRPC on %s; repository %s", _joined(settings.grpc_address), repository.name)
            await stop.wait()
            log.info("going down: health says NOT_SERVING, streams end, calls in flight have %g s", settings.grace_s)
            await server.drain(settings.grace_s)
    finally:
        await keeper.close()
        await repository.close()
    return 0


# ------------------------------------------------------------------------------------------------------------- collect


async def collect(loaded: Loaded, stop: asyncio.Event) -> int:
    """Read exchanges, score, publish."""
    # Imported here because servers share this module and must never load ccxt and numpy.
    from virtuoso.collector import Collector  # noqa: PLC0415
    from virtuoso.exchange.adapter import CcxtExchange  # noqa: PLC0415
    from virtuoso.exchange.coingecko import CoinGecko  # noqa: PLC0415
    from virtuoso.exchange.failover import Failover  # noqa: PLC0415
    from virtuoso.exchange.venues import cadence  # noqa: PLC0415
    from virtuoso.feed import Feed, Rules  # noqa: PLC0415

    settings = loaded.settings
    repository = _repository(settings)
    venues = settings.exchanges
    exchanges = {venue: CcxtExchange(venue, url=settings.exchange_urls.get(venue)) for venue in venues}
    coingecko = CoinGecko(settings.coingecko_url)
    rules = Rules(settings.symbol_limit, settings.symbols, settings.min_turnover_usd)
    feeds = {venue: Feed(exchange, rules, cadence) for venue, exchange in exchanges.items()}
    collector = Collector(
        feeds,
        Failover(venues, dwell_s=settings.dwell_s, clock=epoch_ms),
        repository,
        coingecko,
        lease=Lease(repository, f"{socket.gethostname()[:32]}-{os.getpid()}-{uuid.uuid4().hex[:8]}", epoch_ms),
        environment=settings.effective_environment,
        max_stale_s=settings.max_stale_s,
        clock=epoch_ms,
    )
    work = asyncio.create_task(collector.run())
    asked = asyncio.create_task(stop.wait())
    try:
        async with _monitor(settings, collector.status, collector.readiness):
            await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()  # it never ends by itself: this raises what ended it
    finally:
        asked.cancel()
        work.cancel()
        await asyncio.wait({work})
        await asyncio.gather(*(exchange.close() for exchange in exchanges.values()), coingecko.close(), repository.close())
    return 0


# ---------------------------------------------------------------------------------------------------------------- parts


def _repository(settings: Settings) -> Tiers:
    return open_repository(settings.cache, Path(settings.node_directory))


@contextlib.asynccontextmanager
async def _monitor(
    settings: Settings,
    status: Callable[[str], str | None],
    readiness: Callable[[], tuple[bool, Mapping[str, object]]],
) -> AsyncIterator[None]:
    """The HTTP port while the body runs: the configured one, or the next free one where another process has it."""
    host, wished = settings.monitor_address
    server = monitor.Monitor(status=status, readiness=readiness)
    reserved = {settings.grpc_address[1]}
    for port in [p for p in range(wished, wished + PORTS_TRIED) if p not in reserved] if wished else [0]:
        try:
            bound = await server.start(_joined((host, port)))
        except OSError:
            continue
        log.info("monitor on http://%s:%d/metrics", host, bound)
        break
    else:
        raise ConfigError(_taken("MONITOR_ADDRESS", settings.monitor_address))
    try:
        yield
    finally:
        await server.close()


def _joined(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _taken(name: str, address: tuple[str, int]) -> str:
    return f"{name} {_joined(address)} cannot be used: another program listens there. End it or choose another port"
