"""Price factors: the random paths of the market, of each sector and of each listing, at one-minute steps.

A factor moves by about one standard deviation per day. It has regimes (some hours of drift), volatility clusters, jumps and
an intraday pattern of activity. The levels at the end of each day are generated first. The minutes are a random bridge
between these levels, so that any block of days can be generated independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from virtuoso.simulator.noise import Floats, generator

MINUTE_MS = 60_000
DAY_MINUTES = 1440
BLOCK_DAYS = 2
BLOCK_MINUTES = BLOCK_DAYS * DAY_MINUTES
BLOCK_MS = BLOCK_MINUTES * MINUTE_MS
# From the start of 2024 to the end of 2039.
DAYS = 5844
# The standard deviation of a minute's move. A day's move has a standard deviation of 1.
MINUTE_SIGMA = DAY_MINUTES**-0.5
# The share of the distance from the reference level that remains after a day.
MEAN_REVERSION = 0.975
# The share of a day's move that continues on the next day.
MOMENTUM = 0.3
# The standard deviation of the drift per minute, in standard deviations of a minute.
REGIME_DRIFT = 0.055


def _activity_by_minute() -> Floats:
    """Return the activity in each minute of the UTC day. The average is 1, and the peak is at the New York open."""
    angle = 2 * np.pi * np.arange(DAY_MINUTES) / DAY_MINUTES
    activity: Floats = 1 + 0.35 * np.cos(angle - 2 * np.pi * 15 / 24) + 0.15 * np.cos(2 * angle - 4 * np.pi / 24)
    return activity


ACTIVITY = np.tile(_activity_by_minute(), BLOCK_DAYS)
# Volatility grows with the square root of activity.
ACTIVITY_SIGMA = ACTIVITY**0.5
_CLUSTER_KNOTS = np.arange(0, BLOCK_MINUTES + 1, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorBlock:
    """The values of a factor in one block, by minute.

    `level` is the level at the end of the minute, in standard deviations of a day. `drift` is that of the regime per minute,
    in standard deviations of a minute. `volatility` is relative and about 1."""

    level: Floats
    drift: Floats
    volatility: Floats


class Factor:
    """A random path that depends only on `seed`, `name` and `jumps_per_day`. The typical size of a jump is 5 times the sigma
    of a minute."""

    def __init__(self, seed: int, name: str, jumps_per_day: float) -> None:
        self._seed, self._name, self._jumps_per_day = seed, name, jumps_per_day
        level = momentum = 0.0
        levels = []
        for move in generator(seed, name, "days").standard_normal(DAYS + 1).tolist():
            levels.append(level)
            momentum = MOMENTUM * momentum + move
            level = MEAN_REVERSION * level + 0.9 * momentum
        self._day_levels: Floats = np.array(levels)

    def day_levels(self, day: int, count: int) -> Floats:
        """Return the levels at the start of `count` days, starting with `day`. Day 0 starts at EPOCH_MS."""
        return self._day_levels[day : day + count]

    def block(self, number: int) -> FactorBlock:
        """Return the block with this number."""
        rng = generator(self._seed, self._name, "block", number)
        drift = _regime_drift(rng)
        clusters = np.interp(np.arange(BLOCK_MINUTES), _CLUSTER_KNOTS, 0.45 * rng.standard_normal(len(_CLUSTER_KNOTS)))
        volatility = np.exp(clusters - 0.1)
        jumps = self._jumps(rng, volatility)
        noise = rng.standard_normal(BLOCK_MINUTES)
        steps = MINUTE_SIGMA * (drift + 0.85 * volatility * ACTIVITY_SIGMA * noise) + jumps
        path = np.cumsum(steps.reshape(BLOCK_DAYS, DAY_MINUTES), axis=1)
        day_levels = self.day_levels(number * BLOCK_DAYS, BLOCK_DAYS + 1)
        correction = np.diff(day_levels) - path[:, -1]
        path += day_levels[:-1, None] + correction[:, None] * (np.arange(1, DAY_MINUTES + 1) / DAY_MINUTES)
        return FactorBlock(
            level=path.reshape(-1),
            drift=drift + np.repeat(correction, DAY_MINUTES) * MINUTE_SIGMA,
            volatility=volatility,
        )

    def _jumps(self, rng: np.random.Generator, volatility: Floats) -> Floats:
        """Return the jumps of a block, by minute. Each jump increases `volatility` in place for the minutes after it."""
        jumps = np.zeros(BLOCK_MINUTES)
        minutes = rng.integers(0, BLOCK_MINUTES, rng.poisson(self._jumps_per_day * BLOCK_DAYS))
        for minute, size in zip(minutes.tolist(), rng.standard_t(4, len(minutes)).tolist(), strict=True):
            jumps[minute] += 5 * MINUTE_SIGMA * size
            after = volatility[minute : minute + 90]
            after *= 1 + min(4.0, abs(size)) * np.exp(-np.arange(len(after)) / 20)
        return jumps


def _regime_drift(rng: np.random.Generator) -> Floats:
    """Return the drift, by minute. It changes at the start of some hours."""
    hours = BLOCK_MINUTES // 60
    changes = rng.random(hours) < 0.16
    changes[0] = True
    last_change = np.maximum.accumulate(np.where(changes, np.arange(hours), 0))
    return np.repeat(REGIME_DRIFT * rng.standard_normal(hours)[last_change], 60)
