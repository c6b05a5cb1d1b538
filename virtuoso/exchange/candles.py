"""From kline rows to closed bars: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from virtuoso.domain.errors import BadData, EmptyData, VenueStale
from virtuoso.domain.model import Candles, Stamp, Timeframe
from virtuoso.exchange.rows import LARGEST, let_in, number, refuse

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

ROUNDING = 1e-6  # by which open or close may lie outside high and low: venues round each by itself
LATE_MS = 60_000


def read_candles(
    rows: Any,
    symbol: str,
    timeframe: Timeframe,
    stamp: Stamp,
    *,
    limit: int,
    exact: bool,
    volume_at: int = 5,
    before_ms: int | None = None,
) -> Candles:
    """The newest at most `limit` closed bars without a gap, from rows of time, open, high, low, close, volume (ms, USDT,
    base units) in any order; the volume is cell `volume_at` of a row.

    A bar is closed when the venue's clock is past its end. Where that clock is not `exact` (it came from an HTTP front end,
    not from the data), a later bar must show as well: a back end that stands still would else pass off a forming bar.
    EmptyData without closed bars, BadData when the newest two are refused, VenueStale when the newest ended long ago. Of a
    page of the past, only bars that open before `before_ms` count, and none is too old.
    """
    table = _table(rows, volume_at)
    if not len(table):
        raise EmptyData(f"{symbol} {timeframe.value}: no bars")
    begun = table[:, 0]
    with np.errstate(invalid="ignore"):
        aligned = (begun % timeframe.ms == 0) & (begun > 0)
        future = begun > stamp.observed_ms + LATE_MS
    refuse("candle_time", int(np.sum(~aligned | future)))
    table = table[aligned & ~future]
    closed = table[:, 0] + timeframe.ms <= stamp.observed_ms
    if before_ms is not None:
        closed &= table[:, 0] < before_ms
    elif not exact and len(table):
        closed &= table[:, 0] < table[:, 0].max()
    table = table[closed]
    if not len(table):
        raise EmptyData(f"{symbol} {timeframe.value}: no closed bars")
    ended = table[:, 0].max() + timeframe.ms
    if before_ms is None and stamp.observed_ms - ended > 2 * timeframe.ms + LATE_MS:
        raise VenueStale(f"{symbol} {timeframe.value}: the newest bar ended {(stamp.observed_ms - ended) / 1000:.0f} s ago")
    table = _sound(table[np.argsort(table[:, 0], kind="stable")])
    if not len(table) or ended - table[-1, 0] > 2 * timeframe.ms:  # one refused bar at the end may be had again soon
        raise BadData(f"{symbol} {timeframe.value}: the newest bars cannot be read")
    gaps = np.flatnonzero(np.diff(table[:, 0]) != timeframe.ms)
    table = table[gaps[-1] + 1 if len(gaps) else 0 :][-limit:]
    begun, opened, high, low, close, volume = (np.ascontiguousarray(column) for column in table.T)
    return Candles(
        symbol=symbol,
        timeframe=timeframe,
        open_ms=begun.astype(np.int64),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        stamp=stamp,
    )


def _sound(table: Floats) -> Floats:
    """The rows that a market can have made, each time once."""
    opened, high, low, close, volume = table[:, 1:].T
    with np.errstate(invalid="ignore"):  # NaN compares as false, which is what is wanted
        numbers = np.all((table[:, 1:5] > 0) & (table[:, 1:5] <= LARGEST), axis=1) & (volume >= 0) & (volume <= LARGEST)
        top, bottom = high * (1 + ROUNDING), low * (1 - ROUNDING)
        within = (opened <= top) & (close <= top) & (opened >= bottom) & (close >= bottom)
        shaped = (high >= low) & within
        traded = ~((high > low) & (volume == 0))
    refuse("candle_number", int(np.sum(~numbers)))
    refuse("candle_shape", int(np.sum(numbers & ~shaped)))
    refuse("candle_volume", int(np.sum(numbers & shaped & ~traded)))
    table = table[numbers & shaped & traded]
    repeated = np.diff(table[:, 0], prepend=-1) == 0
    refuse("candle_duplicate", int(np.sum(repeated)))
    table = table[~repeated]
    let_in("candle", len(table))
    if len(table):
        table[:, 2] = table[:, 1:5].max(axis=1)
        table[:, 3] = table[:, 1:5].min(axis=1)
    return table


def _table(rows: Any, volume_at: int) -> Floats:
    """Rows as an array of six columns; a cell that is no number becomes NaN, a row of another shape is refused."""
    if not isinstance(rows, list):
        raise BadData(f"rows of bars expected, not {type(rows).__name__}")
    kept: list[Sequence[Any]] = [
        [*row[:5], row[volume_at]] for row in rows if isinstance(row, list) and len(row) > max(5, volume_at)
    ]
    refuse("candle_row", len(rows) - len(kept))
    if rows and not kept:
        raise BadData("no bar has the right shape")
    try:
        return np.array([[float(cell) for cell in row] for row in kept]).reshape(-1, 6)
    except (TypeError, ValueError, OverflowError):
        numbers = [[number(cell) for cell in row] for row in kept]
        return np.array([[np.nan if cell is None else cell for cell in row] for row in numbers]).reshape(-1, 6)
