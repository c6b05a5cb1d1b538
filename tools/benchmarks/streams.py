"""Many WatchDashboard streams on one server: the time to the receipt by each stream, from an event at the venue and from the
publication of an update."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import grpc
import uvloop

from tools.benchmarks.load import quantile
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.repository import keys
from virtuoso.repository.directory import DirectoryRepository
from virtuoso.store.v1 import snapshot_head_pb2

CHANNELS = 20
EVENTS = 10  # between two updates
METHOD = "/virtuoso.market.v1.MarketService/WatchDashboard"
OPEN_S = 30.0
UPDATES_S = 60.0


@dataclass(frozen=True)
class Updates:
    """Latencies in ms from the time at which the head was written. `spread_ms` is the longest time between the first and the
    last receipt of the same update. `period_s` is the mean time between two updates. `price_...` are from the venue's
    time of the newest prices in an update to its receipt. `event_...` are from any moment at the venue to the receipt of the
    first update with newer prices. So they include the wait for the next update."""

    streams: int
    price_p50_ms: float
    price_p99_ms: float
    event_p50_ms: float
    event_p99_ms: float
    updates: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    spread_ms: float
    period_s: float


class Publications:
    """When each snapshot's head was written, according to the file's modification time."""

    def __init__(self, cache: Path) -> None:
        self._cache, self._directory = cache, DirectoryRepository(cache)
        self.at: dict[str, float] = {}

    async def follow(self) -> None:
        """Check the head every 20 ms until cancelled."""
        try:
            while True:
                before = self._written()
                blob = await self._directory.get(keys.HEAD)
                if blob is not None and before == self._written():
                    self.at.setdefault(snapshot_head_pb2.SnapshotHead.FromString(blob).snapshot_id, before)
                await asyncio.sleep(0.02)
        finally:
            await self._directory.close()

    def _written(self) -> float:
        names = [path for path in self._cache.glob("*.virtuoso") if "head" in path.name]
        return names[0].stat().st_mtime if names else 0.0


def run(port: int, cache: Path, *, streams: int, updates: int, cores: Sequence[int]) -> Updates:
    """Run `watch` on these cores and return its result."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return uvloop.run(watch(port, cache, streams=streams, updates=updates))
    finally:
        os.sched_setaffinity(0, before)


async def watch(port: int, cache: Path, *, streams: int, updates: int) -> Updates:
    """Open the streams, wait until `updates` updates have reached all of them, and return the latencies. Raise TimeoutError
    when they do not arrive."""
    publications = Publications(cache)
    following = asyncio.create_task(publications.follow())
    received: dict[str, list[float]] = {}
    observed: dict[str, float] = {}  # the venue's time of the newest prices
    opened = 0

    async def one(channel: grpc.aio.Channel) -> None:
        nonlocal opened
        call = channel.unary_stream(METHOD, None, None)(b"")
        first = True
        async for message in call:
            now, event = time.time(), pb.WatchDashboardResponse.FromString(message)
            if first:
                first, opened = False, opened + 1
            elif event.HasField("delta") or event.HasField("snapshot"):
                received.setdefault(event.provenance.snapshot_id, []).append(now)
                observed[event.provenance.snapshot_id] = event.provenance.observed_time.ToNanoseconds() / 1e9

    local = (("grpc.use_local_subchannel_pool", 1),)
    channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=local) for _ in range(CHANNELS)]
    tasks = [asyncio.create_task(one(channels[i % CHANNELS])) for i in range(streams)]

    async def wait_for(condition: str, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not (opened == streams if condition == "open" else len(_complete(received, streams)) >= updates):
                for task in tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.05)

    try:
        await wait_for("open", OPEN_S)
        received.clear()
        await wait_for("updated", UPDATES_S)
    finally:
        for task in (*tasks, following):
            task.cancel()
        await asyncio.gather(*tasks, following, return_exceptions=True)
        for channel in channels:
            await channel.close(None)
    published = {name: publications.at[name] for name in _complete(received, streams) if name in publications.at}
    return _latencies(published, observed, received, streams)


def _complete(received: dict[str, list[float]], streams: int) -> list[str]:
    """Return the updates that every stream has received."""
    return [name for name, times in received.items() if len(times) == streams]


def _latencies(
    published: dict[str, float], observed: dict[str, float], received: dict[str, list[float]], streams: int
) -> Updates:
    events = sorted(_since_events({name: observed[name] for name in published}, received))
    ages = sorted((time - observed[name]) * 1000 for name in published for time in received[name])
    late = sorted((time - written) * 1000 for name, written in published.items() for time in received[name])
    spread = max((max(received[name]) - min(received[name])) * 1000 for name in published)
    period = (max(published.values()) - min(published.values())) / max(1, len(published) - 1)
    return Updates(
        streams,
        quantile(ages, 0.5),
        quantile(ages, 0.99),
        quantile(events, 0.5),
        quantile(events, 0.99),
        len(published),
        quantile(late, 0.5),
        quantile(late, 0.99),
        late[-1],
        spread,
        period,
    )


def _since_events(observed: dict[str, float], received: dict[str, list[float]]) -> list[float]:
    """Return the times in ms from events at EVENTS moments between two updates to the receipt of the later one."""
    updates = sorted(observed.items(), key=lambda update: update[1])
    return [
        (time - (before + (now - before) * (number + 0.5) / EVENTS)) * 1000
        for (_, before), (name, now) in pairwise(updates)
        for time in received[name]
        for number in range(EVENTS)
    ]
