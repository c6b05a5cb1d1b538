"""Programs that the tests run against. Each program starts on a free port of this machine, and its test ends it."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
START_S = 90.0


# The ports are below the ephemeral port range, and each pytest worker has its own range. The six ports after each port are
# left out: the processes of one command use the next ports.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
_FIRST, _STEP, _COUNT = 10_000 + 2_750 * _WORKER, 7, 392
_places = itertools.count(os.getpid())


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is currently free. Each call returns a different port."""
    for place in itertools.islice(_places, _COUNT):
        port = _FIRST + place % _COUNT * _STEP
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


def wait_for_port(port: int, process: subprocess.Popen[bytes], host: str = "127.0.0.1") -> None:
    """Return once a process listens on the port. Raise RuntimeError when the process ends or after START_S."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex((host, port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not listen on {port}")


class Program:
    """A child process on a port."""

    def __init__(
        self, arguments: list[str], port: int, output: IO[bytes] | int = subprocess.DEVNULL, host: str = "127.0.0.1"
    ) -> None:
        self.port = port
        self.process = subprocess.Popen(arguments, stdout=output, stderr=output)
        wait_for_port(port, self.process, host=host)

    def freeze(self) -> None:
        """Stop the process with SIGSTOP. It keeps its port and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # wait for the stop, because until then the process may still answer

    def thaw(self) -> None:
        """Continue the process."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the process immediately."""
        self.process.kill()
        self.process.wait()


def _parted(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


class Memcached(Program):
    """A real memcached. tools/programs installs it."""

    def __init__(self, *options: str, port: int | None = None) -> None:
        program = shutil.which("memcached") or shutil.which("memcached", path="/usr/bin:/usr/local/bin")
        if program is None:
            raise RuntimeError("memcached is not installed: run tools/programs, which installs it")
        port = port or free_port()
        super().__init__([program, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-u", "nobody", *options], port)
        self.address = f"127.0.0.1:{port}"


class Market(Program):
    """Exchanges on one port. A test can make them fail."""

    def __init__(self, arguments: list[str], port: int) -> None:
        super().__init__(arguments, port)
        self.url = f"http://127.0.0.1:{port}"

    def fault(self, mode: str = "ok", exchange: str = "all", **more: Any) -> None:
        """Make the exchange fail in one of the ways that the simulator's `faults` names. "ok" ends the fault."""
        body = json.dumps({"mode": mode, "exchange": exchange, **more}).encode()
        request = urllib.request.Request(f"{self.url}/__admin", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).read()

    def get(self, path: str) -> Any:
        """Return the reply of the exchange itself as JSON."""
        with urllib.request.urlopen(self.url + path, timeout=10) as reply:
            return json.loads(reply.read())


class Replay(Market):
    """The recorded exchanges in ../shared. They are not on every machine."""

    SCRIPT, TODAY = SHARED / "replay" / "replay_exchange.py", "2025-10-22"

    def __init__(self) -> None:
        port = free_port()
        super().__init__([sys.executable, str(self.SCRIPT), "--port", str(port), "--tape-date", self.TODAY], port)


class Simulated(Market):
    """The product's own simulated exchanges."""

    def __init__(self, seed: int = 7) -> None:
        port = free_port()
        words = ["--address", f"127.0.0.1:{port}", "--seed", str(seed)]
        super().__init__([sys.executable, "-m", "virtuoso.simulator", *words], port)


class Edge(Program):
    """The edge launcher in a separate process, with a real Envoy on a free port. The servers and monitors ("host:port") must
    already listen. `spec` holds further fields of virtuoso.edge.spec.EdgeSpec. `output` returns what the process has
    written."""

    SCRIPT = """
import asyncio, json, logging, signal, sys, uvloop
from virtuoso.edge.envoy import find_envoy, run_edge
from virtuoso.edge.spec import EdgeSpec
async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    spec, linger_s = json.loads(sys.argv[1])
    return await run_edge(EdgeSpec(**spec), stop, linger_s=linger_s, program=find_envoy())
logging.basicConfig(level="INFO")
sys.exit(uvloop.run(main()))
"""

    def __init__(self, servers: list[str], monitors: list[str], linger_s: float = 0.0, **spec: Any) -> None:
        port = free_port()
        behind = {"servers": [_parted(each) for each in servers], "monitors": [_parted(each) for each in monitors]}
        words = json.dumps(({"address": ("127.0.0.1", port), **behind, **spec}, linger_s))
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        super().__init__([sys.executable, "-c", self.SCRIPT, words], port, output=self._output)
        self.address = f"127.0.0.1:{port}"
        self.url = f"{'https' if spec.get('certificate') else 'http'}://{self.address}"
        while "edge on" not in self.output() and self.process.poll() is None:
            time.sleep(0.02)  # before Envoy, the launcher itself listens for a moment, to see whether the port is free

    def output(self) -> str:
        """Return what the launcher and its Envoy have written so far."""
        return os.pread(self._output.fileno(), 1 << 20, 0).decode()  # seek would affect the processes too

    def end(self) -> None:
        """End the launcher in an orderly way. It ends its Envoy."""
        self.process.terminate()
        self.process.wait()
        self._output.close()

    def kill(self) -> None:
        """See Program."""
        super().kill()
        self._output.close()

    def envoy(self) -> int | None:
        """Return the process id of its Envoy, or None when no Envoy runs."""
        listing = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return next((int(line) for line in listing.stdout.split()), None)


class Postgres(Program):
    """A real PostgreSQL in a temporary folder. tools/programs installs it. PostgreSQL refuses to run as root. When the tests
    run as root, it runs as the user that the package creates, or as nobody."""

    def __init__(self) -> None:
        found = shutil.which("postgres") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))), None)
        if found is None:
            raise RuntimeError("postgresql is not installed: run tools/programs, which installs it")
        self._programs = Path(found).resolve().parent
        self._folder = Path(tempfile.mkdtemp(prefix="virtuoso-postgres-"))
        self._data = self._folder / "data"
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            name = next(entry for entry in (_account("postgres"), _account("nobody")) if entry)
            self._user = {"user": name.pw_uid, "group": name.pw_gid, "extra_groups": []}
            os.chown(self._folder, name.pw_uid, name.pw_gid)
        words = ["--username=virtuoso", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(
            [str(self._programs / "initdb"), "-D", str(self._data), *words],
            check=True,
            capture_output=True,
            cwd=self._folder,
            **self._user,
        )
        self.port = free_port()
        self.start()

    def start(self) -> None:
        """Start the server. After `kill`, it has the same data as before."""
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "shared_buffers=16MB"]
        self.process = subprocess.Popen(
            [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port)]
            + [word for setting in settings for word in ("-c", setting)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            **self._user,
        )
        end = time.monotonic() + 30
        asked = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(asked, check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.process.args!r} does not start")
            time.sleep(0.05)

    def url(self, database: str = "postgres", user: str = "virtuoso") -> str:
        """Return the URL of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Return what psql prints for a statement."""
        command = [str(self._programs / "psql"), "-qAtX", "-d", self.url(database), "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def run(self, script: Path, database: str, env: Mapping[str, str]) -> None:
        """Run a file of SQL with psql."""
        command = [str(self._programs / "psql"), "-qX", "-d", self.url(database), "-f", str(script)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **env})

    def freeze(self) -> None:
        """See Program. The processes of the server's connections are stopped too."""
        super().freeze()
        for pid in self._children():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """See Program."""
        for pid in self._children():
            with contextlib.suppress(ProcessLookupError):  # the process of a closed connection has just ended
                os.kill(pid, signal.SIGCONT)
        super().thaw()

    def kill(self) -> None:
        """End the server without a shutdown. SIGKILL cannot be used: the child processes would keep the server's memory."""
        self.thaw()
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def close(self) -> None:
        """Kill the server and delete its folder."""
        self.kill()
        shutil.rmtree(self._folder)

    def _children(self) -> list[int]:
        command = ["ps", "-o", "pid=", "--ppid", str(self.process.pid)]
        listing = subprocess.run(command, capture_output=True, text=True, check=False)
        return [int(pid) for pid in listing.stdout.split()]


def _account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
