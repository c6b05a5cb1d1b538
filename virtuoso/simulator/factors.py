"""Price factors: the random paths of the market, of each sector and of each listing, minute by minute.

A factor moves by about one standard deviation a day. It has regimes (some hours of drift), clusters of volatility, jumps,
and a U-shaped day of activity. Its level at the end of each day is fixed in advance and the minutes are a bridge between
these levels, so any block of days can be made by itself.
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
DAYS = 5844  # to the end of 2039
MINUTE_SIGMA = DAY_MINUTES**-0.5  # where a day's standard deviation is 1
MEAN_REVERSION = 0.975  # the share of the distance from the reference that is left after a day
MOMENTUM = 0.3  # the share of a day's move that continues on the next day
REGIME_DRIFT = 0.055  # standard deviation, in minute sigmas a minute


def _activity_by_minute() -> Floats:
    """Return how active each minute of the UTC day is, 1 on average: quiet at night, busiest when New York opens."""
    angle = 2 * np.pi * np.arange(DAY_MINUTES) / DAY_MINUTES
    activity: Floats = 1 + 0.35 * np.cos(angle - 2 * np.pi * 15 / 24) + 0.15 * np.cos(2 * angle - 4 * np.pi / 24)
    return activity


ACTIVITY = np.tile(_activity_by_minute(), BLOCK_DAYS)
ACTIVITY_SIGMA = ACTIVITY**0.5  # volatility grows with the root of activity
_CLUSTER_KNOTS = np.arange(0, BLOCK_MINUTES + 1, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorBlock:
    """A factor in one block, by minute."""

    level: Floats  # at the end of the minute, in daily sigmas
    drift: Floats  # of the regime, in minute sigmas a minute
    volatility: Floats  # relative, about 1


class Factor:
    """A random path that belongs to its name. A jump is worth about 5 minute sigmas."""

    def __init__(self, seed: int, name: str, jumps_a_day: float) -> None:
        self._seed, self._name, self._jumps_a_day = seed, name, jumps_a_day
        level = momentum = 0.0
        levels = []
        for move in generator(seed, name, "days").standard_normal(DAYS + 1).tolist():
            levels.append(level)
            momentum = MOMENTUM * momentum + move
            level = MEAN_REVERSION * level + 0.9 * momentum
        self._day_levels: Floats = np.array(levels)

    def day_levels(self, day: int, count: int) -> Floats:
        """Return the levels at the beginning of `count` days from `day` on. Days are counted from EPOCH_MS."""
        return self._day_levels[day : day + count]

    def block(self, number: int) -> FactorBlock:
        """Return one block."""
        rng = generator(self._seed, self._name, "block", number)
        drift = _regime_drift(rng)
        clusters = np.interp(np.arange(BLOCK_MINUTES), _CLUSTER_KNOTS, 0.45 * rng.standard_normal(len(_CLUSTER_KNOTS)))
        volatility = np.exp(clusters - 0.1)
        jumps = self._jumps(rng, volatility)
        noise = rng.standard_normal(BLOCK_MINUTES)
        steps = MINUTE_SIGMA * (drift + 0.85 * volatility * ACTIVITY_SIGMA * noise) + jumps
        path = np.cumsum(steps.reshape(BLOCK_DAYS, DAY_MINUTES), axis=1)
        day_levels = self.day_levels(number * BLOCK_DAYS, BLOCK_DAYS + 1)
        missing = np.diff(day_levels) - path[:, -1]
        path += day_levels[:-1, None] + missing[:, None] * (np.arange(1, DAY_MINUTES + 1) / DAY_MINUTES)
        return FactorBlock(
            level=path.reshape(-1),
            drift=drift + np.repeat(missing, DAY_MINUTES) * MINUTE_SIGMA,
            volatility=volatility,
        )

    def _jumps(self, rng: np.random.Generator, volatility: Floats) -> Floats:
        """Return the jumps of a block by minute. Each raises `volatility` in the minutes after it."""
        jumps = np.zeros(BLOCK_MINUTES)
        minutes = rng.integers(0, BLOCK_MINUTES, rng.poisson(self._jumps_a_day * BLOCK_DAYS))
        for minute, size in zip(minutes.tolist(), rng.standard_t(4, len(minutes)).tolist(), strict=True):
            jumps[minute] += 5 * MINUTE_SIGMA * size
            after = volatility[minute : minute + 90]
            after *= 1 + min(4.0, abs(size)) * np.exp(-np.arange(len(after)) / 20)
        return jumps


def _regime_drift(rng: np.random.Generator) -> Floats:
    """Return the drift by minute: it changes at the beginning of some hours."""
    hours = BLOCK_MINUTES // 60
    changes = rng.random(hours) < 0.16
    changes[0] = True
    last_change = np.maximum.accumulate(np.where(changes, np.arange(hours), 0))
    return np.repeat(REGIME_DRIFT * rng.standard_normal(hours)[last_change], 60)
