"""How components make a dimension, and dimensions a score.

    dimension: direction = sum(w c d) / sum(w c), score = 50 + 50 direction, confidence = sum(w c), coverage = sum(w)
    total:     the same over the dimensions, with their weights and confidences; coverage = sum(W coverage)

The sums run over what was measured: w is the weight of a component, c its confidence, d its direction; W is the weight of a
dimension. The weights of all parts add up to 1, whether they were measured or not. A part contributes 50 w c d / sum(w c)
points, so all contributions add up to the score less 50.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from virtuoso.analysis import sentences
from virtuoso.analysis.components import ComponentResult
from virtuoso.analysis.weights import Weights
from virtuoso.domain.inputs import ScoreInput
from virtuoso.domain.model import Component, Confluence, Dimension, DimensionKind, Timeframe

FAST_INPUTS = frozenset({ScoreInput.TICKER, ScoreInput.ORDER_BOOK, ScoreInput.TRADES, *map(ScoreInput.candles, Timeframe)})
AGELESS_INPUTS = frozenset({ScoreInput.PREVIOUS_ORDER_BOOK})
"""Inputs that are old by design: the age that matters is that of the order book after it."""


class DimensionResult(NamedTuple):
    """A dimension before its contribution and age are known, and the names of the inputs that it was measured from."""

    dimension: Dimension
    inputs: frozenset[ScoreInput]


def aggregate_dimension(
    kind: DimensionKind,
    results: Sequence[ComponentResult],
    missing_inputs: tuple[str, ...],
    weight: float,
    min_coverage: float = 0.0,
) -> Dimension:
    """Return one dimension of its components, by the formula above: score 0-100, direction -1..1, the rest 0-1.

    `weight` is the dimension's share of the total. Below `min_coverage` the dimension has no score and no direction, but
    still lists what was measured. `results` may come in any order; the dimension lists its components by |contribution|,
    then by name, and those that were not measured last."""
    measured = [result for result in results if not result.missing]
    coverage = min(1.0, math.fsum([result.weight for result in measured]))
    scored = bool(measured) and coverage >= min_coverage
    strength = math.fsum([result.weight * result.confidence for result in measured])
    ranked = _ranked(measured, 50 / strength if scored and strength > 0 else 0.0)
    components = [component for _, _, component, _ in ranked]
    components += [
        Component(name=result.name, weight=result.weight, unit=result.spec.unit, missing=result.missing)
        for result in results
        if result.missing
    ]
    if not scored:
        reasons = list(dict.fromkeys(result.missing for result in results if result.missing))
        return Dimension(
            kind=kind,
            weight=weight,
            coverage=coverage,
            sentence=sentences.unmeasured_sentence(kind, missing_inputs, reasons),
            components=tuple(components),
            missing_inputs=missing_inputs,
        )
    points = math.fsum([component.contribution for component in components])
    return Dimension(
        kind=kind,
        weight=weight,
        coverage=coverage,
        sentence=sentences.measured_sentence(kind, points / 50, [result for *_, result in ranked], missing_inputs),
        components=tuple(components),
        score=min(100.0, max(0.0, 50 + points)),
        direction=min(1.0, max(-1.0, points / 50)),
        confidence=min(1.0, strength),
        missing_inputs=missing_inputs,
    )


def _ranked(
    measured: Sequence[ComponentResult], points_per_strength: float
) -> list[tuple[float, str, Component, ComponentResult]]:
    """Return (-|contribution|, name, component, result) of each, strongest first, then by name."""
    ranked: list[tuple[float, str, Component, ComponentResult]] = []
    for result in measured:
        spec, name, _, weight, direction, confidence, reading, _ = result
        points = points_per_strength * weight * confidence * direction
        component = Component(
            name=name,
            weight=weight,
            direction=direction,
            confidence=confidence,
            contribution=points,
            reading=reading,
            unit=spec.unit,
        )
        ranked.append((-abs(points), name, component, result))
    ranked.sort()  # names are unique, so a comparison never reaches the component
    return ranked


def aggregate_total(
    symbol: str,
    results: Sequence[DimensionResult],
    observed_times: Mapping[ScoreInput, int],
    missing_inputs: tuple[str, ...],
    weights: Weights,
) -> Confluence:
    """Return the score of one symbol, by the formula above: score 0-100, coverage, agreement and confidence 0-1.

    agreement = 1 - the standard deviation of the dimensions' directions, weighted by W c. confidence = coverage *
    agreement. With too little coverage or too few dimensions for `weights` there is no score, and contributions are 0.
    `observed_times` holds the exchange's time of each input, epoch ms, by the input's name."""
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
    dimensions = tuple(_with_contribution(r, points.get(r.dimension.kind, 0.0), observed_times) for r in results)
    fast = [
        time for r in results for name in r.inputs if name in FAST_INPUTS and (time := observed_times.get(name)) is not None
    ]
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
    return Confluence(
        symbol=symbol,
        dimensions=dimensions,
        coverage=coverage,
        score=min(100.0, max(0.0, 50 + math.fsum(points.values()))),
        confidence=coverage * agreement,
        agreement=agreement,
        drivers=tuple(drivers),
        missing_inputs=missing_inputs,
        oldest_input_ms=oldest,
    )


def _with_contribution(result: DimensionResult, points: float, observed_times: Mapping[ScoreInput, int]) -> Dimension:
    """Return the dimension with its points of the total and the time of its oldest input."""
    d = result.dimension
    times = (time for name in result.inputs - AGELESS_INPUTS if (time := observed_times.get(name)) is not None)
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
        observed_ms=min(times, default=None),
        missing_inputs=d.missing_inputs,
    )
