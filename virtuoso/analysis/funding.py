"""Funding rates per day. A rate is paid once per interval, and intervals differ: 0.01 % every 8 hours equals 0.00125 % every
hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.model import DAY_MS
from virtuoso.domain.plausibility import MAX_FUNDING_INTERVAL_MS, MIN_FUNDING_INTERVAL_MS, MINUTE_MS

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats, Ticker, TimeSeries


def past_daily_rates(history: TimeSeries) -> Floats:
    """Return past funding rates as fractions per day, oldest first. Each rate was paid for the time since the previous
    payment.

    A rate is left out when this time is not plausible. It is also left out when this time is longer than the one before and
    the one after, because a payment is then most likely missing from the history."""
    intervals = np.round(np.diff(history.time_ms) / MINUTE_MS) * MINUTE_MS
    padded = np.concatenate(([-np.inf], intervals, [-np.inf]))
    complete = (intervals <= padded[:-2]) | (intervals <= padded[2:])
    plausible = (intervals >= MIN_FUNDING_INTERVAL_MS) & (intervals <= MAX_FUNDING_INTERVAL_MS)
    used = complete & plausible
    rates: Floats = history.values[1:][used] * DAY_MS / intervals[used]
    return rates


def funding_text(ticker: Ticker) -> str:
    """Return the size of a known rate per day and per interval, such as "0.300 % a day (0.100 % every 8 h)"."""
    rate, interval_ms = ticker.funding_rate or 0.0, ticker.funding_interval_ms or DAY_MS
    hours = f"{interval_ms / DAY_MS * 24:.3g}"
    return f"{100 * abs(rate) * DAY_MS / interval_ms:.3f} % a day ({_percent(100 * abs(rate))} % every {hours} h)"


def _percent(value: float) -> str:
    """Return a percentage with at least three decimals and at least two significant digits."""
    return f"{value:.3f}" if value >= 0.01 or value == 0 else f"{value:.{1 - int(np.floor(np.log10(value)))}f}"
