"""What is remembered beyond a snapshot: points of score, signals and their outcomes, opportunities, alerts.

Frozen, like the nouns of `model`, and with its units. Every record belongs to one venue: another venue is another market.
All that a restart must not lose or double stands in them, so that histories can be its memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtuoso.domain.model import Breadth, Dimension, DimensionKind, Environment


class Side(IntEnum):
    """Which way; numbers as in the .proto. `.sign` is +1 or -1."""

    LONG = 1
    SHORT = 2

    @property
    def sign(self) -> int:
        """+1 long, -1 short."""
        return 1 if self is Side.LONG else -1


class SignalStatus(IntEnum):
    """Where a signal stands; numbers as in the .proto."""

    ACTIVE = 1
    STOPPED = 2  # the stop was touched; targets may have been before
    TARGETS_REACHED = 3  # all of them
    EXPIRED = 4
    REVERSED = 5  # the opposite signal was given


class OpportunityKind(IntEnum):
    """What was found; numbers as in the .proto."""

    CORRELATION_BREAKDOWN = 1
    BETA_EXPANSION = 2
    BETA_COMPRESSION = 3
    RELATIVE_STRENGTH_BREAKOUT = 4
    REVERSION = 5
    CROSS_TIMEFRAME_DIVERGENCE = 6
    FUNDING_EXTREME = 7


class AlertKind(IntEnum):
    """What an alert is about; numbers as in the .proto."""

    SIGNAL_OPENED = 1
    SIGNAL_CLOSED = 2
    OPPORTUNITY = 3
    REGIME_CHANGE = 4
    LARGE_TRADE = 5
    VOLUME_SPIKE = 6
    FUNDING_EXTREME = 7
    OPEN_INTEREST_SURGE = 8
    PRICE_MOVE = 9
    DATA_QUALITY = 10


class BetaSpan(IntEnum):
    """What a beta is measured over; numbers as in the .proto."""

    DAY = 1  # 288 returns of 5m
    WEEK = 2  # 336 returns of 30m
    MONTH = 3  # 180 returns of 4h


class AlertLevel(IntEnum):
    """How urgent; numbers as in the .proto."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePoint:
    """One symbol at one moment. Scores 0-100 or None where not measured; `confidence` 0-1; `price` in USDT."""

    venue: str
    symbol: str
    observed_ms: int
    price: float
    score: float | None = None
    confidence: float | None = None
    technical: float | None = None
    volume: float | None = None
    orderflow: float | None = None
    orderbook: float | None = None
    price_structure: float | None = None
    sentiment: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A call to one side, and what became of it. Prices in USDT; R is the distance from entry to stop. `targets` nearest
    first, `sizes` how much of the position each closes (they add up to 1). `judged_ms`: bars up to this time have been held
    against stop and targets. `result_r`: size-weighted R of what is closed; of all when the status is not ACTIVE."""

    id: str  # from venue, symbol, side and opened_ms: the same signal has the same id
    venue: str
    symbol: str
    side: Side
    environment: Environment
    model_version: str
    opened_ms: int  # the exchange's clock
    entry: float
    stop: float
    targets: tuple[float, ...]
    sizes: tuple[float, ...]
    expires_ms: int
    score: float
    confidence: float
    drivers: tuple[DimensionKind, ...]
    judged_ms: int
    status: SignalStatus = SignalStatus.ACTIVE
    targets_hit: int = 0
    result_r: float = 0.0
    closed_ms: int | None = None
    exit_price: float | None = None  # of what was closed last
    rearmed: bool = False  # the score has come back since, so that another signal to this side may follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """Something unusual that may be traded. `alpha_percent`: the return that the market does not explain, over the kind's
    window; `z_score` of it (or of the kind's own reading) against its history; `reading` in `unit` is what was found."""

    id: str  # from venue, symbol, kind and found_ms
    venue: str
    symbol: str
    kind: OpportunityKind
    side: Side
    found_ms: int
    expires_ms: int
    price: float
    confidence: float  # 0-1
    sentence: str
    alpha_percent: float | None = None
    z_score: float | None = None
    reading: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that a trader or an operator should know. `key` says what it is about: the same key is not told twice
    within its cooldown, whoever tells it. `cursor` is given by the history when it is stored: it only grows."""

    key: str
    venue: str
    kind: AlertKind
    level: AlertLevel
    observed_ms: int  # the exchange's clock; ours for data quality
    text: str
    symbol: str = ""  # empty: the whole market, or the system
    reading: float | None = None
    unit: str = ""
    reference: str = ""  # id of the signal or opportunity
    environment: Environment | None = None
    cursor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTally:
    """How signals of one kind ended. Rates 0-1, `win_rate_low` and `win_rate_high` their Wilson interval at 95 %; R as in
    Signal. Figures are None where there is nothing to count."""

    count: int
    wins: int  # with a result above 0
    win_rate: float | None = None
    win_rate_low: float | None = None
    win_rate_high: float | None = None
    mean_r: float | None = None
    expectancy_r: float | None = None  # win rate x mean win - loss rate x mean loss


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRecord:
    """How closed signals ended: all, by side, and by the dimension that drove them most. Only those that have any.
    `since_ms`: when the oldest of them was given; None where that is not known, or there is none."""

    all: SignalTally
    sides: Mapping[Side, SignalTally]
    drivers: Mapping[DimensionKind, SignalTally]
    since_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaWindow:
    """How one symbol moves with BTC over one window: least squares of its log returns on BTC's, with an intercept, over
    `points` returns that both have, of bars that close after `start_ms` and up to `end_ms`. Figures are None where they
    cannot be told."""

    symbol: str
    span: BetaSpan
    start_ms: int
    end_ms: int
    points: int
    beta: float
    beta_error: float  # standard error
    correlation: float  # -1..1
    r_squared: float  # 0..1
    alpha_annual_percent: float  # the intercept, a year
    alpha_t: float | None = None  # the intercept over its standard error
    downside_beta: float | None = None  # over returns with BTC falling
    upside_beta: float | None = None  # over returns with BTC rising
    rolling: tuple[tuple[int, float], ...] = ()  # (end_ms, beta over the quarter of the window up to then), oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSentiment:
    """The mood of the whole market. `gauge.score` 0 (fear) to 100 (greed), its components add up to it. Percentages in
    percent; figures are None where they cannot be told."""

    gauge: Dimension
    breadth: Breadth | None = None
    funding_mean_percent: float | None = None  # weighted by turnover; per interval of each market
    funding_median_percent: float | None = None
    open_interest_usd: float | None = None  # of the markets that say theirs
    open_interest_change_percent: float | None = None  # over 4 hours, at today's prices
    long_short_median: float | None = None  # longs over shorts
    long_accounts_percent: float | None = None  # weighted by turnover
    premium_median_bp: float | None = None  # mark over index
