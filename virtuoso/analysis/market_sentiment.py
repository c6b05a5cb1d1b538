"""The sentiment of the whole market: breadth, funding, open interest, positions, and one gauge that combines them.

The gauge runs from 0 (fear) to 100 (greed), with 50 neutral. It describes the mood of traders and predicts nothing. High
funding and many long accounts are greed here, and bearish in a symbol's own `sentiment`. So the gauge never says bullish or
bearish. The formula of `aggregation` combines the parts: direction = tanh(reading / scale), gauge = 50 + the sum of the
contributions. A missing part is named. Below 40 % coverage there is no gauge. When every market is reflected and keeps its
turnover, the gauge is 100 - g. Scaling the prices or the volumes of all markets changes nothing.

Breadth is measured over the markets of the venue that have turnover. Each other part is the mean of one reading of the
tracked symbols' own `sentiment`, weighted by turnover and confidence. A symbol's reading is limited, usually to 4
deviations, so that one market cannot dominate. A part needs 5 symbols.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis import sentiment
from virtuoso.analysis.aggregation import aggregate_dimension
from virtuoso.analysis.bars import closed_bars
from virtuoso.analysis.components import ComponentResult, ComponentSpec, missing_component
from virtuoso.analysis.measurement import READING_ERRORS, NotMeasured, sample_confidence
from virtuoso.analysis.overview import breadth_of, traded_changes
from virtuoso.analysis.sentences import Subject
from virtuoso.analysis.symbol_context import INTEREST_WINDOW_MS, SymbolContext
from virtuoso.domain.model import Breadth, Component, Dimension, DimensionKind, SymbolInputs, Ticker, Timeframe
from virtuoso.domain.records import MarketSentiment

if TYPE_CHECKING:
    from virtuoso.analysis.candle_readings import CandleReadingsCache
    from virtuoso.domain.model import Floats, TimeSeries

MIN_SYMBOLS = 5
MIN_COVERAGE = 0.4
MAX_DEVIATIONS = 4.0
SUBJECT = Subject("The market", "greedy", "fearful")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentPartSpec(ComponentSpec):
    """The specification of one part of the gauge.

    `read` measures one tracked symbol. None means breadth, which is measured over the venue. A symbol's reading is limited
    to -`max_reading`..`max_reading`, in `unit`."""

    read: Callable[[SymbolContext], tuple[float, float]] | None = None
    max_reading: float = MAX_DEVIATIONS


BREADTH = SentimentPartSpec(
    name="breadth",
    weight=0.30,
    unit="share",
    scale=0.5,
    bullish="more markets rise than fall",
    bearish="more markets fall than rise",
)
PARTS = (
    BREADTH,
    SentimentPartSpec(
        name="funding",
        weight=0.20,
        unit="deviations",
        scale=1.2,
        bullish="on average, funding is higher than usual",
        bearish="on average, funding is lower than usual",
        read=sentiment.funding,
    ),
    SentimentPartSpec(
        name="open_interest",
        weight=0.20,
        unit="deviations",
        scale=1.0,
        bullish="on average, open interest moves with prices",
        bearish="on average, open interest moves against prices",
        read=sentiment.open_interest,
    ),
    SentimentPartSpec(
        name="accounts",
        weight=0.15,
        unit="deviations",
        scale=1.2,
        bullish="on average, more accounts than usual are long",
        bearish="on average, fewer accounts than usual are long",
        read=sentiment.accounts,
    ),
    SentimentPartSpec(
        name="premium",
        weight=0.15,
        unit="bp",
        scale=5.0,
        bullish="on average, mark prices are above their indices",
        bearish="on average, mark prices are below their indices",
        read=sentiment.premium,
        max_reading=25.0,
    ),
)


def market_sentiment(
    tickers: Mapping[str, Ticker],
    inputs: Sequence[SymbolInputs],
    now_ms: int,
    caches: Mapping[str, CandleReadingsCache] = MappingProxyType({}),
) -> MarketSentiment:
    """Return the market's sentiment at `now_ms` (epoch ms, the exchange's clock).

    `tickers` are those of the whole venue. They are empty when many are unusable, as for `overview`. `inputs` are those of
    the tracked symbols. A figure is None when its inputs are missing. Bad data of one symbol affects only that symbol.
    `caches` are those of the scores, by symbol. The result is identical with and without them.

    gauge: 0-100, see the module. funding_mean_day_percent (weighted by turnover) and funding_median_day_percent: over all
    tickers whose funding interval is known, percent a day. open_interest_usd: the sum of open interest times last price.
    open_interest_change_percent: over 4 hours, both ends at today's prices. long_short_median: longs per short, above 0.
    long_accounts_percent: 0-100, mean weighted by turnover. premium_median_bp: 10,000 log(mark / index). Units and ranges
    are as in sentiment.proto. (Own definition.)"""
    contexts = [_context(one, now_ms, caches.get(one.symbol)) for one in inputs]
    weights = [_turnover(one) for one in inputs]
    breadth = breadth_of(np.array(list(traded_changes(tickers).values())))
    rates = [
        (r, t.turnover_24h or 0.0) for t in tickers.values() if (r := t.daily_funding_rate) is not None and math.isfinite(r)
    ]
    mean, median = _scaled(100, _weighted_mean(rates)), _scaled(100, _median([rate for rate, _ in rates]))
    ratios = [(r, w) for i, w in zip(inputs, weights, strict=True) if (r := _long_short_ratio(i)) is not None]
    premiums = [math.log(t.mark / t.index) * 1e4 for t in tickers.values() if t.mark is not None and t.index is not None]
    interests = [t.open_interest * t.last for t in tickers.values() if t.open_interest is not None]
    return MarketSentiment(
        gauge=_gauge([_measure(spec, breadth, contexts, weights) for spec in PARTS]),
        breadth=breadth,
        funding_mean_day_percent=mean,
        funding_median_day_percent=median,
        open_interest_usd=math.fsum(interests) if interests else None,
        open_interest_change_percent=_open_interest_change(inputs),
        long_short_median=_exp(_median([math.log(ratio) for ratio, _ in ratios])),
        long_accounts_percent=_scaled(100, _weighted_mean([(r / (1 + r), w) for r, w in ratios])),
        premium_median_bp=_median(premiums),
    )


def _gauge(results: Sequence[ComponentResult | Component]) -> Dimension:
    """Return the gauge from its parts. Below MIN_COVERAGE the parts are listed, but there is no score."""
    missing = tuple(result.name for result in results if isinstance(result, Component))
    return aggregate_dimension(DimensionKind.SENTIMENT, results, missing, 1.0, min_coverage=MIN_COVERAGE, subject=SUBJECT)


def _measure(
    spec: SentimentPartSpec, breadth: Breadth | None, contexts: Sequence[SymbolContext], weights: Sequence[float]
) -> ComponentResult | Component:
    """Return the result of one part: its reading, or the reason why it is missing. `weights` are the symbols' turnovers."""
    if spec.read is None:
        count = 0 if breadth is None else breadth.up + breadth.down + breadth.flat
        if breadth is None or count < MIN_SYMBOLS:
            return missing_component(spec, _too_few(count))
        reading, confidence = (breadth.up - breadth.down) / count, sample_confidence(count, MIN_SYMBOLS)
    else:
        readings = [
            (r, c, w)
            for context, w in zip(contexts, weights, strict=True)
            if w > 0
            for r, c in _read(spec, context)
            if c > 0
        ]
        if len(readings) < MIN_SYMBOLS:
            return missing_component(spec, _too_few(len(readings)))
        turnover, strength = math.fsum(w for _, _, w in readings), math.fsum(c * w for _, c, w in readings)
        limited = ((max(-spec.max_reading, min(spec.max_reading, r)), c, w) for r, c, w in readings)
        reading = math.fsum(r * c * w for r, c, w in limited) / strength
        confidence = strength / turnover * len(readings) / len(contexts)
    return ComponentResult(
        spec=spec,
        name=spec.name,
        timeframe="",
        weight=spec.weight,
        direction=spec.direction(reading),
        confidence=confidence,
        reading=reading,
    )


def _too_few(count: int) -> str:
    return f"needs {MIN_SYMBOLS} symbols, has {count}"


def _read(spec: SentimentPartSpec, context: SymbolContext) -> list[tuple[float, float]]:
    """Return one symbol's (reading, confidence) as a list, empty when it could not be measured."""
    try:
        reading, confidence = spec.read(context) if spec.read is not None else (math.nan, 0.0)
    except (NotMeasured, *READING_ERRORS):
        return []
    return [(reading, confidence)] if math.isfinite(reading) and math.isfinite(confidence) else []


def _context(inputs: SymbolInputs, now_ms: int, cache: CandleReadingsCache | None) -> SymbolContext:
    """Return the symbol's context with its 5m bars. The price move that is compared with open interest uses these bars."""
    candles = inputs.candles.get(Timeframe.M5)
    if candles is None or inputs.open_interest is None:
        return SymbolContext(inputs, now_ms, {}, cache=cache)
    known = None if cache is None else cache.readings({Timeframe.M5: candles}, now_ms).get(Timeframe.M5)
    bars = known.bars if known is not None and known.bars is not None else closed_bars(candles, now_ms)
    return SymbolContext(inputs, now_ms, {} if bars is None else {Timeframe.M5: bars}, cache=cache)


def _turnover(inputs: SymbolInputs) -> float:
    turnover = None if inputs.ticker is None else inputs.ticker.turnover_24h
    return turnover if turnover is not None and math.isfinite(turnover) else 0.0


def _long_short_ratio(inputs: SymbolInputs) -> float | None:
    series = inputs.long_short
    newest = float(series.values[-1]) if series is not None and len(series.values) else 0.0
    return newest if 0 < newest < math.inf else None


def interest_change(series: TimeSeries | None) -> tuple[float, float]:
    """Return the open interest (now, 4 hours ago), both above 0. Return (0, 0) when the series does not cover 4 hours."""
    if series is None or not len(series.values):
        return 0.0, 0.0
    begin = int(np.searchsorted(series.time_ms, series.time_ms[-1] - INTEREST_WINDOW_MS, side="right")) - 1
    newest, former = float(series.values[-1]), float(series.values[begin])
    return (newest, former) if begin >= 0 and 0 < newest < math.inf and 0 < former < math.inf else (0.0, 0.0)


def _open_interest_change(inputs: Sequence[SymbolInputs]) -> float | None:
    """Return 100 (value of positions now / 4 hours ago - 1), both at today's prices. The sums use the symbols whose series
    cover 4 hours. None with fewer than 5 such symbols."""
    now, before = [], []
    for one in inputs:
        newest, former = interest_change(one.open_interest)
        if former and one.ticker is not None:
            now.append(one.ticker.last * newest)
            before.append(one.ticker.last * former)
    return 100 * (math.fsum(now) / math.fsum(before) - 1) if len(before) >= MIN_SYMBOLS else None


def _weighted_mean(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the weighted mean of (value, weight) pairs, or None when the weights add up to 0."""
    total = math.fsum(w for _, w in pairs if math.isfinite(w))
    return math.fsum(v * w for v, w in pairs if math.isfinite(w)) / total if total > 0 else None


def _median(values: Sequence[float]) -> float | None:
    array: Floats = np.array(values)
    return float(np.median(array)) if len(array) else None


def _scaled(factor: float, value: float | None) -> float | None:
    return None if value is None else factor * value


def _exp(value: float | None) -> float | None:
    return None if value is None else math.exp(value)
