"""`virtuoso evaluate`: judge the score by what came after it."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path

from virtuoso.config import Loaded, state_directory
from virtuoso.domain.clock import epoch_ms
from virtuoso.evaluate.command import Task, judge


async def evaluate(loaded: Loaded, options: Namespace, stop: asyncio.Event) -> int:
    """Judge the score by what came after it."""
    settings, venue = loaded.settings, loaded.settings.exchanges[0]
    task = Task(
        source=options.source,
        venue=venue,
        url=settings.exchange_urls.get(venue),
        min_turnover_usd=settings.min_turnover_usd,
        history=settings.effective_history,
        environment=settings.effective_environment,
        days=options.days,
        symbols=options.count,
        output=Path(options.output),
        cache=Path(options.bars or f"{state_directory()}/bars"),
        seed=options.seed,
    )
    return await judge(task, stop, epoch_ms)
