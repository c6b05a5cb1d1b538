"""Missing bars and breaks of the price scale: the readings that remain, and the reasons that clients get."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.analysis.markets import NOW_MS, Shape, bars, inputs
from virtuoso.analysis.beta import betas
from virtuoso.analysis.confluence import score_symbol
from virtuoso.analysis.overview import overview
from virtuoso.analysis.signal_plans import median_range
from virtuoso.domain.model import ANCHOR, Candles, Timeframe

SHAPE = Shape("walk", 5, 27.1)


def without(candles: Candles, back: int) -> Candles:
    """Return the bars without the one that is `back` bars before the newest."""
    return candles.selected(np.arange(len(candles)) != len(candles) - 1 - back)


def reasons(candles: Candles) -> dict[str, str]:
    """Return the reason of each component of the timeframe that is not measured."""
    market = inputs(SHAPE)
    market = replace(market, candles={**market.candles, candles.timeframe: candles})
    components = [c for d in score_symbol(market, NOW_MS).dimensions for c in d.components]
    return {c.name: c.missing for c in components if c.missing and c.name.endswith(f"_{candles.timeframe.value}")}


@pytest.mark.parametrize("timeframe", Timeframe)
def test_the_reason_for_too_few_bars_names_the_gap(timeframe: Timeframe) -> None:
    whole = bars(SHAPE, timeframe)
    assert not reasons(whole)
    found = reasons(without(whole, 6))
    time = np.datetime_as_string(np.datetime64(int(whole.open_ms[-7]), "ms"), "m").replace("T", " ")
    assert found[f"rsi_{timeframe.value}"].endswith(f"bars, has 6 since a gap at {time} UTC")
    assert found[f"rsi_{timeframe.value}"].startswith("needs ")


def test_the_reason_for_too_few_bars_names_the_break_of_scale() -> None:
    whole = bars(SHAPE, Timeframe.M5)
    kept = replace(whole.selected(slice(-6, None)), scale_since_ms=int(whole.open_ms[-6]))
    assert "has 6 since the scale of the prices changed at " in reasons(kept)["rsi_5m"]
    assert reasons(whole.selected(slice(-6, None)))["rsi_5m"].endswith(", has 6")


def test_indicators_do_not_run_across_a_gap() -> None:
    whole = bars(SHAPE, Timeframe.M30)
    with_gap = without(whole, 120)
    assert median_range(with_gap, NOW_MS) == median_range(whole.selected(slice(-120, None)), NOW_MS)
    assert median_range(without(whole, 40), NOW_MS) is None


def test_betas_and_volatility_use_the_bars_on_both_sides_of_a_gap() -> None:
    series = {symbol: bars(Shape("walk", seed, 27.1), Timeframe.M5) for symbol, seed in ((ANCHOR, 1), ("XUSDT", 2))}
    with_gap = {symbol: {Timeframe.M5: without(one, 6)} for symbol, one in series.items()}
    assert all(window.points == 286 for by_span in betas(with_gap, NOW_MS).values() for window in by_span.values())
    found = overview({}, with_gap[ANCHOR], None, None, NOW_MS).volatility_percent
    steps = np.delete(np.diff(np.log(series[ANCHOR].close[-289:])), [281, 282])
    assert found == pytest.approx(100 * np.sqrt((steps**2).mean() * 288 * 365))
