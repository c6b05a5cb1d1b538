"""Technical: is the price being pushed, and which way? Indicators on log prices, per timeframe.

All are read as momentum: an RSI of 80 is bullish, because over minutes to hours strength tends to go on more than it
turns, and because a map that turned over at 70 would jump. Each function takes bars and gives (readings, confidences) at
the last `bars.tail` bars. Absent (NaN) where the window did not move: TA-Lib answers 0 there, which is not a reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import talib

from virtuoso.analysis.bars import FLAT, Bars
from virtuoso.analysis.gauges import BarGauge

if TYPE_CHECKING:
    from virtuoso.model import Floats


def _moved(high: Floats, low: Floats, width: int, tail: int) -> Floats:
    """1 where the highest high and lowest low of the last `width` bars differ, else NaN."""
    reach = talib.MAX(high, width)[-tail:] - talib.MIN(low, width)[-tail:]
    return np.where(reach > FLAT, 1.0, np.nan)


def rsi(bars: Bars) -> tuple[Floats, float]:
    """Wilder's relative strength index over 14 bars, 0-100 (TA-Lib RSI of log closes)."""
    return talib.RSI(bars.close, 14)[-bars.tail :] * _moved(bars.close, bars.close, 15, bars.tail), 1.0


def macd(bars: Bars) -> tuple[Floats, float]:
    """MACD histogram (12, 26, 9) of log closes over ATR-14: in ATR, so that cheap and dear coins read alike."""
    return talib.MACD(bars.close, 12, 26, 9)[2][-bars.tail :] / bars.atr, 1.0


def adx(bars: Bars) -> tuple[Floats, Floats]:
    """(+DI - -DI) / (+DI + -DI) over 14 bars, -1..1; ADX, the strength of the trend, is the confidence: ADX / (ADX + 20)."""
    tail, high, low, close = bars.tail, bars.high, bars.low, bars.close
    plus, minus = talib.PLUS_DI(high, low, close, 14)[-tail:], talib.MINUS_DI(high, low, close, 14)[-tail:]
    strength = talib.ADX(high, low, close, 14)[-tail:]
    return (plus - minus) / (plus + minus) * _moved(high, low, 15, tail), strength / (strength + 20)


def awesome_oscillator(bars: Bars) -> tuple[Floats, float]:
    """Mean of the last 5 median prices less that of the last 34 (Bill Williams), log, over ATR-14."""
    gap = talib.SMA(bars.median, 5)[-bars.tail :] - talib.SMA(bars.median, 34)[-bars.tail :]
    return gap / bars.atr, 1.0


def williams_r(bars: Bars) -> tuple[Floats, float]:
    """Williams %R over 14 bars, -100 (at the low) to 0 (at the high) (TA-Lib WILLR of log prices)."""
    reading = talib.WILLR(bars.high, bars.low, bars.close, 14)[-bars.tail :]
    return reading * _moved(bars.high, bars.low, 14, bars.tail), 1.0


def cci(bars: Bars) -> tuple[Floats, float]:
    """Commodity channel index over 20 bars (Lambert): distance of the log typical price from its mean over 0.015 mean
    deviations (TA-Lib CCI)."""
    typical, last = bars.typical, slice(-bars.tail - 19, None)  # enough: it looks at 20 bars and is slow on all of them
    reading = talib.CCI(bars.high[last], bars.low[last], bars.close[last], 20)[-bars.tail :]
    return reading * _moved(typical, typical, 20, bars.tail), 1.0


GAUGES = (
    BarGauge("rsi", 0.20, "", 20.0, "gains outweigh losses", "losses outweigh gains", centre=50.0, need=16, read=rsi),
    BarGauge("macd", 0.20, "ATR", 0.30, "momentum builds upwards", "momentum builds downwards", need=34, read=macd),
    BarGauge("adx", 0.20, "ratio", 0.60, "the trend points up", "the trend points down", need=29, read=adx),
    BarGauge(
        "awesome_oscillator",
        0.12,
        "ATR",
        1.8,
        "the short average runs above the long one",
        "the short average runs below the long one",
        need=34,
        read=awesome_oscillator,
    ),
    BarGauge(
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
    BarGauge("cci", 0.16, "", 140.0, "price runs above its mean", "price runs below its mean", need=20, read=cci),
)
