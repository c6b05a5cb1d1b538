"""Liquidations: forced trades. The sharper a minute moves, the more there are, and most are of the side that loses.

Each of them is a trade of the minute: a long position is liquidated by a sale, a short position by a purchase.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from virtuoso.simulator.listings import Listing
from virtuoso.simulator.minute_trades import TradeSequence
from virtuoso.simulator.noise import generator

JUMP = 2.5  # a move beyond this many standard deviations of a minute is a jump
CALM_PER_MINUTE = 0.7  # liquidations in a minute without a jump, of a listing with a turnover of 1e9 USDT per day
MAX_SHARE = 0.4  # the largest share of a minute's trades
LOSING_SHARE, CALM_LOSING_SHARE = 0.97, 0.6  # share of the losing side, in a jump and otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidation:
    """A position that was closed by force."""

    time_ms: int
    long: bool  # True if the position was long
    size: float  # units
    price: float  # the bankruptcy price of the position
    average_price: float  # the price of the trade that closed it


def minute_liquidations(
    seed: int, listing: Listing, trades: TradeSequence, *, turnover: float, sigma: float
) -> list[Liquidation]:
    """Return the liquidations of a minute, oldest first.

    `turnover` is the average USDT per day. `sigma` is the standard deviation of a minute's log return."""
    move = float(np.log(trades.prices[-1] / trades.prices[0])) / sigma
    rng = generator(seed, listing.base, "liquidations", int(trades.times[0]) // 60_000)
    scale = min(max((turnover / 1e9) ** 0.5, 0.15), 2.0)
    excess = max(abs(move) - JUMP, 0.0)
    count = min(int(rng.poisson(scale * (CALM_PER_MINUTE + 6 * excess**1.6))), int(MAX_SHARE * len(trades.times)))
    losing = LOSING_SHARE if excess else CALM_LOSING_SHARE
    longs = int((rng.random(count) < losing).sum())
    if move > 0:
        longs = count - longs
    liquidations = []
    for long, wanted in ((True, longs), (False, count - longs)):
        candidates = np.flatnonzero(trades.buys != long)
        for index in rng.permutation(candidates)[:wanted].tolist():
            price = float(trades.prices[index])
            margin = (0.001 + 0.006 * float(rng.random())) * (-1 if long else 1)
            bankruptcy = max(round(price * (1 + margin) / listing.tick), 1) * listing.tick
            liquidations.append(
                Liquidation(
                    time_ms=int(trades.times[index]),
                    long=long,
                    size=float(trades.sizes[index]),
                    price=bankruptcy,
                    average_price=price,
                )
            )
    return sorted(liquidations, key=lambda each: each.time_ms)
