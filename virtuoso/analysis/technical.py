"""Technical: is the price being pushed, and which way? Indicators on log prices, per timeframe.

All are read as momentum: an RSI of 80 is bullish, because over minutes to hours strength tends to go on more than it
turns, and because a map that turned over at 70 would jump. Each function gives (readings, confidences) of shape (rows,).
Absent (NaN) where the window did not move: TA-Lib answers 0 there, which is not a reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.bars import FLAT, Rows
from virtuoso.analysis.components import CandleComponentSpec

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats


def _or_nan(reach: Floats) -> Floats:
    """The reach of a window, NaN where it is none."""
    return np.where(reach > FLAT, reach, np.nan)


def rsi(rows: Rows) -> tuple[Floats, float]:
    """Relative strength index over 14 bars, 0-100: 100 U / (U + D), U and D Wilder's means of the rises and falls of log
    closes. Absent when the last 14 closes did not move, and before 16 bars. (Wilder 1978; TA-Lib RSI.)"""
    closes = rows.close[:, -15:]
    moved = closes.max(axis=1) - closes.min(axis=1) > FLAT
    return np.where(moved, rows.of("rsi"), np.nan), 1.0


def macd(rows: Rows) -> tuple[Floats, float]:
    """MACD histogram over ATR-14, in ATR, so that cheap and dear coins read alike; seldom beyond -1..1. The histogram is
    EMA-12 less EMA-26 of log closes, less the EMA-9 of that. Absent where nothing moves, and before 34 bars. (Appel 1979;
    TA-Lib MACD.)"""
    return rows.of("macd") / rows.atr, 1.0


def adx(rows: Rows) -> tuple[Floats, Floats]:
    """(+DI - -DI) / (+DI + -DI) over 14 bars of log prices, -1..1; ADX, the strength of the trend, is the confidence:
    ADX / (ADX + 20). Absent when highs and lows of 15 bars are one, and before 29 bars. (Wilder 1978; TA-Lib PLUS_DI,
    MINUS_DI, ADX.)"""
    plus, minus, strength = rows.of("plus_di"), rows.of("minus_di"), rows.of("adx")
    moved = rows.high[:, -15:].max(axis=1) - rows.low[:, -15:].min(axis=1) > FLAT
    return np.where(moved, (plus - minus) / (plus + minus), np.nan), strength / (strength + 20)


def awesome_oscillator(rows: Rows) -> tuple[Floats, float]:
    """Mean of the last 5 median log prices (high + low) / 2 less that of the last 34, over ATR-14, in ATR; unbounded,
    seldom beyond -6..6. Absent where nothing moves, and before 34 bars. (Bill Williams 1998.)"""
    medians = rows.high[:, -34:] + rows.low[:, -34:]
    return (medians[:, -5:].sum(axis=1) / 10 - medians.sum(axis=1) / 68) / rows.atr, 1.0


def williams_r(rows: Rows) -> tuple[Floats, float]:
    """-100 (highest high - close) / (highest high - lowest low) over 14 bars of log prices: percent, -100 (close at the
    low) to 0 (at the high). Absent when the range is none, and before 15 bars. (Larry Williams 1979; TA-Lib WILLR.)"""
    top, bottom = rows.high[:, -14:].max(axis=1), rows.low[:, -14:].min(axis=1)
    return -100 * (top - rows.last) / _or_nan(top - bottom), 1.0


def cci(rows: Rows) -> tuple[Floats, float]:
    """Commodity channel index over 20 bars: (typical - mean) / (0.015 x mean absolute deviation) of log typical prices
    (high + low + close) / 3; a plain number, unbounded, mostly -200..200, at most 667 either way. Absent when they do not
    deviate, and before 20 bars. (Lambert 1980; TA-Lib CCI.)"""
    typical = rows.typical[:, -20:]
    away = typical - typical.sum(axis=1, keepdims=True) / 20
    deviation = np.abs(away).sum(axis=1) / 20
    return away[:, -1] / (0.015 * _or_nan(deviation)), 1.0


COMPONENTS = (
    CandleComponentSpec(
        "rsi", 0.20, "", 20.0, "gains outweigh losses", "losses outweigh gains", centre=50.0, need=16, read=rsi
    ),
    CandleComponentSpec(
        "macd", 0.20, "ATR", 0.35, "momentum builds upwards", "momentum builds downwards", need=34, read=macd
    ),
    CandleComponentSpec("adx", 0.20, "ratio", 0.60, "the trend points up", "the trend points down", need=29, read=adx),
    CandleComponentSpec(
        "awesome_oscillator",
        0.12,
        "ATR",
        2.2,
        "the short average runs above the long one",
        "the short average runs below the long one",
        need=34,
        read=awesome_oscillator,
    ),
    CandleComponentSpec(
        "williams_r",
        0.12,
        "percent",
        55.0,
        "price is near its recent high",
        "price is near its recent low",
        centre=-50.0,
        need=15,
        read=williams_r,
    ),
    CandleComponentSpec("cci", 0.16, "", 140.0, "price runs above its mean", "price runs below its mean", need=20, read=cci),
)
