"""`virtuoso up`, `demo` and `replay`: a node of several processes for live exchanges, simulated exchanges or a recording."""

from __future__ import annotations

import asyncio
import logging
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from virtuoso.app import node
from virtuoso.app.parts import client_tls
from virtuoso.app.supervisor import Role
from virtuoso.config import FILE_SUFFIX, LoadedSettings, Settings, env_name, state_directory
from virtuoso.domain.addresses import format_address, free_port
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.model import Environment
from virtuoso.recording.file import header

log = logging.getLogger(__name__)


async def up(loaded: LoadedSettings, _: Namespace, stop: asyncio.Event) -> int:
    """Run a node with the real exchanges."""
    settings = loaded.settings
    if settings.cache == "memory:":
        raise ConfigError(
            "VIRTUOSO_CACHE='memory:' is for one process, but `up` runs several: expected directory:PATH or memcached://…"
        )
    log.info("market data from %s", ", ".join(settings.exchanges))
    return await _node(settings, _collectors(settings), child_environment(loaded.flags), stop)


async def demo(loaded: LoadedSettings, options: Namespace, stop: asyncio.Event) -> int:
    """Run a node with simulated exchanges. Its repository and history are deleted afterwards."""
    with node.temporary_folder(Path(state_directory()), "demo-") as folder:
        port = free_port()
        market = node.simulated(loaded.settings.exchanges, f"http://127.0.0.1:{port}") | node.own_state(folder)
        if ignored := [variable(name) for name in market if loaded.texts[name][1] != "default"]:
            log.warning("demo ignores these settings: %s", ", ".join(ignored))
        arguments = ["--address", f"127.0.0.1:{port}", "--seed", str(options.seed), "--with-parent"]
        exchange = Role("simulator", arguments, module="virtuoso.simulator")
        env = child_environment(loaded.flags | market)
        settings = replace(loaded.settings, environment=Environment.SIMULATED)
        return await _node(settings, [exchange, *_collectors(settings)], env, stop)


async def replay(loaded: LoadedSettings, options: Namespace, stop: asyncio.Event) -> int:
    """Run a node with a recording. Its repository and history are deleted afterwards."""
    path = os.path.abspath(options.file)  # noqa: ASYNC240 - nothing else runs yet
    if not os.path.isfile(path):  # noqa: ASYNC240 - same reason
        raise ConfigError(f"FILE={options.file}: there is no such file. Make one with: virtuoso record {options.file}")
    with node.temporary_folder(Path(state_directory()), "replay-") as folder:
        market = node.own_state(folder) | {"exchanges": ",".join(header(Path(path))["venues"])}
        env = child_environment(loaded.flags | market)
        arguments = ["play", path, "--with-parent", *(["--once"] if options.once else [])]
        settings = replace(loaded.settings, environment=Environment.REPLAY)
        return await _node(settings, [Role("play", arguments, last=options.once)], env, stop)


def _collectors(settings: Settings) -> list[Role]:
    """Return the roles of an active and a standby collector.

    The server has the first monitor port, because its health is the health of the node."""
    arguments = ["collect", "--with-parent"]
    if settings.monitor_address is not None:
        host, port = settings.monitor_address
        arguments += ["--monitor-address", format_address((host, port + 1))]
    return [Role("collect", arguments), Role("collect-standby", arguments, late=True)]


async def _node(settings: Settings, sources: Sequence[Role], env: Mapping[str, str], stop: asyncio.Event) -> int:
    metrics = settings.metrics_address if settings.metrics_address != "" else settings.monitor_address
    addresses = node.Addresses(
        settings.grpc_address,
        settings.edge_address,
        settings.monitor_address,
        None if isinstance(metrics, str) else metrics,
        secure=bool(settings.tls_certificate),
        tls=client_tls(settings),
    )
    environment = settings.effective_environment.name
    return await node.run(addresses, environment, sources, env, stop, grace_s=settings.grace_s)


def child_environment(texts: Mapping[str, str]) -> dict[str, str]:
    """Return settings as environment variables for child processes, which inherit the environment of this one.

    An inherited file of a secret would contradict the secret, so its variable is emptied."""
    secrets = [name for name in texts if Settings.__dataclass_fields__[name].metadata["secret"]]
    return {variable(name): text for name, text in texts.items()} | {variable(name) + FILE_SUFFIX: "" for name in secrets}


def variable(name: str) -> str:
    """Return the name of the environment variable for the setting with this field name."""
    return env_name(Settings.__dataclass_fields__[name])
