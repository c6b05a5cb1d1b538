"""The score of one symbol from all its inputs. This is the package's entry point for symbols."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from virtuoso.analysis import orderbook, orderflow, sentiment
from virtuoso.analysis.aggregation import DimensionResult, aggregate_dimension, aggregate_total
from virtuoso.analysis.candle_readings import CANDLE_COMPONENTS, COMPONENTS, CandleReadingsCache, TimeframeReadings
from virtuoso.analysis.components import ComponentResult, ContextComponentSpec, missing_result
from virtuoso.analysis.halts import halt_reason
from virtuoso.analysis.measurement import MIN_CONFIDENCE, READING_ERRORS, NotMeasured, freshness
from virtuoso.analysis.sentences import input_words
from virtuoso.analysis.symbol_context import SymbolContext, observed_times
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.domain.inputs import ScoreInput
from virtuoso.domain.model import Confluence, DimensionKind, SymbolInputs, Timeframe

CONTEXT_COMPONENTS: Mapping[DimensionKind, tuple[ContextComponentSpec, ...]] = {
    DimensionKind.ORDERFLOW: orderflow.COMPONENTS,
    DimensionKind.ORDERBOOK: orderbook.COMPONENTS,
    DimensionKind.SENTIMENT: sentiment.COMPONENTS,
}
UNRELIABLE = "the data is too old, or there is too little activity"
TICKER_FIELDS = frozenset({ScoreInput.MARK_PRICE, ScoreInput.INDEX_PRICE, ScoreInput.FUNDING_RATE})

_NAMES = {timeframe: tuple(f"{spec.name}_{timeframe.value}" for spec in COMPONENTS) for timeframe in Timeframe}
_INDEXED_SPECS = {
    kind: tuple((index, spec) for index, spec in enumerate(COMPONENTS) if spec in specs)
    for kind, specs in CANDLE_COMPONENTS.items()
}
_INPUTS = {
    kind: tuple(dict.fromkeys(name for spec in specs for name in spec.inputs)) for kind, specs in CONTEXT_COMPONENTS.items()
}


def score_symbol(
    inputs: SymbolInputs, now_ms: int, weights: Weights = DEFAULT_WEIGHTS, cache: CandleReadingsCache | None = None
) -> Confluence:
    """Return the six dimensions of one symbol and their total at `now_ms` (epoch ms, the exchange's clock).

    Bad data never raises an exception. `missing_inputs` names each missing input. A component's `missing` gives the reason
    why it could not be measured. A halted market has no measured component. Below `weights.min_coverage` or
    `weights.min_dimensions` there is no score. Bars that close after `now_ms` are not used.

    `cache` belongs to this symbol. It reuses results that were computed from unchanged Candles. The score is identical with
    and without it, bit for bit."""
    times = observed_times(inputs)
    if reason := halt_reason(inputs, now_ms):
        return _halted(inputs.symbol, reason, times, weights)
    cache = cache or CandleReadingsCache()
    readings = cache.readings(inputs.candles, now_ms)
    bars = {timeframe: r.bars for timeframe, r in readings.items() if r.bars is not None}
    context = SymbolContext(inputs, now_ms, bars)
    absent = {t: inputs.refused.get(ScoreInput.candles(t), f"no {t.value} candles") for t in Timeframe}
    by_timeframe = tuple(readings.get(timeframe) or absent[timeframe] for timeframe in Timeframe)
    fresh = tuple(_candle_freshness(readings.get(timeframe), timeframe, now_ms) for timeframe in Timeframe)
    results = [
        _context_dimension(kind, context, times, weights)
        if kind in CONTEXT_COMPONENTS
        else _candle_dimension(kind, by_timeframe, fresh, weights, cache)
        for kind in DimensionKind
    ]
    missing_inputs = tuple(dict.fromkeys(name for result in results for name in result.dimension.missing_inputs))
    return aggregate_total(inputs.symbol, results, times, missing_inputs, weights)


def _halted(symbol: str, reason: str, times: Mapping[ScoreInput, int], weights: Weights) -> Confluence:
    """Return the result for a market in which nothing trades: no component is measured, for this reason."""
    total = math.fsum(weights.timeframes.values())
    results = []
    for kind in DimensionKind:
        missing = [missing_result(spec, reason) for spec in CONTEXT_COMPONENTS.get(kind, ())]
        if kind in CANDLE_COMPONENTS:
            for timeframe in Timeframe:
                missing += _timeframe_results(kind, timeframe, weights.timeframes[timeframe] / total, reason, 0.0)
        results.append(DimensionResult(aggregate_dimension(kind, missing, (), weights.share(kind)), frozenset()))
    return replace(aggregate_total(symbol, results, times, (), weights), halt_reason=reason)


def _candle_dimension(
    kind: DimensionKind,
    readings: tuple[TimeframeReadings | str, ...],
    fresh: tuple[float, ...],
    weights: Weights,
    cache: CandleReadingsCache,
) -> DimensionResult:
    """Return a dimension that is measured from the candles of all timeframes. `readings` has the readings of each timeframe,
    or the reason why there are none. `fresh` holds the freshness of each timeframe."""
    key = (*readings, fresh, weights)
    known = cache.dimension(kind, key)
    if known is not None:
        return known
    total = math.fsum(weights.timeframes.values())
    results: list[ComponentResult] = []
    for timeframe, timeframe_readings, timeframe_freshness in zip(Timeframe, readings, fresh, strict=True):
        share = weights.timeframes[timeframe] / total
        results += _timeframe_results(kind, timeframe, share, timeframe_readings, timeframe_freshness)
    missing_inputs = tuple(ScoreInput.candles(t) for t, one in zip(Timeframe, readings, strict=True) if isinstance(one, str))
    measured = {result.timeframe for result in results if not result.missing}
    used = frozenset(ScoreInput.candles(timeframe) for timeframe in Timeframe if timeframe.value in measured)
    result = DimensionResult(aggregate_dimension(kind, results, missing_inputs, weights.share(kind)), used)
    cache.store_dimension(kind, key, result)
    return result


def _candle_freshness(readings: TimeframeReadings | None, timeframe: Timeframe, now_ms: int) -> float:
    """Return 1 while the newest possible bar is present, and 0 when four further bars are overdue."""
    if readings is None:
        return 0.0
    overdue = now_ms - (readings.last_open_ms + 2 * timeframe.ms)
    return freshness(overdue, timeframe.ms / 2 + 30_000, 4 * timeframe.ms)


def _timeframe_results(
    kind: DimensionKind, timeframe: Timeframe, share: float, readings: TimeframeReadings | str, fresh: float
) -> Iterable[ComponentResult]:
    """Yield the components of one dimension in one timeframe. `share` is the timeframe's share of the weight. `readings` is
    the reason when there are none."""
    names, label = _NAMES[timeframe], timeframe.value
    if isinstance(readings, str):
        for index, spec in _INDEXED_SPECS[kind]:
            yield missing_result(spec, readings, name=names[index], timeframe=label, weight=spec.weight * share)
        return
    _, _, values, directions, confidences, reasons = readings
    for index, spec in _INDEXED_SPECS[kind]:
        weight, confidence = spec.weight * share, confidences[index] * fresh
        missing = reasons[index] or (UNRELIABLE if confidence < MIN_CONFIDENCE else "")
        if missing:
            yield missing_result(spec, missing, name=names[index], timeframe=label, weight=weight)
        else:
            # positional arguments: keywords would make a pass 1 % slower
            yield ComponentResult(spec, names[index], label, weight, directions[index], confidence, values[index], "")


def _context_dimension(
    kind: DimensionKind, context: SymbolContext, times: Mapping[ScoreInput, int], weights: Weights
) -> DimensionResult:
    """Return a dimension that is measured from trades, order books and series."""
    specs = CONTEXT_COMPONENTS[kind]
    results = [_measure(spec, context, times) for spec in specs]
    missing_inputs = _missing_inputs(_INPUTS[kind], times)
    used = frozenset(name for spec, result in zip(specs, results, strict=True) if not result.missing for name in spec.inputs)
    return DimensionResult(aggregate_dimension(kind, results, missing_inputs, weights.share(kind)), used)


def _missing_inputs(names: Iterable[ScoreInput], present: Mapping[ScoreInput, int]) -> tuple[ScoreInput, ...]:
    """Return the names that are not present. When the ticker is missing, its fields are not named."""
    missing = tuple(name for name in names if name not in present)
    return tuple(name for name in missing if ScoreInput.TICKER in present or name not in TICKER_FIELDS)


def _measure(spec: ContextComponentSpec, context: SymbolContext, times: Mapping[ScoreInput, int]) -> ComponentResult:
    """Return the result of one component: its reading, or the reason why it is missing."""
    missing_inputs = _missing_inputs(spec.inputs, times)
    if missing_inputs:
        refused = [reason for name in missing_inputs if (reason := context.inputs.refused.get(name))]
        return missing_result(spec, refused[0] if refused else f"no {input_words(missing_inputs)}")
    try:
        reading, confidence = spec.read(context)
        direction = spec.direction(reading)
    except NotMeasured as reason:
        return missing_result(spec, str(reason)[:200])
    except READING_ERRORS as error:
        return missing_result(spec, f"{type(error).__name__}: {error}"[:200])
    if not (math.isfinite(reading) and math.isfinite(confidence)):
        return missing_result(spec, "the reading is not a finite number")
    if confidence < MIN_CONFIDENCE:
        return missing_result(spec, UNRELIABLE)
    return ComponentResult(spec, spec.name, "", spec.weight, direction, min(1.0, confidence), reading, "")
