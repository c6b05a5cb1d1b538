"""The running product on streams, while streams and requests fail apart and together.

Every served price is compared with the exchange's own, and every age with the clock."""

from __future__ import annotations

import json
import math
import urllib.request
from collections.abc import Iterator, Mapping

import pytest

from tests.e2e.product import DashboardMonitor, Product, eventually
from tests.programs import Market
from virtuoso.market.v1 import confluence_pb2, provenance_pb2
from virtuoso.market.v1 import market_service_pb2 as api

pytestmark = pytest.mark.timeout(300)
STREAM = confluence_pb2.TRANSPORT_STREAM
SYMBOLS = 12


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, replay_server: Market) -> Iterator[Product]:
    node = Product(
        tmp_path_factory.mktemp("node"), replay_server.url, streams="auto", symbol_limit=str(SYMBOLS), dwell_s="5"
    )
    replay_server.fault("ok")
    try:
        node.start_collector_and_server()
        node.wait_ready()
        yield node
    finally:
        node.close()


@pytest.fixture
def node(running: Product, replay: Market) -> Product:
    """Return the product of all tests, once it uses bybit's streams."""
    eventually(lambda: streamed(running), lambda count: count == SYMBOLS, 90, "all symbols stream")
    return running


def streamed(node: Product) -> int:
    return int(node.provenance().coverage.streamed)


def transports(node: Product, symbol: str = "BTCUSDT") -> Mapping[str, int]:
    """Return the transport of each input of a score by its name."""
    reply = node.stub.GetConfluence(api.GetConfluenceRequest(symbol=symbol), timeout=2)
    return {one.name: one.transport for dimension in reply.dimensions for one in dimension.inputs}


def wrong_prices(node: Product, replay: Market) -> list[str]:
    """Return the served prices that are more than 1 % from the exchange's own."""
    rows = replay.get("/v5/market/tickers?category=linear")["result"]["list"]
    truth = {row["symbol"]: float(row["lastPrice"] or "nan") for row in rows}
    served = {row.symbol: row.price for row in node.dashboard().rows}
    return [name for name, price in served.items() if name in truth and abs(math.log(price / truth[name])) > 0.01]


def breaches(replay: Market) -> Mapping[str, object]:
    with urllib.request.urlopen(f"{replay.url}/__stats", timeout=10) as reply:
        return {
            venue: one["breaches"] for venue, one in json.load(reply)["streams"].items() if venue in ("bybit", "binance")
        }


def wait_for_snapshot(node: Product) -> None:
    """Return once there is a new snapshot."""
    before = node.provenance().snapshot_id
    eventually(lambda: node.provenance().snapshot_id, lambda current: current != before, 10, "a new snapshot")


def test_scores_come_from_streams_and_say_so(node: Product, replay: Market) -> None:
    assert (
        eventually(
            lambda: transports(node),
            lambda found: all(found.get(name) == STREAM for name in ("order_book", "book_flow", "trades", "ticker")),
            30,
            "inputs that stream",
        )["candles_4h"]
        == confluence_pb2.TRANSPORT_POLL
    )
    ids: set[str] = set()

    def seen() -> int:
        ids.add(node.provenance().snapshot_id)
        return len(ids)

    eventually(seen, lambda count: count >= 6, 12, "snapshots")
    assert not wrong_prices(node, replay)
    assert not any(breaches(replay).values())


@pytest.mark.parametrize("fault", ["ws_silent", "ws_refuse", "ws_stale"])
def test_streams_that_fail_are_replaced_by_requests_and_used_again(node: Product, replay: Market, fault: str) -> None:
    with DashboardMonitor(node) as monitor:
        replay.fault(fault, "bybit")
        if fault == "ws_refuse":
            replay.fault("ws_drop", "bybit")
            replay.fault("ws_refuse", "bybit")
        eventually(
            lambda: transports(node).get("order_book"), lambda found: found == confluence_pb2.TRANSPORT_POLL, 60, fault
        )
        assert not wrong_prices(node, replay)
        assert node.provenance().venue == "bybit"
        replay.fault("ok")
        eventually(lambda: streamed(node), lambda count: count == SYMBOLS, 90, "streams again")
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK"}
    assert set(monitor.venues) == {"bybit"}


def test_while_requests_fail_streams_go_on_serving(node: Product, replay: Market) -> None:
    with DashboardMonitor(node) as monitor:
        replay.fault("down", "bybit", transport="rest")
        seen: set[str] = set()

        def fresh() -> int:
            provenance = node.provenance()
            if provenance.path == provenance_pb2.PATH_SNAPSHOT:
                seen.add(provenance.snapshot_id)
            return len(seen)

        eventually(fresh, lambda count: count >= 20, 40, "snapshots from streams alone")
        replay.fault("ok")
    assert not monitor.wrong
    assert set(monitor.venues) == {"bybit"}


def test_disturbed_streams_never_show_a_wrong_price_or_book(node: Product, replay: Market) -> None:
    disturbances: tuple[tuple[str, Mapping[str, float]], ...] = (
        *(("ws_gap", {}), ("ws_crossed", {}), ("ws_nan", {"prob": 0.3}), ("ws_garbage", {"prob": 0.2})),
        *(("ws_dup", {"prob": 0.2}), ("ws_restart", {}), ("ws_drop", {})),
    )
    with DashboardMonitor(node) as monitor:
        for fault, more in disturbances:
            replay.fault(fault, "bybit", **more)
            for _ in range(3):
                wait_for_snapshot(node)
                assert not wrong_prices(node, replay), fault
            replay.fault("ok")
        eventually(lambda: streamed(node), lambda count: count == SYMBOLS, 90, "all symbols stream again")
    assert not monitor.wrong
    assert set(monitor.venues) == {"bybit"}
    assert not any(breaches(replay).values())
    assert "Traceback" not in node.logs()
