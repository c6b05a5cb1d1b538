"""Many WatchDashboard streams on one server: the time to the receipt by each stream, from an event at the venue and from the
publication of an update."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

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


class Receipt(NamedTuple):
    """An update in one stream: the id of the snapshot, the venue's time of its newest prices, and the time of receipt."""

    name: str
    observed: float
    at: float


async def watch(port: int, cache: Path, *, streams: int, updates: int) -> Updates:
    """Open the streams, wait until each has received `updates` updates, and return the latencies. Raise TimeoutError when
    they do not arrive. A stream may skip a snapshot. Its latencies then include the wait for the next one."""
    publications = Publications(cache)
    following = asyncio.create_task(publications.follow())
    received: list[list[Receipt]] = [[] for _ in range(streams)]
    opened = 0

    async def one(channel: grpc.aio.Channel, receipts: list[Receipt]) -> None:
        nonlocal opened
        first = True
        async for message in channel.unary_stream(METHOD, None, None)(b""):
            now, event = time.time(), pb.WatchDashboardResponse.FromString(message)
            if first:
                first, opened = False, opened + 1
            elif event.HasField("delta") or event.HasField("snapshot"):
                source = event.provenance
                receipts.append(Receipt(source.snapshot_id, source.observed_time.ToNanoseconds() / 1e9, now))

    local = (("grpc.use_local_subchannel_pool", 1),)
    channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=local) for _ in range(CHANNELS)]
    tasks = [asyncio.create_task(one(channels[i % CHANNELS], receipts)) for i, receipts in enumerate(received)]

    async def until(condition: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition():
            for task in tasks:
                if task.done():
                    task.result()
            if time.monotonic() > end:
                slowest = min(map(len, received))
                raise TimeoutError(f"{opened} of {streams} streams began, the slowest has {slowest} updates ({seconds:g} s)")
            await asyncio.sleep(0.05)

    try:
        await until(lambda: opened == streams, OPEN_S)
        for receipts in received:
            receipts.clear()
        await until(lambda: all(len(receipts) > updates for receipts in received), UPDATES_S)
    finally:
        for task in (*tasks, following):
            task.cancel()
        await asyncio.gather(*tasks, following, return_exceptions=True)
        for channel in channels:
            await channel.close(None)
    return _latencies(publications.at, [receipts[1 : updates + 1] for receipts in received])


def _latencies(published: dict[str, float], received: Sequence[Sequence[Receipt]]) -> Updates:
    """Return the latencies of the updates of each stream."""
    each = [receipt for receipts in received for receipt in receipts]
    ages = sorted((receipt.at - receipt.observed) * 1000 for receipt in each)
    late = sorted((receipt.at - published[receipt.name]) * 1000 for receipt in each if receipt.name in published)
    events = sorted(
        (now.at - (before.observed + (now.observed - before.observed) * (number + 0.5) / EVENTS)) * 1000
        for receipts in received
        for before, now in pairwise(receipts)
        for number in range(EVENTS)
    )
    times: dict[str, list[float]] = {}
    for receipt in each:
        times.setdefault(receipt.name, []).append(receipt.at)
    common = [name for name, receipts in times.items() if len(receipts) == len(received)]
    written = sorted(published[name] for name in times if name in published)
    return Updates(
        streams=len(received),
        updates=len(times),
        price_p50_ms=quantile(ages, 0.5),
        price_p99_ms=quantile(ages, 0.99),
        event_p50_ms=quantile(events, 0.5),
        event_p99_ms=quantile(events, 0.99),
        p50_ms=quantile(late, 0.5),
        p99_ms=quantile(late, 0.99),
        worst_ms=late[-1],
        spread_ms=max(((max(times[name]) - min(times[name])) * 1000 for name in common), default=math.nan),
        period_s=(written[-1] - written[0]) / max(1, len(written) - 1),
    )
