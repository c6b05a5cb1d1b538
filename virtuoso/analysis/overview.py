"""Key figures of the whole market. This is the package's entry point for the market."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis import regime
from virtuoso.analysis.bars import ACTIVITY_BARS, YEAR_MS, Bars, Rows, closed_bar_count, closed_bars
from virtuoso.analysis.ta_lib import EMA
from virtuoso.domain.model import (
    ANCHOR,
    Breadth,
    Candles,
    Dominance,
    DominanceBasis,
    Overview,
    RegimeInputs,
    RegimeState,
    Ticker,
    Timeframe,
)

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

MIN_SYMBOLS = 5
TREND_WEIGHTS = {Timeframe.M30: 0.5, Timeframe.H4: 0.5}
SLOPE_BARS = 10
MIN_RETURNS_SHARE = 0.9


def overview(
    tickers: Mapping[str, Ticker],
    anchor_candles: Mapping[Timeframe, Candles],
    dominance: Dominance | None,
    previous: RegimeState | None,
    now_ms: int,
) -> Overview:
    """Return the market at `now_ms` (epoch ms) from the tickers of the whole venue and BTC's candles.

    `dominance` is BTC's share of market capitalisation. Without it, the result contains the share of turnover, with a basis
    of TURNOVER. `previous` is the regime state of the previous pass. A figure is None when its inputs are missing, or BTC
    hardly trades or moves. Bad candles never raise an exception.

    regime: see `regime`. trend_strength: BTC's ADX-14 of 30m bars, 0-100 (Wilder 1978). volatility_percent: BTC's realised
    volatility of a day, 100 sqrt(mean of squared 5m log returns * bars per year), percent per year. dispersion_percent: the
    standard deviation (ddof 0) of the 24-hour changes of at least 5 markets, percentage points. breadth: the numbers of
    markets that rise, fall and do not move. Both are of the markets with turnover. dominance: percent. total_turnover: sum
    of 24-hour turnovers, USDT."""
    closed = {t: b for t, c in anchor_candles.items() if (b := closed_bars(c, now_ms)) is not None}
    bars = {t: b for t, b in closed.items() if _is_active(b)}
    changes = traded_changes(tickers)
    moves = np.array(list(changes.values()))
    # the few bars since a gap do not show whether the market is active
    readable = {t: anchor_candles[t] for t, b in closed.items() if t in bars or b.count < ACTIVITY_BARS}
    usual = _volatility(readable.get(Timeframe.H4), 180, now_ms)
    recent = _volatility(readable.get(Timeframe.M30), 48, now_ms)
    ratio = recent / usual if recent is not None and usual is not None and usual > 0 else None
    inputs = _regime_inputs(tickers, changes, moves, _trend(bars), ratio)
    by_regime = regime.strengths(inputs)
    state = confidence = None
    if by_regime is not None:
        preferred = regime.preferred_regime(by_regime, previous.regime if previous else None)
        state = regime.advance(previous, preferred, now_ms)
        confidence = regime.confidence(inputs, by_regime, state, now_ms)
    turnovers = [t.turnover_24h for t in tickers.values() if t.turnover_24h is not None and math.isfinite(t.turnover_24h)]
    return Overview(
        regime=state,
        regime_confidence=confidence,
        regime_inputs=inputs,
        trend_strength=_trend_strength(bars.get(Timeframe.M30)),
        volatility_percent=_volatility(readable.get(Timeframe.M5), 288, now_ms),
        dispersion_percent=inputs.dispersion_percent,
        breadth=breadth_of(moves),
        dominance=dominance or _turnover_share(tickers, turnovers),
        total_turnover=math.fsum(turnovers) if turnovers else None,
    )


def _is_active(bars: Bars) -> bool:
    """Return True if the bars trade and move enough for a reading."""
    return not Rows.latest([bars]).activity.too_low[0]


def traded_changes(tickers: Mapping[str, Ticker]) -> dict[str, float]:
    """Return the 24-hour change of each market with turnover, percent. The price of a market without turnover is old."""
    return {
        symbol: change
        for symbol, ticker in tickers.items()
        if ticker.turnover_24h
        and (change := ticker.change_24h_percent) is not None
        and math.isfinite(change + ticker.turnover_24h)
    }


def breadth_of(moves: Floats) -> Breadth | None:
    """Return the numbers of rises, falls and unchanged values. None without any value."""
    if not len(moves):
        return None
    return Breadth(up=int((moves > 0).sum()), down=int((moves < 0).sum()), flat=int((moves == 0).sum()))


def _regime_inputs(
    tickers: Mapping[str, Ticker], changes: Mapping[str, float], moves: Floats, trend: float | None, ratio: float | None
) -> RegimeInputs:
    """Return the inputs of the regime. The inputs for the whole market need at least 5 symbols. `trend` and `ratio` are
    BTC's trend and its volatility ratio."""
    if len(changes) < MIN_SYMBOLS:
        return RegimeInputs(btc_trend=trend, btc_volatility_ratio=ratio)
    weights = np.array([tickers[s].turnover_24h or 0.0 for s in changes])
    alts = [c for s, c in changes.items() if s != ANCHOR]
    return RegimeInputs(
        mean_move_percent=float(weights @ moves / weights.sum()) if weights.sum() > 0 else None,
        breadth=float(np.sign(moves).mean()),
        btc_trend=trend,
        dispersion_percent=float(moves.std()),
        btc_volatility_ratio=ratio,
        alts_against_btc_percent=float(np.median(alts)) - changes[ANCHOR] if ANCHOR in changes else None,
    )


def _trend(bars: Mapping[Timeframe, Bars]) -> float | None:
    """Return BTC's trend, -1..1: the mean of its trends on 30m and 4h bars. A missing one is left out. None if both are
    missing."""
    parts = [
        (weight, trend)
        for timeframe, weight in TREND_WEIGHTS.items()
        if (one := bars.get(timeframe)) is not None and (trend := _timeframe_trend(one)) is not None
    ]
    return math.fsum(w * v for w, v in parts) / math.fsum(w for w, _ in parts) if parts else None


def _timeframe_trend(bars: Bars) -> float | None:
    """Return the trend of one timeframe, -1..1. It is the mean of (+DI - -DI) / (+DI + -DI) * ADX / (ADX + 20) and of tanh
    of the rise of EMA-50 over 10 bars in ATR-14. None with fewer than 61 bars, or where nothing moves."""
    if bars.count < 50 + SLOPE_BARS + 1:
        return None
    plus, minus, strength, atr = (float(v[-1]) for v in (bars.plus_di, bars.minus_di, bars.adx, bars.atr))
    average = EMA(bars.close, 50)
    if not (plus + minus > 0 and math.isfinite(atr)):
        return None
    directed = (plus - minus) / (plus + minus) * strength / (strength + 20)
    return (directed + math.tanh(float(average[-1] - average[-1 - SLOPE_BARS]) / atr)) / 2


def _trend_strength(bars: Bars | None) -> float | None:
    """Return ADX-14, 0-100. None with fewer than 100 bars, or where nothing moves."""
    if bars is None or bars.count < 100 or not math.isfinite(bars.atr[-1]):
        return None
    return min(100.0, max(0.0, float(bars.adx[-1])))


def _volatility(candles: Candles | None, returns: int, now_ms: int) -> float | None:
    """Return the realised volatility of the last `returns` log returns, percent per year:
    100 sqrt(mean(r^2) * bars per year). Returns across a gap are left out. None with fewer than 90 % of the returns."""
    if candles is None:
        return None
    span, end = candles.timeframe.ms, closed_bar_count(candles, now_ms)
    first = int(np.searchsorted(candles.open_ms, candles.open_ms[end - 1] - returns * span))
    opens, closes = candles.open_ms[first:end], candles.close[first:end]
    with np.errstate(all="ignore"):
        steps = np.diff(np.log(closes))[np.diff(opens) == span]
    steps = steps[np.isfinite(steps)]
    if len(steps) < MIN_RETURNS_SHARE * returns:
        return None
    return 100 * math.sqrt(float(steps @ steps) / len(steps) * YEAR_MS / span)


def _turnover_share(tickers: Mapping[str, Ticker], turnovers: Sequence[float]) -> Dominance | None:
    """Return BTC's share of the venue's turnover. None when either turnover is missing or the sum is 0."""
    anchor, total = tickers.get(ANCHOR), math.fsum(turnovers)
    if anchor is None or anchor.turnover_24h is None or not math.isfinite(anchor.turnover_24h) or not total > 0:
        return None
    return Dominance(
        percent=100 * anchor.turnover_24h / total, basis=DominanceBasis.TURNOVER, observed_ms=anchor.stamp.observed_ms
    )
