"""The series of one market for the panes of a chart, from the inputs of its score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.liquidations import past_liquidations
from virtuoso.analysis.symbol_context import trades_since_ms
from virtuoso.domain.market_series import SERIES_STEP_MS, MarketSeries, SeriesKind, SeriesSource
from virtuoso.domain.model import DAY_MS, SymbolInputs, Timeframe

if TYPE_CHECKING:
    from virtuoso.domain.model import TimeSeries, Trades
    from virtuoso.domain.records import PastLiquidations

Deltas = Mapping[int, float]
"""Taker deltas of whole SERIES_STEP_MS, base units, by their start in epoch ms."""


def market_series(
    inputs: SymbolInputs, now_ms: int, deltas: Deltas, past: PastLiquidations | None
) -> tuple[MarketSeries, ...]:
    """Return one series of each kind. `deltas` are those of `received_deltas`. `past` are liquidations that an earlier
    collector knew."""
    return (
        _venue_history(SeriesKind.FUNDING_RATE, inputs.funding, 100.0),
        _venue_history(SeriesKind.OPEN_INTEREST, inputs.open_interest),
        _venue_history(SeriesKind.LONG_SHORT_RATIO, inputs.long_short),
        _taker_delta(inputs, deltas),
        *_liquidations(inputs, now_ms, past),
    )


def received_deltas(trades: Trades | None, known: Deltas) -> Deltas:
    """Return `known` and the deltas of the trades that were received, of the last 24 hours. A time in which a trade may be
    missing is left out."""
    if trades is None:
        return known
    end_ms = trades.stamp.observed_ms
    found = dict(known)
    first = -(-trades_since_ms(trades) // SERIES_STEP_MS)
    for start in range(first * SERIES_STEP_MS, end_ms - SERIES_STEP_MS + 1, SERIES_STEP_MS):
        inside = slice(*np.searchsorted(trades.time_ms, (start, start + SERIES_STEP_MS)).tolist())
        found[start] = float(trades.size[inside] @ trades.side[inside])
    return {start: delta for start, delta in sorted(found.items()) if start > end_ms - DAY_MS}


def _venue_history(kind: SeriesKind, series: TimeSeries | None, factor: float = 1.0) -> MarketSeries:
    if series is None or not len(series.values):
        return MarketSeries(kind=kind, missing="the venue gave no recent values")
    points = tuple(zip(series.time_ms.tolist(), (series.values * factor).tolist(), strict=True))
    source, observed_ms = SeriesSource.VENUE_HISTORY, series.stamp.observed_ms
    return MarketSeries(kind=kind, points=points, source=source, observed_ms=observed_ms)


def _taker_delta(inputs: SymbolInputs, deltas: Deltas) -> MarketSeries:
    kind, bars = SeriesKind.TAKER_DELTA, inputs.candles.get(Timeframe.M5)
    if bars is not None and bars.taker_buy is not None:
        values = 2 * bars.taker_buy - bars.volume
        known = np.isfinite(values)
        points = tuple(zip(bars.open_ms[known].tolist(), values[known].tolist(), strict=True))
        if points:
            source, observed_ms = SeriesSource.VENUE_BARS, bars.stamp.observed_ms
            return MarketSeries(kind=kind, points=points, source=source, observed_ms=observed_ms)
    if not deltas:
        return MarketSeries(kind=kind, missing="all trades of five whole minutes have not been received yet")
    newest_ms = max(deltas) + SERIES_STEP_MS
    return MarketSeries(kind=kind, points=tuple(deltas.items()), source=SeriesSource.TRADES, observed_ms=newest_ms)


def _liquidations(inputs: SymbolInputs, now_ms: int, past: PastLiquidations | None) -> tuple[MarketSeries, MarketSeries]:
    kinds = (SeriesKind.LONG_LIQUIDATIONS, SeriesKind.SHORT_LIQUIDATIONS)
    closed = inputs.liquidations
    if closed is None:
        long, short = (MarketSeries(kind=kind, missing="no stream of liquidations comes from the venue") for kind in kinds)
        return long, short
    sums = past_liquidations(closed, now_ms, past)
    first, last = -(-sums.since_ms // SERIES_STEP_MS), closed.stamp.observed_ms // SERIES_STEP_MS
    spans = [(number * SERIES_STEP_MS, sums.spans.get(number, (0.0, 0.0))) for number in range(first, last + 1)]
    if not spans:
        long, short = (
            MarketSeries(kind=kind, missing="the stream was watched for less than five minutes") for kind in kinds
        )
        return long, short
    long, short = (
        MarketSeries(
            kind=kind,
            points=tuple((start, both[index]) for start, both in spans),
            source=SeriesSource.LIQUIDATIONS,
            observed_ms=closed.stamp.observed_ms,
            lower_bound=sums.lower_bound,
        )
        for index, kind in enumerate(kinds)
    )
    return long, short
