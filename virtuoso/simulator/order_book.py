"""The order book around the last trade. The last price is one of the two best prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from virtuoso.simulator.listings import Listing
from virtuoso.simulator.noise import Floats, smooth_noise_at, uniform

LEVEL_GAP = 4e-5  # gap between two levels, as a share of the price
REFRESH_MS = 20_000  # duration of a gradual change of all sizes in a book
WALL_MS = 900_000  # duration of a wall (a very large size) at a price
NUMBERS_PER_PERIOD = 4096  # random numbers per side and refresh period

Levels = list[tuple[float, float]]  # (price, size)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookState:
    """The parameters of an order book at one moment."""

    last: float  # price of the last trade
    bought: bool  # True if the taker bought
    pressure: float  # -1..1; positive: larger bids, negative: larger asks
    depth: float  # usual size of a level, units
    now_ms: int


def order_book(seed: int, listing: Listing, state: BookState, levels: int) -> tuple[Levels, Levels]:
    """Return (bids, asks), best first.

    The last price is the best ask when the last taker bought, otherwise the best bid.
    """
    gap = max(1, round(state.last * LEVEL_GAP / listing.tick))
    last = round(state.last / listing.tick)
    bid = last - max(1, gap // 4) if state.bought else last
    ask = last if state.bought else last + max(1, gap // 4)
    # Levels are at multiples of the gap, so that a book changes little from one moment to the next.
    number = np.arange(1, levels)
    bids = np.concatenate(([bid], ((bid - 1) // gap + 1 - number) * gap))
    asks = np.concatenate(([ask], (ask // gap + number) * gap))
    sides = []
    for name, ticks, pressure in (("bids", bids[bids > 0], state.pressure), ("asks", asks[asks > 0], -state.pressure)):
        level = np.arange(len(ticks))
        resting = _resting(seed, f"{listing.base} {name}", ticks, state.now_ms)
        thin_at_top = 1 - 0.55 * np.exp(-level / 6)
        tilt = 1 + 0.42 * pressure * np.exp(-level / 60)
        lots = np.maximum(np.rint(state.depth * resting * thin_at_top * tilt / listing.lot), 1)
        sides.append(list(zip((ticks * listing.tick).tolist(), (lots * listing.lot).tolist(), strict=True)))
    return sides[0], sides[1]


def _resting(seed: int, name: str, ticks: NDArray[np.int64], now_ms: int) -> Floats:
    """Return the relative size at each price, about 1. It changes slowly. Some prices have a wall."""
    period, part = divmod(now_ms, REFRESH_MS)
    index = np.stack((ticks, ticks)) % NUMBERS_PER_PERIOD + np.array([[period], [period + 1]]) * NUMBERS_PER_PERIOD
    before, after = uniform(seed, name, index)
    mixed = before + (after - before) * (part / REFRESH_MS)
    wall = uniform(seed, name, -1 - ticks - now_ms // WALL_MS * 2**30) > 0.985
    sizes: Floats = (0.35 + 1.3 * mixed) * np.where(wall, 6.0, 1.0)
    return sizes * (1 + 0.25 * smooth_noise_at(seed, name, now_ms, 2_000))
