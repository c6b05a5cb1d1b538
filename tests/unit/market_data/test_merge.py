"""Merged old and new reads give the same result as one long read."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.domain.model import Candles, Stamp, Timeframe
from virtuoso.market_data.merge import merge_candles, same_bars, whole_bars

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


@given(old=st.integers(1, 60), start=st.integers(0, 80), new=st.integers(1, 60), limit=st.integers(1, 50))
def test_merged_bars_are_unique_and_new_bars_replace_old_ones(old: int, start: int, new: int, limit: int) -> None:
    merged = merge_candles(bars(0, old), bars(start, new, lift=0.5), limit=limit)
    expected = sorted({*range(old), *range(start, start + new)})[-limit:]
    assert (merged.open_ms // STEP).tolist() == expected
    assert (merged.close - merged.open_ms / STEP - 100.0).tolist() == [0.5 * (start <= k < start + new) for k in expected]


def test_a_bar_without_volume_does_not_replace_a_bar_with_volume() -> None:
    old, new = bars(0, 5), bars(3, 3)
    merged = merge_candles(old, replace(new, volume=np.zeros(3)), limit=9)
    assert merged.volume.tolist() == [*old.volume, 0]


def test_merged_bars_have_the_scale_of_the_newest_bar() -> None:
    new = bars(5, 2)
    merged = merge_candles(bars(0, 5), replace(new, **{n: getattr(new, n) * 10 for n in PRICES}), limit=9)
    assert (merged.open_ms // STEP).tolist() == [5, 6]
    assert merged.scale_since_ms == 5 * STEP
    later = replace(merged, open_ms=merged.open_ms + 2 * STEP, scale_since_ms=None)
    assert merge_candles(merged, later, limit=9).scale_since_ms == 5 * STEP
    assert merge_candles(merged, bars(0, 5), limit=9).scale_since_ms == 5 * STEP


def test_after_the_venue_has_corrected_all_bars_there_is_no_break_of_scale() -> None:
    changed = replace(bars(5, 2), scale_since_ms=5 * STEP)
    assert merge_candles(changed, bars(0, 8), limit=9).scale_since_ms is None


def test_the_volume_that_takers_bought_is_merged_and_unknown_where_it_was_not_told() -> None:
    old, new = bars(0, 3), bars(2, 3)
    told = replace(new, taker_buy=np.array([1.0, 2.0, 3.0]))
    merged = merge_candles(old, told, limit=4)
    assert merged.taker_buy is not None
    assert merged.taker_buy.tolist() == pytest.approx([math.nan, 1, 2, 3], nan_ok=True)
    assert not same_bars(new, told)
    assert same_bars(merged, merged.cut(0))
    assert merged.cut(2).taker_buy.tolist() == [2, 3]  # type: ignore[union-attr]  # it has them
    assert merge_candles(old, new, limit=4).taker_buy is None


def minutes(first: int, count: int, *, missing: int | None = None) -> Candles:
    """Return minute bars, perhaps without one of them."""
    index = np.array([k for k in range(first, first + count) if k != missing])
    price = (index % 7 + 100.0).astype(np.float64)
    stamp = Stamp(observed_ms=(first + count) * 60_000, received_ms=0)
    return Candles(
        symbol="BTCUSDT",
        timeframe=Timeframe.M1,
        open_ms=index * 60_000,
        open=price,
        high=price + 1,
        low=price - 1,
        close=price + 0.5,
        volume=price,
        taker_buy=price / 2,
        stamp=stamp,
    )


def test_whole_bars_are_those_of_all_their_minutes() -> None:
    given = minutes(0, 30)
    found = whole_bars(given, Timeframe.M5, from_ms=10 * 60_000, until_ms=29 * 60_000)
    assert found is not None
    assert (found.open_ms // 60_000).tolist() == [10, 15, 20]
    first = slice(10, 15)
    assert (found.open[0], found.high[0], found.low[0], found.close[0], found.volume[0]) == (
        given.open[10],
        given.high[first].max(),
        given.low[first].min(),
        given.close[14],
        given.volume[first].sum(),
    )
    assert found.taker_buy is not None
    assert found.taker_buy[0] == given.taker_buy[first].sum()  # type: ignore[index]  # it has the column


@pytest.mark.parametrize(("missing", "expected"), [(10, None), (14, None), (17, [10]), (None, [10, 15])])
def test_a_bar_that_lacks_a_minute_is_not_made(missing: int | None, expected: list[int] | None) -> None:
    found = whole_bars(minutes(0, 21, missing=missing), Timeframe.M5, from_ms=10 * 60_000, until_ms=20 * 60_000)
    assert (None if found is None else (found.open_ms // 60_000).tolist()) == expected
    assert whole_bars(minutes(12, 20), Timeframe.M5, from_ms=10 * 60_000, until_ms=30 * 60_000) is None
