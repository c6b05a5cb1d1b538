"""Bars that are made of trades, or of shorter bars."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.model import Candles, Stamp, Timeframe
from virtuoso.market_data.candle_reading import BARS_KEPT
from virtuoso.market_data.merge import merge_candles

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats, Trades

MADE_OF: Mapping[Timeframe, Timeframe] = {
    Timeframe.M5: Timeframe.M1,
    Timeframe.M30: Timeframe.M5,
    Timeframe.H4: Timeframe.M30,
}


def minute_bars(trades: Trades | None, last_close: float | None, start_ms: int, end_ms: int, symbol: str) -> Candles | None:
    """Return the bars of one minute from `start_ms` to `end_ms` (epoch ms, full minutes), made of all trades of that time.

    A minute without trades has the close before it and no volume, as at the venue. Minutes before the first price are left
    out. None without any bar."""
    minute = Timeframe.M1.ms
    opens, rows, known = np.arange(start_ms, end_ms, minute, dtype=np.int64), [], last_close
    bounds = np.zeros(len(opens) + 1, dtype=np.intp)
    if trades is not None:
        bounds = np.searchsorted(trades.time_ms, np.append(opens, end_ms))
    for open_ms, first, last in zip(opens.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if trades is not None and last > first:
            price, size = trades.price[first:last], trades.size[first:last]
            bought = float(size[trades.side[first:last] > 0].sum())
            known = float(price[-1])
            rows.append((open_ms, price[0], price.max(), price.min(), known, size.sum(), bought))
        elif known is not None:
            rows.append((open_ms, known, known, known, known, 0.0, 0.0))
    if not rows:
        return None
    columns = np.array(rows, dtype=np.float64).T
    return _candles(symbol, Timeframe.M1, columns, end_ms)


def add_longer_bars(candles: MutableMapping[Timeframe, Candles], timeframe: Timeframe, end_ms: int) -> None:
    """Add the bar of `timeframe` that ends at `end_ms`, when all bars of which it is made are there."""
    part = candles.get(MADE_OF[timeframe])
    count = timeframe.ms // MADE_OF[timeframe].ms
    if end_ms % timeframe.ms or part is None or len(part) < count:
        return
    bars = part.cut(len(part) - count)
    if int(bars.open_ms[0]) != end_ms - timeframe.ms or int(bars.open_ms[-1]) + part.timeframe.ms != end_ms:
        return
    bought = np.nan if bars.taker_buy is None else bars.taker_buy.sum()
    row = (bars.open_ms[0], bars.open[0], bars.high.max(), bars.low.min(), bars.close[-1], bars.volume.sum(), bought)
    new = _candles(part.symbol, timeframe, np.array([row], dtype=np.float64).T, end_ms)
    candles[timeframe] = merge_candles(candles.get(timeframe), new, limit=BARS_KEPT)


def _candles(symbol: str, timeframe: Timeframe, columns: Floats, end_ms: int) -> Candles:
    open_ms, opened, high, low, close, volume, bought = (np.ascontiguousarray(column) for column in columns)
    return Candles(
        symbol=symbol,
        timeframe=timeframe,
        open_ms=open_ms.astype(np.int64),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        taker_buy=bought,
        stamp=Stamp(observed_ms=end_ms, received_ms=end_ms),
    )
