"""The processes of a node that can reach no exchange: what they print, and how they end."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.e2e.product import Product, eventually
from tests.programs import ROOT, free_port
from virtuoso.market.v1 import market_service_pb2 as pb


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Product]:
    product = Product(tmp_path, f"http://127.0.0.1:{free_port()}")
    yield product
    product.close()


def probe(node: Product, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "virtuoso", "probe", "--addr", f"127.0.0.1:{node.grpc}", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)


def test_up_logs_each_venue_with_reason_and_advice_has_separate_monitor_ports_and_ends_with_0(node: Product) -> None:
    up = node.start("up")
    for venue in ("bybit", "binance"):
        eventually(node.logs, lambda text, venue=venue: f"{venue} cannot be used: VenueUnavailable" in text, 20, venue)  # type: ignore[misc]
    assert "Check this machine's network" in node.logs()
    with pytest.raises(grpc.RpcError) as refused:
        node.stub.GetOverview(pb.GetOverviewRequest(), timeout=2)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "NOT_READY" in str(refused.value.trailing_metadata())
    assert node.http("/healthz") == (503, '{"code":14,"message":"status:NOT_SERVING","details":[]}')
    assert node.http("/livez")[0] == 200
    assert node.http("/readyz")[0] == 503
    eventually(
        lambda: node.logs().count("monitor on http"), lambda count: count == 3, 60, "three monitor ports"
    )  # the standby starts later
    ports = {line.rsplit(":", 1)[1] for line in node.logs().splitlines() if "monitor on http" in line}
    assert len(ports) == 3
    ends_on_sigterm(node, up)


def ends_on_sigterm(node: Product, process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0, node.logs()
    assert "Traceback" not in node.logs()


def test_collect_ends_with_0_on_sigterm(node: Product) -> None:
    process = node.start("collect")
    eventually(node.logs, lambda text: "monitor on" in text, 20, "the process runs")
    ends_on_sigterm(node, process)


def test_probe_distinguishes_not_serving_and_unknown_services_and_a_server_answers_it_until_its_end(node: Product) -> None:
    server = node.start("serve", grace_s="4")
    eventually(node.health, lambda status: status == "NOT_SERVING", 20, "health")
    assert probe(node).returncode == 4
    assert probe(node, "--service", "liveness").returncode == 0
    assert probe(node, "--service", "nonsense").returncode == 3
    server.send_signal(signal.SIGTERM)
    seen = [node.health("liveness"), node.health("readiness")]
    assert seen == ["SERVING", "NOT_SERVING"]
    assert server.wait(20) == 0, node.logs()
    assert "Traceback" not in node.logs()


def test_children_end_when_their_parent_is_killed(node: Product) -> None:
    up = node.start("up")
    eventually(lambda: len(node.children(up, "")), lambda count: count == 3, 20, "three processes")
    eventually(node.health, lambda status: status == "NOT_SERVING", 20, "health")
    up.kill()
    up.wait()
    eventually(node.health, lambda status: status == "UNAVAILABLE", 20, "the server is gone")
