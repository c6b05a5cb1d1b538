"""The style of the pictures, and their folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from virtuoso.domain.model import Candles, DimensionKind

if TYPE_CHECKING:
    from matplotlib.layout_engine import ConstrainedLayoutEngine

FOLDER = Path(__file__).resolve().parent.parent.parent / "virtuoso" / "analysis" / "pictures"
UP, DOWN, INK, SOFT, BLUE, GOLD = "#1a936f", "#c8553d", "#22303c", "#9aa5b1", "#2f6690", "#d9a441"
DIMENSION_NAMES = {
    DimensionKind.TECHNICAL: "technical",
    DimensionKind.VOLUME: "volume",
    DimensionKind.ORDERFLOW: "order flow",
    DimensionKind.ORDERBOOK: "order book",
    DimensionKind.PRICE_STRUCTURE: "price structure",
    DimensionKind.SENTIMENT: "sentiment",
}
LABEL_BOX = {"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1.0}
"""The background of text on a chart."""
FOOTER_INCHES = 0.2
"""The height below a picture for the text about its source."""
mpl.rcParams.update(
    {
        "figure.dpi": 110,
        "savefig.dpi": 110,
        "font.size": 9.5,
        "axes.edgecolor": SOFT,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
    }
)


def save(figure: Figure, name: str, *, simulated: bool = True) -> None:
    """Write one picture. A picture of the simulated market is marked as simulated."""
    if simulated:
        foot = FOOTER_INCHES / figure.get_figheight()
        cast("ConstrainedLayoutEngine", figure.get_layout_engine()).set(rect=(0, foot, 1, 1 - foot))
        figure.text(0.995, 0.01, "simulated market", ha="right", va="bottom", color=DOWN, fontsize=8, style="italic")
    figure.savefig(FOLDER / f"{name}.png", metadata={"Software": None})
    plt.close(figure)
    print(f"virtuoso/analysis/pictures/{name}.png")


def draw_bars(axes: Axes, one: Candles, count: int) -> range:
    """Draw candlesticks of the last `count` bars at x = 0, 1, ... Return these x."""
    span = slice(len(one) - count, None)
    o, h, low, c = one.open[span], one.high[span], one.low[span], one.close[span]
    colours = np.where(c >= o, UP, DOWN).tolist()
    axes.vlines(range(count), low, h, colors=colours, linewidth=0.8)
    axes.bar(range(count), np.maximum(np.abs(c - o), c * 1e-6), 0.64, np.minimum(o, c), color=colours)
    axes.set_xlim(-1.5, count + 0.5)
    return range(count)


def label_hours(axes: Axes, one: Candles, count: int) -> None:
    """Label the time axis of `draw_bars` in hours before now."""
    whole = count * one.timeframe.ms / 3_600_000
    step = next(s for s in (1, 2, 3, 4, 6, 12, 24) if whole / s <= 8)
    back = np.arange(0, whole, step)
    axes.set_xticks(count - 1 - back * 3_600_000 / one.timeframe.ms, [f"-{b:g} h" if b else "now" for b in back])
