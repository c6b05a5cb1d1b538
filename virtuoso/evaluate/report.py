"""The results as text: tables for a terminal and for evaluation.txt."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from virtuoso.domain.outlook import SaidRecord
from virtuoso.evaluate.confidence import ConfidenceResult
from virtuoso.evaluate.feature_metrics import DECILES
from virtuoso.evaluate.panel import FeatureKind
from virtuoso.evaluate.results import Evaluation, FeatureResult, caveats, conclusion_sentences
from virtuoso.evaluate.signal_history import SignalResult

MAX_WIDTH = 125
HEADS = (
    *(
        "feature",
        "horizon",
        "IC",
        "95 % interval",
        "both halves",
        "exchange p",
        "q",
        "hits",
        "rank hits",
        "top-bottom bp",
        "95 % interval",
    ),
    *("turnover", "conclusion"),
)
CONFIDENCE_TITLE = "Change of the score after a confidence"
CONFIDENCE_TEXT = "rank correlation of confidence and size of change; mean size in points by thirds of confidence"
DECILE_HEADS = ("feature", "horizon", *(f"{n + 1}" for n in range(DECILES)))


def text_report(evaluation: Evaluation) -> str:
    """Return the whole report."""
    return "\n".join(_lines(evaluation)) + "\n"


def title(evaluation: Evaluation) -> str:
    """Return a description of the evaluated data, in one line."""
    return (
        f"{evaluation.source} of {evaluation.venue} ({evaluation.environment.name}), {len(evaluation.symbols)} symbols, "
        f"{evaluation.steps} steps of {evaluation.grid.words}, {utc(evaluation.start_ms)} to {utc(evaluation.end_ms)} UTC"
    )


def _lines(evaluation: Evaluation) -> Iterator[str]:
    yield from ("DOES THE SCORE PREDICT ANYTHING?", title(evaluation), "")
    yield "CONCLUSIONS"
    yield from _wrapped(conclusion_sentences(evaluation))
    yield from ("", "WHAT TO KNOW")
    yield from _wrapped([*evaluation.remarks, *caveats(evaluation.grid), *check_sentences(evaluation)])
    yield from ("", "THE MARKET: mean return of all symbols, share of rises")
    yield from aligned(market_rows(evaluation))
    for name, kinds in SECTIONS:
        if results := evaluation.results_of(*kinds):
            yield from ("", name)
            yield from aligned([HEADS, *(result_row(result) for result in results)])
    if evaluation.confidence:
        yield from ("", f"{CONFIDENCE_TITLE.upper()}: {CONFIDENCE_TEXT}")
        yield from aligned(confidence_rows(evaluation.confidence))
    if evaluation.signals:
        yield from ("", "SIGNALS, with the 95 % interval of the result, or of the move minus that of random entries")
        yield from aligned(signal_rows(evaluation.signals))
    if evaluation.outlooks is not None and evaluation.outlooks.tenths:
        yield from ("", "OUTLOOKS BY TENTHS OF THEIR ODDS: share that beat the median")
        yield from aligned(outlook_rows(evaluation.outlooks))
    yield from ("", "MEAN RETURN BY TENTHS OF THE SCORE, lowest to highest, minus that of all symbols, basis points")
    main = evaluation.results_of(FeatureKind.TOTAL, FeatureKind.DIMENSION, FeatureKind.BASELINE)
    yield from aligned([DECILE_HEADS, *(decile_row(result) for result in main)])


SECTIONS: Sequence[tuple[str, tuple[FeatureKind, ...]]] = (
    ("TOTAL AND DIMENSIONS", (FeatureKind.TOTAL, FeatureKind.DIMENSION)),
    ("BASELINES (their q is their plain p)", (FeatureKind.BASELINE,)),
    ("COMPONENTS", (FeatureKind.COMPONENT,)),
)


def check_sentences(evaluation: Evaluation) -> list[str]:
    """Return sentences on the look-ahead check and on the number of regime changes."""
    sentences = []
    if evaluation.look_ahead_checked is not None:
        sentences.append(
            f"No look-ahead: in {evaluation.look_ahead_checked} symbols all bars after a step were replaced by others. The "
            "scores up to that step stayed the same, bit for bit."
        )
    if (history := evaluation.regimes) is not None:
        sentences.append(
            f"The market's regime over these symbols changed {len(history.changes_ms)} times, at most "
            f"{history.max_changes_per_day} times in any 24 hours."
        )
    return sentences


def market_rows(evaluation: Evaluation) -> list[Sequence[str]]:
    """Return the table of the market: a header row, and a row for each horizon."""
    return [
        ("horizon", "mean bp", "rises"),
        *((h, number(m.mean_bp, 1), percent(m.rise_share)) for h, m in evaluation.market.items()),
    ]


def confidence_rows(results: Sequence[ConfidenceResult]) -> list[Sequence[str]]:
    """Return the table of confidence: a header row, and a row for each horizon."""
    rows = [
        (
            one.horizon,
            number(one.ranking.ic.value, 4),
            interval(one.ranking.ic.low, one.ranking.ic.high, 4),
            *(probability(p) for p in (one.ranking.exchange_p, one.q)),
            *(number(size, 2).lstrip("+") for size in one.thirds),
        )
        for one in results
    ]
    return [("horizon", "correlation", "95 % interval", "exchange p", "q", "lowest third", "middle", "highest"), *rows]


def outlook_rows(record: SaidRecord) -> list[Sequence[str]]:
    """Return the table of outlooks: a header row, and a row for each tenth."""
    rows = [(str(n + 1), percent(one.said), percent(one.was), str(one.count)) for n, one in enumerate(record.tenths)]
    return [("tenth", "said", "was", "outlooks"), *rows]


def signal_rows(signals: Sequence[SignalResult]) -> list[Sequence[str]]:
    """Return the table of signals: a header row, and a row for each figure."""
    rows = [
        (one.name, str(one.signals), number(one.mean, 2), number(one.baseline, 2), interval(one.low, one.high, 2))
        for one in signals
    ]
    return [("figure", "signals", "mean", "random", "95 % interval"), *rows]


def result_row(result: FeatureResult) -> Sequence[str]:
    """Return the cells of one result under HEADS."""
    metrics = result.metrics
    return (
        result.feature.name,
        result.horizon,
        number(metrics.ic.value, 4),
        interval(metrics.ic.low, metrics.ic.high, 4),
        " ".join(number(half, 3) for half in metrics.halves),
        *(probability(p) for p in (metrics.exchange_p, result.q)),
        percent(metrics.hit_rate),
        percent(metrics.rank_hit_rate),
        number(metrics.spread.value, 1),
        interval(metrics.spread.low, metrics.spread.high, 1),
        number(metrics.turnover, 2).lstrip("+"),
        result.conclusion.value,
    )


def decile_row(result: FeatureResult) -> Sequence[str]:
    """Return the cells of one result under DECILE_HEADS."""
    return (result.feature.name, result.horizon, *(number(value, 1) for value in result.metrics.deciles))


def number(value: float, digits: int) -> str:
    """Return a number with its sign, or "-" for NaN."""
    return "-" if math.isnan(value) else f"{value:+.{digits}f}"


def probability(value: float) -> str:
    """Return a probability, or "-" for NaN."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def percent(value: float) -> str:
    """Return a share as a percentage, or "-" for NaN: 0.512 gives "51.2 %"."""
    return "-" if math.isnan(value) else f"{100 * value:.1f} %"


def interval(low: float, high: float, digits: int) -> str:
    """Return an interval as "low .. high", or "-" for NaN."""
    return "-" if math.isnan(low) else f"{low:+.{digits}f} .. {high:+.{digits}f}"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table. The first column is left-aligned. All others are right-aligned."""
    widths = [max(len(r[column]) for r in rows) for column in range(len(rows[0]))]
    for each in rows:
        cells = [cell.rjust(width) for cell, width in zip(each[1:], widths[1:], strict=True)]
        yield "  ".join([each[0].ljust(widths[0]), *cells])


def _wrapped(items: Sequence[str]) -> Iterator[str]:
    for item in items:
        yield from textwrap.wrap(item, MAX_WIDTH, initial_indent="- ", subsequent_indent="  ")


def utc(time_ms: int) -> str:
    """Return a time (epoch ms) as text in UTC, such as "2025-10-22 08:00"."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M}"
