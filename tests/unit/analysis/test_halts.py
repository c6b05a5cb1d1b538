"""Halted markets: nothing is measured from data in which nothing trades, and the reason is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape, shapes
from virtuoso.analysis.confluence import score_symbol
from virtuoso.analysis.halts import halt_reason
from virtuoso.domain.model import Candles, SymbolInputs, Timeframe

MINUTE = 60_000


def halted(market: SymbolInputs, minutes: int, *, still_quoted: bool = True) -> SymbolInputs:
    """Return a market in which nothing has traded for some minutes. Its venue sends flat bars without volume."""
    since = NOW_MS - minutes * MINUTE
    candles = {timeframe: _silenced(bars, since) for timeframe, bars in market.candles.items()}
    trades = market.trades
    assert trades is not None
    old = replace(trades, time_ms=trades.time_ms - (int(trades.time_ms[-1]) - since))
    return replace(market, candles=candles, trades=old, book=market.book if still_quoted else None)


def _silenced(bars: Candles, since_ms: int) -> Candles:
    silent = bars.open_ms >= since_ms
    last = float(bars.close[~silent][-1]) if (~silent).any() else float(bars.close[0])
    o, h, low, c = (np.where(silent, last, column) for column in (bars.open, bars.high, bars.low, bars.close))
    return replace(bars, open=o, high=h, low=low, close=c, volume=np.where(silent, 0.0, bars.volume))


@settings(max_examples=25)
@given(shapes(("walk", "jumps", "trend", "thin_book")), st.integers(17, 1200), st.booleans())
def test_a_halted_market_has_no_reading_and_every_component_says_since_when(
    shape: Shape, minutes: int, still_quoted: bool
) -> None:
    result = score_symbol(halted(markets.inputs(shape), minutes, still_quoted=still_quoted), NOW_MS)
    assert result.halt_reason.startswith("no trade since ")
    assert (result.score, result.confidence, result.coverage) == (None, None, 0.0)
    assert len(result.dimensions) == 6
    for dimension in result.dimensions:
        assert dimension.score is None
        assert dimension.sentence.endswith(f"could not be measured: {result.halt_reason}.")
        assert {component.missing for component in dimension.components} == {result.halt_reason}
        assert sum(component.weight for component in dimension.components) == pytest.approx(1)


@pytest.mark.parametrize(
    ("minutes", "reason"), [(14, ""), (120, "no trade since 07:00 UTC"), (1500, "no trade since 08 Oct 08:00 UTC")]
)
def test_the_reason_gives_the_time_of_the_last_trade(minutes: int, reason: str) -> None:
    assert halt_reason(halted(markets.inputs(Shape("walk", 1, 27.1)), minutes), NOW_MS) == reason


@given(shapes(markets.USUAL), st.integers(0, 600))
def test_a_market_that_trades_is_never_halted_however_old_its_data(shape: Shape, minutes: int) -> None:
    market = markets.inputs(shape)
    assert halt_reason(market, NOW_MS) == ""
    assert score_symbol(market, NOW_MS + minutes * MINUTE).halt_reason == ""


def test_one_kind_of_data_is_enough_and_newer_trades_in_another_kind_count() -> None:
    market = markets.inputs(Shape("walk", 1, 27.1))
    old = halted(market, 60)
    m1, m5 = Timeframe.M1, Timeframe.M5
    assert halt_reason(replace(old, candles={}), NOW_MS)
    assert halt_reason(replace(old, trades=None), NOW_MS)
    assert halt_reason(replace(old, trades=None, candles={m5: old.candles[m5]}), NOW_MS)
    assert not halt_reason(replace(old, trades=market.trades), NOW_MS)
    assert not halt_reason(replace(old, candles=market.candles), NOW_MS)
    assert not halt_reason(replace(old, trades=None, candles={}), NOW_MS)
    silent = replace(market.candles[m1], volume=np.zeros(400))
    assert halt_reason(replace(old, trades=None, candles={m1: silent}), NOW_MS) == "no volume in the last 400 bars of 1m"


def test_bars_with_volume_in_one_minute_of_ten_are_no_halt() -> None:
    market = markets.inputs(Shape("walk", 1, 27.1))
    bars = market.candles[Timeframe.M1]
    rare = replace(bars, volume=np.where(np.arange(400) % 10 == 0, bars.volume, 0.0))
    assert not halt_reason(replace(market, trades=None, candles={Timeframe.M1: rare}), NOW_MS)
