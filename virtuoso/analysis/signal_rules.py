"""The rules by which signals open, and the costs that they are charged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MINUTE_MS = 60_000


class EntryRefusal(StrEnum):
    """Why a standing score opens no signal."""

    PRICE = "entry_price"  # the last price is missing or old, or mark price and newest close do not confirm it
    PLAN = "entry_plan"  # there is no usual range, no target has a chance, or prices are equal at the tick size


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRules:
    """The costs that a signal is charged, in percent. Spread and funding count where the market's own are not known. Unknown
    funding is charged to both sides."""

    taker_fee_percent: float = 0.055
    spread_percent: float = 0.02
    funding_day_percent: float = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRules:
    """When signals open. Points are distances of a score from 50.

    Thresholds are fixed: the same score then means the same on each day and venue, and a quiet day has few calls. A share of
    the best scores would always be called, whether there is anything to call or not."""

    entry_points: float = 22.0
    rearm_points: float = 16.0  # the score must return so far before another signal on the same side
    market_points: float = 14.0  # of the median score: beyond it, the whole market moves
    market_rearm_points: float = 9.0
    market_symbols: int = 10  # fewer scores are no market
    min_confidence: float = 0.35
    stand_ms: int = 5 * MINUTE_MS  # the score must stand beyond the threshold for so long
    settle_ms: int = 18 * MINUTE_MS  # the score must be a mean of so much measured time: no call after a start or a gap
    max_gap_ms: int = MINUTE_MS  # after a longer time without a complete pass, a score has not stood
    calls_per_hour: int = 3  # of a side
    lifetime_ms: int = 24 * 60 * MINUTE_MS
    reentry_block_ms: int = 7 * 24 * 60 * MINUTE_MS  # a closed signal can prevent another one for so long after it opened
    costs: CostRules = CostRules()


DEFAULT_RULES = SignalRules()
