"""The mood of the whole market: how many rise, what positions pay, who holds them, and one gauge of it all.

The gauge runs from 0 (fear) to 100 (greed), 50 between. It describes the crowd and predicts nothing: longs who pay dearly
are greed here, while in a symbol's own `sentiment` they speak against it. Its parts are composed as every dimension is (see
`composition`): direction = tanh(reading / scale), gauge = 50 + the sum of contributions, what is missing is named, and below
40 % coverage there is no gauge. A reflected market has the gauge 100 - g; scaling prices or volumes changes nothing.

Parts beside breadth are means of the readings that each tracked symbol's own sentiment shows, weighted by turnover and
confidence, each cut off at 4 deviations so that one market cannot be the crowd. A part needs 5 symbols.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis import aggregation, sentiment
from virtuoso.analysis.aggregation import ComponentResult
from virtuoso.analysis.bars import Bars, closed_by
from virtuoso.analysis.components import READING_ERRORS, Absent, ComponentSpec, plenty
from virtuoso.analysis.symbol_context import MOVES_MS, SymbolContext
from virtuoso.domain.model import Breadth, Dimension, DimensionKind, SymbolInputs, Ticker, Timeframe
from virtuoso.domain.records import MarketSentiment

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

LEAST_SYMBOLS = 5  # fewer are no crowd
LEAST_COVERAGE = 0.4
MOST = 4.0  # deviations (or as many scales of a premium) that one symbol may add


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentPartSpec(ComponentSpec):
    """A part of the mood: `read` of each tracked symbol; None: breadth, which is of the venue. `most`: where a symbol's
    reading is cut off, in `unit`."""

    read: Callable[[SymbolContext], tuple[float, float]] | None = None
    most: float = MOST


BREADTH = SentimentPartSpec("breadth", 0.30, "share", 0.5, "more markets rise than fall", "more markets fall than rise")
GAUGES = (
    BREADTH,
    SentimentPartSpec(
        "funding", 0.20, "deviations", 1.2, "longs pay more than usual", "longs pay less than usual", read=sentiment.funding
    ),
    SentimentPartSpec(
        "open_interest",
        0.20,
        "deviations",
        1.0,
        "positions grow with rises or shrink with falls",
        "positions grow with falls or shrink with rises",
        read=sentiment.open_interest,
    ),
    SentimentPartSpec(
        "accounts",
        0.15,
        "deviations",
        1.2,
        "more accounts than usual are long",
        "fewer accounts than usual are long",
        read=sentiment.accounts,
    ),
    SentimentPartSpec(
        "premium",
        0.15,
        "bp",
        5.0,
        "perpetuals trade above their index",
        "perpetuals trade below their index",
        read=sentiment.premium,
        most=25.0,
    ),
)


def crowd(tickers: Mapping[str, Ticker], inputs: Sequence[SymbolInputs], now_ms: int) -> MarketSentiment:
    """The mood at `now_ms` (epoch ms, the exchange's clock) from the tickers of the whole venue (empty when many are
    unusable, as for `overview`) and what is known of the tracked symbols. Every figure is absent when its inputs are; bad
    data of one symbol costs that symbol.

    gauge: 0-100, see the module; the law of `composition`. funding: mean weighted by turnover, and median, of all tickers,
    percent an interval. open_interest_usd: sum of open interest times last price. open_interest_change_percent: over 4
    hours, both ends at today's prices. long_short_median: longs for a short, above 0; long_accounts_percent: 0-100, mean
    weighted by turnover. premium_median_bp: 10,000 log(mark / index). Units and ranges as in sentiment.proto. (Ours.)"""
    moments = [_moment(one, now_ms) for one in inputs]
    weights = [_turnover(one) for one in inputs]
    moves = [t.change_24h_percent for t in tickers.values() if _known(t.change_24h_percent)]
    breadth = None
    if moves:
        up, down = (sum(sign * (m or 0.0) > 0 for m in moves) for sign in (1, -1))
        breadth = Breadth(up=up, down=down, flat=len(moves) - up - down)
    rates = [(t.funding_rate or 0.0, t.turnover_24h or 0.0) for t in tickers.values() if _known(t.funding_rate)]
    ratios = [(r, w) for i, w in zip(inputs, weights, strict=True) if (r := _ratio(i)) is not None]
    premiums = [math.log(t.mark / t.index) * 1e4 for t in tickers.values() if t.mark is not None and t.index is not None]
    interests = [t.open_interest * t.last for t in tickers.values() if t.open_interest is not None]
    return MarketSentiment(
        gauge=_gauge([_entry(g, breadth, moments, weights) for g in GAUGES]),
        breadth=breadth,
        funding_mean_percent=_times(100, _mean(rates)),
        funding_median_percent=_times(100, _median([r for r, _ in rates])),
        open_interest_usd=math.fsum(interests) if interests else None,
        open_interest_change_percent=_interest_change(inputs),
        long_short_median=_exp(_median([math.log(r) for r, _ in ratios])),
        long_accounts_percent=_times(100, _mean([(r / (1 + r), w) for r, w in ratios])),
        premium_median_bp=_median(premiums),
    )


# ----------------------------------------------------------------------------------------------------------- the gauge


def _gauge(entries: Sequence[ComponentResult]) -> Dimension:
    """The parts composed; without enough of them they are shown and there is no gauge."""
    missing = tuple(e.name for e in entries if e.missing)
    return aggregation.dimension(DimensionKind.SENTIMENT, entries, missing, 1.0, LEAST_COVERAGE)


def _entry(
    gauge: SentimentPartSpec, breadth: Breadth | None, moments: Sequence[SymbolContext], weights: Sequence[float]
) -> ComponentResult:
    """One part, read or explained."""
    if gauge.read is None:
        count = 0 if breadth is None else breadth.up + breadth.down + breadth.flat
        if breadth is None or count < LEAST_SYMBOLS:
            return aggregation.absent(gauge, gauge.name, "", gauge.weight, _too_few(count))
        reading, confidence = (breadth.up - breadth.down) / count, plenty(count, LEAST_SYMBOLS)
    else:
        found = [(r, c, w) for m, w in zip(moments, weights, strict=True) for r, c in _read(gauge, m) if c > 0 and w > 0]
        if len(found) < LEAST_SYMBOLS:
            return aggregation.absent(gauge, gauge.name, "", gauge.weight, _too_few(len(found)))
        whole, sure = math.fsum(w for _, _, w in found), math.fsum(c * w for _, c, w in found)
        reading = math.fsum(max(-gauge.most, min(gauge.most, r)) * c * w for r, c, w in found) / sure
        confidence = sure / whole * len(found) / len(moments)
    return ComponentResult(gauge, gauge.name, "", gauge.weight, math.tanh(reading / gauge.scale), confidence, reading, "")


def _too_few(count: int) -> str:
    return f"needs {LEAST_SYMBOLS} symbols, has {count}"


def _read(gauge: SentimentPartSpec, moment: SymbolContext) -> list[tuple[float, float]]:
    """One symbol's reading, or none."""
    try:
        reading, confidence = gauge.read(moment) if gauge.read is not None else (math.nan, 0.0)
    except (Absent, *READING_ERRORS):
        return []
    return [(reading, confidence)] if math.isfinite(reading) and math.isfinite(confidence) else []


def _moment(inputs: SymbolInputs, now_ms: int) -> SymbolContext:
    """With the 5m bars that open interest is signed by."""
    candles = inputs.candles.get(Timeframe.M5)
    try:
        bars = {} if candles is None else {Timeframe.M5: Bars(candles, end=closed_by(candles, now_ms))}
    except READING_ERRORS:
        bars = {}
    return SymbolContext(inputs, now_ms, bars)


# ---------------------------------------------------------------------------------------------------------- the figures


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _turnover(inputs: SymbolInputs) -> float:
    turnover = None if inputs.ticker is None else inputs.ticker.turnover_24h
    return turnover if turnover is not None and math.isfinite(turnover) else 0.0


def _ratio(inputs: SymbolInputs) -> float | None:
    series = inputs.long_short
    newest = float(series.values[-1]) if series is not None and len(series.values) else 0.0
    return newest if 0 < newest < math.inf else None


def _interest_change(inputs: Sequence[SymbolInputs]) -> float | None:
    """100 (sum of positions now / sum of positions 4 hours ago - 1), both at today's prices, over the symbols whose series
    reach so far back; None with fewer than 5."""
    now, then = [], []
    for one in inputs:
        series = one.open_interest
        if series is None or one.ticker is None or not len(series.values):
            continue
        begin = int(np.searchsorted(series.time_ms, series.time_ms[-1] - MOVES_MS, side="right")) - 1
        newest, former = float(series.values[-1]), float(series.values[begin])
        if begin >= 0 and 0 < newest < math.inf and 0 < former < math.inf:
            now.append(one.ticker.last * newest)
            then.append(one.ticker.last * former)
    whole = math.fsum(then)
    return 100 * (math.fsum(now) / whole - 1) if len(then) >= LEAST_SYMBOLS else None


def _mean(weighted: Sequence[tuple[float, float]]) -> float | None:
    """Of (value, weight); None without any weight."""
    whole = math.fsum(w for _, w in weighted if math.isfinite(w))
    return math.fsum(v * w for v, w in weighted if math.isfinite(w)) / whole if whole > 0 else None


def _median(values: Sequence[float]) -> float | None:
    array: Floats = np.array(values)
    return float(np.median(array)) if len(array) else None


def _times(factor: float, value: float | None) -> float | None:
    return None if value is None else factor * value


def _exp(value: float | None) -> float | None:
    return None if value is None else math.exp(value)
