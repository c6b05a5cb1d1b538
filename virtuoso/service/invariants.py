"""Checks of messages that the rules of the .proto cannot express: times that are set, prices in the right order, parts that
add up to the whole. Each function returns True when its message is valid."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS
from virtuoso.market.v1 import signal_pb2
from virtuoso.wire import times

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.market.v1 import (
        alert_pb2,
        book_depth_pb2,
        market_service_pb2,
        mover_pb2,
        opportunity_pb2,
        outlook_pb2,
        overview_pb2,
        score_history_pb2,
        sentiment_pb2,
    )

# The sizes of a position are rounded to hundredths.
_SIZE_ERROR = 0.01


def gainer(item: mover_pb2.Mover) -> bool:
    """Return True for a move up."""
    return item.change_24h_percent > 0


def loser(item: mover_pb2.Mover) -> bool:
    """Return True for a move down."""
    return item.change_24h_percent < 0


def confluence(item: market_service_pb2.GetConfluenceResponse) -> bool:
    """Return True if there is a price time, no dimension occurs twice, each input has a time, the liquidations and the
    depth are valid, and there is neither provenance nor outlook, which servers add."""
    kinds = [dimension.kind for dimension in item.dimensions]
    return (
        item.HasField("price_time")
        and len(set(kinds)) == len(kinds)
        and all(one.HasField("observed_time") for dimension in item.dimensions for one in dimension.inputs)
        and liquidations(item)
        and (not item.HasField("book_depth") or depth(item.book_depth))
        and not item.HasField("provenance")
        and not item.HasField("outlook")
    )


def depth(item: book_depth_pb2.BookDepth) -> bool:
    """Return True if the time is set, the best bid is below the best ask, and the values never fall."""
    return (
        item.HasField("observed_time")
        and item.best_bid < item.best_ask
        and all(a <= b for values in (item.bids_usd, item.asks_usd) for a, b in pairwise(values))
    )


def liquidations(
    item: market_service_pb2.GetConfluenceResponse | overview_pb2.Overview | sentiment_pb2.Sentiment,
) -> bool:
    """Return True if the item has no liquidations, or valid ones: all times are set, the periods ascend, and the largest
    liquidations descend."""
    if not item.HasField("liquidations"):
        return True
    sums, largest = item.liquidations.sums, item.liquidations.largest
    return (
        all(one.HasField("start_time") and one.period.seconds > 0 for one in sums)
        and all(a.period.seconds < b.period.seconds for a, b in pairwise(sums))
        and all(one.HasField("liquidation_time") for one in largest)
        and all(a.value_usd >= b.value_usd for a, b in pairwise(largest))
    )


def beta(item: market_service_pb2.GetBetaResponse) -> bool:
    """Return True if there is a window, no span occurs twice, times ascend, each has a beta, and there is no provenance."""
    windows = item.beta.windows
    return (
        bool(windows)
        and len({window.span for window in windows}) == len(windows)
        and all(_ascending((window.start_time, window.end_time)) for window in windows)
        and all(len(rolling.end_times) == len(rolling.betas) and _ascending(rolling.end_times) for rolling in item.rolling)
        and not item.HasField("provenance")
    )


def signal(item: signal_pb2.Signal) -> bool:
    """Return True for a consistent signal.

    All times are set. Stop, entry and targets are in the right order. The sizes add up to 1. Only a signal that has ended
    has a close time."""
    sign = 1 if item.side == signal_pb2.SIDE_LONG else -1
    steps = [sign * price for price in (item.stop, item.entry, *(target.price for target in item.targets))]
    active = item.status == signal_pb2.SIGNAL_STATUS_ACTIVE
    return (
        item.HasField("open_time")
        and item.HasField("expire_time")
        and item.HasField("judge_time")
        and bool(item.targets)
        and all(a < b for a, b in pairwise(steps))
        and abs(sum(target.size for target in item.targets) - 1) < _SIZE_ERROR
        and item.targets_hit <= len(item.targets)
        and item.HasField("close_time") != active
    )


def active(item: signal_pb2.Signal) -> bool:
    """Return True for a valid signal that is active."""
    return item.status == signal_pb2.SIGNAL_STATUS_ACTIVE and signal(item)


def record(item: signal_pb2.SignalRecord) -> bool:
    """Return True when no tally has more wins than signals, and the two sides add up to all signals."""
    sides = item.long.count + item.short.count
    parts = (item.all, item.long, item.short, *(driver.tally for driver in item.drivers))
    return all(tally.wins <= tally.count for tally in parts) and item.all.count == sides


def outlook(item: outlook_pb2.Outlook) -> bool:
    """Return True when odds come with an interval, in order, and with the time of the bar; or when there is a reason for
    their absence, and nothing is said."""
    said = [
        item.HasField("odds"),
        item.HasField("odds_percent"),
        item.HasField("low_percent"),
        item.HasField("high_percent"),
    ]
    if item.absence:
        return not any(said)
    return all(said) and item.HasField("bar_time") and item.low_percent <= item.high_percent


def outlook_record(item: outlook_pb2.OutlookRecord) -> bool:
    """Return True when the record has its time, and each horizon at most once, with ascending odds of tenths and ascending
    weeks."""
    horizons = [one.horizon for one in item.horizons]
    return (
        item.HasField("computed_time")
        and len(set(horizons)) == len(horizons)
        and all(one.calibrated_steps <= one.steps for one in item.horizons)
        and all(a.said <= b.said for one in item.horizons for a, b in pairwise(one.tenths))
        and all(_ascending(week.start_time for week in one.weeks) for one in item.horizons)
    )


def opportunity(item: opportunity_pb2.Opportunity) -> bool:
    """Return True when both times are set, and the price of the invalidation is on the other side of the price."""
    sign = 1 if item.side == signal_pb2.SIDE_LONG else -1
    limited = item.HasField("invalidation_price")
    return (
        item.HasField("find_time")
        and item.HasField("expire_time")
        and (not limited or sign * (item.price - item.invalidation_price) > 0)
    )


def alert(item: alert_pb2.Alert) -> bool:
    """Return True when the time is set, and at most a minute after the alert was stored. The cursor is at least the time at
    which it was stored (epoch ms)."""
    return item.HasField("observed_time") and times.millis(item.observed_time) <= int(item.cursor) + MAX_CLOCK_LEAD_MS


def point(item: score_history_pb2.ScorePoint) -> bool:
    """Return True when the time is set."""
    return item.HasField("observed_time")


def _ascending(instants: Iterable[Timestamp]) -> bool:
    """Return True when all times are set and ascending."""
    return all(a < b for a, b in pairwise([(0, 0), *((time.seconds, time.nanos) for time in instants)]))
