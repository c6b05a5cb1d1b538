"""Chance that is a function of its place: the same question always has the same answer, in any order of asking."""

from __future__ import annotations

import math
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_ALL = 2**64 - 1


def generator(seed: int, *place: str | int) -> np.random.Generator:
    """Random numbers that belong to one place, such as ("BTC", "minutes", 1234)."""
    return np.random.Generator(np.random.SFC64([seed, *(crc32(p.encode()) if isinstance(p, str) else p for p in place)]))


def uniform(seed: int, name: str, index: ArrayLike) -> Floats:
    """A number in [0, 1) for each whole `index`: splitmix64 of seed, name and index."""
    z = np.atleast_1d(np.asarray(index)).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # modulo 2**64, all of it
    z += np.uint64(crc32(name.encode()) << 32 | seed & 0xFFFFFFFF)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    mantissa: Floats = (z >> np.uint64(11)).astype(np.float64)
    return mantissa * 2.0**-53


def smooth(seed: int, name: str, times_ms: ArrayLike, period_ms: int) -> Floats:
    """A wave in [-1, 1] without a rhythm: free at each multiple of `period_ms`, gliding between."""
    times = np.atleast_1d(np.asarray(times_ms))
    if len(times) == 1:
        return np.array([swing(seed, name, int(times[0]), period_ms)])
    at = times / period_ms
    knot = np.floor(at)
    glide = 0.5 - 0.5 * np.cos(np.pi * (at - knot))
    here, there = uniform(seed, name, np.stack((knot, knot + 1)))
    wave: Floats = 2 * (here + (there - here) * glide) - 1
    return wave


def swing(seed: int, name: str, time_ms: int, period_ms: int) -> float:
    """`smooth` at one moment, and a good deal quicker."""
    knot, part = divmod(time_ms, period_ms)
    glide = 0.5 - 0.5 * math.cos(math.pi * part / period_ms)
    here, there = (_unit(seed, name, place) for place in (knot, knot + 1))
    return 2 * (here + (there - here) * glide) - 1


def _unit(seed: int, name: str, index: int) -> float:
    """`uniform` of one index."""
    z = index * 0x9E3779B97F4A7C15 + (crc32(name.encode()) << 32 | seed & 0xFFFFFFFF) & _ALL
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _ALL
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _ALL
    return ((z ^ z >> 31) >> 11) * 2.0**-53
