"""Indicators against TA-Lib, and against plain computations that share no code with ours, to 1e-9."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import talib

from tests.unit.analysis import markets
from tests.unit.analysis.markets import Shape
from virtuoso.analysis import structure, technical, volume
from virtuoso.analysis.bars import Bars, Rows
from virtuoso.domain.model import Timeframe

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

SHAPES = [Shape("walk", 21, 113_207.0), Shape("jumps", 22, 1.3e-5), Shape("sparse", 23, 1.0)]
close_to = pytest.approx


@pytest.fixture(params=SHAPES, ids=lambda s: s.kind)
def bars(request: pytest.FixtureRequest) -> Bars:
    return Bars(markets.bars(request.param, Timeframe.M5))


def last(read: Callable[[Rows], tuple[Floats, object]], bars: Bars) -> float:
    with np.errstate(all="ignore"):
        return float(read(Rows.latest([bars]))[0][-1])


def wilder(values: list[float], period: int) -> float:
    mean = sum(values[:period]) / period
    for v in values[period:]:
        mean += (v - mean) / period
    return mean


def plain_atr(b: Bars) -> float:
    ranges = [
        max(b.high[i] - b.low[i], abs(b.high[i] - b.close[i - 1]), abs(b.low[i] - b.close[i - 1])) for i in range(1, b.count)
    ]
    return wilder(ranges, 14)


def plain_typical(b: Bars) -> list[float]:
    return [(h + low + c) / 3 for h, low, c in zip(b.high, b.low, b.close, strict=True)]


def ema(values: list[float], span: int, start: int) -> list[float]:
    """Return the EMA that starts from the mean of the `span` values that end at `start`."""
    mean = sum(values[start + 1 - span : start + 1]) / span
    out = [mean]
    for v in values[start + 1 :]:
        mean += (v - mean) * 2 / (span + 1)
        out.append(mean)
    return out


def test_atr_is_wilders(bars: Bars) -> None:
    assert bars.atr[-1] == close_to(plain_atr(bars), abs=1e-12)
    assert bars.atr[-1] == talib.ATR(bars.high, bars.low, bars.close, 14)[-1]


def test_rsi_is_wilders(bars: Bars) -> None:
    steps = np.diff(bars.close).tolist()
    up, down = wilder([max(s, 0) for s in steps], 14), wilder([max(-s, 0) for s in steps], 14)
    assert last(technical.rsi, bars) == close_to(100 * up / (up + down), abs=1e-9)
    assert last(technical.rsi, bars) == talib.RSI(bars.close, 14)[-1]


def test_macd_is_the_histogram_over_atr(bars: Bars) -> None:
    values = bars.close.tolist()
    fast, slow = ema(values, 12, 25), ema(values, 26, 25)
    line = [f - s for f, s in zip(fast, slow, strict=True)]
    histogram = line[-1] - ema(line, 9, 8)[-1]
    assert last(technical.macd, bars) == close_to(histogram / plain_atr(bars), abs=1e-9)


def test_adx_is_computed_from_the_directional_indicators(bars: Bars) -> None:
    plus, minus = ([], [])
    for i in range(1, bars.count):
        up, down = bars.high[i] - bars.high[i - 1], bars.low[i - 1] - bars.low[i]
        plus.append(up if up > down and up > 0 else 0.0)
        minus.append(down if down > up and down > 0 else 0.0)
    p, m = wilder(plus, 14), wilder(minus, 14)
    assert last(technical.adx, bars) == close_to((p - m) / (p + m), abs=1e-8)  # 1e-9 once the seed's weight has decayed
    strength = talib.ADX(bars.high, bars.low, bars.close, 14)[-1]
    assert technical.adx(Rows.latest([bars]))[1][-1] == close_to(strength / (strength + 20), abs=1e-9)


def test_williams_r_and_cci_agree_with_talib_and_the_plain_formula(bars: Bars) -> None:
    top, bottom = max(bars.high[-14:]), min(bars.low[-14:])
    assert last(technical.williams_r, bars) == close_to(-100 * (top - bars.close[-1]) / (top - bottom), abs=1e-9)
    assert last(technical.williams_r, bars) == close_to(talib.WILLR(bars.high, bars.low, bars.close, 14)[-1], abs=1e-9)
    typical = plain_typical(bars)[-20:]
    mean = sum(typical) / 20
    plain = (typical[-1] - mean) / (0.015 * sum(abs(t - mean) for t in typical) / 20)
    assert last(technical.cci, bars) == close_to(plain, abs=1e-9)
    assert last(technical.cci, bars) == close_to(talib.CCI(bars.high, bars.low, bars.close, 20)[-1], abs=1e-9)


def test_the_awesome_oscillator_is_the_gap_of_two_averages(bars: Bars) -> None:
    medians = [(h + low) / 2 for h, low in zip(bars.high, bars.low, strict=True)]
    gap = sum(medians[-5:]) / 5 - sum(medians[-34:]) / 34
    assert last(technical.awesome_oscillator, bars) == close_to(gap / plain_atr(bars), abs=1e-9)


def plain_location(b: Bars, i: int) -> float:
    return float((2 * b.close[i] - b.high[i] - b.low[i]) / (b.high[i] - b.low[i]))


def test_money_flow_is_the_volume_weighted_close_location(bars: Bars) -> None:
    at = range(bars.count - 20, bars.count)
    plain = sum(plain_location(bars, i) * bars.volume[i] for i in at) / sum(bars.volume[i] for i in at)
    assert last(volume.money_flow, bars) == close_to(plain, abs=1e-9)


def test_the_money_flow_index_counts_volume_by_the_typical_prices_change(bars: Bars) -> None:
    typical = plain_typical(bars)
    up = sum(bars.volume[i] for i in range(bars.count - 14, bars.count) if typical[i] > typical[i - 1])
    down = sum(bars.volume[i] for i in range(bars.count - 14, bars.count) if typical[i] < typical[i - 1])
    assert last(volume.money_flow_index, bars) == close_to(100 * up / (up + down), abs=1e-9)


@pytest.mark.parametrize("kind", ["on_balance_volume", "accumulation"])
def test_slopes_agree_with_a_least_squares_fit(bars: Bars, kind: str) -> None:
    at = range(bars.count - 50, bars.count)
    if kind == "accumulation":
        steps = [plain_location(bars, i) * bars.volume[i] for i in at]
    else:
        steps = [math.copysign(bars.volume[i], bars.close[i] - bars.close[i - 1]) for i in at]
    slope = np.polyfit(np.arange(50), np.cumsum(steps), 1)[0]
    plain = slope * 50 / sum(bars.volume[-50:])
    assert last(getattr(volume, kind), bars) == close_to(plain, abs=1e-9)


def test_vwap_is_the_volume_weighted_mean_of_typical_prices(bars: Bars) -> None:
    typical = plain_typical(bars)[-96:]
    vwap = sum(t * v for t, v in zip(typical, bars.volume[-96:], strict=True)) / sum(bars.volume[-96:])
    assert last(volume.vwap_distance, bars) == close_to((bars.close[-1] - vwap) / plain_atr(bars), abs=1e-9)


def test_the_volume_profile_agrees_with_a_plain_computation(bars: Bars) -> None:
    high, low, traded = bars.high[-120:], bars.low[-120:], bars.volume[-120:]
    size = (max(high) - min(low)) / 24
    edges = [min(low) + size * (k - 0.5) for k in range(26)]

    def below(price: float) -> float:
        return math.fsum(
            v * min(1.0, max(0.0, (price - (lo - size / 2)) / (hi - lo + size)))
            for hi, lo, v in zip(high, low, traded, strict=True)
        )

    bins = [below(b) - below(a) for a, b in pairwise(edges)]
    control = edges[bins.index(max(bins))] + size / 2
    running, total = [below(e) for e in edges], below(edges[-1])
    ends = [float(np.interp(share * total, running, edges)) for share in (0.15, 0.85)]
    plain = (bars.close[-1] - (control + sum(ends) / 2) / 2) / ((ends[1] - ends[0]) / 2)
    assert last(volume.volume_profile, bars) == close_to(plain, abs=1e-9)


def test_relative_volume_is_bodies_weighted_by_relative_volume(bars: Bars) -> None:
    usual = sum(bars.volume[-50:]) / 50
    plain = sum(bars.volume[i] / usual * (bars.close[i] - bars.open[i]) for i in (-1, -2, -3)) / 3 / plain_atr(bars)
    assert last(volume.relative_volume, bars) == close_to(plain, abs=1e-9)


def test_the_moving_averages_are_those_of_the_last_300_bars(bars: Bars) -> None:
    levels = [float(bars.close[-1])]
    for span in (20, 50, 200):
        weights = [(1 - 2 / (span + 1)) ** age for age in range(bars.count)]
        levels.append(sum(w * c for w, c in zip(weights, bars.close[::-1], strict=True)) / sum(weights))
    gaps = [(a - b) / plain_atr(bars) for a, b in pairwise(levels)]
    plain = sum(math.tanh(g / s) for g, s in zip(gaps, (1.5, 2.0, 4.0), strict=True)) / 3
    assert last(structure.moving_averages, bars) == close_to(plain, abs=1e-9)
    assert levels[1] == close_to(talib.EMA(bars.close, 20)[-1], abs=1e-9)


def test_donchian_is_the_position_in_the_channel(bars: Bars) -> None:
    top, bottom = talib.MAX(bars.high, 55)[-1], talib.MIN(bars.low, 55)[-1]
    plain = (2 * bars.close[-1] - top - bottom) / (top - bottom)
    assert last(structure.donchian, bars) == close_to(plain, abs=1e-9)
