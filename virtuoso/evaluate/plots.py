"""Pictures of the results. This is the only module that imports matplotlib. It draws into memory and needs no display."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from virtuoso.domain.model import DAY_MS, Regime
from virtuoso.evaluate.feature_metrics import DECILES
from virtuoso.evaluate.panel import FeatureKind
from virtuoso.evaluate.report import interval, number
from virtuoso.evaluate.results import MAX_Q, Conclusion, Evaluation, FeatureResult

if TYPE_CHECKING:
    from virtuoso.evaluate.regimes import RegimeHistory

COLOURS = {
    Conclusion.PREDICTIVE: "#1a7f37",
    Conclusion.INVERSE: "#cf222e",
    Conclusion.INSIGNIFICANT: "#6e7781",
    Conclusion.UNTESTABLE: "#b6bcc4",
}
REGIME_COLOURS = {
    Regime.NEUTRAL: "#e6e8eb",
    Regime.BULLISH: "#b7e4c3",
    Regime.BEARISH: "#f5b9b3",
    Regime.RISK_ON: "#9fd0f5",
    Regime.RISK_OFF: "#f2cf8d",
}
DPI = 110


def draw_all(evaluation: Evaluation) -> dict[str, bytes]:
    """Return PNG files by name: `ic`, `deciles`, and, if there is data for them, `components` and `regime`."""
    pictures = {"ic": _coefficients(evaluation), "deciles": _deciles(evaluation)}
    if evaluation.results_of(FeatureKind.COMPONENT):
        pictures["components"] = _components(evaluation)
    if evaluation.regimes is not None:
        pictures["regime"] = _regime(evaluation.regimes)
    return pictures


def _coefficients(evaluation: Evaluation) -> bytes:
    """Draw each feature's coefficient and interval, with one panel for each horizon."""
    results = evaluation.results_of(FeatureKind.TOTAL, FeatureKind.DIMENSION, FeatureKind.BASELINE)
    names, horizons = list(dict.fromkeys(f.feature.name for f in results)), list(evaluation.grid.horizons)
    figure = Figure(figsize=(12, 1.4 + 0.36 * len(names)), dpi=DPI, layout="constrained")
    axes = figure.subplots(1, len(horizons), sharey=True)
    for axis, horizon in zip(axes, horizons, strict=True):
        axis.axvline(0, color="#24292f", linewidth=0.8)
        for result in (f for f in results if f.horizon == horizon):
            ic, y = result.metrics.ic, names.index(result.feature.name)
            colour = COLOURS[result.conclusion]
            axis.plot([ic.low, ic.high], [y, y], color=colour, linewidth=2)
            axis.plot(
                ic.value, y, "o" if result.feature.kind is not FeatureKind.BASELINE else "D", color=colour, markersize=5
            )
        axis.set_title(horizon, fontsize=10)
        axis.grid(axis="x", color="#d8dee4", linewidth=0.6)
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.tick_params(labelsize=8)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].invert_yaxis()
    figure.suptitle("Rank information coefficient, 95 % interval (diamonds: baselines)", fontsize=11)
    _legend(figure, {conclusion.value: COLOURS[conclusion] for conclusion in Conclusion})
    return _png(figure)


def _deciles(evaluation: Evaluation) -> bytes:
    """Draw the mean return by tenths of the total score over each horizon."""
    results = [f for f in evaluation.results_of(FeatureKind.TOTAL) if np.isfinite(f.metrics.deciles).any()]
    figure = Figure(figsize=(12, 3.2), dpi=DPI, layout="constrained")
    axes = figure.subplots(1, max(1, len(results)), squeeze=False)[0]
    for axis, result in zip(axes, results, strict=False):
        values = np.array(result.metrics.deciles)
        axis.bar(range(1, DECILES + 1), values, color=np.where(values > 0, "#1a7f37", "#cf222e"), width=0.8)
        axis.axhline(0, color="#24292f", linewidth=0.8)
        spread = result.metrics.spread
        difference = f"last minus first {number(spread.value, 1)} ({interval(spread.low, spread.high, 1)})"
        axis.set_title(f"{result.feature.name}, {result.horizon}\n{difference}", fontsize=9)
        axis.set_xlabel("tenth by score, lowest to highest", fontsize=8)
        axis.set_xticks(range(1, DECILES + 1))
        axis.tick_params(labelsize=8)
    axes[0].set_ylabel("return minus that of all symbols, bp", fontsize=8)
    return _png(figure)


def _components(evaluation: Evaluation) -> bytes:
    """Draw the coefficients of all components as a heat map. Significant results are bold."""
    results = evaluation.results_of(FeatureKind.COMPONENT)
    names, horizons = list(dict.fromkeys(f.feature.name for f in results)), list(evaluation.grid.horizons)
    values = np.array([f.metrics.ic.value for f in results]).reshape(len(names), len(horizons))
    largest = max(0.01, float(np.nanmax(np.abs(values)))) if np.isfinite(values).any() else 0.01
    columns = 3
    size = -(-len(names) // columns)
    figure = Figure(figsize=(12, 1.2 + 0.24 * size), dpi=DPI, layout="constrained")
    axes = figure.subplots(1, columns)
    image: Any = None
    for column, axis in enumerate(axes):
        part = slice(column * size, (column + 1) * size)
        image = axis.imshow(values[part], cmap="RdYlGn", vmin=-largest, vmax=largest, aspect="auto")
        axis.set_yticks(range(len(names[part])), names[part], fontsize=7)
        axis.set_xticks(range(len(horizons)), horizons, fontsize=8)
        for cell, result in enumerate(results[part.start * len(horizons) : part.stop * len(horizons)]):
            _label_cell(axis, *divmod(cell, len(horizons)), result)
    figure.colorbar(image, ax=list(axes), shrink=0.6).ax.tick_params(labelsize=8)
    figure.suptitle(f"Information coefficient of each component (bold: q < {MAX_Q})", fontsize=11)
    return _png(figure)


def _label_cell(axis: Any, y: int, x: int, result: FeatureResult) -> None:
    """Write the coefficient of a result into its cell."""
    value, significant = result.metrics.ic.value, result.conclusion in (Conclusion.PREDICTIVE, Conclusion.INVERSE)
    if np.isfinite(value):
        axis.text(
            x, y, f"{value:+.3f}", ha="center", va="center", fontsize=7, fontweight="bold" if significant else "normal"
        )


def _regime(history: RegimeHistory) -> bytes:
    """Draw BTC's price with the regimes as coloured bands, and below it the number of changes per day."""
    figure = Figure(figsize=(12, 5.2), dpi=DPI, layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    times = [datetime.fromtimestamp(time_ms / 1000, UTC) for time_ms in history.clock_ms.tolist()]
    for first, last, regime in _runs(history.regimes):
        if regime is not None:
            top.axvspan(times[first], times[min(last, len(times) - 1)], color=REGIME_COLOURS[regime], linewidth=0)
    top.plot(times, history.price, color="#24292f", linewidth=1)
    top.set_xlim(times[0], times[-1])
    top.set_ylabel("BTC, USDT", fontsize=9)
    top.set_title("The market's regime, bar by bar", fontsize=11)
    days: dict[datetime, int] = {}
    for time_ms in history.changes_ms:
        day = datetime.fromtimestamp(time_ms // DAY_MS * DAY_MS // 1000, UTC).replace(hour=12)
        days[day] = days.get(day, 0) + 1
    bottom.bar(list(days), list(days.values()), width=0.8, color="#57606a")
    bottom.axhline(6, color="#cf222e", linewidth=0.8, linestyle="--")
    bottom.set_ylim(0, max(7, 1 + max(days.values(), default=0)))
    bottom.set_ylabel("changes a day", fontsize=9)
    locator: Any = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]  # matplotlib has no types here
    bottom.xaxis.set_major_locator(locator)
    bottom.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))  # type: ignore[no-untyped-call]  # the same
    _legend(figure, {regime.lower_name: REGIME_COLOURS[regime] for regime in Regime})
    return _png(figure)


def _runs(regimes: Sequence[Regime | None]) -> list[tuple[int, int, Regime | None]]:
    """Return (first index, index after the last, regime) of each uninterrupted run of one regime."""
    starts = [0, *(n for n in range(1, len(regimes)) if regimes[n] is not regimes[n - 1]), len(regimes)]
    return [(first, last, regimes[first]) for first, last in pairwise(starts)]


def _legend(figure: Figure, colours: dict[str, str]) -> None:
    handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8, frameon=False)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
