"""The simulated market within seconds: ids of trades, changes of books, and liquidations."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtuoso.simulator.factors import BLOCK_MS
from virtuoso.simulator.listings import EPOCH_MS
from virtuoso.simulator.market import Floats, SimulatedMarket

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 1_767_225_600_000 + 9 * HOUR + 37 * MINUTE + 23_456
MARKET = SimulatedMarket(7, now_ms=NOW)
BASES = [listing.base for listing in MARKET.listings]

bases = st.sampled_from(BASES)
moments = st.integers(NOW - 20 * HOUR, NOW + 3 * DAY)


@settings(max_examples=40)
@given(bases, moments)
def test_the_ids_of_trades_follow_each_other(base: str, now: int) -> None:
    ids = [number for number, *_ in MARKET.trades(base, now, 1_500)]
    assert ids == list(range(ids[0], ids[0] + len(ids)))


@pytest.mark.parametrize("base", ["BTC", "GRASS", "MNT"])
def test_the_ids_of_trades_follow_each_other_from_one_block_to_the_next(base: str) -> None:
    boundary = EPOCH_MS + (NOW - EPOCH_MS) // BLOCK_MS * BLOCK_MS
    trades = MARKET.trades(base, boundary + MINUTE, 2_000)
    assert trades[0][1] < boundary < trades[-1][1]
    assert [number for number, *_ in trades] == list(range(trades[0][0], trades[0][0] + len(trades)))


@pytest.mark.parametrize("base", ["BTC", "DOGE", "GRASS"])
def test_a_minute_with_more_turnover_has_more_trades(base: str) -> None:
    bars = MARKET.candles(base, MINUTE, NOW - 3 * HOUR, NOW - MINUTE, NOW)
    trades = MARKET.trades(base, NOW, 20_000)
    counts = Counter(time_ms // MINUTE for _, time_ms, *_ in trades)
    known = [bar for bar in bars.tolist() if bar[0] > trades[0][1]]
    by_minute = [counts[int(bar[0]) // MINUTE] for bar in known]
    assert min(by_minute) >= 5
    assert np.corrcoef(by_minute, [bar[6] for bar in known])[0, 1] > 0.4


@settings(max_examples=30)
@given(bases, moments)
def test_a_book_changes_only_at_the_steps_of_its_listing(base: str, now: int) -> None:
    step = MARKET.step_ms(base)
    first = now // step * step
    assert MARKET.book(base, first, 50) == MARKET.book(base, first + step - 1, 50)
    assert MARKET.quote(base, first) == MARKET.quote(base, first + step - 1)


def test_few_levels_of_a_book_change_within_a_tenth_of_a_second() -> None:
    changed = []
    for base in BASES[:20]:
        before, after = (MARKET.book(base, at, 50) for at in (NOW, NOW + 100))
        changed += [len(set(new) - set(old)) for old, new in zip(before, after, strict=True)]
    assert 0 < np.mean(changed) < 15


def moves(base: str, minutes: int) -> Floats:
    bars = MARKET.candles(base, MINUTE, NOW - minutes * MINUTE, NOW - MINUTE, NOW)
    changes: Floats = np.column_stack((bars[:, 0], np.log(bars[:, 4] / bars[:, 1])))
    return changes


def test_liquidations_are_in_jumps_and_mostly_of_the_losing_side() -> None:
    calm, jumps = list[int](), list[int]()
    losing = all_sides = 0
    for base in BASES[:25]:
        minutes = moves(base, 600)
        sizes = np.abs(minutes[:, 1])
        for (start_ms, move), is_jump in zip(minutes.tolist(), sizes > np.quantile(sizes, 0.99), strict=True):
            found = MARKET.liquidations(base, int(start_ms) - 1, int(start_ms) + MINUTE - 1)
            (jumps if is_jump else calm).append(len(found))
            if is_jump:
                losing += sum(each.long == (move < 0) for each in found)
                all_sides += len(found)
    assert np.mean(jumps) > 10 * np.mean(calm) > 0
    assert losing > 0.85 * all_sides


@settings(max_examples=40)
@given(bases, moments)
def test_each_liquidation_is_a_trade_of_the_opposite_side(base: str, now: int) -> None:
    found = MARKET.liquidations(base, now - 10 * MINUTE, now)
    trades = {(time_ms, price, size, bought) for _, time_ms, price, size, bought in MARKET.trades(base, now, 12_000)}
    assert {(each.time_ms, each.average_price, each.size, not each.long) for each in found} <= trades
    for each in found:
        assert now - 10 * MINUTE < each.time_ms <= now
        assert (each.price < each.average_price) == each.long or abs(each.price - each.average_price) < 1e-9
    half = now - 4 * MINUTE
    step = MARKET.step_ms(base)
    half = half // step * step
    parts = MARKET.liquidations(base, now - 10 * MINUTE, half) + MARKET.liquidations(base, half, now)
    assert parts == found
