"""The nouns of the product: frozen records that every other part speaks in.

Times are epoch milliseconds UTC (`*_ms`). `observed_ms` is the exchange's clock, `received_ms` ours. Prices are in USDT,
sizes and volumes in base units (contract size applied), turnover in USDT. An absent value is None; there are no NaN or
infinite numbers in a record. Arrays are float64 (times int64), oldest first unless said otherwise, never written to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # servers speak in these records too and never load numpy
    import numpy as np
    from numpy.typing import NDArray

    from virtuoso.domain.records import BetaSpan, BetaWindow, MarketSentiment, Opportunity, Signal, SignalRecord

    Floats = NDArray[np.float64]
    Millis = NDArray[np.int64]

SYMBOL_PATTERN = re.compile(r"^[^\W_]{1,24}USDT$")  # letters and digits of any script: as [\p{L}\p{N}] in the .proto
ANCHOR = "BTCUSDT"  # the market that regime, volatility and dominance are measured on


class Timeframe(Enum):
    """Length of a bar; `.ms` in milliseconds, `.value` as ccxt names it."""

    M1 = "1m"
    M5 = "5m"
    M30 = "30m"
    H4 = "4h"

    ms: int  # length in milliseconds

    def __init__(self, name: str) -> None:
        self.ms = {"1m": 60_000, "5m": 300_000, "30m": 1_800_000, "4h": 14_400_000}[name]

    __hash__ = object.__hash__  # members are one of a kind, and key dicts on every path: Enum's own hash is Python code


class DimensionKind(IntEnum):
    """The six dimensions; numbers as in the .proto."""

    TECHNICAL = 1
    VOLUME = 2
    ORDERFLOW = 3
    ORDERBOOK = 4
    PRICE_STRUCTURE = 5
    SENTIMENT = 6


class Regime(IntEnum):
    """State of the market; numbers as in the .proto."""

    NEUTRAL = 1
    BULLISH = 2
    BEARISH = 3
    RISK_ON = 4
    RISK_OFF = 5


class DominanceBasis(IntEnum):
    """What BTC's dominance is a share of; numbers as in the .proto."""

    MARKET_CAP = 1
    TURNOVER = 2


class Environment(IntEnum):
    """What kind of market the numbers are from; numbers as in the .proto."""

    LIVE = 1
    SIMULATED = 2
    REPLAY = 3


# ------------------------------------------------------------------------------------------------ what exchanges say


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The two clocks of a record."""

    observed_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """An active USDT linear perpetual. `base_asset` and `multiplier` map it across venues: SHIB, 1000 for SHIB1000USDT."""

    symbol: str
    venue_symbol: str  # what the venue's client wants to be asked for, such as ccxt's BTC/USDT:USDT
    base_asset: str
    multiplier: int
    tick_size: float | None = None
    listed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """Last price and 24 hour figures. `last` > 0; `change_24h_percent` > -100; `funding_rate` per interval, a fraction."""

    symbol: str
    last: float
    stamp: Stamp
    change_24h_percent: float | None = None
    turnover_24h: float | None = None
    volume_24h: float | None = None
    mark: float | None = None
    index: float | None = None
    funding_rate: float | None = None
    open_interest: float | None = None  # base units


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Candles:
    """Closed bars of one symbol, strictly `timeframe` apart (no gaps), oldest first; the forming bar is never in it."""

    symbol: str
    timeframe: Timeframe
    open_ms: Millis
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    stamp: Stamp

    def __len__(self) -> int:
        return len(self.open_ms)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trades:
    """Trades by takers' side (+1 buy, -1 sell; trades of unknown side are left out), oldest first. `ids` as the venue's."""

    symbol: str
    ids: Sequence[str]
    time_ms: Millis
    price: Floats
    size: Floats
    side: Floats
    stamp: Stamp


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrderBook:
    """Levels as arrays of shape (n, 2): price, size. Best first: bids fall, asks rise, best bid < best ask, n >= 1 each."""

    symbol: str
    bids: Floats
    asks: Floats
    stamp: Stamp


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TimeSeries:
    """Values at times, oldest first, times strictly rising: funding rates (fraction per interval), open interest (base
    units), or long/short account ratios (longs over shorts, > 0)."""

    symbol: str
    time_ms: Millis
    values: Floats
    stamp: Stamp


# ------------------------------------------------------------------------------------------------- what analysis makes


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolInputs:
    """All that is known of one symbol at one moment. An input that was not had, or is too old to count, is None or not in
    the mapping. `previous_book` is the book before `book`, for what changed between the two."""

    symbol: str
    ticker: Ticker | None = None
    candles: Mapping[Timeframe, Candles] = field(default_factory=dict)
    book: OrderBook | None = None
    previous_book: OrderBook | None = None
    trades: Trades | None = None
    funding: TimeSeries | None = None
    open_interest: TimeSeries | None = None
    long_short: TimeSeries | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One reading. `direction` -1..1 or None when not measured (then `missing` says why); `confidence` and `weight` 0..1;
    `contribution` in points of its dimension's score; `reading` in `unit`."""

    name: str
    weight: float
    direction: float | None = None
    confidence: float = 0.0
    contribution: float = 0.0
    reading: float | None = None
    unit: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One of the six. score = 50 + 50 * direction; both None when not measured. `contribution` in points of the total."""

    kind: DimensionKind
    weight: float
    coverage: float
    sentence: str
    components: tuple[Component, ...]
    score: float | None = None
    direction: float | None = None
    confidence: float = 0.0
    contribution: float = 0.0
    observed_ms: int | None = None  # of its oldest input
    missing_inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Confluence:
    """One symbol's result. `score` None when coverage is too low; `drivers` by |contribution|, strongest first."""

    symbol: str
    dimensions: tuple[Dimension, ...]
    coverage: float
    score: float | None = None
    confidence: float | None = None
    agreement: float | None = None
    drivers: tuple[DimensionKind, ...] = ()
    missing_inputs: tuple[str, ...] = ()
    oldest_input_ms: int | None = None  # of its fast inputs: ticker, candles, book, trades


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """How many symbols of the whole venue rise, fall and stand."""

    up: int
    down: int
    flat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeInputs:
    """What the regime is decided from; percent and percentage points, breadth and trend -1..1."""

    mean_move_percent: float | None = None
    breadth: float | None = None
    btc_trend: float | None = None
    dispersion_percent: float | None = None
    btc_volatility_ratio: float | None = None
    alts_against_btc_percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeState:
    """What the regime remembers from one pass to the next so that it does not flap."""

    regime: Regime
    since_ms: int
    candidate: Regime | None = None
    candidate_since_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dominance:
    """BTC's share in percent, what it is a share of, and when its source measured it."""

    percent: float
    basis: DominanceBasis
    observed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole market. Units as in overview.proto."""

    regime: RegimeState | None = None
    regime_confidence: float | None = None
    regime_inputs: RegimeInputs = RegimeInputs()
    trend_strength: float | None = None
    volatility_percent: float | None = None
    dispersion_percent: float | None = None
    breadth: Breadth | None = None
    dominance: Dominance | None = None
    total_turnover: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One of the day's large moves."""

    symbol: str
    price: float
    change_24h_percent: float
    turnover_24h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Why another venue answers: the venue that should have, and its failure (a name of FallbackReason, unprefixed)."""

    venue: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that one pass of the collector knows. `tickers` and `confluences` are by tracked symbol; a symbol without a
    ticker is not in it, one without enough returns not in `betas`. `signals` are active and `opportunities` stand, newest
    first; `signal_record`: how the venue's closed signals ended, None while no history tells."""

    id: str
    venue: str
    environment: Environment
    model_version: str
    stamp: Stamp  # of the newest tickers
    computed_ms: int
    universe: tuple[Instrument, ...]  # tracked, by rank
    venue_symbols: tuple[str, ...]
    tickers: Mapping[str, Ticker]
    confluences: Mapping[str, Confluence]
    overview: Overview
    gainers: tuple[Mover, ...]
    losers: tuple[Mover, ...]
    fallback: Fallback | None = None
    sentiment: MarketSentiment | None = None
    betas: Mapping[str, Mapping[BetaSpan, BetaWindow]] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()
    opportunities: tuple[Opportunity, ...] = ()
    signal_record: SignalRecord | None = None

    @property
    def scored(self) -> int:
        """How many symbols have a score."""
        return sum(c.score is not None for c in self.confluences.values())

    @property
    def complete(self) -> bool:
        """True with a score for at least min(30, universe) symbols, and a universe at all: fit to call a server ready."""
        return self.scored >= max(1, min(30, len(self.universe)))
