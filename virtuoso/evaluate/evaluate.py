"""The evaluation: read or request the data, replay it, measure every feature, and write the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

import numpy as np

from virtuoso.analysis.outlook.judged import said_record
from virtuoso.domain.files import ensure_writable, replace_file
from virtuoso.domain.model import DAY_MS, DimensionKind, Environment, Timeframe
from virtuoso.domain.progress import Progress
from virtuoso.evaluate import page, plots, replay, report, score_history
from virtuoso.evaluate.bar_cache import BarCache
from virtuoso.evaluate.dataset import load_dataset, most_traded
from virtuoso.evaluate.feature_metrics import MIN_SYMBOLS, FeatureMetrics
from virtuoso.evaluate.panel import FIVE_MINUTES, STEP_MS, Feature, FeatureKind, Grid
from virtuoso.evaluate.regimes import regime_history
from virtuoso.evaluate.results import Evaluation, feature_results
from virtuoso.evaluate.signal_history import judge_signals, read_signals
from virtuoso.evaluate.workers import evaluate_confidence, evaluate_features, run_in_worker, worker_pool

if TYPE_CHECKING:
    from virtuoso.domain.ports import Exchange, HistoryReader

SETTLED_MS = 60_000
"""This long after its end, a bar has certainly closed on the venue's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSettings:
    """The length of the evaluation in days, the number of symbols, the folder for its report, the seed of its random
    choices, and its steps."""

    environment: Environment
    days: int
    symbols: int
    output: Path
    seed: int
    grid: Grid = FIVE_MINUTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The streams of the command. It writes the report to `out` and progress to `err`."""

    out: TextIO
    err: TextIO


async def evaluate_candles(
    exchange: Exchange,
    settings: EvaluationSettings,
    *,
    min_turnover_usd: float,
    cache: Path,
    clock: Callable[[], int],
    console: Console,
) -> int:
    """Evaluate the dimensions that are measured from candles, on the exchange's most traded symbols.

    A symbol counts at a step if its turnover in the 24 hours before is at least `min_turnover_usd`. Bars are stored in
    `cache`. `clock` returns epoch ms. Return the exit code: 0, or 1 when nothing could be evaluated or a score depends on
    later bars. Raise ExchangeError when the exchange does not answer, and OSError when a folder is not writable."""
    progress = Progress(console.err, "evaluate")
    for folder in (settings.output, cache):
        ensure_writable(folder)
    # The period moves every 4 hours. A second run within that time finds all its bars in the cache.
    end_ms = (clock() - SETTLED_MS) // Timeframe.H4.ms * Timeframe.H4.ms
    start_ms = end_ms - settings.days * DAY_MS
    grid = settings.grid
    clock_ms = np.arange(start_ms + grid.step_ms, end_ms + 1, grid.step_ms, dtype=np.int64)
    bar_cache = BarCache(exchange, cache / f"{exchange.venue}-{settings.environment.lower_name}")
    progress.write(f"bars of {exchange.venue}, {settings.days} days up to {report.utc(end_ms)} UTC")
    instruments = await most_traded(exchange, bar_cache, clock_ms, settings.symbols, progress)
    async with worker_pool() as pool:
        dataset = await load_dataset(bar_cache, instruments, clock_ms, pool, progress, seed=settings.seed, grid=grid)
        if dataset is None:
            return 1
        # The regime reads BTC's 5m bars.
        has_regime = Timeframe.M5 in grid.timeframes
        regimes = run_in_worker(pool, regime_history, dataset.tickers, dataset.anchor) if has_regime else None
        traded = dataset.panel.counted[:] & (dataset.tickers.turnover >= min_turnover_usd)
        panel = replace(dataset.panel, counted=traded)
        metrics, market = await evaluate_features(panel, replay.CANDLE_SCORE, pool, progress, settings.seed)
        confidence = await evaluate_confidence(panel, replay.CANDLE_SCORE, pool)
        market_regimes = None if regimes is None else await regimes
    evaluation = Evaluation(
        source="candles",
        venue=exchange.venue,
        environment=settings.environment,
        start_ms=start_ms,
        end_ms=end_ms,
        symbols=panel.symbols,
        steps=len(clock_ms),
        results=feature_results(metrics),
        market=market,
        confidence=confidence,
        not_evaluated=_not_in_candles(),
        remarks=[*_candle_remarks(min_turnover_usd, grid), *dataset.remarks],
        look_ahead_checked=dataset.checked - len(dataset.with_look_ahead),
        regimes=market_regimes,
        grid=grid,
    )
    publish(evaluation, settings.output, console.out, progress)
    if dataset.with_look_ahead:
        names = ", ".join(dataset.with_look_ahead)
        progress.write(f"THE SCORES OF {names} DEPEND ON THE FUTURE: do not trust any figure of this report")
    return 0 if evaluation.tests and not dataset.with_look_ahead else 1


async def evaluate_history(
    history: HistoryReader,
    venue: str,
    settings: EvaluationSettings,
    *,
    clock: Callable[[], int],
    console: Console,
) -> int:
    """Evaluate all six dimensions and the total from the stored scores, on the symbols with the most points, and the stored
    signals and outlooks.

    `clock` returns epoch ms. Return the exit code: 0, or 1 when nothing could be evaluated. Raise HistoryError when the
    history cannot be read, and OSError when the folder is not writable."""
    progress = Progress(console.err, "evaluate")
    ensure_writable(settings.output)
    end_ms = clock() // STEP_MS * STEP_MS
    panel = await score_history.read_panel(
        history,
        venue,
        start_ms=end_ms - settings.days * DAY_MS,
        end_ms=end_ms,
        max_symbols=settings.symbols,
        progress=partial(progress.advance, "symbols read"),
    )
    if not panel.symbols:
        progress.write(f"nothing can be evaluated: the history has no score of {venue} in the last {settings.days} days")
        return 1
    signals = await read_signals(history, venue, start_ms=end_ms - settings.days * DAY_MS, end_ms=end_ms)
    outlooks = await history.said_outlooks(venue, start_ms=end_ms - settings.days * DAY_MS)
    async with worker_pool() as pool:
        metrics, market = await evaluate_features(panel, score_history.TOTAL_SCORE, pool, progress, settings.seed)
        confidence = await evaluate_confidence(panel, score_history.TOTAL_SCORE, pool)
    evaluation = Evaluation(
        source="history",
        venue=venue,
        environment=settings.environment,
        start_ms=int(panel.clock_ms[0]) - STEP_MS,
        end_ms=int(panel.clock_ms[-1]),
        symbols=panel.symbols,
        steps=len(panel.clock_ms),
        results=feature_results(metrics),
        market=market,
        confidence=confidence,
        not_evaluated=not_evaluated(metrics) | {"components": "the history stores dimensions and the total only"},
        remarks=["Scores and prices are those that clients saw, the last of each 5 minutes."],
        look_ahead_checked=None,
        regimes=None,
        signals=judge_signals(signals, panel) if signals else (),
        outlooks=said_record(outlooks) if outlooks else None,
    )
    publish(evaluation, settings.output, console.out, progress)
    return 0 if evaluation.tests else 1


def not_evaluated(metrics: Mapping[Feature, Mapping[str, FeatureMetrics]]) -> dict[str, str]:
    """Return the scores that could not be evaluated, with the reason. Components are left out."""
    reason = f"no step has {MIN_SYMBOLS} symbols with a score and a later price"
    scores = ((feature, one) for feature, one in metrics.items() if feature.kind is not FeatureKind.COMPONENT)
    return {feature.name: reason for feature, one in scores if not any(each.steps for each in one.values())}


def _not_in_candles() -> dict[str, str]:
    """Return the parts that cannot be evaluated on past candles, with the reason."""
    reason = (
        "they need past order books, trades and positions; venues publish files of them (--source archive), and a history "
        "has their scores (--source history)"
    )
    missing = {kind.lower_name: reason for kind in DimensionKind if kind not in replay.DIMENSIONS}
    total = f"it also needs those dimensions; {replay.CANDLE_SCORE.name} is the total without them"
    return missing | {"the total score": total}


def _candle_remarks(min_turnover_usd: float, grid: Grid) -> tuple[str, ...]:
    """Return the remarks that a reader needs to interpret an evaluation on candles."""
    return (
        f"Only bars of {' '.join(timeframe.value for timeframe in grid.timeframes)} are used. Live scores use 1m 5m 30m 4h.",
        f"A symbol counts at a step if its turnover in the 24 hours before was at least {min_turnover_usd:,.0f} USDT.",
        (
            "The symbols are those with the most turnover in the day before the first step. Symbols that have been delisted "
            "since then are missing."
        ),
    )


def publish(evaluation: Evaluation, output: Path, out: TextIO, progress: Progress) -> None:
    """Write the text to `out`. Write the text, the pictures and the page into the folder."""
    text = report.text_report(evaluation)
    pictures = plots.draw_all(evaluation)
    files = {f"{name}.png": picture for name, picture in pictures.items()}
    files |= {"evaluation.txt": text.encode(), "evaluation.html": page.html_page(evaluation, pictures).encode()}
    for name, content in files.items():
        replace_file(output / name, partial(_write, content=content))
    out.write(text)
    out.flush()
    progress.write(f"written to {output}: {', '.join(sorted(files))}")


def _write(stream: BinaryIO, content: bytes) -> None:
    stream.write(content)
