"""Figures of one market over time, for charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from virtuoso.domain.contract_enum import ContractEnum

SERIES_STEP_MS = 300_000  # sums are over this time


class SeriesKind(ContractEnum):
    """The figure. Sums are over SERIES_STEP_MS."""

    FUNDING_RATE = 1  # that was paid, percent per interval
    OPEN_INTEREST = 2  # base units
    LONG_SHORT_RATIO = 3  # long accounts to short accounts
    TAKER_DELTA = 4  # bought minus sold by takers, base units, a sum
    LONG_LIQUIDATIONS = 5  # USD, a sum
    SHORT_LIQUIDATIONS = 6  # USD, a sum


class SeriesSource(ContractEnum):
    """Where the points of a series come from."""

    VENUE_HISTORY = 1
    VENUE_BARS = 2
    TRADES = 3  # that were received
    LIQUIDATIONS = 4  # that were received


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSeries:
    """One figure of one market over time. Without points, `missing` says why, and `source` and `observed_ms` are None."""

    kind: SeriesKind
    points: Sequence[tuple[int, float]] = ()  # (time in epoch ms, value), oldest first; a sum has the start of its time
    source: SeriesSource | None = None
    observed_ms: int | None = None  # of the newest reading, on the exchange's clock
    lower_bound: bool = False  # only some liquidations are known
    missing: str = ""
