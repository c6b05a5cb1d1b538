"""The time between two funding payments of each market. Only rates per day can be compared across different intervals.

A venue states the interval in a ticker row, in a list of markets with unusual intervals, or not at all. The past payments
of a market also show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from virtuoso.domain.model import TimeSeries
from virtuoso.domain.plausibility import MAX_FUNDING_INTERVAL_MS, MIN_FUNDING_INTERVAL_MS, MINUTE_MS
from virtuoso.exchange.rows import count_refused, keyed, mappings, number

if TYPE_CHECKING:
    from virtuoso.exchange.venues import FundingNames

HOUR_MS = 60 * MINUTE_MS


class FundingIntervals:
    """The intervals of one venue. `default_ms` is the interval of markets that its list leaves out. It is None for a venue
    without a list."""

    def __init__(self, default_ms: int | None) -> None:
        self._default_ms = default_ms
        self._listed: Mapping[str, int | None] | None = None  # by venue id; None until the list was read
        self._paid: dict[str, tuple[int, int | None]] = {}  # by symbol: the time of the last payment, and the interval

    def read_list(self, rows: Any, names: FundingNames) -> None:
        """Read the venue's list of markets with unusual intervals."""
        by_key = keyed(mappings(rows), names.symbol, "funding_interval")
        self._listed = {key: _stated_ms(row, names) for key, row in by_key.items()}

    def learn(self, history: TimeSeries) -> None:
        """Read the newest interval from the past payments of a market. A missing payment makes an interval longer, so the
        shorter of the last two counts."""
        times = [int(time_ms) for time_ms in history.time_ms[-3:]]
        between = [interval for a, b in pairwise(times) if (interval := _plausible(b - a)) is not None]
        if times:
            self._paid[history.symbol] = times[-1], min(between, default=None)

    def interval_ms(self, symbol: str, row: Mapping[str, Any], names: FundingNames) -> int | None:
        """Return the interval of a market from its row, the list, or its past payments, in this order. Return None when it
        is not known.

        The time from the last known payment to the next is one interval, or several when payments are not known yet. A
        stated interval that is longer than this time is wrong."""
        paid_ms, between_ms = self._paid.get(symbol, (None, None))
        next_ms = number(row.get(names.next_payment))
        stated_ms = _stated_ms(row, names)
        if stated_ms is None and self._listed is not None:
            stated_ms = self._listed.get(str(row.get(names.symbol)), self._default_ms)
        if stated_ms is None or (paid_ms and next_ms and stated_ms > max(next_ms - paid_ms, 0) + MINUTE_MS):
            return between_ms
        return stated_ms


def _stated_ms(row: Mapping[str, Any], names: FundingNames) -> int | None:
    """Return the interval that a row states: hours, such as 8, "8" or "8h", or the time between two payments."""
    value = row.get(names.hours)
    hours = number(value.removesuffix("h") if isinstance(value, str) else value)
    if hours is not None:
        stated = _plausible(hours * HOUR_MS)
    else:
        first, second = number(row.get(names.next_payment)), number(row.get(names.payment_after))
        if first is None or second is None:
            return None
        stated = _plausible(second - first)
    if stated is None:
        count_refused("funding_interval")
    return stated


def _plausible(interval_ms: float) -> int | None:
    """Return an interval in whole minutes, or None when it is not plausible. Venues pay up to some seconds late."""
    whole = round(interval_ms / MINUTE_MS) * MINUTE_MS
    return whole if MIN_FUNDING_INTERVAL_MS <= whole <= MAX_FUNDING_INTERVAL_MS else None
