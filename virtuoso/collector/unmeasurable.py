"""The tracked symbols that the venue cannot measure, and why. A snapshot without their scores is complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from virtuoso.analysis.sentences import input_words
from virtuoso.domain.plausibility import MAX_WITHOUT_DATA

if TYPE_CHECKING:
    from virtuoso.domain.model import Confluence
    from virtuoso.market_data.market import MarketData


def unmeasurable(market: MarketData, confluences: Mapping[str, Confluence]) -> dict[str, str]:
    """Return the reasons, by tracked symbol. A symbol with a score has none.

    A symbol without a usable price or without turnover has a reason while nearly all of the venue's tickers are usable. A
    halted symbol has one. Any other symbol has one after all its inputs were requested. When halted and other symbols are
    more than half of the symbols that trade, the venue fails, and their reasons are left out."""
    reasons: dict[str, str] = {}
    without_data: dict[str, str] = {}
    for symbol in (item.symbol for item in market.universe):
        result, ticker = confluences.get(symbol), market.tickers.get(symbol)
        if result is not None and result.score is not None:
            continue
        if market.turnover_known and ticker is None:
            why = f": {market.refused[symbol]}" if symbol in market.refused else ""
            reasons[symbol] = f"{market.venue} gives no usable price of {symbol}{why}"
        elif market.turnover_known and ticker is not None and ticker.turnover_24h == 0:
            reasons[symbol] = f"{symbol} has not been traded on {market.venue} for 24 hours"
        elif result is not None and result.halt_reason:
            without_data[symbol] = f"{symbol} is halted on {market.venue}: {result.halt_reason}"
        elif symbol in market.tried and result is not None:
            without_data[symbol] = _missing(market.venue, symbol, result, market.refused.get(symbol))
    most = MAX_WITHOUT_DATA * (len(market.universe) - len(reasons))
    return reasons | without_data if len(without_data) <= most else reasons


def _missing(venue: str, symbol: str, result: Confluence, refused: str | None) -> str:
    if refused is not None:
        return f"{venue} gives prices of {symbol} that contradict each other: {refused}"
    if result.missing_inputs:
        return f"{venue} gives no {input_words(result.missing_inputs)} of {symbol}"
    return f"{venue} gives too little data of {symbol} for a score"
