"""The command `virtuoso`. Exit codes: 0 success, 1 failure, 2 bad settings or arguments. `probe` and `top` have the codes of
grpc_health_probe."""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import NoReturn

from virtuoso.app import process
from virtuoso.app.settings import config
from virtuoso.config import Settings, default_text, env_name, load, state_directory
from virtuoso.domain.addresses import format_address, parse_address, reachable
from virtuoso.domain.errors import ConfigError

ABOUT = """Virtuoso reads USDT perpetual markets from exchanges, scores every symbol in six dimensions, and serves the
result over typed gRPC, gRPC-Web and JSON. Everything it shows is real, says where it came from and how old it is.

Start with:   virtuoso demo     (a simulated market, labelled so; needs no network)
Then:         virtuoso up       (the real market)"""

COMMANDS = {
    "demo": (
        "run everything on simulated exchanges, without network",
        (
            "Some 60 simulated symbols in the formats of real exchanges; every reply says SIMULATED. Prints where it\n"
            "serves and a call of each kind to try. Its data is deleted when it ends. Ctrl-C stops it."
        ),
    ),
    "up": (
        "run everything: collector, its standby, server, edge",
        (
            "Starts a collector, a standby that takes over within seconds, a gRPC server, and Envoy for JSON and\n"
            "gRPC-Web, and restarts what fails. NOT_SERVING until the first complete snapshot, some ten seconds later.\n"
            "Ctrl-C stops it."
        ),
    ),
    "collect": (
        "run a collector: read exchanges, score, publish",
        (
            "Reads the first venue of EXCHANGES that works, and publishes a snapshot to CACHE every few seconds.\n"
            "Several can run on one repository: one works, the others stand by."
        ),
    ),
    "serve": (
        "run a gRPC server on what collectors publish",
        "Answers every call from the newest snapshot in CACHE. Any number of servers can share one memcached.",
    ),
    "edge": (
        "run Envoy: the web page, JSON, gRPC-Web and gRPC on one port",
        (
            "Listens on EDGE_ADDRESS with the web page, CORS, /healthz and a limit for each caller, and forwards to\n"
            "SERVERS. Speaks https when TLS_CERTIFICATE and TLS_KEY name files, and reloads renewed ones; gRPC behind it\n"
            "stays clear text. Writes a line of JSON for each call to ACCESS_LOG; rotate a file with logrotate and\n"
            "copytruncate.\n\n"
            "For an Envoy of your own: --print-config prints the configuration, --page serves the web page to it."
        ),
    ),
    "record": (
        "save exchange traffic to a file",
        (
            "Runs a collector of its own, and writes every reply of the exchanges to FILE, compressed.\n"
            "Continues a FILE that exists."
        ),
    ),
    "replay": (
        "serve a recording: the same API on the market of that day",
        (
            "Plays FILE on its own clock, again and again. Every reply says REPLAY and carries the recorded times.\n"
            "The scores are those of the recording, byte for byte; --check proves it."
        ),
    ),
    "evaluate": (
        "find out whether the score predicts anything",
        (
            "Replays the analysis bar by bar over the past, and compares the score with what prices did next, and with a\n"
            "random and a momentum baseline. Prints tables, and writes plots and a page to --output.\n"
            "Exit code 0: there is a verdict; 1: there is none."
        ),
    ),
    "top": (
        "show the dashboard in this terminal, of this machine or another",
        (
            "Live, with keys to sort, search and open a symbol; ? explains them. With --once, or in a pipe: one table,\n"
            "highest score first.\n\n"
            "Exit code 0: shown, or quit; 1: bad arguments; 2: no connection, or quit before data came;\n"
            "3: the server refused."
        ),
    ),
    "doctor": (
        "check what is reachable and configured, and say what to do",
        "Changes nothing. Exit code 0: everything that is needed works; 1: something fails; 2: bad settings.",
    ),
    "probe": (
        "ask a server for its health",
        "Exit code 0: SERVING; 1: bad arguments; 2: no connection; 3: the call failed or took too long; 4: not serving.",
    ),
    "config": (
        "print the effective settings and where each comes from",
        "Each setting is an environment variable VIRTUOSO_NAME and a flag --name; flags win.",
    ),
}


SOURCES = (
    "candles: from the exchange, cached in --cache; history: the stored scores, all six dimensions (default %(default)s)"
)


WITHOUT_SETTINGS = ("probe", "top")  # they ask a server, and end with 1 for bad arguments


class _Parser(argparse.ArgumentParser):
    """argparse with the exit code that a command promises for bad arguments."""

    bad_arguments = 2

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(self.bad_arguments, f"{self.prog}: {message}\nSee {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands and flags."""
    raw = argparse.RawDescriptionHelpFormatter
    top = _Parser(prog="virtuoso", description=ABOUT, formatter_class=raw)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for name, (short, long) in [*COMMANDS.items(), ("play", ("publish a recording: a part of replay", ""))]:
        words = f"{short[0].upper()}{short[1:]}.\n\n{long}"
        if name in COMMANDS:
            command = commands.add_parser(name, help=short, description=words, formatter_class=raw)
        else:  # a part of another command: not listed
            command = commands.add_parser(name, description=words)
        _add_own_arguments(name, command)
        if name in WITHOUT_SETTINGS:
            continue
        own = set(command._option_string_actions)  # noqa: SLF001 - argparse does not tell it otherwise
        group = command.add_argument_group("settings")
        for item in fields(Settings):
            if f"--{item.name.replace('_', '-')}" in own:  # evaluate counts its symbols
                continue
            words = f"{item.metadata['help']} [{env_name(item)}; default {default_text(item) or 'none'}]".replace("%", "%%")
            group.add_argument(f"--{item.name.replace('_', '-')}", metavar="VALUE", help=words)
    return top


def _add_own_arguments(name: str, command: _Parser) -> None:
    """Add the arguments that only this command has."""
    add = command.add_argument
    match name:
        case "record":
            add("file", metavar="FILE", help="the recording; an existing one is continued")
            add("--minutes", type=_above_0, help="end after so many minutes (default: at Ctrl-C)")
            add("--max-mb", type=_above_0, default=1024.0, help="end when FILE has so many MB (default %(default)g)")
        case "replay" | "play":
            add("file", metavar="FILE", help="a recording, made by: virtuoso record FILE")
            add("--once", action="store_true", help="end with the recording instead of starting again")
        case "demo":
            add("--seed", type=_from_0, default=1, help="which market: each number is another one (default %(default)s)")
        case "probe":
            command.bad_arguments = 1
            add("--addr", type=_server, default=_own_server(), help="host:port of the server (default %(default)s)")
            add("--service", default="", help='name of the service, such as "readiness" (default: the server as a whole)')
            add(
                "--timeout", type=_above_0, default=2.0, help="seconds to connect, and again to answer (default %(default)s)"
            )
        case "top":
            command.bad_arguments = 1
            add("--addr", type=_server, default=_own_server(), help="host:port of the server (default %(default)s)")
            add("--tls", action="store_true", help="use TLS with a certificate that this machine trusts")
            add("--ca", type=_certificates, metavar="FILE", help="use TLS with a certificate of these roots (PEM)")
            add("--once", action="store_true", help="print one table")
            command.set_defaults(watchlist=Path(state_directory()) / "watchlist")
        case "evaluate":
            add("--source", choices=("candles", "history"), default="candles", help=SOURCES)
            add("--days", type=_from_1, default=20, help="length of the past (default %(default)s)")
            add(
                "--symbols",
                type=_from_1,
                default=200,
                dest="count",
                help="number of symbols, the largest by turnover (default %(default)s)",
            )
            add("--output", metavar="FOLDER", default="evaluation", help="folder of plots and page (default %(default)s)")
            add("--cache", metavar="FOLDER", dest="bars", help="folder of cached bars (default: bars in the state folder)")
            add("--seed", type=_from_0, default=1, help="seed of the random baseline (default %(default)s)")
        case "edge":
            add("--print-config", action="store_true", help="print Envoy's configuration")
            add("--page", action="store_true", help="serve the web page alone at PAGE_ADDRESS, for an Envoy of your own")
        case "doctor":
            add("--json", action="store_true", help="print findings as JSON")
    if name == "replay":
        add("--check", action="store_true", help="score everything again and compare each snapshot byte by byte")
        add("--info", action="store_true", help="print what the recording holds")
    if name in ("collect", "serve", "edge", "play"):
        add("--with-parent", action="store_true", help=argparse.SUPPRESS)


def _own_server() -> str:
    """Return the address of this machine's server by its settings."""
    try:
        return format_address(reachable(load(os.environ, {}).settings.grpc_address))
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
    """Run a command and return its exit code."""
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        sys.stderr.write(
            f"virtuoso {options.command}: unknown arguments: {' '.join(unknown)}. See virtuoso {options.command} --help\n"
        )
        return 1 if options.command in WITHOUT_SETTINGS else 2
    try:
        if options.command in WITHOUT_SETTINGS:
            return process.call(options)
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
        sys.stderr.write(f"virtuoso {options.command}: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
