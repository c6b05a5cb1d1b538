"""The findings as pictures. The only file that imports matplotlib, which draws into memory and needs no display."""

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

from virtuoso.domain.model import Regime
from virtuoso.evaluate.findings import Evaluation, Finding, Verdict
from virtuoso.evaluate.judging import DECILES
from virtuoso.evaluate.panel import HORIZONS, Kind
from virtuoso.evaluate.report import interval, number

if TYPE_CHECKING:
    from virtuoso.evaluate.regimes import RegimePath

COLOURS = {
    Verdict.PREDICTS: "#1a7f37",
    Verdict.OPPOSITE: "#cf222e",
    Verdict.NOTHING: "#6e7781",
    Verdict.UNKNOWN: "#b6bcc4",
}
BANDS = {
    Regime.NEUTRAL: "#e6e8eb",
    Regime.BULLISH: "#b7e4c3",
    Regime.BEARISH: "#f5b9b3",
    Regime.RISK_ON: "#9fd0f5",
    Regime.RISK_OFF: "#f2cf8d",
}
DPI = 110


def pictures(evaluation: Evaluation) -> dict[str, bytes]:
    """PNG by name: `ic`, `deciles`, and where there is such a thing `components` and `regime`."""
    made = {"ic": _coefficients(evaluation), "deciles": _deciles(evaluation)}
    if evaluation.of(Kind.COMPONENT):
        made["components"] = _components(evaluation)
    if evaluation.regimes is not None:
        made["regime"] = _regime(evaluation.regimes)
    return made


def _coefficients(evaluation: Evaluation) -> bytes:
    """Each score's coefficient and interval, a panel a horizon."""
    found = evaluation.of(Kind.TOTAL, Kind.DIMENSION, Kind.BASELINE)
    names = list(dict.fromkeys(f.named.name for f in found))
    figure = Figure(figsize=(12, 1.4 + 0.36 * len(names)), dpi=DPI, layout="constrained")
    axes = figure.subplots(1, len(HORIZONS), sharey=True)
    for axis, horizon in zip(axes, HORIZONS, strict=True):
        axis.axvline(0, color="#24292f", linewidth=0.8)
        for finding in (f for f in found if f.horizon == horizon):
            ic, y = finding.judgement.ic, names.index(finding.named.name)
            colour = COLOURS[finding.verdict]
            axis.plot([ic.low, ic.high], [y, y], color=colour, linewidth=2)
            axis.plot(ic.value, y, "o" if finding.named.kind is not Kind.BASELINE else "D", color=colour, markersize=5)
        axis.set_title(horizon, fontsize=10)
        axis.grid(axis="x", color="#d8dee4", linewidth=0.6)
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.tick_params(labelsize=8)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].invert_yaxis()
    figure.suptitle("Rank information coefficient, 95 % interval (diamonds: baselines)", fontsize=11)
    _legend(figure, {verdict.value: COLOURS[verdict] for verdict in Verdict})
    return _png(figure)


def _deciles(evaluation: Evaluation) -> bytes:
    """Mean return by tenths: the total, or what stands for it, over each horizon."""
    found = [f for f in evaluation.of(Kind.TOTAL) if np.isfinite(f.judgement.deciles).any()]
    figure = Figure(figsize=(12, 3.2), dpi=DPI, layout="constrained")
    axes = figure.subplots(1, max(1, len(found)), squeeze=False)[0]
    for axis, finding in zip(axes, found, strict=False):
        values = np.array(finding.judgement.deciles)
        axis.bar(range(1, DECILES + 1), values, color=np.where(values > 0, "#1a7f37", "#cf222e"), width=0.8)
        axis.axhline(0, color="#24292f", linewidth=0.8)
        spread = finding.judgement.spread
        away = f"last less first {number(spread.value, 1)} ({interval(spread.low, spread.high, 1)})"
        axis.set_title(f"{finding.named.name}, {finding.horizon}\n{away}", fontsize=9)
        axis.set_xlabel("tenth by score, lowest to highest", fontsize=8)
        axis.set_xticks(range(1, DECILES + 1))
        axis.tick_params(labelsize=8)
    axes[0].set_ylabel("return less that of all, bp", fontsize=8)
    return _png(figure)


def _components(evaluation: Evaluation) -> bytes:
    """Coefficients of all components as a map of colours; a dot where it is clear."""
    found = evaluation.of(Kind.COMPONENT)
    names = list(dict.fromkeys(f.named.name for f in found))
    values = np.array([f.judgement.ic.value for f in found]).reshape(len(names), len(HORIZONS))
    most = max(0.01, float(np.nanmax(np.abs(values)))) if np.isfinite(values).any() else 0.01
    columns = 3
    size = -(-len(names) // columns)
    figure = Figure(figsize=(12, 1.2 + 0.24 * size), dpi=DPI, layout="constrained")
    axes = figure.subplots(1, columns)
    image: Any = None
    for place, axis in enumerate(axes):
        part = slice(place * size, (place + 1) * size)
        image = axis.imshow(values[part], cmap="RdYlGn", vmin=-most, vmax=most, aspect="auto")
        axis.set_yticks(range(len(names[part])), names[part], fontsize=7)
        axis.set_xticks(range(len(HORIZONS)), list(HORIZONS), fontsize=8)
        for cell, finding in enumerate(found[part.start * len(HORIZONS) : part.stop * len(HORIZONS)]):
            _cell(axis, cell, finding)
    figure.colorbar(image, ax=list(axes), shrink=0.6).ax.tick_params(labelsize=8)
    figure.suptitle("Information coefficient of each component (bold: q < 0.05)", fontsize=11)
    return _png(figure)


def _cell(axis: Any, place: int, finding: Finding) -> None:
    """Its number in its place."""
    value, clear = finding.judgement.ic.value, finding.verdict in (Verdict.PREDICTS, Verdict.OPPOSITE)
    if np.isfinite(value):
        y, x = divmod(place, len(HORIZONS))
        axis.text(x, y, f"{value:+.3f}", ha="center", va="center", fontsize=7, fontweight="bold" if clear else "normal")


def _regime(path: RegimePath) -> bytes:
    """BTC's price over bands of the regime, with changes a day beneath."""
    figure = Figure(figsize=(12, 5.2), dpi=DPI, layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    times = [datetime.fromtimestamp(at / 1000, UTC) for at in path.clock_ms.tolist()]
    for first, last, regime in _runs(path.regimes):
        if regime is not None:
            top.axvspan(times[first], times[min(last, len(times) - 1)], color=BANDS[regime], linewidth=0)
    top.plot(times, path.price, color="#24292f", linewidth=1)
    top.set_xlim(times[0], times[-1])
    top.set_ylabel("BTC, USDT", fontsize=9)
    top.set_title("The market's regime, bar by bar", fontsize=11)
    days: dict[datetime, int] = {}
    for at in path.changes_ms:
        day = datetime.fromtimestamp(at // 86_400_000 * 86_400, UTC).replace(hour=12)
        days[day] = days.get(day, 0) + 1
    bottom.bar(list(days), list(days.values()), width=0.8, color="#57606a")
    bottom.axhline(6, color="#cf222e", linewidth=0.8, linestyle="--")
    bottom.set_ylim(0, max(7, 1 + max(days.values(), default=0)))
    bottom.set_ylabel("changes a day", fontsize=9)
    locator: Any = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]  # matplotlib leaves it so
    bottom.xaxis.set_major_locator(locator)
    bottom.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))  # type: ignore[no-untyped-call]  # the same
    _legend(figure, {regime.lower_name: BANDS[regime] for regime in Regime})
    return _png(figure)


def _runs(regimes: Sequence[Regime | None]) -> list[tuple[int, int, Regime | None]]:
    """(first, one after the last, regime) of stretches of the same."""
    starts = [0, *(n for n in range(1, len(regimes)) if regimes[n] is not regimes[n - 1]), len(regimes)]
    return [(first, last, regimes[first]) for first, last in pairwise(starts)]


def _legend(figure: Figure, colours: dict[str, str]) -> None:
    handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8, frameon=False)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
