"""Jobs share the workers fairly. A kind of job that fails or hangs gets only a few workers. All tests run in virtual
time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from tests.clocks import VirtualClock
from virtuoso.domain.errors import BadData, EmptyData, ExchangeError, RateLimited, Unsupported, VenueUnavailable
from virtuoso.domain.inputs import InputKind
from virtuoso.market_data.schedule import LONGEST_PAUSE_S, MAX_KIND_FAILURES, WORKERS, WORKERS_PER_KIND, Job, Schedule

SYMBOLS = tuple(f"A{i}USDT" for i in range(40))


@asynccontextmanager
async def running(run: Callable[[Job], Awaitable[float]], *jobs: Job) -> AsyncIterator[Schedule]:
    schedule = Schedule("bybit", run, VirtualClock())
    schedule.plan(jobs)
    schedule.start()
    try:
        yield schedule
    finally:
        await schedule.stop()


class Work:
    """Records when each job ran. A job takes `takes_s` and is due again after `period_s`. `errors` has the error that jobs
    of a kind raise."""

    def __init__(self, *, takes_s: float = 0.0, period_s: float = 10.0) -> None:
        self.takes_s = takes_s
        self.period_s = period_s
        self.errors: dict[str, Exception] = {}
        self.times: dict[Job, list[float]] = {}
        self.counts: Counter[str] = Counter()
        self.running: Counter[str] = Counter()
        self.most_running: Counter[str] = Counter()

    async def __call__(self, job: Job) -> float:
        self.times.setdefault(job, []).append(VirtualClock().monotonic())
        self.counts[job.kind] += 1
        self.running[job.kind] += 1
        self.most_running[job.kind] = max(self.most_running[job.kind], self.running[job.kind])
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.running[job.kind] -= 1
        if job.kind in self.errors:
            raise self.errors[job.kind]
        return self.period_s


def jobs_of(*kinds: InputKind) -> list[Job]:
    return [Job(symbol, kind) for kind in kinds for symbol in SYMBOLS]


async def test_every_job_runs_immediately_and_then_at_its_period() -> None:
    work = Work(period_s=10)
    async with running(work, *jobs_of(InputKind.ORDER_BOOK, InputKind.TRADES)) as schedule:
        await asyncio.sleep(1)
        assert schedule.progress == (80, 80)
        await asyncio.sleep(99)
        assert all(len(times) == 10 for times in work.times.values())


async def test_under_overload_all_jobs_wait_equally_long() -> None:
    work = Work(takes_s=2, period_s=1)
    async with running(work, *jobs_of(InputKind.ORDER_BOOK, InputKind.TRADES, InputKind.FUNDING)):
        await asyncio.sleep(600)
    counts = [len(times) for times in work.times.values()]
    assert max(counts) <= 1.1 * min(counts)
    assert sum(counts) == pytest.approx(WORKERS * 600 / 2, rel=0.05)


async def test_one_kind_never_uses_all_workers() -> None:
    work = Work(takes_s=5, period_s=1)
    async with running(work, *jobs_of(InputKind.ORDER_BOOK)):
        await asyncio.sleep(60)
    assert work.most_running[InputKind.ORDER_BOOK] == WORKERS_PER_KIND


async def test_a_failing_kind_runs_one_job_at_a_time_and_others_continue() -> None:
    work = Work(takes_s=1, period_s=10)
    work.errors[InputKind.ORDER_BOOK] = VenueUnavailable("gone")
    async with running(work, *jobs_of(InputKind.ORDER_BOOK, InputKind.TRADES)):
        await asyncio.sleep(300)
        work.most_running.clear()
        before = work.counts.copy()
        await asyncio.sleep(120)
        assert work.most_running[InputKind.ORDER_BOOK] == 1
        assert work.counts[InputKind.TRADES] - before[InputKind.TRADES] == pytest.approx(40 * 120 / 11, rel=0.1)
        assert work.counts[InputKind.ORDER_BOOK] - before[InputKind.ORDER_BOOK] <= 120 / LONGEST_PAUSE_S + 2
        work.errors.clear()
        await asyncio.sleep(2 * LONGEST_PAUSE_S)
        assert work.most_running[InputKind.ORDER_BOOK] > 1, "after one success all of them are tried again"


async def test_a_few_failures_do_not_limit_the_kind() -> None:
    work = Work()
    work.errors[InputKind.ORDER_BOOK] = BadData("odd")
    async with running(work, *[Job(symbol, InputKind.ORDER_BOOK) for symbol in SYMBOLS[: MAX_KIND_FAILURES - 1]]):
        await asyncio.sleep(0.5)
        assert work.counts[InputKind.ORDER_BOOK] == MAX_KIND_FAILURES - 1
        work.errors.clear()
        await asyncio.sleep(2)
        assert work.counts[InputKind.ORDER_BOOK] == 2 * (MAX_KIND_FAILURES - 1)


async def test_a_failed_job_is_retried_after_growing_pauses_of_at_most_ten_seconds() -> None:
    work = Work()
    work.errors[InputKind.ORDER_BOOK] = BadData("odd")
    async with running(work, Job("BTCUSDT", InputKind.ORDER_BOOK)):
        await asyncio.sleep(300)
    (times,) = work.times.values()
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[0] < 2
    assert all(pause < LONGEST_PAUSE_S * 1.3 + 1 for pause in pauses)
    assert all(pause > 0.5 * LONGEST_PAUSE_S for pause in pauses[6:])


async def test_an_empty_market_is_read_once_a_minute_and_does_not_limit_its_kind() -> None:
    work = Work()
    work.errors[InputKind.ORDER_BOOK] = EmptyData("a new listing")
    async with running(work, *jobs_of(InputKind.ORDER_BOOK)):
        await asyncio.sleep(3600)
        assert all(60 <= len(times) <= 75 for times in work.times.values())


async def test_a_rate_limited_job_waits_until_the_end_of_the_pause() -> None:
    work = Work()
    work.errors[InputKind.ORDER_BOOK] = RateLimited("slowly", until_ms=VirtualClock().now_ms() + 90_000)
    async with running(work, Job("BTCUSDT", InputKind.ORDER_BOOK)):
        await asyncio.sleep(89)
        assert work.counts[InputKind.ORDER_BOOK] == 1
        work.errors.clear()
        await asyncio.sleep(2)
        assert work.counts[InputKind.ORDER_BOOK] == 2


async def test_an_unsupported_job_runs_again_only_after_the_next_start() -> None:
    work = Work()
    work.errors[InputKind.ORDER_BOOK] = Unsupported("not here")
    async with running(work, Job("BTCUSDT", InputKind.ORDER_BOOK)) as schedule:
        await asyncio.sleep(3600)
        assert work.counts[InputKind.ORDER_BOOK] == 1
        await schedule.stop()
        schedule.start()
        await asyncio.sleep(1)
        assert work.counts[InputKind.ORDER_BOOK] == 2


async def test_an_unexpected_error_does_not_end_a_worker() -> None:
    work = Work()
    work.errors[InputKind.ORDER_BOOK] = KeyError("x")
    async with running(work, *jobs_of(InputKind.ORDER_BOOK)):
        await asyncio.sleep(60)
        work.errors.clear()
        await asyncio.sleep(60)
        assert set(work.times) == set(jobs_of(InputKind.ORDER_BOOK))
        work.most_running.clear()
        await asyncio.sleep(11)
        assert sum(times[-1] > 120 for times in work.times.values()) == len(SYMBOLS)


async def test_a_removed_job_does_not_run_again_and_a_new_job_runs_immediately() -> None:
    work = Work()
    old, new = Job("OLDUSDT", InputKind.ORDER_BOOK), Job("NEWUSDT", InputKind.ORDER_BOOK)
    async with running(work, old) as schedule:
        await asyncio.sleep(15)
        schedule.plan([new])
        await asyncio.sleep(1)
        assert len(work.times[new]) == 1
        await asyncio.sleep(100)
        assert len(work.times[old]) == 2


async def test_a_job_that_is_planned_again_while_it_runs_keeps_its_period() -> None:
    work = Work(takes_s=5)
    job = Job("BTCUSDT", InputKind.ORDER_BOOK)
    async with running(work, job) as schedule:
        await asyncio.sleep(1)
        schedule.plan([job])
        await asyncio.sleep(103)
        assert len(work.times[job]) == 7


@pytest.mark.parametrize("error", [VenueUnavailable("gone"), BadData("odd"), EmptyData("none")])
async def test_a_job_counts_as_tried_after_success_and_failure(error: ExchangeError) -> None:
    work = Work()
    work.errors[InputKind.ORDER_BOOK] = error
    async with running(work, Job("BTCUSDT", InputKind.ORDER_BOOK), Job("BTCUSDT", InputKind.TRADES)) as schedule:
        await asyncio.sleep(0.1)
        assert schedule.progress == (2, 2)
