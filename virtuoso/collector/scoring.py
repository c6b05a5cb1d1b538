"""The scoring of a market at one time: the score of each symbol and the overview."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.analysis.candle_readings import CandleReadingsCache
from virtuoso.analysis.confluence import score_symbol
from virtuoso.analysis.overview import overview
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.domain.model import Confluence

if TYPE_CHECKING:
    from virtuoso.domain.model import Dominance, Overview, RegimeState, SymbolInputs
    from virtuoso.market_data.market import MarketData

log = logging.getLogger(__name__)

_SCORED = metrics.ROWS.labels("analysis", "ok")
# Results computed from candles, by symbol. They make a pass without new bars cheap.
ReadingsCaches = dict[str, CandleReadingsCache]


def score_market(
    market: MarketData,
    *,
    dominance: Dominance | None,
    previous: RegimeState | None,
    weights: Weights = DEFAULT_WEIGHTS,
    readings: ReadingsCaches | None = None,
) -> tuple[dict[str, Confluence], Overview]:
    """Return (results by symbol, overview) at the time of the market's newest prices.

    While `market.totals_known` is False, the overview has no counts and sums, because they would cover only a part of the
    venue. `readings` is updated. Afterwards, it contains exactly the scored symbols."""
    readings = {} if readings is None else readings
    for symbol in readings.keys() - {item.symbol for item in market.inputs}:
        del readings[symbol]
    now_ms = market.stamp.observed_ms
    results = {
        item.symbol: _score(item, now_ms, readings.setdefault(item.symbol, CandleReadingsCache()), weights)
        for item in market.inputs
    }
    tickers = market.tickers if market.totals_known else {}
    return results, overview(tickers, market.anchor_candles, dominance, previous, now_ms)


def _score(item: SymbolInputs, now_ms: int, readings: CandleReadingsCache, weights: Weights) -> Confluence:
    try:
        result = score_symbol(item, now_ms, weights, readings)
    except Exception:  # an error of one symbol must not affect the others
        log.exception("cannot score %s", item.symbol)
        metrics.INVALID_ROWS.labels("analysis").inc()
        metrics.ROWS.labels("analysis", "refused").inc()
        return Confluence(symbol=item.symbol, dimensions=(), coverage=0.0)
    _SCORED.inc()
    return result
