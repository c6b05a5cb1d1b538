"""Each fallback with real processes, while a client calls continuously."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial

import grpc
import pytest

from tests.e2e.product import DashboardMonitor, Product, eventually
from tests.programs import Market, Memcached
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1 import provenance_pb2 as provenance

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def node(make: Callable[..., Product]) -> Product:
    """Return a node with a dwell time of 3 s and a maximum age of 45 s, so that a test can observe both."""
    return make(dwell_s="3", max_stale_s="45")


def new_snapshots(node: Product, count: int, seconds: float, when: str) -> None:
    """Wait until `count` different snapshots have followed the current one."""
    for _ in range(count):
        held = node.provenance().snapshot_id
        eventually(node.provenance, lambda p, held=held: p.snapshot_id != held, seconds, f"new snapshots {when}")  # type: ignore[misc]


def test_a_failing_venue_is_replaced_by_the_next_and_used_again_after_the_dwell(node: Product, replay: Market) -> None:
    node.start("up")
    node.wait_ready()
    with DashboardMonitor(node) as monitor:
        replay.fault("html_403", "bybit")
        found = eventually(node.provenance, lambda p: p.venue == "binance", 40, "binance answers")
        assert found.path == provenance.PATH_FALLBACK
        assert (found.fallback_from, found.fallback_reason) == ("bybit", provenance.FALLBACK_REASON_VENUE_BLOCKED)
        assert found.coverage.present >= 30
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
        assert node.provenance().coverage.present >= 30
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK", "UNAVAILABLE"}


def test_a_killed_collector_is_replaced_by_its_standby_before_the_data_is_stale(make: Callable[..., Product]) -> None:
    node = make()
    node.start("serve")
    first = node.start("collect")
    node.wait_ready()
    second = node.start("collect")
    eventually(node.logs, lambda text: "stands by" in text, 30, "the second collector stands by")
    with DashboardMonitor(node) as monitor:
        first.kill()
        time.sleep(1)  # the last snapshot of the killed process has arrived by now
        new_snapshots(node, 2, 30, "from the standby")
        assert not node.provenance().stale
    assert second.poll() is None
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK"}


def test_a_frozen_collector_is_replaced_and_stands_by_when_it_continues(make: Callable[..., Product]) -> None:
    node = make()
    node.start("serve")
    first = node.start("collect")
    node.wait_ready()
    node.start("collect")
    eventually(node.logs, lambda text: "stands by" in text, 30, "the second collector stands by")
    with DashboardMonitor(node) as monitor:
        first.send_signal(signal.SIGSTOP)
        time.sleep(1)
        new_snapshots(node, 2, 30, "from the standby")
        first.send_signal(signal.SIGCONT)
        eventually(node.logs, lambda text: "another collector is active" in text, 30, "the first one stands by")
        new_snapshots(node, 2, 30, "after it woke")
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK"}


def test_every_call_is_answered_while_memcached_is_frozen_killed_and_restarted(make: Callable[..., Product]) -> None:
    memcached = Memcached()
    try:
        node = make(cache=f"memcached://{memcached.address}")
        node.start("up")
        node.wait_ready()
        with DashboardMonitor(node) as monitor:
            memcached.freeze()
            new_snapshots(node, 2, 20, "with memcached frozen")
            assert len(node.stub.ListCandles(pb.ListCandlesRequest(symbol="BTCUSDT"), timeout=2).candles) > 100
            memcached.thaw()
            memcached.kill()
            new_snapshots(node, 2, 20, "with memcached dead")
            memcached = Memcached(port=memcached.port)
            new_snapshots(node, 2, 20, "with memcached back")
            assert not node.provenance().stale
        assert not monitor.wrong
        assert set(monitor.codes) == {"OK"}
    finally:
        memcached.thaw()
        memcached.kill()


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


def test_every_process_of_up_is_restarted_after_a_kill(make: Callable[..., Product]) -> None:
    node = make()
    up = node.start("up")
    node.wait_ready()
    for word in ("serve", "collect"):
        victim = node.children(up, word)[0]
        os.kill(victim, signal.SIGKILL)

        def replaced(pids: list[int], gone: int = victim) -> bool:
            return bool(pids) and gone not in pids

        eventually(partial(node.children, up, word), replaced, 20, word)
        eventually(node.health, lambda status: status == "SERVING", 20, "health")
    new_snapshots(node, 2, 40, "after the kills")
    assert not node.provenance().stale
    up.send_signal(signal.SIGTERM)
    assert up.wait(20) == 0
