"""Run one command as a process, until the command ends or the process receives a stop signal."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import uvloop

from virtuoso.config import LoadedSettings
from virtuoso.domain import open_files
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.tasks import wait_for_parent_exit

Body = Callable[[LoadedSettings, Namespace, asyncio.Event], Coroutine[Any, Any, int]]
# The module of each command function. A module is imported only when it is needed, because each one imports large libraries
# that the others do not need. For example, a server imports neither ccxt nor numpy.
MODULES: Mapping[str, str] = {
    "up": "app.nodes",
    "demo": "app.nodes",
    "replay": "app.nodes",
    "collect": "app.collect",
    "serve": "app.serve",
    "edge": "app.edge",
    "record": "app.recordings",
    "play": "app.recordings",
    "inspect": "app.recordings",
    "evaluate": "app.evaluate",
    "export": "app.export",
    "doctor": "app.doctor",
    "probe": "app.probe",
    "top": "top.live",
    "top_once": "top.once",
}
# The extra that installs an optional package, by package.
EXTRAS: Mapping[str, str] = {
    "ccxt": "collector",
    "numpy": "collector",
    "talib": "collector",
    "matplotlib": "evaluate",
    "textual": "top",
    "rich": "top",
}


def run(loaded: LoadedSettings, options: Namespace) -> int:
    """Run a command with settings until it ends, or until SIGTERM or SIGINT. Return the exit code.

    Raise ConfigError when something that the settings need is not available, such as a free port or an extra."""
    open_files.raise_limit()
    inspects = options.command == "replay" and (options.info or options.check)
    body: Body = _function("inspect" if inspects else options.command)
    return uvloop.run(_until_stopped(body, loaded, options))


def call(options: Namespace) -> int:
    """Run a command without settings and return the exit code. Raise ConfigError when an extra is not installed."""
    plain = options.command == "top" and (options.once or not sys.stdout.isatty())
    code: int = _function("top_once" if plain else options.command)(options)
    return code


def _function(name: str) -> Callable[..., Any]:
    try:
        module = importlib.import_module(f"virtuoso.{MODULES[name]}")
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise ConfigError(f"{error.name} is not installed: install virtuoso[{extra}]") from error
    function: Callable[..., Any] = getattr(module, name)
    return function


async def _until_stopped(body: Body, loaded: LoadedSettings, options: Namespace) -> int:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    orphaned = asyncio.create_task(wait_for_parent_exit()) if getattr(options, "with_parent", False) else None
    if orphaned is not None:
        orphaned.add_done_callback(lambda _: stop.set())
    try:
        return await body(loaded, options, stop)
    finally:
        if orphaned is not None:
            orphaned.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await orphaned
