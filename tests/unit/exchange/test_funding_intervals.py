"""The funding interval of a market, from what its venue states and from its past payments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tests.unit.exchange.test_rows import refused
from virtuoso.domain.model import Stamp, TimeSeries
from virtuoso.exchange.funding_intervals import HOUR_MS, FundingIntervals
from virtuoso.exchange.venues import FundingNames

T = 480_000 * HOUR_MS
HOURS = FundingNames(hours="hours", next_payment="next")
TIMES = FundingNames(next_payment="next", payment_after="after")


def paid(*hours: float) -> TimeSeries:
    """Return payments at these hours after T."""
    times = np.array([T + hour * HOUR_MS for hour in hours]).astype(np.int64)
    stamp = Stamp(observed_ms=T, received_ms=T)
    return TimeSeries(symbol="XUSDT", time_ms=times, values=np.full(len(times), 1e-4), stamp=stamp)


@pytest.mark.parametrize(
    ("names", "row", "hours"),
    [
        (HOURS, {"hours": "8"}, 8),
        (HOURS, {"hours": 4}, 4),
        (HOURS, {"hours": "1h"}, 1),
        (HOURS, {"hours": "0"}, None),
        (HOURS, {"hours": 480}, None),
        (HOURS, {"hours": "-8"}, None),
        (HOURS, {"hours": True}, None),
        (HOURS, {"hours": ""}, None),
        (HOURS, {}, None),
        (TIMES, {"next": str(T), "after": str(T + 2 * HOUR_MS)}, 2),
        (TIMES, {"next": T, "after": T}, None),
        (TIMES, {"next": T, "after": T - 8 * HOUR_MS}, None),
        (TIMES, {"next": T, "after": T + 48 * HOUR_MS}, None),
        (TIMES, {"next": T}, None),
    ],
)
def test_a_stated_interval_is_read_if_it_is_plausible(
    names: FundingNames, row: Mapping[str, Any], hours: int | None
) -> None:
    assert FundingIntervals(None).interval_ms("XUSDT", row, names) == (hours and hours * HOUR_MS)


def test_an_implausible_interval_is_counted() -> None:
    before = refused("funding_interval")
    FundingIntervals(None).interval_ms("XUSDT", {"hours": "480"}, HOURS)
    assert refused("funding_interval") == before + 1


@pytest.mark.parametrize(
    ("hours", "between"),
    [
        ((0, 8, 16), 8),
        ((0, 8, 9), 1),
        ((0, 4, 12), 4),  # a payment is missing, or the interval is now longer
        ((0, 8), 8),
        ((0, 8, 8.01), 8),
        ((0, 8.0003, 16.0007), 8),
        ((0, 48), None),
        ((0,), None),
        ((), None),
    ],
)
def test_past_payments_show_an_interval_that_is_not_stated(hours: tuple[float, ...], between: int | None) -> None:
    intervals = FundingIntervals(None)
    intervals.learn(paid(*hours))
    assert intervals.interval_ms("XUSDT", {}, HOURS) == (between and between * HOUR_MS)
    assert intervals.interval_ms("YUSDT", {}, HOURS) is None


@pytest.mark.parametrize(
    ("stated", "next_hour", "hours"),
    [
        (8, 24, 8),  # the next payment is one interval after the last
        (8, 32, 8),  # the last payments are not known yet
        (1, 24, 1),  # the interval has just become shorter
        (8, 19, 2),  # an interval of 8 hours does not fit between 16:00 and 19:00
        (8, 16, 2),
        (8, None, 8),
    ],
)
def test_a_stated_interval_that_does_not_fit_before_the_next_payment_is_not_used(
    stated: int, next_hour: int | None, hours: int
) -> None:
    intervals = FundingIntervals(None)
    intervals.learn(paid(12, 14, 16))
    row = {"hours": stated} | ({} if next_hour is None else {"next": T + next_hour * HOUR_MS})
    assert intervals.interval_ms("XUSDT", row, HOURS) == hours * HOUR_MS


def test_a_market_that_the_list_leaves_out_has_the_default_once_the_list_was_read() -> None:
    intervals = FundingIntervals(8 * HOUR_MS)
    row = {"symbol": "XUSDT"}
    assert intervals.interval_ms("XUSDT", row, HOURS) is None
    intervals.read_list([{"symbol": "YUSDT", "hours": 4}, {"symbol": "ZUSDT", "hours": 0}], HOURS)
    assert intervals.interval_ms("XUSDT", row, HOURS) == 8 * HOUR_MS
    assert intervals.interval_ms("YUSDT", {"symbol": "YUSDT"}, HOURS) == 4 * HOUR_MS
    assert intervals.interval_ms("ZUSDT", {"symbol": "ZUSDT"}, HOURS) is None
