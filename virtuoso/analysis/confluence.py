"""The score of one symbol from all its inputs. This is the package's entry point for symbols."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from virtuoso.analysis import orderbook, orderflow, sentiment
from virtuoso.analysis.aggregation import DimensionResult, aggregate_dimension, aggregate_total
from virtuoso.analysis.book_means import read_sample
from virtuoso.analysis.candle_readings import CANDLE_COMPONENTS, COMPONENTS, CandleReadingsCache, TimeframeReadings
from virtuoso.analysis.components import BookComponentSpec, ComponentResult, ContextComponentSpec, missing_component
from virtuoso.analysis.halts import halt_reason
from virtuoso.analysis.measurement import MIN_CONFIDENCE, NOT_FINITE, READING_ERRORS, NotMeasured, freshness
from virtuoso.analysis.sentences import input_words
from virtuoso.analysis.symbol_context import CANDLE_INPUTS, SymbolContext, book_samples, present_inputs
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.domain.inputs import DimensionInput, ScoreInput
from virtuoso.domain.model import Component, Confluence, DimensionKind, SymbolInputs, Timeframe

CONTEXT_COMPONENTS: Mapping[DimensionKind, tuple[ContextComponentSpec | BookComponentSpec, ...]] = {
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
_BOOK_INPUTS = (ScoreInput.ORDER_BOOK,)


def _inputs_of(spec: ContextComponentSpec | BookComponentSpec) -> tuple[ScoreInput, ...]:
    return spec.inputs if isinstance(spec, ContextComponentSpec) else _BOOK_INPUTS


class _Table:
    """The components of one dimension, with the inputs of each."""

    __slots__ = ("input_sets", "inputs", "specs")

    def __init__(self, specs: tuple[ContextComponentSpec | BookComponentSpec, ...]) -> None:
        self.specs = specs
        self.inputs = tuple(dict.fromkeys(name for spec in specs for name in _inputs_of(spec)))
        self.input_sets = [frozenset(_inputs_of(spec)) for spec in specs]


_TABLES = {kind: _Table(specs) for kind, specs in CONTEXT_COMPONENTS.items()}
_WITH_TAKER_VOLUME = _Table(orderflow.WITH_TAKER_VOLUME)
_BOOK_INDEX = {spec.name: index for index, spec in enumerate(orderbook.BOOK_COMPONENTS)}
_READ_SAMPLE = partial(read_sample, orderbook.BOOK_COMPONENTS)


def score_symbol(
    inputs: SymbolInputs, now_ms: int, weights: Weights = DEFAULT_WEIGHTS, cache: CandleReadingsCache | None = None
) -> Confluence:
    """Return the six dimensions of one symbol and their total at `now_ms` (epoch ms, the exchange's clock).

    Bad data never raises an exception. `missing_inputs` names each missing input. A component's `missing` gives the reason
    why it could not be measured. A halted market has no measured component. Below `weights.min_coverage` or
    `weights.min_dimensions` there is no score. Bars that close after `now_ms` are not used.

    `cache` belongs to this symbol. It reuses results that were computed from unchanged Candles. The score is identical with
    and without it, bit for bit."""
    present = present_inputs(inputs, weights.windows)
    if reason := halt_reason(inputs, now_ms):
        return _halted(inputs.symbol, reason, weights)
    cache = cache or CandleReadingsCache()
    readings = cache.readings(inputs.candles, now_ms)
    bars = {timeframe: r.bars for timeframe, r in readings.items() if r.bars is not None}
    samples = cache.reuse_each(book_samples(inputs), _READ_SAMPLE)
    context = SymbolContext(inputs, now_ms, bars, windows=weights.windows, samples=samples, cache=cache)
    absent = {t: inputs.refused.get(name, f"no {t.value} candles") for t, name in CANDLE_INPUTS.items()}
    by_timeframe = tuple(readings.get(timeframe) or absent[timeframe] for timeframe in CANDLE_INPUTS)
    fresh = tuple(_candle_freshness(readings.get(timeframe), timeframe, now_ms) for timeframe in CANDLE_INPUTS)
    results = [
        _context_dimension(kind, context, present, weights, cache)
        if kind in CONTEXT_COMPONENTS
        else _candle_dimension(kind, by_timeframe, fresh, weights, cache)
        for kind in DimensionKind
    ]
    missing_inputs = tuple(dict.fromkeys(name for result in results for name in result.dimension.missing_inputs))
    return aggregate_total(inputs.symbol, results, present, missing_inputs, weights)


def _halted(symbol: str, reason: str, weights: Weights) -> Confluence:
    """Return the result for a market in which nothing trades: no component is measured, for this reason."""
    total = math.fsum(weights.timeframes.values())
    results = []
    for kind in DimensionKind:
        missing: list[ComponentResult | Component] = [
            missing_component(spec, reason) for spec in CONTEXT_COMPONENTS.get(kind, ())
        ]
        if kind in CANDLE_COMPONENTS:
            for timeframe in Timeframe:
                missing += _timeframe_results(kind, timeframe, weights.timeframes[timeframe] / total, reason, 0.0)
        results.append(DimensionResult(aggregate_dimension(kind, missing, (), weights.share(kind)), ()))
    return replace(aggregate_total(symbol, results, {}, (), weights), halt_reason=reason)


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
    return cache.reuse(kind, key, partial(_aggregate_candles, kind, readings, fresh, weights, cache))


def _aggregate_candles(
    kind: DimensionKind,
    readings: tuple[TimeframeReadings | str, ...],
    fresh: tuple[float, ...],
    weights: Weights,
    cache: CandleReadingsCache,
) -> DimensionResult:
    total = math.fsum(weights.timeframes.values())
    results: list[ComponentResult | Component] = []
    used: list[ScoreInput] = []
    for (timeframe, name), one, one_fresh in zip(CANDLE_INPUTS.items(), readings, fresh, strict=True):
        share = weights.timeframes[timeframe] / total
        measure = partial(_timeframe_results, kind, timeframe, share, one, one_fresh)
        of_timeframe = cache.reuse((kind, timeframe), (one, one_fresh, share), measure)
        results += of_timeframe
        if any(isinstance(result, ComponentResult) for result in of_timeframe):
            used.append(name)
    missing_inputs = tuple(name for name, one in zip(CANDLE_INPUTS.values(), readings, strict=True) if isinstance(one, str))
    return DimensionResult(aggregate_dimension(kind, results, missing_inputs, weights.share(kind)), tuple(sorted(used)))


def _candle_freshness(readings: TimeframeReadings | None, timeframe: Timeframe, now_ms: int) -> float:
    """Return 1 while the newest possible bar is present, and 0 when four further bars are overdue."""
    if readings is None:
        return 0.0
    overdue = now_ms - (readings.last_open_ms + 2 * timeframe.ms)
    return freshness(overdue, timeframe.ms / 2 + 30_000, 4 * timeframe.ms)


def _timeframe_results(
    kind: DimensionKind, timeframe: Timeframe, share: float, readings: TimeframeReadings | str, fresh: float
) -> list[ComponentResult | Component]:
    """Return the components of one dimension in one timeframe. `share` is the timeframe's share of the weight. `readings` is
    the reason when there are none."""
    names, label = _NAMES[timeframe], timeframe.value
    if isinstance(readings, str):
        return [
            missing_component(spec, readings, name=names[index], weight=spec.weight * share)
            for index, spec in _INDEXED_SPECS[kind]
        ]
    _, _, values, directions, confidences, reasons = readings
    results: list[ComponentResult | Component] = []
    for index, spec in _INDEXED_SPECS[kind]:
        weight, confidence = spec.weight * share, confidences[index] * fresh
        missing = reasons[index] or (UNRELIABLE if confidence < MIN_CONFIDENCE else "")
        if missing:
            results.append(missing_component(spec, missing, name=names[index], weight=weight))
        else:
            # positional arguments: keywords would make a pass 1 % slower
            results.append(ComponentResult(spec, names[index], label, weight, directions[index], confidence, values[index]))
    return results


def _context_dimension(
    kind: DimensionKind,
    context: SymbolContext,
    present: Mapping[ScoreInput, DimensionInput],
    weights: Weights,
    cache: CandleReadingsCache,
) -> DimensionResult:
    """Return a dimension that is measured from trades, order books and series."""
    has_taker_volume = any(bars.taker_buy is not None for bars in context.inputs.candles.values())
    table = _WITH_TAKER_VOLUME if has_taker_volume and kind is DimensionKind.ORDERFLOW else _TABLES[kind]
    aggregate = partial(_aggregate_context, kind, table, context, present, weights)
    if any(inputs <= present.keys() for inputs in table.input_sets):
        return aggregate()
    # no component has all of its inputs, so only the names of the others and the reasons count
    return cache.reuse(kind, (*present, context.inputs.refused, weights, has_taker_volume), aggregate)


def _aggregate_context(
    kind: DimensionKind,
    table: _Table,
    context: SymbolContext,
    present: Mapping[ScoreInput, DimensionInput],
    weights: Weights,
) -> DimensionResult:
    specs = table.specs
    results = [_measure(spec, inputs, context, present) for spec, inputs in zip(specs, table.input_sets, strict=True)]
    missing_inputs = _missing_inputs(table.inputs, present)
    measured = (spec for spec, result in zip(specs, results, strict=True) if isinstance(result, ComponentResult))
    used = tuple(sorted({name for spec in measured for name in _inputs_of(spec)}))
    return DimensionResult(aggregate_dimension(kind, results, missing_inputs, weights.share(kind)), used)


def _missing_inputs(names: Iterable[ScoreInput], present: Mapping[ScoreInput, DimensionInput]) -> tuple[ScoreInput, ...]:
    """Return the names that are not present. When the ticker is missing, its fields are not named."""
    missing = tuple(name for name in names if name not in present)
    return tuple(name for name in missing if ScoreInput.TICKER in present or name not in TICKER_FIELDS)


def _measure(
    spec: ContextComponentSpec | BookComponentSpec,
    inputs: frozenset[ScoreInput],
    context: SymbolContext,
    present: Mapping[ScoreInput, DimensionInput],
) -> ComponentResult | Component:
    """Return the result of one component: its reading, or the reason why it is missing. `inputs` are those of `spec`."""
    if not inputs <= present.keys():
        missing_inputs = _missing_inputs(_inputs_of(spec), present)
        refused = [reason for name in missing_inputs if (reason := context.inputs.refused.get(name))]
        return missing_component(spec, refused[0] if refused else f"no {input_words(missing_inputs)}")
    try:
        reading, confidence = spec.read(context) if isinstance(spec, ContextComponentSpec) else _read_book(spec, context)
        direction = spec.direction(reading)
    except NotMeasured as reason:
        return missing_component(spec, str(reason)[:200])
    except READING_ERRORS as error:
        return missing_component(spec, f"{type(error).__name__}: {error}"[:200])
    if not (math.isfinite(reading) and math.isfinite(confidence)):
        return missing_component(spec, NOT_FINITE)
    if confidence < MIN_CONFIDENCE:
        return missing_component(spec, UNRELIABLE)
    words = partial(spec.words, context) if isinstance(spec, ContextComponentSpec) and spec.words else None
    return ComponentResult(spec, spec.name, "", spec.weight, direction, min(1.0, confidence), reading, words)


def _read_book(spec: BookComponentSpec, context: SymbolContext) -> tuple[float, float]:
    """Return the mean of a component of the order book over time, and its confidence."""
    mean = context.book_means[_BOOK_INDEX[spec.name]]
    if mean.missing:
        raise NotMeasured(mean.missing)
    return mean.reading, mean.quality * context.book_confidence
