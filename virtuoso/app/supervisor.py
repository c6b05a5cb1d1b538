"""Run the processes of one node. A process that ends unexpectedly is restarted, and the log reports it.

A child detects the end of its parent by the end of its own standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

log = logging.getLogger(__name__)

# The count of crashes is reset after a process has run for this time.
STABLE_S = 30.0
MAX_PAUSE_S = 15.0  # the longest pause between two restarts of a process
LATE_S = 30.0  # the time after which a `late` process starts in any case
# These variables make glibc return unused memory of threads. A server then uses about 7 MB less.
MEMORY = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072"}


@dataclass(frozen=True)
class Role:
    """One child process: its name in logs, and the arguments after `python -m MODULE`.

    A `late` process starts when the node serves, so that it does not slow down the start. When a `last` process ends with
    0, the node also ends."""

    name: str
    arguments: Sequence[str]
    module: str = "virtuoso"
    late: bool = False
    last: bool = False


async def supervise(
    roles: Sequence[Role], env: Mapping[str, str], stop: asyncio.Event, grace_s: float, ready: asyncio.Event
) -> int:
    """Run one process per role until `stop` is set. Then send SIGTERM to all, and SIGKILL after `grace_s` and a margin.

    Late roles start when `ready` is set, or after LATE_S. Return 0 when all processes ended in time, else 1. A child that
    ends with 2 (invalid settings, a port in use) ends the node with 2, because a restart would not help.
    """
    tasks = [asyncio.create_task(_keep_running(role, env, stop, grace_s, ready), name=role.name) for role in roles]
    results = await asyncio.gather(*tasks)
    return max(results, default=0)


async def _keep_running(
    role: Role, env: Mapping[str, str], stop: asyncio.Event, grace_s: float, ready: asyncio.Event
) -> int:
    crashes = 0
    if role.late:
        await _either(ready, stop, LATE_S)
    while not stop.is_set():
        began = time.monotonic()
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            role.module,
            *role.arguments,
            env={**MEMORY, **os.environ, **env},
            stdin=asyncio.subprocess.PIPE,
        )
        ended, stopping = asyncio.create_task(child.wait()), asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            return await _end(role, child, grace_s)
        stopping.cancel()
        if child.returncode == 2 or (role.last and child.returncode == 0):
            stop.set()
            return child.returncode
        with contextlib.suppress(TimeoutError):  # the signal that ended the child may also come to us
            await asyncio.wait_for(stop.wait(), 0.3)
        if stop.is_set():
            return 0 if child.returncode in (0, -signal.SIGTERM, -signal.SIGINT) else 1
        crashes = 0 if time.monotonic() - began > STABLE_S else crashes + 1
        pause = min(MAX_PAUSE_S, 0.1 * 2**crashes) if crashes > 1 else 0.0
        log.error(
            "%s ended with %s and will be restarted%s", role.name, child.returncode, f" in {pause:.1f} s" if pause else ""
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
    return 0


async def _either(first: asyncio.Event, second: asyncio.Event, timeout_s: float) -> None:
    waits = [asyncio.create_task(event.wait()) for event in (first, second)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED, timeout=timeout_s)
    for wait in waits:
        wait.cancel()


async def _end(role: Role, child: asyncio.subprocess.Process, grace_s: float) -> int:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        code = await asyncio.wait_for(child.wait(), grace_s + 4)
    except TimeoutError:
        log.error("%s did not stop within %g s and will be killed", role.name, grace_s + 4)  # noqa: TRY400 - it hung
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        return 1
    return 0 if code in (0, -signal.SIGTERM) else 1
