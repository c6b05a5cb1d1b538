"""The order book around the last trade. The last price is one of the two best prices.

Each level has a life of its own: its size changes at its own times, a few seconds to minutes apart. So a book changes little
from one moment to the next, and the changes within any time are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from virtuoso.simulator.listings import Listing
from virtuoso.simulator.noise import Floats, uniform

LEVEL_GAP = 4e-5  # gap between two levels, as a share of the price
MAX_LEVELS = 500  # levels on each side of a book
LIFE_MS = 8_000  # a size has a part that is constant for this time,
LONG_LIFE_MS = 60_000  # and a part that is constant for this time
WALL_MS = 900_000  # duration of a wall (a very large size) at a price
WALL_RARITY = 0.985  # the share of levels that are no wall
PRESSURES = 16  # a book distinguishes this many degrees of the pressure of buyers, and as many of sellers

Levels = list[tuple[float, float]]  # (price, size)
Integers = NDArray[np.int64]
Side = tuple[Integers, Integers]  # (prices in ticks, sizes in lots), best first

_NUMBERS = 1 << 16  # a power of two
_SLOT_FACTOR = 40_503
_LEVEL = np.arange(MAX_LEVELS)
_THIN_AT_TOP = 1 - 0.55 * np.exp(-_LEVEL / 6)
_TILT = 0.42 * np.exp(-_LEVEL / 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookState:
    """The parameters of an order book at one moment."""

    last: float  # price of the last trade
    bought: bool  # True if the taker bought
    reference: float  # the price by which the gaps and sizes are chosen; it is constant for an hour
    pressure: float  # -1..1; positive: larger bids, negative: larger asks
    turnover: float  # usual size of a level, USDT
    now_ms: int


def book_sides(seed: int, listing: Listing, state: BookState, levels: int) -> tuple[Side, Side]:
    """Return (bids, asks), best first, with `levels` (1..MAX_LEVELS) on each side.

    The last price is the best ask when the last taker bought, otherwise the best bid.
    """
    gap = max(1, round(state.reference * LEVEL_GAP / listing.tick))
    last = round(state.last / listing.tick)
    bid = last - max(1, gap // 4) if state.bought else last
    ask = last if state.bought else last + max(1, gap // 4)
    # Levels are at multiples of the gap, so that a book changes little from one moment to the next.
    number = _LEVEL[1:levels]
    ticks = np.concatenate(([bid], ((bid - 1) // gap + 1 - number) * gap, [ask], (ask // gap + number) * gap))
    depth, pressure = state.turnover / state.reference / listing.lot, round(state.pressure * PRESSURES)
    factors = np.concatenate((_by_level(pressure)[:levels], _by_level(-pressure)[:levels]))
    keys = ticks // gap * _SLOT_FACTOR
    keys[:levels] += crc32(f"{listing.base} bids".encode())
    keys[levels:] += crc32(f"{listing.base} asks".encode())
    lots = np.maximum(np.rint(depth * factors * _resting(_numbers(seed), keys, state.now_ms)), 1).astype(np.int64)
    real = int(np.searchsorted(-ticks[:levels], 0))  # bids above a price of 0
    return (ticks[:real], lots[:real]), (ticks[levels:], lots[levels:])


def to_levels(listing: Listing, side: Side) -> Levels:
    """Return a side as prices in USDT and sizes in units."""
    ticks, lots = side
    return list(zip((ticks * listing.tick).tolist(), (lots * listing.lot).tolist(), strict=True))


@lru_cache(maxsize=2 * PRESSURES + 1)
def _by_level(pressure: int) -> Floats:
    """Return the factor of each level's size, best first. It has steps, so that few sizes change with the best price."""
    factors: Floats = np.rint(20 * _THIN_AT_TOP * (1 + _TILT * pressure / PRESSURES)) / 20
    return factors


@lru_cache(maxsize=8)
def _numbers(seed: int) -> Floats:
    return uniform(seed, "levels", np.arange(_NUMBERS))


def _resting(numbers: Floats, keys: Integers, now_ms: int) -> Floats:
    """Return the relative size of each level, about 1. Some levels are walls. Levels are told apart by their keys."""
    phases = numbers[keys & (_NUMBERS - 1)]

    def draw(life_ms: int, factor: int) -> Floats:
        epochs = np.floor(phases + now_ms / life_ms).astype(np.int64)
        drawn: Floats = numbers[(keys + epochs * factor) & (_NUMBERS - 1)]
        return drawn

    mixed = 0.35 * draw(LIFE_MS, 30_011) + 0.65 * draw(LONG_LIFE_MS, 52_009)
    walls = draw(WALL_MS, 12_301) > WALL_RARITY
    resting: Floats = (0.35 + 1.3 * mixed) * (1 + 5 * walls)
    return resting
