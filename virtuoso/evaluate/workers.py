"""Processes on all cores that compute feature metrics and end with their parent. They import this module, so neither it nor
its imports may import a plotting library."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar, TypeVarTuple

from virtuoso.domain.progress import Progress
from virtuoso.evaluate.confidence import ConfidenceResult, confidence_results
from virtuoso.evaluate.feature_metrics import FeatureMetrics, feature_metrics, forward_returns
from virtuoso.evaluate.panel import CONFIDENCE, Feature, Panel, baselines
from virtuoso.evaluate.results import MarketReturn, market_returns

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


@asynccontextmanager
async def worker_pool() -> AsyncIterator[ProcessPoolExecutor]:
    """Yield a pool with one process per core. When the block ends, work that has not started is cancelled."""
    pool = ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), initializer=_end_with_parent)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _end_with_parent() -> None:
    """Prepare a new process: ignore Ctrl-C, which the parent handles, and exit when the parent ends for any reason."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def run_in_worker(pool: Executor, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Awaitable[Result]:
    """Start the function in one of the processes. Return an awaitable for its result."""
    return asyncio.get_running_loop().run_in_executor(pool, function, *arguments)


async def evaluate_features(
    panel: Panel, main_score: Feature, pool: Executor, progress: Progress, seed: int
) -> tuple[dict[Feature, Mapping[str, FeatureMetrics]], dict[str, MarketReturn]]:
    """Return (metrics of every feature and baseline by horizon, returns of all symbols by horizon)."""
    compared = baselines(panel, main_score, seed)
    features = [*(feature for feature in panel.scores if feature != CONFIDENCE), *compared]
    metrics: dict[Feature, Mapping[str, FeatureMetrics]] = {}
    outcomes = forward_returns(panel.price, panel.grid)
    slots = asyncio.Semaphore(2 * (os.cpu_count() or 1))  # few scores are in memory at a time

    async def measure(feature: Feature) -> None:
        async with slots:
            score = compared[feature] if feature in compared else panel.scores[feature]
            metrics[feature] = await run_in_worker(pool, feature_metrics, score, outcomes, panel.counted)
            progress.advance("features evaluated", len(metrics), len(features))

    async with asyncio.TaskGroup() as group:
        for feature in features:
            group.create_task(measure(feature))
    market = await asyncio.to_thread(market_returns, outcomes, panel.counted)
    return {feature: metrics[feature] for feature in features}, market


async def evaluate_confidence(panel: Panel, main_score: Feature, pool: Executor) -> list[ConfidenceResult]:
    """Return what followed the confidence of `main_score`, by horizon."""
    confidence, score = panel.scores[CONFIDENCE], panel.scores[main_score]
    return await run_in_worker(pool, confidence_results, panel.grid, confidence, score, panel.counted)
