"""Technical: the direction and the strength of price moves. Indicators on log prices, for each timeframe.

Every indicator is interpreted as momentum: strength is bullish, so an RSI of 80 is bullish. This is an assumption of the
model, and `virtuoso evaluate` tests it. A reading has no turning point at 70 or 80, because its direction would jump there.

Each function returns (readings, confidences) of shape (rows,). NaN means not measured. TA-Lib returns 0 where the window did
not move; such a value becomes NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.bars import FLAT, Rows
from virtuoso.analysis.components import CandleComponentSpec

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats


def _nonzero(spread: Floats) -> Floats:
    """Return the spread of each window, or NaN where it is not above FLAT."""
    return np.where(spread > FLAT, spread, np.nan)


def rsi(rows: Rows) -> tuple[Floats, float]:
    """Return the relative strength index over 14 bars, 0-100: 100 U / (U + D), where U and D are Wilder's means of the rises
    and falls of log closes. NaN when the last 15 closes are equal, and with fewer than 16 bars. (Wilder 1978; TA-Lib
    RSI.)"""
    closes = rows.close[:, -15:]
    moved = closes.max(axis=1) - closes.min(axis=1) > FLAT
    return np.where(moved, rows.indicator("rsi"), np.nan), 1.0


def macd(rows: Rows) -> tuple[Floats, float]:
    """Return the MACD histogram in ATR-14, rarely beyond -1..1: EMA-12 minus EMA-26 of log closes, minus the EMA-9 of that
    difference. The division by ATR makes all markets comparable. NaN where nothing moves, and with fewer than 34 bars.
    (Appel 1979; TA-Lib MACD.)"""
    return rows.indicator("macd") / rows.atr, 1.0


def adx(rows: Rows) -> tuple[Floats, Floats]:
    """Return (+DI - -DI) / (+DI + -DI) over 14 bars of log prices, -1..1. The confidence is ADX / (ADX + 20), where ADX is
    the strength of the trend. NaN when 15 bars have no range, and with fewer than 29 bars. (Wilder 1978; TA-Lib PLUS_DI,
    MINUS_DI, ADX.)"""
    plus, minus, strength = rows.indicator("plus_di"), rows.indicator("minus_di"), rows.indicator("adx")
    moved = rows.high[:, -15:].max(axis=1) - rows.low[:, -15:].min(axis=1) > FLAT
    return np.where(moved, (plus - minus) / (plus + minus), np.nan), strength / (strength + 20)


def awesome_oscillator(rows: Rows) -> tuple[Floats, float]:
    """Return the mean of the last 5 median log prices (high + low) / 2 minus the mean of the last 34, in ATR-14; unbounded,
    rarely beyond -6..6. NaN where nothing moves, and with fewer than 34 bars. (Bill Williams 1998.)"""
    medians = rows.high[:, -34:] + rows.low[:, -34:]
    return (medians[:, -5:].sum(axis=1) / 10 - medians.sum(axis=1) / 68) / rows.atr, 1.0


def williams_r(rows: Rows) -> tuple[Floats, float]:
    """Return -100 (highest high - close) / (highest high - lowest low) over 14 bars of log prices, percent: -100 for a close
    at the low, 0 at the high. NaN when the range is zero, and with fewer than 15 bars. (Larry Williams 1979; TA-Lib
    WILLR.)"""
    top, bottom = rows.high[:, -14:].max(axis=1), rows.low[:, -14:].min(axis=1)
    return -100 * (top - rows.last_close) / _nonzero(top - bottom), 1.0


def cci(rows: Rows) -> tuple[Floats, float]:
    """Return the commodity channel index over 20 bars: (typical - mean) / (0.015 * mean absolute deviation) of log typical
    prices (high + low + close) / 3. It is a plain number, mostly -200..200, always within -667..667. NaN when typical prices
    are equal, and with fewer than 20 bars. (Lambert 1980; TA-Lib CCI.)"""
    typical = rows.typical_price[:, -20:]
    away = typical - typical.sum(axis=1, keepdims=True) / 20
    deviation = np.abs(away).sum(axis=1) / 20
    return away[:, -1] / (0.015 * _nonzero(deviation)), 1.0


COMPONENTS = (
    CandleComponentSpec(
        name="rsi",
        weight=0.20,
        unit="",
        scale=20.0,
        bullish="gains outweigh losses",
        bearish="losses outweigh gains",
        centre=50.0,
        min_bars=16,
        read=rsi,
    ),
    CandleComponentSpec(
        name="macd",
        weight=0.20,
        unit="ATR",
        scale=0.35,
        bullish="the MACD is above its average",
        bearish="the MACD is below its average",
        min_bars=34,
        read=macd,
    ),
    CandleComponentSpec(
        name="adx",
        weight=0.20,
        unit="ratio",
        scale=0.60,
        bullish="highs rise more than lows fall",
        bearish="lows fall more than highs rise",
        min_bars=29,
        read=adx,
    ),
    CandleComponentSpec(
        name="awesome_oscillator",
        weight=0.12,
        unit="ATR",
        scale=2.2,
        bullish="the short average is above the long one",
        bearish="the short average is below the long one",
        min_bars=34,
        read=awesome_oscillator,
    ),
    CandleComponentSpec(
        name="williams_r",
        weight=0.12,
        unit="percent",
        scale=55.0,
        bullish="the price is in the upper half of its recent range",
        bearish="the price is in the lower half of its recent range",
        centre=-50.0,
        min_bars=15,
        read=williams_r,
    ),
    CandleComponentSpec(
        name="cci",
        weight=0.16,
        unit="",
        scale=140.0,
        bullish="the typical price is above its mean",
        bearish="the typical price is below its mean",
        min_bars=20,
        read=cci,
    ),
)
