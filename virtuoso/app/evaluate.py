"""`virtuoso evaluate`: compare scores with the returns that followed."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path

from virtuoso.config import LoadedSettings, state_directory
from virtuoso.domain.clock import epoch_ms
from virtuoso.evaluate.command import EvaluationRequest, run_evaluation
from virtuoso.evaluate.evaluate import EvaluationSettings
from virtuoso.evaluate.panel import GRIDS


async def evaluate(loaded: LoadedSettings, options: Namespace, stop: asyncio.Event) -> int:
    """Compare scores with the returns that followed, and return the exit code."""
    settings, venue = loaded.settings, loaded.settings.exchanges[0]
    request = EvaluationRequest(
        source=options.source,
        venue=venue,
        url=settings.exchange_urls.get(venue),
        min_turnover_usd=settings.min_turnover_usd,
        history=settings.effective_history,
        archive=Path(options.folder) if options.folder else None,
        cache=Path(options.bars or f"{state_directory()}/bars"),
        settings=EvaluationSettings(
            environment=settings.effective_environment,
            days=options.days,
            symbols=options.count,
            output=Path(options.output),
            seed=options.seed,
            grid=GRIDS[options.step],
        ),
    )
    return await run_evaluation(request, stop, epoch_ms)
