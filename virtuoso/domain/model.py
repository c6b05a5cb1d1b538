"""The market as every other part speaks of it: what exchanges say, and what analysis makes of it.

All records are frozen. These rules hold for each of them unless a field says otherwise:

    times      epoch milliseconds UTC, in fields that end in `_ms`. `observed_ms` is the exchange's clock, `received_ms` ours
    prices     USDT, above 0
    sizes      base units: the contract size is applied. The same holds for volumes and open interest
    turnover   USDT, at least 0
    absence    None. No record holds NaN or an infinite number
    arrays     float64, times int64. Oldest first. Nobody writes to them
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from virtuoso.domain.contract_enum import ContractEnum

if TYPE_CHECKING:  # servers use these records too, and never load numpy
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Millis = NDArray[np.int64]

SYMBOL_PATTERN = re.compile(r"^[^\W_]{1,24}USDT$")  # letters and digits of any script: as [\p{L}\p{N}] in the .proto
ANCHOR = "BTCUSDT"  # regime, volatility and dominance are measured on this market


class Timeframe(Enum):
    """Length of a bar. `.value` is what ccxt calls it, such as "5m"."""

    M1 = "1m"
    M5 = "5m"
    M30 = "30m"
    H4 = "4h"

    ms: int  # length in milliseconds

    def __init__(self, name: str) -> None:
        self.ms = {"1m": 60_000, "5m": 300_000, "30m": 1_800_000, "4h": 14_400_000}[name]

    __hash__ = object.__hash__  # members are singletons and key dicts on every path; Enum's own hash is Python code


class DimensionKind(ContractEnum):
    """The six dimensions of a confluence score. `lower_name` is the field of each in rows, points and weights."""

    TECHNICAL = 1
    VOLUME = 2
    ORDERFLOW = 3
    ORDERBOOK = 4
    PRICE_STRUCTURE = 5
    SENTIMENT = 6


class Regime(ContractEnum):
    """State of the whole market."""

    NEUTRAL = 1
    BULLISH = 2
    BEARISH = 3
    RISK_ON = 4
    RISK_OFF = 5


class DominanceBasis(ContractEnum):
    """What BTC's dominance is a share of."""

    MARKET_CAP = 1
    TURNOVER = 2


class Environment(ContractEnum):
    """Where the market comes from: a real exchange now, an invented market, or a recording."""

    LIVE = 1
    SIMULATED = 2
    REPLAY = 3


class FallbackReason(ContractEnum):
    """Why data does not come the usual way. The first nine are failures of a venue; a server finds out the last two."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The two clocks of a record."""

    observed_ms: int  # the exchange's clock when the data was true
    received_ms: int  # our clock when the data arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """An active USDT linear perpetual. `base_asset` and `multiplier` identify it across venues."""

    symbol: str  # such as "SHIB1000USDT"
    venue_symbol: str  # what the venue's client asks for, such as ccxt's "BTC/USDT:USDT"
    base_asset: str  # such as "SHIB"
    multiplier: int  # units of the asset in one unit of the market, such as 1000; at least 1
    tick_size: float | None = None  # smallest price step, USDT; None when the venue does not say
    listed_ms: int | None = None  # start of trading; None when the venue does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The last price of a symbol and its figures of 24 hours. A figure that the venue does not give is None."""

    symbol: str
    last: float  # price of the last trade
    stamp: Stamp
    change_24h_percent: float | None = None  # above -100
    turnover_24h: float | None = None
    volume_24h: float | None = None
    mark: float | None = None  # mark price
    index: float | None = None  # index price
    funding_rate: float | None = None  # of the current interval, a fraction
    open_interest: float | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Candles:
    """Closed bars of one symbol. Bars follow each other without a gap. The bar that is still forming is never in it."""

    symbol: str
    timeframe: Timeframe
    open_ms: Millis  # when each bar opens; `timeframe.ms` apart
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats  # at least 0
    stamp: Stamp

    def __len__(self) -> int:
        return len(self.open_ms)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trades:
    """Trades of one symbol whose taker's side is known; others are left out. All columns have the same length."""

    symbol: str
    ids: Sequence[str]  # the venue's
    time_ms: Millis  # never falls
    price: Floats
    size: Floats  # above 0
    side: Floats  # +1 the taker bought, -1 the taker sold
    stamp: Stamp


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrderBook:
    """Both sides of a book as arrays of shape (n, 2), n at least 1: price and size of each level, best first.
    The best bid lies below the best ask."""

    symbol: str
    bids: Floats  # prices fall
    asks: Floats  # prices rise
    stamp: Stamp


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TimeSeries:
    """Values of one symbol over time: funding rates (a fraction per interval), open interest, or ratios of long to short
    accounts (above 0)."""

    symbol: str
    time_ms: Millis  # strictly rising
    values: Floats
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolInputs:
    """All that is known of one symbol at one moment. An input that is missing or too old is None, or not in `candles`."""

    symbol: str
    ticker: Ticker | None = None
    candles: Mapping[Timeframe, Candles] = field(default_factory=dict)
    book: OrderBook | None = None
    previous_book: OrderBook | None = None  # the one before `book`, which shows what changed between the two
    trades: Trades | None = None
    funding: TimeSeries | None = None  # past funding rates
    open_interest: TimeSeries | None = None
    long_short: TimeSeries | None = None  # long accounts over short ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One reading within a dimension."""

    name: str  # stable, such as "rsi_5m"
    weight: float  # within its dimension, 0 to 1; the components of a dimension add up to 1
    direction: float | None = None  # -1 bearish to 1 bullish; None when not measured
    confidence: float = 0.0  # 0 to 1; 0 when not measured
    contribution: float = 0.0  # points of the dimension's score, -50 to 50; 0 when not measured
    reading: float | None = None  # in `unit`; None when not measured
    unit: str = ""  # empty for a plain number
    missing: str = ""  # why it was not measured; empty when it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One of the six dimensions of a symbol. score = 50 + 50 * direction."""

    kind: DimensionKind
    weight: float  # in the total, 0 to 1; the six add up to 1
    coverage: float  # share of the components' weight that was measured, 0 to 1
    sentence: str  # what drives it, in words
    components: tuple[Component, ...]  # strongest contribution first, those not measured last
    score: float | None = None  # 0 to 100; None when not measured
    direction: float | None = None  # -1 bearish to 1 bullish; None when not measured
    confidence: float = 0.0  # 0 to 1; 0 when not measured
    contribution: float = 0.0  # points of the total score, -50 to 50; 0 when not measured or without a total
    observed_ms: int | None = None  # of its oldest input; None when it has none
    missing_inputs: tuple[str, ...] = ()  # names of the inputs that were not there


@dataclass(frozen=True, slots=True, kw_only=True)
class Confluence:
    """The scores of one symbol."""

    symbol: str
    dimensions: tuple[Dimension, ...]  # all six, in the order of DimensionKind
    coverage: float  # share of the model's weight that was measured, 0 to 1
    score: float | None = None  # 0 to 100; None when the coverage is too low
    confidence: float | None = None  # coverage times agreement, 0 to 1; None without a score
    agreement: float | None = None  # of the dimensions among each other, 0 to 1; None without a score
    drivers: tuple[DimensionKind, ...] = ()  # measured dimensions, strongest contribution first; empty without a score
    missing_inputs: tuple[str, ...] = ()  # names of the inputs that were not there
    oldest_input_ms: int | None = None  # of ticker, candles, book and trades; None when none of them was used


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """How many symbols of the whole venue moved over 24 hours, and which way."""

    up: int
    down: int
    flat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeInputs:
    """What the regime is decided from. A figure that could not be measured is None."""

    mean_move_percent: float | None = None  # mean 24 hour move, weighted by turnover
    breadth: float | None = None  # -1 all fall to 1 all rise
    btc_trend: float | None = None  # -1 down to 1 up
    dispersion_percent: float | None = None  # standard deviation of the 24 hour moves, percentage points
    btc_volatility_ratio: float | None = None  # BTC's volatility over that of its last 30 days; 1 is usual
    alts_against_btc_percent: float | None = None  # median 24 hour move of the others less BTC's, percentage points


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeState:
    """What the regime remembers from one pass to the next, so that it does not flap."""

    regime: Regime
    since_ms: int  # the exchange's clock
    candidate: Regime | None = None  # the regime that may be next; None when nothing speaks for another
    candidate_since_ms: int | None = None  # None without a candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Dominance:
    """BTC's share of the market."""

    percent: float  # 0 to 100
    basis: DominanceBasis
    observed_ms: int  # the clock of its source


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole market in a few numbers. A number that could not be measured is None."""

    regime: RegimeState | None = None
    regime_confidence: float | None = None  # 0 to 1; None without a regime
    regime_inputs: RegimeInputs = RegimeInputs()
    trend_strength: float | None = None  # of BTC either way, 0 to 100 (ADX)
    volatility_percent: float | None = None  # of BTC's log returns, a year
    dispersion_percent: float | None = None  # standard deviation of the 24 hour moves, percentage points
    breadth: Breadth | None = None
    dominance: Dominance | None = None
    total_turnover: float | None = None  # of the whole venue over 24 hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One of the largest moves of the day."""

    symbol: str
    price: float
    change_24h_percent: float  # above 0 for gainers, -100 to 0 for losers
    turnover_24h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Why another venue answers than the preferred one."""

    venue: str  # the preferred one
    reason: FallbackReason  # its failure
