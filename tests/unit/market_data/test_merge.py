"""Merged old and new reads give the same result as one long read."""

from __future__ import annotations

import numpy as np

from virtuoso.domain.model import Candles, Stamp, Timeframe

STEP = Timeframe.M5.ms
PRICES = ("open", "high", "low", "close")


def bars(first: int, count: int, *, lift: float = 0.0) -> Candles:
    index = np.arange(first, first + count)
    price = (index + 100.0 + lift).astype(np.float64)
    stamp = Stamp(observed_ms=(first + count) * STEP, received_ms=(first + count) * STEP)
    return Candles(
        symbol="BTCUSDT",
        timeframe=Timeframe.M5,
        open_ms=index * STEP,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=price,
        stamp=stamp,
    )
