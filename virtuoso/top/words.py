"""Numbers, ages and enums as people read them. What is absent is an en dash: never 0."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import grpc

from virtuoso.domain.model import DimensionKind
from virtuoso.market.v1 import confluence_pb2, overview_pb2, provenance_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from virtuoso.client import Failure
    from virtuoso.market.v1.overview_pb2 import Overview
    from virtuoso.market.v1.provenance_pb2 import Provenance

DASH = "–"
DIMENSIONS = tuple(kind.lower_name for kind in DimensionKind)
NAMES = ("Technical", "Volume", "Order flow", "Order book", "Price structure", "Sentiment")
LABELS = {
    confluence_pb2.LABEL_STRONG_BEARISH: "strong bearish",
    confluence_pb2.LABEL_BEARISH: "bearish",
    confluence_pb2.LABEL_NEUTRAL: "neutral",
    confluence_pb2.LABEL_BULLISH: "bullish",
    confluence_pb2.LABEL_STRONG_BULLISH: "strong bullish",
}
REGIMES = {
    overview_pb2.REGIME_NEUTRAL: "neutral",
    overview_pb2.REGIME_BULLISH: "bullish",
    overview_pb2.REGIME_BEARISH: "bearish",
    overview_pb2.REGIME_RISK_ON: "risk-on",
    overview_pb2.REGIME_RISK_OFF: "risk-off",
}
BASES = {
    overview_pb2.DOMINANCE_BASIS_MARKET_CAP: "of market cap",
    overview_pb2.DOMINANCE_BASIS_TURNOVER: "of turnover",
}
ENVIRONMENTS = {
    provenance_pb2.ENVIRONMENT_LIVE: ("LIVE", ""),
    provenance_pb2.ENVIRONMENT_SIMULATED: ("SIMULATED", "an invented market"),
    provenance_pb2.ENVIRONMENT_REPLAY: ("REPLAY", "a recorded market, not now"),
}
FALLBACK_REASONS: Mapping[int, str] = {
    provenance_pb2.FALLBACK_REASON_VENUE_BLOCKED: "the venue refuses this location",
    provenance_pb2.FALLBACK_REASON_VENUE_RATE_LIMITED: "the venue asked for a pause",
    provenance_pb2.FALLBACK_REASON_VENUE_UNAVAILABLE: "the venue does not answer",
    provenance_pb2.FALLBACK_REASON_VENUE_TIMED_OUT: "the venue takes too long",
    provenance_pb2.FALLBACK_REASON_VENUE_BAD_DATA: "the venue sends what cannot be believed",
    provenance_pb2.FALLBACK_REASON_VENUE_EMPTY: "the venue answers with no markets",
    provenance_pb2.FALLBACK_REASON_VENUE_STALE: "the venue's clock stands still",
    provenance_pb2.FALLBACK_REASON_VENUE_INCOMPLETE: "the venue gives too little to score the market",
    provenance_pb2.FALLBACK_REASON_VENUE_RECOVERING: "the venue works again and is watched for a while",
    provenance_pb2.FALLBACK_REASON_NO_NEW_SNAPSHOT: "nothing newer has been published",
    provenance_pb2.FALLBACK_REASON_REPOSITORY_UNAVAILABLE: "no repository answers the server",
}
REASONS = {
    "NOT_READY": "the server has no complete snapshot yet",
    "DATA_UNAVAILABLE": "the server's data is too old to be shown",
    "SHUTTING_DOWN": "the server is going down",
    "OVERLOADED": "the server has too many calls",
    "TOO_MANY_STREAMS": "the server has too many open streams",
    "NO_SERVER": "the edge has no server behind it",
    "HISTORY_UNAVAILABLE": "the history cannot be read now",
    "SYMBOL_NOT_TRACKED": "the symbol is not among those that are scored",
    "SYMBOL_NOT_FOUND": "the venue has no such symbol",
}


def optional(message: Message, name: str) -> float | None:
    """An optional number of a message; None where it is absent."""
    value: float | None = getattr(message, name) if message.HasField(name) else None
    return value


def price(value: float) -> str:
    """Five digits that matter and cents below 10,000, four digits when it is tiny: "114,840", "3,921.45", "0.00001234"."""
    digits = (4 if value >= 0.0001 else 3) - math.floor(math.log10(value))
    return f"{value:,.{min(12, max(2 if value < 10_000 else 0, digits))}f}"


def change(percent: float | None) -> str:
    """With its sign: "+1.38%"."""
    if percent is None:
        return DASH
    return f"{percent:+.{2 if abs(percent) < 99.995 else 1 if abs(percent) < 999.95 else 0}f}%"


def usd(value: float | None) -> str:
    """Three digits and a unit: "48.1M"."""
    if value is None:
        return DASH
    for unit, size in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if value >= 0.9995 * size:
            scaled = value / size
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f}{unit}"
    return f"{value:.0f}"


def number(value: float | None, digits: int = 1, unit: str = "") -> str:
    """With so many decimals."""
    return DASH if value is None else f"{value:,.{digits}f}{unit}"


def share(value: float | None) -> str:
    """0-1 as percent."""
    return DASH if value is None else f"{100 * value:.0f}%"


def age(seconds: float, *, rough: bool = False) -> str:
    """The two largest units: "3 s", "4 m 05 s", "2 h 10 m", "3 d 4 h"; one of them when `rough`."""
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


def breadth(overview: Overview) -> str:
    """Rising, falling, standing."""
    if not overview.HasField("breadth"):
        return DASH
    counts = overview.breadth
    return f"▲{counts.up} ▼{counts.down} ={counts.flat}"


def regime(overview: Overview) -> str:
    """With how clear it is."""
    if not overview.HasField("regime"):
        return DASH
    words = REGIMES.get(overview.regime, f"regime {overview.regime}")
    return f"{words} {share(overview.regime_confidence)}" if overview.HasField("regime_confidence") else words


def dominance(overview: Overview) -> str:
    """BTC's share, and of what."""
    if not overview.HasField("btc_dominance_percent"):
        return DASH
    return f"{overview.btc_dominance_percent:.1f}% {BASES.get(overview.btc_dominance_basis, '')}".rstrip()


def environment(provenance: Provenance) -> tuple[str, str]:
    """Its name, and what that means where it is not the real market. A kind that is not known here is not taken for real."""
    return ENVIRONMENTS.get(provenance.environment, (f"ENVIRONMENT {provenance.environment}", "unknown to this version"))


def troubles(provenance: Provenance) -> list[tuple[str, str]]:
    """(STALE or FALLBACK, why) for what is not as usual."""
    reason = FALLBACK_REASONS.get(provenance.fallback_reason, "")
    found = []
    if provenance.path == provenance_pb2.PATH_FALLBACK:
        instead = f" instead of {provenance.fallback_from}" if provenance.fallback_from else ""
        found.append(("FALLBACK", f"from {provenance.venue}{instead}{f': {reason}' if reason else ''}"))
    if provenance.stale or provenance.path == provenance_pb2.PATH_STALE_SNAPSHOT:
        found.append(("STALE", reason if reason and not found else "the newest data that there is"))
    return found


def failure(why: Failure) -> str:
    """Why it failed, short enough for a line."""
    if why.reason:
        return REASONS.get(why.reason, why.message)
    if why.code is grpc.StatusCode.UNIMPLEMENTED:
        return "what answers there is not a server of Virtuoso"
    if why.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return why.message.rpartition(": ")[2] or "no answer"
    return f"{why.code.name}: {why.message}"
