"""Merged old and new reads give the same result as one long read."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.domain.model import Candles, Stamp, Timeframe, Trades
from virtuoso.market_data.merge import merge_candles, merge_trades

STEP = Timeframe.M5.ms


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


def trades(first: int, count: int) -> Trades:
    index = np.arange(first, first + count)
    ids = tuple(str(i) for i in index)
    size = (index + 1.0).astype(np.float64)
    return Trades(
        symbol="BTCUSDT",
        ids=ids,
        time_ms=index * 1000,
        price=size,
        size=size,
        side=np.ones(count),
        stamp=Stamp(observed_ms=0, received_ms=0),
    )


@given(old=st.integers(1, 60), start=st.integers(0, 80), new=st.integers(1, 60), limit=st.integers(1, 50))
def test_merged_bars_have_no_gaps_and_no_duplicates(old: int, start: int, new: int, limit: int) -> None:
    joined = merge_candles(bars(0, old), bars(start, new, lift=0.5), limit=limit)
    if start > old:
        assert joined is None
        return
    assert joined is not None
    assert len(joined) == min(limit, start + new)
    assert (np.diff(joined.open_ms) == STEP).all()
    assert joined.open_ms[-1] == (start + new - 1) * STEP
    lifted = joined.close - joined.open_ms / STEP - 100.0
    assert set(lifted[joined.open_ms >= start * STEP]) == {0.5}
    assert set(lifted[joined.open_ms < start * STEP]) <= {0.0}


@given(old=st.integers(1, 60), start=st.integers(0, 80), new=st.integers(1, 60), limit=st.integers(1, 50))
def test_merged_trades_are_unique_and_in_order(old: int, start: int, new: int, limit: int) -> None:
    joined = merge_trades(trades(0, old), trades(start, new), window_ms=30_000, limit=limit)
    newest = max(old, start + new) - 1
    expected = [i for i in sorted({*range(old), *range(start, start + new)}) if i > newest - 30][-limit:]
    assert [int(i) for i in joined.ids] == expected
    assert joined.time_ms.tolist() == [i * 1000 for i in expected]
    assert joined.size.tolist() == [i + 1.0 for i in expected]
