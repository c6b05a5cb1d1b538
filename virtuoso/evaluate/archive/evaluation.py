"""The evaluation of an archive folder: all days of all symbols, and the report."""

from __future__ import annotations

import asyncio
from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.files import ensure_writable
from virtuoso.domain.model import DAY_MS
from virtuoso.domain.progress import Progress
from virtuoso.evaluate.archive.day import STEP_MS, TOTAL_SCORE
from virtuoso.evaluate.archive.files import ArchiveFile, FileKind, find_files, of_day
from virtuoso.evaluate.archive.rows import time_ms
from virtuoso.evaluate.archive.store import (
    FIRST,
    DayRequest,
    finish_day,
    key_of,
    stored_features,
    stored_reason,
    write_prices,
)
from virtuoso.evaluate.evaluate import not_evaluated, publish
from virtuoso.evaluate.panel import Panel
from virtuoso.evaluate.results import Evaluation, feature_results
from virtuoso.evaluate.workers import evaluate_confidence, evaluate_features, run_in_worker, worker_pool

if TYPE_CHECKING:
    from virtuoso.evaluate.evaluate import Console, EvaluationSettings

REMARKS = {
    FileKind.BOOK: "Order books have 50 levels, as live ones.",
    FileKind.DEPTH: (
        "Binance publishes sizes within 1 to 5 % of the price, and no order books. So only the imbalances are measured, "
        "with little confidence."
    ),
    FileKind.FUNDING: "The funding rate is that of the last payment. No file has that of the running interval.",
}
ALWAYS = (
    "One pass in 5 minutes, instead of one in a second. Means over time begin anew at midnight.",
    "No file has liquidations, and no file that is read has mark and index prices: these components are absent.",
    "Symbols that nobody downloaded are missing.",
)


async def evaluate_archive(
    folder: Path,
    venue: str,
    settings: EvaluationSettings,
    *,
    min_turnover_usd: float,
    cache: Path,
    console: Console,
) -> int:
    """Evaluate all dimensions and the total on the last days of an archive folder. Finished days are stored in `cache`.

    Files of `venue` are used, or of another one when it has none. Where the turnover of 24 hours is known, a symbol counts
    with at least `min_turnover_usd`. Return the exit code: 0, or 1 when nothing could be evaluated. Raise OSError when a
    folder cannot be read or written."""
    progress = Progress(console.err, "evaluate")
    files = find_files(folder)
    if not files:
        progress.write(f"nothing can be evaluated: {folder} has no file with a name that a venue gives")
        return 1
    venue = venue if any(one.venue == venue for one in files) else files[0].venue
    files = [one for one in files if one.venue == venue]
    days = days_of(files)[-settings.days :]
    by_symbol = _by_symbol(files, days, settings.symbols)
    store = cache / f"archive-{venue}"
    for each in (settings.output, store):
        ensure_writable(each)
    progress.write(f"{len(files)} files of {venue}, {len(by_symbol)} symbols, {days[0]} to {days[-1]}")
    symbols = tuple(by_symbol)
    start_ms = time_ms(f"{days[0]} 00:00:00")
    with TemporaryDirectory(dir=store) as temporary:
        async with worker_pool() as pool:
            failures = await _replay(by_symbol, days, store, pool, progress)
            price, counted = write_prices(store, days, symbols, min_turnover_usd, Path(temporary))
            panel = Panel(
                clock_ms=np.arange(start_ms + STEP_MS, start_ms + len(days) * DAY_MS + 1, STEP_MS, dtype=np.int64),
                symbols=symbols,
                price=price,
                counted=counted,
                scores=stored_features(store, days, symbols),
            )
            metrics, market = await evaluate_features(panel, TOTAL_SCORE, pool, progress, settings.seed)
            confidence = await evaluate_confidence(panel, TOTAL_SCORE, pool)
    kinds = {one.kind for one in files}
    evaluation = Evaluation(
        source="archive",
        venue=venue,
        environment=settings.environment,
        start_ms=start_ms,
        end_ms=int(panel.clock_ms[-1]),
        symbols=panel.symbols,
        steps=len(panel.clock_ms),
        results=feature_results(metrics),
        market=market,
        confidence=confidence,
        not_evaluated=not_evaluated(metrics),
        remarks=[*ALWAYS, *(text for kind, text in REMARKS.items() if kind in kinds), *failures],
        look_ahead_checked=None,
        regimes=None,
    )
    publish(evaluation, settings.output, console.out, progress)
    return 0 if evaluation.tests else 1


def days_of(files: Sequence[ArchiveFile]) -> list[str]:
    """Return all days from the first to the last file of a day, or those of all months where no file is of a day."""
    known = sorted({one.period for one in files if len(one.period) == len("2025-10-10")})
    if not known:
        months = sorted({one.period for one in files})
        _, days = monthrange(*map(int, months[-1].split("-")))
        known = [f"{months[0]}-01", f"{months[-1]}-{days}"]
    first, last = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (known[0], known[-1]))
    return [f"{first + timedelta(days=n):%Y-%m-%d}" for n in range((last - first).days + 1)]


def _by_symbol(files: Sequence[ArchiveFile], days: Sequence[str], count: int) -> dict[str, list[ArchiveFile]]:
    """Return the files of the `count` symbols with the most files of these days, by symbol."""
    found: dict[str, list[ArchiveFile]] = {}
    for one in files:
        if any(day.startswith(one.period) for day in days):
            found.setdefault(one.symbol, []).append(one)
    ranked = sorted(found, key=lambda symbol: (-len(found[symbol]), symbol))[:count]
    return {symbol: found[symbol] for symbol in sorted(ranked)}


async def _replay(
    by_symbol: dict[str, list[ArchiveFile]], days: Sequence[str], store: Path, pool: Executor, progress: Progress
) -> list[str]:
    """Finish all days of all symbols. Return remarks on the days that could not be read."""
    failures: Counter[str] = Counter()
    finished, total = 0, len(by_symbol) * len(days)

    async def follow(symbol: str, files: list[ArchiveFile]) -> None:
        nonlocal finished
        key, day_before = FIRST, ""
        for day in days:
            if covering := of_day(files, day):
                key = key_of(day, covering, key)
                reason = stored_reason(store, symbol, day, key)
                if reason is None:
                    request = DayRequest(store, symbol, day, covering, key, day_before)
                    reason = await run_in_worker(pool, finish_day, request)
                if reason:
                    failures[f"{symbol} {day} is left out: {reason}"] += 1
                day_before = day
            finished += 1
            progress.advance("days replayed", finished, total)

    async with asyncio.TaskGroup() as group:
        for symbol, files in by_symbol.items():
            group.create_task(follow(symbol, files))
    more = len(failures) - 5
    return [*list(failures)[:5], *([f"{more} further days are left out."] if more > 0 else [])]
