"""Trades, order books and series: cases whose expected value and sign were computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.model import Component, OrderBook, Stamp, SymbolInputs, TimeSeries, Trades

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

MARKET = markets.inputs(Shape("walk", 17, 27.1))


def component(market: SymbolInputs, dimension: str, name: str) -> Component:
    matches = [
        c
        for d in score_symbol(market, NOW_MS).dimensions
        if d.kind.name == dimension
        for c in d.components
        if c.name == name
    ]
    assert len(matches) == 1
    return matches[0]


def trades(side: Floats, size: Floats) -> SymbolInputs:
    count = len(side)
    times = NOW_MS - 1_000 * np.arange(count, 0, -1, dtype=np.int64)
    return SymbolInputs(
        symbol="X",
        trades=Trades(
            symbol="X", ids=[""] * count, time_ms=times, price=np.ones(count), size=size, side=side, stamp=markets.STAMP
        ),
    )


def book(bids: list[tuple[float, float]], asks: list[tuple[float, float]], at_ms: int = NOW_MS - 1_000) -> OrderBook:
    return OrderBook(symbol="X", bids=np.array(bids), asks=np.array(asks), stamp=Stamp(observed_ms=at_ms, received_ms=at_ms))


def test_order_flow_uses_sizes_and_counts_of_taker_trades() -> None:
    side = np.array([1.0] * 20 + [-1.0] * 20)
    size = np.array([1.0] * 20 + [3.0] * 20)
    market = trades(side, size)
    assert component(market, "ORDERFLOW", "taker_delta").reading == pytest.approx((20 - 60) / 80)
    assert component(market, "ORDERFLOW", "trade_counts").reading == 0
    assert component(market, "ORDERFLOW", "delta_change").reading == pytest.approx(-2)
    assert component(market, "ORDERFLOW", "large_trades").reading == pytest.approx(-1)


def test_large_trades_are_absent_when_most_trades_have_the_same_size() -> None:
    market = trades(np.array([1.0, -1.0] * 20), np.ones(40))
    assert component(market, "ORDERFLOW", "large_trades").missing == "no trade stands out by its size"
    few = trades(np.ones(7), np.ones(7))
    assert component(few, "ORDERFLOW", "taker_delta").missing == "needs 20 trades, has 7"


def test_a_rise_with_new_positions_counts_more_than_one_with_closed_positions() -> None:
    assert MARKET.open_interest is not None
    grows = np.exp(np.linspace(0, 0.2, 100))
    readings = [
        component(replace(MARKET, open_interest=replace(MARKET.open_interest, values=v)), "ORDERFLOW", "positioning").reading
        for v in (grows, 1 / grows)
    ]
    assert readings[0] is not None
    assert readings[1] is not None
    assert readings[0] * readings[1] > 0  # the price determines the sign
    assert abs(readings[0]) > abs(readings[1])


def test_more_bids_than_asks_are_bullish_in_every_component_of_the_book() -> None:
    levels = [(1 + 0.0001 * k) for k in range(1, 41)]
    heavy = book([(1 / p, 5.0) for p in levels], [(p, 2.0) for p in levels])
    for name in ("imbalance_near", "imbalance_middle", "imbalance_wide", "microprice", "pressure"):
        assert component(SymbolInputs(symbol="X", book=heavy), "ORDERBOOK", name).reading == pytest.approx(3 / 7), name
    slope = component(SymbolInputs(symbol="X", book=heavy), "ORDERBOOK", "slope")
    assert slope.reading is not None
    assert slope.reading > 0


def test_a_band_ends_with_the_shorter_side_and_is_absent_before_the_best_levels() -> None:
    short = [(1 / (1 + 0.0001 * k), 1.0) for k in range(1, 11)]
    deep = [(1 + 0.0001 * k, 1.0) for k in range(1, 200)]
    reading = component(SymbolInputs(symbol="X", book=book(short, deep)), "ORDERBOOK", "imbalance_wide").reading
    assert reading == pytest.approx(0, abs=1e-3)  # activity on one side only does not count
    single = SymbolInputs(symbol="X", book=book([(0.99, 4.0)], [(1.01, 1.0)]))
    assert component(single, "ORDERBOOK", "imbalance_wide").missing == "the band ends before the best levels"
    assert component(single, "ORDERBOOK", "microprice").reading == pytest.approx(0.6)


def test_order_flow_imbalance_agrees_with_cont_kukanov_and_stoikov() -> None:
    before = book([(99.0, 5.0)], [(101.0, 7.0)], NOW_MS - 11_000)
    cases = {
        (99.0, 8.0, 101.0, 7.0): 3.0,  # the size at the same bid grew
        (99.5, 2.0, 101.0, 7.0): 2.0,  # a better bid: its whole size is new
        (98.0, 9.0, 101.0, 7.0): -5.0,  # the bid was removed: its whole size is lost
        (99.0, 5.0, 101.0, 3.0): 4.0,  # asks were executed or cancelled
        (99.0, 5.0, 100.5, 6.0): -6.0,  # a better ask
        (99.0, 5.0, 102.0, 1.0): 7.0,  # the ask was removed
    }
    for (bid, bid_size, ask, ask_size), flow in cases.items():
        market = SymbolInputs(symbol="X", book=book([(bid, bid_size)], [(ask, ask_size)]), previous_book=before)
        usual = (5 + 7 + bid_size + ask_size) / 2
        assert component(market, "ORDERBOOK", "order_flow_imbalance").reading == pytest.approx(flow / usual)


def test_two_books_of_the_same_time_or_far_apart_give_no_order_flow() -> None:
    one = book([(99.0, 5.0)], [(101.0, 7.0)])
    same = component(SymbolInputs(symbol="X", book=one, previous_book=one), "ORDERBOOK", "order_flow_imbalance")
    assert same.missing == "the two order books have the same time"
    old = replace(one, stamp=Stamp(observed_ms=NOW_MS - 600_000, received_ms=0))
    apart = component(SymbolInputs(symbol="X", book=one, previous_book=old), "ORDERBOOK", "order_flow_imbalance")
    assert apart.missing == "the two order books are 599 s apart"


FUNDING_MS = 8 * 3_600_000


def series(values: Floats, step_ms: int = 300_000) -> TimeSeries:
    return TimeSeries(
        symbol="X",
        time_ms=NOW_MS - step_ms * np.arange(len(values) - 1, -1, -1, dtype=np.int64),
        values=values,
        stamp=markets.STAMP,
    )


def test_funding_above_its_history_is_bearish_and_a_tiny_change_has_a_small_z_score() -> None:
    assert MARKET.ticker is not None
    history = np.array([3e-4, *[1e-4, 2e-4, 3e-4] * 10])  # the interval of the first one is not known
    high = replace(MARKET, funding=series(history, FUNDING_MS), ticker=replace(MARKET.ticker, funding_rate=6e-4))
    c = component(high, "SENTIMENT", "funding")
    assert c.reading == pytest.approx(4e-4 / math.sqrt(history[1:].var() + 2e-5**2))
    assert c.direction is not None
    assert c.direction < -0.5
    same = series(np.full(30, 1e-4), FUNDING_MS)
    pinned = component(
        replace(MARKET, funding=same, ticker=replace(MARKET.ticker, funding_rate=1.01e-4)), "SENTIMENT", "funding"
    )
    assert pinned.reading is not None
    assert abs(pinned.reading) < 0.1


def test_more_long_accounts_than_usual_are_bearish_and_a_premium_is_bullish() -> None:
    assert MARKET.ticker is not None
    ratios = np.concatenate((np.tile([1.0, 1.1], 20), [1.6]))
    crowded = component(replace(MARKET, long_short=series(ratios)), "SENTIMENT", "accounts")
    assert crowded.direction is not None
    assert crowded.direction < -0.5
    premium = component(replace(MARKET, ticker=replace(MARKET.ticker, mark=100.1, index=100.0)), "SENTIMENT", "premium")
    assert premium.reading == pytest.approx(math.log(1.001) * 1e4)
    assert premium.direction is not None
    assert premium.direction > 0


def test_open_interest_has_the_sign_of_the_price_move() -> None:
    assert MARKET.open_interest is not None
    grows = np.exp(np.linspace(0, 0.2, 100))
    growing = component(
        replace(MARKET, open_interest=replace(MARKET.open_interest, values=grows)), "SENTIMENT", "open_interest"
    )
    fallen = markets.mirrored(replace(MARKET, open_interest=replace(MARKET.open_interest, values=grows)))
    assert growing.direction is not None
    assert component(fallen, "SENTIMENT", "open_interest").direction == pytest.approx(-growing.direction, abs=1e-9)
    still = component(
        replace(MARKET, open_interest=replace(MARKET.open_interest, values=np.ones(100))), "SENTIMENT", "open_interest"
    )
    assert still.missing == "the open interest did not move"


def test_old_trades_and_books_lose_confidence_and_are_then_absent() -> None:
    for dimension, name in (("ORDERFLOW", "taker_delta"), ("ORDERBOOK", "microprice")):
        confidences = []
        for age_s in (0, 90, 150, 3_000):
            matches = [
                c
                for d in score_symbol(MARKET, NOW_MS + age_s * 1_000).dimensions
                if d.kind.name == dimension
                for c in d.components
                if c.name == name
            ]
            confidences.append(matches[0].confidence)
        assert confidences == sorted(confidences, reverse=True)
        assert confidences[1] > confidences[2] > confidences[3] == 0
