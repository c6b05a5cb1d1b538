"""The result of one pass of the collector, which everything that is served is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtuoso.domain.model import Confluence, Environment, Fallback, Instrument, Mover, Overview, Stamp, Ticker
    from virtuoso.domain.records import BetaSpan, BetaWindow, MarketSentiment, Opportunity, Signal, SignalRecord

COMPLETE_SCORES = 30  # a snapshot with this many scores is complete, however many symbols are tracked


def is_complete(*, scored: int, tracked: int) -> bool:
    """Return True when so many scores make a server ready: all tracked symbols have one, or COMPLETE_SCORES have; one at
    least."""
    return scored >= max(1, min(COMPLETE_SCORES, tracked))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that one pass knows of one venue. Immutable; times as in `model`."""

    id: str
    venue: str
    environment: Environment
    model_version: str  # the set of components and weights that made the scores, such as "v2"
    stamp: Stamp  # of the newest tickers
    computed_ms: int  # our clock
    universe: tuple[Instrument, ...]  # the tracked symbols, by rank
    venue_symbols: tuple[str, ...]  # every live symbol of the venue
    tickers: Mapping[str, Ticker]  # by tracked symbol; one without a price is not in it
    confluences: Mapping[str, Confluence]  # by tracked symbol; one without a price is not in it
    overview: Overview
    gainers: tuple[Mover, ...]  # of the whole venue, largest move first
    losers: tuple[Mover, ...]  # of the whole venue, largest move first
    fallback: Fallback | None = None  # None when the venue is the preferred one
    sentiment: MarketSentiment | None = None  # None when it could not be measured
    betas: Mapping[str, Mapping[BetaSpan, BetaWindow]] = field(default_factory=dict)  # only symbols with enough returns
    signals: tuple[Signal, ...] = ()  # the active ones, newest first
    opportunities: tuple[Opportunity, ...] = ()  # those not expired, newest first
    signal_record: SignalRecord | None = None  # how the venue's closed signals ended; None while the history is unread

    @property
    def scored(self) -> int:
        """The number of symbols that have a score."""
        return sum(each.score is not None for each in self.confluences.values())

    @property
    def complete(self) -> bool:
        """Whether it makes a server ready: see `is_complete`."""
        return is_complete(scored=self.scored, tracked=len(self.universe))
