"""The kinds of market data: the requests to a venue and the inputs of a score."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from virtuoso.domain.model import Timeframe


class InputKind(StrEnum):
    """A kind of request to a venue. The value is the name in jobs, metrics and recordings."""

    INSTRUMENTS = "instruments"
    TICKERS = "tickers"
    PREMIUMS = "premiums"  # mark and index prices, if the venue does not include them in its tickers
    CANDLES = "candles"
    ORDER_BOOK = "book"
    TRADES = "trades"
    FUNDING = "funding"
    OPEN_INTEREST = "open_interest"
    LONG_SHORT = "long_short"
    LIQUIDATIONS = "liquidations"  # only streamed


class ScoreInput(StrEnum):
    """An input of a score. The value is the name in `missing_inputs`, which clients see."""

    TICKER = "ticker"
    MARK_PRICE = "mark_price"
    INDEX_PRICE = "index_price"
    FUNDING_RATE = "funding_rate"
    CANDLES_1M = "candles_1m"
    CANDLES_5M = "candles_5m"
    CANDLES_30M = "candles_30m"
    CANDLES_4H = "candles_4h"
    ORDER_BOOK = "order_book"
    TRADES = InputKind.TRADES
    FUNDING_HISTORY = "funding_history"
    OPEN_INTEREST = InputKind.OPEN_INTEREST
    LONG_SHORT = InputKind.LONG_SHORT
    BOOK_FLOW = "book_flow"
    TAKER_VOLUME = "taker_volume"  # of the bars, on venues that state it
    LIQUIDATIONS = InputKind.LIQUIDATIONS

    __hash__ = str.__hash__  # members are frequent dict keys, and the hash of Enum is slow Python code

    @classmethod
    def candles(cls, timeframe: Timeframe) -> ScoreInput:
        """Return the input for the bars of one timeframe."""
        return cls(f"candles_{timeframe.value}")


class DimensionInput(NamedTuple):
    """One input that a dimension used. It is a tuple, because a pass makes about 20 for each symbol."""

    name: ScoreInput
    streamed: bool  # False when it was polled
    observed_ms: int
    incomplete: bool  # a part of its window is missing
