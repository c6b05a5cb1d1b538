"""Alerts through a real node, from the writer to a client that stays connected, while processes are killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from tests.contract import histories
from tests.e2e.product import OPTIONS, Product, eventually
from tests.programs import Simulated
from virtuoso.domain.records import Alert
from virtuoso.history.factory import open_history_reader, open_history_writer
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1 import market_service_pb2_grpc

pytestmark = pytest.mark.timeout(300)
KILLED_AFTER = (20, 50, 80)  # numbers of alerts


@dataclass
class Node:
    """`virtuoso up` with a simulated exchange."""

    product: Product
    supervisor: subprocess.Popen[bytes]

    @property
    def history(self) -> str:
        """Return the URL of the history."""
        return self.product.env["VIRTUOSO_HISTORY"]


@pytest.fixture(scope="module")
def running(simulated: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Start one node for all tests."""
    symbols = "BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT,DOGEUSDT,BNBUSDT"
    product = Product(tmp_path_factory.mktemp("alerts"), simulated.url, symbols=symbols, environment="SIMULATED")
    supervisor = product.start("up")
    try:
        product.wait_ready()
        yield Node(product, supervisor)
    finally:
        product.close()


@pytest.fixture
def node(running: Node) -> Node:
    """Wait until the node serves, including alerts. The previous test may have killed its server."""
    running.product.wait_ready()
    eventually(lambda: running.product.health("alerts"), lambda status: status == "SERVING", 60, "health of alerts")
    return running


@dataclass
class Follower:
    """A client that keeps a stream of alerts open. After a failure it resumes after its last cursor."""

    address: str
    cursor: str
    seen: list[tuple[int, str]] = field(default_factory=list)  # (cursor, text)
    breaks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        with grpc.insecure_channel(self.address, options=OPTIONS) as channel:
            stub = market_service_pb2_grpc.MarketServiceStub(channel)
            while not self._stop.is_set():
                try:
                    for message in stub.WatchAlerts(pb.WatchAlertsRequest(cursor=self.cursor), timeout=3):
                        self.seen += [(int(alert.cursor), alert.text) for alert in message.alerts]
                        self.cursor = message.cursor
                except grpc.RpcError as error:
                    self.breaks.append(error.code().name)
                    time.sleep(0.05)


def wait_for(follower: Follower, text: str) -> None:
    """Wait until the follower has received an alert with this text."""
    eventually(lambda: [seen for _, seen in follower.seen], lambda texts: text in texts, 60, text)


async def write_alerts(url: str, enough: threading.Event) -> int:
    """Write alerts one by one, as a collector does, until `enough` is set. Return their number."""
    history, count = open_history_writer(url, timeout_s=20), 0
    try:
        while not enough.is_set():
            await history.add_alerts([histories.alert(f"alert {count}", count, text=f"alert {count}")], cooldown_s={})
            count += 1
            await asyncio.sleep(0.08)
    finally:
        await history.close()
    return count


async def stored_alerts(url: str, after: int) -> list[Alert]:
    """Return all alerts of the history after that cursor, whichever process wrote them."""
    history = open_history_reader(url, timeout_s=20)
    try:
        return list(await history.alerts(after=after, limit=10_000))
    finally:
        await history.close()


def test_each_alert_arrives_once_and_in_order_while_servers_are_killed(node: Node) -> None:
    product = node.product
    begin = product.stub.ListAlerts(pb.ListAlertsRequest(), timeout=2).newest_cursor
    direct, edge = (Follower(f"127.0.0.1:{port}", begin) for port in (product.grpc, product.edge))
    enough = threading.Event()
    with direct, edge, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: asyncio.run(write_alerts(node.history, enough)))
        try:
            for count_before in KILLED_AFTER:
                wait_for(direct, f"alert {count_before}")
                for pid in product.children(node.supervisor, "serve"):
                    os.kill(pid, signal.SIGKILL)
            eventually(product.health, lambda status: status == "UNAVAILABLE", 20, "health of a server that was killed")
        finally:
            enough.set()
        count = writing.result()
        for follower in (direct, edge):
            wait_for(follower, f"alert {count - 1}")
    everything = [(alert.cursor, alert.text) for alert in asyncio.run(stored_alerts(node.history, int(begin)))]
    for follower in (direct, edge):
        assert "UNAVAILABLE" in follower.breaks  # shows that servers were killed
        assert follower.seen == everything[: len(follower.seen)]
        assert [text for _, text in follower.seen if text.startswith("alert ")] == [f"alert {n}" for n in range(count)]


def test_scores_are_stored_and_listed_alerts_agree_with_the_stream(node: Node) -> None:
    product = node.product

    def stored_points() -> int:
        reply = product.stub.GetScoreHistory(pb.GetScoreHistoryRequest(symbol="BTCUSDT"), timeout=2)
        return sum(point.HasField("score") and point.price > 0 for point in reply.points)

    eventually(stored_points, lambda count: count > 0, 60, "points of BTC")
    listed = product.stub.ListAlerts(pb.ListAlertsRequest(page_size=100), timeout=2)
    stream = product.stub.WatchAlerts(pb.WatchAlertsRequest(cursor="0"), timeout=5)
    streamed = next(iter(stream))
    stream.cancel()  # type: ignore[no-untyped-call]  # grpc-stubs has no types for it
    first, last = int(listed.alerts[-1].cursor), min(int(listed.newest_cursor), int(streamed.cursor))
    in_both = [[each for each in alerts if first <= int(each.cursor) <= last] for alerts in (listed.alerts, streamed.alerts)]
    assert in_both[0][::-1] == in_both[1]


def test_without_its_history_a_node_serves_everything_else_and_history_returns(node: Node) -> None:
    product = node.product
    file = Path(node.history.removeprefix("sqlite://"))
    moved_file = file.with_suffix(".away")

    def code() -> str:
        try:
            product.stub.ListAlerts(pb.ListAlertsRequest(page_size=1), timeout=2)
        except grpc.RpcError as error:
            return str(error.code().name)
        return "OK"

    collectors = product.children(node.supervisor, "collect")
    for pid in collectors:  # a running collector would immediately create a new file
        os.kill(pid, signal.SIGSTOP)
    try:
        file.rename(moved_file)
        eventually(code, lambda status: status == "UNAVAILABLE", 20, "ListAlerts")
        eventually(lambda: product.health("alerts"), lambda status: status == "NOT_SERVING", 20, "health of alerts")
        assert product.health("signals") == product.health("") == "SERVING"
        assert product.dashboard().rows
        product.stub.ListSignals(pb.ListSignalsRequest(active=True), timeout=2)
        moved_file.rename(file)
    finally:
        for pid in collectors:
            os.kill(pid, signal.SIGCONT)
    eventually(code, lambda status: status == "OK", 20, "ListAlerts")
    eventually(lambda: product.health("alerts"), lambda status: status == "SERVING", 20, "health of alerts")
