"""The composition root: the one place to learn the wiring, and the only one beneath `cli` that reads settings.

up       a supervisor: `collect` twice (one works, one stands by), `serve` and `edge`
demo     the same on the simulated exchange
replay   the same on a recording: `play` in the place of collectors
collect  repository, exchanges, feeds, failover, journal ─► floor ─► Collector, and a monitor port
serve    repository ─► Keeper, and the history ─► MarketServer, and a monitor port
edge     the web page ─► Envoy before `serve` (in `front`)
record   `collect` with a tape, by itself
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import uuid
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from virtuoso import monitor, node, supervisor
from virtuoso.addresses import free_port, joined
from virtuoso.clock import epoch_ms
from virtuoso.config import Loaded, Settings, env_name, state_directory
from virtuoso.edge.access_log import STDOUT
from virtuoso.edge.envoy import find_envoy
from virtuoso.errors import ConfigError
from virtuoso.front import edge
from virtuoso.lease import Lease
from virtuoso.model import Environment
from virtuoso.repository import keys
from virtuoso.repository.open import open_repository
from virtuoso.repository.tiers import Tiers
from virtuoso.service.calls import Limits
from virtuoso.service.charts import Charts
from virtuoso.service.keeper import Keeper
from virtuoso.service.server import MarketServer
from virtuoso.supervisor import Role

if TYPE_CHECKING:
    from virtuoso.analysis.weights import Weights
    from virtuoso.collector import Collector, Tap
    from virtuoso.exchange.adapter import CcxtExchange
    from virtuoso.feed import Rules
    from virtuoso.journal import Journal
    from virtuoso.ports import History, SnapshotRepository

log = logging.getLogger(__name__)

Body = Callable[[Loaded, Namespace, asyncio.Event], Coroutine[Any, Any, int]]


def run(loaded: Loaded, options: Namespace) -> int:
    """Run the command of `options` until it is done, or SIGTERM or SIGINT; returns the exit code. ConfigError for what
    settings ask for and the machine does not have, such as a free port."""
    return uvloop.run(_until_stopped(BODIES[options.command], loaded, options))


async def _until_stopped(body: Body, loaded: Loaded, options: Namespace) -> int:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    orphaned = asyncio.create_task(supervisor.parent_gone()) if getattr(options, "with_parent", False) else None
    if orphaned is not None:
        orphaned.add_done_callback(lambda _: stop.set())
    try:
        return await body(loaded, options, stop)
    finally:
        if orphaned is not None:
            orphaned.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await orphaned


# -------------------------------------------------------------------------------------------- several processes at once


async def up(loaded: Loaded, _: Namespace, stop: asyncio.Event) -> int:
    """Everything on this machine, each part a process of its own that is started again when it ends."""
    settings = loaded.settings
    if settings.cache == "memory:":
        raise ConfigError(
            "VIRTUOSO_CACHE='memory:' is of one process and `up` runs several: allowed are directory:PATH, memcached://…"
        )
    log.info("market data from %s", ", ".join(settings.exchanges))
    return await _node(settings, _collectors(settings), _flags(loaded), stop)


async def demo(loaded: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """`up` on the simulated exchange, with a repository of its own that is gone with it."""
    with node.scratch(Path(state_directory()), "demo-") as folder:
        port = free_port()
        market = node.simulated(loaded.settings.exchanges, f"http://127.0.0.1:{port}") | node.own_state(folder)
        if given := [env_name_of(name) for name in market if loaded.texts[name][1] != "default"]:
            log.warning("a demo has its own %s", ", ".join(given))
        words = ["--address", f"127.0.0.1:{port}", "--seed", str(options.seed), "--with-parent"]
        exchange = Role("simulator", words, module="virtuoso.simulator")
        env = _flags(loaded) | {env_name_of(name): text for name, text in market.items()}
        settings = replace(loaded.settings, environment=Environment.SIMULATED)
        return await _node(settings, [exchange, *_collectors(settings)], env, stop)


def _collectors(settings: Settings) -> list[Role]:
    """One that works and one that stands by. The first monitor port is the server's, for its health is the node's."""
    host, port = settings.monitor_address
    words = ["collect", "--with-parent", "--monitor-address", joined((host, port + 1))]
    return [Role("collect", words), Role("collect-standby", words, late=True)]


async def _node(settings: Settings, sources: Sequence[Role], env: Mapping[str, str], stop: asyncio.Event) -> int:
    secure = bool(settings.tls_certificate)
    addresses = node.Addresses(settings.grpc_address, settings.edge_address, settings.monitor_address, secure)
    kind = settings.effective_environment.name
    return await node.run(addresses, kind, sources, env, stop, grace_s=settings.grace_s)


def _flags(loaded: Loaded) -> dict[str, str]:
    """What was given by flags, as the environment of children."""
    return {env_name_of(name): text for name, (text, source) in loaded.texts.items() if source == "flag"}


def env_name_of(name: str) -> str:
    """The environment variable of a setting by its field name."""
    return env_name(Settings.__dataclass_fields__[name])


# --------------------------------------------------------------------------------------------------------------- serve


async def serve(loaded: Loaded, _: Namespace, stop: asyncio.Event) -> int:
    """Answer from what collectors publish."""
    settings = loaded.settings
    repository = _repository(settings)
    keeper = Keeper(repository, keys, max_stale_s=settings.max_stale_s, primary_venue=settings.exchanges[0])
    server = MarketServer(
        joined(settings.grpc_address),
        keeper,
        Charts(repository, keys, max_stale_s=settings.max_stale_s),
        limits=Limits(calls=settings.max_requests, streams=settings.max_streams),
        reflect=settings.reflection,
        heartbeat_s=settings.heartbeat_s,
        history=_history(settings),
    )
    try:
        await server.start()  # says NOT_SERVING until the keeper has something to serve
        await keeper.start()
        gc.freeze()  # what is loaded stays: no request needs to have it looked through for garbage
        gc.set_threshold(20_000, 20, 50)
        async with _monitor(settings, server.status, keeper.readiness):
            log.info("gRPC on %s; repository %s", joined(settings.grpc_address), repository.name)
            await stop.wait()
            log.info("going down: health says NOT_SERVING, streams end, calls in flight have %g s", settings.grace_s)
            await server.drain(settings.grace_s)
    finally:
        await keeper.close()
        await repository.close()
    return 0


# ------------------------------------------------------------------------------------------------------------- collect


async def collect(loaded: Loaded, _: Namespace, stop: asyncio.Event) -> int:
    """Read exchanges, score, publish."""
    # Imported here, as further down, because servers share this module and must never load ccxt and numpy.
    from virtuoso.exchange.adapter import CcxtExchange  # noqa: PLC0415

    settings = loaded.settings
    repository = _repository(settings)
    exchanges = {venue: CcxtExchange(venue, url=settings.exchange_urls.get(venue)) for venue in settings.exchanges}
    async with _journal(settings) as journal, _collector(settings, exchanges, repository, journal=journal) as collector:
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
    return 0


@contextlib.asynccontextmanager
async def _collector(
    settings: Settings,
    exchanges: Mapping[str, CcxtExchange],
    repository: SnapshotRepository,
    *,
    journal: Journal | None = None,
    tap: Tap | None = None,
) -> AsyncIterator[Collector]:
    """A collector of those exchanges; they and the repository are closed with it."""
    from virtuoso.collector import Collector  # noqa: PLC0415
    from virtuoso.exchange.coingecko import CoinGecko  # noqa: PLC0415
    from virtuoso.exchange.failover import Failover  # noqa: PLC0415
    from virtuoso.exchange.venues import cadence  # noqa: PLC0415
    from virtuoso.feed import Feed  # noqa: PLC0415
    from virtuoso.floor import Floor  # noqa: PLC0415

    environment = settings.effective_environment
    wanted, weights = settings.opportunities, _weights(settings)
    floor = Floor(exchanges, environment, opportunities=wanted, weights=weights, journal=journal, clock=epoch_ms)
    coingecko = CoinGecko(settings.coingecko_url)
    feeds = {venue: Feed(exchange, _rules(settings), cadence) for venue, exchange in exchanges.items()}
    try:
        yield Collector(
            feeds,
            Failover(settings.exchanges, dwell_s=settings.dwell_s, clock=epoch_ms),
            repository,
            coingecko,
            floor,
            lease=Lease(repository, f"{socket.gethostname()[:32]}-{os.getpid()}-{uuid.uuid4().hex[:8]}", epoch_ms),
            environment=environment,
            max_stale_s=settings.max_stale_s,
            clock=epoch_ms,
            tap=tap,
        )
    finally:
        await asyncio.gather(*(exchange.close() for exchange in exchanges.values()), coingecko.close(), repository.close())


def _rules(settings: Settings) -> Rules:
    from virtuoso.feed import Rules  # noqa: PLC0415

    return Rules(settings.symbol_limit, settings.symbols, settings.min_turnover_usd)


def _weights(settings: Settings) -> Weights:
    from virtuoso.analysis.weights import Weights  # noqa: PLC0415

    return Weights.of(settings.weights, settings.timeframe_weights)


async def record(loaded: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """A collector of its own, with a tape and a repository that nobody else sees."""
    from virtuoso.repository.memory import Memory  # noqa: PLC0415
    from virtuoso.tape import record as recorder  # noqa: PLC0415
    from virtuoso.tape.tape import Tape  # noqa: PLC0415

    settings = loaded.settings
    tape = Tape(Path(options.file), max_bytes=int(options.max_mb * 1e6))
    venues, wanted, weights = settings.exchanges, settings.opportunities, _weights(settings)
    recording = recorder.Recording(
        tape, venues=venues, rules=_rules(settings), opportunities=wanted, weights=weights, clock=epoch_ms
    )
    exchanges = {
        venue: recorder.TapedExchange(venue, recording, url=settings.exchange_urls.get(venue))
        for venue in settings.exchanges
    }
    async with _collector(settings, exchanges, Memory(), tap=recording) as collector:
        return await recorder.record(recording, tape, collector.run(), stop=stop, minutes=options.minutes)


async def replay(loaded: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """A node on a recording, with a repository of its own; or what is on it; or the proof that it plays the same."""
    if options.info or options.check:
        from virtuoso.tape import play as player  # noqa: PLC0415

        path = Path(options.file)
        work = player.check(path) if options.check else asyncio.to_thread(lambda: (0, player.info(path)))
        code, words = await supervisor.unless(stop, work) or (130, "")
        sys.stdout.write(words.rstrip() + "\n")
        return code
    from virtuoso.tape.tape import header  # noqa: PLC0415

    full = os.path.abspath(options.file)  # noqa: ASYNC240 - nothing else runs yet
    if not os.path.isfile(full):  # noqa: ASYNC240 - the same
        raise ConfigError(f"FILE={options.file}: there is no such file. Make one with: virtuoso record {options.file}")
    with node.scratch(Path(state_directory()), "replay-") as folder:
        market = node.own_state(folder) | {"exchanges": ",".join(header(Path(full))["venues"])}
        env = _flags(loaded) | {env_name_of(name): value for name, value in market.items()}
        parts = ["play", full, "--with-parent", *(["--once"] if options.once else [])]
        settings = replace(loaded.settings, environment=Environment.REPLAY)
        return await _node(settings, [Role("play", parts, last=options.once)], env, stop)


async def play(loaded: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """The part of `replay` that publishes what is on the recording."""
    from virtuoso.tape import play as player  # noqa: PLC0415

    repository = _repository(loaded.settings)
    try:
        how = {"max_stale_s": loaded.settings.max_stale_s, "once": options.once}
        async with _journal(loaded.settings) as journal:
            return await player.play(Path(options.file), repository, journal=journal, stop=stop, **how)
    finally:
        await repository.close()


async def evaluate(loaded: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """Judge the score by what came after it."""
    from virtuoso.evaluate.command import Task, judge  # noqa: PLC0415

    settings, venue = loaded.settings, loaded.settings.exchanges[0]
    task = Task(
        source=options.source,
        venue=venue,
        url=settings.exchange_urls.get(venue),
        min_turnover_usd=settings.min_turnover_usd,
        history=settings.effective_history,
        environment=settings.effective_environment,
        days=options.days,
        symbols=options.count,
        output=Path(options.output),
        cache=Path(options.bars or f"{state_directory()}/bars"),
        seed=options.seed,
    )
    return await judge(task, stop, epoch_ms)


async def doctor(loaded: Loaded, options: Namespace, _: asyncio.Event) -> int:
    """Look at all that the settings name, and say what to do."""
    from virtuoso.doctor.examination import examine  # noqa: PLC0415
    from virtuoso.doctor.finding import exit_code, render, to_json  # noqa: PLC0415

    settings = loaded.settings
    findings = await examine(
        exchanges=settings.exchanges,
        exchange_urls=settings.exchange_urls,
        coingecko_url=settings.coingecko_url,
        cache=settings.cache,
        node_directory=settings.node_directory,
        grpc_address=settings.grpc_address,
        edge_address=settings.edge_address,
        servers=settings.servers,
        tls=(settings.tls_certificate, settings.tls_key),
        access_log=settings.access_log if settings.access_log != STDOUT else "",
        monitor_address=settings.monitor_address,
        environment=settings.effective_environment,
        history=settings.effective_history,
        envoy=find_envoy(),
    )
    sys.stdout.write(to_json(findings) if options.json else render(findings))
    sys.stdout.flush()
    os._exit(exit_code(findings))  # Python would wait for threads in a resolver or on a disk that hangs


# ---------------------------------------------------------------------------------------------------------------- parts


def _repository(settings: Settings) -> Tiers:
    return open_repository(settings.cache, Path(settings.node_directory))


def _history(settings: Settings) -> Callable[[], History] | None:
    """Opens the history for a server to read, when it is first asked for: that loads a third of a server's memory."""
    url = settings.effective_history

    def reader() -> History:
        from virtuoso.history.open import open_history  # noqa: PLC0415

        return open_history(url or "", write=False, timeout_s=1.5)  # a client has two seconds for everything

    return reader if url else None


def _journal(settings: Settings) -> AbstractAsyncContextManager[Journal | None]:
    """What the history is written with."""
    from virtuoso.journal import kept  # noqa: PLC0415

    days = (settings.points_days, settings.history_days)
    return kept(settings.effective_history, settings.exchanges, days=days, clock=epoch_ms)


def _monitor(settings: Settings, status: monitor.Status, readiness: monitor.Readiness) -> AbstractAsyncContextManager[None]:
    kept_free = (settings.grpc_address, settings.edge_address)
    return monitor.listening(settings.monitor_address, kept_free, status=status, readiness=readiness)


BODIES: Mapping[str, Body] = {
    body.__name__: body for body in (up, demo, collect, serve, edge, record, replay, play, evaluate, doctor)
}
