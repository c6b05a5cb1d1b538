"""The positions that a venue closed by force, added up by side over an hour and over 24 hours, and the largest of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.model import DAY_MS
from virtuoso.domain.records import Liquidation, LiquidationSum, LiquidationTotals, Side

if TYPE_CHECKING:
    from virtuoso.domain.model import Liquidations

PERIODS_MS = (3_600_000, DAY_MS)
MAX_LARGEST = 5
WATCH_TOLERANCE_MS = 60_000
"""The difference between the starts of the watch of two markets that is regarded as none. Streams begin one after the
other."""


def liquidation_totals(closed: Liquidations, now_ms: int) -> LiquidationTotals:
    """Return the sums of one market at `now_ms` (epoch ms, the exchange's clock), in USDT at the prices of the liquidations.
    A sum has only the liquidations of the time that was watched without interruption."""
    values = closed.price * closed.size
    sums = []
    for period_ms in PERIODS_MS:
        since_ms = min(now_ms, max(now_ms - period_ms, closed.complete_since_ms))
        recent = slice(int(np.searchsorted(closed.time_ms, since_ms)), None)
        by_side = [float(values[recent][closed.side[recent] == sign].sum()) for sign in (-1, 1)]
        sums.append(LiquidationSum(period_ms=period_ms, long_usd=by_side[0], short_usd=by_side[1], since_ms=since_ms))
    first = int(np.searchsorted(closed.time_ms, sums[-1].since_ms))
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
    return LiquidationTotals(sums=tuple(sums), lower_bound=closed.lower_bound, largest=tuple(largest))


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
