"""The command: opens the source that is asked for, judges, and says in one line what went wrong."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from virtuoso.domain.errors import ConfigError, ExchangeError, HistoryError
from virtuoso.domain.tasks import run_until
from virtuoso.evaluate.evaluate import evaluate_candles, evaluate_history
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.history.factory import open_history_reader

if TYPE_CHECKING:
    from virtuoso.domain.model import Environment

log = logging.getLogger(__name__)

HISTORY_S = 30.0  # for one question: it reads much at once, and nobody waits for a reply
REPLY_S = 15.0  # for one page of bars, for the same reason


@dataclass(frozen=True, slots=True)
class Task:
    """What to judge. `url` stands in for the venue's own; `history` None where none is kept."""

    source: Literal["candles", "history"]
    venue: str
    url: str | None
    min_turnover_usd: float
    history: str | None
    environment: Environment
    days: int
    symbols: int
    output: Path
    cache: Path
    seed: int


async def judge(task: Task, stop: asyncio.Event, clock: Callable[[], int]) -> int:
    """0: judged; 1: nothing could be, or the source failed; 130: `stop` was set. `clock`: epoch ms. ConfigError for a source
    that the settings do not have."""
    try:
        code = await run_until(stop, _judge(task, clock))
    except (ExchangeError, HistoryError, OSError) as error:
        log.error("%s: %s", type(error).__name__, error)  # noqa: TRY400 - what it says is all that helps
        return 1
    return 130 if code is None else code


async def _judge(task: Task, clock: Callable[[], int]) -> int:
    if task.source == "history":
        if task.history is None:
            raise ConfigError("VIRTUOSO_HISTORY='none': --source history needs the history of a product that ran")
        history = open_history_reader(task.history, timeout_s=HISTORY_S)
        try:
            return await evaluate_history(
                history,
                task.venue,
                environment=task.environment,
                days=task.days,
                symbols=task.symbols,
                output=task.output,
                seed=task.seed,
                clock=clock,
                out=sys.stdout,
                err=sys.stderr,
            )
        finally:
            await history.close()
    exchange = CcxtExchange(task.venue, url=task.url, timeout_s=REPLY_S)
    try:
        return await evaluate_candles(
            exchange,
            environment=task.environment,
            days=task.days,
            symbols=task.symbols,
            min_turnover_usd=task.min_turnover_usd,
            output=task.output,
            cache=task.cache,
            seed=task.seed,
            clock=clock,
            out=sys.stdout,
            err=sys.stderr,
        )
    finally:
        await exchange.close()
