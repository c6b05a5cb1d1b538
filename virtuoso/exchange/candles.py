"""Pure functions that parse closed bars from kline rows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from virtuoso.domain.errors import BadData, EmptyData, VenueStale
from virtuoso.domain.model import Candles, Stamp, Timeframe
from virtuoso.domain.plausibility import (
    LARGEST,
    MAX_BAR_DELAY_MS,
    MAX_BAR_LEAD_MS,
    MAX_GAP_JUMP,
    MAX_OPEN_JUMP,
    MAX_WICK,
    PRICE_ROUNDING,
    SMALLEST,
)
from virtuoso.exchange.rows import count_accepted, count_refused, number

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

# float() reads cells of these types and characters correctly. It also accepts True, "1_000" and " 1 ".
_NUMERIC = {str, float, int}
UNKNOWN = -math.inf
"""A taker volume that is not known. Unlike NaN, it equals itself when rows are compared."""
_NO_DIGIT = re.compile(r"[^0-9.eE+-]")


def read_candles(
    rows: Any,
    symbol: str,
    timeframe: Timeframe,
    stamp: Stamp,
    *,
    limit: int,
    exact: bool,
    volume_index: int = 5,
    taker_buy_index: int | None = None,
    before_ms: int | None = None,
) -> Candles:
    """Return at most `limit` of the newest closed bars in one scale. Bars may be missing.

    A row has time, open, high, low, close (epoch ms, USDT), and the volume in base units in cell `volume_index`. With
    `taker_buy_index`, that cell has the part of the volume that takers bought. Rows may be in any order.

    A bar is closed when the venue's clock is past its end. When that clock is not `exact` (it came from an HTTP front end,
    not from the data), there must also be a later bar. Without this rule, the forming bar of a back end that is frozen
    would be accepted.
    Raise EmptyData when there are no closed bars, BadData when the newest two are refused, VenueStale when the newest ended
    long ago. `before_ms` requests a page of the past: only bars that open before it count, and no bar is too old.
    """
    table = _table(rows, volume_index, taker_buy_index)
    if not len(table):
        raise EmptyData(f"{symbol} {timeframe.value}: no bars")
    open_ms = table[:, 0]
    with np.errstate(invalid="ignore"):
        aligned = (open_ms % timeframe.ms == 0) & (open_ms > 0)
        future = open_ms > stamp.observed_ms + MAX_BAR_LEAD_MS
    count_refused("candle_time", int(np.sum(~aligned | future)))
    table = table[aligned & ~future]
    closed = table[:, 0] + timeframe.ms <= stamp.observed_ms
    if before_ms is not None:
        closed &= table[:, 0] < before_ms
    elif not exact and len(table):
        closed &= table[:, 0] < table[:, 0].max()
    table = table[closed]
    if not len(table):
        raise EmptyData(f"{symbol} {timeframe.value}: no closed bars")
    newest_end_ms = table[:, 0].max() + timeframe.ms
    if before_ms is None and stamp.observed_ms - newest_end_ms > 2 * timeframe.ms + MAX_BAR_DELAY_MS:
        raise VenueStale(
            f"{symbol} {timeframe.value}: the newest bar ended {(stamp.observed_ms - newest_end_ms) / 1000:.0f} s ago"
        )
    table = _plausible(table)
    if not len(table) or newest_end_ms - table[-1, 0] > 2 * timeframe.ms:  # one refused bar at the end is acceptable
        raise BadData(f"{symbol} {timeframe.value}: the newest bars cannot be read")
    open_ms, opened, high, low, close, volume, taker_buy = (np.ascontiguousarray(column) for column in table[-limit:].T)
    candles = Candles(
        symbol=symbol,
        timeframe=timeframe,
        open_ms=open_ms.astype(np.int64),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        stamp=stamp,
        taker_buy=None if taker_buy_index is None else np.where(taker_buy == UNKNOWN, np.nan, taker_buy),
    )
    return in_one_scale(candles)


def in_one_scale(candles: Candles) -> Candles:
    """Return the bars in the price scale of the newest bar. Refuse and count the others.

    A break of scale is a jump from one bar's close to the next bar's open that no market makes. A crash is not such a break,
    because its move is inside the bars."""
    jumps = np.log(candles.open[1:] / candles.close[:-1])
    adjacent = np.diff(candles.open_ms) == candles.timeframe.ms
    jumps[np.abs(jumps) <= np.where(adjacent, math.log(MAX_OPEN_JUMP), math.log(MAX_GAP_JUMP))] = 0
    if not jumps.any():
        return candles
    scale = np.append(np.cumsum(jumps[::-1])[::-1], 0.0)  # of each bar, relative to the newest; several breaks may cancel
    same = np.abs(scale) <= math.log(MAX_OPEN_JUMP)
    count_refused("candle_scale", int(np.sum(~same)))
    in_scale = candles.selected(same)
    return in_scale if same[0] else replace(in_scale, scale_since_ms=int(in_scale.open_ms[0]))


def _plausible(table: Floats) -> Floats:
    """Return the rows with plausible values in order of time, one row per time.

    Equal rows count once. When rows of one time differ, the row with a volume is used. When several have a volume, or none
    has, all are refused, because they contradict each other."""
    opened, high, low, close, volume, taker_buy = table[:, 1:].T
    with np.errstate(invalid="ignore", over="ignore"):  # comparisons with NaN are false, as intended
        numbers = np.all((table[:, 1:5] >= SMALLEST) & (table[:, 1:5] <= LARGEST), axis=1)
        numbers &= ((volume == 0) | (volume >= SMALLEST)) & (volume <= LARGEST)
        top, bottom = high * (1 + PRICE_ROUNDING), low * (1 - PRICE_ROUNDING)
        within = (opened <= top) & (close <= top) & (opened >= bottom) & (close >= bottom)
        wicks = (high <= MAX_WICK * np.maximum(opened, close)) & (low * MAX_WICK >= np.minimum(opened, close))
        shaped = (high >= low) & within & wicks
        traded = ~((high > low) & (volume == 0))
        known = (taker_buy >= 0) & (taker_buy <= volume * (1 + PRICE_ROUNDING))
    count_refused("candle_taker_volume", int(np.sum(numbers & ~known & (taker_buy != UNKNOWN))))
    table[:, 6] = np.where(known, np.minimum(taker_buy, volume), UNKNOWN)
    count_refused("candle_number", int(np.sum(~numbers)))
    count_refused("candle_shape", int(np.sum(numbers & ~shaped)))
    count_refused("candle_volume", int(np.sum(numbers & shaped & ~traded)))
    plausible = table[numbers & shaped & traded]
    distinct = np.unique(plausible, axis=0)  # sorted by time
    count_refused("candle_duplicate", len(plausible) - len(distinct))
    _, index, rows_of_time = np.unique(distinct[:, 0], return_inverse=True, return_counts=True)
    has_volume = distinct[:, 5] > 0
    usable = (rows_of_time[index] == 1) | (has_volume & (np.bincount(index, has_volume)[index] == 1))
    count_refused("candle_contradiction", int(np.sum(~usable)))
    table = distinct[usable]
    count_accepted("candle", len(table))
    if len(table):
        table[:, 2] = table[:, 1:5].max(axis=1)
        table[:, 3] = table[:, 1:5].min(axis=1)
    return table


def _table(rows: Any, volume_index: int, taker_buy_index: int | None) -> Floats:
    """Return rows as an array of seven columns. A cell without a number becomes NaN. Refuse rows of another shape. The last
    column is UNKNOWN without `taker_buy_index`."""
    if not isinstance(rows, list):
        raise BadData(f"rows of bars expected, not {type(rows).__name__}")
    shaped_rows: list[Sequence[Any]] = [
        [*row[:5], row[volume_index], UNKNOWN if taker_buy_index is None else row[taker_buy_index]]
        for row in rows
        if isinstance(row, list) and len(row) > max(5, volume_index, taker_buy_index or 0)
    ]
    count_refused("candle_row", len(rows) - len(shaped_rows))
    if rows and not shaped_rows:
        raise BadData("no bar has the right shape")
    cells = [cell for row in shaped_rows for cell in row]
    if {*map(type, cells)} <= _NUMERIC and not _NO_DIGIT.search("".join([cell for cell in cells if isinstance(cell, str)])):
        with suppress(ValueError, OverflowError):
            return np.array([float(cell) for cell in cells]).reshape(-1, 7)  # six times as fast as `number`
    numbers = map(number, cells)
    return np.array([np.nan if cell is None else cell for cell in numbers]).reshape(-1, 7)
