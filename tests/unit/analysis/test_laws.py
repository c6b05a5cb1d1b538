"""The laws of the analysis on generated markets, for each component and for the total."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape, shapes
from virtuoso.analysis.candle_readings import COMPONENTS, CandleReadingsCache, read_history
from virtuoso.analysis.components import ComponentSpec
from virtuoso.analysis.confluence import CONTEXT_COMPONENTS, score_symbol
from virtuoso.analysis.orderflow import WITH_TAKER_VOLUME
from virtuoso.domain.model import Component, Confluence, SymbolInputs, Timeframe

MINUTE = 60_000
ALL_SPECS: dict[str, ComponentSpec] = {f"{g.name}_{t.value}": g for g in COMPONENTS for t in Timeframe} | {
    g.name: g for specs in (*CONTEXT_COMPONENTS.values(), WITH_TAKER_VOLUME) for g in specs
}
few = settings(max_examples=40)


def components(result: Confluence) -> dict[str, Component]:
    """Return all components by "dimension.component". Two dimensions have a component for open interest."""
    return {f"{d.kind.name}.{c.name}": c for d in result.dimensions for c in d.components}


def present(result: Confluence) -> dict[str, Component]:
    return {n: c for n, c in components(result).items() if c.direction is not None}


def assert_reflected(one: Confluence, other: Confluence) -> None:
    theirs = components(other)
    for name, c in components(one).items():
        m = theirs[name]
        assert (c.direction is None) == (m.direction is None), name
        assert c.missing == m.missing, name
        if c.direction is not None and m.direction is not None:
            assert m.direction == pytest.approx(-c.direction, abs=1e-6), name
            assert m.confidence == pytest.approx(c.confidence, abs=1e-6), name
    assert (one.score is None) == (other.score is None)
    if one.score is not None and other.score is not None:
        assert other.score == pytest.approx(100 - one.score, abs=1e-6)
        assert other.confidence == pytest.approx(one.confidence, abs=1e-6)


def assert_same(one: Confluence, other: Confluence) -> None:
    theirs = components(other)
    for name, c in components(one).items():
        assert (c.direction is None) == (theirs[name].direction is None), name
        if c.direction is not None:
            assert theirs[name].direction == pytest.approx(c.direction, abs=1e-6), name
            assert theirs[name].confidence == pytest.approx(c.confidence, abs=1e-6), name
    assert other.score == (None if one.score is None else pytest.approx(one.score, abs=1e-6))


@pytest.mark.parametrize("name", markets.INPUTS)
@pytest.mark.parametrize("kind", ["walk", "jumps"])
def test_a_missing_input_is_named_and_changes_no_component_that_does_not_need_it(name: str, kind: str) -> None:
    market = markets.inputs(Shape(kind, 11, 27.1))
    whole, starved = score_symbol(market, NOW_MS), score_symbol(markets.starved(market, name), NOW_MS)
    assert whole.missing_inputs == ()
    assert name in starved.missing_inputs
    lost = set(present(whole)) - set(present(starved))
    assert lost
    assert all(components(starved)[n].missing for n in lost)
    for n, c in present(starved).items():
        before = components(whole)[n]
        assert (c.direction, c.confidence, c.reading) == (before.direction, before.confidence, before.reading)
    assert starved.coverage < whole.coverage == pytest.approx(1.0)
    for one, other in zip(whole.dimensions, starved.dimensions, strict=True):
        assert (other.coverage < one.coverage) == (name in other.missing_inputs)
        assert other.confidence <= one.confidence + 1e-12


def test_a_symbol_with_too_few_inputs_has_no_score_but_lists_measured_components() -> None:
    market = markets.inputs(Shape("walk", 3, 1.0))
    bare = SymbolInputs(symbol="XUSDT", ticker=market.ticker, candles={Timeframe.M1: market.candles[Timeframe.M1]})
    result = score_symbol(bare, NOW_MS)
    assert (result.score, result.confidence, result.agreement, result.drivers) == (None, None, None, ())
    assert any(d.score is not None for d in result.dimensions)
    assert all(d.contribution == 0 for d in result.dimensions)
    nothing = score_symbol(SymbolInputs(symbol="XUSDT"), NOW_MS)
    assert nothing.coverage == 0
    assert all(d.score is None and d.sentence for d in nothing.dimensions)
    assert nothing.oldest_input_ms is None


@few
@given(shapes())
def test_a_reflected_market_has_the_reflected_score(shape: Shape) -> None:
    market = markets.inputs(shape)
    assert_reflected(score_symbol(market, NOW_MS), score_symbol(markets.mirrored(market), NOW_MS))


@few
@given(shapes(), st.sampled_from((1e-6, 0.37, 1.0, 123.4, 7e5)), st.sampled_from((1e-5, 0.81, 1.0, 3e6)))
def test_scaling_prices_or_volumes_changes_no_score(shape: Shape, prices: float, volumes: float) -> None:
    market = markets.inputs(shape)
    assert_same(score_symbol(market, NOW_MS), score_symbol(markets.scaled(market, prices, volumes), NOW_MS))


@few
@given(shapes())
def test_a_direction_is_an_odd_and_monotone_function_of_its_reading(shape: Shape) -> None:
    for name, c in present(score_symbol(markets.inputs(shape), NOW_MS)).items():
        spec = ALL_SPECS[name.split(".")[1]]
        assert c.reading is not None
        assert c.direction == pytest.approx(math.tanh((c.reading - spec.centre) / spec.scale), abs=1e-12)


@settings(max_examples=25)
@given(shapes(), st.integers(1, 59))
def test_later_bars_do_not_change_a_score(shape: Shape, more: int) -> None:
    assert score_symbol(markets.inputs(shape), NOW_MS) == replace(score_symbol(markets.inputs(shape, more=more), NOW_MS))


@settings(max_examples=12)
@given(shapes(), st.sampled_from(list(Timeframe)), st.integers(1, 399))
def test_appended_bars_do_not_change_earlier_readings(shape: Shape, timeframe: Timeframe, end: int) -> None:
    whole = markets.bars(shape, timeframe)
    end = min(end, len(whole))
    names = ("open_ms", "open", "high", "low", "close", "volume")
    early, late = read_history(replace(whole, **{n: getattr(whole, n)[:end] for n in names})), read_history(whole)
    for before, after in ((early.directions, late.directions), (early.confidences, late.confidences)):
        np.testing.assert_allclose(after[:, :end], before, rtol=0, atol=1e-9)


@settings(max_examples=12)
@given(
    shapes(("walk", "jumps", "trend", "young", "newborn", "half_flat")), st.sampled_from(list(Timeframe)), st.integers(0, 90)
)
def test_live_readings_equal_the_last_readings_of_a_history(shape: Shape, timeframe: Timeframe, back: int) -> None:
    whole = markets.bars(shape, timeframe)
    at = max(0, len(whole) - 1 - back)
    now = int(whole.open_ms[at]) + timeframe.ms
    live = CandleReadingsCache().readings({timeframe: whole}, now)[timeframe]
    history = read_history(whole)
    np.testing.assert_allclose(live.directions, history.directions[:, at], rtol=0, atol=1e-6)
    np.testing.assert_allclose(live.confidences, history.confidences[:, at], rtol=0, atol=1e-6)


@few
@given(shapes(markets.USUAL), st.integers(0, 20))
def test_age_lowers_confidence_and_never_changes_a_direction(shape: Shape, minutes: int) -> None:
    market = markets.inputs(shape)
    fresh, old = present(score_symbol(market, NOW_MS)), present(score_symbol(market, NOW_MS + minutes * MINUTE))
    assert set(old) <= set(fresh)
    for name, c in old.items():
        assert c.direction == fresh[name].direction
        assert c.confidence <= fresh[name].confidence + 1e-12


def test_a_balanced_book_is_neutral_at_any_spread_and_depth() -> None:
    for spread, depth in ((1e-5, 1.0), (1e-2, 1.0), (1e-3, 1e6)):
        distance = spread + np.arange(40) * 1e-4
        sizes = depth * (1 + np.arange(40) % 3)
        book = markets.inputs(Shape("walk", 1, 1.0)).book
        assert book is not None
        even = replace(
            book, bids=np.stack((np.exp(-distance), sizes), axis=1), asks=np.stack((np.exp(distance), sizes), axis=1)
        )
        result = score_symbol(SymbolInputs(symbol="XUSDT", book=even), NOW_MS)
        read = present(result)
        assert len(read) >= 4
        assert all(abs(c.direction or 0.0) < 1e-9 for c in read.values())


def _spoiled(market: SymbolInputs, **changes: object) -> SymbolInputs:
    return replace(market, **changes)  # type: ignore[arg-type]  # changes are given by name


def _candles_with(field: str, value: float) -> Callable[[SymbolInputs], SymbolInputs]:
    def spoil(market: SymbolInputs) -> SymbolInputs:
        one = market.candles[Timeframe.M5]
        values = getattr(one, field).copy()
        values[-3] = value
        return _spoiled(market, candles={**market.candles, Timeframe.M5: replace(one, **{field: values})})

    return spoil


def _cut_candles(market: SymbolInputs) -> SymbolInputs:
    one = market.candles[Timeframe.M5]
    return _spoiled(market, candles={**market.candles, Timeframe.M5: replace(one, volume=one.volume[:-1])})


def _crossed(market: SymbolInputs) -> SymbolInputs:
    assert market.book is not None
    return _spoiled(market, book=replace(market.book, bids=market.book.asks, asks=market.book.bids))


def _endless(market: SymbolInputs) -> SymbolInputs:
    assert market.trades is not None
    return _spoiled(market, trades=replace(market.trades, size=market.trades.size * np.inf))


def _impossible(market: SymbolInputs) -> SymbolInputs:
    assert market.open_interest is not None
    return _spoiled(market, open_interest=replace(market.open_interest, values=-market.open_interest.values))


@pytest.mark.parametrize(
    ("spoil", "gone"),
    [
        (_candles_with("close", math.nan), "_5m"),
        (_candles_with("low", -1.0), "_5m"),
        (_candles_with("high", 1e-9), "_5m"),
        (_candles_with("volume", math.inf), "_5m"),
        (_candles_with("volume", -1.0), "_5m"),
        (_cut_candles, "_5m"),
        (_crossed, "ORDERBOOK."),
        (_endless, "ORDERFLOW."),
        (_impossible, "open_interest"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_only_the_components_of_an_unreadable_series_are_missing_and_give_the_reason(
    spoil: Callable[[SymbolInputs], SymbolInputs], gone: str
) -> None:
    market = markets.inputs(Shape("walk", 5, 0.0713))
    whole, spoiled = score_symbol(market, NOW_MS), score_symbol(spoil(market), NOW_MS)
    needs_5m = {"ORDERFLOW.positioning", "SENTIMENT.open_interest"}
    lost = set(present(whole)) - set(present(spoiled))
    assert lost
    assert all(gone in n or n in needs_5m for n in lost)
    assert all(components(spoiled)[n].missing for n in lost)
    assert spoiled.score is not None
    for name, c in present(spoiled).items():
        assert c.direction == components(whole)[name].direction


@settings(max_examples=15)
@given(shapes())
def test_scores_are_identical_with_and_without_a_cache(shape: Shape) -> None:
    market, cache = markets.inputs(shape), CandleReadingsCache()
    first = repr(score_symbol(market, NOW_MS))
    assert repr(score_symbol(markets.inputs(shape), NOW_MS)) == first
    assert repr(score_symbol(market, NOW_MS, cache=cache)) == first
    assert repr(score_symbol(market, NOW_MS, cache=cache)) == first


@settings(max_examples=15)
@given(shapes(), st.sets(st.sampled_from(markets.INPUTS), min_size=1))
def test_scores_are_identical_with_a_cache_of_some_inputs(shape: Shape, missing: set[str]) -> None:
    market, cache = markets.inputs(shape), CandleReadingsCache()
    reduced = market
    for name in sorted(missing, key=lambda name: (name == "ticker", name)):
        reduced = markets.starved(reduced, name)
    for one in (reduced, reduced, market, reduced):
        assert repr(score_symbol(one, NOW_MS, cache=cache)) == repr(score_symbol(one, NOW_MS))


@settings(max_examples=60)
@given(shapes())
def test_every_number_of_a_score_is_finite_or_absent(shape: Shape) -> None:
    result = score_symbol(markets.inputs(shape), NOW_MS)
    for c in components(result).values():
        assert 0 <= c.weight <= 1
        if c.direction is None:
            assert c.missing
            assert (c.confidence, c.contribution, c.reading) == (0, 0, None)
        else:
            assert c.missing == ""
            assert -1 <= c.direction <= 1
            assert 0 < c.confidence <= 1
            assert -50 <= c.contribution <= 50
            assert c.reading is not None
            assert math.isfinite(c.reading)
    for d in result.dimensions:
        assert d.score is None or 0 <= d.score <= 100
        assert 0 < len(d.sentence) <= 300
        assert math.fsum(c.weight for c in d.components) == pytest.approx(1, abs=1e-12)


def test_windows_without_movement_give_no_readings() -> None:
    read = components(score_symbol(markets.inputs(Shape("flat", 2, 1.0)), NOW_MS))
    for timeframe in Timeframe:
        for name in ("rsi", "williams_r", "adx", "cci", "macd"):
            assert (
                read[f"TECHNICAL.{name}_{timeframe.value}"].missing == "the price moved in 0 of the last 30 bars, needs 10"
            )
        assert read[f"VOLUME.money_flow_index_{timeframe.value}"].direction is None
