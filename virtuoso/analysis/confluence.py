"""One symbol's score from all that is known of it: the entry of this package for symbols."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from virtuoso.analysis import aggregation, orderbook, orderflow, sentiment
from virtuoso.analysis.aggregation import LEAST_CONFIDENCE, ComponentResult, DimensionResult
from virtuoso.analysis.candle_readings import CANDLE_COMPONENTS, COMPONENTS, CandleReadingsCache, TimeframeReadings
from virtuoso.analysis.components import READING_ERRORS, Absent, ContextComponentSpec, freshness
from virtuoso.analysis.sentences import plain
from virtuoso.analysis.symbol_context import SymbolContext, stamps
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.domain.inputs import ScoreInput
from virtuoso.domain.model import Confluence, DimensionKind, SymbolInputs, Timeframe

CONTEXT_COMPONENTS: Mapping[DimensionKind, tuple[ContextComponentSpec, ...]] = {
    DimensionKind.ORDERFLOW: orderflow.COMPONENTS,
    DimensionKind.ORDERBOOK: orderbook.COMPONENTS,
    DimensionKind.SENTIMENT: sentiment.COMPONENTS,
}
TICKER_FIGURES = frozenset({ScoreInput.MARK_PRICE, ScoreInput.INDEX_PRICE, ScoreInput.FUNDING_RATE})
UNRELIABLE = "too old, or too little activity, to count"
_NAMES = {t: tuple(f"{g.name}_{t.value}" for g in COMPONENTS) for t in Timeframe}
_ROWS = {
    kind: tuple((row, g) for row, g in enumerate(COMPONENTS) if g in gauges) for kind, gauges in CANDLE_COMPONENTS.items()
}
_INPUTS = {kind: tuple(dict.fromkeys(n for g in gauges for n in g.inputs)) for kind, gauges in CONTEXT_COMPONENTS.items()}


def score_symbol(
    inputs: SymbolInputs, now_ms: int, weights: Weights = DEFAULT_WEIGHTS, memo: CandleReadingsCache | None = None
) -> Confluence:
    """The six dimensions of one symbol and their total, at `now_ms` (epoch ms, our clock). Never raises for bad data: what
    cannot be read is absent, named in `missing_inputs`, or explained in its component's `missing`. Without enough
    (`weights.min_coverage`, `weights.min_dimensions`) there is no score. Bars that close after `now_ms` are not looked at.

    With the symbol's `memo`, what was made of unchanged Candles is used again; the result is the same, bit for bit."""
    memo = memo or CandleReadingsCache()
    there = stamps(inputs)
    readings = memo.readings(inputs.candles, now_ms)
    bars = {t: r.bars for t, r in readings.items() if r.bars is not None}
    moment = SymbolContext(inputs, now_ms, bars)
    fresh = tuple(_candle_freshness(readings.get(t), t, now_ms) for t in Timeframe)
    parts = []
    for kind in DimensionKind:
        if kind in CONTEXT_COMPONENTS:
            parts.append(_moment_part(kind, moment, there, weights))
        else:
            parts.append(_candle_part(kind, readings, fresh, weights, memo))
    missing = tuple(dict.fromkeys(n for p in parts for n in p.dimension.missing_inputs))
    return aggregation.total(inputs.symbol, parts, there, missing, weights)


def _candle_part(
    kind: DimensionKind,
    readings: Mapping[Timeframe, TimeframeReadings],
    fresh: tuple[float, ...],
    weights: Weights,
    memo: CandleReadingsCache,
) -> DimensionResult:
    """A dimension made from candles of all timeframes; `fresh`: how fresh those of each are."""
    key = (*(readings.get(t) for t in Timeframe), fresh, weights)
    known = memo.part(kind, key)
    if known is not None:
        return known
    whole = math.fsum(weights.timeframes.values())
    entries: list[ComponentResult] = []
    for timeframe, freshly in zip(Timeframe, fresh, strict=True):
        entries += _timeframe_entries(
            kind, timeframe, weights.timeframes[timeframe] / whole, readings.get(timeframe), freshly
        )
    missing = tuple(ScoreInput.candles(t) for t in Timeframe if t not in readings)
    measured = {e.timeframe for e in entries if not e.missing}
    used = frozenset(ScoreInput.candles(t) for t in Timeframe if t.value in measured)
    part = DimensionResult(aggregation.dimension(kind, entries, missing, weights.share(kind)), used)
    memo.keep(kind, key, part)
    return part


def _candle_freshness(readings: TimeframeReadings | None, timeframe: Timeframe, now_ms: int) -> float:
    """1 while the last bar that is there is the last that can be; 0 when four more should have come."""
    if readings is None:
        return 0.0
    late = now_ms - (readings.last_open_ms + 2 * timeframe.ms)
    return freshness(late, timeframe.ms / 2 + 30_000, 4 * timeframe.ms)


def _timeframe_entries(
    kind: DimensionKind, timeframe: Timeframe, share: float, readings: TimeframeReadings | None, fresh: float
) -> Iterable[ComponentResult]:
    """The components of one dimension in one timeframe."""
    names, label = _NAMES[timeframe], timeframe.value
    if readings is None:
        for row, gauge in _ROWS[kind]:
            yield aggregation.absent(gauge, names[row], label, gauge.weight * share, f"no {label} candles")
        return
    _, _, values, directions, confidences, missing = readings
    for row, gauge in _ROWS[kind]:
        weight, confidence = gauge.weight * share, confidences[row] * fresh
        if missing[row]:
            yield aggregation.absent(gauge, names[row], label, weight, missing[row])
        elif confidence < LEAST_CONFIDENCE:
            yield aggregation.absent(gauge, names[row], label, weight, UNRELIABLE)
        else:
            yield ComponentResult(gauge, names[row], label, weight, directions[row], confidence, values[row], "")


def _moment_part(
    kind: DimensionKind, moment: SymbolContext, there: Mapping[ScoreInput, int], weights: Weights
) -> DimensionResult:
    """A dimension made from trades, books and series."""
    gauges = CONTEXT_COMPONENTS[kind]
    entries = [_moment_entry(g, moment, there) for g in gauges]
    missing = _lacking(_INPUTS[kind], there)
    used = frozenset(n for g, e in zip(gauges, entries, strict=True) if not e.missing for n in g.inputs)
    return DimensionResult(aggregation.dimension(kind, entries, missing, weights.share(kind)), used)


def _lacking(names: Iterable[ScoreInput], there: Mapping[ScoreInput, int]) -> tuple[ScoreInput, ...]:
    """The inputs that are not there. Without a ticker its figures are not named beside it."""
    lacking = tuple(n for n in names if n not in there)
    return tuple(n for n in lacking if ScoreInput.TICKER in there or n not in TICKER_FIGURES)


def _moment_entry(gauge: ContextComponentSpec, moment: SymbolContext, there: Mapping[ScoreInput, int]) -> ComponentResult:
    """One component, read or explained."""
    lacking = _lacking(gauge.inputs, there)
    if lacking:
        return aggregation.absent(gauge, gauge.name, "", gauge.weight, f"no {plain(lacking)}")
    try:
        reading, confidence = gauge.read(moment)
        direction = math.tanh((reading - gauge.centre) / gauge.scale)
    except Absent as reason:
        return aggregation.absent(gauge, gauge.name, "", gauge.weight, str(reason)[:200])
    except READING_ERRORS as error:
        return aggregation.absent(gauge, gauge.name, "", gauge.weight, f"{type(error).__name__}: {error}"[:200])
    if not (math.isfinite(reading) and math.isfinite(confidence)):
        return aggregation.absent(gauge, gauge.name, "", gauge.weight, "the reading is not a finite number")
    if confidence < LEAST_CONFIDENCE:
        return aggregation.absent(gauge, gauge.name, "", gauge.weight, UNRELIABLE)
    return ComponentResult(gauge, gauge.name, "", gauge.weight, direction, min(1.0, confidence), reading, "")
