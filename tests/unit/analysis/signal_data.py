"""Test data for signals: scores, prices and bars near a price of 100, fixed or random."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from virtuoso.analysis.signal_rules import SignalRules
from virtuoso.analysis.signals import SignalInputs, SignalState, SignalStep, advance
from virtuoso.domain.model import (
    Candles,
    Confluence,
    Dimension,
    DimensionKind,
    Environment,
    Stamp,
    Ticker,
    Timeframe,
)
from virtuoso.domain.records import Side, Signal

MINUTE, FIVE, HOUR, DAY = 60_000, 300_000, 3_600_000, 86_400_000
START = 1_760_000_400_000 // HOUR * HOUR
AT_ONCE = SignalRules(stand_ms=0, settle_ms=0, max_gap_ms=HOUR)
EMPTY = SignalState(venue="bybit", environment=Environment.LIVE, model_version="v1", rules=AT_ONCE)
Bars = Mapping[Timeframe, Candles]


def scored(
    score: float | None, confidence: float = 0.8, symbol: str = "XUSDT", averaged_ms: int = 20 * MINUTE
) -> Confluence:
    points = {DimensionKind.ORDERFLOW: 0.7, DimensionKind.VOLUME: -0.1, DimensionKind.TECHNICAL: 0.4}
    whole = 0.0 if score is None else score - 50
    dimensions = tuple(
        Dimension(
            kind=k,
            weight=0.3,
            coverage=1.0,
            sentence="",
            components=(),
            score=50.0,
            direction=0.0,
            confidence=1.0,
            contribution=whole * share,
        )
        for k, share in points.items()
    )
    return Confluence(
        symbol=symbol,
        dimensions=dimensions,
        coverage=1.0,
        score=score,
        averaged_ms=averaged_ms,
        confidence=None if score is None else confidence,
    )


def ticker(last: float, now_ms: int, mark: float | None = None, symbol: str = "XUSDT") -> Ticker:
    return Ticker(
        symbol=symbol,
        last=last,
        stamp=Stamp(observed_ms=now_ms - 500, received_ms=now_ms),
        mark=last if mark is None else mark,
    )


def candles(timeframe: Timeframe, first_ms: int, rows: Sequence[tuple[float, float, float, float]]) -> Candles:
    o, h, l_, c = np.array(rows, dtype=np.float64).T
    times = first_ms + np.arange(len(rows), dtype=np.int64) * timeframe.ms
    stamp = Stamp(observed_ms=int(times[-1]) + timeframe.ms, received_ms=int(times[-1]) + timeframe.ms)
    return Candles(
        symbol="XUSDT",
        timeframe=timeframe,
        open_ms=times,
        open=o,
        high=h,
        low=l_,
        close=c,
        volume=np.ones(len(rows)),
        stamp=stamp,
    )


def minutes(rows: Sequence[tuple[float, float, float, float]], first_ms: int = START) -> Bars:
    return {Timeframe.M1: candles(Timeframe.M1, first_ms, rows)}


def half_hours(price: float = 100.0, scale: float = 0.004, until_ms: int = START, seed: int = 3) -> Candles:
    rng = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(rng.normal(0, scale, 120)))
    close *= price / close[-1]
    opened = np.concatenate((close[:1], close[:-1]))
    wick = np.exp(np.abs(rng.normal(0, scale / 2, (2, 120))))
    rows = np.stack((opened, np.maximum(opened, close) * wick[0], np.minimum(opened, close) / wick[1], close), axis=1)
    return candles(Timeframe.M30, until_ms - 120 * 30 * MINUTE, [(a, b, c, d) for a, b, c, d in rows.tolist()])


def advanced_at(
    score: float, now_ms: int = START, price: float = 100.0, state: SignalState = EMPTY, bars: Bars | None = None
) -> SignalStep:
    bars = {Timeframe.M30: half_hours(price, until_ms=now_ms), **minutes([flat(price)], now_ms - MINUTE), **(bars or {})}
    return advance(state, market_at(now_ms, scored(score), ticker(price, now_ms), bars))


def market_at(now_ms: int, score: Confluence, price: Ticker | None, bars: Bars | None) -> SignalInputs:
    """Return the market of one symbol."""
    return SignalInputs(
        now_ms=now_ms,
        scores={"XUSDT": score},
        prices={} if price is None else {"XUSDT": price},
        bars={} if bars is None else {"XUSDT": bars},
    )


def round_signal(side: Side = Side.LONG, opened_ms: int = START) -> Signal:
    """Return a signal with entry 100 and R = 1 %. These round numbers can be checked by hand."""
    sign = side.sign
    (opened,) = advanced_at(50 + 25 * sign, opened_ms).opened
    levels = [100 * math.exp(sign * r / 100) for r in (-1, 1.5, 3, 5)]
    return replace(opened, stop=levels[0], targets=tuple(levels[1:]), sizes=(0.5, 0.3, 0.2), chances=(0.5, 0.2, 0.1))


def flat(price: float = 100.0) -> tuple[float, float, float, float]:
    return price, price, price, price


def rough_bars(seed: int, count: int, scale: float = 0.004) -> list[tuple[float, float, float, float]]:
    """Return bars of a volatile market near 100, with gaps between them."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.standard_t(3, count) * scale / 2))
    opened = np.concatenate(([100.0], close[:-1])) * np.exp(
        np.where(rng.random(count) < 0.1, rng.normal(0, scale, count), 0)
    )
    wick = np.exp(np.abs(rng.normal(0, scale, (2, count))))
    rows = np.stack((opened, np.maximum(opened, close) * wick[0], np.minimum(opened, close) / wick[1], close), axis=1)
    return [(a, b, c, d) for a, b, c, d in rows.tolist()]
