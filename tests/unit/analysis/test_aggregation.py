"""How components form dimensions and dimensions form a score, recomputed from the reply alone."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape, shapes
from virtuoso.analysis.candle_readings import CandleReadingsCache
from virtuoso.analysis.confluence import score_symbol
from virtuoso.analysis.weights import MODEL_VERSION, Weights
from virtuoso.analysis.windows import Windows
from virtuoso.domain.model import DimensionKind, Timeframe


def test_the_weights_have_a_version() -> None:
    assert MODEL_VERSION == "v5"
    weights = Weights()
    assert math.fsum(weights.dimensions.values()) == pytest.approx(1)
    assert (weights.min_coverage, weights.min_dimensions) == (0.4, 3)
    with pytest.raises(ValueError, match="dimensions"):
        Weights(dimensions={DimensionKind.VOLUME: 1.0})
    with pytest.raises(ValueError, match="timeframes"):
        Weights(timeframes=dict.fromkeys(Timeframe, 0.0))


def test_other_weights_have_another_version_and_give_another_score() -> None:
    plain, other = Weights.with_overrides({}, {}), Weights.with_overrides({"technical": 0.9}, {"4h": 0.0})
    assert plain.version == MODEL_VERSION
    assert other.version.startswith(f"{MODEL_VERSION}-")
    assert Weights.with_overrides(**other.as_dict()).version == other.version
    windows = [Weights(windows=Windows(**{field.name: 12_345})).version for field in fields(Windows)]
    assert len({MODEL_VERSION, other.version, *windows}) == 2 + len(windows)
    with pytest.raises(ValueError, match="windows"):
        Windows(trades_ms=0)
    market = markets.inputs(Shape("walk", 61, 27.1))
    one, two = score_symbol(market, NOW_MS, plain), score_symbol(market, NOW_MS, other)
    assert one.score != two.score
    assert {d.kind: d.weight for d in two.dimensions}[DimensionKind.TECHNICAL] == pytest.approx(0.9 / 1.74)


@settings(max_examples=40)
@given(shapes(), st.sets(st.sampled_from(markets.INPUTS), max_size=5))
def test_every_number_of_a_score_can_be_recomputed_from_its_components(shape: Shape, without: set[str]) -> None:
    market = markets.inputs(shape)
    for name in sorted(without - {"ticker"}) + sorted(without & {"ticker"}):
        market = markets.starved(market, name)
    result = score_symbol(market, NOW_MS)
    for d in result.dimensions:
        read = [c for c in d.components if c.direction is not None]
        assert d.coverage == pytest.approx(math.fsum(c.weight for c in read), abs=1e-12)
        if d.score is None or d.direction is None:
            assert (read, d.confidence, d.contribution, d.observed_ms) == ([], 0, 0, None)
            continue
        strength = math.fsum(c.weight * c.confidence for c in read)
        direction = math.fsum(c.weight * c.confidence * (c.direction or 0.0) for c in read) / strength
        assert d.direction == pytest.approx(direction, abs=1e-9)
        assert d.score == pytest.approx(50 + 50 * direction, abs=1e-9)
        assert d.score == pytest.approx(50 + math.fsum(c.contribution for c in d.components), abs=1e-9)
        assert d.confidence == pytest.approx(strength, abs=1e-9)
    measured = [d for d in result.dimensions if d.direction is not None]
    assert result.coverage == pytest.approx(math.fsum(d.weight * d.coverage for d in result.dimensions), abs=1e-9)
    assert (result.score is not None) == (result.coverage >= 0.4 and len(measured) >= 3)
    if result.score is None or result.agreement is None:
        return
    strength = math.fsum(d.weight * d.confidence for d in measured)
    mean = math.fsum(d.weight * d.confidence * (d.direction or 0.0) for d in measured) / strength
    spread = math.sqrt(math.fsum(d.weight * d.confidence * ((d.direction or 0.0) - mean) ** 2 for d in measured) / strength)
    assert result.score == pytest.approx(50 + math.fsum(d.contribution for d in result.dimensions), abs=1e-9)
    assert result.score == pytest.approx(50 + 50 * mean, abs=1e-9)
    assert result.agreement == pytest.approx(1 - spread, abs=1e-9)
    assert result.confidence == pytest.approx(strength * result.agreement, abs=1e-9)


def test_components_and_drivers_are_ordered_by_strength_and_include_bearish_ones() -> None:
    for seed in range(10):
        result = score_symbol(markets.starved(markets.inputs(Shape("walk", seed, 1.0)), "candles_4h"), NOW_MS)
        for d in result.dimensions:
            strengths = [abs(c.contribution) for c in d.components if c.direction is not None]
            assert strengths == sorted(strengths, reverse=True)
            assert [c.direction is None for c in d.components] == sorted(c.direction is None for c in d.components)
        points = {d.kind: abs(d.contribution) for d in result.dimensions}
        assert list(result.drivers) == sorted(points, key=lambda k: -points[k])
        assert len(result.drivers) == 6


def test_the_six_dimensions_are_in_fixed_order_and_their_weights_add_up_to_one() -> None:
    weights = Weights(dimensions=dict.fromkeys(DimensionKind, 2.0))
    result = score_symbol(markets.inputs(Shape("walk", 1, 1.0)), NOW_MS, weights)
    assert [d.kind for d in result.dimensions] == list(DimensionKind)
    assert [d.weight for d in result.dimensions] == pytest.approx([1 / 6] * 6)


def test_a_cache_is_not_used_for_other_weights() -> None:
    market, cache = markets.inputs(Shape("trend", 4, 1.0)), CandleReadingsCache()
    only_hours = Weights(timeframes={**dict.fromkeys(Timeframe, 0.0), Timeframe.H4: 1.0})
    usual = score_symbol(market, NOW_MS, cache=cache)
    hours = score_symbol(market, NOW_MS, only_hours, cache)
    assert hours == score_symbol(market, NOW_MS, only_hours)
    assert usual == score_symbol(market, NOW_MS, cache=cache)
    technical = hours.dimensions[0]
    assert math.fsum(c.weight for c in technical.components if c.name.endswith("_4h")) == pytest.approx(1)


def test_a_cache_is_used_while_the_arrays_of_the_candles_are_identical() -> None:
    market, cache = markets.inputs(Shape("walk", 4, 1.0)), CandleReadingsCache()
    first = score_symbol(market, NOW_MS, cache=cache)
    restamped = replace(market, candles={t: replace(c, stamp=markets.STAMP) for t, c in market.candles.items()})
    second = score_symbol(restamped, NOW_MS + 1_000, cache=cache)
    assert second.dimensions[0].components is first.dimensions[0].components
    copied = replace(market, candles={t: replace(c, close=c.close * 1.0) for t, c in market.candles.items()})
    assert score_symbol(copied, NOW_MS, cache=cache).dimensions[0].components is not first.dimensions[0].components


def test_the_time_of_a_dimension_is_that_of_its_oldest_input() -> None:
    market = markets.inputs(Shape("walk", 6, 1.0))
    assert market.trades is not None
    assert market.book is not None
    aged = replace(market, trades=replace(market.trades, stamp=replace(market.trades.stamp, observed_ms=NOW_MS - 77_000)))
    ages = {d.kind: d.observed_ms for d in score_symbol(aged, NOW_MS).dimensions}
    assert ages[DimensionKind.ORDERFLOW] == NOW_MS - 77_000
    assert ages[DimensionKind.ORDERBOOK] == market.book.stamp.observed_ms > market.books[0].stamp.observed_ms
    assert ages[DimensionKind.TECHNICAL] == markets.STAMP.observed_ms
    assert score_symbol(aged, NOW_MS).oldest_input_ms == NOW_MS - 77_000


def test_a_sentence_names_the_strongest_components_and_the_missing_inputs() -> None:
    market = markets.inputs(Shape("trend", 1, 1.0))
    technical = score_symbol(market, NOW_MS).dimensions[0]
    assert technical.score is not None
    assert technical.score > 60
    assert "bullish" in technical.sentence
    lacking = score_symbol(markets.starved(market, "candles_5m"), NOW_MS).dimensions[0]
    assert lacking.sentence.endswith("Missing: 5m candles.")
    none = score_symbol(markets.starved(market, "order_book"), NOW_MS).dimensions[3]
    assert none.sentence == "The order book could not be measured: no order book."
    young = score_symbol(markets.starved(markets.inputs(Shape("single_bar", 1, 1.0)), "candles_4h"), NOW_MS).dimensions[0]
    assert young.sentence.startswith("Momentum could not be measured: needs 16 bars, has 1")


def test_overdue_candles_lose_confidence_and_are_then_not_used() -> None:
    market = markets.inputs(Shape("walk", 8, 1.0))
    confidences = []
    for minutes in (0, 2, 3, 4, 6):
        technical = score_symbol(market, NOW_MS + minutes * 60_000).dimensions[0]
        confidences.append(sum(c.confidence for c in technical.components if c.name.endswith("_1m")))
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[1] > 0
    assert confidences[-1] == 0
