"""Failing venues with real processes, while a client calls continuously."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator

import grpc
import pytest

from tests.e2e.product import SYMBOLS, DashboardMonitor, Product, eventually
from tests.programs import Market
from virtuoso.market.v1 import provenance_pb2 as provenance

pytestmark = pytest.mark.timeout(300)

MODES = ("down", "slow", "429", "bybit_10006", "garbage", "html_403", "451", "truncated", "nan", "nulls", "stale", "empty")
PATHS = ("", "", "ticker", "kline", "orderbook|depth", "trade", "open-interest|openInterest", "funding")


@pytest.fixture(scope="module")
def running(replay_server: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Start one node with a dwell time of 3 s, so that a test can observe it."""
    replay_server.fault("ok")
    product = Product(tmp_path_factory.mktemp("venues"), replay_server.url, dwell_s="3")
    product.start("up")
    try:
        product.wait_ready()
        yield product
    finally:
        product.close()


@pytest.fixture
def node(running: Product, replay: Market) -> Product:
    """Return the node once it uses the first venue."""
    eventually(running.provenance, lambda p: p.venue == "bybit" and not p.stale, 100, "bybit answers")
    return running


def test_a_failing_venue_is_replaced_by_the_next_and_used_again_after_the_dwell(node: Product, replay: Market) -> None:
    with DashboardMonitor(node) as monitor:
        replay.fault("html_403", "bybit")
        found = eventually(node.provenance, lambda p: p.venue == "binance", 40, "binance answers")
        assert found.path == provenance.PATH_FALLBACK
        assert (found.fallback_from, found.fallback_reason) == ("bybit", provenance.FALLBACK_REASON_VENUE_BLOCKED)
        assert found.coverage.present >= 0.75 * SYMBOLS
        replay.fault("ok", "bybit")
        back = eventually(node.provenance, lambda p: p.venue == "bybit", 100, "bybit answers again")
        assert back.path == provenance.PATH_SNAPSHOT
        assert back.fallback_from == ""
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK"}


@pytest.mark.parametrize("seed", [7])
def test_no_reply_is_false_slow_or_empty_while_faults_change(node: Product, replay: Market, seed: int) -> None:
    dice = random.Random(seed)
    with DashboardMonitor(node) as monitor:
        end = time.monotonic() + 60
        for turn in itertools.count():
            if time.monotonic() > end:
                break
            if turn % 3 == 2:
                replay.fault("ok")
            replay.fault(
                dice.choice(MODES),
                dice.choice(("bybit", "binance", "all")),
                path=dice.choice(PATHS),
                prob=dice.choice((0.3, 1)),
            )
            time.sleep(dice.uniform(2, 6))
        replay.fault("ok")
        eventually(node.provenance, lambda p: not p.stale and p.coverage.present >= 0.9 * SYMBOLS, 120, "well again")
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK"}
    assert "Traceback" not in node.logs()


def test_without_any_venue_a_node_is_not_ready_and_later_serves_until_its_data_is_too_old(
    make: Callable[..., Product], replay: Market
) -> None:
    replay.fault("down", "all")
    product = make(max_stale_s="45")
    product.start("up")

    def refused() -> str:
        """Return the metadata of the error that a client gets."""
        with pytest.raises(grpc.RpcError) as error:
            product.dashboard()
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
        return str(error.value.trailing_metadata())

    eventually(product.health, lambda status: status == "NOT_SERVING", 30, "health")
    assert "NOT_READY" in refused()
    eventually(
        product.logs, lambda text: "bybit cannot be used" in text and "Check this machine's network" in text, 20, "the log"
    )
    replay.fault("ok", "all")
    product.wait_ready()
    with DashboardMonitor(product) as monitor:
        replay.fault("down", "all")
        found = eventually(product.provenance, lambda p: p.stale, 45, "stale")
        assert found.path == provenance.PATH_STALE_SNAPSHOT
        assert product.health() == "SERVING"
        eventually(product.health, lambda status: status == "NOT_SERVING", 30, "health")
        assert "DATA_UNAVAILABLE" in refused()
        assert product.http("/healthz")[0] == 503
        replay.fault("ok", "all")
        eventually(product.health, lambda status: status == "SERVING", 60, "health")
        assert product.provenance().coverage.present >= 0.75 * SYMBOLS
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK", "UNAVAILABLE"}
