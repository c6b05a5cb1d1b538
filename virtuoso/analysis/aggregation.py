"""The aggregation of components into a dimension, and of dimensions into a score.

    dimension: direction = sum(w c d) / sum(w c), score = 50 + 50 direction, confidence = sum(w c), coverage = sum(w)
    total:     the same over the dimensions, with their weights and confidences; coverage = sum(W coverage)

The sums run over the measured parts. w is the weight of a component, c its confidence, and d its direction. W is the weight
of a dimension. The weights of all parts, measured or not, add up to 1. A part contributes 50 w c d / sum(w c) points, so all
contributions add up to the score minus 50.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from virtuoso.analysis.components import ComponentResult
from virtuoso.analysis.sentences import SUBJECTS, Subject, measured_sentence, unmeasured_sentence
from virtuoso.analysis.weights import Weights
from virtuoso.domain.inputs import DimensionInput, ScoreInput
from virtuoso.domain.model import Component, Confluence, Dimension, DimensionKind, Timeframe
from virtuoso.domain.scores import label

FAST_INPUTS = frozenset({ScoreInput.TICKER, ScoreInput.ORDER_BOOK, ScoreInput.TRADES, *map(ScoreInput.candles, Timeframe)})


class DimensionResult(NamedTuple):
    """A dimension before its contribution and age are known, with the sorted names of the inputs that it used."""

    dimension: Dimension
    inputs: tuple[ScoreInput, ...]


def aggregate_dimension(
    kind: DimensionKind,
    results: Sequence[ComponentResult | Component],
    missing_inputs: tuple[str, ...],
    weight: float,
    *,
    min_coverage: float = 0.0,
    subject: Subject | None = None,
) -> Dimension:
    """Return one dimension from its components, by the formula above: score 0-100, direction -1..1, confidence and coverage
    0-1.

    `weight` is the dimension's share of the total. Its sentence is about `subject`, by default about the dimension. Below
    `min_coverage` the dimension has no score and no direction, but still lists the measured components. `results` may have
    any order. A Component among them has no measurement. The dimension lists its components by |contribution|, then by
    name. Components without a measurement come last."""
    measured = [result for result in results if isinstance(result, ComponentResult)]
    coverage = min(1.0, math.fsum([result.weight for result in measured]))
    scored = bool(measured) and coverage >= min_coverage
    strength = math.fsum([result.weight * result.confidence for result in measured])
    ranked = _ranked(measured, 50 / strength if scored and strength > 0 else 0.0)
    missing = [result for result in results if isinstance(result, Component)]
    subject = subject or SUBJECTS[kind]
    components = [row[2] for row in ranked] + missing
    if not scored:
        reasons = list(dict.fromkeys(component.missing for component in missing))
        return Dimension(
            kind=kind,
            weight=weight,
            coverage=coverage,
            sentence=unmeasured_sentence(subject, missing_inputs, reasons),
            components=tuple(components),
            missing_inputs=missing_inputs,
        )
    points = math.fsum([component.contribution for component in components])
    return Dimension(
        kind=kind,
        weight=weight,
        coverage=coverage,
        sentence=measured_sentence(subject, points / 50, [row[3] for row in ranked], missing_inputs),
        components=tuple(components),
        score=min(100.0, max(0.0, 50 + points)),
        direction=min(1.0, max(-1.0, points / 50)),
        confidence=min(1.0, strength),
        missing_inputs=missing_inputs,
    )


def _ranked(
    measured: Sequence[ComponentResult], points_per_strength: float
) -> list[tuple[float, str, Component, ComponentResult]]:
    """Return (-|contribution|, name, component, result) of each result, strongest first, then by name."""
    ranked: list[tuple[float, str, Component, ComponentResult]] = []
    for result in measured:
        spec, name, _, weight, direction, confidence, reading, _ = result
        points = points_per_strength * weight * confidence * direction
        component = Component(name, weight, direction, confidence, points, reading, spec.unit)
        ranked.append((-abs(points), name, component, result))
    ranked.sort()  # names are unique, so a comparison never reaches the component
    return ranked


def aggregate_total(
    symbol: str,
    results: Sequence[DimensionResult],
    inputs: Mapping[ScoreInput, DimensionInput],
    missing_inputs: tuple[str, ...],
    weights: Weights,
) -> Confluence:
    """Return the score of one symbol, by the formula above: score 0-100, coverage, agreement and confidence 0-1.

    agreement = 1 - the standard deviation of the dimensions' directions, weighted by W c. confidence = sum(W c) *
    agreement, so the confidence of every component counts in it. Below `weights.min_coverage` or `weights.min_dimensions`
    there is no score, and contributions are 0.
    `inputs` are all inputs of the symbol that are present, by name."""
    measured = [
        (r.dimension, direction, r.dimension.weight * r.dimension.confidence)
        for r in results
        if (direction := r.dimension.direction) is not None
    ]
    strength = math.fsum(w for _, _, w in measured)
    coverage = min(1.0, math.fsum(r.dimension.weight * r.dimension.coverage for r in results))
    scored = coverage >= weights.min_coverage and len(measured) >= weights.min_dimensions and strength > 0
    scale = 50 / strength if scored else 0.0
    points = {dimension.kind: scale * w * direction for dimension, direction, w in measured}
    dimensions = tuple(_with_contribution(r, points.get(r.dimension.kind, 0.0), inputs) for r in results)
    fast = [inputs[name].observed_ms for r in results for name in r.inputs if name in FAST_INPUTS]
    oldest = min(fast, default=None)
    if not scored:
        return Confluence(
            symbol=symbol,
            dimensions=dimensions,
            coverage=coverage,
            missing_inputs=missing_inputs,
            oldest_input_ms=oldest,
        )
    mean = math.fsum(points.values()) / 50
    deviation = math.sqrt(math.fsum(w * (direction - mean) ** 2 for _, direction, w in measured) / strength)
    agreement = min(1.0, max(0.0, 1 - deviation))
    drivers = sorted(points, key=lambda kind: (-abs(points[kind]), kind))
    score = min(100.0, max(0.0, 50 + math.fsum(points.values())))
    return Confluence(
        symbol=symbol,
        dimensions=dimensions,
        coverage=coverage,
        score=score,
        instant_score=score,
        label=label(score),
        confidence=min(1.0, strength) * agreement,
        agreement=agreement,
        drivers=tuple(drivers),
        missing_inputs=missing_inputs,
        oldest_input_ms=oldest,
    )


def _with_contribution(result: DimensionResult, points: float, inputs: Mapping[ScoreInput, DimensionInput]) -> Dimension:
    """Return the dimension with its contribution to the total, its inputs, and the time of the oldest one."""
    d = result.dimension
    used = tuple(inputs[name] for name in result.inputs)
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
        instant_contribution=points,
        observed_ms=min((one.observed_ms for one in used), default=None),
        missing_inputs=d.missing_inputs,
        inputs=used,
    )
