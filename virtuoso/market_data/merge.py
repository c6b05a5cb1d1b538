"""Merge new bars into known ones by time. Pure functions on numpy arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from virtuoso.domain.model import CANDLE_COLUMNS, Candles, Timeframe
from virtuoso.exchange.candles import in_one_scale
from virtuoso.exchange.rows import count_refused

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats


def merge_candles(old: Candles | None, new: Candles, *, limit: int) -> Candles:
    """Return the bars of `old` and `new` in one scale, limited to the newest `limit` bars.

    A bar that is in both comes from `new`, except a bar without volume that has a volume in `old`."""
    if old is None or len(old) == 0:
        return new.cut(-limit)
    index = np.minimum(np.searchsorted(old.open_ms, new.open_ms), len(old) - 1)
    emptied = (old.open_ms[index] == new.open_ms) & (old.volume[index] > 0) & (new.volume == 0)
    count_refused("candle_contradiction", int(np.sum(emptied)))
    unchanged = ~np.isin(old.open_ms, new.open_ms[~emptied])
    columns: dict[str, Any] = {
        name: np.concatenate((getattr(old, name)[unchanged], getattr(new, name)[~emptied])) for name in CANDLE_COLUMNS
    }
    if old.taker_buy is not None or new.taker_buy is not None:
        columns["taker_buy"] = np.concatenate((_taker_buy(old)[unchanged], _taker_buy(new)[~emptied]))
    order = np.argsort(columns["open_ms"], kind="stable")[-limit:]
    merged = in_one_scale(replace(new, **{name: values[order] for name, values in columns.items()}))
    breaks = [each.scale_since_ms for each in (old, new, merged) if each.scale_since_ms is not None]
    since = max((each for each in breaks if each <= merged.open_ms[0]), default=None)
    return replace(merged, scale_since_ms=since)


def whole_bars(minutes: Candles, timeframe: Timeframe, *, from_ms: int, until_ms: int) -> Candles | None:
    """Return the bars of `timeframe` that are made of all their minute bars, up to the first that lacks one. They open at
    `from_ms` or later and end at `until_ms` at the latest. Return None without such a bar."""
    starts: list[int] = []
    count = timeframe.ms // Timeframe.M1.ms
    begin_ms, first = from_ms, int(np.searchsorted(minutes.open_ms, from_ms))
    while begin_ms + timeframe.ms <= until_ms:
        at = first + len(starts) * count
        ends = minutes.open_ms[at : at + count : count - 1].tolist()
        if ends != [begin_ms, begin_ms + timeframe.ms - Timeframe.M1.ms]:
            break
        starts.append(at)
        begin_ms += timeframe.ms
    if not starts:
        return None
    span, shape = slice(starts[0], starts[0] + len(starts) * count), (len(starts), count)
    columns = {name: getattr(minutes, name)[span].reshape(shape) for name in CANDLE_COLUMNS}
    return Candles(
        symbol=minutes.symbol,
        timeframe=timeframe,
        open_ms=columns["open_ms"][:, 0].copy(),
        open=columns["open"][:, 0].copy(),
        high=columns["high"].max(axis=1),
        low=columns["low"].min(axis=1),
        close=columns["close"][:, -1].copy(),
        volume=columns["volume"].sum(axis=1),
        taker_buy=None if minutes.taker_buy is None else minutes.taker_buy[span].reshape(shape).sum(axis=1),
        stamp=minutes.stamp,
    )


def same_bars(one: Candles, other: Candles) -> bool:
    """Return True if both have the same bars with the same values."""
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in CANDLE_COLUMNS) and np.array_equal(
        _taker_buy(one), _taker_buy(other), equal_nan=True
    )


def _taker_buy(candles: Candles) -> Floats:
    """Return the volume that takers bought of each bar, NaN where it is not known."""
    return np.full(len(candles), np.nan) if candles.taker_buy is None else candles.taker_buy
