"""Kinds of market data: what a venue is asked for, and what a score is made from."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtuoso.domain.model import Timeframe


class InputKind(StrEnum):
    """What a venue is asked for. The value is its name in jobs, metrics and recordings."""

    INSTRUMENTS = "instruments"
    TICKERS = "tickers"
    PREMIUMS = "premiums"  # mark and index prices, where the venue gives them apart from its tickers
    CANDLES = "candles"
    ORDER_BOOK = "book"
    TRADES = "trades"
    FUNDING = "funding"
    OPEN_INTEREST = "open_interest"
    LONG_SHORT = "long_short"


class ScoreInput(StrEnum):
    """What a score is made from. The value is the name that `missing_inputs` shows to clients."""

    TICKER = "ticker"
    MARK_PRICE = "mark_price"
    INDEX_PRICE = "index_price"
    FUNDING_RATE = "funding_rate"
    CANDLES_1M = "candles_1m"
    CANDLES_5M = "candles_5m"
    CANDLES_30M = "candles_30m"
    CANDLES_4H = "candles_4h"
    ORDER_BOOK = "order_book"
    PREVIOUS_ORDER_BOOK = "previous_order_book"
    TRADES = InputKind.TRADES
    FUNDING_HISTORY = "funding_history"
    OPEN_INTEREST = InputKind.OPEN_INTEREST
    LONG_SHORT = InputKind.LONG_SHORT

    @classmethod
    def candles(cls, timeframe: Timeframe) -> ScoreInput:
        """The bars of one timeframe."""
        return cls(f"candles_{timeframe.value}")
