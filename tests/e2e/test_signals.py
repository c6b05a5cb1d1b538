"""Failures of processes, histories and venues lose no signal, opportunity or alert, and duplicate none."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest

from tests.bullish_market import SYMBOLS, BullishExchange, collector
from tests.contract.histories import opportunity
from tests.programs import ROOT, Postgres
from virtuoso.collector.history_recorder import history_recorder
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.errors import VenueUnavailable
from virtuoso.domain.ports import SnapshotRepository
from virtuoso.domain.records import Alert, AlertKind, Signal
from virtuoso.history.factory import open_history_reader, open_history_writer
from virtuoso.repository import keys
from virtuoso.repository.directory import DirectoryRepository
from virtuoso.repository.memory import MemoryRepository
from virtuoso.store.v1 import snapshot_pb2
from virtuoso.wire import snapshots

pytestmark = pytest.mark.timeout(300)

SECONDS = 3.0  # how long a history fails; a writer retries sooner
OPENED = [AlertKind.SIGNAL_OPENED]


class Node:
    """A history, and processes of `tests.bullish_market` that write to it. All processes are killed at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, f"sqlite://{folder}/history.db"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        if all(process.poll() is not None for process in self.processes):
            for lease in (self.folder / "cache").glob("*lease*"):
                lease.unlink()  # a killed process cannot release its lease, and the next one would wait for it
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            command = [sys.executable, "-m", "tests.bullish_market", str(self.folder), self.url, *words]
            self.processes.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))
        return self.processes[-1]

    async def kept(self) -> tuple[Sequence[Signal], Sequence[Alert]]:
        """Return the signals of the history, and its alerts about new signals."""
        history = open_history_reader(self.url, timeout_s=20)
        try:
            return await history.signals(limit=1000), await history.alerts(kinds=OPENED, limit=1000)
        finally:
            await history.close()

    async def until_alerted(self, count: int = len(SYMBOLS)) -> None:
        async with asyncio.timeout(30):
            while len((await self.kept())[1]) < count:
                await asyncio.sleep(0.2)

    async def until_works(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the process publishes."""
        async with asyncio.timeout(30):
            while not any(f"-{process.pid}" in name for name in await self.published()):
                await asyncio.sleep(0.1)

    async def published(self) -> Sequence[str]:
        """Return a list with the id of the newest snapshot. It is empty without a snapshot."""
        head = await DirectoryRepository(self.folder / "cache").get(keys.HEAD)
        return [snapshots.decode_head(head)[0]] if head else []


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


def assert_one_of_each(signals: Sequence[Signal], alerts: Sequence[Alert]) -> None:
    assert sorted(signal.symbol for signal in signals) == sorted(SYMBOLS)
    assert sorted(alert.reference for alert in alerts) == sorted(signal.id for signal in signals)


async def test_no_signal_or_alert_is_lost_or_duplicated_when_collectors_are_killed_before_storing_them(
    node: Node,
) -> None:
    assert node.start("signals").wait(30) == -signal.SIGKILL
    assert node.start("alerts").wait(30) == -signal.SIGKILL
    third = node.start()
    await node.until_alerted()
    third.kill()
    third.wait()
    await node.until_works(node.start())
    await asyncio.sleep(2)  # long enough for several passes and batches
    assert_one_of_each(*await node.kept())


async def test_a_collector_that_was_frozen_during_a_takeover_duplicates_no_signal(node: Node) -> None:
    (node.folder / "quiet").touch()
    first = node.start()
    await node.until_works(first)
    second = node.start()
    await asyncio.sleep(2)
    first.send_signal(signal.SIGSTOP)
    await node.until_works(second)
    (node.folder / "quiet").unlink()
    await node.until_alerted()
    first.send_signal(signal.SIGCONT)
    await asyncio.sleep(4)
    assert_one_of_each(*await node.kept())


@contextlib.asynccontextmanager
async def collecting(
    exchanges: Sequence[BullishExchange], repository: SnapshotRepository, url: str | None, *, opportunities: bool = True
) -> AsyncIterator[None]:
    async with history_recorder(
        url, [exchange.venue for exchange in exchanges], days=(30, 365), clock=SYSTEM_CLOCK
    ) as journal:
        work = asyncio.create_task(collector(exchanges, repository, journal, opportunities=opportunities).run())
        try:
            yield
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work


async def newest(repository: SnapshotRepository, seconds: float = 20) -> snapshot_pb2.Snapshot:
    async with asyncio.timeout(seconds):
        while True:
            head = await repository.get(keys.HEAD)
            blob = await repository.get(keys.snapshot(snapshots.decode_head(head)[0])) if head else None
            if blob:
                return snapshot_pb2.Snapshot.FromString(blob)
            await asyncio.sleep(0.05)


async def until(
    repository: SnapshotRepository, held: Callable[[snapshot_pb2.Snapshot], bool], seconds: float = 120
) -> snapshot_pb2.Snapshot:
    async with asyncio.timeout(seconds):
        while not held(found := await newest(repository)):
            await asyncio.sleep(0.05)
    return found


async def test_a_snapshot_has_every_part_of_the_analysis(tmp_path: Path) -> None:
    repository = MemoryRepository()
    async with collecting(
        [BullishExchange("BTCUSDT", *(f"A{i}USDT" for i in range(6)))], repository, f"sqlite://{tmp_path}/h.db"
    ):
        found = await until(repository, lambda s: len(s.signals) == 7 and s.HasField("signal_record"))
    assert {signal.venue for signal in found.signals} == {"bybit"}
    assert found.sentiment.gauge > 0
    assert [beta.beta.symbol for beta in found.betas] == [item.symbol for item in found.symbols]
    assert {window.beta for beta in found.betas for window in beta.beta.windows} == {1.0}
    assert found.signal_record.all.count == 0


async def test_each_venue_has_its_own_signals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtuoso.collector.collector.PROBE_PERIOD_S", 0.5)
    url, repository = f"sqlite://{tmp_path}/h.db", MemoryRepository()
    bybit, binance = BullishExchange(), BullishExchange(venue="binance")
    async with collecting([bybit, binance], repository, url):
        first = await until(repository, lambda s: len(s.signals) == 3)
        bybit.faults["tickers"] = VenueUnavailable("gone")
        second = await until(repository, lambda s: s.provenance.venue == "binance" and len(s.signals) == 6)
        del bybit.faults["tickers"]
        third = await until(repository, lambda s: s.provenance.venue == "bybit")
    listed = {signal.id: signal.venue for signal in second.signals}
    assert sorted(listed.values()) == ["binance"] * 3 + ["bybit"] * 3
    assert {signal.id for signal in third.signals} == listed.keys() > {signal.id for signal in first.signals}
    history = open_history_reader(url, timeout_s=20)
    assert {s.id for s in await history.signals()} == listed.keys()
    alerts = await history.alerts(kinds=OPENED)
    assert len(alerts) == 6
    texts = [alert.text for alert in await history.alerts(kinds=[AlertKind.DATA_QUALITY])]
    assert any("binance is used instead of bybit" in text for text in texts), texts
    await history.close()


@pytest.mark.parametrize("wanted", [True, False])
async def test_disabled_opportunities_are_absent_including_those_already_open(tmp_path: Path, *, wanted: bool) -> None:
    url, repository = f"sqlite://{tmp_path}/h.db", MemoryRepository()
    found_ms = SYSTEM_CLOCK.now_ms() - 60_000
    stands = opportunity(venue="bybit", found_ms=found_ms, expires_ms=found_ms + 4 * 3_600_000)
    history = open_history_writer(url, timeout_s=20)
    await history.write(opportunities=[stands])
    async with collecting([BullishExchange()], repository, url, opportunities=wanted):
        shown = await until(repository, lambda s: len(s.signals) == 3)
        async with asyncio.timeout(20):
            while len(await history.alerts(kinds=OPENED)) < 3:  # then the alerts about opportunities are stored too
                await asyncio.sleep(0.1)
    assert (stands.id in {o.id for o in shown.opportunities}) is wanted
    stored = await history.alerts(kinds=[AlertKind.OPPORTUNITY])
    assert (stands.id in {alert.reference for alert in stored}) is wanted
    if not wanted:
        assert not shown.opportunities
        assert not stored
        assert len(await history.opportunities()) == 1
    await history.close()


async def test_without_a_history_signals_are_recalled_from_the_last_snapshot() -> None:
    repository = MemoryRepository()
    async with collecting([BullishExchange()], repository, None):
        first = await until(repository, lambda s: len(s.signals) == 3)
    async with collecting([BullishExchange()], repository, None):
        again = await until(repository, lambda s: s.provenance.snapshot_id > first.provenance.snapshot_id)
        again = await until(repository, lambda s: s.provenance.snapshot_id > again.provenance.snapshot_id)
    assert {s.id for s in again.signals} == {s.id for s in first.signals}
    assert not again.HasField("signal_record")


async def steady(repository: SnapshotRepository, seconds: float) -> int:
    """Return the number of new snapshots. Raise when one comes later than a client waits, which is 2 s."""
    seen, end = [(await newest(repository)).provenance.snapshot_id], time.monotonic() + seconds
    while time.monotonic() < end:
        last = await until(repository, lambda s: s.provenance.snapshot_id != seen[-1], seconds=2)
        seen.append(last.provenance.snapshot_id)
    return len(seen)


async def test_a_frozen_database_affects_only_history_and_later_receives_all_records() -> None:
    server = Postgres()
    exchange, repository = BullishExchange(), MemoryRepository()
    exchange.quiet = set(SYMBOLS)
    try:
        history = open_history_writer(server.url(), timeout_s=20)
        assert await history.newest_cursor() == 0
        async with collecting([exchange], repository, server.url()):
            await newest(repository)
            server.freeze()
            exchange.quiet = set()
            assert await steady(repository, SECONDS) > SECONDS
            assert len((await newest(repository)).signals) == 3
            server.thaw()
            async with asyncio.timeout(30):
                while len(await history.alerts(kinds=OPENED)) < 3:
                    await asyncio.sleep(0.2)
        assert_one_of_each(await history.signals(), await history.alerts(kinds=OPENED))
        await history.close()
    finally:
        server.close()


async def test_a_locked_history_file_delays_nothing_and_is_recalled_after_its_unlock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virtuoso.collector.engine.RETRY_S", 1.0)
    file, repository = tmp_path / "h.db", MemoryRepository()
    url = f"sqlite://{file}"
    history = open_history_writer(url, timeout_s=20)
    async with collecting([BullishExchange()], MemoryRepository(), url), asyncio.timeout(30):
        while len(await history.alerts(kinds=OPENED)) < 3:
            await asyncio.sleep(0.1)
    stored_ids = {s.id for s in await history.signals()}
    await history.close()
    with closing(connect(file, isolation_level=None, timeout=20)) as lock:
        lock.execute("PRAGMA locking_mode = EXCLUSIVE")
        lock.execute("BEGIN EXCLUSIVE")
        async with collecting([BullishExchange()], repository, url):
            assert await steady(repository, SECONDS) > SECONDS
            assert not (await newest(repository)).signals  # it may contain some
            lock.close()
            recalled = await until(repository, lambda s: len(s.signals) == 3)
    assert {s.id for s in recalled.signals} == stored_ids


async def test_a_full_disk_affects_only_history_and_later_receives_all_records(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("NO SMALL DISK CAN BE MOUNTED HERE")
    exchange, repository, url = BullishExchange(), MemoryRepository(), f"sqlite://{disk}/h.db"
    exchange.quiet = set(SYMBOLS)
    try:
        async with collecting([exchange], repository, url):
            await newest(repository)
            fill_up(disk / "ballast")
            exchange.quiet = set()
            assert await steady(repository, SECONDS) > SECONDS
            assert len((await newest(repository)).signals) == 3
            (disk / "ballast").unlink()
            history = open_history_reader(url, timeout_s=20)
            async with asyncio.timeout(30):
                while len(await history.alerts(kinds=OPENED)) < 3:
                    await asyncio.sleep(0.2)
        assert_one_of_each(await history.signals(), await history.alerts(kinds=OPENED))
        await history.close()
    finally:
        subprocess.run(["umount", disk], check=True)


def fill_up(path: Path) -> None:
    """Write to a file until the disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
