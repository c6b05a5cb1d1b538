"""Pictures of results: how a reading becomes a direction, a score, a beta or a signal."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import pyplot as plt

from tools.pictures.market import INPUTS, LOSING_SIGNAL_MS, NOW_MS, SCORES, candles, dimension, inputs, required
from tools.pictures.style import BLUE, DIMENSION_NAMES, DOWN, INK, LABEL_BOX, SOFT, UP, save
from virtuoso.analysis import beta, candle_readings, signal_outcomes, signals
from virtuoso.analysis.confluence import CONTEXT_COMPONENTS, score_symbol
from virtuoso.analysis.signal_plans import TARGETS_R
from virtuoso.analysis.signal_rules import SignalRules
from virtuoso.domain.model import Candles, DimensionKind, Environment, Timeframe
from virtuoso.domain.records import BetaSpan, Signal


def response() -> None:
    """Draw how a reading becomes a direction."""
    context_specs = [spec for specs in CONTEXT_COMPONENTS.values() for spec in specs]
    by_name = {spec.name: spec for spec in (*candle_readings.COMPONENTS, *context_specs)}
    shown = (
        ("rsi", "RSI-14", 0, 100, 80.0), ("macd", "MACD histogram, in ATR", -1, 1, 0.3),
        ("vwap_distance", "distance to VWAP, in ATR", -14, 14, 4.0), ("swings", "step of the swings, in ATR", -9, 9, 3.0),
        ("taker_delta", "taker delta", -1, 1, 0.4), ("imbalance_wide", "imbalance of the whole book", -1, 1, -0.3),
        ("premium", "premium of mark over index, bp", -14, 14, 5.0),
        ("funding", "funding, in its own deviations", -4, 4, 2.0),
    )  # fmt: skip
    figure, grid = plt.subplots(2, 4, figsize=(11, 5.2), sharey=True, layout="constrained")
    for axes, (name, label, low, high, at) in zip(grid.flat, shown, strict=True):
        spec = by_name[name]
        x = np.linspace(low, high, 400)
        y = np.tanh((x - spec.centre) / spec.scale)
        axes.fill_between(x, y, 0, where=y > 0, color=UP, alpha=0.18, linewidth=0)
        axes.fill_between(x, y, 0, where=y < 0, color=DOWN, alpha=0.18, linewidth=0)
        axes.plot(x, y, color=INK, linewidth=1.6)
        axes.axhline(0, color=SOFT, linewidth=0.7)
        d = math.tanh((at - spec.centre) / spec.scale)
        axes.plot([at], [d], "o", color=BLUE)
        corner = (0.05, 0.9 if spec.scale > 0 else 0.08)
        line = {"arrowstyle": "-", "color": BLUE, "linewidth": 0.7}
        words = f"{at:g} \u2192 {d:+.2f}"
        axes.annotate(words, (at, d), corner, textcoords="axes fraction", color=BLUE, arrowprops=line)
        axes.set_xlabel(label)
        axes.set_ylim(-1.05, 1.05)
        axes.set_xlim(low, high)
    for axes in grid[:, 0]:
        axes.set_ylabel("direction")
    figure.suptitle("From a reading to a direction: no steps, the same both ways; high funding speaks against the price",
                    x=0.01, ha="left", fontweight="bold")  # fmt: skip
    save(figure, "response", simulated=False)


def breakdown() -> None:
    """Draw one symbol's score as points, by dimension and by component."""
    result = SCORES["UNI"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained", width_ratios=(1, 1.25))
    ranked = sorted(result.dimensions, key=lambda d: -abs(d.contribution))
    at = 50.0
    for row, d in enumerate(ranked):
        left.barh(row, d.contribution, left=at, color=UP if d.contribution > 0 else DOWN, height=0.62)
        left.text(max(at, at + d.contribution) + 0.12, row, f"{d.contribution:+.2f}", va="center")
        left.plot([at + d.contribution] * 2, [row - 0.31, row + 1.31], color=SOFT, linewidth=0.8)
        at += d.contribution
    left.barh(len(ranked), at - 50, left=50, color=BLUE, height=0.62)
    left.text(max(at, 50) + 0.12, len(ranked), f"score {at:.2f}", va="center", fontweight="bold")
    left.set_yticks(range(len(ranked) + 1), [*(f"{DIMENSION_NAMES[d.kind]}  {d.score:.0f}" for d in ranked), "total"])
    left.invert_yaxis()
    left.axvline(50, color=SOFT, linewidth=0.8)
    left.set_xlim(49.4, 60.4)
    left.set_xlabel("points from 50")
    left.set_title(f"{result.symbol}: what each dimension adds")
    book = dimension("UNI", DimensionKind.ORDERBOOK)
    for row, c in enumerate(book.components):
        right.barh(row, c.contribution, color=UP if c.contribution > 0 else DOWN, height=0.62)
        text = f"{c.contribution:+.2f}   reads {c.reading:+.2f}, direction {c.direction:+.2f}, confidence {c.confidence:.2f}"
        right.text(max(c.contribution, 0) + 0.15, row, text, va="center", fontsize=8.5)
    right.set_yticks(range(len(book.components)), [c.name.replace("_", " ") for c in book.components])
    right.invert_yaxis()
    right.axvline(0, color=SOFT, linewidth=0.8)
    least, most = (f(c.contribution for c in book.components) for f in (min, max))
    right.set_xlim(least - 0.5, most + (most - least) * 2.4)
    right.set_xlabel("points of this dimension's own score")
    right.set_title(f"its order book, {book.score:.1f}: what each component adds")
    save(figure, "breakdown")


def agreement() -> None:
    """Draw two symbols, one whose dimensions agree and one whose dimensions differ."""
    figure, grid = plt.subplots(1, 2, figsize=(10, 3.2), sharex=True, layout="constrained")
    for axes, base in zip(grid, ("WLD", "APT"), strict=True):
        result = SCORES[base]
        for row, d in enumerate(result.dimensions):
            axes.barh(
                row,
                d.direction or 0,
                color=UP if (d.direction or 0) > 0 else DOWN,
                height=0.6,
                alpha=0.35 + 0.65 * d.confidence,
            )
        mean = ((result.score or 50) - 50) / 50
        spread = 1 - (result.agreement or 0)
        axes.axvspan(mean - spread, mean + spread, color=BLUE, alpha=0.12, linewidth=0)
        axes.axvline(mean, color=BLUE)
        axes.axvline(0, color=SOFT, linewidth=0.8)
        axes.set_yticks(range(6), [DIMENSION_NAMES[d.kind] for d in result.dimensions])
        axes.invert_yaxis()
        axes.set_xlim(-1, 1)
        axes.set_xticks((-1, -0.5, 0, 0.5, 1))
        axes.set_xlabel("direction (blue: the weighted mean and its spread)")
        axes.set_title(f"{result.symbol}: score {result.score:.0f}, agreement {result.agreement:.2f}")
    save(figure, "agreement")


def betas() -> None:
    """Draw a symbol's returns against those of BTC."""
    candles_by_symbol = {f"{b}USDT": INPUTS[b].candles for b in ("BTC", "SOL", "WIF")}
    windows = beta.betas(candles_by_symbol, NOW_MS)
    thirty = {s: c[Timeframe.M30] for s, c in candles_by_symbol.items()}
    returns = required(beta.align_returns(thirty, thirty["BTCUSDT"], 336, NOW_MS))
    figure, grid = plt.subplots(1, 2, figsize=(10, 4.2), sharex=True, sharey=True, layout="constrained")
    for axes, symbol in zip(grid, ("SOLUSDT", "WIFUSDT"), strict=True):
        window = windows[symbol][BetaSpan.WEEK]
        x, y = 100 * returns.anchor, 100 * returns.values[returns.symbols.index(symbol)]
        axes.scatter(x, y, 9, color=INK, alpha=0.4, linewidths=0)
        ends = np.array((x.min(), x.max()))
        axes.plot(ends, window.beta * ends, color=BLUE, linewidth=1.8)
        axes.axhline(0, color=SOFT, linewidth=0.7)
        axes.axvline(0, color=SOFT, linewidth=0.7)
        axes.set_xlabel("BTC's return in half an hour, percent")
        axes.set_title(f"{symbol}: beta {window.beta:.2f} \u00b1 {window.beta_error:.2f}\nR\u00b2 {window.r_squared:.2f}, "
                       f"when BTC falls {window.downside_beta:.2f}, rises {window.upside_beta:.2f}")  # fmt: skip
    grid[0].set_ylabel("its return, percent")
    save(figure, "beta")


def signal_and_bars(base: str, time_ms: int) -> tuple[Signal, Candles]:
    """Return the signal that opens at `time_ms`, with its outcome, and the 5m bars around it."""
    known, symbol = inputs(base, time_ms), f"{base}USDT"
    rules = SignalRules(stand_ms=0, settle_ms=0)
    state = signals.SignalState(venue="simulated", environment=Environment.SIMULATED, model_version="v1", rules=rules)
    ticker = required(known.ticker)
    step = signals.advance(
        state,
        signals.SignalInputs(
            now_ms=time_ms,
            scores={symbol: score_symbol(known, time_ms)},
            prices={symbol: ticker},
            bars={symbol: known.candles},
        ),
    )
    end_ms = time_ms + 25 * 3_600_000
    ended = signal_outcomes.evaluate_outcome(
        step.opened[0], {Timeframe.M1: candles(base, Timeframe.M1, time_ms, end_ms)}, end_ms
    )
    return ended, candles(base, Timeframe.M5, time_ms - 4 * 3_600_000, end_ms)


def signal() -> None:
    """Draw two signals and their outcomes."""
    figure, grid = plt.subplots(2, 1, figsize=(10.5, 8), layout="constrained")
    for axes, (base, time_ms) in zip(grid, (("WLD", NOW_MS), ("DOGE", LOSING_SIGNAL_MS)), strict=True):
        outcome, five = signal_and_bars(base, time_ms)
        hours = (five.open_ms - outcome.opened_ms) / 3_600_000
        axes.vlines(hours, five.low, five.high, color=np.where(five.close >= five.open, UP, DOWN).tolist(), linewidth=1)
        ended = ((outcome.closed_ms or outcome.expires_ms) - outcome.opened_ms) / 3_600_000
        lines = [(outcome.entry, "entry", INK, "-"), (outcome.stop, "stop, -1 R", DOWN, "-")]
        lines += [
            (t, f"{r:g} R, {s:.0%}", UP, "--") for t, r, s in zip(outcome.targets, TARGETS_R, outcome.sizes, strict=False)
        ]
        for level, word, colour, style in lines:
            axes.plot([0, ended], [level, level], color=colour, linestyle=style, linewidth=1.3)
            axes.text(-0.15, level, word, color=colour, ha="right", va="center", fontsize=8.5, bbox=LABEL_BOX, clip_on=True)
        axes.axvspan(0, ended, color=BLUE, alpha=0.07, linewidth=0)
        axes.plot([ended], [outcome.exit_price or outcome.stop], "X", color=INK, markersize=9)
        words = outcome.status.name.replace("_", " ").lower()
        hits = f"{outcome.targets_hit} of {len(outcome.targets)} targets hit"
        axes.set_title(
            f"{outcome.symbol} {outcome.side.name} at score {outcome.score:.0f}, confidence {outcome.confidence:.2f}: "
            f"{words} with {hits}, result {outcome.result_r:+.2f} R before costs"
        )
        axes.set_xlim(-4, 25)
        span = abs(outcome.targets[-1] - outcome.stop)
        reached = (min(five.low.min(), outcome.stop), max(five.high.max(), outcome.stop))
        wanted = outcome.targets[-1]
        axes.set_ylim(min(reached[0], wanted) - 0.05 * span, max(reached[1], wanted) + 0.05 * span)
    grid[1].set_xlabel("hours since the signal")
    save(figure, "signal")
