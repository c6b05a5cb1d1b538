"""Components of trades, order books and series, computed a second way: one trade, level and value after the other."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from tests.unit.analysis import markets
from tests.unit.analysis.markets import Shape
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.model import Component, OrderBook, SymbolInputs, Timeframe

WIDTH = 300  # number of bars that a reading uses


def same(value: float) -> object:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.fixture(scope="module", params=["walk", "jumps", "thin_book"])
def context(request: pytest.FixtureRequest) -> tuple[SymbolInputs, dict[str, Component]]:
    """Return a market, and its components by "dimension.component"."""
    inputs = markets.inputs(Shape(request.param, 51, 27.1))
    result = score_symbol(inputs, markets.NOW_MS)
    return inputs, {f"{d.kind.lower_name}.{c.name}": c for d in result.dimensions for c in d.components}


def read(components: dict[str, Component], name: str) -> float:
    reading = components[name].reading
    assert reading is not None, components[name].missing
    return reading


def faded(age_ms: float, window_s: float) -> float:
    """Return the weight of an age in a window: 1, then falling to 0 over the oldest quarter."""
    return min(1.0, max(0.0, (window_s - age_ms / 1_000) / (window_s / 4)))


def test_order_flow_agrees_with_a_computation_trade_by_trade(context: tuple[SymbolInputs, dict[str, Component]]) -> None:
    inputs, components = context
    known = inputs.trades
    assert known is not None
    ages = (known.stamp.observed_ms - known.time_ms).tolist()
    fills = list(zip(ages, known.side.tolist(), known.size.tolist(), strict=True))

    def delta(window_s: float) -> float:
        parts = [(faded(age, window_s), side, size) for age, side, size in fills]
        return math.fsum(w * side * size for w, side, size in parts) / math.fsum(w * size for w, _, size in parts)

    assert read(components, "orderflow.taker_delta") == same(delta(300))
    assert read(components, "orderflow.delta_change") == same(delta(60) - delta(300))
    weights = [faded(age, 300) for age in ages]
    mean = math.fsum(w * size for w, (_, _, size) in zip(weights, fills, strict=True)) / math.fsum(weights)
    large = [
        (w * min(1.0, max(0.0, (size / mean - 3) / 7)), side) for w, (_, side, size) in zip(weights, fills, strict=True)
    ]
    net = math.fsum(size * side for size, side in large) / math.fsum(size for size, _ in large)
    assert read(components, "orderflow.large_trades") == same(net)
    signs = math.fsum(w * side for w, (_, side, _) in zip(weights, fills, strict=True))
    assert read(components, "orderflow.trade_counts") == same(signs / math.fsum(weights))
    assert components["orderflow.taker_delta"].confidence == same((sum(weights) - 10) / (sum(weights) + 40))


def time_weights(times_ms: list[int], half_life_ms: float) -> list[float]:
    """Return the share of each sample in an exponential mean, by adding up steps of 5 ms."""
    begin, end = times_ms[0] - 500, times_ms[-1]
    shares = [0.0] * len(times_ms)
    middles = [(a + b) / 2 for a, b in pairwise(times_ms)]
    at = 0
    for step in range(begin, end, 5):
        while at < len(middles) and step + 2.5 >= middles[at]:
            at += 1
        shares[at] += 0.5 ** ((end - step - 2.5) / half_life_ms)
    return [share / math.fsum(shares) for share in shares]


def book_readings(book: OrderBook) -> dict[str, tuple[float, float]]:
    """Return (reading, quality) of each component of one order book, level by level."""
    bids, asks = book.bids.tolist(), book.asks.tolist()
    mid = math.sqrt(bids[0][0] * asks[0][0])
    ladders = [[(abs(math.log(price / mid)), size) for price, size in side] for side in (bids, asks)]
    half, reach = ladders[0][0][0], min(ladder[-1][0] for ladder in ladders)

    def within(ladder: list[tuple[float, float]], edge: float) -> list[tuple[float, float]]:
        return [(d, size * min(1.0, max(0.0, (edge - d) / (0.25 * edge)))) for d, size in ladder]

    def balance(bid: float, ask: float) -> float:
        return (bid - ask) / (bid + ask)

    readings: dict[str, tuple[float, float]] = {}
    for name, share in (("near", 0.15), ("middle", 0.4), ("wide", 1.0)):
        edge = share * reach
        if edge > half:
            bid, ask = (math.fsum(size for _, size in within(ladder, edge)) for ladder in ladders)
            levels = min(sum(d < edge * (1 - 1e-9) for d, _ in ladder) for ladder in ladders)
            readings[f"imbalance_{name}"] = (balance(bid, ask), levels / (levels + 2))
    readings["microprice"] = (balance(bids[0][1], asks[0][1]), 1.0)
    near = [math.fsum(s * math.exp(-(d - half) / (reach / 5 + half)) for d, s in ladder) for ladder in ladders]
    readings["pressure"] = (balance(*near), 1.0)
    sides = [within(ladder, reach) for ladder in ladders]
    amount = min(math.fsum(size for _, size in ladder) for ladder in sides) / 2
    costs = []
    for ladder in sides:
        left, cost = amount, 0.0
        for distance, size in ladder:
            cost, left = cost + distance * min(size, left), left - min(size, left)
        costs.append(cost)
    readings["slope"] = (math.log(costs[1] / costs[0]), 1.0)
    return readings


def test_the_order_book_agrees_with_a_computation_level_by_level(context: tuple[SymbolInputs, dict[str, Component]]) -> None:
    inputs, components = context
    weights = time_weights([book.stamp.observed_ms for book in inputs.books], 20_000)
    samples = [book_readings(book) for book in inputs.books]
    for name in ("imbalance_near", "imbalance_middle", "imbalance_wide", "microprice", "pressure", "slope"):
        parts = [(w * one[name][1], one[name][0]) for w, one in zip(weights, samples, strict=True) if name in one]
        if not parts:
            assert components[f"orderbook.{name}"].missing == "the band ends before the best levels"
            continue
        mean = math.fsum(w * reading for w, reading in parts) / math.fsum(w for w, _ in parts)
        assert read(components, f"orderbook.{name}") == pytest.approx(mean, abs=1e-4), name


def test_order_flow_imbalance_and_liquidations_agree_with_sums(context: tuple[SymbolInputs, dict[str, Component]]) -> None:
    inputs, components = context
    flow, closed, ticker = inputs.book_flow, inputs.liquidations, inputs.ticker
    assert flow is not None
    assert closed is not None
    assert ticker is not None
    assert ticker.volume_24h is not None
    for name, window_s in (("order_flow_imbalance", 60), ("recent_order_flow", 10)):
        weights = [faded(flow.stamp.observed_ms - time, window_s) for time in flow.time_ms.tolist()]
        depth = math.fsum(w * d for w, d in zip(weights, flow.depth.tolist(), strict=True)) / math.fsum(weights)
        changes = [w * f for w, f in zip(weights, flow.flow.tolist(), strict=True)]
        usual = math.sqrt(depth**2 + math.fsum(change**2 for change in changes))
        assert read(components, f"orderbook.{name}") == same(math.fsum(changes) / usual)
    weights = [faded(closed.stamp.observed_ms - time, 3_600) for time in closed.time_ms.tolist()]
    net = math.fsum(w * side * size for w, side, size in zip(weights, closed.side, closed.size, strict=True))
    assert read(components, "sentiment.liquidations") == same(100 * net / (ticker.volume_24h / 24))


def test_positioning_and_sentiment_are_in_deviations(context: tuple[SymbolInputs, dict[str, Component]]) -> None:
    inputs, components = context
    assert inputs.ticker is not None
    assert inputs.funding is not None
    assert inputs.open_interest is not None
    assert inputs.long_short is not None
    five = inputs.candles[Timeframe.M5]
    closed = {int(t) + 300_000: math.log(c) for t, c in zip(five.open_ms[-WIDTH:], five.close[-WIDTH:], strict=True)}
    interest = dict(zip(inputs.open_interest.time_ms.tolist(), np.log(inputs.open_interest.values).tolist(), strict=True))

    def in_deviations(known: dict[int, float], end: int) -> float:
        values = [known[t] for t in sorted(known)]
        squares = [(b - a) ** 2 for a, b in pairwise(values)]
        return (known[end] - known[end - 4 * 3_600_000]) / math.sqrt(48 * math.fsum(squares) / len(squares))

    price, positions = in_deviations(closed, max(interest)), in_deviations(interest, max(interest))
    assert read(components, "orderflow.positioning") == same(price * (1 + 0.6 * math.tanh(positions)))
    assert read(components, "sentiment.open_interest") == same(positions * math.tanh(price))
    ratios = np.log(inputs.long_short.values)
    assert read(components, "sentiment.accounts") == same((ratios[-1] - ratios.mean()) / math.hypot(ratios.std(), 0.02))
    # The interval of the first rate is not known. All others are of 8 hours, so the daily rates have the same deviations.
    rates, rate = inputs.funding.values[1:], inputs.ticker.funding_rate
    assert rate is not None
    assert read(components, "sentiment.funding") == same((rate - rates.mean()) / math.hypot(rates.std(), 2e-5))
