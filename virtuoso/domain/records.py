"""Records that outlive a snapshot: score points, signals and their outcomes, opportunities, alerts; and their statistics.

The rules of `model` also apply here. Every record belongs to one venue, because each venue is a separate market. A history
stores everything that a restart must not lose or duplicate. No other state has to survive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

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
        """Return +1 for long, -1 for short."""
        return 1 if self is Side.LONG else -1


class SignalStatus(ContractEnum):
    """The state of a signal. All but ACTIVE are final."""

    ACTIVE = 1
    STOPPED = 2  # the price reached the stop, possibly after some targets
    TARGETS_REACHED = 3  # all targets were reached
    EXPIRED = 4
    REVERSED = 5  # the opposite signal was opened


class OpportunityKind(ContractEnum):
    """The kind of an opportunity."""

    CORRELATION_BREAKDOWN = 1  # the symbol no longer moves with BTC
    BETA_EXPANSION = 2  # the symbol moves more with BTC than before
    BETA_COMPRESSION = 3  # the symbol moves less with BTC than before
    RELATIVE_STRENGTH_BREAKOUT = 4  # the price in BTC leaves its range
    REVERSION = 5  # the move that BTC does not explain was unusually large and reverses
    CROSS_TIMEFRAME_DIVERGENCE = 6  # short and long timeframes point in opposite directions
    FUNDING_EXTREME = 7  # one side pays an unusually high rate


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
    LIQUIDATION = 11


class AlertLevel(ContractEnum):
    """The urgency of an alert."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


class BetaSpan(ContractEnum):
    """The window over which a beta is measured."""

    DAY = 1  # 288 returns of 5m bars
    WEEK = 2  # 336 returns of 30m bars
    MONTH = 3  # 180 returns of 4h bars


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePoint:
    """The scores of one symbol at one time, each 0 to 100. A score that was not measured is None."""

    venue: str
    symbol: str
    observed_ms: int
    price: float
    score: float | None = None
    instant_score: float | None = None  # of the pass; `score` is a mean over time
    confidence: float | None = None  # of the score, 0 to 1
    technical: float | None = None
    volume: float | None = None
    orderflow: float | None = None
    orderbook: float | None = None
    price_structure: float | None = None
    sentiment: float | None = None


class TradingCosts(NamedTuple):
    """The costs of one trade, in percent of its value."""

    taker_fee_percent: float  # of each entry and exit
    spread_percent: float  # from bid to ask; half of it is paid at entry, and half at exit
    funding_day_percent: float  # paid per day by the side of the trade; negative when that side receives it

    @property
    def round_trip(self) -> float:
        """Return the costs of entry and exit, as a fraction."""
        return (2 * self.taker_fee_percent + self.spread_percent) / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A trade in one direction and its outcome. R, the unit of results, is the distance from entry to stop."""

    id: str  # derived from venue, symbol, side and opened_ms, so the same signal always has the same id
    venue: str
    symbol: str
    side: Side
    environment: Environment
    model_version: str  # the version of the score that opened it
    opened_ms: int  # the exchange's clock
    entry: float
    stop: float  # the price that invalidates the signal
    targets: tuple[float, ...]  # prices, nearest first
    sizes: tuple[float, ...]  # the share of the position that each target closes; the shares add up to 1
    expires_ms: int
    score: float  # the confluence score that opened it, 0 to 100
    confidence: float  # the confidence of that score, 0 to 1
    drivers: tuple[DimensionKind, ...]  # the dimensions behind that score, strongest first
    judged_ms: int  # bars up to this time have been compared with stop and targets
    status: SignalStatus = SignalStatus.ACTIVE
    targets_hit: int = 0
    result_r: float = 0.0  # weighted by size; while ACTIVE, only of the closed parts
    closed_ms: int | None = None  # None while ACTIVE
    exit_price: float | None = None  # of the last closed part; None before the first
    rearmed: bool = False  # the score has returned since, so another signal on this side may follow
    chances: tuple[float, ...] = ()  # by target: the probability that it is reached before expiry, without drift or stop
    market_symbols: tuple[str, ...] = ()  # for a call on the whole market: the symbols on its side; otherwise empty
    costs: TradingCosts | None = None  # None for a signal of a release without costs
    funding_r: float = 0.0  # funding paid until `judged_ms`, weighted by size; negative when it was received
    baseline_r: float | None = None  # net result of its random entry; None until that has ended

    @property
    def net_r(self) -> float | None:
        """Return the result after costs. While ACTIVE, only closed parts count. Return None when the costs are not known."""
        open_part = math.fsum(self.sizes[self.targets_hit :]) if self.status is SignalStatus.ACTIVE else 0.0
        return net_result(self.result_r, self.entry, self.stop, self.costs, self.funding_r, closed_part=1 - open_part)


def net_result(
    result_r: float, entry: float, stop: float, costs: TradingCosts | None, funding_r: float, *, closed_part: float = 1.0
) -> float | None:
    """Return a result in R after costs. The closed part of a position pays for its entry and exit."""
    if costs is None:
        return None
    return result_r - closed_part * costs.round_trip / abs(math.log(stop / entry)) - funding_r


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """An unusual market situation."""

    id: str  # derived from venue, symbol, kind and found_ms
    venue: str
    symbol: str
    kind: OpportunityKind
    side: Side  # to which it points
    found_ms: int  # the exchange's clock
    expires_ms: int
    price: float
    confidence: float  # 0 to 1
    sentence: str  # a description of the finding
    alpha_percent: float | None = None  # return in the kind's window that BTC does not explain; None without one
    z_score: float | None = None  # deviation in standard deviations of its own history; None without one
    reading: float | None = None  # the figure of the kind in `unit`; None without one
    unit: str = ""  # empty for a plain number
    also: tuple[str, ...] = ()  # further symbols with the same finding at the same time, strongest first
    invalidation: str = ""  # a sentence that says what ends it; empty for those of earlier releases
    invalidation_price: float | None = None  # beyond this price it has failed while BTC stands still; None without one
    held_ms: int | None = None  # when its definition last held; None when that is not known


class AlertMarket(NamedTuple):
    """One market of which an alert tells. `step` counts the lines that its figure has reached: the first one, each doubling,
    and CRITICAL. It is 0 for kinds without such lines."""

    symbol: str
    reading: float | None  # its own figure in the unit of its kind; None without one
    step: int = 0
    reference: str = ""  # the id of its signal or opportunity


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert for traders or operators."""

    key: str  # the subject; within the cooldown of its kind, no second alert with this key is stored
    venue: str
    kind: AlertKind
    level: AlertLevel
    observed_ms: int  # the exchange's clock; ours for DATA_QUALITY
    text: str  # a description of the event
    symbol: str = ""  # empty for the whole market or the system
    reading: float | None = None  # the figure that caused it, in `unit`; None without one
    unit: str = ""  # empty for a plain number
    reference: str = ""  # the id of its signal or opportunity; empty for other kinds
    environment: Environment | None = None  # None when unknown
    markets: tuple[AlertMarket, ...] = ()  # of which it tells; with several, `symbol` is "" and `reading` their number
    cursor: int | None = None  # its position among all alerts, assigned when the history stores it; None before


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTally:
    """Statistics of closed signals. A figure is None when there are no signals for it."""

    count: int
    wins: int  # signals with a result above 0
    win_rate: float | None = None  # 0 to 1
    win_rate_low: float | None = None  # lower end of the win rate's Wilson interval at 95 %
    win_rate_high: float | None = None  # upper end of that interval
    mean_r: float | None = None
    expectancy_r: float | None = None  # win rate x mean win - loss rate x mean loss
    mean_net_r: float | None = None  # after costs, of the signals with known costs


class SignalVerdict(ContractEnum):
    """The comparison of signals with random entries."""

    NOTHING_SHOWN = 1
    BETTER = 2
    WORSE = 3


@dataclass(frozen=True, slots=True)
class MeanResult:
    """A mean of results in R, with its 95 % interval. The interval is None when there are too few days."""

    count: int
    mean: float | None  # None when `count` is 0
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalEvidence:
    """The results of closed signals after costs, compared with those of random entries."""

    net: MeanResult  # of all closed signals with known costs
    baseline: MeanResult  # of the random entries that have ended
    difference: MeanResult  # signal minus its random entry, of the same signals
    verdict: SignalVerdict
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRecord:
    """Statistics of the closed signals of a venue."""

    all: SignalTally
    sides: Mapping[Side, SignalTally]  # contains only sides with signals
    drivers: Mapping[DimensionKind, SignalTally]  # by the strongest driver; contains only drivers with signals
    since_ms: int | None = None  # the time when the oldest signal was opened; None without signals or when unknown
    evidence: SignalEvidence | None = None  # None without signals that have costs


class SignalResult(NamedTuple):
    """The result of a closed signal."""

    side: Side
    drivers: tuple[DimensionKind, ...]  # strongest first
    result_r: float
    net_r: float | None  # None when the costs are not known
    baseline_r: float | None  # None until the random entry has ended
    opened_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaWindow:
    """The regression of one symbol on BTC over one window: ordinary least squares of their log returns, with an intercept.

    The returns are from bars that both symbols have and that close after `start_ms`, up to and including `end_ms`."""

    symbol: str
    span: BetaSpan
    start_ms: int
    end_ms: int
    points: int  # the number of returns
    beta: float
    beta_error: float  # standard error of `beta`, at least 0
    correlation: float  # -1 to 1
    r_squared: float  # 0 to 1
    alpha_annual_percent: float  # the intercept, annualised
    alpha_t: float | None = None  # the intercept divided by its standard error; None without an error
    downside_beta: float | None = None  # over returns with falling BTC; None if there are too few
    upside_beta: float | None = None  # over returns with rising BTC; None if there are too few
    rolling: tuple[tuple[int, float], ...] = ()  # (end_ms, beta over the quarter window before it), oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationSum:
    """The values of the positions that were closed by force within one period."""

    period_ms: int
    long_usd: float
    short_usd: float
    since_ms: int  # the start of the time that was watched, not before the start of the period


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidation:
    """One position that the venue closed by force."""

    symbol: str
    side: Side  # of the position
    value_usd: float  # above 0
    price: float
    closed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationTotals:
    """The liquidations of one market, or of all tracked markets."""

    sums: tuple[LiquidationSum, ...]  # of an hour and of 24 hours, in this order
    lower_bound: bool  # True when some liquidations are not known
    largest: tuple[Liquidation, ...]  # of 24 hours, largest first


LIQUIDATION_SPAN_MS = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLiquidations:
    """The liquidations of one market that an earlier collector knew, in sums of LIQUIDATION_SPAN_MS."""

    symbol: str
    since_ms: int  # watched since this time
    until_ms: int  # watched until this time
    lower_bound: bool  # True when some liquidations are not known
    spans: Mapping[int, tuple[float, float]]  # (long_usd, short_usd) by the number of the span since 1970
    largest: tuple[Liquidation, ...]  # largest first


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSentiment:
    """The positions of all market participants and their funding costs. A figure that could not be measured is None."""

    gauge: Dimension  # score from 0 (fear) to 100 (greed); its components add up to it
    breadth: Breadth | None = None
    funding_mean_day_percent: float | None = None  # per day, weighted by turnover
    funding_median_day_percent: float | None = None  # per day
    open_interest_usd: float | None = None  # of the markets that report it
    open_interest_change_percent: float | None = None  # over 4 hours, at current prices
    long_short_median: float | None = None  # ratio of long to short accounts, above 0
    long_accounts_percent: float | None = None  # weighted by turnover, 0 to 100
    premium_median_bp: float | None = None  # premium of the mark price over the index price, basis points
    liquidations: LiquidationTotals | None = None  # of all tracked markets; None where none streams them
