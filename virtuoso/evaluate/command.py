"""The command. It opens the requested source, runs the evaluation, and reports an error in one line."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from virtuoso.domain.errors import ConfigError, ExchangeError, HistoryError
from virtuoso.domain.tasks import run_until
from virtuoso.evaluate.archive.evaluation import evaluate_archive
from virtuoso.evaluate.evaluate import Console, EvaluationSettings, evaluate_candles, evaluate_history
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.history.factory import open_history_reader

log = logging.getLogger(__name__)

HISTORY_TIMEOUT_S = 30.0
"""The timeout of one query. It is long, because a query reads a lot of data and no client waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRequest:
    """The request of an evaluation. `url` replaces the venue's own address. `history` is None if no history is stored.
    `cache` is the folder of past bars and finished days. `archive` is the folder of downloaded files."""

    source: Literal["candles", "history", "archive"]
    venue: str
    url: str | None
    min_turnover_usd: float
    history: str | None
    cache: Path
    archive: Path | None
    settings: EvaluationSettings


async def run_evaluation(request: EvaluationRequest, stop: asyncio.Event, clock: Callable[[], int]) -> int:
    """Return the exit code: 0 when something was evaluated, 1 when nothing could be evaluated or the source failed, 130 when
    `stop` was set. `clock` returns epoch ms. Raise ConfigError when `source` is "history" and the settings have no
    history, or "archive" and there is no folder."""
    try:
        code = await run_until(stop, _run(request, clock))
    except (ExchangeError, HistoryError, OSError) as error:
        log.error("%s: %s", type(error).__name__, error)  # noqa: TRY400 - a traceback would not help the user
        return 1
    return 130 if code is None else code


async def _run(request: EvaluationRequest, clock: Callable[[], int]) -> int:
    console = Console(out=sys.stdout, err=sys.stderr)
    if request.source == "history":
        if request.history is None:
            raise ConfigError("VIRTUOSO_HISTORY='none': --source history needs the history of a collector that ran")
        history = open_history_reader(request.history, timeout_s=HISTORY_TIMEOUT_S)
        try:
            return await evaluate_history(history, request.venue, request.settings, clock=clock, console=console)
        finally:
            await history.close()
    if request.source == "archive":
        if request.archive is None:
            raise ConfigError("--source archive: expected the folder with the downloaded files after it")
        return await evaluate_archive(
            request.archive,
            request.venue,
            request.settings,
            min_turnover_usd=request.min_turnover_usd,
            cache=request.cache,
            console=console,
        )
    exchange = CcxtExchange(request.venue, url=request.url)
    try:
        return await evaluate_candles(
            exchange,
            request.settings,
            min_turnover_usd=request.min_turnover_usd,
            cache=request.cache,
            clock=clock,
            console=console,
        )
    finally:
        await exchange.close()
