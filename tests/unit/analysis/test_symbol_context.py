"""Trades, order books and series: cases whose expected value and sign were computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.model import (
    BookFlow,
    Candles,
    Component,
    DimensionKind,
    Liquidations,
    OrderBook,
    Stamp,
    SymbolInputs,
    Ticker,
    Timeframe,
    TimeSeries,
    Trades,
)

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
    side = np.array([1.0] * 40 + [-1.0] * 40)
    size = np.array([1.0] * 40 + [3.0] * 40)
    market = trades(side, size)
    assert component(market, "ORDERFLOW", "taker_delta").reading == pytest.approx((40 - 120) / 160)
    assert component(market, "ORDERFLOW", "trade_counts").reading == 0
    # the last minute ends with 40 sales; the purchases 41 to 60 s before them fade out from 45 s on
    bought = sum(min(1, (60 - age) / 15) for age in range(40, 60))
    recent = (bought - 3 * 40) / (bought + 3 * 40)
    assert component(market, "ORDERFLOW", "delta_change").reading == pytest.approx(recent + 0.5, abs=1e-9)


def test_the_confidence_of_trades_grows_with_their_number_and_with_the_covered_share_of_the_window() -> None:
    assert component(trades(np.ones(7), np.ones(7)), "ORDERFLOW", "taker_delta").missing == (
        "needs more than 10 trades within 5 min, has 7"
    )
    market = trades(np.ones(60), np.ones(60))
    assert market.trades is not None
    span_s = (market.trades.stamp.observed_ms - int(market.trades.time_ms[0])) / 1_000
    for since_s, share in ((None, span_s / 300), (150, 0.5), (400, 1.0)):
        since_ms = None if since_s is None else market.trades.stamp.observed_ms - 1_000 * since_s
        known = replace(market, trades=replace(market.trades, complete_since_ms=since_ms))
        assert component(known, "ORDERFLOW", "taker_delta").confidence == pytest.approx(share * 50 / 100)
        (used,) = next(d for d in score_symbol(known, NOW_MS).dimensions if d.kind.name == "ORDERFLOW").inputs
        assert (used.name, used.streamed, used.incomplete) == ("trades", False, share < 1)


def test_a_trade_counts_as_large_between_three_and_ten_times_the_mean_size() -> None:
    size = np.array([1.0] * 37 + [7.0, 11.0, 45.0])  # the mean is 2.5
    market = trades(np.array([1.0] * 38 + [1.0, -1.0]), size)
    partly = (11 / 2.5 - 3) / 7
    large = component(market, "ORDERFLOW", "large_trades")
    assert large.reading == pytest.approx((partly - 1) / (partly + 1))
    effective = (partly + 1) ** 2 / (partly**2 + 1)
    whole = component(market, "ORDERFLOW", "taker_delta")
    assert large.confidence == pytest.approx(whole.confidence * effective / (effective + 5))


def test_large_trades_are_absent_when_all_trades_have_the_same_size() -> None:
    market = trades(np.array([1.0, -1.0] * 20), np.ones(40))
    assert component(market, "ORDERFLOW", "large_trades").missing == "no trade stands out by its size"


def taker_bars(bought: list[float], *, now_ms: int = NOW_MS) -> SymbolInputs:
    """Return 5m bars with a volume of 10 each and this taker volume, the last one closed now."""
    count = len(bought)
    open_ms = now_ms // 300_000 * 300_000 - 300_000 * np.arange(count, 0, -1)
    price = np.full(count, 9.0)
    bars = Candles(
        symbol="X",
        timeframe=Timeframe.M5,
        open_ms=open_ms,
        volume=np.full(count, 10.0),
        taker_buy=np.array(bought),
        stamp=Stamp(observed_ms=now_ms, received_ms=now_ms),
        open=price,
        high=price,
        low=price,
        close=price,
    )
    return SymbolInputs(symbol="X", candles={Timeframe.M5: bars})


def test_the_taker_volume_of_the_bars_of_an_hour_is_read_where_the_venue_states_it() -> None:
    hour = component(taker_bars([10.0] * 40 + [7.5] * 12), "ORDERFLOW", "taker_volume")
    assert hour.reading == pytest.approx(0.5)
    faded = [10.0, 10.0, 10.0, *[5.0] * 9]  # the oldest quarter: weights 1/6, 1/2, 5/6
    assert component(taker_bars(faded), "ORDERFLOW", "taker_volume").reading == pytest.approx(1.5 / 10.5)
    unknown = component(taker_bars([math.nan] * 11 + [7.5]), "ORDERFLOW", "taker_volume")
    assert unknown.reading == pytest.approx(0.5)
    assert unknown.confidence == pytest.approx(1 / 10.5)
    assert component(taker_bars([math.nan] * 12), "ORDERFLOW", "taker_volume").missing
    whole = taker_bars([7.5] * 12)
    silent = replace(whole, candles={t: replace(bars, taker_buy=None) for t, bars in whole.candles.items()})
    assert not [c for d in score_symbol(silent, NOW_MS).dimensions for c in d.components if c.name == "taker_volume"]
    for market in (whole, silent):
        [flow] = [d for d in score_symbol(market, NOW_MS).dimensions if d.kind is DimensionKind.ORDERFLOW]
        assert sum(c.weight for c in flow.components) == pytest.approx(1)
        assert ("taker_volume" in flow.missing_inputs) is False


@pytest.mark.parametrize("name", ["taker_delta", "large_trades", "trade_counts", "delta_change"])
def test_a_trade_that_leaves_its_window_does_not_change_a_reading_abruptly(name: str) -> None:
    rng = np.random.default_rng(4)
    market = trades(np.where(rng.random(250) < 0.5, 1.0, -1.0), rng.lognormal(0, 1, 250))
    known = market.trades
    assert known is not None
    huge = known.size.copy()
    huge[3] = 200.0
    readings = []
    for second in range(90):
        stamp = replace(known.stamp, observed_ms=NOW_MS + 1_000 * second)
        at = replace(market, trades=replace(known, size=huge, stamp=stamp))
        one = component(at, "ORDERFLOW", name)
        readings.append((one.direction or 0.0) * one.confidence)
    assert max(abs(b - a) for a, b in pairwise(readings)) < 0.05


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


def test_a_book_is_read_as_the_mean_over_time_of_its_samples() -> None:
    heavy, light = ((4.0, 1.0), (1.0, 4.0))
    readings = {}
    for gap_s in (1, 20, 600):
        samples = tuple(
            book([(0.99, bid)], [(1.01, ask)], NOW_MS - 1_000 - 1_000 * gap_s * back)
            for back, (bid, ask) in ((1, light), (0, heavy))
        )
        market = SymbolInputs(symbol="X", book=samples[-1], books=samples)
        readings[gap_s] = component(market, "ORDERBOOK", "microprice").reading
    assert component(SymbolInputs(symbol="X", book=samples[-1]), "ORDERBOOK", "microprice").reading == pytest.approx(0.6)
    # each stands for the time up to the middle between both; the older one for half a second more
    weights = [1 - 0.5 ** (10 / 20), 0.5 ** (10 / 20) - 0.5 ** (20.5 / 20)]
    assert readings[20] == pytest.approx(0.6 * (weights[0] - weights[1]) / sum(weights))
    assert readings[600] == pytest.approx(0.6, abs=1e-4)
    assert readings[1] is not None
    assert abs(readings[1]) < 0.35


def test_samples_without_a_reading_lower_the_confidence_of_the_mean() -> None:
    levels = [(1 + 0.001 * k, 1.0) for k in range(1, 11)]
    whole = book([(1 / price, size) for price, size in levels], levels, NOW_MS - 2_000)
    single = book([(0.99, 1.0)], [(1.01, 1.0)], NOW_MS - 1_000)
    alone = component(SymbolInputs(symbol="X", book=single), "ORDERBOOK", "slope")
    both = component(SymbolInputs(symbol="X", book=single, books=(whole, single)), "ORDERBOOK", "slope")
    micro = component(SymbolInputs(symbol="X", book=single, books=(whole, single)), "ORDERBOOK", "microprice")
    assert alone.missing == "a side of the order book has a single level"
    assert both.reading == pytest.approx(0)
    assert 0 < both.confidence < micro.confidence


def flow(values: list[float], *, complete_s: int = 300, at_ms: int = NOW_MS - 1_000) -> SymbolInputs:
    times = at_ms - 1_000 * np.arange(len(values) - 1, -1, -1, dtype=np.int64)
    stamp = Stamp(observed_ms=at_ms, received_ms=at_ms)
    changes = BookFlow(
        symbol="X",
        time_ms=times,
        flow=np.array(values),
        depth=np.full(len(values), 4.0),
        stamp=stamp,
        complete_since_ms=at_ms - 1_000 * complete_s,
    )
    return SymbolInputs(symbol="X", book=book([(99.0, 5.0)], [(101.0, 7.0)]), book_flow=changes)


def test_order_flow_imbalance_is_the_sum_of_the_changes_over_their_usual_sum() -> None:
    minute = component(flow([2.0] * 40), "ORDERBOOK", "order_flow_imbalance")
    recent = component(flow([2.0] * 40), "ORDERBOOK", "recent_order_flow")
    assert minute.reading == pytest.approx(2 * 40 / math.sqrt(4**2 + 40 * 2**2))
    faded = math.sqrt(4**2 + 2**2 * (8 + 0.8**2 + 0.4**2))  # the oldest quarter of 10 s fades
    assert recent.reading == pytest.approx(2 * (8 + 0.8 + 0.4) / faded)
    assert minute.direction is not None
    assert minute.direction > 0.9
    assert component(flow([-2.0] * 40), "ORDERBOOK", "order_flow_imbalance").direction == -minute.direction


def test_order_flow_imbalance_with_missing_or_old_changes_has_less_confidence_and_says_so() -> None:
    whole = flow([1.0, -1.0] * 30)
    late = (flow([1.0, -1.0] * 30, complete_s=30), flow([1.0, -1.0] * 30, at_ms=NOW_MS - 40_000))
    confidences = [component(market, "ORDERBOOK", "order_flow_imbalance").confidence for market in (whole, *late)]
    assert confidences[1] == pytest.approx(0.5 * confidences[0])
    assert 0 < confidences[2] < confidences[0]
    inputs = {
        used.name: used.incomplete
        for d in score_symbol(flow([1.0] * 30, complete_s=30), NOW_MS).dimensions
        for used in d.inputs
    }
    assert inputs == {"book_flow": True, "order_book": False}
    none = component(replace(whole, book_flow=None), "ORDERBOOK", "order_flow_imbalance")
    assert none.missing == "no book flow"


def closed_by_force(side: Floats, size: Floats, **changes: object) -> SymbolInputs:
    ticker = Ticker(symbol="X", last=2.0, stamp=markets.STAMP, volume_24h=24_000.0)
    closed = Liquidations(
        symbol="X",
        time_ms=NOW_MS - 60_000 * np.arange(len(side), 0, -1, dtype=np.int64),
        price=np.full(len(side), 2.0),
        size=size,
        side=side,
        stamp=markets.STAMP,
        complete_since_ms=NOW_MS - 86_400_000,
    )
    return SymbolInputs(symbol="X", ticker=ticker, liquidations=replace(closed, **changes))  # type: ignore[arg-type]


def test_closed_longs_are_bearish_as_a_share_of_the_volume_of_an_hour() -> None:
    longs = component(closed_by_force(np.array([-1.0, -1.0, 1.0]), np.array([10.0, 12.0, 2.0])), "SENTIMENT", "liquidations")
    assert longs.reading == pytest.approx(100 * (2 - 22) / 1_000)
    assert longs.direction is not None
    assert longs.direction < -0.8
    assert longs.confidence == pytest.approx(3 / 8)


def test_liquidations_that_were_watched_for_a_part_of_the_hour_or_are_few_have_less_confidence() -> None:
    side, size = np.array([-1.0] * 5), np.ones(5)
    half = closed_by_force(side, size, complete_since_ms=markets.STAMP.observed_ms - 1_800_000)
    assert component(half, "SENTIMENT", "liquidations").confidence == pytest.approx(0.5 * 0.5)
    lower = closed_by_force(side, size, lower_bound=True)
    assert component(lower, "SENTIMENT", "liquidations").confidence == pytest.approx(0.7 * 0.5)
    none = component(closed_by_force(np.zeros(0), np.zeros(0)), "SENTIMENT", "liquidations")
    assert none.missing == "no position was liquidated within 1 h"


def test_what_leaves_its_window_does_not_change_a_reading_abruptly() -> None:
    changes = flow([50.0, *[(-1.0) ** k for k in range(40)]])
    closed = closed_by_force(np.array([-1.0, 1.0, 1.0, 1.0]), np.array([60.0, 1.0, 1.0, 1.0]))
    for market, dimension, name, step_ms in (
        (changes, "ORDERBOOK", "order_flow_imbalance", 1_000),
        (closed, "SENTIMENT", "liquidations", 60_000),
    ):
        directions, first = [], component(market, dimension, name).confidence
        for step in range(80):
            known = market.book_flow or market.liquidations
            assert known is not None
            stamp = replace(known.stamp, observed_ms=known.stamp.observed_ms + step * step_ms)
            at = replace(
                market,
                book_flow=market.book_flow and replace(market.book_flow, stamp=stamp),
                liquidations=market.liquidations and replace(market.liquidations, stamp=stamp),
            )
            one = component(at, dimension, name)
            directions.append((one.direction or 0.0) * one.confidence / first)
        assert max(abs(b - a) for a, b in pairwise(directions)) < 0.2, name
        assert abs(directions[-1]) < 0.05, name
        assert abs(directions[0]) > 0.3, name


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
