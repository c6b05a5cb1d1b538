"""The findings as text: tables for a terminal, the same that stand in evaluation.txt."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from virtuoso.evaluate.findings import CAVEATS, Evaluation, Finding, sentences
from virtuoso.evaluate.judging import DECILES
from virtuoso.evaluate.panel import Kind

WIDTH = 125
HEADS = (
    *("what", "horizon", "IC", "95 % interval", "its halves", "q", "hits", "in rank", "top-bottom bp", "95 % interval"),
    *("turnover", "verdict"),
)
DECILE_HEADS = ("what", "horizon", *(f"{n + 1}" for n in range(DECILES)))


def text(evaluation: Evaluation) -> str:
    """All of it."""
    return "\n".join(_lines(evaluation)) + "\n"


def title(evaluation: Evaluation) -> str:
    """What was looked at, in one line."""
    return (
        f"{evaluation.source} of {evaluation.venue} ({evaluation.environment.name}), {len(evaluation.symbols)} symbols, "
        f"{evaluation.steps} steps of 5 minutes, {_utc(evaluation.start_ms)} to {_utc(evaluation.end_ms)} UTC"
    )


def _lines(evaluation: Evaluation) -> Iterator[str]:
    yield from ("DOES THE SCORE PREDICT ANYTHING?", title(evaluation), "")
    yield "VERDICT"
    yield from _wrapped(sentences(evaluation))
    yield from ("", "WHAT TO KNOW")
    yield from _wrapped([*evaluation.remarks, *CAVEATS, *provenance(evaluation)])
    yield from ("", "THE MARKET: mean return of all symbols, share of rises")
    yield from aligned(market_rows(evaluation))
    for name, kinds in SECTIONS:
        if found := evaluation.of(*kinds):
            yield from ("", name)
            yield from aligned([HEADS, *(row(f) for f in found)])
    yield from ("", "MEAN RETURN BY TENTHS OF THE SCORE, lowest to highest, less that of all symbols, basis points")
    yield from aligned([DECILE_HEADS, *(decile_row(f) for f in evaluation.of(Kind.TOTAL, Kind.DIMENSION, Kind.BASELINE))])


SECTIONS: Sequence[tuple[str, tuple[Kind, ...]]] = (
    ("TOTAL AND DIMENSIONS", (Kind.TOTAL, Kind.DIMENSION)),
    ("BASELINES (their q is their plain p)", (Kind.BASELINE,)),
    ("COMPONENTS", (Kind.COMPONENT,)),
)


def provenance(evaluation: Evaluation) -> list[str]:
    """What was checked about the making of the scores, and what the regime did."""
    made = []
    if evaluation.unforeseen is not None:
        made.append(
            "No look-ahead: with all bars after a moment exchanged for others, the scores up to it of "
            f"{evaluation.unforeseen} symbols came out the same to the last bit."
        )
    if (path := evaluation.regimes) is not None:
        made.append(
            f"The market's regime over these symbols changed {len(path.changes_ms)} times, at most {path.most_changes} "
            "times in any 24 hours."
        )
    return made


def market_rows(evaluation: Evaluation) -> list[Sequence[str]]:
    """One for each horizon."""
    return [
        ("horizon", "mean bp", "rises"),
        *((h, number(m.mean_bp, 1), share(m.rises)) for h, m in evaluation.market.items()),
    ]


def row(finding: Finding) -> Sequence[str]:
    """One finding under HEADS."""
    found = finding.judgement
    return (
        finding.named.name,
        finding.horizon,
        number(found.ic.value, 4),
        interval(found.ic.low, found.ic.high, 4),
        " ".join(number(half, 3) for half in found.halves),
        "-" if math.isnan(finding.q) else f"{finding.q:.3f}",
        share(found.hits),
        share(found.hits_in_rank),
        number(found.spread.value, 1),
        interval(found.spread.low, found.spread.high, 1),
        number(found.turnover, 2).lstrip("+"),
        finding.verdict.value,
    )


def decile_row(finding: Finding) -> Sequence[str]:
    """One finding under DECILE_HEADS."""
    return (finding.named.name, finding.horizon, *(number(value, 1) for value in finding.judgement.deciles))


def number(value: float, digits: int) -> str:
    """With its sign; "-" where there is none."""
    return "-" if math.isnan(value) else f"{value:+.{digits}f}"


def share(value: float) -> str:
    """0.512 as 51.2 %."""
    return "-" if math.isnan(value) else f"{100 * value:.1f} %"


def interval(low: float, high: float, digits: int) -> str:
    """From to."""
    return "-" if math.isnan(low) else f"{low:+.{digits}f} .. {high:+.{digits}f}"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table: the first column to the left, all others to the right, horizons and verdicts too."""
    widths = [max(len(r[column]) for r in rows) for column in range(len(rows[0]))]
    for each in rows:
        cells = [cell.rjust(width) for cell, width in zip(each[1:], widths[1:], strict=True)]
        yield "  ".join([each[0].ljust(widths[0]), *cells])


def _wrapped(items: Sequence[str]) -> Iterator[str]:
    for item in items:
        yield from textwrap.wrap(item, WIDTH, initial_indent="- ", subsequent_indent="  ")


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"
