"""What the streams of a venue send, in the model's units. A reader of streams returns updates, and a feed applies them.

An update is immutable. The same frames in the same order give the same updates, so a recording of the frames gives the same
market again. Times are those of `model`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from virtuoso.domain.inputs import InputKind
    from virtuoso.domain.model import Candles, Liquidations, Ticker, Trades


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerUpdate:
    """The ticker of one symbol, whole: fields that a venue sends only when they change are carried over."""

    ticker: Ticker


@dataclass(frozen=True, slots=True, kw_only=True)
class TradesUpdate:
    """New trades of one symbol, in order, each sent once. `contiguous` is False when trades before them are missing."""

    trades: Trades
    contiguous: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CandlesUpdate:
    """Bars of one symbol that have just closed."""

    candles: Candles


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationsUpdate:
    """New liquidations of one symbol. Their `complete_since_ms` is the time since which the stream sends them."""

    liquidations: Liquidations


@dataclass(frozen=True, slots=True, kw_only=True)
class BookUpdate:
    """The order book of one symbol has changed. The reader's `book(symbol)` has it."""

    symbol: str
    observed_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLost:
    """What was received of one kind and symbol is no longer right or complete, until new data comes. `symbol` is "" for all
    symbols of the venue.

    `reason` is a word for metrics, such as "gap", "crossed", "restart", "closed" or "silent"."""

    kind: InputKind
    symbol: str
    reason: str


StreamUpdate: TypeAlias = TickerUpdate | TradesUpdate | CandlesUpdate | LiquidationsUpdate | BookUpdate | StreamLost
