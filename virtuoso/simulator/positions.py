"""Who holds what: funding, open interest and accounts. All three follow the trend of closed hours, each in its own way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from virtuoso.simulator.listings import DAY_MS, EPOCH_MS, Nature
from virtuoso.simulator.noise import Floats, smooth
from virtuoso.simulator.paths import BLOCK_MS, HALF_HOUR, MINUTE_MS, Paths

HALF_MS = HALF_HOUR * MINUTE_MS
HOUR_MS = 2 * HALF_MS
USUAL_FUNDING = 1e-4
FUNDING_CAP = 0.005
OPEN_INTEREST = 0.35  # of a day's turnover


class Positions:
    """Values at any times (epoch ms, ascending), by base."""

    def __init__(self, seed: int, natures: dict[str, Nature], paths: Paths) -> None:
        self._seed, self._natures, self._paths = seed, natures, paths

    def funding(self, base: str, times_ms: Sequence[int]) -> list[float]:
        """Rates a settlement: longs pay after a rise, shorts after a fall, the usual rate on quiet days."""
        trend = self.trend(base, times_ms, 12 * HOUR_MS)
        mood = smooth(self._seed, base + " funding", times_ms, 2 * DAY_MS)
        wild = self._paths.sigma(base) / 0.03
        rates = USUAL_FUNDING * (0.5 + wild * (1.6 * trend + 0.7 * mood))
        return [round(rate, 8) for rate in np.clip(rates, -FUNDING_CAP, FUNDING_CAP).tolist()]

    def open_interest(self, base: str, times_ms: Sequence[int]) -> list[float]:
        """Units. Positions are built along a trend, and left in a fall more than taken."""
        nature = self._natures[base]
        trend = self.trend(base, times_ms, 8 * HOUR_MS)
        waves = 0.10 * smooth(self._seed, base + " interest", times_ms, DAY_MS)
        waves += 0.03 * smooth(self._seed, base + " interest", times_ms, 2 * HOUR_MS)
        waves += 0.004 * smooth(self._seed, base + " interest", times_ms, 5 * MINUTE_MS)
        level = OPEN_INTEREST * nature.turnover / nature.price
        found: list[float] = (level * np.exp(waves + 0.09 * trend + 0.05 * np.abs(trend))).tolist()
        return found

    def long_share(self, base: str, times_ms: Sequence[int]) -> list[float]:
        """Share of accounts that are long, 0..1: the many sell into a rise and buy what falls."""
        trend = self.trend(base, times_ms, DAY_MS)
        waves = 0.08 * smooth(self._seed, base + " accounts", times_ms, 2 * DAY_MS)
        waves += 0.015 * smooth(self._seed, base + " accounts", times_ms, HOUR_MS)
        found: list[float] = np.clip(0.56 - 0.11 * trend + waves, 0.1, 0.9).round(4).tolist()
        return found

    def trend(self, base: str, times_ms: Sequence[int], window_ms: int) -> Floats:
        """The move over `window_ms` up to each time, -1..1, of closed half hours only: nobody knows the next."""
        times = np.asarray(times_ms, dtype=np.float64)
        ends, logs = self._closes(base, int(times[0]) - window_ms - HOUR_MS, int(times[-1]))
        sigma = self._paths.sigma(base) * (window_ms / DAY_MS) ** 0.5
        # A reading glides from the close before last to the last, so that it moves at every moment.
        now, before = (np.interp(times - HALF_MS - back, ends, logs) for back in (0, window_ms))
        found: Floats = np.tanh(0.7 * (now - before) / sigma)
        return found

    def _closes(self, base: str, start_ms: int, end_ms: int) -> tuple[Floats, Floats]:
        """(ends, log closes) of the half hours that close in the time."""
        blocks = range(max(0, start_ms - EPOCH_MS) // BLOCK_MS, (end_ms - EPOCH_MS) // BLOCK_MS + 1)
        bars = np.vstack([self._paths.half_hours(base, block) for block in blocks])
        return bars[:, 0] + HALF_MS, np.log(bars[:, 4])
