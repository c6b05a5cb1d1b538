"""The contract of SnapshotRepository: one suite for each repository that `open_repository` builds."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import multiprocessing
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pymemcache.client.base import Client

from tests.programs import Memcached
from virtuoso.domain.errors import RepositoryError
from virtuoso.repository import keys
from virtuoso.repository.factory import open_repository
from virtuoso.repository.tiered import TieredRepository

MIB = 1024 * 1024
KINDS = ["memory", "directory", "memcached", "memcached cluster", "memcached and directory"]
SHARED_KINDS = KINDS[1:]


@dataclass(frozen=True)
class Place:
    """Where a repository stores its values, and how another program writes there."""

    url: str
    directory: Path | None
    servers: list[Memcached]

    def open(self) -> TieredRepository:
        return open_repository(self.url, self.directory)

    def overwrite(self, key: str, content: bytes) -> None:
        """Replace the value under the key by bytes that the repository did not write."""
        for server in self.servers:
            client = Client(("127.0.0.1", server.port), default_noreply=False)
            client.set(key, content)
            client.close()
        if self.directory is not None:
            for file in self.directory.glob("*.virtuoso"):
                file.write_bytes(content)


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Memcached]]:
    with ExitStack() as stack:
        running = [Memcached("-m", "512") for _ in range(3)]
        for server in running:
            stack.callback(server.kill)
        yield running


@pytest.fixture
def place(request: pytest.FixtureRequest, servers: list[Memcached], tmp_path: Path) -> Place:
    kind = request.param
    addresses = ",".join(server.address for server in servers)
    if kind == "memory":
        return Place("memory:", None, [])
    if kind == "directory":
        return Place(f"directory:{tmp_path / 'cache'}", tmp_path / "cache", [])
    if kind == "memcached":
        return Place(f"memcached://{servers[0].address}", None, servers[:1])
    if kind == "memcached cluster":
        return Place(f"memcached://{addresses}", None, servers)
    return Place(f"memcached://{addresses}", tmp_path / "node", servers)


@pytest.fixture
async def repository(place: Place) -> AsyncIterator[TieredRepository]:
    opened = place.open()
    yield opened
    await opened.close()


_serial = itertools.count(random.randrange(10**9))


@pytest.fixture
def key() -> str:
    """Return a key that no other test uses. The servers keep their values after a test."""
    return keys.snapshot(f"contract-{next(_serial)}")


every_kind = pytest.mark.parametrize("place", KINDS, indirect=True)
every_shared_kind = pytest.mark.parametrize("place", SHARED_KINDS, indirect=True)


async def eventually(question: Callable[[], Awaitable[bool]], seconds: float = 20) -> bool:
    """Call `question` until it returns True. Return False after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if await question():
            return True
        await asyncio.sleep(0.05)
    return False


def count(result: str) -> float:
    """Return the number of reads with this result in all repositories."""
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        if metric.name == "virtuoso_cache_reads"
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["result"] == result
    )


@every_kind
async def test_a_key_that_was_never_written_is_absent(repository: TieredRepository, key: str) -> None:
    misses = count("miss")
    assert await repository.get(key) is None
    assert await repository.get_all(key) == []
    assert count("miss") > misses


@every_kind
@pytest.mark.parametrize("size", [0, 1, 300, MIB - 1, MIB, MIB + 1, 5 * MIB])
async def test_a_value_of_any_size_comes_back_as_it_was_written(repository: TieredRepository, key: str, size: int) -> None:
    value = random.Random(size).randbytes(size)
    await repository.set(key, value, ttl_s=60)
    assert await repository.get(key) == value
    assert {v for _, v in await repository.get_all(key)} == {value}


@every_kind
@pytest.mark.parametrize("size", [999_950, 999_999, 1_000_000, 1_000_001, 1_999_960, 2_000_000])
async def test_sizes_around_the_limit_of_one_memcached_item_are_stored_whole(
    repository: TieredRepository, key: str, size: int
) -> None:
    value = random.Random(size).randbytes(size)
    await repository.set(key, value, ttl_s=60)
    assert await repository.get(key) == value


@every_kind
async def test_a_value_replaces_the_earlier_one_at_any_sizes(repository: TieredRepository, key: str) -> None:
    for size in (10, 3 * MIB, 20, 2 * MIB, 0):
        value = bytes([size % 251]) * size
        await repository.set(key, value, ttl_s=60)
        assert await repository.get(key) == value


@every_kind
async def test_a_value_above_16_mib_is_refused_and_the_earlier_one_stays(repository: TieredRepository, key: str) -> None:
    await repository.set(key, b"earlier", ttl_s=60)
    with pytest.raises(RepositoryError, match="larger"):
        await repository.set(key, bytes(16 * MIB + 1), ttl_s=60)
    assert await repository.get(key) == b"earlier"


@every_kind
async def test_a_value_is_absent_after_its_ttl_and_other_values_stay(repository: TieredRepository, key: str) -> None:
    await repository.set(key, b"short", ttl_s=1)
    await repository.set(key + "-long", b"long", ttl_s=60)
    assert await repository.get(key) == b"short"

    async def absent() -> bool:
        return await repository.get(key) is None

    assert await eventually(absent)
    assert await repository.get(key + "-long") == b"long"
    await repository.set(key, b"again", ttl_s=60)
    assert await repository.get(key) == b"again"


@every_kind
async def test_a_ttl_above_30_days_is_not_interpreted_as_a_date(repository: TieredRepository, key: str) -> None:
    await repository.set(key, b"value", ttl_s=40 * 86_400)
    assert await repository.get(key) == b"value"


@every_kind
async def test_symbols_of_any_script_have_different_keys(repository: TieredRepository) -> None:
    symbols = ["BTCUSDT", "1000SHIBUSDT", "币安人生USDT", "币安人USDT", "币" * 24 + "USDT", "币" * 23 + "安USDT"]
    for symbol in symbols:
        await repository.set(keys.candles("binance", symbol, "5m"), symbol.encode(), ttl_s=60)
    for symbol in symbols:
        assert await repository.get(keys.candles("binance", symbol, "5m")) == symbol.encode()


@every_kind
async def test_concurrent_tasks_read_only_whole_values(repository: TieredRepository, key: str) -> None:
    values = [bytes([n]) * (n * 40_000) for n in range(1, 31)]
    await repository.set(key, values[0], ttl_s=60)
    writes = [repository.set(key, value, ttl_s=60) for value in values]
    reads = [repository.get(key) for _ in range(30)]
    *_, read = await asyncio.gather(asyncio.gather(*writes), asyncio.gather(*reads))
    assert set(read) - {None} <= set(values)  # on a busy machine, a read may time out, which gives None
    assert await repository.get(key) in values


@every_kind
async def test_only_one_of_many_owners_gets_the_lease_and_can_renew_it(repository: TieredRepository, key: str) -> None:
    owners = [f"collector-{n}" for n in range(20)]
    won = await asyncio.gather(*(repository.lease(key, owner, ttl_s=30) for owner in owners))
    assert sum(won) == 1
    holder = owners[won.index(True)]
    assert await repository.lease(key, holder, ttl_s=30)
    assert await repository.lease(key, holder, ttl_s=30)
    assert not await repository.lease(key, "another", ttl_s=30)


@every_kind
async def test_a_lease_that_is_not_renewed_becomes_free(repository: TieredRepository, key: str) -> None:
    assert await repository.lease(key, "dead", ttl_s=1)
    assert not await repository.lease(key, "next", ttl_s=30)

    async def becomes_owner() -> bool:
        return await repository.lease(key, "next", ttl_s=30)

    assert await eventually(becomes_owner)
    assert not await repository.lease(key, "dead", ttl_s=30)


@every_kind
async def test_calls_after_close_raise_an_error_and_do_not_return_none(repository: TieredRepository, key: str) -> None:
    await repository.set(key, b"value", ttl_s=60)
    await repository.close()
    await repository.close()
    with pytest.raises(RepositoryError, match="closed"):
        await repository.get(key)
    with pytest.raises(RepositoryError, match="closed"):
        await repository.set(key, b"value", ttl_s=60)


@every_shared_kind
async def test_another_reader_of_the_same_place_sees_the_value(place: Place, repository: TieredRepository, key: str) -> None:
    value = random.Random(7).randbytes(2 * MIB)
    await repository.set(key, value, ttl_s=60)
    other = place.open()
    assert await other.get(key) == value
    assert await other.lease(f"{key}-lease", "a", ttl_s=30)
    assert not await repository.lease(f"{key}-lease", "b", ttl_s=30)
    await other.close()


@every_shared_kind
@pytest.mark.parametrize("content", [b"", b"placeholder", b"{}" * 100_000], ids=["empty", "short", "long"])
async def test_foreign_bytes_are_counted_and_absent_until_the_next_write(
    place: Place, repository: TieredRepository, key: str, content: bytes
) -> None:
    await repository.set(key, b"value", ttl_s=60)
    place.overwrite(key, content)
    before = count("corrupt")
    assert await repository.get(key) is None
    assert await repository.get_all(key) == []
    assert count("corrupt") > before
    await repository.set(key, b"value again", ttl_s=60)
    assert await repository.get(key) == b"value again"


@every_shared_kind
async def test_foreign_bytes_do_not_block_the_lease(place: Place, repository: TieredRepository, key: str) -> None:
    assert await repository.lease(key, "first", ttl_s=30)
    place.overwrite(key, b"not a lease")
    assert await repository.lease(key, "second", ttl_s=30)
    assert not await repository.lease(key, "third", ttl_s=30)


def checked(body: bytes) -> bytes:
    """Return a value that contains its own checksum, independent of the product's envelope."""
    return hashlib.sha256(body).digest() + body


def write_for_a_while(place: Place, key: str, seed: int, start: Barrier) -> None:
    """Replace the value again and again by values of very different sizes. It runs in a separate process."""

    async def write() -> None:
        repository = place.open()
        chance = random.Random(seed)
        start.wait(60)
        for _ in range(25):
            await repository.set(key, checked(chance.randbytes(chance.choice([0, 100, 400_000, 2_500_000]))), ttl_s=60)
        await repository.close()

    asyncio.run(write())


@every_shared_kind
async def test_readers_never_see_a_torn_value_while_two_processes_write_it(
    place: Place, repository: TieredRepository, key: str
) -> None:
    await repository.set(key, checked(b"first"), ttl_s=60)
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(3)
    writers = [spawn.Process(target=write_for_a_while, args=(without_processes(place), key, seed, start)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    await asyncio.to_thread(start.wait, 60)
    seen = set()
    while any(writer.is_alive() for writer in writers):
        value = await repository.get(key)
        assert value is not None
        assert checked(value[32:]) == value
        seen.add(value[:32])
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
        writer.close()
    assert len(seen) > 1


def try_for_the_lease(place: Place, key: str, start: Barrier, winners: Path, owner: str) -> None:
    """Try once to get the lease, at the same time as other processes. Create a file if it is acquired. It runs in its own
    process."""

    async def ask() -> None:
        repository = place.open()
        await repository.get(key)  # this connects the repository
        start.wait(60)
        if await repository.lease(key, owner, ttl_s=60):
            (winners / owner).touch()
        await repository.close()

    asyncio.run(ask())


@every_shared_kind
def test_one_of_several_concurrent_processes_gets_the_lease(place: Place, key: str, tmp_path: Path) -> None:
    winners = tmp_path / "winners"
    winners.mkdir()
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(3)
    processes = [
        spawn.Process(target=try_for_the_lease, args=(without_processes(place), key, start, winners, f"owner-{n}"))
        for n in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
        process.close()
    assert len(list(winners.iterdir())) == 1


def without_processes(place: Place) -> Place:
    """Return the place in a form that another process can receive. The handle of a child process cannot be pickled."""
    return Place(place.url, place.directory, [])
