"""Records that outlive a snapshot: points of score, signals and their outcomes, opportunities, alerts; and their counts.

The rules of `model` hold here too. Every record belongs to one venue: another venue is another market. A history stores
all that a restart must neither lose nor double, so nothing else has to be remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtuoso.domain.contract_enum import ContractEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtuoso.domain.model import Breadth, Dimension, DimensionKind, Environment


class Side(ContractEnum):
    """The side of a trade."""

    LONG = 1
    SHORT = 2

    @property
    def sign(self) -> int:
        """+1 for long, -1 for short."""
        return 1 if self is Side.LONG else -1


class SignalStatus(ContractEnum):
    """The state of a signal. All but ACTIVE are final."""

    ACTIVE = 1
    STOPPED = 2  # the stop was touched; targets may have been reached before
    TARGETS_REACHED = 3  # all targets were reached
    EXPIRED = 4
    REVERSED = 5  # the opposite signal was given


class OpportunityKind(ContractEnum):
    """The kind of an opportunity."""

    CORRELATION_BREAKDOWN = 1  # it no longer moves with BTC
    BETA_EXPANSION = 2  # it moves more with BTC than before
    BETA_COMPRESSION = 3  # it moves less with BTC than before
    RELATIVE_STRENGTH_BREAKOUT = 4  # its price in BTC leaves its range
    REVERSION = 5  # the move that BTC does not explain went unusually far and turns
    CROSS_TIMEFRAME_DIVERGENCE = 6  # short and long timeframes point to different sides
    FUNDING_EXTREME = 7  # one side pays unusually much


class AlertKind(ContractEnum):
    """The subject of an alert."""

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


class AlertLevel(ContractEnum):
    """The urgency of an alert."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


class BetaSpan(ContractEnum):
    """The window that a beta is measured over."""

    DAY = 1  # 288 returns of 5m bars
    WEEK = 2  # 336 returns of 30m bars
    MONTH = 3  # 180 returns of 4h bars


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePoint:
    """The scores of one symbol at one moment, each 0 to 100. What was not measured is None."""

    venue: str
    symbol: str
    observed_ms: int
    price: float
    score: float | None = None
    confidence: float | None = None  # of the score, 0 to 1
    technical: float | None = None
    volume: float | None = None
    orderflow: float | None = None
    orderbook: float | None = None
    price_structure: float | None = None
    sentiment: float | None = None

    def dimension(self, kind: DimensionKind) -> float | None:
        """Return the score of one dimension; None when it was not measured."""
        score: float | None = getattr(self, kind.lower_name)
        return score


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A trade to one side and what became of it. R, the unit of results, is the distance from entry to stop."""

    id: str  # from venue, symbol, side and opened_ms: the same signal always has the same id
    venue: str
    symbol: str
    side: Side
    environment: Environment
    model_version: str  # of the score that opened it
    opened_ms: int  # the exchange's clock
    entry: float
    stop: float  # the price at which the signal is wrong
    targets: tuple[float, ...]  # prices, nearest first
    sizes: tuple[float, ...]  # the share of the position that each target closes; they add up to 1
    expires_ms: int
    score: float  # the confluence score that opened it, 0 to 100
    confidence: float  # of that score, 0 to 1
    drivers: tuple[DimensionKind, ...]  # the dimensions behind that score, strongest first
    judged_ms: int  # bars up to this time have been compared with stop and targets
    status: SignalStatus = SignalStatus.ACTIVE
    targets_hit: int = 0
    result_r: float = 0.0  # weighted by size: of what is closed while ACTIVE, of all afterwards
    closed_ms: int | None = None  # None while ACTIVE
    exit_price: float | None = None  # of the last part that was closed; None before the first
    rearmed: bool = False  # the score has come back since, so another signal to this side may follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """Something unusual that may be traded."""

    id: str  # from venue, symbol, kind and found_ms
    venue: str
    symbol: str
    kind: OpportunityKind
    side: Side  # the side to trade it to
    found_ms: int  # the exchange's clock
    expires_ms: int
    price: float
    confidence: float  # 0 to 1
    sentence: str  # what was found, in words
    alpha_percent: float | None = None  # the return that BTC does not explain, over the kind's window; None without one
    z_score: float | None = None  # how unusual it is, in standard deviations of its own history; None without one
    reading: float | None = None  # the kind's own figure in `unit`; None without one
    unit: str = ""  # empty for a plain number


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that a trader or an operator should know."""

    key: str  # what it is about: within the cooldown of its kind no second alert with this key is stored
    venue: str
    kind: AlertKind
    level: AlertLevel
    observed_ms: int  # the exchange's clock; ours for DATA_QUALITY
    text: str  # what happened, in words
    symbol: str = ""  # empty when it is about the whole market or the system
    reading: float | None = None  # the figure behind it in `unit`; None without one
    unit: str = ""  # empty for a plain number
    reference: str = ""  # id of its signal or opportunity; empty for other kinds
    environment: Environment | None = None  # None when it is not known
    cursor: int | None = None  # its place among all alerts, given by the history that stores it; None before


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTally:
    """How some closed signals ended. A figure is None where there is nothing to count."""

    count: int
    wins: int  # with a result above 0
    win_rate: float | None = None  # 0 to 1
    win_rate_low: float | None = None  # lower end of the win rate's Wilson interval at 95 %
    win_rate_high: float | None = None  # upper end of it
    mean_r: float | None = None
    expectancy_r: float | None = None  # win rate x mean win - loss rate x mean loss


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRecord:
    """How the closed signals of a venue ended."""

    all: SignalTally
    sides: Mapping[Side, SignalTally]  # only sides with signals
    drivers: Mapping[DimensionKind, SignalTally]  # by the strongest driver; only those with signals
    since_ms: int | None = None  # when the oldest signal was opened; None when there is none or it is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaWindow:
    """How one symbol moved with BTC over one window: least squares, with an intercept, of its log returns on BTC's. The
    returns are of bars that close after `start_ms` and up to `end_ms`, and that both symbols have."""

    symbol: str
    span: BetaSpan
    start_ms: int
    end_ms: int
    points: int  # returns
    beta: float
    beta_error: float  # standard error of `beta`, at least 0
    correlation: float  # -1 to 1
    r_squared: float  # 0 to 1
    alpha_annual_percent: float  # the intercept, a year
    alpha_t: float | None = None  # the intercept over its standard error; None without an error
    downside_beta: float | None = None  # over returns with BTC falling; None with too few of them
    upside_beta: float | None = None  # over returns with BTC rising; None with too few of them
    rolling: tuple[tuple[int, float], ...] = ()  # (end_ms, beta over the quarter of the window before it), oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSentiment:
    """Where the participants of the whole market stand, and what they pay for it. A figure that could not be measured is
    None."""

    gauge: Dimension  # score 0 fear to 100 greed; its components add up to it
    breadth: Breadth | None = None
    funding_mean_percent: float | None = None  # weighted by turnover; per interval of each market
    funding_median_percent: float | None = None  # per interval of each market
    open_interest_usd: float | None = None  # of the markets that report theirs
    open_interest_change_percent: float | None = None  # over 4 hours, at today's prices
    long_short_median: float | None = None  # long accounts over short ones, above 0
    long_accounts_percent: float | None = None  # weighted by turnover, 0 to 100
    premium_median_bp: float | None = None  # mark price over index price, basis points
