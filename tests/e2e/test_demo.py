"""`virtuoso demo` as a new user runs it: without a network, keys or servers. The calls that it suggests work."""

from __future__ import annotations

import contextlib
import json
import shlex
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.e2e.product import Product, eventually
from tests.programs import ROOT, free_port
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1 import provenance_pb2

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Start a demo. Its settings name an exchange and a cache that it must not use."""
    folder = tmp_path_factory.mktemp("demo")
    product = Product(folder, f"http://127.0.0.1:{free_port()}", symbol_limit="20")  # nothing listens there
    product.env |= {"XDG_STATE_HOME": str(folder / "state"), "VIRTUOSO_STREAMS": "on"}
    product.start("demo", "--seed", "3")
    product.wait_ready()
    eventually(product.logs, lambda text: "Try:\n" in text, 30, "the printed text")
    yield product
    product.close()


def run_printed_call(node: Product, start: str) -> dict[str, object]:
    """Run the call from the printed text that begins with `start`. Return its output as JSON."""
    line = next(line for line in node.logs().splitlines() if line.strip().startswith(start) or f"/{start}" in line)
    done = subprocess.run(shlex.split(line), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    reply: dict[str, object] = json.loads(done.stdout)
    return reply


def test_every_reply_has_environment_simulated(node: Product) -> None:
    replies = (
        node.stub.GetDashboard(pb.GetDashboardRequest()),
        node.stub.GetOverview(pb.GetOverviewRequest()),
        node.stub.ListConfluenceScores(pb.ListConfluenceScoresRequest()),
        node.stub.GetConfluence(pb.GetConfluenceRequest(symbol="BTCUSDT")),
        node.stub.ListMovers(pb.ListMoversRequest()),
        node.stub.ListSymbols(pb.ListSymbolsRequest()),
        node.stub.ListCandles(pb.ListCandlesRequest(symbol="BTCUSDT")),
        next(iter(node.stub.WatchDashboard(pb.WatchDashboardRequest(), timeout=10))),
    )
    assert {reply.provenance.environment for reply in replies} == {provenance_pb2.ENVIRONMENT_SIMULATED}


def test_the_market_moves_and_its_scores_differ(node: Product) -> None:
    def scored() -> list[float]:
        return [row.score for row in node.dashboard().rows if row.HasField("score")]

    scores = eventually(scored, lambda found: len(found) >= 18, 30, "scores")
    before = {row.symbol: row.price for row in node.dashboard().rows}
    assert max(scores) - min(scores) > 15
    assert 50 not in scores

    def moved() -> int:
        return sum(before.get(row.symbol) != row.price for row in node.dashboard().rows)

    eventually(moved, lambda count: count > len(before) / 2, 30, "prices that moved")


def test_a_collector_streams_from_the_simulated_venues(node: Product) -> None:
    def transports() -> set[str]:
        """Return by which way the data of the first venue comes to the active collector."""
        for port in (node.monitor + 1, node.monitor + 2):
            with contextlib.suppress(OSError, urllib.error.URLError):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as reply:
                    state = json.load(reply)
                if state["active"]:
                    return {each["transport"] for each in state["streams"]["bybit"].values()}
        return set()

    eventually(transports, lambda found: found == {"stream"}, 60, "all kinds of the first venue are streamed")


def test_the_printed_calls_work(node: Product) -> None:
    for start in ("buf curl --protocol grpc ", "curl ", "buf curl --protocol grpcweb "):
        assert run_printed_call(node, start)["provenance"]["environment"] == "ENVIRONMENT_SIMULATED"  # type: ignore[index]


def test_the_printed_top_command_prints_the_market_in_a_pipe(node: Product) -> None:
    line = next(line for line in node.logs().splitlines() if f"top --addr 127.0.0.1:{node.grpc}" in line)
    done = subprocess.run(shlex.split(line), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    assert "SIMULATED" in done.stdout
    assert "BTCUSDT" in done.stdout


def test_a_second_demo_ends_with_the_port_that_is_in_use(node: Product) -> None:
    second = node.start("demo")
    assert second.wait(20) == 2
    output = eventually(node.logs, lambda text: "GRPC_ADDRESS" in text, 5, "the reason")
    assert f"127.0.0.1:{node.grpc} cannot be used: another program listens there" in output
    assert node.health() == "SERVING"


def test_a_demo_uses_no_real_settings_and_leaves_no_files(node: Product) -> None:
    demo = node.processes[0]
    demo.send_signal(signal.SIGINT)
    assert demo.wait(30) == 0
    assert not (node.folder / "cache").exists()
    assert list((node.folder / "state" / "virtuoso").iterdir()) == []
    assert "Traceback" not in node.logs()
