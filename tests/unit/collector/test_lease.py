"""Who works: one of several, and somebody even where no lease can be had. All in virtual time."""

from __future__ import annotations

from tests.clocks import VirtualClock
from virtuoso.collector.leadership import Leadership
from virtuoso.collector.lease import TTL_S, Lease
from virtuoso.domain.errors import RepositoryError
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.store.v1 import snapshot_head_pb2
from virtuoso.wire.times import timestamp

CLOCK = VirtualClock()


def memory() -> MemoryRepository:
    return MemoryRepository(clock=CLOCK)


class Leaseless(MemoryRepository):
    """Stores values but knows no leases, as a file system without locks."""

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        raise RepositoryError("no locks here")


class Dead(Leaseless):
    """Answers nothing."""

    async def get(self, key: str) -> bytes | None:
        """See the port."""
        raise RepositoryError("gone")

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        raise RepositoryError("gone")


async def test_one_of_two_works_and_the_other_goes_on_when_it_is_released() -> None:
    repository = memory()
    first, second = (Lease(repository, name, CLOCK) for name in ("a", "b"))
    assert await first.acquire(working=False)
    assert not await second.acquire(working=False)
    assert await first.acquire(working=True)
    await first.release()
    await CLOCK.sleep(0.01)
    assert await second.acquire(working=False)
    assert not await first.acquire(working=False)


async def test_a_lease_that_is_not_renewed_runs_out() -> None:
    repository = memory()
    first, second = (Lease(repository, name, CLOCK) for name in ("a", "b"))
    assert await first.acquire(working=False)
    await CLOCK.sleep(TTL_S - 0.1)
    assert not await second.acquire(working=False)
    await CLOCK.sleep(0.2)
    assert await second.acquire(working=False)


async def test_without_leases_the_one_that_works_goes_on_and_another_begins_only_when_nobody_publishes() -> None:
    repository = Leaseless(clock=CLOCK)
    lease = Lease(repository, "a", CLOCK)
    assert await lease.acquire(working=True)
    assert await lease.acquire(working=False)
    for age_s, begins in ((3, False), (20, True)):
        head = snapshot_head_pb2.SnapshotHead(snapshot_id="x", observed_time=timestamp(CLOCK.now_ms() - age_s * 1000))
        await repository.set(keys.HEAD, head.SerializeToString(), ttl_s=60)
        assert await lease.acquire(working=False) is begins
    await repository.set(keys.HEAD, b"\xff\xff", ttl_s=60)
    assert await lease.acquire(working=False)


async def test_without_leases_collectors_that_start_together_do_not_look_at_the_same_moment() -> None:
    waits = set()
    for owner in ("a", "b", "c", "d"):
        began = CLOCK.monotonic()
        await Lease(Leaseless(clock=CLOCK), owner, CLOCK).acquire(working=False)
        waits.add(CLOCK.monotonic() - began)
    assert len(waits) > 1
    assert max(waits) < 8


async def test_where_nothing_can_be_stored_nobody_begins_to_ask_the_venues_for_nothing() -> None:
    lease = Lease(Dead(clock=CLOCK), "a", CLOCK)
    assert not await lease.acquire(working=False)
    assert await lease.acquire(working=True)
    await lease.release()


async def test_leadership_is_in_doubt_once_the_lease_was_not_renewed_for_its_time() -> None:
    leadership = Leadership(Lease(memory(), "a", CLOCK), CLOCK)
    doubts = [leadership.in_doubt]
    assert await leadership.renew()
    for _ in range(2):
        doubts.append(leadership.in_doubt)
        await CLOCK.sleep(TTL_S + 0.1)
    doubts.append(leadership.in_doubt)
    assert doubts == [True, False, True, True]
    assert await leadership.renew()
    assert leadership.owner == "a"


async def test_leadership_is_in_doubt_at_once_when_another_has_the_lease() -> None:
    repository = memory()
    leadership = Leadership(Lease(repository, "a", CLOCK), CLOCK)
    assert await leadership.renew()
    repository._leases[keys.lease()] = ("b", CLOCK.monotonic() + 60)
    assert not await leadership.renew()
    assert leadership.in_doubt
