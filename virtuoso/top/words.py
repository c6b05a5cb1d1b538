"""Texts and formats of numbers, ages and enums for users. The web page has the same texts in its words.ts.

An absent number is an en dash, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import grpc

from virtuoso.domain.model import DimensionKind
from virtuoso.market.v1 import alert_pb2, confluence_pb2, liquidation_pb2, overview_pb2, provenance_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.client import Failure
    from virtuoso.market.v1.liquidation_pb2 import LiquidationSum
    from virtuoso.market.v1.market_service_pb2 import GetConfluenceResponse
    from virtuoso.market.v1.overview_pb2 import Overview
    from virtuoso.market.v1.provenance_pb2 import Provenance

DASH = "–"
DIMENSIONS = tuple(kind.lower_name for kind in DimensionKind)
DIMENSION_NAMES = ("Technical", "Volume", "Order flow", "Order book", "Structure", "Sentiment")
DIMENSION_TITLES = ("Tech", "Volume", "Flow", "Book", "Struct", "Sentim")
NARROW_DIMENSION_TITLES = ("Tech", "Vol", "Flow", "Book", "Strc", "Sent")
LABELS = {
    confluence_pb2.LABEL_STRONG_BEARISH: "strongly bearish",
    confluence_pb2.LABEL_BEARISH: "bearish",
    confluence_pb2.LABEL_NEUTRAL: "neutral",
    confluence_pb2.LABEL_BULLISH: "bullish",
    confluence_pb2.LABEL_STRONG_BULLISH: "strongly bullish",
}
REGIMES = {
    overview_pb2.REGIME_NEUTRAL: "neutral",
    overview_pb2.REGIME_BULLISH: "bullish",
    overview_pb2.REGIME_BEARISH: "bearish",
    overview_pb2.REGIME_RISK_ON: "risk on",
    overview_pb2.REGIME_RISK_OFF: "risk off",
}
DOMINANCE_BASES = {
    overview_pb2.DOMINANCE_BASIS_MARKET_CAP: "of market cap",
    overview_pb2.DOMINANCE_BASIS_TURNOVER: "of turnover",
}
ENVIRONMENTS = {
    provenance_pb2.ENVIRONMENT_LIVE: ("LIVE", ""),
    provenance_pb2.ENVIRONMENT_SIMULATED: ("SIMULATED", "no price is real"),
    provenance_pb2.ENVIRONMENT_REPLAY: ("REPLAY", "prices are not current"),
}
ALERT_LEVELS = {
    alert_pb2.ALERT_LEVEL_INFO: "info",
    alert_pb2.ALERT_LEVEL_WARNING: "WARN",
    alert_pb2.ALERT_LEVEL_CRITICAL: "CRIT",
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
HELP = """\
[b]Keys[/b]
Up, Down, k, j   move                  Home, End, g, G   first, last
Enter   explain the score              Esc   close; show all rows again
s  S    sort by next, previous column  r     reverse the order
1 to 6  sort by a dimension            0     sort by score
/       search                         m     minimum score
w       mark or unmark the symbol      W     only marked symbols
a       alerts                         q     quit

[b]Numbers[/b]
Score and dimensions: 0 bearish, 50 neutral, 100 bullish.
Tech technical, Vol volume, Flow order flow, Book order book, Strc
structure, Sent sentiment. Conf: confidence, how reliable the score is.
Turn: turnover of 24 hours, USD.  [b]–[/b] was not measured.
Liquidated: positions closed by force, USD. ≥: at least, since the
exchange tells only of some. ▲ ▼ before a number: it has just changed.
All times are UTC.

[b]First lines[/b]
SIMULATED   no price is real.      REPLAY   a recording: not current
STALE   real, but old.             FALLBACK   from another exchange
LOST    no connection: the last data, in grey, while its age grows\
"""
TRANSPORTS = {confluence_pb2.TRANSPORT_STREAM: "streamed", confluence_pb2.TRANSPORT_POLL: "requested"}
POSITION_SIDES = {liquidation_pb2.POSITION_SIDE_LONG: "long", liquidation_pb2.POSITION_SIDE_SHORT: "short"}
LAST_DATA = "This is the last data."
LOADING = "loading …"
PROMPTS = {
    "search": "Search: a part of a symbol; Enter keeps it, Esc clears it",
    "minimum": "Minimum score: 0 to 100, empty for all; Enter, or Esc",
}


def optional(message: Message, name: str) -> float | None:
    """Return an optional number of a message; None when it is absent."""
    value: float | None = getattr(message, name) if message.HasField(name) else None
    return value


def change(percent: float | None) -> str:
    """Return a change with its sign, such as "+1.38%"."""
    if percent is None:
        return DASH
    return f"{percent:+.{2 if abs(percent) < 99.995 else 1 if abs(percent) < 999.95 else 0}f}%"


def points(value: float | None) -> str:
    """Return a change of a score with its sign, such as "+1.4"."""
    return DASH if value is None else f"{value:+.1f}"


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


def liquidations(message: Overview | GetConfluenceResponse, observed_time: Timestamp) -> str:
    """Return the longs and shorts that were closed by force, in USD, in each period. When not the whole period was watched,
    its start is shown instead of its length."""
    if not message.HasField("liquidations"):
        return f"{DASH} (no stream of liquidations)"
    bound = "≥" if message.liquidations.lower_bound else ""
    sums = {_period(each, observed_time): each for each in message.liquidations.sums}  # periods with one start are the same
    return "  ".join(
        f"{period} long {bound}{usd(each.long_usd)} short {bound}{usd(each.short_usd)}" for period, each in sums.items()
    )


def _period(total: LiquidationSum, observed_time: Timestamp) -> str:
    start = observed_time.ToMilliseconds() - total.period.ToMilliseconds()
    if total.start_time.ToMilliseconds() > start + 1000:
        return f"since {total.start_time.ToDatetime():%H:%M}"
    return f"{total.period.ToSeconds() // 3600} h"


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
    if failure.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return failure.message.rpartition(": ")[2] or "no answer"
    return f"{failure.code.name}: {failure.message}"
