"""Processes that freeze or end, with real processes, while a client calls continuously."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.e2e.product import DashboardMonitor, Product, eventually
from tests.programs import Memcached
from virtuoso.market.v1 import market_service_pb2 as pb

pytestmark = pytest.mark.timeout(300)


def new_snapshots(node: Product, count: int, seconds: float, when: str) -> None:
    """Wait until `count` different snapshots have followed the current one."""
    for _ in range(count):
        held = node.provenance().snapshot_id
        eventually(node.provenance, lambda p, held=held: p.snapshot_id != held, seconds, f"new snapshots {when}")  # type: ignore[misc]


def test_a_frozen_or_killed_collector_is_replaced_by_its_standby_before_the_data_is_stale(
    make: Callable[..., Product],
) -> None:
    node = make()
    node.start("serve")
    first = node.start("collect")
    node.wait_ready()
    second = node.start("collect")
    eventually(node.logs, lambda text: "stands by" in text, 30, "the second collector stands by")
    with DashboardMonitor(node) as monitor:
        first.send_signal(signal.SIGSTOP)
        time.sleep(1)  # the last snapshot of the frozen process has arrived by now
        new_snapshots(node, 2, 30, "from the standby")
        assert not node.provenance().stale
        first.send_signal(signal.SIGCONT)
        eventually(node.logs, lambda text: "another collector is active" in text, 30, "the first one stands by")
        new_snapshots(node, 2, 30, "after it woke")
        second.kill()
        time.sleep(1)
        new_snapshots(node, 2, 30, "from the first one, which stood by")
        assert not node.provenance().stale
    assert first.poll() is None
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK"}


def test_up_answers_every_call_while_memcached_fails_and_restarts_each_process_after_a_kill(
    make: Callable[..., Product],
) -> None:
    memcached = Memcached()
    try:
        node = make(cache=f"memcached://{memcached.address}")
        up = node.start("up")
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
    finally:
        memcached.thaw()
        memcached.kill()
