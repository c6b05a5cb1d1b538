"""Random numbers that are a pure function of a seed and a key. They do not depend on the order of the calls.

A different name in a key changes the market, as a different seed does.
"""

from __future__ import annotations

import math
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_MASK_64 = 2**64 - 1


def generator(seed: int, *key: str | int) -> np.random.Generator:
    """Return a generator for one key, such as ("BTC", "minutes", 1234)."""
    return np.random.Generator(np.random.SFC64([seed, *(crc32(p.encode()) if isinstance(p, str) else p for p in key)]))


def uniform(seed: int, name: str, index: ArrayLike) -> Floats:
    """Return a number in [0, 1) for each integer in `index`: splitmix64 of seed, name and index."""
    z = np.atleast_1d(np.asarray(index)).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # all modulo 2**64
    z += np.uint64(crc32(name.encode()) << 32 | seed & 0xFFFFFFFF)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    mantissa: Floats = (z >> np.uint64(11)).astype(np.float64)
    return mantissa * 2.0**-53


def smooth_noise(seed: int, name: str, times_ms: ArrayLike, period_ms: int) -> Floats:
    """Return values in [-1, 1] that are random at each multiple of `period_ms` and interpolated by a cosine in between."""
    times = np.atleast_1d(np.asarray(times_ms))
    if len(times) == 1:
        return np.array([smooth_noise_at(seed, name, int(times[0]), period_ms)])
    position = times / period_ms
    knot = np.floor(position)
    weight = 0.5 - 0.5 * np.cos(np.pi * (position - knot))
    before, after = uniform(seed, name, np.stack((knot, knot + 1)))
    noise: Floats = 2 * (before + (after - before) * weight) - 1
    return noise


def smooth_noise_at(seed: int, name: str, time_ms: int, period_ms: int) -> float:
    """Return `smooth_noise` at one time. This is much faster than an array with one element."""
    knot, part = divmod(time_ms, period_ms)
    weight = 0.5 - 0.5 * math.cos(math.pi * part / period_ms)
    before, after = (_uniform_at(seed, name, index) for index in (knot, knot + 1))
    return 2 * (before + (after - before) * weight) - 1


def _uniform_at(seed: int, name: str, index: int) -> float:
    """Return `uniform` for one index."""
    z = index * 0x9E3779B97F4A7C15 + (crc32(name.encode()) << 32 | seed & 0xFFFFFFFF) & _MASK_64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _MASK_64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _MASK_64
    return ((z ^ z >> 31) >> 11) * 2.0**-53
