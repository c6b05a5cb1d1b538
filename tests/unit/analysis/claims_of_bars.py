"""What each phrase about bars claims, computed without code of the package."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import talib

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats


class Bars(NamedTuple):
    """The last 300 closed bars: log prices and volumes."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    @property
    def typical(self) -> Floats:
        return (self.high + self.low + self.close) / 3

    @property
    def location(self) -> Floats:
        """Where each bar closed: -1 at its low, 1 at its high, 0 without a range."""
        spread = self.high - self.low
        return np.where(spread > 1e-9, (2 * self.close - self.high - self.low) / np.maximum(spread, 1e-9), 0.0)

    @property
    def upside_down(self) -> Bars:
        return Bars(-self.open, -self.low, -self.high, -self.close, self.volume)


def wilder_rsi(bars: Bars) -> float:
    steps = np.diff(bars.close)
    up, down = (np.maximum(sign * steps[:14], 0).mean() for sign in (1, -1))
    for step in steps[14:]:
        up, down = (13 * up + max(step, 0.0)) / 14, (13 * down + max(-step, 0.0)) / 14
    return float(up - down)


def signed_volume(bars: Bars, prices: Floats, count: int) -> Floats:
    change = np.diff(prices[-count - 1 :])
    return np.where(np.abs(change) > 1e-12, np.sign(change), 0.0) * bars.volume[-count:]


def trend_of_sum(values: Floats) -> float:
    return float(np.polyfit(np.arange(len(values)), np.cumsum(values), 1)[0])


def vwap(bars: Bars) -> float:
    return float(bars.close[-1] - np.average(bars.typical[-96:], weights=bars.volume[-96:]))


def profile(bars: Bars) -> float:
    """Return how far the close is above the middle between the point of control and the centre of the value area."""
    high, low, volume = bars.high[-120:], bars.low[-120:], bars.volume[-120:]
    size = (high.max() - low.min()) / 24
    edges = low.min() + size * (np.arange(26) - 0.5)
    running = np.array([(np.clip((e - low + size / 2) / (high - low + size), 0, 1) * volume).sum() for e in edges])
    filled = np.diff(running)
    control = edges[:-1][filled >= filled.max() - 1e-9 * running[-1]].mean() + size / 2
    lower, upper = np.interp(running[-1] * np.array((0.15, 0.85)), running, edges)
    return float(bars.close[-1] - (control + (lower + upper) / 2) / 2)


def swing_highs(bars: Bars, known_at: int) -> list[int]:
    high = bars.high
    return [
        i
        for i in range(max(3, len(high) - 240 + 3), known_at - 2)
        if all(high[i] > high[i - k] and high[i] >= high[i + k] for k in (1, 2, 3))
    ]


def swing_trend(bars: Bars, known_at: int | None = None) -> float:
    """Return the mean step from the swing before the last to the last, of highs and lows."""
    at = len(bars.high) - 1 if known_at is None else known_at
    steps = [np.diff(one.high[swing_highs(one, at)[-2:]]) for one in (bars, bars.upside_down)]
    return float(steps[0].item() - steps[1].item()) if all(map(len, steps)) else math.nan


def closed_above(bars: Bars, *, with_trend: bool) -> float:
    """Return how many of the last 24 bars closed above the last swing high, with the trend of the swings or against it."""
    count = 0
    for at in range(len(bars.close) - 24, len(bars.close)):
        highs = swing_highs(bars, at)
        if highs and bars.close[at] > bars.high[highs[-1]]:
            count += swing_trend(bars, at) * (1 if with_trend else -1) > 0
    return count


def averages(bars: Bars) -> float:
    """Return by how many of the gaps from close over EMA-20 and EMA-50 to EMA-200 the faster one is above the slower one. A
    gap counts at most 1."""
    atr = max(talib.ATR(bars.high, bars.low, bars.close, 14)[-1], smallest_step(bars))
    ages = np.arange(len(bars.close))[::-1]
    ema = [np.average(bars.close, weights=(1 - 2 / (span + 1)) ** ages) for span in (20, 50, 200)]
    gaps = -np.diff([bars.close[-1], *ema]) / atr
    return float(np.tanh(gaps / (1.5, 2.0, 4.0)).sum())


def smallest_step(bars: Bars) -> float:
    prices = np.array(bars[:4])
    apart = np.abs(np.concatenate([(prices[i] - prices[j]) for i in range(4) for j in range(i)] + [np.diff(bars.close)]))
    return float(apart[apart > 1e-9].min())


def room(bars: Bars) -> float:
    """Return how much nearer the next swing below is than the next one above."""
    at = len(bars.high) - 1
    levels = [*bars.high[swing_highs(bars, at)], *bars.low[swing_highs(bars.upside_down, at)]]
    above = [level - bars.close[-1] for level in levels if level > bars.close[-1]]
    below = [bars.close[-1] - level for level in levels if level < bars.close[-1]]
    return min(above, default=math.inf) - min(below, default=math.inf) if above or below else 0.0


def gaps_below(bars: Bars) -> float:
    lowest = np.minimum.accumulate(bars.low[::-1])[::-1]
    return float((lowest[-58:] > bars.high[-60:-2]).sum())


def demand_below(bars: Bars) -> float:
    """Return the number of falling bars before a rise of which a part was not traded through since."""
    count = 0
    for i in range(len(bars.close) - 60, len(bars.close) - 4):
        rise = bars.close[i] < bars.open[i] and bars.close[i + 3] > bars.high[i]
        count += rise and bars.low[i] < bars.low[i + 4 :].min()
    return count


BarClaim = Callable[[Bars], float]

CLAIMS: Mapping[tuple[str, str], BarClaim] = {
    ("gains outweigh losses", "losses outweigh gains"): wilder_rsi,
    ("the MACD is above its average", "the MACD is below its average"): (
        lambda bars: talib.MACD(bars.close, 12, 26, 9)[2][-1]
    ),
    ("highs rise more than lows fall", "lows fall more than highs rise"): (
        lambda bars: talib.PLUS_DM(bars.high, bars.low, 14)[-1] - talib.MINUS_DM(bars.high, bars.low, 14)[-1]
    ),
    ("the short average is above the long one", "the short average is below the long one"): (
        lambda bars: (bars.high + bars.low)[-5:].mean() - (bars.high + bars.low)[-34:].mean()
    ),
    ("the price is in the upper half of its recent range", "the price is in the lower half of its recent range"): (
        lambda bars: 2 * bars.close[-1] - bars.high[-14:].max() - bars.low[-14:].min()
    ),
    ("the typical price is above its mean", "the typical price is below its mean"): (
        lambda bars: bars.typical[-1] - bars.typical[-20:].mean()
    ),
    (
        "bars close in the upper half of their range, weighted by volume",
        "bars close in the lower half of their range, weighted by volume",
    ): lambda bars: (bars.location * bars.volume)[-20:].sum(),
    ("more volume is in rising bars than in falling ones", "more volume is in falling bars than in rising ones"): (
        lambda bars: signed_volume(bars, bars.typical, 14).sum()
    ),
    ("on-balance volume trends up", "on-balance volume trends down"): (
        lambda bars: trend_of_sum(signed_volume(bars, bars.close, 50))
    ),
    ("the accumulation line trends up", "the accumulation line trends down"): (
        lambda bars: trend_of_sum((bars.location * bars.volume)[-50:])
    ),
    (
        "the price is above its volume-weighted average",
        "the price is below its volume-weighted average",
    ): vwap,
    (
        "the price is above the middle of its volume profile",
        "the price is below the middle of its volume profile",
    ): profile,
    ("the last bars rose, weighted by volume", "the last bars fell, weighted by volume"): (
        lambda bars: ((bars.close - bars.open) * bars.volume)[-3:].sum()
    ),
    ("the last swing high and low rose on average", "the last swing high and low fell on average"): swing_trend,
    (
        "faster averages are above slower ones on balance",
        "faster averages are below slower ones on balance",
    ): averages,
    ("support is nearer than resistance", "resistance is nearer than support"): room,
    ("the price is in the upper half of its channel", "the price is in the lower half of its channel"): (
        lambda bars: 2 * bars.close[-1] - bars.high[-55:].max() - bars.low[-55:].min()
    ),
}
"""The claim of a pair is above 0 where the first phrase is true, and below 0 where the second one is."""

ONE_SIDED: Mapping[tuple[str, str], BarClaim] = {
    (
        "the price closed above a swing high while swings rose",
        "the price closed below a swing low while swings fell",
    ): partial(closed_above, with_trend=True),
    (
        "the price closed above a swing high while swings fell",
        "the price closed below a swing low while swings rose",
    ): partial(closed_above, with_trend=False),
    ("open gaps lie below the price", "open gaps lie above the price"): gaps_below,
    ("untested demand lies below the price", "untested supply lies above the price"): demand_below,
}
"""Both phrases of a pair may be true. The second one is the first one in the reflected market."""
