"""A schedule of recurring jobs, run by several workers. It does not depend on what the jobs do.

Workers take the job that has been due longest. Under overload, all jobs are therefore delayed equally. A failed job is
retried after a pause. After several consecutive failures of one kind, only one of its jobs runs at a time. A hanging
endpoint therefore does not block the other kinds.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import EmptyData, ExchangeError, RateLimited, Unsupported

if TYPE_CHECKING:
    from virtuoso.domain.inputs import InputKind
    from virtuoso.domain.model import Timeframe

log = logging.getLogger(__name__)

WORKERS = 24
WORKERS_PER_KIND = 12
MAX_KIND_FAILURES = 5  # consecutive failures of one kind, over all symbols
LONGEST_PAUSE_S = 10.0


class Job(NamedTuple):
    """A recurring request: one kind of data of one symbol."""

    symbol: str
    kind: InputKind
    timeframe: Timeframe | None = None


@dataclass(slots=True)
class JobStatus:
    """The status of one job since the start. `tried` is True after its first run, successful or not."""

    failures: int = 0  # consecutive failures
    tried: bool = False


@dataclass(slots=True)
class KindStatus:
    """The status of all jobs of one kind."""

    running: int = 0
    failures: int = 0  # consecutive failures
    paused_until: float = 0.0

    @property
    def limit(self) -> int:
        """Return the maximum number of concurrent jobs of this kind."""
        return 1 if self.failures >= MAX_KIND_FAILURES else WORKERS_PER_KIND


class Schedule:
    """A schedule of jobs. `run` runs a job and returns the seconds until it is due again.

    An ExchangeError of `run` is a failure of the job. Times are monotonic. `name` is for logs."""

    def __init__(self, name: str, run: Callable[[Job], Awaitable[float]], clock: Clock) -> None:
        self._name = name
        self._run = run
        self._clock = clock
        self._jobs: dict[Job, JobStatus] = {}
        self._queue: list[tuple[float, int, Job]] = []
        self._queued: dict[Job, int] = {}  # the number of the valid entry of each job in the queue
        self._pushed = 0
        self._kinds: dict[str, KindStatus] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._next_lock = asyncio.Lock()
        self._changed = asyncio.Event()  # a job was queued, or a worker became free

    def plan(self, jobs: Iterable[Job]) -> None:
        """Run exactly these jobs from now on. New jobs are due immediately, in the given order."""
        now = self._clock.monotonic()
        planned = {job: self._jobs.get(job) for job in jobs}
        for job, status in planned.items():
            if status is None:
                self._push(job, now)
        self._jobs = {job: status or JobStatus() for job, status in planned.items()}

    def hasten(self, job: Job) -> None:
        """Run a planned job as soon as possible. Do nothing while it runs."""
        if job in self._queued:
            self._push(job, self._clock.monotonic())

    @property
    def progress(self) -> tuple[int, int]:
        """Return (jobs tried at least once since the start, all jobs)."""
        return sum(status.tried for status in self._jobs.values()), len(self._jobs)

    @property
    def running(self) -> bool:
        """Return True between start and stop."""
        return bool(self._workers)

    def start(self) -> None:
        """Start the workers. Each job is due immediately. Do nothing while running."""
        if self._workers:
            return
        now = self._clock.monotonic()
        self._queue.clear()
        self._queued.clear()
        self._kinds.clear()
        self._jobs = {job: JobStatus() for job in self._jobs}
        for job in self._jobs:
            self._push(job, now)
        self._workers = [asyncio.create_task(self._work(), name=f"{self._name}-{i}") for i in range(WORKERS)]

    async def stop(self) -> None:
        """Stop all workers. Idempotent."""
        workers, self._workers = self._workers, []
        for task in workers:
            task.cancel()
        for task in workers:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _push(self, job: Job, due: float) -> None:
        self._pushed += 1
        self._queued[job] = self._pushed
        heapq.heappush(self._queue, (due, self._pushed, job))
        self._changed.set()

    async def _work(self) -> None:
        while True:
            job = await self._next()
            kind = self._kind(job)
            kind.running += 1
            try:
                wait_s = await self._try(job, kind)
            finally:
                kind.running -= 1
                self._changed.set()
            if (status := self._jobs.get(job)) is not None:
                status.tried = True
                if wait_s is not None:
                    self._push(job, self._clock.monotonic() + wait_s)

    async def _next(self) -> Job:
        """Wait for a job that is due and may run now. One worker at a time waits here. The others wait for the lock."""
        async with self._next_lock:
            while (job := self._pop()) is None:
                self._changed.clear()
                wait_s = max(0.01, self._queue[0][0] - self._clock.monotonic()) if self._queue else None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._changed.wait()
            return job

    def _kind(self, job: Job) -> KindStatus:
        return self._kinds.setdefault(job.kind, KindStatus())

    def _pop(self) -> Job | None:
        """Remove and return the longest-due job that may run now. Return None if there is none."""
        now, postponed, first = self._clock.monotonic(), [], None
        while self._queue and self._queue[0][0] <= now and first is None:
            _, order, job = heapq.heappop(self._queue)
            kind = self._kind(job)
            if self._queued.get(job) != order:
                continue
            if job not in self._jobs:
                del self._queued[job]
                continue
            if now < kind.paused_until:
                postponed.append((kind.paused_until + random.uniform(0, 0.5), order, job))  # noqa: S311 - jitter
            elif kind.running >= kind.limit:
                postponed.append((now + 0.02, order, job))
            else:
                first = job
                del self._queued[job]
        for entry in postponed:
            heapq.heappush(self._queue, entry)
        return first

    async def _try(self, job: Job, kind: KindStatus) -> float | None:
        """Run one job. Return the seconds until it is due again, or None if it is never due again."""
        status = self._jobs[job]
        try:
            wait_s = await self._run(job)
        except Unsupported:
            return None
        except RateLimited as error:
            return max(1.0, (error.until_ms - self._clock.now_ms()) / 1000)
        except EmptyData:  # affects this symbol only: an inactive or new market
            status.failures += 1
            return min(60.0, 5.0 * status.failures)
        except Exception as error:  # an error of a job must not end its worker
            known = isinstance(error, ExchangeError)
            log.log(logging.DEBUG if known else logging.ERROR, "%s %s", self._name, job, exc_info=error)
            status.failures += 1
            kind.failures += 1
            if kind.failures >= MAX_KIND_FAILURES:
                kind.paused_until = self._clock.monotonic() + min(LONGEST_PAUSE_S, 0.25 * kind.failures)
            pause_s = min(LONGEST_PAUSE_S, 0.5 * 2.0 ** min(status.failures, 6))
            return pause_s * random.uniform(0.7, 1.3)  # noqa: S311 - jitter
        status.failures = kind.failures = 0
        kind.paused_until = 0.0
        return wait_s
