"""The Go programs, built once for all tests; one browser for all tests of a file; an edge with data."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.interop import nodes
from tests.interop.browsers import chromium
from tests.interop.dashboards import served
from tests.interop.edges import RunningEdge
from tests.programs import ROOT
from tests.service.findings import book_depth
from tests.service.history_servers import fill_history, history_opener, sqlite_url
from tests.service.outlooks import with_board
from tests.service.snapshots import T0, TTL_S, candle_series
from virtuoso.repository import keys


@pytest.fixture(scope="session")
def go_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build gateway, interop and grpc-health-probe, and return their folder. With the Go cache, a second build takes
    seconds."""
    folder = tmp_path_factory.mktemp("go")
    built = subprocess.run(
        [str(ROOT / "tests/interop/go/build"), str(folder)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert built.returncode == 0, f"the Go programs cannot be built:\n{built.stdout}{built.stderr}"
    return folder


@pytest.fixture(scope="module")
def packages() -> None:
    """Install the packages, which include axe."""
    nodes.fetch()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Return one browser for all tests. Each visit starts without stored data."""
    async with chromium() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def filled_edge(tmp_path: Path) -> AsyncIterator[RunningEdge]:
    """Return an edge with a complete snapshot, a board of outlooks, depth and candles of one symbol, and a history."""
    await fill_history(sqlite_url(tmp_path))
    async with served(history=history_opener(sqlite_url(tmp_path))) as one:
        await one.market.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(bars=200), ttl_s=TTL_S)
        message = with_board()
        message.confluences[0].book_depth.CopyFrom(book_depth(T0, message.confluences[0].price, 5e6, 2e6))
        await one.market.show(message)
        yield one
