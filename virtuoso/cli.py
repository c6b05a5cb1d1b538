"""The command `virtuoso`. Exit codes: 0 well, 1 failed, 2 bad settings or words; `probe` has those of grpc_health_probe,
`top` much the same."""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import NoReturn

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from virtuoso.app import process
from virtuoso.config import Loaded, Settings, default_text, env_name, load, state_directory
from virtuoso.domain.addresses import joined, parse_address, reachable
from virtuoso.domain.errors import ConfigError

ABOUT = """Virtuoso reads USDT perpetual markets from exchanges, scores every symbol in six dimensions, and serves the
result over typed gRPC, gRPC-Web and JSON. Everything it shows is real, says where it came from and how old it is.

Begin with:   virtuoso demo     (a simulated market, labelled so; needs no network)
Then:         virtuoso up       (the real one)"""

COMMANDS = {
    "demo": (
        "run everything on a simulated exchange: needs no network",
        (
            "Some 60 simulated symbols behind the real wire formats; every reply says SIMULATED. Prints where it serves and "
            "a call of each kind to try. What it keeps is gone with it. Ctrl-C ends all."
        ),
    ),
    "up": (
        "run everything: collector, its standby, server, edge",
        (
            "Starts a collector, a standby that takes over within seconds, a gRPC server, and Envoy for JSON and gRPC-Web, "
            "and keeps them running. NOT_SERVING until the first complete snapshot, some ten seconds later. Ctrl-C ends all."
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
    "edge": (
        "run Envoy: the web page, JSON, gRPC-Web and gRPC on one port",
        (
            "Listens on EDGE_ADDRESS, with the web page, CORS, /healthz and a limit for each caller, and hands on to\n"
            "SERVERS. Speaks https once TLS_CERTIFICATE and TLS_KEY name files, which may be renewed while it runs;\n"
            "gRPC behind it stays clear text. Each call is a line of JSON on standard output, which the platform\n"
            "rotates; where ACCESS_LOG names a file, logrotate does, with copytruncate.\n\n"
            "For your own Envoy: --print-config prints its configuration, and --page serves it the web page."
        ),
    ),
    "record": (
        "save exchange traffic to a file",
        (
            "A collector of its own, which disturbs no other, writes all that the exchanges reply to FILE, compressed. "
            "A file that is there already is gone on with."
        ),
    ),
    "replay": (
        "serve a recording: the same API, that day's market",
        (
            "Plays FILE on its own clock, again and again; every reply says REPLAY and carries the recorded times. "
            "The same scores come out as while it was recorded, byte for byte: --check proves it."
        ),
    ),
    "evaluate": (
        "find out whether the score predicts anything",
        (
            "Replays the analysis bar by bar over the past and holds it against what prices did next, beside chance and "
            "momentum. Prints tables, writes plots and a page to --output. Exit code 0: judged; 1: nothing could be."
        ),
    ),
    "top": (
        "the dashboard in this terminal, live, of this machine or another",
        (
            "Live, with keys to sort, search and look into a symbol; ? in it explains them. Where standard output is\n"
            "no terminal, or with --once: one table, highest score first, and an end.\n\n"
            "Exit code 0: shown, or quit; 1: bad words; 2: no connection, or quit before any came; 3: the server refused."
        ),
    ),
    "doctor": (
        "find out what is reachable, what is configured, and what to do",
        "Looks and changes nothing. Exit code 0: all that is needed works; 1: something fails; 2: bad settings.",
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


SOURCES = "candles: from the exchange, kept in --cache; history: our own scores, all six dimensions (default %(default)s)"


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
    for name, (short, long) in [*COMMANDS.items(), ("play", ("publish a recording: a part of replay", ""))]:
        words = f"{short[0].upper()}{short[1:]}.\n\n{long}"
        if name in COMMANDS:
            command = commands.add_parser(name, help=short, description=words, formatter_class=raw)
        else:  # a part of another command: not listed
            command = commands.add_parser(name, description=words)
        _own_words(name, command)
        if name in ASKING:
            continue
        own = set(command._option_string_actions)  # noqa: SLF001 - argparse does not tell it otherwise
        group = command.add_argument_group("settings")
        for item in fields(Settings):
            if f"--{item.name.replace('_', '-')}" in own:  # evaluate counts its symbols
                continue
            words = f"{item.metadata['help']} [{env_name(item)}; default {default_text(item) or 'none'}]".replace("%", "%%")
            group.add_argument(f"--{item.name.replace('_', '-')}", metavar="VALUE", help=words)
    return top


def _own_words(name: str, command: _Parser) -> None:
    """The words that only this command has."""
    add = command.add_argument
    match name:
        case "record":
            add("file", metavar="FILE", help="where to; made when it is not there, gone on with when it is")
            add("--minutes", type=_above_0, help="end after so many (default: at Ctrl-C)")
            add("--max-mb", type=_above_0, default=1024.0, help="end when FILE is so large, in MB (default %(default)g)")
        case "replay" | "play":
            add("file", metavar="FILE", help="a recording, from: virtuoso record FILE")
            add("--once", action="store_true", help="end with the recording instead of beginning again")
        case "demo":
            add("--seed", type=_from_0, default=1, help="another number, another market (default %(default)s)")
        case "probe":
            command.bad_words = 1
            add("--addr", type=_server, default=_own_server(), help="host:port of the server (default %(default)s)")
            add("--service", default="", help='what to ask for, such as "readiness" (default: the server as a whole)')
            add("--timeout", type=_above_0, default=2.0, help="seconds to connect, and to answer (default %(default)s)")
        case "top":
            command.bad_words = 1
            add("--addr", type=_server, default=_own_server(), help="host:port of the server (default %(default)s)")
            add("--tls", action="store_true", help="the server has TLS, by a certificate that this machine trusts")
            add("--ca", type=_certificates, metavar="FILE", help="the server has TLS, by a certificate of these roots (PEM)")
            add("--once", action="store_true", help="print one table and end")
        case "evaluate":
            add("--source", choices=("candles", "history"), default="candles", help=SOURCES)
            add("--days", type=_from_1, default=20, help="how far back (default %(default)s)")
            add(
                "--symbols",
                type=_from_1,
                default=200,
                dest="count",
                help="how many, the largest by turnover (default %(default)s)",
            )
            add("--output", metavar="FOLDER", default="evaluation", help="where plots and the page go (default %(default)s)")
            add("--cache", metavar="FOLDER", dest="bars", help="where bars are kept (default: bars in the state folder)")
            add("--seed", type=_from_0, default=1, help="of the random baseline (default %(default)s)")
        case "edge":
            add("--print-config", action="store_true", help="print Envoy's configuration and end")
            add("--page", action="store_true", help="serve the web page alone, at PAGE_ADDRESS, for an Envoy of your own")
        case "doctor":
            add("--json", action="store_true", help="print findings for scripts")
    if name == "replay":
        add("--check", action="store_true", help="score all of it again, compare every snapshot to the byte, and end")
        add("--info", action="store_true", help="print what is on the recording and end")
    if name in ("collect", "serve", "edge", "play"):
        add("--with-parent", action="store_true", help=argparse.SUPPRESS)


def _own_server() -> str:
    """Where this machine's server is, by its settings."""
    try:
        return joined(reachable(load(os.environ, {}).settings.grpc_address))
    except ConfigError:
        return "127.0.0.1:50051"


def _server(text: str) -> str:
    try:
        parse_address(text, min_port=1)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _certificates(path: str) -> bytes:
    try:
        found = Path(path).read_bytes()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path!r} cannot be read: {error.strerror}") from error
    if b"-----BEGIN CERTIFICATE-----" not in found:
        raise argparse.ArgumentTypeError(f"{path!r}: allowed is a file of certificates in PEM")
    return found


def _from_0(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: allowed is a whole number from 0 on")
    return int(text)


def _from_1(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r}: allowed is a whole number from 1 to 1000")
    return int(text)


def _above_0(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}: allowed is a number above 0")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        print(
            f"virtuoso {options.command}: no such words: {' '.join(unknown)}. See virtuoso {options.command} --help",
            file=sys.stderr,
        )
        return 1 if options.command in ASKING else 2
    if options.command in ASKING:
        return ASKING[options.command](options)
    try:
        loaded = load(os.environ, {item.name: getattr(options, item.name, None) for item in fields(Settings)})
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
        return process.run(loaded, options)
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


def top(options: argparse.Namespace) -> int:
    """Show the dashboard; see virtuoso.top.command."""
    from virtuoso.top import command  # noqa: PLC0415 - no other command needs it

    watchlist = Path(state_directory()) / "watchlist"
    tls = options.tls or options.ca is not None
    try:
        return command.run(options.addr, options.ca, tls=tls, once=options.once, watchlist=watchlist)
    except KeyboardInterrupt:
        return 130


def probe(address: str, service: str, timeout_s: float) -> int:
    """Ask for health as grpc_health_probe does; prints what it found and returns that program's exit codes."""

    async def ask() -> int:
        async with grpc.aio.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
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

    return asyncio.run(ask())


# These ask a server, have no settings but its address, and end with 1 for bad words.
ASKING: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "probe": lambda options: probe(options.addr, options.service, options.timeout),
    "top": top,
}
