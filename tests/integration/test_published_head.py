"""A server on a real memcached sees a published snapshot with its next poll. Each poll is one small read."""

from __future__ import annotations

from pathlib import Path

from tests.programs import Memcached
from tests.service.servers import publish
from tests.service.snapshots import T0, snapshot
from virtuoso import metrics
from virtuoso.repository import factory, keys
from virtuoso.service.snapshot_cache import SnapshotCache


async def test_the_next_poll_finds_a_published_head(memcached: Memcached, tmp_path: Path) -> None:
    url = f"memcached://{memcached.address}"
    collector, server = factory.open_repository(url, tmp_path / "one"), factory.open_repository(url, tmp_path / "two")
    cache = SnapshotCache(server, keys, max_stale_s=1e9)
    try:
        for number in range(5):
            await publish(collector, snapshot(f"s{number}", observed_ms=T0 + 1000 * number))
            await cache.poll()
            assert cache.current().view.id == f"s{number}"
        reads = metrics.CACHE_READS.labels("memcached", "hit")
        before = reads._value.get()
        for _ in range(20):
            await cache.poll()
        assert reads._value.get() - before == 20, "a poll without news reads the head, and nothing else"
    finally:
        await collector.close()
        await server.close()
