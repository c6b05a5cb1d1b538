"""Each component is computed a second time on generated and recorded bars, and compared to 1e-9. The second computation uses
TA-Lib or pandas if they have the component. Otherwise it uses loops over plain lists that share no code with the package.
`test_indicators` has the other components."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # the package has no types
import pytest
import talib

from tests.programs import Market
from tests.unit.analysis import markets
from tests.unit.analysis.markets import Shape
from virtuoso.analysis.candle_readings import COMPONENTS, read_history
from virtuoso.domain.model import Candles, Timeframe

if TYPE_CHECKING:
    from virtuoso.analysis.candle_readings import Readings
    from virtuoso.domain.model import Floats

GENERATED = [Shape("walk", 41, 113_207.0), Shape("jumps", 42, 1.3e-5), Shape("trend", 43, 1.0), Shape("sparse", 44, 27.1)]
RECORDED = [("BTCUSDT", Timeframe.M5), ("DOGEUSDT", Timeframe.H4), ("1000PEPEUSDT", Timeframe.M30)]
INTERVALS = {Timeframe.M5: "5", Timeframe.M30: "30", Timeframe.H4: "240"}
WIDTH = 300


class Plain(NamedTuple):
    """Log prices and volumes of exactly 300 bars as lists, their ATR-14 by Wilder's method, and the readings of the
    package."""

    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
    atr: float
    ours: Readings

    def reading(self, name: str) -> float:
        return float(self.ours.values[[g.name for g in COMPONENTS].index(name), -1])

    def confidence(self, name: str) -> float:
        return float(self.ours.confidences[[g.name for g in COMPONENTS].index(name), -1])

    def typical(self) -> list[float]:
        return [(h + low + c) / 3 for h, low, c in zip(self.high, self.low, self.close, strict=True)]

    def arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return high, low, close and volume in the form that TA-Lib takes."""
        high, low, close, volume = (np.array(v) for v in (self.high, self.low, self.close, self.volume))
        return high, low, close, volume


def plain(candles: Candles) -> Plain:
    span = slice(len(candles) - WIDTH, None)
    prices = (candles.open, candles.high, candles.low, candles.close)
    o, h, low, c = ([math.log(p) for p in values[span].tolist()] for values in prices)
    ranges = [max(h[i], c[i - 1]) - min(low[i], c[i - 1]) for i in range(1, WIDTH)]
    atr = sum(ranges[:14]) / 14
    for true_range in ranges[14:]:
        atr += (true_range - atr) / 14
    columns = {n: getattr(candles, n)[span] for n in ("open_ms", "open", "high", "low", "close", "volume")}
    ours = read_history(Candles(symbol=candles.symbol, timeframe=candles.timeframe, stamp=candles.stamp, **columns))
    return Plain(o, h, low, c, candles.volume[span].tolist(), atr, ours)


def fetched(replay: Market, symbol: str, timeframe: Timeframe) -> Candles:
    """Return closed bars as recorded from Bybit, read without code of the package."""
    path = f"/v5/market/kline?category=linear&symbol={symbol}&interval={INTERVALS[timeframe]}&limit={WIDTH + 1}"
    rows = np.array(replay.get(path)["result"]["list"], dtype=np.float64)[::-1][:-1]  # newest first; the first is open
    times, o, h, low, c, volume = (np.ascontiguousarray(column) for column in rows.T[:6])
    return Candles(
        symbol=symbol,
        timeframe=timeframe,
        open_ms=times.astype(np.int64),
        open=o,
        high=h,
        low=low,
        close=c,
        volume=volume,
        stamp=markets.STAMP,
    )


@pytest.fixture(scope="module", params=[*GENERATED, *RECORDED], ids=lambda p: p.kind if isinstance(p, Shape) else p[0])
def market(request: pytest.FixtureRequest) -> Plain:
    if isinstance(request.param, Shape):
        return plain(markets.bars(request.param, Timeframe.M30))
    replay: Market = request.getfixturevalue("replay_server")
    replay.fault("ok")
    return plain(fetched(replay, *request.param))


def same(value: float) -> object:
    assert math.isfinite(value)
    return pytest.approx(value, abs=1e-9)


def test_rsi_is_wilders_and_talibs(market: Plain) -> None:
    steps = [b - a for a, b in pairwise(market.close)]
    up, down = (sum(max(sign * s, 0.0) for s in steps[:14]) / 14 for sign in (1, -1))
    for step in steps[14:]:
        up, down = (13 * up + max(step, 0.0)) / 14, (13 * down + max(-step, 0.0)) / 14
    assert market.reading("rsi") == same(100 * up / (up + down))
    assert market.reading("rsi") == same(talib.RSI(np.array(market.close), 14)[-1])


def test_macd_is_talibs_histogram_in_atr(market: Plain) -> None:
    high, low, close, _ = market.arrays()
    histogram = talib.MACD(close, 12, 26, 9)[2][-1]
    assert market.reading("macd") == same(histogram / market.atr)
    assert talib.ATR(high, low, close, 14)[-1] == pytest.approx(market.atr, rel=1e-9)


def test_directional_movement_is_wilders_and_talibs(market: Plain) -> None:
    plus = minus = ranges = 0.0
    indices: list[float] = []
    for i in range(1, WIDTH):
        up, down = market.high[i] - market.high[i - 1], market.low[i - 1] - market.low[i]
        true_range = max(market.high[i], market.close[i - 1]) - min(market.low[i], market.close[i - 1])
        keep = 1.0 if i < 14 else 13 / 14  # Wilder's method: first a sum, then each bar removes a fourteenth of it
        plus = keep * plus + (up if up > max(down, 0.0) else 0.0)
        minus = keep * minus + (down if down > max(up, 0.0) else 0.0)
        ranges = keep * ranges + true_range
        if i >= 14:
            indices.append(100 * abs(plus - minus) / (plus + minus))
    strength = sum(indices[:14]) / 14
    for index in indices[14:]:
        strength = (13 * strength + index) / 14
    assert market.reading("adx") == same((plus - minus) / (plus + minus))
    high, low, close, _ = market.arrays()
    assert talib.PLUS_DI(high, low, close, 14)[-1] == same(100 * plus / ranges)
    assert talib.MINUS_DI(high, low, close, 14)[-1] == same(100 * minus / ranges)
    assert talib.ADX(high, low, close, 14)[-1] == same(strength)
    assert market.confidence("adx") == same(market.confidence("rsi") * strength / (strength + 20))


def test_averages_and_extremes_agree_with_talib_at_every_bar(market: Plain) -> None:
    high, low, close, _ = market.arrays()
    atr = talib.ATR(high, low, close, 14)
    median = (high + low) / 2
    top, bottom = talib.MAX(high, 55), talib.MIN(low, 55)
    theirs = {
        "awesome_oscillator": (talib.SMA(median, 5) - talib.SMA(median, 34)) / atr,
        "williams_r": talib.WILLR(high, low, close, 14),
        "cci": talib.CCI(high, low, close, 20),
        "donchian": (2 * close - top - bottom) / (top - bottom),
    }
    for name, values in theirs.items():
        index = [g.name for g in COMPONENTS].index(name)
        span = slice(COMPONENTS[index].min_bars - 1, None)
        read = np.isfinite(market.ours.values[index, span])
        assert read.mean() > 0.9
        np.testing.assert_allclose(market.ours.values[index, span][read], values[span][read], rtol=0, atol=1e-8)
        assert market.reading(name) == same(values[-1])


def test_money_flow_is_that_of_talibs_accumulation_line(market: Plain) -> None:
    high, low, close, volume = market.arrays()
    line = talib.AD(high, low, close, volume)
    assert market.reading("money_flow") == same((line[-1] - line[-21]) / volume[-20:].sum())
    slope = talib.LINEARREG_SLOPE(line, 50)[-1] * 50 / volume[-50:].sum()
    assert market.reading("accumulation") == same(slope)


def test_on_balance_volume_is_talibs(market: Plain) -> None:
    _, _, close, volume = market.arrays()
    slope = talib.LINEARREG_SLOPE(talib.OBV(close, volume), 50)[-1] * 50 / volume[-50:].sum()
    assert market.reading("on_balance_volume") == same(slope)


def test_the_money_flow_index_is_talibs_of_base_volume(market: Plain) -> None:
    high, low, close, volume = (v + shift for v, shift in zip(market.arrays(), (50, 50, 50, 0), strict=True))
    turnover = volume / ((high + low + close) / 3)  # TA-Lib multiplies by the typical price, so this factor cancels out
    assert market.reading("money_flow_index") == same(talib.MFI(high, low, close, turnover, 14)[-1])


def test_vwap_distance_is_in_atr(market: Plain) -> None:
    traded = math.fsum(market.volume[-96:])
    vwap = math.fsum(t * v / traded for t, v in zip(market.typical()[-96:], market.volume[-96:], strict=True))
    assert market.reading("vwap_distance") == same((market.close[-1] - vwap) / market.atr)


def test_confidence_is_activity_age_and_evenness(market: Plain) -> None:
    volume = market.volume
    recent, usual = sum(volume[-5:]) / 5, sum(volume[-50:]) / 50
    quality = sum(v > 0 for v in volume[-30:]) / 30 * min(1.0, 0.5 + recent / (recent + usual))
    assert market.confidence("rsi") == same(quality)
    effective = sum(volume[-50:]) ** 2 / sum(v * v for v in volume[-50:])
    assert market.confidence("money_flow") == same(quality * effective / (effective + 5))


def test_the_stacked_averages_agree_with_pandas(market: Plain) -> None:
    closes = pd.Series(market.close)
    levels = [market.close[-1], *(float(closes.ewm(span=s, adjust=True).mean().iloc[-1]) for s in (20, 50, 200))]
    gaps = [(levels[i] - levels[i + 1]) / market.atr for i in range(3)]
    stack = sum(math.tanh(g / usual) for g, usual in zip(gaps, (1.5, 2.0, 4.0), strict=True)) / 3
    assert market.reading("moving_averages") == same(stack)


def swing_highs(high: Sequence[float], known_at: int) -> list[int]:
    """Return the indices of swing highs among the last 240 bars. The high of a swing is above the three highs before it and
    not below the three highs after it. All these bars have closed by bar `known_at`."""
    return [
        i
        for i in range(WIDTH - 240 + 3, known_at - 2)
        if all(high[i] > high[i - k] and high[i] >= high[i + k] for k in (1, 2, 3))
    ]


def sides(market: Plain) -> list[tuple[list[float], list[float]]]:
    """Return (highs, closes) of the market and of the reflected market. The swing highs of the reflected market are our
    swing lows."""
    return [(market.high, market.close), ([-v for v in market.low], [-v for v in market.close])]


def steps(market: Plain, at: int) -> tuple[float, float] | None:
    """Return how far the last swing high is above the one before it, and how far the last swing low is below the one before
    it. Return None with fewer than two of either."""
    components = [[high[i] for i in swing_highs(high, at)[-2:]] for high, _ in sides(market)]
    if any(len(f) < 2 for f in components):
        return None
    return components[0][1] - components[0][0], components[1][1] - components[1][0]


def test_swings_are_the_mean_step_of_highs_and_lows(market: Plain) -> None:
    last = steps(market, WIDTH - 1)
    assert last is not None
    assert market.reading("swings") == same((last[0] - last[1]) / 2 / market.atr)


def test_breaks_follow_the_swings_and_changes_of_character_oppose_them(market: Plain) -> None:
    totals = {"break_of_structure": [0.0, 0.0], "change_of_character": [0.0, 0.0]}
    for at in range(WIDTH - 24, WIDTH):
        stepped = steps(market, at)
        lean = 0.0 if stepped is None else math.tanh((stepped[0] - stepped[1]) / 2 / market.atr / 2)
        for side, (high, close) in enumerate(sides(market)):
            known, sign = swing_highs(high, at), 1 if side == 0 else -1
            beyond = math.tanh((close[at] - high[known[-1]]) / market.atr) if known else 0.0
            for name, lent in (("break_of_structure", sign * lean), ("change_of_character", -sign * lean)):
                totals[name][side] += max(beyond, 0.0) * max(lent, 0.0) * 0.88 ** (WIDTH - 1 - at)
    for name, (up, down) in totals.items():
        assert market.reading(name) == same(up - down)
        assert market.confidence(name) == same(market.confidence("rsi") * (up + down + 0.05) / (up + down + 0.8))


def test_room_is_the_distance_to_the_next_level_on_each_side(market: Plain) -> None:
    levels = [sign * high[i] for sign, (high, _) in zip((1, -1), sides(market), strict=True) for i in swing_highs(high, 299)]
    away = [(level - market.close[-1]) / market.atr for level in levels]
    above, below = min([12.0, *(a for a in away if a > 0)]), min([12.0, *(-a for a in away if a < 0)])
    assert market.reading("room") == same(math.log((above + 0.5) / (below + 0.5)))


def test_fair_value_gaps_are_the_parts_that_later_bars_did_not_trade_through(market: Plain) -> None:
    up = down = 0.0
    for i in range(WIDTH - 58, WIDTH):
        fade = 0.97 ** (WIDTH - 1 - i)
        up += fade * max(0.0, min(market.low[i:]) - market.high[i - 2]) / market.atr
        down += fade * max(0.0, market.low[i - 2] - max(market.high[i:])) / market.atr
    assert market.reading("fair_value_gaps") == same(up - down)
    assert market.confidence("fair_value_gaps") == same(market.confidence("rsi") * (up + down + 0.02) / (up + down + 0.5))


def test_order_blocks_count_until_the_price_trades_through_them(market: Plain) -> None:
    def demand(o: list[float], high: list[float], low: list[float], c: list[float]) -> float:
        total = 0.0
        for i in range(WIDTH - 60, WIDTH - 4):
            size = high[i] - low[i]
            if c[i] >= o[i] or size <= 0:
                continue
            impulse = math.tanh(max(0.0, (c[i + 3] - high[i]) / market.atr))
            left = min(1.0, max(0.0, (min(low[i + 4 :]) - low[i]) / size))
            total += impulse * (o[i] - c[i]) / size * left * 0.97 ** (WIDTH - 1 - i)
        return total

    upside_down = ([-v for v in values] for values in (market.open, market.low, market.high, market.close))
    up, down = demand(market.open, market.high, market.low, market.close), demand(*upside_down)
    assert market.reading("order_blocks") == same(up - down)
