"""Volume: whether volume goes with rising or falling prices, and at which prices it trades, for each timeframe.

Volumes are in base units and prices are logs, so a reflected market (price p to 1/p) has the same volumes. Each function
returns (readings, confidences) of shape (rows,). NaN means not measured: no volume, no movement, or too few bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.bars import FLAT, VOLUME_BARS, Rows, weighted_sum
from virtuoso.analysis.components import CandleComponentSpec

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

VWAP_BARS = 96
PROFILE_BARS = 120
PROFILE_BINS = 24
VALUE_AREA = np.array((0.15, 0.85))
"""The shares of the running volume at which the value area begins and ends. The value area is the middle 70 %."""
NEGLIGIBLE = 1e-12
"""The change of log price up to which it is a rounding error without direction."""


def _cumulative_slope_weights(width: int) -> Floats:
    """Return weights w with sum(w * x) = width * (least-squares slope of the running sum of x over `width` bars)."""
    steps = np.arange(width) - (width - 1) / 2
    return np.cumsum(steps[::-1])[::-1] / (steps @ steps) * width


SLOPE_WEIGHTS = _cumulative_slope_weights(VOLUME_BARS)


def _signed(price: Floats, volume: Floats) -> Floats:
    """Return the volume of each bar with the sign of its price change: 0 where the price did not change. `price` is one bar
    longer than `volume`."""
    change = price[:, 1:] - price[:, :-1]
    return volume * (change > NEGLIGIBLE) - volume * (change < -NEGLIGIBLE)


def _where_any(used: Floats, ratio: Floats) -> Floats:
    """Return the ratio of each row, or NaN where all of `used` (rows, bars) is 0."""
    return np.where(np.abs(used).sum(axis=1) > 0, ratio, np.nan)


def money_flow(rows: Rows) -> tuple[Floats, Floats]:
    """Return the Chaikin money flow over 20 bars, -1..1: sum(location * volume) / sum(volume), where location is the close
    location value of the bar. NaN where no bar with volume has a range, and with fewer than 20 bars. (Chaikin; the steps of
    TA-Lib AD.)"""
    volume = rows.volume[:, -20:]
    flow = (rows.close_location[:, -20:] * volume).sum(axis=1) / volume.sum(axis=1)
    return _where_any(rows.has_range[:, -20:] * volume, flow), rows.volume_evenness


def money_flow_index(rows: Rows) -> tuple[Floats, Floats]:
    """Return the money flow index over 14 bars, 0-100: 100 up / (up + down), where up and down are the volumes of the bars
    whose typical price rose and fell.

    It uses base volume instead of turnover. The reading of a reflected market is therefore 100 minus this reading. NaN
    without volume or movement, and with fewer than 15 bars. (After Quong and Soudack 1989; TA-Lib MFI of volume / price.)"""
    signed = _signed(rows.typical_price[:, -15:], rows.volume[:, -14:])
    return 50 + 50 * signed.sum(axis=1) / np.abs(signed).sum(axis=1), rows.volume_evenness


def on_balance_volume(rows: Rows) -> tuple[Floats, Floats]:
    """Return 50 times the least-squares slope of on-balance volume over 50 bars, divided by the volume of those bars: a
    ratio, -1.5..1.5. It is approximately the net share of the volume in one direction. NaN where no close with volume
    changed, and with fewer than 51 bars. (Granville 1963; TA-Lib OBV and LINEARREG_SLOPE.)"""
    signed = _signed(rows.close[:, -VOLUME_BARS - 1 :], rows.recent_volume)
    slope = weighted_sum(signed, SLOPE_WEIGHTS) / rows.recent_volume.sum(axis=1)
    return _where_any(signed, slope), rows.volume_evenness


def accumulation(rows: Rows) -> tuple[Floats, Floats]:
    """Return 50 times the least-squares slope of the accumulation/distribution line over 50 bars, divided by the volume of
    those bars: a ratio, -1.5..1.5. The line is the running sum of close location value times volume. NaN where no bar with
    volume has a range, and with fewer than 50 bars. (Chaikin; TA-Lib AD and LINEARREG_SLOPE.)"""
    flow = rows.close_location * rows.recent_volume
    slope = weighted_sum(flow, SLOPE_WEIGHTS) / rows.recent_volume.sum(axis=1)
    return _where_any(rows.has_range * rows.recent_volume, slope), rows.volume_evenness


def vwap_distance(rows: Rows) -> tuple[Floats, Floats]:
    """Return the log close minus the volume-weighted mean of log typical prices over 96 bars, in ATR-14; unbounded, mostly
    -12..12. NaN without volume or movement, and with fewer than 96 bars. (Rolling VWAP: Berkowitz, Logue, Noser 1988.)"""
    volume = rows.volume[:, -VWAP_BARS:]
    vwap = (rows.typical_price[:, -VWAP_BARS:] * volume).sum(axis=1) / volume.sum(axis=1)
    return (rows.last_close - vwap) / rows.atr, rows.volume_evenness


def volume_profile(rows: Rows) -> tuple[Floats, Floats]:
    """Return the position of the close in the volume profile of 120 bars, in half widths of its value area; unbounded,
    mostly -4..4. A reading of 0 is midway between the point of control and the centre of the value area. A reading of 1 is
    near its upper end. NaN without volume or range, and with fewer than 120 bars. (After Steidlmayer's market profile.)

    Each bar's volume is spread evenly over its range, on 24 bins of log price. The point of control is the bin with the most
    volume, or the mean of several with equal volume. The value area contains the middle 70 % of the volume."""
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
    lower, upper = _crossings(edges, running, total * VALUE_AREA)
    return (rows.last_close - (control + (lower + upper) / 2) / 2) / ((upper - lower) / 2), rows.volume_evenness


def _crossings(edges: Floats, running: Floats, targets: Floats) -> Floats:
    """Return the positions at which each rising row of `running` (rows, edges) reaches its targets (rows, 2), interpolated
    between edges. Shape (2, rows)."""
    row = np.arange(len(running))[:, None]
    after = np.minimum((running[:, None, :] < targets[:, :, None]).sum(axis=2), running.shape[1] - 1)
    low, high = running[row, after - 1], running[row, after]
    left, right = edges[row, after - 1], edges[row, after]
    crossings: Floats = (left + (targets - low) / (high - low) * (right - left)).T
    return crossings


def relative_volume(rows: Rows) -> tuple[Floats, Floats]:
    """Return the mean over the last 3 bars of body times relative volume, in ATR-14; unbounded, mostly -2..2.

    The body is log close minus log open. Relative volume is the bar's volume divided by the mean of 50 bars. The body gives
    the sign; the volume is only a weight. NaN where the 3 bars have no volume or nothing moves, and with fewer than 50 bars.
    (Own definition.)"""
    moved = (rows.volume[:, -3:] * (rows.close[:, -3:] - rows.open[:, -3:])).sum(axis=1) / 3
    body = moved / (rows.recent_volume.sum(axis=1) / VOLUME_BARS * rows.atr)
    return _where_any(rows.volume[:, -3:], body), rows.volume_evenness


NO_VOLUME = "no volume, or the market did not move"
COMPONENTS = (
    CandleComponentSpec(
        name="money_flow",
        weight=0.16,
        unit="ratio",
        scale=0.25,
        bullish="bars close in the upper half of their range, weighted by volume",
        bearish="bars close in the lower half of their range, weighted by volume",
        min_bars=20,
        missing=NO_VOLUME,
        read=money_flow,
    ),
    CandleComponentSpec(
        name="money_flow_index",
        weight=0.14,
        unit="",
        scale=28.0,
        bullish="more volume is in rising bars than in falling ones",
        bearish="more volume is in falling bars than in rising ones",
        centre=50.0,
        min_bars=15,
        missing=NO_VOLUME,
        read=money_flow_index,
    ),
    CandleComponentSpec(
        name="on_balance_volume",
        weight=0.16,
        unit="ratio",
        scale=0.45,
        bullish="on-balance volume trends up",
        bearish="on-balance volume trends down",
        min_bars=51,
        missing=NO_VOLUME,
        read=on_balance_volume,
    ),
    CandleComponentSpec(
        name="accumulation",
        weight=0.12,
        unit="ratio",
        scale=0.35,
        bullish="the accumulation line trends up",
        bearish="the accumulation line trends down",
        min_bars=50,
        missing=NO_VOLUME,
        read=accumulation,
    ),
    CandleComponentSpec(
        name="vwap_distance",
        weight=0.16,
        unit="ATR",
        scale=6.0,
        bullish="the price is above its volume-weighted average",
        bearish="the price is below its volume-weighted average",
        min_bars=VWAP_BARS,
        missing=NO_VOLUME,
        read=vwap_distance,
    ),
    CandleComponentSpec(
        name="volume_profile",
        weight=0.14,
        unit="value areas",
        scale=1.6,
        bullish="the price is above the middle of its volume profile",
        bearish="the price is below the middle of its volume profile",
        min_bars=PROFILE_BARS,
        missing=NO_VOLUME,
        read=volume_profile,
    ),
    CandleComponentSpec(
        name="relative_volume",
        weight=0.12,
        unit="ATR",
        scale=0.60,
        bullish="the last bars rose, weighted by volume",
        bearish="the last bars fell, weighted by volume",
        min_bars=50,
        missing=NO_VOLUME,
        read=relative_volume,
    ),
)
