"""The command `virtuoso`. Exit codes: 0 well, 1 failed, 2 bad settings or words; `probe` has those of grpc_health_probe."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import NoReturn

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from virtuoso import app
from virtuoso.config import Loaded, Settings, default_text, env_name, load
from virtuoso.errors import ConfigError

ABOUT = """Virtuoso reads USDT perpetual markets from exchanges, scores every symbol in six dimensions, and serves the
result over typed gRPC. Everything it shows is real, says where it came from and how old it is.

Begin with:   virtuoso up
Then call:    buf curl --protocol grpc --http2-prior-knowledge \\
                http://127.0.0.1:50051/virtuoso.market.v1.MarketService/GetDashboard"""

COMMANDS = {
    "up": (
        "run everything on this machine: collector, its standby, server",
        (
            "Starts a collector, a standby that takes over within seconds, and a gRPC server, and keeps them running. "
            "The server says NOT_SERVING until the first complete snapshot, some ten seconds later. Ctrl-C ends all."
        ),
    ),
    "collect": (
        "run a collector: read exchanges, score, publish",
        (
            "Reads the first venue of EXCHANGES that works and publishes a snapshot every few seconds to CACHE. "
            "Several may run on one repository: one works, the others stand by."
        ),
    ),
    "serve": (
        "run a gRPC server on what collectors publish",
        "Answers every call from the newest snapshot in the repository CACHE. Run as many as you like, on one memcached.",
    ),
    "probe": (
        "ask a server for its health",
        "Exit code 0: SERVING; 1: bad words; 2: no connection; 3: the call failed or took too long; 4: not serving.",
    ),
    "config": (
        "print the effective settings and where each comes from",
        "Every setting can be given as an environment variable VIRTUOSO_NAME or as a flag --name; flags win.",
    ),
}


class _Parser(argparse.ArgumentParser):
    """argparse, with the exit code that a command promises for bad words."""

    bad_words = 2

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(self.bad_words, f"{self.prog}: {message}\nSee {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """All commands with their flags."""
    raw = argparse.RawDescriptionHelpFormatter
    top = _Parser(prog="virtuoso", description=ABOUT, formatter_class=raw)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for name, (short, long) in COMMANDS.items():
        command = commands.add_parser(name, help=short, description=f"{short[0].upper()}{short[1:]}.\n\n{long}")
        if name == "probe":
            command.bad_words = 1
            command.add_argument("--addr", default="127.0.0.1:50051", help="host:port of the server (default %(default)s)")
            command.add_argument(
                "--service", default="", help='what to ask for, such as "readiness" (default: the server as a whole)'
            )
            command.add_argument(
                "--timeout", type=float, default=2.0, help="seconds to connect, and to answer (default %(default)s)"
            )
            continue
        for item in fields(Settings):
            words = f"{item.metadata['help']} [{env_name(item)}; default {default_text(item) or 'none'}]".replace("%", "%%")
            command.add_argument(f"--{item.name.replace('_', '-')}", metavar="VALUE", help=words)
        if name in ("collect", "serve"):
            command.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        print(
            f"virtuoso {options.command}: no such words: {' '.join(unknown)}. See virtuoso {options.command} --help",
            file=sys.stderr,
        )
        return 1 if options.command == "probe" else 2
    if options.command == "probe":
        return probe(options.addr, options.service, options.timeout)
    try:
        loaded = load(os.environ, {item.name: getattr(options, item.name) for item in fields(Settings)})
        if options.command == "config":
            return config(loaded)
        logging.basicConfig(
            level=loaded.settings.log_level,
            format=f"%(asctime)s %(levelname)-7s {options.command:7} %(message)s",
            stream=sys.stderr,
        )
        if not getattr(options, "with_parent", False):
            for warning in loaded.warnings:
                logging.getLogger(__name__).warning(warning)
        return app.run(options.command, loaded, with_parent=getattr(options, "with_parent", False))
    except ConfigError as error:
        print(f"virtuoso {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def config(loaded: Loaded) -> int:
    """Print the effective settings, one a line, ready for an env file."""
    width = max(len(env_name(item)) + len(loaded.texts[item.name][0]) for item in fields(Settings)) + 1
    for item in fields(Settings):
        text, source = loaded.texts[item.name]
        line = f"{env_name(item)}={text}"
        print(f"{line:{min(width, 60)}}  # {source}: {item.metadata['help']}")
    print(f"# the data is {loaded.settings.effective_environment.name}")
    for warning in loaded.warnings:
        print(f"# warning: {warning}")
    return 0


def probe(address: str, service: str, timeout_s: float) -> int:
    """Ask for health as grpc_health_probe does; prints what it found and returns that program's exit codes."""

    async def ask() -> int:
        async with grpc.aio.insecure_channel(address) as channel:
            try:
                await asyncio.wait_for(channel.channel_ready(), timeout_s)
            except TimeoutError:
                print(f"no connection to {address} within {timeout_s:g} s: is a server running there?", file=sys.stderr)
                return 2
            request = health_pb2.HealthCheckRequest(service=service)
            try:
                reply = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=timeout_s)
            except grpc.aio.AioRpcError as error:
                print(f"health check of {service!r} at {address}: {error.code().name}: {error.details()}", file=sys.stderr)
                return 3
        status = health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)
        print(f"status: {status}")
        return 0 if status == "SERVING" else 4

    if timeout_s <= 0 or ":" not in address:
        what = (
            f"--timeout {timeout_s:g}: allowed is a number above 0"
            if timeout_s <= 0
            else f"--addr {address}: allowed is host:port"
        )
        print(f"virtuoso probe: {what}", file=sys.stderr)
        return 1
    return asyncio.run(ask())
