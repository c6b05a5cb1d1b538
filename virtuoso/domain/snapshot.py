"""The snapshot: the result of one pass of the collector. Servers build their replies from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtuoso.domain.model import Confluence, Environment, Fallback, Instrument, Overview, Stamp, Ticker
    from virtuoso.domain.outlook import OutlookBoard
    from virtuoso.domain.records import (
        BetaSpan,
        BetaWindow,
        LiquidationTotals,
        MarketSentiment,
        Opportunity,
        Signal,
        SignalRecord,
    )
    from virtuoso.domain.scores import ScoreMeans, ScoreTrail

COMPLETE_SCORES = 30  # a snapshot with this many scores is complete, even if more symbols are tracked


def is_complete(*, scored: int, measurable: int) -> bool:
    """Return True if the number of scores makes a server ready.

    All tracked symbols that the venue can measure, or at least COMPLETE_SCORES symbols, must have a score. Without any
    score, return False."""
    return scored >= max(1, min(COMPLETE_SCORES, measurable))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One of the largest moves of the day."""

    symbol: str
    price: float
    change_24h_percent: float  # above 0 for gainers, -100 to 0 for losers
    turnover_24h: float
    tick_size: float | None = None  # smallest price step; None when the venue does not state it


@dataclass(frozen=True, slots=True, kw_only=True)
class BookDepth:
    """The value of the orders that wait within equal steps from the middle of the best bid and the best ask."""

    best_bid: float
    best_ask: float
    distance: float  # from the middle, USDT: up to it, both sides are known
    bids_usd: tuple[float, ...]  # of all bids within 1/n, 2/n, ... n/n of the distance
    asks_usd: tuple[float, ...]  # of all asks within 1/n, 2/n, ... n/n of the distance
    observed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The data of one venue after one pass. Immutable. Times are as in `model`."""

    id: str
    venue: str
    environment: Environment
    model_version: str  # the version of the components and weights of the scores, such as "v5"
    stamp: Stamp  # the stamp of the newest tickers
    computed_ms: int  # on our clock
    universe: tuple[Instrument, ...]  # the tracked symbols, by rank
    venue_symbols: tuple[str, ...]  # all active symbols of the venue
    tickers: Mapping[str, Ticker]  # by tracked symbol; symbols without a price are left out
    confluences: Mapping[str, Confluence]  # by tracked symbol; symbols without a price are left out
    overview: Overview
    gainers: tuple[Mover, ...]  # of the whole venue, largest move first
    losers: tuple[Mover, ...]  # of the whole venue, largest move first
    fallback: Fallback | None = None  # None when the venue is the preferred one
    sentiment: MarketSentiment | None = None  # None when it could not be measured
    betas: Mapping[str, Mapping[BetaSpan, BetaWindow]] = field(default_factory=dict)  # only symbols with enough returns
    means: ScoreMeans | None = None  # the scores of the last minutes, for the next collector
    signals: tuple[Signal, ...] = ()  # the active signals of all venues that were in use, newest first
    opportunities: tuple[Opportunity, ...] = ()  # the unexpired opportunities, newest first
    unmeasurable: Mapping[str, str] = field(default_factory=dict)  # why the venue cannot measure a tracked symbol
    streamed: int = 0  # the number of tracked symbols with a price whose order book and trades stream
    liquidations: Mapping[str, LiquidationTotals] = field(default_factory=dict)  # by tracked symbol that streams them
    venue_tickers: Mapping[str, Ticker] = field(default_factory=dict)  # of all markets of the venue with a price
    instruments: Mapping[str, Instrument] = field(default_factory=dict)  # all markets that the venue lists
    symbols_chosen: bool = False  # True if the operator chose the tracked symbols, False if turnover did
    min_turnover: float = 0.0  # the floor of the 24-hour turnover of tracked symbols, USD
    depths: Mapping[str, BookDepth] = field(default_factory=dict)  # by tracked symbol with an order book
    trail: ScoreTrail | None = None  # the scores of the last hour; None before the first pass
    open_interest_changes: Mapping[str, float] = field(default_factory=dict)  # over 4 hours, percent, by tracked symbol
    outlook: OutlookBoard | None = None  # None when no bars are read for it
    signal_record: SignalRecord | None = None  # statistics of the venue's closed signals; None until they are read

    @property
    def scored(self) -> int:
        """Return the number of symbols that have a score."""
        return sum(each.score is not None for each in self.confluences.values())

    @property
    def complete(self) -> bool:
        """Return True if the snapshot makes a server ready. See `is_complete`."""
        return is_complete(scored=self.scored, measurable=len(self.universe) - len(self.unmeasurable))
