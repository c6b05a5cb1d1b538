"""The positions that a venue closed by force, added up by side over an hour and over 24 hours, and the largest of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.model import DAY_MS
from virtuoso.domain.plausibility import MAX_WATCH_GAP_MS
from virtuoso.domain.records import (
    LIQUIDATION_SPAN_MS,
    Liquidation,
    LiquidationSum,
    LiquidationTotals,
    PastLiquidations,
    Side,
)

if TYPE_CHECKING:
    from virtuoso.domain.model import Liquidations

PERIODS_MS = (3_600_000, DAY_MS)
MAX_LARGEST = 5
WATCH_TOLERANCE_MS = 60_000
"""The difference between the starts of the watch of two markets that is regarded as none. Streams begin one after the
other."""


def liquidation_totals(closed: Liquidations, now_ms: int, past: PastLiquidations | None = None) -> LiquidationTotals:
    """Return the sums of one market at `now_ms` (epoch ms, the exchange's clock), in USDT at the prices of the liquidations.

    A sum has only the liquidations of the time that was watched. `past` are those that an earlier collector knew. They are
    used when the watch was interrupted for MAX_WATCH_GAP_MS at most. The sums are lower bounds while their time has an
    interruption."""
    past = past if past is not None and _continues(closed, past) else None
    values, known_ms = closed.price * closed.size, _known_since_ms(closed)
    sums = []
    for period_ms in PERIODS_MS:
        since_ms = min(now_ms, max(now_ms - period_ms, past.since_ms if past else known_ms))
        recent = slice(int(np.searchsorted(closed.time_ms, max(since_ms, known_ms))), None)
        by_side = [float(values[recent][closed.side[recent] == sign].sum()) for sign in (-1, 1)]
        for long_usd, short_usd in _spans_between(past, since_ms, known_ms).values():
            by_side[0], by_side[1] = by_side[0] + long_usd, by_side[1] + short_usd
        sums.append(LiquidationSum(period_ms=period_ms, long_usd=by_side[0], short_usd=by_side[1], since_ms=since_ms))
    since_ms = sums[-1].since_ms
    first = int(np.searchsorted(closed.time_ms, max(since_ms, known_ms)))
    largest = [
        Liquidation(
            symbol=closed.symbol,
            side=Side.LONG if closed.side[first + place] < 0 else Side.SHORT,
            value_usd=float(values[first + place]),
            price=float(closed.price[first + place]),
            closed_ms=int(closed.time_ms[first + place]),
        )
        for place in np.argsort(-values[first:], kind="stable")[:MAX_LARGEST].tolist()
    ]
    earlier = [one for one in past.largest if since_ms <= one.closed_ms < known_ms] if past else []
    return LiquidationTotals(
        sums=tuple(sums),
        lower_bound=closed.lower_bound or since_ms < closed.complete_since_ms or bool(past and past.lower_bound),
        largest=tuple(sorted((*largest, *earlier), key=lambda one: -one.value_usd)[:MAX_LARGEST]),
    )


def past_liquidations(closed: Liquidations, now_ms: int, past: PastLiquidations | None = None) -> PastLiquidations:
    """Return what the next collector has to know of one market at `now_ms`. `past` is as in `liquidation_totals`."""
    totals = liquidation_totals(closed, now_ms, past)
    day, known_ms = totals.sums[-1], _known_since_ms(closed)
    spans = _spans_between(past if past is not None and _continues(closed, past) else None, day.since_ms, known_ms)
    first = int(np.searchsorted(closed.time_ms, max(day.since_ms, known_ms)))
    numbers = closed.time_ms[first:] // LIQUIDATION_SPAN_MS
    values, longs = (closed.price * closed.size)[first:], closed.side[first:] < 0
    for number in np.unique(numbers).tolist():
        inside, (long_usd, short_usd) = numbers == number, spans.get(number, (0.0, 0.0))
        spans[number] = long_usd + float(values[inside & longs].sum()), short_usd + float(values[inside & ~longs].sum())
    return PastLiquidations(
        symbol=closed.symbol,
        since_ms=day.since_ms,
        until_ms=closed.stamp.observed_ms,
        lower_bound=totals.lower_bound,
        spans=spans,
        largest=totals.largest,
    )


def _known_since_ms(closed: Liquidations) -> int:
    return closed.complete_since_ms if closed.known_since_ms is None else closed.known_since_ms


def _continues(closed: Liquidations, past: PastLiquidations) -> bool:
    """Return True if the watch was interrupted only shortly between both."""
    return _known_since_ms(closed) - MAX_WATCH_GAP_MS <= past.until_ms <= closed.stamp.observed_ms


def _spans_between(past: PastLiquidations | None, since_ms: int, known_ms: int) -> dict[int, tuple[float, float]]:
    """Return the spans that begin at `since_ms` or later, and have no liquidation that the present watch may tell, too."""
    if past is None:
        return {}
    end_ms = known_ms if past.until_ms <= known_ms else known_ms - LIQUIDATION_SPAN_MS + 1
    return {number: sums for number, sums in past.spans.items() if since_ms <= number * LIQUIDATION_SPAN_MS < end_ms}


def market_totals(markets: Collection[LiquidationTotals], tracked: int) -> LiquidationTotals | None:
    """Return the sums of several markets, of `tracked` ones. Return None without a market.

    A sum begins where the watch of the first market began. It is a lower bound when another was watched only later, or is
    not watched."""
    if not markets:
        return None
    sums = tuple(_total([market.sums[index] for market in markets]) for index in range(len(PERIODS_MS)))
    late = any(
        one.since_ms > total.since_ms + WATCH_TOLERANCE_MS
        for market in markets
        for one, total in zip(market.sums, sums, strict=True)
    )
    largest = sorted(
        (one for market in markets for one in market.largest), key=lambda one: (-one.value_usd, one.symbol, one.closed_ms)
    )
    return LiquidationTotals(
        sums=sums,
        lower_bound=late or len(markets) < tracked or any(market.lower_bound for market in markets),
        largest=tuple(largest[:MAX_LARGEST]),
    )


def _total(sums: Sequence[LiquidationSum]) -> LiquidationSum:
    return LiquidationSum(
        period_ms=sums[0].period_ms,
        long_usd=math.fsum(one.long_usd for one in sums),
        short_usd=math.fsum(one.short_usd for one in sums),
        since_ms=min(one.since_ms for one in sums),
    )
