"""Failing venues with real processes, while a client calls continuously."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest

from tests.e2e.product import DashboardMonitor, Product, eventually
from tests.programs import Market
from virtuoso.market.v1 import provenance_pb2 as provenance

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def node(make: Callable[..., Product]) -> Product:
    """Return a node with a dwell time of 3 s and a maximum age of 45 s, so that a test can observe both."""
    return make(dwell_s="3", max_stale_s="45")


def test_a_failing_venue_is_replaced_by_the_next_and_used_again_after_the_dwell(node: Product, replay: Market) -> None:
    node.start("up")
    node.wait_ready()
    with DashboardMonitor(node) as monitor:
        replay.fault("html_403", "bybit")
        found = eventually(node.provenance, lambda p: p.venue == "binance", 40, "binance answers")
        assert found.path == provenance.PATH_FALLBACK
        assert (found.fallback_from, found.fallback_reason) == ("bybit", provenance.FALLBACK_REASON_VENUE_BLOCKED)
        assert found.coverage.present >= 15
        replay.fault("ok", "bybit")
        back = eventually(node.provenance, lambda p: p.venue == "bybit", 100, "bybit answers again")
        assert back.path == provenance.PATH_SNAPSHOT
        assert back.fallback_from == ""
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK"}


def test_while_all_venues_fail_data_is_first_stale_then_unavailable_and_then_recovers(node: Product, replay: Market) -> None:
    node.start("up")
    node.wait_ready()
    with DashboardMonitor(node) as monitor:
        replay.fault("down", "all")
        found = eventually(node.provenance, lambda p: p.stale, 45, "stale")
        assert found.path == provenance.PATH_STALE_SNAPSHOT
        assert node.health() == "SERVING"
        eventually(node.health, lambda status: status == "NOT_SERVING", 30, "health")
        with pytest.raises(grpc.RpcError) as refused:
            node.dashboard()
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "DATA_UNAVAILABLE" in str(refused.value.trailing_metadata())
        assert node.http("/healthz")[0] == 503
        replay.fault("ok", "all")
        eventually(node.health, lambda status: status == "SERVING", 60, "health")
        assert node.provenance().coverage.present >= 15
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK", "UNAVAILABLE"}


def test_a_start_without_any_venue_is_not_ready_and_logs_venue_and_advice(node: Product, replay: Market) -> None:
    replay.fault("down", "all")
    node.start("up")
    eventually(node.health, lambda status: status == "NOT_SERVING", 30, "health")
    with pytest.raises(grpc.RpcError) as refused:
        node.dashboard()
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "NOT_READY" in str(refused.value.trailing_metadata())
    eventually(
        node.logs, lambda text: "bybit cannot be used" in text and "Check this machine's network" in text, 20, "the log"
    )
    replay.fault("ok", "all")
    node.wait_ready()
