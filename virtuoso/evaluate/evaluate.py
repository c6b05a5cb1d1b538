"""The command: fetch or read, replay, judge, report."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from virtuoso.domain.model import DimensionKind, Environment, Timeframe
from virtuoso.evaluate import page, plots, points, replay, report
from virtuoso.evaluate.archive import BarCache
from virtuoso.evaluate.findings import Evaluation, findings
from virtuoso.evaluate.gathering import gather, most_traded
from virtuoso.evaluate.judging import LEAST_SYMBOLS
from virtuoso.evaluate.panel import STEP_MS
from virtuoso.evaluate.processes import beside, judge_all, processes
from virtuoso.evaluate.progress import Progress
from virtuoso.evaluate.regimes import regime_path

if TYPE_CHECKING:
    from virtuoso.domain.ports import Exchange, HistoryReader

DAY_MS = 86_400_000
SETTLED_MS = 60_000  # a bar is surely closed on the venue's clock too


async def evaluate_candles(
    exchange: Exchange,
    *,
    environment: Environment,
    days: int,
    symbols: int,
    min_turnover_usd: float,
    output: Path,
    cache: Path,
    seed: int,
    clock: Callable[[], int],
    out: TextIO,
    err: TextIO,
) -> int:
    """Judge the dimensions that are made from candles over the last `days`, on the `symbols` of the exchange with the most
    turnover, each where it had traded at least `min_turnover_usd` in the 24 hours before. Writes into `output`, keeps bars
    in `cache`. 0; 1 when nothing could be judged, or a score looked ahead. ExchangeError when the exchange does not answer
    at all; OSError when a folder cannot be written. `clock`: epoch ms; the report goes to `out`, progress to `err`."""
    progress = Progress(err)
    for folder in (output, cache):
        _writable(folder)
    end_ms = (clock() - SETTLED_MS) // Timeframe.H4.ms * Timeframe.H4.ms  # the same for some hours: nothing new to fetch
    clock_ms = np.arange(end_ms - days * DAY_MS + STEP_MS, end_ms + 1, STEP_MS, dtype=np.int64)
    archive = BarCache(exchange, cache / f"{exchange.venue}-{environment.lower_name}")
    progress.say(f"the past of {exchange.venue}, {days} days up to {_utc(end_ms)}")
    instruments = await most_traded(exchange, archive, clock_ms, symbols, progress)
    async with processes() as pool:
        made = await gather(archive, instruments, clock_ms, pool, progress, seed=seed)
        if made is None:
            return 1
        path = beside(pool, regime_path, made.tickers, made.anchor)
        panel = replace(made.panel, counts=made.panel.counts & (made.tickers.turnover >= min_turnover_usd))
        judged, everyone = await judge_all(panel, replay.TOGETHER, pool, progress, seed)
        regimes = await path
    floor = f"A symbol counts at a step where it had traded {min_turnover_usd:,.0f} USDT in the 24 hours before."
    chosen = "The symbols are those that traded most in the day before the first step; those delisted since are missing."
    evaluation = Evaluation(
        source="candles",
        venue=exchange.venue,
        environment=environment,
        start_ms=end_ms - days * DAY_MS,
        end_ms=end_ms,
        symbols=panel.symbols,
        steps=len(clock_ms),
        findings=findings(judged),
        market=everyone,
        unjudged=_beyond_candles(),
        remarks=["1m bars, 15 % of the weight of these dimensions, are left out.", f"{floor} {chosen}", *made.remarks],
        unforeseen=made.proved - len(made.foreseeing),
        regimes=regimes,
    )
    _publish(evaluation, output, out, progress)
    if made.foreseeing:
        progress.say(f"SCORES OF {', '.join(made.foreseeing)} CHANGED WITH THE FUTURE: believe none of these figures")
    return 0 if evaluation.tests and not made.foreseeing else 1


async def evaluate_history(
    history: HistoryReader,
    venue: str,
    *,
    environment: Environment,
    days: int,
    symbols: int,
    output: Path,
    seed: int,
    clock: Callable[[], int],
    out: TextIO,
    err: TextIO,
) -> int:
    """Judge all six dimensions and the total by what the product showed over the last `days`, on the `symbols` of which it
    knows most. 0; 1 when nothing could be judged. HistoryError; OSError when the folder cannot be written."""
    progress = Progress(err)
    _writable(output)
    end_ms = clock() // STEP_MS * STEP_MS
    start_ms, told = end_ms - days * DAY_MS, partial(progress.step, "symbols read")
    panel = await points.read_panel(history, venue, start_ms=start_ms, end_ms=end_ms, most=symbols, progress=told)
    if not panel.symbols:
        progress.say(f"nothing can be judged: the history has no score of {venue} in the last {days} days")
        return 1
    async with processes() as pool:
        judged, everyone = await judge_all(panel, points.TOTAL, pool, progress, seed)
    seldom = f"no step has {LEAST_SYMBOLS} symbols with it and a price after it"
    unjudged = {named.name: seldom for named, one in judged.items() if not any(j.steps for j in one.values())}
    evaluation = Evaluation(
        source="history",
        venue=venue,
        environment=environment,
        start_ms=int(panel.clock_ms[0]) - STEP_MS,
        end_ms=int(panel.clock_ms[-1]),
        symbols=panel.symbols,
        steps=len(panel.clock_ms),
        findings=findings(judged),
        market=everyone,
        unjudged=unjudged | {"components": "the history keeps dimensions and the total"},
        remarks=["Scores and prices are those that clients were shown, the last of each 5 minutes."],
        unforeseen=None,
        regimes=None,
    )
    _publish(evaluation, output, out, progress)
    return 0 if evaluation.tests else 1


# --------------------------------------------------------------------------------------------------------------- parts


def _beyond_candles() -> dict[str, str]:
    """What the past of an exchange does not tell."""
    gone = "exchanges do not give books, trades and positions of the past; a history does (--source history)"
    unjudged = {kind.lower_name: gone for kind in DimensionKind if kind not in replay.DIMENSIONS}
    return unjudged | {"the total score": f"it is made from those too; {replay.TOGETHER.name} is the part of it that is not"}


def _publish(evaluation: Evaluation, output: Path, out: TextIO, progress: Progress) -> None:
    """Text on `out`; text, pictures and the page into the folder, each all at once."""
    text = report.text(evaluation)
    pictures = plots.pictures(evaluation)
    files = {f"{name}.png": picture for name, picture in pictures.items()}
    files |= {"evaluation.txt": text.encode(), "evaluation.html": page.page(evaluation, pictures).encode()}
    for name, content in files.items():
        scratch = output / f".{name}.{os.getpid()}"
        try:
            scratch.write_bytes(content)
            scratch.replace(output / name)
        finally:
            scratch.unlink(missing_ok=True)
    out.write(text)
    out.flush()
    progress.say(f"written to {output}: {', '.join(sorted(files))}")


def _writable(folder: Path) -> None:
    """It is there, before minutes of work depend on it. OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    trial = folder / f".{os.getpid()}"
    trial.touch()
    trial.unlink()


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
