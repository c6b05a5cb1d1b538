"""Minute bars of every listing.

A log price is the weighted sum of three factors: that of the market, of the sector and of the listing. The volume of a bar
depends on its move and on the regime.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from virtuoso.domain.model import DAY_MS
from virtuoso.simulator.factors import (
    ACTIVITY,
    ACTIVITY_SIGMA,
    BLOCK_DAYS,
    BLOCK_MINUTES,
    BLOCK_MS,
    DAY_MINUTES,
    MINUTE_MS,
    MINUTE_SIGMA,
    REGIME_DRIFT,
    Factor,
)
from virtuoso.simulator.listings import EPOCH_MS, Listing, PriceModel
from virtuoso.simulator.minute_trades import first_trade_ids
from virtuoso.simulator.noise import Floats, generator, smooth_noise

HALF_HOUR_MINUTES = 30
HALF_HOUR_MS = HALF_HOUR_MINUTES * MINUTE_MS
CACHED_BLOCKS = 150  # about two blocks for each listing
MARKET = "the market"
MARKET_SIGMA = 0.018  # standard deviation of a day
SECTOR_SIGMA = 0.011  # standard deviation of a day
MIN_LOTS = 40  # the smallest volume of a minute; a minute has fewer trades than lots


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteBars:
    """The minutes of one listing in one block."""

    bars: Floats  # rows: open time (epoch ms), open, high, low, close, volume, turnover
    drift: Floats  # drift of the regime per minute, in standard deviations of the listing's minutes
    first_trade_ids: NDArray[np.int64]  # by minute, and that of the first minute after the block


class Paths:
    """Minute bars of all listings. Blocks are counted from EPOCH_MS."""

    def __init__(self, seed: int, listings: Iterable[Listing], models: Mapping[str, PriceModel]) -> None:
        self.seed = seed
        self._listings = {listing.base: listing for listing in listings}
        self._models = models
        sectors = sorted({model.sector for model in models.values()})
        self._factors = {name: Factor(seed, name, 0.4) for name in (MARKET, *sectors)}
        self._factors |= {base: Factor(seed, base, model.jumps_per_day) for base, model in models.items()}
        self._minutes: OrderedDict[tuple[str, int], MinuteBars] = OrderedDict()  # the most recently used blocks
        self._half_hours: dict[tuple[str, int], Floats] = {}  # without a limit, because blocks of half hours are small
        self._shared_block = lru_cache(maxsize=256)(lambda name, block: self._factors[name].block(block))

    def sigma(self, base: str) -> float:
        """Return the standard deviation of a day's log return."""
        model = self._models[base]
        return math.hypot(model.sigma, model.beta * MARKET_SIGMA, SECTOR_SIGMA)

    def minutes(self, base: str, block: int) -> MinuteBars:
        """Return all minutes of a block."""
        key = (base, block)
        minutes = self._minutes.get(key)
        if minutes is None:
            minutes = self._minutes[key] = self._make_minutes(base, block)
            if len(self._minutes) > CACHED_BLOCKS:
                self._minutes.popitem(last=False)
        self._minutes.move_to_end(key)
        return minutes

    def half_hours(self, base: str, block: int) -> Floats:
        """Return all half-hour bars of a block."""
        key = (base, block)
        bars = self._half_hours.get(key)
        if bars is None:
            minutes = self._minutes.get(key) or self._make_minutes(base, block)
            bars = self._half_hours[key] = merge_bars(minutes.bars, HALF_HOUR_MS)
        return bars

    def _make_minutes(self, base: str, block: int) -> MinuteBars:
        model, listing, sigma = self._models[base], self._listings[base], self.sigma(base)
        weights = {MARKET: model.beta * MARKET_SIGMA, model.sector: SECTOR_SIGMA, base: model.sigma}
        parts = [
            (weight, self._factors[base].block(block) if name == base else self._shared_block(name, block))
            for name, weight in weights.items()
        ]
        day = block * BLOCK_DAYS
        before = sum(weight * float(self._factors[name].day_levels(day, 1)[0]) for name, weight in weights.items())
        log_close = sum((weight * part.level for weight, part in parts), np.zeros(BLOCK_MINUTES))
        log_open = np.concatenate(([before], log_close[:-1]))
        drift = sum((weight * part.drift for weight, part in parts), np.zeros(BLOCK_MINUTES)) / sigma
        volatility = sum((weight**2 * part.volatility for weight, part in parts), np.zeros(BLOCK_MINUTES)) / sigma**2
        rng = generator(self.seed, base, "bars", block)

        def price(logs: Floats) -> Floats:
            return np.maximum(np.rint(model.reference_price * np.exp(logs) / listing.tick), 2) * listing.tick

        wick = 1.5 * sigma * MINUTE_SIGMA * volatility * ACTIVITY_SIGMA
        open_, close = price(log_open), price(log_close)
        high = price(np.maximum(log_open, log_close) + wick * rng.random(BLOCK_MINUTES) ** 2)
        low = price(np.minimum(log_open, log_close) - wick * rng.random(BLOCK_MINUTES) ** 2)
        open_ms = EPOCH_MS + block * BLOCK_MS + np.arange(BLOCK_MINUTES) * MINUTE_MS
        move = (log_close - log_open) / (sigma * MINUTE_SIGMA)
        trend = 0.8 * smooth_noise(self.seed, base + " appetite", open_ms[::60], 5 * DAY_MS)
        activity = ACTIVITY * volatility**0.5 * (0.45 + 0.6 * np.abs(move)) * np.exp(1.2 * rng.random(BLOCK_MINUTES) - 0.6)
        activity *= np.repeat(np.exp(trend), 60) * (1 + 0.45 * np.tanh(move) * np.tanh(drift / REGIME_DRIFT))
        typical = (open_ + high + low + close) / 4
        usual_turnover = model.turnover / DAY_MINUTES
        lots = np.maximum(np.rint(usual_turnover * activity / typical / listing.lot), MIN_LOTS)
        volume = lots * listing.lot
        bars = np.column_stack((open_ms, open_, high, low, close, volume, volume * typical))
        ids = first_trade_ids(block, bars[:, 6], usual_turnover)
        return MinuteBars(bars=bars, drift=drift, first_trade_ids=ids)


def merge_bars(bars: Floats, step_ms: int) -> Floats:
    """Return longer bars, aligned to the Unix epoch. The first and the last bar may be incomplete."""
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
