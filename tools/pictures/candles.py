"""Pictures of the readings from bars."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import pyplot as plt

from tools.pictures.market import INPUTS, reading
from tools.pictures.style import BLUE, DOWN, GOLD, INK, LABEL_BOX, SOFT, UP, draw_bars, label_hours, save
from virtuoso.analysis import candle_readings, structure
from virtuoso.analysis.bars import Bars, Rows
from virtuoso.domain.model import DimensionKind, Timeframe


def indicators() -> None:
    """Draw RSI and the MACD histogram below the price."""
    one = INPUTS["SOL"].candles[Timeframe.M30]
    count = 120
    readings = candle_readings.read_history(one)
    names = [spec.name for spec in candle_readings.COMPONENTS]
    rsi, macd = (readings.values[names.index(n), -count:] for n in ("rsi", "macd"))
    figure, (top, middle, low) = plt.subplots(
        3, 1, figsize=(10, 6), sharex=True, layout="constrained", height_ratios=(2, 1, 1)
    )
    x = draw_bars(top, one, count)
    top.set_title("SOLUSDT, 30m bars")
    middle.plot(x, rsi, color=INK, linewidth=1.3)
    middle.fill_between(x, rsi, 50, where=rsi > 50, color=UP, alpha=0.25, linewidth=0)
    middle.fill_between(x, rsi, 50, where=rsi < 50, color=DOWN, alpha=0.25, linewidth=0)
    middle.axhline(50, color=SOFT, linewidth=0.8)
    middle.set_title(f"RSI-14: now {rsi[-1]:.1f}, direction {math.tanh((rsi[-1] - 50) / 20):+.2f}")
    low.bar(x, macd, color=np.where(macd > 0, UP, DOWN).tolist(), width=0.7)
    low.axhline(0, color=SOFT, linewidth=0.8)
    low.set_title(f"MACD histogram in ATR: now {macd[-1]:+.2f}, direction {math.tanh(macd[-1] / 0.35):+.2f}")
    label_hours(low, one, count)
    save(figure, "indicators")


def volume() -> None:
    """Draw the volume profile, the value area and VWAP."""
    one = INPUTS["ENA"].candles[Timeframe.M30]
    count = 120
    span = slice(len(one) - count, None)
    high, low, traded = one.high[span], one.low[span], one.volume[span]
    edges = np.exp(np.linspace(math.log(low.min()), math.log(high.max()), 25))
    filled = np.zeros(24)
    for h, lo, v in zip(high, low, traded, strict=True):
        part = np.maximum(np.minimum(h, edges[1:]) - np.maximum(lo, edges[:-1]), 0.0)
        filled += v * part / max(part.sum(), 1e-12)
    running = np.concatenate(([0.0], np.cumsum(filled))) / filled.sum()
    bottom, top = (float(np.interp(share, running, edges)) for share in (0.15, 0.85))
    typical = np.log(high * low * one.close[span])[-96:] / 3
    vwap = math.exp(float((typical * traded[-96:]).sum() / traded[-96:].sum()))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True, layout="constrained", width_ratios=(3, 1))
    draw_bars(left, one, count)
    left.axhline(vwap, color=BLUE, linewidth=1.2)
    left.text(0, vwap, " VWAP of 96 bars", color=BLUE, va="bottom")
    distance, place = (
        reading("ENA", DimensionKind.VOLUME, "vwap_distance_30m"),
        reading("ENA", DimensionKind.VOLUME, "volume_profile_30m"),
    )
    left.set_title(
        f"ENAUSDT, 30m: {distance[0]:+.1f} ATR from VWAP, {place[0]:+.1f} halves of the value area from its middle"
    )
    middles = np.sqrt(edges[1:] * edges[:-1])
    within = (middles >= bottom) & (middles <= top)
    right.barh(middles, filled, np.diff(edges) * 0.9, color=np.where(within, BLUE, SOFT).tolist(), alpha=0.75)
    right.axhline(float(middles[filled.argmax()]), color=GOLD)
    right.axhline(float(one.close[-1]), color=INK, linestyle=":")
    right.text(filled.max(), float(middles[filled.argmax()]), "point of control", ha="right", va="bottom", bbox=LABEL_BOX)
    right.text(filled.max(), float(one.close[-1]), "price", ha="right", va="bottom")
    right.set_title("volume by price\n(blue: its middle 70 %)")
    right.set_xticks([])
    label_hours(left, one, count)
    save(figure, "volume")


def price_structure() -> None:
    """Draw swings, levels and averages on a chart."""
    one, count = INPUTS["SOL"].candles[Timeframe.M30], 130
    bars = Bars(one)
    swings = structure.Swings(Rows.latest([bars]))
    figure, axes = plt.subplots(figsize=(10.5, 5), layout="constrained")
    draw_bars(axes, one, count)
    step = 0.35 * (math.exp(bars.atr[-1]) - 1) * one.close[-1]
    levels: list[float] = []
    for side, (sign, marker, colour, words) in enumerate(((1, "v", DOWN, ("LH", "HH")), (-1, "^", UP, ("LL", "HL")))):
        before: float = math.nan
        for place in np.flatnonzero(swings.confirmed[side, 0]).tolist():
            level = math.exp(sign * swings.level[side, 0, place])
            x = count - structure.SWING_BARS + structure.WING_BARS + place
            levels.append(level)
            if x >= 0:
                axes.plot([x], [level + sign * step], marker, color=colour, markersize=5)
                if math.isfinite(before):
                    axes.text(x, level + sign * 2 * step, words[level > before], color=colour, fontsize=7.5, ha="center",
                              va="bottom" if sign > 0 else "top")  # fmt: skip
            before = level
    price = float(one.close[-1])
    nearest = (min(v for v in levels if v > price), "resistance", DOWN), (max(v for v in levels if v < price), "support", UP)
    for near, word, colour in nearest:
        axes.plot([count * 0.78, count], [near, near], color=colour, linewidth=1.2, linestyle="--")
        axes.text(count + 1, near, f"nearest\n{word}", color=colour, va="center", fontsize=8)
    logs = np.log(one.close)
    for span, colour in ((20, GOLD), (50, BLUE), (200, SOFT)):
        weights = (1 - 2 / (span + 1)) ** np.arange(300)[::-1]
        ends = range(len(logs) - 100, len(logs) + 1)
        average = [math.exp(float(logs[i - 300 : i] @ weights / weights.sum())) for i in ends if i >= 300]
        axes.plot(range(count - len(average), count), average, color=colour, linewidth=1.2, label=f"EMA-{span}")
    axes.legend(frameon=False, loc="upper left")
    swing, stack, channel = (
        reading("SOL", DimensionKind.PRICE_STRUCTURE, f"{n}_30m")[0] for n in ("swings", "moving_averages", "donchian")
    )
    axes.set_xlim(-1.5, count + 10)
    axes.margins(y=0.09)
    axes.set_title(f"SOLUSDT, 30m: swings {swing:+.1f} ATR, averages {stack:+.2f}, place in the channel {channel:+.2f}")
    label_hours(axes, one, count)
    save(figure, "structure")
