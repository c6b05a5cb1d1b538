"""Two writers to the repository that must do no harm: a collector without exchanges, and a client without the key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from pymemcache.client.base import Client

from tests.e2e.product import DashboardMonitor, Product, eventually
from tests.programs import Market, Memcached, free_port
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.repository import keys
from virtuoso.repository.envelope import Envelope
from virtuoso.store.v1 import snapshot_head_pb2, snapshot_pb2
from virtuoso.wire import snapshots, times

pytestmark = pytest.mark.timeout(300)
KEY = "the secret of this cluster"
FOREVER_MS = 10**15
YEAR_MS = 365 * 86_400_000


@pytest.fixture(scope="module")
def memcached() -> Iterator[Memcached]:
    server = Memcached()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def running(memcached: Memcached, replay_server: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Start a server, a collector without exchanges, and once that is active, a collector that has them."""
    replay_server.fault("ok")
    folder, symbols = tmp_path_factory.mktemp("writers"), "BTCUSDT,ETHUSDT,SOLUSDT"
    node = Product(folder, replay_server.url, cache=f"memcached://{memcached.address}", cluster_key=KEY, symbols=symbols)
    dead = f"http://127.0.0.1:{free_port()}"
    try:
        node.start("serve")
        node.start("collect", exchange_urls=f'{{"bybit": "{dead}", "binance": "{dead}"}}')
        eventually(node.logs, lambda text: "this collector is active" in text, 20, "the cut off collector is active")
        node.start("collect")
        node.wait_ready()
        yield node
    finally:
        node.close()


@pytest.fixture
def node(running: Product, replay: Market) -> Product:
    """Return the product. The exchange has no faults."""
    return running


def test_a_collector_without_exchanges_leaves_the_lease_to_one_that_has_them(node: Product) -> None:
    assert "gives up the lease" in node.logs()
    with DashboardMonitor(node) as monitor:
        time.sleep(12)
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK"}
    assert not node.provenance().stale


def poisons(envelope: Envelope, head: snapshot_head_pb2.SnapshotHead, blob: bytes) -> Iterator[dict[str, bytes]]:
    """Yield what a stranger may write to memcached, by key: a snapshot with wrong prices and a fresh head, heads of the
    future, candles, and a lease for ever."""
    message = snapshot_pb2.Snapshot.FromString(blob)
    now_ms = SYSTEM_CLOCK.now_ms()
    message.provenance.snapshot_id = "poison"
    message.provenance.observed_time.FromMilliseconds(now_ms + 5_000)
    for item in message.confluences:
        item.price = 1.0
    wrong = message.SerializeToString()
    for ahead_ms in (5_000, YEAR_MS, 200 * YEAR_MS):
        fresh = snapshot_head_pb2.SnapshotHead(
            snapshot_id="poison",
            length=len(wrong),
            checksum=snapshots.checksum(wrong),
            observed_time=times.timestamp(now_ms + ahead_ms),
            term=head.term + 1_000_000,
        )
        yield {
            keys.snapshot("poison"): envelope.seal(keys.snapshot("poison"), b"V" + wrong, FOREVER_MS),
            keys.HEAD: envelope.seal(keys.HEAD, b"V" + fresh.SerializeToString(), FOREVER_MS),
        }
    yield {keys.lease(): envelope.seal(keys.lease(), b"stranger", FOREVER_MS)}
    yield {keys.candles("bybit", "BTCUSDT", "5m"): b"no envelope"}


def test_values_written_to_memcached_without_the_key_are_never_served_and_block_nobody(
    node: Product, memcached: Memcached
) -> None:
    ours = Envelope([KEY])
    client = Client(("127.0.0.1", memcached.port), default_noreply=False)
    with closing(client), DashboardMonitor(node) as monitor:
        head = snapshot_head_pb2.SnapshotHead.FromString(ours.unseal(keys.HEAD, client.get(keys.HEAD))[0][1:])
        stored = client.get(keys.snapshot(head.snapshot_id))
        blob = ours.unseal(keys.snapshot(head.snapshot_id), stored)[0][1:]
        for values in poisons(Envelope(), head, blob):
            for _ in range(8):
                for name, value in values.items():
                    client.set(name, value)
                time.sleep(0.2)
                reply = node.dashboard()
                assert reply.provenance.snapshot_id != "poison"
                assert all(row.price > 1.5 for row in reply.rows)
        published = node.provenance().snapshot_id
        eventually(lambda: node.provenance().snapshot_id, lambda now: now != published, 20, "a new snapshot")
        assert not node.provenance().stale
    assert not monitor.wrong
    assert set(monitor.codes) == {"OK"}
