"""Where prices go, minute by minute.

A walk is a wandering of about one standard deviation a day with regimes (hours of drift), clusters of volatility, a day of
U-shaped activity and jumps. There is one of the market, one of each sector and one of each listing; a price is the
exponential of their sum, each with its weight, and a bar's volume follows its move and the regime. Days are bridges
between day ends that are known beforehand, so any block of days can be made by itself.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from virtuoso.simulator.listings import DAY_MS, EPOCH_MS, Listing, Nature
from virtuoso.simulator.noise import Floats, generator, smooth

MINUTE_MS = 60_000
DAY = 1440  # minutes
BLOCK_DAYS = 2
BLOCK = BLOCK_DAYS * DAY
BLOCK_MS = BLOCK * MINUTE_MS
DAYS = 5844  # to the end of 2039
SIGMA = DAY**-0.5  # of a minute, where a day's is 1
PULL = 0.975  # what is left of a day's distance from the reference after a day
CARRY = 0.3  # of a day's move in the next
DRIFT = 0.055  # of a regime, in minutes' sigmas a minute
HALF_HOUR = 30
RECENT = 150  # blocks of minutes kept: two or so of every listing
MARKET = "the market"
MARKET_SIGMA = 0.018  # of a day
SECTOR_SIGMA = 0.011


def _busy() -> Floats:
    """How busy each minute of the UTC day is, 1 on average: quiet mornings, busiest when America opens."""
    angle = 2 * np.pi * np.arange(DAY) / DAY
    shape: Floats = 1 + 0.35 * np.cos(angle - 2 * np.pi * 15 / 24) + 0.15 * np.cos(2 * angle - 4 * np.pi / 24)
    return shape


BUSY = np.tile(_busy(), BLOCK_DAYS)
LIVELY = BUSY**0.5  # volatility goes with the root of activity
KNOTS = np.arange(0, BLOCK + 1, 40)  # of clusters of volatility


@dataclass(frozen=True, slots=True)
class Stretch:
    """A walk over one block: what it is at each minute's end, in daily sigmas, and how it got there."""

    at: Floats
    drift: Floats  # of the regime, in minutes' sigmas a minute
    heat: Floats  # local volatility, about 1


class Walk:
    """One wandering by its name. `jumps` a day, of some 5 minutes' worth of an hour's sigma each."""

    def __init__(self, seed: int, name: str, jumps: float) -> None:
        self._seed, self._name, self._jumps = seed, name, jumps
        moves = generator(seed, name, "days").standard_normal(DAYS + 1).tolist()
        level = carried = 0.0
        ends = []
        for move in moves:
            ends.append(level)
            carried = CARRY * carried + move
            level = PULL * level + 0.9 * carried
        self._ends: Floats = np.array(ends)

    def ends(self, day: int, count: int) -> Floats:
        """The levels at the beginning of `count` days from `day` on, days since the epoch."""
        return self._ends[day : day + count]

    def stretch(self, block: int) -> Stretch:
        """One block."""
        chance = generator(self._seed, self._name, "block", block)
        hours = BLOCK // 60
        turns = chance.random(hours) < 0.16
        turns[0] = True
        since = np.maximum.accumulate(np.where(turns, np.arange(hours), 0))
        drift = np.repeat(DRIFT * chance.standard_normal(hours)[since], 60)
        clusters = np.interp(np.arange(BLOCK), KNOTS, 0.45 * chance.standard_normal(len(KNOTS)))
        heat = np.exp(clusters - 0.1)
        jumps = np.zeros(BLOCK)
        where = chance.integers(0, BLOCK, chance.poisson(self._jumps * BLOCK_DAYS))
        for place, size in zip(where.tolist(), chance.standard_t(4, len(where)).tolist(), strict=True):
            jumps[place] += 5 * SIGMA * size
            after = heat[place : place + 90]
            after *= 1 + min(4.0, abs(size)) * np.exp(-np.arange(len(after)) / 20)
        steps = SIGMA * (drift + 0.85 * heat * LIVELY * chance.standard_normal(BLOCK)) + jumps
        way = np.cumsum(steps.reshape(BLOCK_DAYS, DAY), axis=1)
        ends = self.ends(block * BLOCK_DAYS, BLOCK_DAYS + 1)
        missing = np.diff(ends) - way[:, -1]
        way += ends[:-1, None] + missing[:, None] * (np.arange(1, DAY + 1) / DAY)
        return Stretch(way.reshape(-1), drift + np.repeat(missing, DAY) * SIGMA, heat)


@dataclass(frozen=True, slots=True)
class Minutes:
    """One listing over one block. `bars` rows: open time (ms), open, high, low, close, volume, turnover; `lean`: which way
    the regime leans, in minutes' sigmas of the listing a minute."""

    bars: Floats
    lean: Floats


class Paths:
    """Minute bars of all listings. Blocks are counted from the epoch."""

    def __init__(self, seed: int, listings: list[Listing], natures: dict[str, Nature]) -> None:
        self.seed = seed
        self._listings = {listing.base: listing for listing in listings}
        self._natures = natures
        sectors = sorted({nature.sector for nature in natures.values()})
        self._walks = {name: Walk(seed, name, 0.4) for name in (MARKET, *sectors)}
        self._walks |= {base: Walk(seed, base, nature.jumps) for base, nature in natures.items()}
        self._recent: OrderedDict[tuple[str, int], Minutes] = OrderedDict()
        self._halves: dict[tuple[str, int], Floats] = {}
        self._shared = lru_cache(maxsize=256)(lambda name, block: self._walks[name].stretch(block))

    def sigma(self, base: str) -> float:
        """Of a day's log return."""
        nature = self._natures[base]
        return math.hypot(nature.sigma, nature.beta * MARKET_SIGMA, SECTOR_SIGMA)

    def minutes(self, base: str, block: int) -> Minutes:
        """The bars of a block, of all its minutes."""
        key = (base, block)
        found = self._recent.get(key)
        if found is None:
            found = self._recent[key] = self._make(base, block)
            if len(self._recent) > RECENT:
                self._recent.popitem(last=False)
        self._recent.move_to_end(key)
        return found

    def half_hours(self, base: str, block: int) -> Floats:
        """The bars of a block by the half hour. They are small, and kept for good."""
        key = (base, block)
        found = self._halves.get(key)
        if found is None:
            made = self._recent.get(key) or self._make(base, block)
            found = self._halves[key] = merged(made.bars, HALF_HOUR * MINUTE_MS)
        return found

    def _make(self, base: str, block: int) -> Minutes:
        nature, listing = self._natures[base], self._listings[base]
        weights = {MARKET: nature.beta * MARKET_SIGMA, nature.sector: SECTOR_SIGMA, base: nature.sigma}
        parts = [
            (weight, self._walks[base].stretch(block) if name == base else self._shared(name, block))
            for name, weight in weights.items()
        ]
        day = block * BLOCK_DAYS
        before = sum(weight * float(self._walks[name].ends(day, 1)[0]) for name, weight in weights.items())
        log_close = sum((weight * part.at for weight, part in parts), np.zeros(BLOCK))
        sigma = self.sigma(base)
        lean = sum((weight * part.drift for weight, part in parts), np.zeros(BLOCK)) / sigma
        heat = sum((weight**2 * part.heat for weight, part in parts), np.zeros(BLOCK)) / sigma**2
        log_open = np.concatenate(([before], log_close[:-1]))
        chance = generator(self.seed, base, "bars", block)
        wick = 1.5 * sigma * SIGMA * heat * LIVELY
        tick = listing.tick

        def price(logs: Floats) -> Floats:
            return np.maximum(np.rint(nature.price * np.exp(logs) / tick), 2) * tick

        opened, closed = price(log_open), price(log_close)
        high = price(np.maximum(log_open, log_close) + wick * chance.random(BLOCK) ** 2)
        low = price(np.minimum(log_open, log_close) - wick * chance.random(BLOCK) ** 2)
        move = (log_close - log_open) / (sigma * SIGMA)
        started = EPOCH_MS + block * BLOCK_MS + np.arange(BLOCK) * MINUTE_MS
        appetite = 0.8 * smooth(self.seed, base + " appetite", started[::60], 5 * DAY_MS)
        busy = BUSY * heat**0.5 * (0.45 + 0.6 * np.abs(move)) * np.exp(1.2 * chance.random(BLOCK) - 0.6)
        busy *= np.repeat(np.exp(appetite), 60) * (1 + 0.45 * np.tanh(move) * np.tanh(lean / DRIFT))
        typical = (opened + high + low + closed) / 4
        lots = np.maximum(np.rint(nature.turnover / DAY * busy / typical / listing.lot), 8)
        volume = lots * listing.lot
        return Minutes(np.column_stack((started, opened, high, low, closed, volume, volume * typical)), lean)


def merged(bars: Floats, step_ms: int) -> Floats:
    """Longer bars from shorter ones, aligned to the Unix epoch; the first and the last may be of a part of their time."""
    if not len(bars):
        return bars
    group = bars[:, 0] // step_ms
    first = np.flatnonzero(np.diff(group, prepend=-1))
    last = np.append(first[1:], len(bars)) - 1
    return np.column_stack(
        (
            group[first] * step_ms,
            bars[first, 1],
            np.maximum.reduceat(bars[:, 2], first),
            np.minimum.reduceat(bars[:, 3], first),
            bars[last, 4],
            np.add.reduceat(bars[:, 5], first),
            np.add.reduceat(bars[:, 6], first),
        )
    )
