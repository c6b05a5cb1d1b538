"""Several callers of one key cause one read."""

from __future__ import annotations

import asyncio

import pytest

from tests.clocks import VirtualClock
from tests.unit.service.virtual_time import in_virtual_time
from virtuoso.service.coalescing_cache import CoalescingCache


class Reads:
    """Reads that take a second each and return their number."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.count += 1
        number, error = self.count, self.error
        await asyncio.sleep(1)
        if error is not None:
            raise error
        return number


def cache(lifetime_s: float = 2.0, max_entries: int = 3) -> CoalescingCache:
    return CoalescingCache(VirtualClock(), lifetime_s=lifetime_s, max_entries=max_entries)


@in_virtual_time
async def test_callers_at_the_same_time_share_one_read_and_other_keys_have_their_own() -> None:
    reads, cached = Reads(), cache()
    results = await asyncio.gather(*(cached.get(key, reads) for key in "aabab"))
    assert (results, reads.count) == ([1, 1, 2, 1, 2], 2)


@in_virtual_time
async def test_the_lifetime_of_a_result_counts_from_the_start_of_its_read() -> None:
    reads, cached = Reads(), cache(lifetime_s=2)
    assert await cached.get("a", reads) == 1
    await asyncio.sleep(0.9)
    assert await cached.get("a", reads) == 1
    await asyncio.sleep(0.1)
    assert await cached.get("a", reads) == 2


@in_virtual_time
async def test_a_read_that_outlasts_its_lifetime_is_still_shared() -> None:
    reads, cached = Reads(), cache(lifetime_s=0)
    first = asyncio.create_task(cached.get("a", reads))
    await asyncio.sleep(0.5)
    assert (await cached.get("a", reads), await first, reads.count) == (1, 1, 1)
    assert await cached.get("a", reads) == 2


@in_virtual_time
async def test_only_waiting_callers_get_an_error_and_the_next_caller_reads_again() -> None:
    reads, cached = Reads(), cache()
    reads.error = KeyError("a")
    failures = await asyncio.gather(*(cached.get("a", reads) for _ in range(3)), return_exceptions=True)
    assert [type(failure) for failure in failures] == [KeyError] * 3
    reads.error = None
    assert await cached.get("a", reads) == 2


@in_virtual_time
async def test_a_cancelled_caller_does_not_cancel_the_read() -> None:
    reads, cached = Reads(), cache()
    leaver, stayer = (asyncio.create_task(cached.get("a", reads)) for _ in range(2))
    await asyncio.sleep(0.5)
    leaver.cancel()
    assert await stayer == 1
    with pytest.raises(asyncio.CancelledError):
        await leaver


@in_virtual_time
async def test_a_failure_without_a_waiting_caller_causes_no_asyncio_report() -> None:
    reads, cached = Reads(), cache()
    reads.error = KeyError("a")
    leaver = asyncio.create_task(cached.get("a", reads))
    await asyncio.sleep(0.5)
    leaver.cancel()
    await asyncio.sleep(1)
    assert leaver.cancelled()
    reads.error = None
    assert await cached.get("a", reads) == 2


@in_virtual_time
async def test_results_beyond_the_limit_and_old_ones_are_dropped() -> None:
    reads, cached = Reads(), cache(lifetime_s=100, max_entries=3)
    for key in "abcd":
        await cached.get(key, reads)
    assert [await cached.get(key, reads) for key in "bcd"] == [2, 3, 4]
    assert await cached.get("a", reads) == 5
    await asyncio.sleep(100)
    await cached.get("e", reads)
    assert list(cached._reads) == ["e"]


@in_virtual_time
async def test_closing_cancels_reads() -> None:
    reads, cached = Reads(), cache()
    waiting = asyncio.create_task(cached.get("a", reads))
    await asyncio.sleep(0.5)
    await cached.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert asyncio.get_running_loop().time() == 0.5
