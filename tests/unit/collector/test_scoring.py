"""Scores of a whole market: an error of one symbol does not affect others, and no total covers only a part of the venue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape
from virtuoso.collector.scoring import score_market
from virtuoso.domain.model import Dominance, DominanceBasis, OrderBook, Stamp, SymbolInputs, Ticker
from virtuoso.market_data.market import MarketData


def symbol_inputs() -> SymbolInputs:
    return markets.inputs(Shape("walk", 5, 100.0))


def market_data(inputs: Sequence[SymbolInputs], tickers: Mapping[str, Ticker], *, totals_known: bool = True) -> MarketData:
    return MarketData(
        venue="bybit",
        stamp=Stamp(observed_ms=NOW_MS, received_ms=NOW_MS),
        inputs=inputs,
        tickers=tickers,
        anchor_candles={},
        universe=(),
        venue_symbols=(),
        turnover_known=True,
        totals_known=totals_known,
    )


def test_an_error_in_the_score_of_one_symbol_does_not_affect_others() -> None:
    good = symbol_inputs()
    assert good.ticker is not None
    assert good.book is not None
    odd = replace(
        good,
        symbol="ODDUSDT",
        book=OrderBook(symbol="ODDUSDT", bids=np.empty((0, 2)), asks=np.empty(0), stamp=good.book.stamp),
    )
    worse = replace(good, symbol="WORSEUSDT", candles=None)  # type: ignore[arg-type]
    items = [good, odd, worse]
    tickers = {good.symbol: good.ticker}
    results, _ = score_market(market_data(items, tickers), dominance=None, previous=None)
    assert results[good.symbol].score is not None
    assert results["ODDUSDT"].score is not None
    assert results["WORSEUSDT"].score is None


def test_totals_over_only_a_part_of_the_venue_are_absent() -> None:
    good = symbol_inputs()
    assert good.ticker is not None
    tickers = {"BTCUSDT": replace(good.ticker, symbol="BTCUSDT", turnover_24h=1e9)}
    _, complete = score_market(market_data([], tickers), dominance=None, previous=None)
    assert complete.total_turnover == 1e9
    assert complete.dominance is not None
    _, part = score_market(market_data([], tickers, totals_known=False), dominance=None, previous=None)
    assert part.total_turnover is None
    assert part.dominance is None
    assert part.breadth is None
    assert part.regime is None
    cap = Dominance(percent=58.0, basis=DominanceBasis.MARKET_CAP, observed_ms=NOW_MS)
    _, capped = score_market(market_data([], tickers, totals_known=False), dominance=cap, previous=None)
    assert capped.dominance == cap
