"""The command `virtuoso`.

Exit codes: 0 success, 1 failure, 2 invalid settings or arguments. `probe` and `top` have the exit codes of
grpc_health_probe."""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from virtuoso.app import logs, process
from virtuoso.app.settings import config
from virtuoso.config import Settings, default_text, env_name, load, state_directory
from virtuoso.domain import setting_values
from virtuoso.domain.addresses import format_address, parse_address, reachable
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.numbers import parse_number

T = TypeVar("T")

ABOUT = """Virtuoso reads USDT perpetual markets from exchanges, scores every symbol in six dimensions, and serves the
result over gRPC, gRPC-Web and JSON. Every reply contains the source and the age of its data.

Start with:   virtuoso demo     (a simulated market; needs no network)
Then:         virtuoso up       (the real market)"""

COMMANDS = {
    "demo": (
        "run everything on simulated exchanges, without a network",
        (
            "Simulates about 60 symbols in the formats of real exchanges. Every reply is labelled SIMULATED. Prints the\n"
            "addresses and example calls. The data is deleted at the end. Press Ctrl-C to stop."
        ),
    ),
    "up": (
        "run everything: collector, its standby, server, edge",
        (
            "Starts a collector, a standby that takes over within seconds, a gRPC server, and Envoy for JSON and\n"
            "gRPC-Web. Restarts processes that fail. The health status is NOT_SERVING until the first complete snapshot,\n"
            "about ten seconds after the start. Press Ctrl-C to stop."
        ),
    ),
    "collect": (
        "run a collector: read exchanges, score, publish",
        (
            "Reads the first available venue of EXCHANGES and publishes a snapshot to CACHE every few seconds.\n"
            "Several collectors can share one repository: one is active, the others are standbys."
        ),
    ),
    "serve": (
        "run a gRPC server for the snapshots of the collectors",
        "Answers calls from the newest snapshot in CACHE. Any number of servers can share one memcached.",
    ),
    "edge": (
        "run Envoy: the web page, JSON, gRPC-Web and gRPC on one port",
        (
            "Listens on EDGE_ADDRESS and forwards to SERVERS. Adds the web page, CORS, /healthz and a rate limit for each\n"
            "client. Serves HTTPS if TLS_CERTIFICATE and TLS_KEY are set, calls servers with TLS if GRPC_TLS_CA is set,\n"
            "and reloads renewed files. Writes one line of JSON for each call to ACCESS_LOG. Rotate it with logrotate and\n"
            "copytruncate.\n\n"
            "To run your own Envoy: --print-config prints the configuration, --page serves the web page to it."
        ),
    ),
    "record": (
        "save exchange traffic to a file",
        (
            "Runs a separate collector and writes every reply of the exchanges to FILE, compressed.\n"
            "Appends to FILE if it exists."
        ),
    ),
    "replay": (
        "serve a recording with the same API",
        (
            "Replays FILE in a loop, with the recorded times. Every reply is labelled REPLAY.\n"
            "The scores are byte for byte those of the recording; --check verifies this."
        ),
    ),
    "evaluate": (
        "measure whether the score predicts returns",
        (
            "Replays the analysis bar by bar over past data. Compares the score with the returns that followed, and with\n"
            "a random and a momentum baseline. Prints tables and writes plots and a page to --output.\n"
            "Exit code 0: there is a verdict; 1: there is none."
        ),
    ),
    "export": (
        "save scores, signals, alerts or outlooks to a file",
        (
            "Reads HISTORY and writes one table into FILE: scores (every stored point), signals (with their outcome and\n"
            "the moves that followed), alerts, or outlooks (with what came of them). Progress goes to standard error.\n"
            "FILE is replaced when it is complete.\n"
            "Columns and units are in virtuoso/export/export.md.\n"
            "Exit code 0: written; 1: the history or the file failed."
        ),
    ),
    "top": (
        "show the dashboard of a server in this terminal",
        (
            "Tabs for the market, movers, signals, opportunities, alerts and betas, and a screen for each symbol. Updates\n"
            "live; press ? for the keys. With --once or in a pipe, prints one table, highest score first.\n\n"
            "Exit code 0: shown, or quit; 1: bad arguments; 2: no connection, or quit before the first data;\n"
            "3: the server returned an error."
        ),
    ),
    "doctor": (
        "check the configuration and the network, and suggest fixes",
        "Changes nothing. Exit code 0: all required checks pass; 1: a check fails; 2: bad settings.",
    ),
    "probe": (
        "check the health of a server",
        "Exit code 0: SERVING; 1: bad arguments; 2: no connection; 3: the call failed or took too long; 4: not serving.",
    ),
    "config": (
        "print the effective settings and their sources",
        "Each setting is an environment variable VIRTUOSO_NAME and a flag --name. Flags override variables.",
    ),
}


SOURCES = (
    "candles: from the exchange, cached in --cache; history: the stored scores with all six dimensions, signals; archive: "
    "files in DIR that venues publish, with all six dimensions (default %(default)s)"
)


STEPS = (
    "time between two scores of --source candles; 15m enters at quarter hours only, 4h reads only 4h bars, for a year "
    "(default %(default)s)"
)
TIME = "a time in UTC, such as 2026-01-31 or 2026-01-31T08:30"


# These commands only call a server. Their exit code for bad arguments is 1.
WITHOUT_SETTINGS = ("probe", "top")


class _Parser(argparse.ArgumentParser):
    """An argument parser with a configurable exit code for bad arguments."""

    bad_arguments = 2

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(self.bad_arguments, f"{self.prog}: {message}\nSee {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands and flags. The settings are the defaults of `probe` and `top`."""
    try:
        settings, invalid = load(os.environ, {}).settings, ""
    except ConfigError as error:
        settings, invalid = load({}, {}).settings, str(error)
    raw = argparse.RawDescriptionHelpFormatter
    top = _Parser(prog="virtuoso", description=ABOUT, formatter_class=raw)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for name, (short, long) in [*COMMANDS.items(), ("play", ("publish a recording: a part of replay", ""))]:
        description = f"{short[0].upper()}{short[1:]}.\n\n{long}"
        if name in COMMANDS:
            command = commands.add_parser(name, help=short, description=description, formatter_class=raw)
        else:  # a part of another command, not listed in the help
            command = commands.add_parser(name, description=description)
        _add_own_arguments(name, command, settings)
        if name in WITHOUT_SETTINGS:
            command.set_defaults(invalid_setting=invalid)
            continue
        own = set(command._option_string_actions)  # noqa: SLF001 - argparse has no public API for this
        group = command.add_argument_group("settings")
        for item in fields(Settings):
            if f"--{item.name.replace('_', '-')}" in own:  # evaluate and export have their own --symbols
                continue
            text = f"{item.metadata['help']} [{env_name(item)}; default {default_text(item) or 'none'}]".replace("%", "%%")
            group.add_argument(f"--{item.name.replace('_', '-')}", metavar="VALUE", help=text)
    return top


def _add_own_arguments(name: str, command: _Parser, settings: Settings) -> None:
    """Add the arguments that only this command has."""
    add = command.add_argument
    match name:
        case "record":
            add("file", metavar="FILE", help="the recording; virtuoso appends to an existing one")
            add("--minutes", type=_positive, help="number of minutes to record (default: until Ctrl-C)")
            add("--max-mb", type=_positive, default=1024.0, help="maximum size of FILE, MB (default %(default)g)")
        case "replay" | "play":
            add("file", metavar="FILE", help="a file that virtuoso record has written")
            add("--once", action="store_true", help="stop at the end of the recording instead of looping")
        case "demo":
            add("--seed", type=_non_negative, default=1, help="seed of the simulated market (default %(default)s)")
        case "probe":
            command.bad_arguments = 1
            _add_server_arguments(command, settings)
            add("--service", default="", help='name of the service, such as "readiness" (default: the server as a whole)')
            add(
                "--timeout",
                type=_positive,
                default=2.0,
                help="seconds to wait for the connection and for the reply, each (default %(default)s)",
            )
        case "top":
            command.bad_arguments = 1
            _add_server_arguments(command, settings)
            add("--once", action="store_true", help="print one table")
            add("--symbols", type=_symbols, default=(), help="only these symbols, separated by commas (default: all)")
            add("--min-interval", type=_interval, help="shortest time between two updates, 1 to 60 s (default 1)")
            zones = "time zone of all times: utc, or local for that of this machine (default %(default)s)"
            add("--time-zone", choices=("utc", "local"), default="utc", help=zones)
            command.set_defaults(watchlist=Path(state_directory()) / "watchlist")
        case "evaluate":
            _add_evaluate_arguments(command)
        case "export":
            _add_export_arguments(command)
        case "edge":
            add("--print-config", action="store_true", help="print Envoy's configuration")
            add("--page", action="store_true", help="serve only the web page, at PAGE_ADDRESS, for your own Envoy")
        case "doctor":
            add("--json", action="store_true", help="print findings as JSON")
    if name == "replay":
        add("--check", action="store_true", help="recompute all scores and compare each snapshot byte by byte")
        add("--info", action="store_true", help="print the contents of the recording")
    if name in ("collect", "serve", "edge", "play"):
        add("--with-parent", action="store_true", help=argparse.SUPPRESS)


def _add_evaluate_arguments(command: _Parser) -> None:
    add = command.add_argument
    add("--source", choices=("candles", "history", "archive"), default="candles", help=SOURCES)
    add("folder", nargs="?", metavar="DIR", help="folder of the downloaded files for --source archive")
    add("--days", type=_from_1_to_1000, default=20, help="number of past days (default %(default)s)")
    add(
        "--symbols",
        type=_from_1_to_1000,
        default=200,
        dest="count",
        help="number of symbols, highest turnover first (default %(default)s)",
    )
    add("--step", choices=("5m", "15m", "4h"), default="5m", help=STEPS)
    add("--output", metavar="FOLDER", default="evaluation", help="folder of plots and page (default %(default)s)")
    add("--cache", metavar="FOLDER", dest="bars", help="folder of cached bars (default: bars in the state folder)")
    add("--seed", type=_non_negative, default=1, help="seed of the random baseline (default %(default)s)")


def _add_export_arguments(command: _Parser) -> None:
    add = command.add_argument
    add("table", choices=("scores", "signals", "alerts", "outlooks"), help="what to write")
    add("file", metavar="FILE", help="the file; its name ends in .csv or .parquet, or --format says which it is")
    add("--format", choices=("csv", "parquet"), help="the format (default: by the name of FILE)")
    add("--from", type=_time, dest="start", default=0, metavar="TIME", help=f"{TIME}; included (default: all)")
    add("--to", type=_time, dest="end", metavar="TIME", help="the end of the range; excluded (default: now)")
    add("--symbols", type=_symbols, dest="only", default=(), help="only these, separated by commas (default: all)")
    add("--venue", type=str.lower, default="", help="only of this venue (default: all that the history has)")


def _add_server_arguments(command: _Parser, settings: Settings) -> None:
    """Add the arguments of a command that calls one server. Their defaults are those of the settings."""
    local, add = format_address(reachable(settings.grpc_address)), command.add_argument
    add("--addr", type=_server, default=local, help="host:port of the server (default %(default)s)")
    add("--tls", action="store_true", help="use TLS with the root certificates of this machine")
    for name, default, label, text in (
        ("--ca", settings.grpc_tls_ca, "CERTIFICATE", "use TLS with the root certificates in FILE (PEM)"),
        ("--certificate", settings.grpc_tls_client_certificate, "CERTIFICATE", "PEM file of a client certificate, for mTLS"),
        ("--key", settings.grpc_tls_client_key, "PRIVATE KEY", "PEM file of the private key of --certificate"),
    ):
        add(
            name,
            type=partial(_pem, label=label),
            metavar="FILE",
            default=default or None,
            help=f"{text} (default {default or 'none'})",
        )
    add(
        "--server-name",
        metavar="NAME",
        default=settings.grpc_tls_server_name,
        help="name in the server's certificate, if it is not the host of --addr",
    )


def _server(text: str) -> str:
    try:
        parse_address(text, min_port=1)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _pem(path: str, *, label: str) -> bytes:
    try:
        found = Path(path).read_bytes()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path!r} cannot be read: {error.strerror}") from error
    if f"{label}-----".encode() not in found:
        raise argparse.ArgumentTypeError(f"{path!r}: expected a PEM file with a {label.lower()}")
    return found


def _non_negative(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number of 0 or more")
    return int(text)


def _from_1_to_1000(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 1 to 1000")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = parse_number(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number above 0")
    return value


def _time(text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
        return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r}: expected {TIME}") from None


def _symbols(text: str) -> tuple[str, ...]:
    return _allowed(setting_values.symbols, text)


def _interval(text: str) -> float:
    return float(_allowed(setting_values.number(float, 1, 60), text))


def _allowed(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except setting_values.NotAllowed as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected {error}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    options, unknown = parser().parse_known_args(arguments)
    problem = f"unknown arguments: {' '.join(unknown)}" if unknown else ""
    if options.command in WITHOUT_SETTINGS and (options.certificate is None) != (options.key is None):
        problem = "--certificate and --key: expected both or neither"
    if problem:
        sys.stderr.write(f"virtuoso {options.command}: {problem}. See virtuoso {options.command} --help\n")
        return 1 if options.command in WITHOUT_SETTINGS else 2
    try:
        if options.command in WITHOUT_SETTINGS:
            if options.invalid_setting:
                sys.stderr.write(f"virtuoso {options.command}: no setting is used: {options.invalid_setting}\n")
            return process.call(options)
        loaded = load(os.environ, {item.name: getattr(options, item.name, None) for item in fields(Settings)})
        if options.command == "config":
            return config(loaded)
        logs.configure(options.command, loaded.settings.log_level)
        if not getattr(options, "with_parent", False):
            for warning in loaded.warnings:
                logging.getLogger(__name__).warning(warning)
        return process.run(loaded, options)
    except ConfigError as error:
        sys.stderr.write(f"virtuoso {options.command}: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
