"""Real programs that tests run against: each starts on a free port of this machine and is ended by its owner."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Return once something listens; raise when the process ends or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not listen on {port}")


class Program:
    """A child process on a port."""

    def __init__(self, arguments: list[str], port: int) -> None:
        self.port = port
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(port, self.process)

    def freeze(self) -> None:
        """It keeps its port and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # until then it may still answer

    def thaw(self) -> None:
        """It goes on."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """It is gone at once."""
        self.process.kill()
        self.process.wait()


class Memcached(Program):
    """A real memcached; tools/test installs it."""

    def __init__(self, *options: str, port: int | None = None) -> None:
        program = shutil.which("memcached") or shutil.which("memcached", path="/usr/bin:/usr/local/bin")
        if program is None:
            raise RuntimeError("memcached is not installed: run ./tools/test, which installs it")
        port = port or free_port()
        super().__init__([program, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-u", "nobody", *options], port)
        self.address = f"127.0.0.1:{port}"


class Replay(Program):
    """The recorded exchanges beside the project, where they are."""

    SCRIPT = SHARED / "replay" / "replay_exchange.py"

    def __init__(self, tape_date: str = "2025-10-22") -> None:
        port = free_port()
        super().__init__([sys.executable, str(self.SCRIPT), "--port", str(port), "--tape-date", tape_date], port)
        self.url = f"http://127.0.0.1:{port}"

    def fault(self, mode: str = "ok", exchange: str = "all", **more: Any) -> None:
        """Break the exchange in one of the ways its README names; "ok" mends it."""
        body = json.dumps({"mode": mode, "exchange": exchange, **more}).encode()
        request = urllib.request.Request(f"{self.url}/__admin", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).read()

    def get(self, path: str) -> Any:
        """What the exchange itself says."""
        with urllib.request.urlopen(self.url + path, timeout=10) as reply:
            return json.loads(reply.read())
