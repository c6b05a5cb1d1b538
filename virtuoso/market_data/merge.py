"""Merge new data into known data: bars by time, trades by id. Pure functions on numpy arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from virtuoso.domain.model import CANDLE_COLUMNS, Candles, Trades

TRADE_COLUMNS = ("time_ms", "price", "size", "side")


def merge_candles(old: Candles | None, new: Candles, *, limit: int) -> Candles | None:
    """Return the newest `limit` bars of `old` and `new`. A bar that is in both comes from `new`.

    Return None if there is a gap between the two. All bars must then be read again."""
    if old is None or len(old) == 0:
        return new.cut(-limit)
    before = int((int(new.open_ms[0]) - int(old.open_ms[0])) // new.timeframe.ms)  # bars of `old` before those of `new`
    if before > len(old):
        return None
    if before <= 0:
        return new.cut(-limit)
    columns: dict[str, Any] = {
        name: np.concatenate((getattr(old, name)[:before], getattr(new, name))) for name in CANDLE_COLUMNS
    }
    return replace(new, **columns).cut(-limit)


def merge_trades(old: Trades | None, new: Trades, *, window_ms: int, limit: int) -> Trades:
    """Return the trades of `old` and `new`, each trade once, oldest first.

    Keep at most `limit` trades, from the last `window_ms` up to the newest trade."""
    if old is not None:
        new_ids = set(new.ids)
        before = [index for index, trade in enumerate(old.ids) if trade not in new_ids]
        ids = [old.ids[index] for index in before] + list(new.ids)
        columns = {name: np.concatenate((getattr(old, name)[before], getattr(new, name))) for name in TRADE_COLUMNS}
    else:
        ids = list(new.ids)
        columns = {name: getattr(new, name) for name in TRADE_COLUMNS}
    order = np.argsort(columns["time_ms"], kind="stable")
    order = order[columns["time_ms"][order] > columns["time_ms"].max() - window_ms][-limit:]
    return Trades(
        symbol=new.symbol,
        ids=tuple(ids[index] for index in order),
        stamp=new.stamp,
        **{name: values[order] for name, values in columns.items()},
    )
