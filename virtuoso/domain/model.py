"""The records of the market: the data of the exchanges and the results of the analysis.

All records are frozen. These rules apply to each of them, unless a field states otherwise:

    times      epoch milliseconds UTC, in fields ending in `_ms`. `observed_ms` is the exchange's clock, `received_ms` ours
    prices     USDT, above 0
    sizes      base units, after applying the contract size. The same applies to volumes and open interest
    turnover   USDT, at least 0
    absence    None. No record holds NaN or an infinite number
    arrays     float64, times int64. Oldest first. They must not be modified
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.domain.contract_enum import ContractEnum

if TYPE_CHECKING:  # servers also use these records, but never load numpy
    import numpy as np
    from numpy.typing import NDArray

    from virtuoso.domain.inputs import DimensionInput, ScoreInput
    from virtuoso.domain.records import LiquidationTotals
    from virtuoso.domain.scores import Label

    Floats = NDArray[np.float64]
    Millis = NDArray[np.int64]

SYMBOL_PATTERN = re.compile(r"^[^\W_]{1,24}USDT$")  # letters and digits of any script, like [\p{L}\p{N}] in the .proto
DAY_MS = 86_400_000
ANCHOR = "BTCUSDT"  # regime, volatility and dominance are measured on this market


class Timeframe(Enum):
    """The length of a bar. `.value` is its ccxt name, such as "5m"."""

    M1 = "1m"
    M5 = "5m"
    M30 = "30m"
    H4 = "4h"

    ms: int  # length in milliseconds

    def __init__(self, name: str) -> None:
        self.ms = {"1m": 60_000, "5m": 300_000, "30m": 1_800_000, "4h": 14_400_000}[name]

    __hash__ = object.__hash__  # members are singletons and frequent dict keys, and the hash of Enum is slow Python code


class DimensionKind(ContractEnum):
    """The six dimensions of a confluence score. `lower_name` is its field name in rows, points and weights."""

    TECHNICAL = 1
    VOLUME = 2
    ORDERFLOW = 3
    ORDERBOOK = 4
    PRICE_STRUCTURE = 5
    SENTIMENT = 6


class Regime(ContractEnum):
    """The state of the whole market."""

    NEUTRAL = 1
    BULLISH = 2
    BEARISH = 3
    RISK_ON = 4
    RISK_OFF = 5


class DominanceBasis(ContractEnum):
    """The total for BTC dominance: BTC is a share of it."""

    MARKET_CAP = 1
    TURNOVER = 2


class Environment(ContractEnum):
    """The origin of the market data: a live exchange, a simulation or a recording."""

    LIVE = 1
    SIMULATED = 2
    REPLAY = 3


class FallbackReason(ContractEnum):
    """Why data does not come from the usual source. The first nine are venue failures. Servers detect the last three."""

    VENUE_BLOCKED = 1
    VENUE_RATE_LIMITED = 2
    VENUE_UNAVAILABLE = 3
    VENUE_TIMED_OUT = 4
    VENUE_BAD_DATA = 5
    VENUE_EMPTY = 6
    VENUE_STALE = 7
    VENUE_INCOMPLETE = 8
    VENUE_RECOVERING = 9
    NO_NEW_SNAPSHOT = 10
    REPOSITORY_UNAVAILABLE = 11
    CLOCK_BEHIND = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The two times of a record."""

    observed_ms: int  # the exchange's time of the data
    received_ms: int  # our time when the data arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """An active USDT linear perpetual. `base_asset` and `multiplier` identify it across venues."""

    symbol: str  # such as "SHIB1000USDT"
    venue_symbol: str  # the name in requests to the venue, such as ccxt's "BTC/USDT:USDT"
    base_asset: str  # such as "SHIB"
    multiplier: int  # units of the asset in one unit of the market, such as 1000; at least 1
    tick_size: float | None = None  # smallest price step, USDT; None when the venue does not state it
    listed_ms: int | None = None  # start of trading; None when the venue does not state it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The last price of a symbol and its 24-hour figures. A figure that the venue does not provide is None."""

    symbol: str
    last: float  # price of the last trade
    stamp: Stamp
    tick_size: float | None = None  # smallest price step; None when the venue does not state it
    change_24h_percent: float | None = None  # above -100
    turnover_24h: float | None = None
    volume_24h: float | None = None
    mark: float | None = None  # mark price
    index: float | None = None  # index price
    funding_rate: float | None = None  # rate of the current interval, a fraction
    funding_interval_ms: int | None = None  # time between two payments; None when it is not known
    next_funding_ms: int | None = None  # time of the next payment; None when the venue does not state it
    open_interest: float | None = None

    @property
    def daily_funding_rate(self) -> float | None:
        """Return the funding rate as a fraction per day. Return None when the rate or its interval is not known."""
        if self.funding_rate is None or self.funding_interval_ms is None:
            return None
        return self.funding_rate * DAY_MS / self.funding_interval_ms


CANDLE_COLUMNS = ("open_ms", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Candles:
    """Closed bars of one symbol in one price scale. Bars may be missing. The current, unfinished bar is never included."""

    symbol: str
    timeframe: Timeframe
    open_ms: Millis  # opening times of the bars, multiples of `timeframe.ms`, strictly increasing
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats  # at least 0
    stamp: Stamp
    scale_since_ms: int | None = None  # opening time of the first bar after a break of scale; earlier bars were refused
    taker_buy: Floats | None = None  # the part of `volume` that takers bought, NaN where unknown; None without any

    def __len__(self) -> int:
        return len(self.open_ms)

    def selected(self, selection: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Candles:
        """Return only the selected bars."""
        taker_buy = None if self.taker_buy is None else self.taker_buy[selection]
        return replace(self, taker_buy=taker_buy, **{name: getattr(self, name)[selection] for name in CANDLE_COLUMNS})

    def cut(self, first: int, end: int | None = None) -> Candles:
        """Return the bars from index `first` up to, but not including, `end`."""
        return self.selected(slice(first, end))

    def run_start(self, end: int | None = None) -> int:
        """Return the index of the first bar of the sequence without gaps that ends before index `end` (None: the end)."""
        opens = self.open_ms[:end]
        if not len(opens) or opens[-1] - opens[0] == (len(opens) - 1) * self.timeframe.ms:
            return 0
        return int((opens[1:] - opens[:-1] != self.timeframe.ms).nonzero()[0][-1]) + 1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trades:
    """Trades of one symbol. Trades with an unknown taker side are left out. All columns have the same length."""

    symbol: str
    ids: Sequence[str]  # the venue's ids
    time_ms: Millis  # never decreasing
    price: Floats
    size: Floats  # above 0
    side: Floats  # +1 the taker bought, -1 the taker sold
    stamp: Stamp
    read_from_ms: int = 0  # time of the oldest trade in the newest reading; earlier trades are from earlier readings
    complete_since_ms: int | None = None  # no trade is missing from this time on; None when this is not known


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrderBook:
    """Both sides of an order book. Each side is an array of shape (n, 2), n at least 1: price and size of each level, best
    first. The best bid is below the best ask."""

    symbol: str
    bids: Floats  # prices descending
    asks: Floats  # prices ascending
    stamp: Stamp
    banded: bool = False  # True when a level is the sum of a band, and the best levels are not known


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BookFlow:
    """The changes of the best bid and ask of one symbol, summed over each second (or over each pair of polled books).

    A change compares sizes at equal prices (Cont, Kukanov, Stoikov 2014): sizes added to the best bid or removed from the
    best ask are positive, the opposite is negative. All columns have the same length."""

    symbol: str
    time_ms: Millis  # the end of each sum, strictly increasing
    flow: Floats  # the sum of the changes, base units
    depth: Floats  # the mean of best bid size and best ask size meanwhile, base units, above 0
    stamp: Stamp
    complete_since_ms: int  # no change is missing from this time on


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Liquidations:
    """Positions of one symbol that the venue closed by force. All columns have the same length."""

    symbol: str
    time_ms: Millis  # never decreasing
    price: Floats
    size: Floats  # above 0
    side: Floats  # -1 a long position was closed (a forced sale), +1 a short position was closed (a forced purchase)
    stamp: Stamp
    complete_since_ms: int  # the stream was watched without interruption from this time on
    lower_bound: bool = False  # True when the venue sends only some
    known_since_ms: int | None = None  # watched from this time on, with short interruptions; None as complete_since_ms


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TimeSeries:
    """Values of one symbol over time: funding rates (fractions per interval), open interest, or ratios of long to short
    accounts (above 0)."""

    symbol: str
    time_ms: Millis  # strictly increasing
    values: Floats
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolInputs:
    """All inputs of one symbol at one time. A missing or too old input is None, or not in `candles`."""

    symbol: str
    ticker: Ticker | None = None
    candles: Mapping[Timeframe, Candles] = field(default_factory=dict)
    book: OrderBook | None = None
    trades: Trades | None = None
    funding: TimeSeries | None = None  # past funding rates
    open_interest: TimeSeries | None = None
    long_short: TimeSeries | None = None  # ratio of long to short accounts
    books: tuple[OrderBook, ...] = ()  # samples of the last minute, oldest first; the last one is `book`
    book_flow: BookFlow | None = None
    liquidations: Liquidations | None = None  # of the last 24 hours; None when the venue does not stream them
    streamed: frozenset[ScoreInput] = frozenset()  # the inputs that came by stream; all others were polled
    refused: Mapping[ScoreInput, str] = field(default_factory=dict)  # inputs that others contradict, with the reasons


class Component(NamedTuple):
    """One indicator of a dimension. It is a tuple because a pass makes about 90 for each symbol: a frozen dataclass would
    make the scoring a fifth slower."""

    name: str  # a stable name, such as "rsi_5m"
    weight: float  # within its dimension, 0 to 1; the weights of a dimension add up to 1
    direction: float | None = None  # -1 bearish to 1 bullish; None when not measured
    confidence: float = 0.0  # 0 to 1; 0 when not measured
    contribution: float = 0.0  # points of the dimension's score, -50 to 50; 0 when not measured
    reading: float | None = None  # the value in `unit`; None when not measured
    unit: str = ""  # empty for a number without unit
    missing: str = ""  # why it was not measured; empty if it was measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One of the six dimensions of a symbol. score = 50 + 50 * direction."""

    kind: DimensionKind
    weight: float  # within the total, 0 to 1; the six weights add up to 1
    coverage: float  # measured share of the components' weight, 0 to 1
    sentence: str  # its main drivers, as a sentence
    components: tuple[Component, ...]  # strongest contribution first, unmeasured ones last
    score: float | None = None  # 0 to 100; None when not measured
    direction: float | None = None  # -1 bearish to 1 bullish; None when not measured
    confidence: float = 0.0  # 0 to 1; 0 when not measured
    contribution: float = 0.0  # points of the total score, -50 to 50; the six add up to the score minus 50
    instant_contribution: float = 0.0  # points of the instant total score; 0 when not measured or without a total score
    observed_ms: int | None = None  # the time of its oldest input; None without inputs
    missing_inputs: tuple[str, ...] = ()  # names of the missing inputs
    inputs: tuple[DimensionInput, ...] = ()  # the inputs that were used, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Confluence:
    """The scores of one symbol. `score` is a mean over time, see `analysis.score_means`. All other figures are instant."""

    symbol: str
    dimensions: tuple[Dimension, ...]  # all six, in the order of DimensionKind
    coverage: float  # measured share of the model's weight, 0 to 1
    score: float | None = None  # 0 to 100; None when the coverage is too low
    instant_score: float | None = None  # 0 to 100; None without a score
    averaged_ms: int = 0  # the measured time of which `score` is the mean; 0 for the score of a single pass
    change_15m: float | None = None  # `score` minus that of 15 minutes ago, points; None when it is not known
    label: Label | None = None  # of `score`; None without a score
    confidence: float | None = None  # sum of weight times confidence, times agreement, 0 to 1; None without a score
    agreement: float | None = None  # agreement between the dimensions, 0 to 1; None without a score
    drivers: tuple[DimensionKind, ...] = ()  # measured dimensions, strongest contribution first; empty without a score
    missing_inputs: tuple[str, ...] = ()  # names of the missing inputs
    oldest_input_ms: int | None = None  # the oldest time of ticker, candles, book and trades; None if none was used
    halt_reason: str = ""  # why nothing is measured in a halted market; empty for a market that trades


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """The numbers of symbols of the whole venue that rose, fell or did not move over 24 hours."""

    up: int
    down: int
    flat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeInputs:
    """The inputs of the regime. A figure that could not be measured is None."""

    mean_move_percent: float | None = None  # mean 24-hour move, weighted by turnover
    breadth: float | None = None  # -1 (all fall) to 1 (all rise)
    btc_trend: float | None = None  # -1 (down) to 1 (up)
    dispersion_percent: float | None = None  # standard deviation of the 24-hour moves, percentage points
    btc_volatility_ratio: float | None = None  # BTC's volatility divided by that of its last 30 days; 1 is normal
    alts_against_btc_percent: float | None = None  # median 24-hour move of all others minus that of BTC, percentage points


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeState:
    """The state of the regime between passes. A candidate must last for some time before it replaces the regime."""

    regime: Regime
    since_ms: int  # when the regime began, on the exchange's clock
    candidate: Regime | None = None  # a possible next regime; None when there is none
    candidate_since_ms: int | None = None  # when the candidate appeared; None without a candidate
    start_unknown: bool = False  # True when it held at the first look, so that it began at `since_ms` or earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Dominance:
    """BTC's share of the market."""

    percent: float  # 0 to 100
    basis: DominanceBasis
    observed_ms: int  # on the clock of its source


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Key figures of the whole market. A figure that could not be measured is None."""

    regime: RegimeState | None = None
    regime_confidence: float | None = None  # 0 to 1; None without a regime
    regime_inputs: RegimeInputs = RegimeInputs()
    trend_strength: float | None = None  # trend strength of BTC in either direction, 0 to 100 (ADX)
    volatility_percent: float | None = None  # annualised volatility of the log returns of BTC
    dispersion_percent: float | None = None  # standard deviation of the 24-hour moves, percentage points
    breadth: Breadth | None = None
    dominance: Dominance | None = None
    total_turnover: float | None = None  # turnover of the whole venue over 24 hours
    liquidations: LiquidationTotals | None = None  # of all tracked markets; None where none streams them


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Why the data does not come from the preferred venue."""

    venue: str  # the preferred venue
    reason: FallbackReason  # the failure of the preferred venue
