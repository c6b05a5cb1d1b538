"""One command as a process: its module is imported, and it runs until it is done or told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
from argparse import Namespace
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import uvloop

from virtuoso.config import Loaded
from virtuoso.domain.tasks import wait_for_parent_exit

Body = Callable[[Loaded, Namespace, asyncio.Event], Coroutine[Any, Any, int]]
# Imported by name when they run: each loads much that the others do without.
MODULES: Mapping[str, str] = {
    "up": "nodes",
    "demo": "nodes",
    "replay": "nodes",
    "collect": "collect",
    "serve": "serve",
    "edge": "edge",
    "record": "recordings",
    "play": "recordings",
    "inspect": "recordings",
    "evaluate": "evaluate",
    "doctor": "doctor",
}


def run(loaded: Loaded, options: Namespace) -> int:
    """Run the command of `options` until it is done, or SIGTERM or SIGINT; returns the exit code. ConfigError for what
    settings ask for and the machine does not have, such as a free port."""
    return uvloop.run(_until_stopped(_body(options), loaded, options))


def _body(options: Namespace) -> Body:
    """The function of a command; `replay` that only looks at a recording is `inspect`."""
    looks = options.command == "replay" and (options.info or options.check)
    name = "inspect" if looks else options.command
    body: Body = getattr(importlib.import_module(f"virtuoso.app.{MODULES[name]}"), name)
    return body


async def _until_stopped(body: Body, loaded: Loaded, options: Namespace) -> int:
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
