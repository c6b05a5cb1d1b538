"""The lease: one of several collectors is active, even if the repository has no leases. The tests run in virtual time."""

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


class RepositoryWithoutLeases(MemoryRepository):
    """A repository that stores values but has no leases, like a file system without locks."""

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        raise RepositoryError("no locks here")


class FailingRepository(RepositoryWithoutLeases):
    """A repository whose every operation fails."""

    async def get(self, key: str) -> bytes | None:
        """See the port."""
        raise RepositoryError("gone")

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        raise RepositoryError("gone")


async def test_one_of_two_owners_has_the_lease_and_the_other_gets_it_after_release() -> None:
    repository = memory()
    first, second = (Lease(repository, name, CLOCK) for name in ("a", "b"))
    assert await first.acquire(active=False)
    assert not await second.acquire(active=False)
    assert await first.acquire(active=True)
    await first.release()
    await CLOCK.sleep(0.01)
    assert await second.acquire(active=False)
    assert not await first.acquire(active=False)


async def test_a_lease_that_is_not_renewed_expires() -> None:
    repository = memory()
    first, second = (Lease(repository, name, CLOCK) for name in ("a", "b"))
    assert await first.acquire(active=False)
    await CLOCK.sleep(TTL_S - 0.1)
    assert not await second.acquire(active=False)
    await CLOCK.sleep(0.2)
    assert await second.acquire(active=False)


async def test_without_leases_the_active_collector_continues_and_another_starts_only_if_none_publishes() -> None:
    repository = RepositoryWithoutLeases(clock=CLOCK)
    lease = Lease(repository, "a", CLOCK)
    assert await lease.acquire(active=True)
    assert await lease.acquire(active=False)
    for age_s, starts in ((3, False), (20, True)):
        head = snapshot_head_pb2.SnapshotHead(snapshot_id="x", observed_time=timestamp(CLOCK.now_ms() - age_s * 1000))
        await repository.set(keys.HEAD, head.SerializeToString(), ttl_s=60)
        assert await lease.acquire(active=False) is starts
    await repository.set(keys.HEAD, b"\xff\xff", ttl_s=60)
    assert await lease.acquire(active=False)


async def test_without_leases_collectors_that_start_together_check_at_different_times() -> None:
    waits = set()
    for owner in ("a", "b", "c", "d"):
        began = CLOCK.monotonic()
        await Lease(RepositoryWithoutLeases(clock=CLOCK), owner, CLOCK).acquire(active=False)
        waits.add(CLOCK.monotonic() - began)
    assert len(waits) > 1
    assert max(waits) < 8


async def test_no_collector_starts_if_nothing_can_be_stored() -> None:
    lease = Lease(FailingRepository(clock=CLOCK), "a", CLOCK)
    assert not await lease.acquire(active=False)
    assert await lease.acquire(active=True)
    await lease.release()


async def test_leadership_is_in_doubt_after_the_lease_was_not_renewed_for_its_ttl() -> None:
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


async def test_leadership_is_in_doubt_immediately_when_another_owner_has_the_lease() -> None:
    repository = memory()
    leadership = Leadership(Lease(repository, "a", CLOCK), CLOCK)
    assert await leadership.renew()
    repository._leases[keys.lease()] = ("b", CLOCK.monotonic() + 60)
    assert not await leadership.renew()
    assert leadership.in_doubt
