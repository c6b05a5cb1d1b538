"""Volume: does money go in with rising or with falling prices, and where did it trade? Per timeframe.

Volumes are in base units, which a reflection of the market leaves alone; prices are logs. Each function gives (readings,
confidences) of shape (rows,). Absent (NaN) without volume or without movement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.bars import FLAT, VOLUME_BARS, Rows, weighted
from virtuoso.analysis.components import CandleComponentSpec

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

VWAP_BARS = 96
PROFILE_BARS = 120
PROFILE_BINS = 24
VALUE_ENDS = np.array((0.15, 0.85))  # of the volume: between them lies the value area, its middle 70 %
NEGLIGIBLE = 1e-12  # a log price change below this is rounding, not a direction


def _cumulative_slope(width: int) -> Floats:
    """Weights w with sum(w * x) = (least-squares slope of the running sum of x over `width` bars) * width."""
    steps = np.arange(width) - (width - 1) / 2
    return np.cumsum(steps[::-1])[::-1] / (steps @ steps) * width


SLOPE = _cumulative_slope(VOLUME_BARS)


def _signed(price: Floats, volume: Floats) -> Floats:
    """Volumes of the bars in which the price rose, negative where it fell, 0 where it stood. `price` is one bar longer."""
    change = price[:, 1:] - price[:, :-1]
    return volume * (change > NEGLIGIBLE) - volume * (change < -NEGLIGIBLE)


def money_flow(rows: Rows) -> tuple[Floats, Floats]:
    """Chaikin money flow over 20 bars: sum(place * volume) / sum(volume), -1..1; place is -1 for a close at the bar's low,
    1 at its high, 0 in a bar without range. Absent without volume, and before 20 bars. (Chaikin; the steps of TA-Lib AD.)"""
    volume = rows.volume[:, -20:]
    return (rows.place[:, -20:] * volume).sum(axis=1) / volume.sum(axis=1), rows.evenness


def money_flow_index(rows: Rows) -> tuple[Floats, Floats]:
    """Money flow index over 14 bars, 0-100: the share of volume in bars whose typical price rose among those in which it
    moved: 100 up / (up + down). With base volume instead of turnover, so that a reflected market reads 100 less as much.
    Absent without volume or movement, and before 15 bars. (After Quong and Soudack 1989; TA-Lib MFI of volume / price.)"""
    signed = _signed(rows.typical[:, -15:], rows.volume[:, -14:])
    return 50 + 50 * signed.sum(axis=1) / np.abs(signed).sum(axis=1), rows.evenness


def on_balance_volume(rows: Rows) -> tuple[Floats, Floats]:
    """Least-squares slope of on-balance volume over 50 bars times 50, over the volume of those bars: a ratio, -1.5..1.5, the
    share of all volume that went one way on balance. Absent without volume, and before 51 bars. (Granville 1963; TA-Lib
    OBV and LINEARREG_SLOPE.)"""
    signed = _signed(rows.close[:, -VOLUME_BARS - 1 :], rows.volumes)
    return weighted(signed, SLOPE) / rows.volumes.sum(axis=1), rows.evenness


def accumulation(rows: Rows) -> tuple[Floats, Floats]:
    """Least-squares slope of the accumulation/distribution line (running sum of place times volume) over 50 bars times 50,
    over the volume of those bars: a ratio, -1.5..1.5. Absent without volume, and before 50 bars. (Chaikin; TA-Lib AD
    and LINEARREG_SLOPE.)"""
    return weighted(rows.place * rows.volumes, SLOPE) / rows.volumes.sum(axis=1), rows.evenness


def vwap_distance(rows: Rows) -> tuple[Floats, Floats]:
    """Log close less the volume-weighted mean of log typical prices over 96 bars, over ATR-14: in ATR, unbounded, mostly
    -12..12. Absent without volume or movement, and before 96 bars. (Rolling VWAP: Berkowitz, Logue, Noser 1988.)"""
    volume = rows.volume[:, -VWAP_BARS:]
    vwap = (rows.typical[:, -VWAP_BARS:] * volume).sum(axis=1) / volume.sum(axis=1)
    return (rows.last - vwap) / rows.atr, rows.evenness


def volume_profile(rows: Rows) -> tuple[Floats, Floats]:
    """Place of the close in the volume profile of 120 bars, in halves of its value area: 0 in the middle between the point
    of control and the centre of the value area, 1 about at its upper end; unbounded, mostly -4..4. Absent without volume or
    range, and before 120 bars. (Steidlmayer's market profile, of volume.)

    Each bar's volume is spread evenly over its range on 24 bins of log price. The point of control is the fullest bin (the
    mean of all that are equally full); the value area holds the middle 70 % of the volume."""
    high, low, volume = rows.high[:, -PROFILE_BARS:], rows.low[:, -PROFILE_BARS:], rows.volume[:, -PROFILE_BARS:]
    bottom = low.min(axis=1, keepdims=True)
    bin_size = (high.max(axis=1, keepdims=True) - bottom) / PROFILE_BINS
    bin_size[bin_size * PROFILE_BINS <= FLAT] = np.nan
    edges = bottom + bin_size * (np.arange(PROFILE_BINS + 2) - 0.5)
    below = edges[:, :, None] - (low - bin_size / 2)[:, None, :]
    below /= (high - low + bin_size)[:, None, :]
    np.maximum(below, 0.0, out=below)
    np.minimum(below, 1.0, out=below)
    running = np.einsum("rew,rw->re", below, volume)
    total = running[:, -1:]
    filled = running[:, 1:] - running[:, :-1]
    fullest = filled >= filled.max(axis=1, keepdims=True) - 1e-9 * total
    control = (fullest * (edges[:, :-1] + bin_size / 2)).sum(axis=1) / fullest.sum(axis=1)
    lower, upper = _crossings(edges, running, total * VALUE_ENDS)
    return (rows.last - (control + (lower + upper) / 2) / 2) / ((upper - lower) / 2), rows.evenness


def _crossings(edges: Floats, running: Floats, targets: Floats) -> Floats:
    """Where each rising row of `running` (rows, edges) reaches its targets (rows, 2), between edges. Shape (2, rows)."""
    row = np.arange(len(running))[:, None]
    after = np.minimum((running[:, None, :] < targets[:, :, None]).sum(axis=2), running.shape[1] - 1)
    low, high = running[row, after - 1], running[row, after]
    left, right = edges[row, after - 1], edges[row, after]
    crossings: Floats = (left + (targets - low) / (high - low) * (right - left)).T
    return crossings


def relative_volume(rows: Rows) -> tuple[Floats, Floats]:
    """Body (log close less log open, in ATR-14) times relative volume (over the mean of 50 bars), mean of the last 3 bars:
    a bar counts by how much traded in it. In ATR, unbounded, mostly -2..2. Volume alone gives no sign. Absent without
    volume or movement, and before 50 bars. (Ours.)"""
    moved = (rows.volume[:, -3:] * (rows.close[:, -3:] - rows.open[:, -3:])).sum(axis=1) / 3
    return moved / (rows.volumes.sum(axis=1) / VOLUME_BARS * rows.atr), rows.evenness


SILENT = "no volume, or the market did not move"
COMPONENTS = (
    CandleComponentSpec(
        "money_flow",
        0.16,
        "ratio",
        0.25,
        "bars close near their highs on volume",
        "bars close near their lows on volume",
        need=20,
        absence=SILENT,
        read=money_flow,
    ),
    CandleComponentSpec(
        "money_flow_index",
        0.14,
        "",
        28.0,
        "more trades in rising bars",
        "more trades in falling bars",
        centre=50.0,
        need=15,
        absence=SILENT,
        read=money_flow_index,
    ),
    CandleComponentSpec(
        "on_balance_volume",
        0.16,
        "ratio",
        0.45,
        "volume leans to rising bars",
        "volume leans to falling bars",
        need=51,
        absence=SILENT,
        read=on_balance_volume,
    ),
    CandleComponentSpec(
        "accumulation",
        0.12,
        "ratio",
        0.35,
        "coins are accumulated",
        "coins are distributed",
        need=50,
        absence=SILENT,
        read=accumulation,
    ),
    CandleComponentSpec(
        "vwap_distance",
        0.16,
        "ATR",
        6.0,
        "price is above its volume-weighted average",
        "price is below its volume-weighted average",
        need=VWAP_BARS,
        absence=SILENT,
        read=vwap_distance,
    ),
    CandleComponentSpec(
        "volume_profile",
        0.14,
        "value areas",
        1.6,
        "price is above where most volume traded",
        "price is below where most volume traded",
        need=PROFILE_BARS,
        absence=SILENT,
        read=volume_profile,
    ),
    CandleComponentSpec(
        "relative_volume",
        0.12,
        "ATR",
        0.60,
        "the last bars rose on volume",
        "the last bars fell on volume",
        need=50,
        absence=SILENT,
        read=relative_volume,
    ),
)
