"""The data of one venue at one time, as a feed hands it to the analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from virtuoso.market_data.universe import UniverseRules

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Instrument, Stamp, SymbolInputs, Ticker, Timeframe


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketData:
    """The data of a feed at one time.

    `stamp` is that of the newest tickers. `tickers` are of all markets of the venue. `turnover_known` is True when the venue
    gives the turnover of nearly all of them. `totals_known` is True when `tickers` also have nearly all of the venue's
    turnover. `followed` has the bars of the followed symbols, scored or not. `tried` are the symbols whose candles, order
    book and trades are present, or could not be read. `refused` has a reason for each symbol of which a price was refused,
    because other prices contradict it. `streamed` is the number of symbols in
    `inputs` whose order book and trades stream. `instruments` are all markets that the venue lists, and `rules` chose the
    universe from them."""

    venue: str
    stamp: Stamp
    inputs: Sequence[SymbolInputs]
    tickers: Mapping[str, Ticker]
    anchor_candles: Mapping[Timeframe, Candles]
    universe: tuple[Instrument, ...]
    venue_symbols: tuple[str, ...]
    turnover_known: bool
    totals_known: bool
    followed: Mapping[str, Mapping[Timeframe, Candles]] = field(default_factory=dict)
    tried: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    streamed: int = 0
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    rules: UniverseRules = field(default_factory=UniverseRules)
