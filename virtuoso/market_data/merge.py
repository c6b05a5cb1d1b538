"""Merge new bars into known ones by time. Pure functions on numpy arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from virtuoso.domain.model import CANDLE_COLUMNS, Candles
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
    kept = ~np.isin(old.open_ms, new.open_ms[~emptied])
    columns: dict[str, Any] = {
        name: np.concatenate((getattr(old, name)[kept], getattr(new, name)[~emptied])) for name in CANDLE_COLUMNS
    }
    if old.taker_buy is not None or new.taker_buy is not None:
        columns["taker_buy"] = np.concatenate((_taker_buy(old)[kept], _taker_buy(new)[~emptied]))
    order = np.argsort(columns["open_ms"], kind="stable")[-limit:]
    merged = in_one_scale(replace(new, **{name: values[order] for name, values in columns.items()}))
    breaks = [each.scale_since_ms for each in (old, new, merged) if each.scale_since_ms is not None]
    since = max((each for each in breaks if each <= merged.open_ms[0]), default=None)
    return replace(merged, scale_since_ms=since)


def same_bars(one: Candles, other: Candles) -> bool:
    """Return True if both have the same bars with the same values."""
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in CANDLE_COLUMNS) and np.array_equal(
        _taker_buy(one), _taker_buy(other), equal_nan=True
    )


def _taker_buy(candles: Candles) -> Floats:
    """Return the volume that takers bought of each bar, NaN where it is not known."""
    return np.full(len(candles), np.nan) if candles.taker_buy is None else candles.taker_buy
