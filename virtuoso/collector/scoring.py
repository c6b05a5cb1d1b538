"""A whole market scored at one moment: every symbol by itself, and the overview of all."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.analysis.candle_readings import CandleReadingsCache
from virtuoso.analysis.confluence import score_symbol
from virtuoso.analysis.overview import overview
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.domain.model import Confluence

if TYPE_CHECKING:
    from virtuoso.domain.model import (
        Candles,
        Dominance,
        Overview,
        RegimeState,
        SymbolInputs,
        Ticker,
        Timeframe,
    )
    from virtuoso.market_data.feed import MarketData

log = logging.getLogger(__name__)

ReadingsCaches = dict[
    str, CandleReadingsCache
]  # by symbol: what was made of its candles, so that a pass without a new bar is cheap


def score_market(
    inputs: Sequence[SymbolInputs],
    tickers: Mapping[str, Ticker],
    anchor_candles: Mapping[Timeframe, Candles],
    *,
    dominance: Dominance | None,
    previous: RegimeState | None,
    whole: bool,
    now_ms: int,
    weights: Weights = DEFAULT_WEIGHTS,
    memos: ReadingsCaches | None = None,
) -> tuple[dict[str, Confluence], Overview]:
    """(results by symbol, overview) at `now_ms` on the exchange's clock. `tickers` are those of the whole venue; `whole` is
    False when many of them are unusable: what is counted or summed over a part would pass for the whole, so it is absent.
    `memos` is brought up to date: it holds those of `inputs` and no others."""
    memos = {} if memos is None else memos
    for symbol in memos.keys() - {item.symbol for item in inputs}:
        del memos[symbol]
    results = {
        item.symbol: _score(item, now_ms, memos.setdefault(item.symbol, CandleReadingsCache()), weights) for item in inputs
    }
    return results, overview(tickers if whole else {}, anchor_candles, dominance, previous, now_ms)


def score(
    market: MarketData,
    *,
    dominance: Dominance | None,
    previous: RegimeState | None,
    weights: Weights = DEFAULT_WEIGHTS,
    memos: ReadingsCaches | None = None,
) -> tuple[dict[str, Confluence], Overview]:
    """(results by symbol, overview) of what a feed knows, at the time of its newest prices."""
    return score_market(
        market.inputs,
        market.tickers,
        market.anchor_candles,
        dominance=dominance,
        previous=previous,
        whole=market.whole,
        now_ms=market.stamp.observed_ms,
        weights=weights,
        memos=memos,
    )


def _score(item: SymbolInputs, now_ms: int, memo: CandleReadingsCache, weights: Weights) -> Confluence:
    try:
        result = score_symbol(item, now_ms, weights, memo)
    except Exception:  # whatever is wrong with one symbol, the others go on; the log has it
        log.exception("%s could not be scored", item.symbol)
        metrics.INVALID_ROWS.labels("analysis").inc()
        metrics.ROWS.labels("analysis", "refused").inc()
        return Confluence(symbol=item.symbol, dimensions=(), coverage=0.0)
    metrics.ROWS.labels("analysis", "ok").inc()
    return result
