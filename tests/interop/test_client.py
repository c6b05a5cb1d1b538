"""The Python distribution as internal services install it: the programs of its README, its types, and a stream through the
edge."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import sysconfig
import venv
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.interop.edges import running_edge
from tests.programs import ROOT
from tests.service.history_servers import server_with_history, sqlite_url
from tests.service.snapshots import T0, row, snapshot
from virtuoso.client import State, connect
from virtuoso.domain.records import AlertLevel

PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "gen" / "python" / "README.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a Python with the distribution and third-party packages, but without the rest of this project."""
    folder = tmp_path_factory.mktemp("internal-service")
    venv.create(folder)
    python = folder / "bin" / "python"
    (site,) = folder.glob("lib/python*/site-packages")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "install", "--target", str(site)]
    subprocess.run(
        [*pip, "--no-deps", "--no-index", "--no-build-isolation", ROOT / "gen" / "python"], check=True, cwd=folder
    )
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))  # its .pth files point to our sources
    return python


async def output_of(python: Path, *words: str) -> str:
    """Return what a program prints. It must end with 0 and print nothing to standard error."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        python, "-W", "error", *words, stdout=pipe, stderr=pipe, env=env, cwd=python.parent
    )
    async with asyncio.timeout(60):
        out, error_output = await process.communicate()
    assert (process.returncode, error_output.decode()) == (0, ""), out.decode()
    return out.decode()


async def test_every_program_of_the_readme_runs(python: Path, tmp_path: Path) -> None:
    async with server_with_history(sqlite_url(tmp_path)) as memory:
        rows = [row("BTCUSDT", 71.5), row("ETHUSDT", 40.0), *(row(f"C{i}USDT", 50.0) for i in range(40))]
        await memory.market.show(snapshot(rows=rows))
        await memory.add_numbered_alerts(1, 2, level=AlertLevel.WARNING)
        address = memory.market.address
        shown = [await output_of(python, "-c", program.replace("127.0.0.1:50051", address)) for program in PROGRAMS]
    call, refusal, live, alerts = shown
    assert call == "BTCUSDT 71.5 27.125\n"
    assert refusal.startswith("INVALID_ARGUMENT INVALID_FIELD None ")
    assert "symbol 'bitcoin'" in refusal
    assert re.fullmatch(r"SIMULATED bybit \d+ s old\n71.5\n", live.replace("ENVIRONMENT_", ""))
    assert alerts.endswith("alert 1\n")


async def test_the_distribution_needs_nothing_of_the_service(python: Path) -> None:
    program = (
        "import sys, virtuoso.client as c; own = [m for n, m in sys.modules.items() if n.startswith('virtuoso.')]; "
        "print(c.__file__, {'ccxt', 'numpy', 'aiohttp', 'buf'} & {*sys.modules}, "
        "[m for m in own if m.__spec__.origin and not m.__spec__.origin.startswith(sys.prefix)])"
    )
    where, *rest = (await output_of(python, "-c", program)).split()
    assert where.startswith(str(python.parent.parent))
    assert rest == ["{'buf'}", "[]"]


async def test_code_that_uses_the_distribution_passes_mypy_strict(python: Path, tmp_path: Path) -> None:
    names = []
    for number, program in enumerate(PROGRAMS):
        names.append(tmp_path / f"program_{number}.py")
        names[-1].write_text(program)
    wrong = tmp_path / "wrong.py"
    wrong.write_text(PROGRAMS[0].replace("row.symbol, row.score", "row.symbol, row.points"))
    words = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--python-executable",
        str(python),
        "--cache-dir",
        str(tmp_path / "cache"),
    ]

    def check(*files: Path) -> tuple[int, str]:
        done = subprocess.run([*words, *map(str, files)], cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    code, out = await asyncio.to_thread(check, *names)
    assert code == 0, out
    code, out = await asyncio.to_thread(check, wrong)
    assert code == 1
    assert '"ConfluenceRow" has no attribute "points"' in out


async def test_a_stream_through_the_edge_survives_a_restart_of_envoy() -> None:
    async with running_edge() as edged, connect(edged.edge.address) as market:
        await edged.market.show(snapshot())
        async with aclosing(market.watch_dashboard()) as stream:
            assert (await anext(stream)).provenance.snapshot_id == "s1"
            envoy = await asyncio.to_thread(edged.edge.envoy)
            assert envoy is not None
            os.kill(envoy, signal.SIGKILL)
            following = asyncio.ensure_future(anext(stream))
            async with asyncio.timeout(20):
                while stream.connection.state is not State.LOST:
                    await asyncio.sleep(0.02)
                await edged.market.show(snapshot("s2", observed_ms=T0 + 1000))
                assert (await following).provenance.snapshot_id == "s2"
