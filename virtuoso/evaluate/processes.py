"""Work on all cores: processes that end with the one that began them, and the judging that is done in them. They import
this module and what it imports, so nothing here draws."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

import numpy as np

from virtuoso.evaluate.findings import Market, market
from virtuoso.evaluate.judging import Judgement, Outcome, judge, outcomes
from virtuoso.evaluate.panel import Named, Panel, baselines
from virtuoso.evaluate.progress import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats
    from virtuoso.evaluate.panel import Flags

Given = TypeVarTuple("Given")
Made = TypeVar("Made")


@asynccontextmanager
async def processes() -> AsyncIterator[ProcessPoolExecutor]:
    """One for each core. What is left to do when the block is left is not done."""
    pool = ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), initializer=_begin)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """In a new process: Ctrl-C is for the one that started it, and it ends with that one, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def beside(pool: Executor, work: Callable[[*Given], Made], *given: *Given) -> Awaitable[Made]:
    """Work done in one of the processes, begun now."""
    return asyncio.get_running_loop().run_in_executor(pool, work, *given)


async def judge_all(
    panel: Panel, rival: Named, pool: Executor, progress: Progress, seed: int
) -> tuple[dict[Named, Mapping[str, Judgement]], dict[str, Market]]:
    """Everything in the panel and its baselines, and what all symbols did."""
    scores = {**panel.scores, **baselines(panel, rival, seed)}
    waiting = {named: beside(pool, _judge, panel.price, panel.counts, one) for named, one in scores.items()}
    everyone = await asyncio.to_thread(lambda: market(outcomes(panel.price, panel.counts)))
    judged: dict[Named, Mapping[str, Judgement]] = {}
    for count, (named, one) in enumerate(waiting.items(), 1):
        judged[named] = await one
        progress.step("scores judged", count, len(waiting))
    return judged, everyone


_outcomes: dict[int, Mapping[str, Outcome]] = {}  # of this process


def _judge(price: Floats, counts: Flags, score: NDArray[np.float32]) -> Mapping[str, Judgement]:
    """In a process: what came after the steps is found out once for all scores."""
    key = hash((price.tobytes(), counts.tobytes()))
    if key not in _outcomes:
        _outcomes[key] = outcomes(price, counts)
    return judge(score, _outcomes[key], counts)
