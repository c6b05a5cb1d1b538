"""Pictures of the readings from trades, order books and series."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import pyplot as plt

from tools.pictures.market import INPUTS, NOW_MS, reading, required
from tools.pictures.style import BLUE, DOWN, GOLD, INK, SOFT, UP, save
from virtuoso.analysis.orderflow import LARGE_FROM
from virtuoso.analysis.windows import DEFAULT_WINDOWS, fade_weights
from virtuoso.domain.model import DimensionKind, Timeframe


def orderflow() -> None:
    """Draw the trades of the last 5 minutes by taker side."""
    known = required(INPUTS["UNI"].trades)
    recent = known.time_ms > NOW_MS - DEFAULT_WINDOWS.trades_ms
    sizes, sides, prices = known.size[recent], known.side[recent], known.price[recent]
    seconds = (known.time_ms[recent] - NOW_MS) / 1000
    weights = fade_weights(known.time_ms[recent], NOW_MS, DEFAULT_WINDOWS.trades_ms)
    figure, (top, low) = plt.subplots(2, 1, figsize=(10, 5), sharex=True, layout="constrained", height_ratios=(1.4, 1))
    area = 6 + 120 * sizes / sizes.max()
    for sign, colour, word in ((1, UP, "bought"), (-1, DOWN, "sold")):
        mine = sides == sign
        top.scatter(seconds[mine], prices[mine], area[mine], color=colour, alpha=0.5, linewidths=0, label=f"taker {word}")
    large = sizes >= LARGE_FROM * (weights @ sizes) / weights.sum()
    top.scatter(seconds[large], prices[large], 4 + area[large], facecolors="none",
                edgecolors=INK, linewidths=0.6, label=f"from {LARGE_FROM:g} times the mean")  # fmt: skip
    top.legend(frameon=False, loc="best")
    delta, change, big, counts = (
        reading("UNI", DimensionKind.ORDERFLOW, name)[0]
        for name in ("taker_delta", "delta_change", "large_trades", "trade_counts")
    )
    top.set_title(f"UNIUSDT: {len(sizes)} trades. By size {delta:+.2f}, by number {counts:+.2f}, the large ones {big:+.2f}")
    low.step(seconds, np.cumsum(sides * sizes), where="post", color=INK, linewidth=1.2)
    low.axhline(0, color=SOFT, linewidth=0.8)
    low.axvspan(-DEFAULT_WINDOWS.recent_trades_ms / 1000, 0, color=BLUE, alpha=0.1, linewidth=0)
    low.set_title(f"bought less sold, added up; the last minute less the 5 minutes {change:+.2f}")
    low.set_xlabel("seconds before now (the oldest quarter of a window fades)")
    save(figure, "orderflow")


def book() -> None:
    """Draw one order book, its bands and their readings."""
    known = required(INPUTS["APT"].book)
    mid = math.sqrt(known.bids[0, 0] * known.asks[0, 0])
    sides = [(1e4 * np.abs(np.log(side[:, 0] / mid)), side[:, 1]) for side in (known.bids, known.asks)]
    reach = min(float(distance[-1]) for distance, _ in sides)
    figure, axes = plt.subplots(figsize=(10, 4.4), layout="constrained")
    heights = [np.cumsum(size) for _, size in sides]
    for sign, (distance, _), height, colour in zip((-1, 1), sides, heights, (UP, DOWN), strict=True):
        within = distance <= reach * 1.001
        axes.fill_between(sign * distance[within], height[within], step="post", color=colour, alpha=0.35, linewidth=0)
        axes.step(sign * distance[within], height[within], where="post", color=colour)
    top = max(float(h[d[0] <= reach * 1.001][-1]) for h, d in zip(heights, sides, strict=True))
    for place, (name, share) in enumerate((("near", 0.15), ("middle", 0.4), ("wide", 1.0))):
        value, direction = reading("APT", DimensionKind.ORDERBOOK, f"imbalance_{name}")
        edge, at = share * reach, top * (1.06 + 0.12 * (2 - place))
        axes.plot([-edge, edge], [at, at], color=BLUE, linewidth=2)
        axes.plot([-0.75 * edge, 0.75 * edge], [at, at], color=BLUE, linewidth=6, alpha=0.45, solid_capstyle="butt")
        axes.text(
            0, at + top * 0.025, f"{name}: {value:+.2f}  \u2192  direction {direction:+.2f}", ha="center", fontsize=8.5
        )
    axes.set_ylim(0, top * 1.45)
    axes.axvline(0, color=SOFT, linewidth=0.8)
    axes.set_xlabel("distance from the middle, basis points (bids left, asks right)")
    axes.set_ylabel("coins waiting up to here")
    axes.set_title("APTUSDT's order book: bands end with the side that ends first, and fade over their last quarter")
    save(figure, "book")


def sentiment() -> None:
    """Draw funding, account ratio and open interest against their own past."""
    known = INPUTS["DOGE"]
    funding, accounts, interest = required(known.funding), required(known.long_short), required(known.open_interest)
    figure, grid = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    rates, now = 1e4 * funding.values, 1e4 * required(required(known.ticker).funding_rate)
    ratios = accounts.values
    for axes, past, newest, name, what, unit in (
        (grid[0], rates, now, "funding", "funding rate, bp an interval", "days"),
        (grid[1], ratios, ratios[-1], "accounts", "long accounts for each short one", "hours"),
    ):
        x = np.arange(len(past)) - len(past) + 1
        axes.plot(x / (3 if unit == "days" else 12), past, color=INK, linewidth=1.1)
        axes.axhspan(past.mean() - past.std(), past.mean() + past.std(), color=BLUE, alpha=0.15, linewidth=0)
        axes.axhline(past.mean(), color=BLUE, linewidth=0.9)
        axes.locator_params(axis="x", nbins=5)
        value, direction = reading("DOGE", DimensionKind.SENTIMENT, name)
        axes.plot([0], [newest], "o", color=UP if direction > 0 else DOWN)
        axes.set_title(f"{what}\nnow {value:+.1f} deviations \u2192 direction {direction:+.2f}")
        axes.set_xlabel(f"{unit} before now (band: one deviation)")
    value, direction = reading("DOGE", DimensionKind.SENTIMENT, "open_interest")
    hours = (interest.time_ms - NOW_MS) / 3_600_000
    recent = hours >= -8
    change = 100 * (interest.values[recent] / interest.values[recent][-49] - 1)
    five = known.candles[Timeframe.M5]
    moved = 100 * (five.close[-97:] / five.close[-49] - 1)
    grid[2].plot(hours[recent], change, color=GOLD, label="open interest")
    grid[2].plot((five.open_ms[-97:] + 300_000 - NOW_MS) / 3_600_000, moved, color=INK, linewidth=1.1, label="price")
    grid[2].axvspan(-4, 0, color=BLUE, alpha=0.1, linewidth=0)
    grid[2].legend(frameon=False, fontsize=8)
    grid[2].set_title(f"percent since 4 hours ago\nreads {value:+.1f} \u2192 direction {direction:+.2f}")
    grid[2].set_xlabel("hours before now")
    figure.suptitle("DOGEUSDT", x=0.01, ha="left", fontweight="bold")
    save(figure, "sentiment")
