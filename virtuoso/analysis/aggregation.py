"""The law by which components make a dimension, and dimensions a score.

    dimension: direction = sum(w c d) / sum(w c), score = 50 + 50 direction, confidence = sum(w c), coverage = sum(w)
    total:     the same over the dimensions, with their weights and confidences; coverage = sum(W coverage)

over what could be read; w and W add up to 1 over all, read or not. A part's contribution is 50 w c d / sum(w c), so the
contributions of the parts add up to the score less 50.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.analysis import sentences
from virtuoso.domain.inputs import ScoreInput
from virtuoso.domain.model import Component, Confluence, Dimension, DimensionKind, Timeframe

if TYPE_CHECKING:
    from virtuoso.analysis.components import ComponentSpec
    from virtuoso.analysis.weights import Weights

LEAST_CONFIDENCE = 1e-6  # a reading that nobody can rely on is none


class ComponentResult(NamedTuple):
    """A gauge that was tried: its direction and reading count only where `missing` is empty."""

    gauge: ComponentSpec
    name: str
    timeframe: str  # empty for gauges that have none
    weight: float
    direction: float
    confidence: float
    reading: float
    missing: str


class DimensionResult(NamedTuple):
    """A dimension without its contribution and age, and the names of the inputs that it was made from."""

    dimension: Dimension
    used: frozenset[ScoreInput]


def absent(gauge: ComponentSpec, name: str, timeframe: str, weight: float, missing: str) -> ComponentResult:
    """A gauge that could not be read, and why."""
    return ComponentResult(gauge, name, timeframe, weight, 0.0, 0.0, 0.0, missing)


def dimension(
    kind: DimensionKind,
    entries: Sequence[ComponentResult],
    missing_inputs: tuple[str, ...],
    weight: float,
    least_coverage: float = 0.0,
) -> Dimension:
    """One dimension of its components, by the law above: score 0-100, direction -1..1, the rest 0-1. `weight` is its share
    of the total. Where less than `least_coverage` of its weight was read there is no score, no direction; what was read is
    shown all the same. `entries` may come in any order: they are listed by |contribution|, ties by name, missing last."""
    there = [e for e in entries if not e.missing]
    coverage = min(1.0, math.fsum([e.weight for e in there]))
    scored = bool(there) and coverage >= least_coverage
    strength = math.fsum([e.weight * e.confidence for e in there])
    scale = 50 / strength if scored and strength > 0 else 0.0
    ranked: list[tuple[float, str, Component, ComponentResult]] = []
    for e in there:
        gauge, name, _, share, direction, confidence, reading, _ = e
        points = scale * share * confidence * direction
        ranked.append(
            (
                -abs(points),
                name,
                Component(
                    name=name,
                    weight=share,
                    direction=direction,
                    confidence=confidence,
                    contribution=points,
                    reading=reading,
                    unit=gauge.unit,
                ),
                e,
            )
        )
    ranked.sort()  # names differ, so nothing after them is ever compared
    listed = [r[2] for r in ranked]
    listed += [Component(name=e.name, weight=e.weight, unit=e.gauge.unit, missing=e.missing) for e in entries if e.missing]
    if not scored:
        reasons = list(dict.fromkeys(e.missing for e in entries if e.missing))
        text = sentences.unmeasured(kind, missing_inputs, reasons)
        return Dimension(
            kind=kind,
            weight=weight,
            coverage=coverage,
            sentence=text,
            components=tuple(listed),
            missing_inputs=missing_inputs,
        )
    points = math.fsum([c.contribution for c in listed])
    text = sentences.measured(kind, points / 50, [r[3] for r in ranked], missing_inputs)
    return Dimension(
        kind=kind,
        weight=weight,
        coverage=coverage,
        sentence=text,
        components=tuple(listed),
        score=min(100.0, max(0.0, 50 + points)),
        direction=min(1.0, max(-1.0, points / 50)),
        confidence=min(1.0, strength),
        missing_inputs=missing_inputs,
    )


def total(
    symbol: str,
    parts: Sequence[DimensionResult],
    stamps: Mapping[ScoreInput, int],
    missing: tuple[str, ...],
    weights: Weights,
) -> Confluence:
    """The score of one symbol, by the law above: 0-100; agreement = 1 - the standard deviation of the directions of the
    dimensions, weighted by w c; confidence = coverage x agreement; both 0-1. Without a score (too little coverage, too few
    dimensions), contributions are 0. `stamps`: the exchange's clock of each input, by name."""
    there = [
        (p.dimension, d, p.dimension.weight * p.dimension.confidence)
        for p in parts
        if (d := p.dimension.direction) is not None
    ]
    strength = math.fsum(w for _, _, w in there)
    coverage = min(1.0, math.fsum(p.dimension.weight * p.dimension.coverage for p in parts))
    scored = coverage >= weights.min_coverage and len(there) >= weights.min_dimensions and strength > 0
    scale = 50 / strength if scored else 0.0
    points = {d.kind: scale * w * direction for d, direction, w in there}
    dimensions = tuple(_placed(p, points.get(p.dimension.kind, 0.0), stamps) for p in parts)
    fast = [s for p in parts for name in p.used if name in FAST and (s := stamps.get(name)) is not None]
    oldest = min(fast, default=None)
    if not scored:
        return Confluence(
            symbol=symbol, dimensions=dimensions, coverage=coverage, missing_inputs=missing, oldest_input_ms=oldest
        )
    mean = math.fsum(points.values()) / 50
    spread = math.sqrt(math.fsum(w * (d - mean) ** 2 for _, d, w in there) / strength)
    agreement = min(1.0, max(0.0, 1 - spread))
    drivers = sorted(points, key=lambda k: (-abs(points[k]), k))
    return Confluence(
        symbol=symbol,
        dimensions=dimensions,
        coverage=coverage,
        score=min(100.0, max(0.0, 50 + math.fsum(points.values()))),
        confidence=coverage * agreement,
        agreement=agreement,
        drivers=tuple(drivers),
        missing_inputs=missing,
        oldest_input_ms=oldest,
    )


FAST = frozenset({ScoreInput.TICKER, ScoreInput.ORDER_BOOK, ScoreInput.TRADES, *map(ScoreInput.candles, Timeframe)})
AGELESS = frozenset({ScoreInput.PREVIOUS_ORDER_BOOK})  # it is always older: the age of the book after it counts


def _placed(part: DimensionResult, points: float, stamps: Mapping[ScoreInput, int]) -> Dimension:
    """The dimension with its points of the total, and the age of its oldest input."""
    d = part.dimension
    observed = min((s for name in part.used - AGELESS if (s := stamps.get(name)) is not None), default=None)
    return Dimension(
        kind=d.kind,
        weight=d.weight,
        coverage=d.coverage,
        sentence=d.sentence,
        components=d.components,
        score=d.score,
        direction=d.direction,
        confidence=d.confidence,
        contribution=points,
        observed_ms=observed,
        missing_inputs=d.missing_inputs,
    )
