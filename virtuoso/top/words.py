"""Texts and formats of numbers, ages and enums for users. The web page has the same texts in its texts/en.ts.

An absent number is an en dash, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import grpc

from virtuoso.domain.model import DimensionKind
from virtuoso.market.v1 import (
    alert_pb2,
    beta_pb2,
    confluence_pb2,
    liquidation_pb2,
    market_pb2,
    opportunity_pb2,
    overview_pb2,
    provenance_pb2,
    signal_pb2,
)
from virtuoso.market.v1.candle_pb2 import Timeframe

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.client import Failure
    from virtuoso.market.v1.liquidation_pb2 import LiquidationSum
    from virtuoso.market.v1.market_pb2 import VenueMarket
    from virtuoso.market.v1.market_service_pb2 import GetConfluenceResponse
    from virtuoso.market.v1.overview_pb2 import Overview
    from virtuoso.market.v1.provenance_pb2 import Provenance

DASH = "–"
DIMENSIONS = tuple(kind.lower_name for kind in DimensionKind)
DIMENSION_NAMES = ("Technical", "Volume", "Order flow", "Order book", "Structure", "Sentiment")
DIMENSION_TITLES = ("Tech", "Vol", "Flow", "Book", "Struct", "Sent")
NARROW_DIMENSION_TITLES = ("Tech", "Vol", "Flow", "Book", "Strc", "Sent")
LABELS = {
    confluence_pb2.LABEL_STRONG_BEARISH: "Strongly bearish",
    confluence_pb2.LABEL_BEARISH: "Bearish",
    confluence_pb2.LABEL_NEUTRAL: "Neutral",
    confluence_pb2.LABEL_BULLISH: "Bullish",
    confluence_pb2.LABEL_STRONG_BULLISH: "Strongly bullish",
}
REGIMES = {
    overview_pb2.REGIME_NEUTRAL: "Mixed",
    overview_pb2.REGIME_BULLISH: "Rising",
    overview_pb2.REGIME_BEARISH: "Falling",
    overview_pb2.REGIME_RISK_ON: "Risk on",
    overview_pb2.REGIME_RISK_OFF: "Risk off",
}
DOMINANCE_BASES = {
    overview_pb2.DOMINANCE_BASIS_MARKET_CAP: "of market cap",
    overview_pb2.DOMINANCE_BASIS_TURNOVER: "of turnover",
}
# The gauge of the sentiment is below the number.
GAUGE_WORDS = ((25, "Extreme fear"), (45, "Fear"), (55.01, "Neutral"), (75.01, "Greed"), (101, "Extreme greed"))
ENVIRONMENTS = {
    provenance_pb2.ENVIRONMENT_LIVE: ("LIVE", ""),
    provenance_pb2.ENVIRONMENT_SIMULATED: ("SIMULATED", "no price is real"),
    provenance_pb2.ENVIRONMENT_REPLAY: ("REPLAY", "prices are not current"),
}
WHOLE_MARKET, DATA = "Whole market", "Data"
"""The groups of alerts without a symbol."""
ALERT_LEVELS = {
    alert_pb2.ALERT_LEVEL_WARNING: "Warning",
    alert_pb2.ALERT_LEVEL_CRITICAL: "Critical",
}
ALERT_KINDS = {
    alert_pb2.ALERT_KIND_SIGNAL_OPENED: "New signal",
    alert_pb2.ALERT_KIND_SIGNAL_CLOSED: "Signal closed",
    alert_pb2.ALERT_KIND_OPPORTUNITY: "Opportunity",
    alert_pb2.ALERT_KIND_REGIME_CHANGE: "Market regime",
    alert_pb2.ALERT_KIND_LARGE_TRADE: "Large trade",
    alert_pb2.ALERT_KIND_VOLUME_SPIKE: "Volume spike",
    alert_pb2.ALERT_KIND_FUNDING_EXTREME: "Extreme funding",
    alert_pb2.ALERT_KIND_OPEN_INTEREST_SURGE: "Open interest",
    alert_pb2.ALERT_KIND_PRICE_MOVE: "Price move",
    alert_pb2.ALERT_KIND_DATA_QUALITY: "Data quality",
    alert_pb2.ALERT_KIND_LIQUIDATION: "Liquidations",
}
SIDES = {signal_pb2.SIDE_LONG: "Long", signal_pb2.SIDE_SHORT: "Short"}
STATUSES = {
    signal_pb2.SIGNAL_STATUS_ACTIVE: "Active",
    signal_pb2.SIGNAL_STATUS_STOPPED: "Stopped",
    signal_pb2.SIGNAL_STATUS_TARGETS_REACHED: "All targets reached",
    signal_pb2.SIGNAL_STATUS_EXPIRED: "Expired",
    signal_pb2.SIGNAL_STATUS_REVERSED: "Reversed",
}
OPPORTUNITIES = {
    opportunity_pb2.OPPORTUNITY_KIND_CORRELATION_BREAKDOWN: "Decoupled from BTC",
    opportunity_pb2.OPPORTUNITY_KIND_BETA_EXPANSION: "Moves more with BTC",
    opportunity_pb2.OPPORTUNITY_KIND_BETA_COMPRESSION: "Moves less with BTC",
    opportunity_pb2.OPPORTUNITY_KIND_RELATIVE_STRENGTH_BREAKOUT: "Breakout relative to BTC",
    opportunity_pb2.OPPORTUNITY_KIND_REVERSION: "Stretched relative to BTC",
    opportunity_pb2.OPPORTUNITY_KIND_CROSS_TIMEFRAME_DIVERGENCE: "Short and long term disagree",
    opportunity_pb2.OPPORTUNITY_KIND_FUNDING_EXTREME: "Extreme funding",
}
SPANS: Mapping[int, str] = {
    beta_pb2.BETA_SPAN_24H: "24 h",
    beta_pb2.BETA_SPAN_7D: "7 d",
    beta_pb2.BETA_SPAN_30D: "30 d",
}
FALLBACK_REASONS: Mapping[int, str] = {
    provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED: "the exchange blocks this service",
    provenance_pb2.FALLBACK_REASON_VENUE_RATE_LIMITED: "the exchange limits the number of requests",
    provenance_pb2.FALLBACK_REASON_VENUE_UNAVAILABLE: "the exchange does not answer",
    provenance_pb2.FALLBACK_REASON_VENUE_TIMED_OUT: "the exchange answers too late",
    provenance_pb2.FALLBACK_REASON_VENUE_BAD_DATA: "the exchange sends unreadable data",
    provenance_pb2.FALLBACK_REASON_VENUE_EMPTY: "the exchange sends no markets",
    provenance_pb2.FALLBACK_REASON_VENUE_STALE: "the exchange sends no new data",
    provenance_pb2.FALLBACK_REASON_VENUE_INCOMPLETE: "the exchange sends too little data for scores",
    provenance_pb2.FALLBACK_REASON_VENUE_RECOVERING: "the exchange has just recovered",
    provenance_pb2.FALLBACK_REASON_NO_NEW_SNAPSHOT: "no newer data has arrived",
    provenance_pb2.FALLBACK_REASON_REPOSITORY_UNAVAILABLE: "the data store does not answer",
    provenance_pb2.FALLBACK_REASON_CLOCK_BEHIND: "the server's clock is wrong, so the age is not known",
}
ERROR_REASONS = {
    "NOT_READY": "the server has no complete data yet",
    "DATA_UNAVAILABLE": "the server's data is too old to be shown",
    "SHUTTING_DOWN": "the server is shutting down",
    "OVERLOADED": "the server has too many calls",
    "TOO_MANY_STREAMS": "the server has too many open streams",
    "UNKNOWN_RPC": "the server does not have this call",
    "TOO_LARGE": "the request is too large",
    "NO_SERVER": "the edge has no server behind it",
    "HISTORY_UNAVAILABLE": "the history cannot be read at the moment",
    "SYMBOL_NOT_TRACKED": "the symbol is not scored",
    "SYMBOL_NOT_FOUND": "the exchange has no such symbol",
}
_MINUTE_MS = 60_000
TIMEFRAMES = {  # the name and the length of a bar
    Timeframe.TIMEFRAME_1M: ("1m", _MINUTE_MS),
    Timeframe.TIMEFRAME_5M: ("5m", 5 * _MINUTE_MS),
    Timeframe.TIMEFRAME_15M: ("15m", 15 * _MINUTE_MS),
    Timeframe.TIMEFRAME_30M: ("30m", 30 * _MINUTE_MS),
    Timeframe.TIMEFRAME_1H: ("1h", 60 * _MINUTE_MS),
    Timeframe.TIMEFRAME_4H: ("4h", 240 * _MINUTE_MS),
    Timeframe.TIMEFRAME_1D: ("1D", 1440 * _MINUTE_MS),
}
UNSCORED: Mapping[int, str] = {
    market_pb2.UNSCORED_REASON_LOW_RANK: "it is number {rank} by turnover, and the {tracked} largest are scored",
    market_pb2.UNSCORED_REASON_LOW_TURNOVER: "its turnover is too low",
    market_pb2.UNSCORED_REASON_NOT_CHOSEN: "the operator chose other symbols",
    market_pb2.UNSCORED_REASON_UNMEASURABLE: "the exchange gives too little data",
    market_pb2.UNSCORED_REASON_PENDING: "its data is being read",
}
TRANSPORTS = {confluence_pb2.TRANSPORT_STREAM: "streamed", confluence_pb2.TRANSPORT_POLL: "requested"}
POSITION_SIDES = {liquidation_pb2.POSITION_SIDE_LONG: "Long", liquidation_pb2.POSITION_SIDE_SHORT: "Short"}
VENUES = {"bybit": "Bybit", "binance": "Binance", "binanceusdm": "Binance", "okx": "OKX"}
LAST_DATA = "This is the last data."
NOT_AVAILABLE, NOT_UPDATED = "Not available", "Not updated"
LOADING = "Loading …"
PROMPTS = {
    "search": "Search: a part of a symbol; Enter keeps it, Esc clears it",
    "minimum": "Minimum score: 0 to 100, empty for all; Enter, or Esc",
}


def optional(message: Message, name: str) -> float | None:
    """Return an optional number of a message; None when it is absent."""
    value: float | None = getattr(message, name) if message.HasField(name) else None
    return value


def change(percent: float | None) -> str:
    """Return a change with its sign, such as "+1.38%". Zero has none."""
    if percent is None:
        return DASH
    return f"{points(percent, 2 if abs(percent) < 99.995 else 1 if abs(percent) < 999.95 else 0)}%"


def points(value: float | None, digits: int = 1) -> str:
    """Return a number with its sign, such as "+1.4". Zero has none."""
    if value is None:
        return DASH
    text = f"{value:+.{digits}f}"
    return text if float(text) else text[1:]


def venue_name(venue: str) -> str:
    """Return the name of an exchange, such as "Bybit" for "bybit"."""
    return VENUES.get(venue, f"{venue[:1].upper()}{venue[1:]}")


def usd(value: float | None) -> str:
    """Return three digits and a unit, such as "48.1M"."""
    if value is None:
        return DASH
    for unit, size in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if value >= 0.9995 * size:
            scaled = value / size
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f}{unit}"
    return f"{value:.0f}"


def number(value: float | None, digits: int = 1, unit: str = "") -> str:
    """Return a number with fixed decimals."""
    return DASH if value is None else f"{value:,.{digits}f}{unit}"


def share(value: float | None) -> str:
    """Return a share of 0-1 as a percentage."""
    return DASH if value is None else f"{100 * value:.0f}%"


def age(seconds: float, *, rough: bool = False) -> str:
    """Return the two largest units, such as "3 s", "4 m 05 s" or "3 d 4 h". With `rough`, return only the largest unit."""
    whole = max(0, int(seconds))
    if rough:
        size, unit = next(
            (size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")) if whole >= size or size == 1
        )
        return f"{whole // size} {unit}"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def liquidations(
    message: Overview | GetConfluenceResponse, observed_time: Timestamp, clock: Callable[[Timestamp], str]
) -> str:
    """Return the longs and shorts that were closed by force, in USD, in each period. When not the whole period was watched,
    its start by `clock` is shown instead of its length."""
    if not message.HasField("liquidations"):
        return f"{DASH} (no stream of liquidations)"
    bound = "≥" if message.liquidations.lower_bound else ""
    sums = {
        _period(each, observed_time, clock): each for each in message.liquidations.sums
    }  # periods with one start are the same
    return "  ".join(
        f"{period} long {bound}{usd(each.long_usd)} short {bound}{usd(each.short_usd)}" for period, each in sums.items()
    )


def _period(total: LiquidationSum, observed_time: Timestamp, clock: Callable[[Timestamp], str]) -> str:
    start = observed_time.ToMilliseconds() - total.period.ToMilliseconds()
    if total.start_time.ToMilliseconds() > start + 1000:
        return f"since {clock(total.start_time)}"
    return f"{total.period.ToSeconds() // 3600} h"


def unscored(market: VenueMarket, tracked: int) -> str:
    """Return why a market has no score. `tracked` is the number of symbols that are scored."""
    why = UNSCORED.get(market.unscored_reason, "")
    return f"No score{': ' if why else ''}{why.format(rank=market.turnover_rank, tracked=tracked)}."


def breadth(overview: Overview) -> str:
    """Return the numbers of symbols that rise, fall and do not change."""
    if not overview.HasField("breadth"):
        return DASH
    counts = overview.breadth
    return f"▲{counts.up} ▼{counts.down} ={counts.flat}"


def regime(overview: Overview) -> str:
    """Return the regime and its confidence."""
    if not overview.HasField("regime"):
        return DASH
    name = REGIMES.get(overview.regime, f"regime {overview.regime}")
    return f"{name} {share(overview.regime_confidence)}" if overview.HasField("regime_confidence") else name


def dominance(overview: Overview) -> str:
    """Return the share of BTC and its basis."""
    if not overview.HasField("btc_dominance_percent"):
        return DASH
    return f"{overview.btc_dominance_percent:.1f}% {DOMINANCE_BASES.get(overview.btc_dominance_basis, '')}".rstrip()


def gauge(value: float | None) -> str:
    """Return the sentiment of the market, such as "57 Greed"."""
    if value is None:
        return DASH
    return f"{value:.0f} {next(word for limit, word in GAUGE_WORDS if value < limit)}"


def environment(provenance: Provenance) -> tuple[str, str]:
    """Return (name of the environment, meaning). The meaning of LIVE is "".

    An unknown environment is never shown as LIVE."""
    unknown = f"ENVIRONMENT {provenance.environment}", "this version does not know this kind of market"
    return ENVIRONMENTS.get(provenance.environment, unknown)


def data_warnings(provenance: Provenance) -> list[tuple[str, str]]:
    """Return (STALE or FALLBACK, reason) for stale data and for data from another exchange."""
    reason = FALLBACK_REASONS.get(provenance.fallback_reason, "")
    warnings = []
    if provenance.path == provenance_pb2.PATH_FALLBACK:
        instead = f" instead of {provenance.fallback_from}" if provenance.fallback_from else ""
        warnings.append(("FALLBACK", f"{provenance.venue}{instead}{f': {reason}' if reason else ''}"))
    if provenance.stale or provenance.path == provenance_pb2.PATH_STALE_SNAPSHOT:
        warnings.append(("STALE", reason if reason and not warnings else "no newer data has arrived"))
    return warnings


def failure_text(failure: Failure) -> str:
    """Return the reason of a failed call, on one line."""
    if failure.reason:
        return ERROR_REASONS.get(failure.reason, failure.message)
    if failure.code is grpc.StatusCode.UNIMPLEMENTED:
        return "the program that answers there is not a Virtuoso server"
    if failure.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "no answer in time"
    if failure.code is grpc.StatusCode.UNAVAILABLE:
        return failure.message.rpartition(": ")[2] or "no answer"
    return f"{failure.code.name}: {failure.message}"
