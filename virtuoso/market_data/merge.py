"""Joining what was known with what has just been read: bars by time, trades by id. Pure; numpy."""

from __future__ import annotations

import numpy as np

from virtuoso.domain.model import Candles, Trades


def merge_candles(old: Candles | None, new: Candles, *, depth: int) -> Candles | None:
    """`old` continued by `new`, the newest `depth` bars; where both have a bar, the later reading counts. None when there
    is a gap between the two, so that the whole depth must be read again."""
    if old is None or len(old) == 0:
        return _last(new, depth)
    step = new.timeframe.ms
    keep = int((int(new.open_ms[0]) - int(old.open_ms[0])) // step)
    if keep > len(old):
        return None
    if keep <= 0:
        return _last(new, depth)
    first = max(0, keep + len(new) - depth)
    columns = {
        name: np.concatenate((getattr(old, name)[first:keep], getattr(new, name)))[-depth:]
        for name in ("open_ms", "open", "high", "low", "close", "volume")
    }
    return Candles(symbol=new.symbol, timeframe=new.timeframe, stamp=new.stamp, **columns)


def _last(candles: Candles, depth: int) -> Candles:
    if len(candles) <= depth:
        return candles
    columns = {name: getattr(candles, name)[-depth:] for name in ("open_ms", "open", "high", "low", "close", "volume")}
    return Candles(symbol=candles.symbol, timeframe=candles.timeframe, stamp=candles.stamp, **columns)


def merge_trades(old: Trades | None, new: Trades, *, window_ms: int, most: int) -> Trades:
    """Both tapes as one, each trade once, oldest first: those of the last `window_ms` before the newest, at most `most`."""
    if old is not None:
        known = set(new.ids)
        kept = [i for i, trade in enumerate(old.ids) if trade not in known]
        ids = [old.ids[i] for i in kept] + list(new.ids)
        columns = {
            name: np.concatenate((getattr(old, name)[kept], getattr(new, name)))
            for name in ("time_ms", "price", "size", "side")
        }
    else:
        ids = list(new.ids)
        columns = {name: getattr(new, name) for name in ("time_ms", "price", "size", "side")}
    order = np.argsort(columns["time_ms"], kind="stable")
    order = order[columns["time_ms"][order] > columns["time_ms"].max() - window_ms][-most:]
    return Trades(
        symbol=new.symbol,
        ids=tuple(ids[i] for i in order),
        stamp=new.stamp,
        **{name: values[order] for name, values in columns.items()},
    )
