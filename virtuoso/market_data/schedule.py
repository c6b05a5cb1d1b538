"""Jobs that are due again and again, done by a few workers at once; it knows nothing of what they do.

Workers take what is due longest: when there is more to do than can be done, everything stretches alike. A failed job waits
and tries again. A kind of job that fails throughout is tried one at a time, so that a hanging endpoint cannot hold the
others up.
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
WORKERS_A_KIND = 12
TROUBLE_AFTER = 5  # failures in a row of one kind, whatever the symbol
LONGEST_PAUSE_S = 10.0


class Job(NamedTuple):
    """One thing to ask for again and again."""

    symbol: str
    kind: InputKind
    timeframe: Timeframe | None = None


@dataclass(slots=True)
class Record:
    """How one job has fared since the start."""

    failures: int = 0  # in a row
    done: bool = False  # tried at least once, whatever came of it


@dataclass(slots=True)
class Trouble:
    """How all jobs of one kind fare."""

    running: int = 0
    failures: int = 0  # in a row
    until: float = 0.0  # none is tried before


class Schedule:
    """`run` runs a job and returns the seconds until it is due again; what it raises of ExchangeError is a failure. Times
    are monotonic. `name` is for logs."""

    def __init__(self, name: str, run: Callable[[Job], Awaitable[float]], clock: Clock) -> None:
        self._name = name
        self._run = run
        self._clock = clock
        self._records: dict[Job, Record] = {}
        self._queue: list[tuple[float, int, Job]] = []
        self._pushed = 0
        self._troubles: dict[InputKind, Trouble] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._line = asyncio.Lock()
        self._changed = asyncio.Event()  # a job was put into the queue, or a worker is free

    def plan(self, jobs: Iterable[Job]) -> None:
        """From now on these jobs and no others; new ones are due at once, in the order given."""
        records = {job: self._records.get(job) for job in jobs}
        now = self._clock.monotonic()
        for job, record in records.items():
            if record is None:
                self._push(job, now)
        self._records = {job: record or Record() for job, record in records.items()}

    @property
    def progress(self) -> tuple[int, int]:
        """(jobs tried at least once since the start, all jobs)."""
        return sum(record.done for record in self._records.values()), len(self._records)

    @property
    def running(self) -> bool:
        """True between start and stop."""
        return bool(self._workers)

    def start(self) -> None:
        """Begin with every job once. Does nothing while running."""
        if self._workers:
            return
        now = self._clock.monotonic()
        self._queue.clear()
        self._troubles.clear()
        self._records = {job: Record() for job in self._records}
        for job in self._records:
            self._push(job, now)
        self._workers = [asyncio.create_task(self._work(), name=f"{self._name}-{i}") for i in range(WORKERS)]

    async def stop(self) -> None:
        """Do no more. Idempotent."""
        workers, self._workers = self._workers, []
        for task in workers:
            task.cancel()
        for task in workers:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _push(self, job: Job, due: float) -> None:
        self._pushed += 1
        heapq.heappush(self._queue, (due, self._pushed, job))
        self._changed.set()

    async def _work(self) -> None:
        while True:
            job = await self._next()
            trouble = self._trouble(job.kind)
            trouble.running += 1
            try:
                wait_s = await self._try(job, trouble)
            finally:
                trouble.running -= 1
                self._changed.set()
            if (record := self._records.get(job)) is not None:
                record.done = True
                if wait_s is not None:
                    self._push(job, self._clock.monotonic() + wait_s)

    async def _next(self) -> Job:
        """Wait for a job that is due and may run now. One worker at a time does; the others stand in line."""
        async with self._line:
            while (job := self._take()) is None:
                self._changed.clear()
                wait_s = max(0.01, self._queue[0][0] - self._clock.monotonic()) if self._queue else None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._changed.wait()
            return job

    def _trouble(self, kind: InputKind) -> Trouble:
        return self._troubles.setdefault(kind, Trouble())

    def _take(self) -> Job | None:
        """The job that is due longest and may run now."""
        now, later, taken = self._clock.monotonic(), [], None
        while self._queue and self._queue[0][0] <= now and taken is None:
            _, order, job = heapq.heappop(self._queue)
            trouble = self._trouble(job.kind)
            if job not in self._records:
                continue
            if now < trouble.until:
                later.append((trouble.until + random.uniform(0, 0.5), order, job))  # noqa: S311 - jitter
            elif trouble.running >= (1 if trouble.failures >= TROUBLE_AFTER else WORKERS_A_KIND):
                later.append((now + 0.02, order, job))
            else:
                taken = job
        for entry in later:
            heapq.heappush(self._queue, entry)
        return taken

    async def _try(self, job: Job, trouble: Trouble) -> float | None:
        """Do one job; seconds until it is due again, None for never."""
        record = self._records[job]
        try:
            wait_s = await self._run(job)
        except Unsupported:
            return None
        except RateLimited as error:
            return max(1.0, (error.until_ms - self._clock.now_ms()) / 1000)
        except EmptyData:  # this symbol's own trouble: a dead or new market
            record.failures += 1
            return min(60.0, 5.0 * record.failures)
        except Exception as error:  # a worker must outlive whatever one job meets
            known = isinstance(error, ExchangeError)
            log.log(logging.DEBUG if known else logging.ERROR, "%s %s", self._name, job, exc_info=error)
            record.failures += 1
            trouble.failures += 1
            if trouble.failures >= TROUBLE_AFTER:
                trouble.until = self._clock.monotonic() + min(LONGEST_PAUSE_S, 0.25 * trouble.failures)
            pause = min(LONGEST_PAUSE_S, 0.5 * 2.0 ** min(record.failures, 6))
            return pause * random.uniform(0.7, 1.3)  # noqa: S311 - jitter
        record.failures = trouble.failures = 0
        trouble.until = 0.0
        return wait_s
