"""A market as a whole: one symbol's trouble stays its own, and a sum over a part is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, Shape
from virtuoso.collector.scoring import score_market
from virtuoso.domain.model import Dominance, DominanceBasis, OrderBook, SymbolInputs


def market() -> SymbolInputs:
    return markets.inputs(Shape("walk", 5, 100.0))


def test_a_symbol_whose_data_cannot_be_scored_at_all_costs_only_itself() -> None:
    good = market()
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
    results, _ = score_market(items, tickers, {}, dominance=None, previous=None, whole=True, now_ms=NOW_MS)
    assert results[good.symbol].score is not None
    assert results["ODDUSDT"].score is not None
    assert results["WORSEUSDT"].score is None


def test_a_total_over_a_part_of_the_venue_is_not_shown() -> None:
    good = market()
    assert good.ticker is not None
    tickers = {"BTCUSDT": replace(good.ticker, symbol="BTCUSDT", turnover_24h=1e9)}
    _, whole = score_market([], tickers, {}, dominance=None, previous=None, whole=True, now_ms=NOW_MS)
    assert whole.total_turnover == 1e9
    assert whole.dominance is not None
    _, part = score_market([], tickers, {}, dominance=None, previous=None, whole=False, now_ms=NOW_MS)
    assert part.total_turnover is None
    assert part.dominance is None
    assert part.breadth is None
    assert part.regime is None
    cap = Dominance(percent=58.0, basis=DominanceBasis.MARKET_CAP, observed_ms=NOW_MS)
    _, capped = score_market([], tickers, {}, dominance=cap, previous=None, whole=False, now_ms=NOW_MS)
    assert capped.dominance == cap
