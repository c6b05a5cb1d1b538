"""`virtuoso top` in a real terminal, in a pipe, and without a server."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.programs import ROOT, free_port
from tests.service.servers import running_server
from tests.service.snapshots import row, snapshot

ROWS = [row("BTCUSDT", 71.5), *(row(f"C{n:02d}USDT", 50.0) for n in range(500))]
PIPE = asyncio.subprocess.PIPE


def environment(folder: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUOSO_", "NO_COLOR"))}
    return {**clean, "XDG_STATE_HOME": str(folder), "TERM": "xterm-256color", **more}


async def run(folder: Path, *arguments: str, then: str = "") -> tuple[int | None, str, str]:
    """Run `virtuoso top`. `then` is the rest of a pipe. Return (exit code, standard output, standard error)."""
    command = f'"$@" {then}'
    process = await asyncio.create_subprocess_exec(
        *("bash", "-o", "pipefail", "-c", command, "bash", sys.executable, "-m", "virtuoso", "top", *arguments),
        stdout=PIPE,
        stderr=PIPE,
        cwd=ROOT,
        env=environment(folder),
    )
    async with asyncio.timeout(30):
        stdout, stderr = await process.communicate()
    return process.returncode, stdout.decode(), stderr.decode()


class Tty:
    """`virtuoso top` in a terminal of 80 by 24."""

    def __init__(self, process: asyncio.subprocess.Process, end: int) -> None:
        self.process, self.end, self.output = process, end, b""

    async def see(self, text: str) -> None:
        """Read until `text` has been written."""
        async with asyncio.timeout(90):
            while text.encode() not in self.output:
                await self.read()

    async def read(self) -> None:
        """Read what was written since the last read."""
        await asyncio.sleep(0.02)
        with suppress(BlockingIOError, OSError):
            self.output += os.read(self.end, 65536)


@asynccontextmanager
async def tty(address: str, folder: Path, **env: str) -> AsyncIterator[Tty]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.set_blocking(ours, False)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "virtuoso", "top", "--addr", address),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env=environment(folder, **env),
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Tty(process, ours)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)


async def test_top_runs_in_a_terminal_without_colour_and_restores_it(tmp_path: Path) -> None:
    async with running_server() as one:
        await one.show(snapshot(rows=ROWS))
        async with tty(one.address, tmp_path, NO_COLOR="1") as terminal:
            await terminal.see("SIMULATED")
            await terminal.see("BTCUSDT")
            os.write(terminal.end, b"\x03")  # Ctrl-C
            await terminal.see("\x1b[?1049l")  # back to the previous screen
            async with asyncio.timeout(10):
                while terminal.process.returncode is None:
                    await terminal.read()
            assert terminal.process.returncode == 0
    assert b"Traceback" not in terminal.output


async def test_top_prints_one_table_in_a_pipe(tmp_path: Path) -> None:
    async with running_server() as one:
        await one.show(snapshot(rows=ROWS))
        code, out, error = await run(tmp_path, "--addr", one.address)
        assert (code, error) == (0, "")
        assert out.startswith("SIMULATED (no price is real)  bybit  0 s old  501/501 scored\n")
        lines = out.splitlines()
        assert " ".join(lines[4].split()) == "BTCUSDT 71.5 52% 64 68 70 74 76 80 27.125 -1.38% 48.1M"
        assert len(lines) == 4 + 501
        assert await run(tmp_path, "--addr", one.address, then="| head -1") == (0, f"{lines[0]}\n", "")


async def test_top_shows_only_the_symbols_that_it_is_given(tmp_path: Path) -> None:
    async with running_server() as one:
        await one.show(snapshot(rows=ROWS))
        code, out, error = await run(tmp_path, "--addr", one.address, "--symbols", "btcusdt,NONEUSDT")
        assert (code, error) == (0, "")
        assert [line.split()[0] for line in out.splitlines()[4:]] == ["BTCUSDT"]
    for words in (("--symbols", "BTC"), ("--min-interval", "0.5"), ("--min-interval", "61")):
        code, _, error = await run(tmp_path, *words)
        assert (code, f"{words[1]!r}: expected" in error) == (1, True)


async def test_top_ends_with_exit_code_and_message_when_it_cannot_run(tmp_path: Path) -> None:
    unused = f"127.0.0.1:{free_port()}"
    async with running_server() as unready:
        results = await asyncio.gather(
            run(tmp_path, "--addr", "nonsense"),
            run(tmp_path, "--ca", "/no/such/file"),
            run(tmp_path, "--addr", unused),
            run(tmp_path, "--addr", unready.address),
        )
    assert [code for code, _, _ in results] == [1, 1, 2, 3]
    assert all(not out for _, out, _ in results)
    messages = ["expected host:port", "'/no/such/file' cannot be read", f"no connection to {unused}", "NOT_READY"]
    assert all(message in error for message, (_, _, error) in zip(messages, results, strict=True))
