"""Work on all cores: processes that end with their parent, and the feature metrics that are computed in them. They import
this module and what it imports, so nothing here may import a plotting library."""

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

from virtuoso.evaluate.feature_metrics import FeatureMetrics, ForwardReturns, feature_metrics, forward_returns
from virtuoso.evaluate.panel import Feature, Panel, baselines
from virtuoso.evaluate.progress import Progress
from virtuoso.evaluate.results import MarketReturn, market_returns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats
    from virtuoso.evaluate.panel import Flags

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


@asynccontextmanager
async def worker_pool() -> AsyncIterator[ProcessPoolExecutor]:
    """Yield a pool with a process for each core. Work that has not begun when the block ends is cancelled."""
    pool = ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), initializer=_end_with_parent)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _end_with_parent() -> None:
    """In a new process: leave Ctrl-C to the parent, and exit when the parent ends, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def run_in_worker(pool: Executor, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Awaitable[Result]:
    """Start the function in one of the processes, and return its future result."""
    return asyncio.get_running_loop().run_in_executor(pool, function, *arguments)


async def evaluate_features(
    panel: Panel, rival: Feature, pool: Executor, progress: Progress, seed: int
) -> tuple[dict[Feature, Mapping[str, FeatureMetrics]], dict[str, MarketReturn]]:
    """Return (the metrics of every feature of the panel and of its baselines by horizon, what all symbols did)."""
    scores = {**panel.scores, **baselines(panel, rival, seed)}
    pending = {
        feature: run_in_worker(pool, _metrics_in_worker, panel.price, panel.counted, score)
        for feature, score in scores.items()
    }
    market = await asyncio.to_thread(lambda: market_returns(forward_returns(panel.price, panel.counted)))
    metrics: dict[Feature, Mapping[str, FeatureMetrics]] = {}
    for count, (feature, one) in enumerate(pending.items(), 1):
        metrics[feature] = await one
        progress.advance("features evaluated", count, len(pending))
    return metrics, market


_forward_returns: dict[int, Mapping[str, ForwardReturns]] = {}


def _metrics_in_worker(price: Floats, counted: Flags, score: NDArray[np.float32]) -> Mapping[str, FeatureMetrics]:
    """In a worker: return the metrics of one feature. The forward returns are computed once in each process."""
    key = hash((price.tobytes(), counted.tobytes()))
    if key not in _forward_returns:
        _forward_returns[key] = forward_returns(price, counted)
    return feature_metrics(score, _forward_returns[key], counted)
