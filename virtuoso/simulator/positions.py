"""Funding, open interest and the share of long accounts. All three follow the trend of closed half hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from virtuoso.domain.model import DAY_MS
from virtuoso.simulator.factors import BLOCK_MS, MINUTE_MS
from virtuoso.simulator.listings import EPOCH_MS, PriceModel
from virtuoso.simulator.noise import Floats, smooth_noise
from virtuoso.simulator.paths import HALF_HOUR_MS, Paths

HOUR_MS = 2 * HALF_HOUR_MS
USUAL_FUNDING = 1e-4
FUNDING_CAP = 0.005
OPEN_INTEREST = 0.35  # usual open interest, as a share of a day's turnover


class Positions:
    """Values by base at any times (epoch ms, ascending)."""

    def __init__(self, seed: int, models: Mapping[str, PriceModel], paths: Paths) -> None:
        self._seed, self._models, self._paths = seed, models, paths

    def funding(self, base: str, times_ms: Sequence[int]) -> list[float]:
        """Return the rates per interval. Longs pay after a rise. Shorts pay after a fall. Longs pay a little on quiet
        days."""
        trend = self.trend(base, times_ms, 12 * HOUR_MS)
        noise = smooth_noise(self._seed, base + " funding", times_ms, 2 * DAY_MS)
        volatility = self._paths.sigma(base) / 0.03
        rates = USUAL_FUNDING * (0.5 + volatility * (1.6 * trend + 0.7 * noise))
        return [round(rate, 8) for rate in np.clip(rates, -FUNDING_CAP, FUNDING_CAP).tolist()]

    def open_interest(self, base: str, times_ms: Sequence[int]) -> list[float]:
        """Return open interest in units. It grows in a rise and shrinks a little in a fall."""
        model = self._models[base]
        trend = self.trend(base, times_ms, 8 * HOUR_MS)
        noise = 0.10 * smooth_noise(self._seed, base + " interest", times_ms, DAY_MS)
        noise += 0.03 * smooth_noise(self._seed, base + " interest", times_ms, 2 * HOUR_MS)
        noise += 0.004 * smooth_noise(self._seed, base + " interest", times_ms, 5 * MINUTE_MS)
        level = OPEN_INTEREST * model.turnover / model.reference_price
        units: list[float] = (level * np.exp(noise + 0.09 * trend + 0.05 * np.abs(trend))).tolist()
        return units

    def long_share(self, base: str, times_ms: Sequence[int]) -> list[float]:
        """Return the share of accounts that are long, 0..1. Most accounts trade against the trend."""
        trend = self.trend(base, times_ms, DAY_MS)
        noise = 0.08 * smooth_noise(self._seed, base + " accounts", times_ms, 2 * DAY_MS)
        noise += 0.015 * smooth_noise(self._seed, base + " accounts", times_ms, HOUR_MS)
        shares: list[float] = np.clip(0.56 - 0.11 * trend + noise, 0.1, 0.9).round(4).tolist()
        return shares

    def trend(self, base: str, times_ms: Sequence[int], window_ms: int) -> Floats:
        """Return the move over `window_ms` up to each time, -1..1. It uses closed half hours only."""
        times = np.asarray(times_ms, dtype=np.float64)
        close_ms, log_closes = self._closes(base, int(times[0]) - window_ms - HOUR_MS, int(times[-1]))
        sigma = self._paths.sigma(base) * (window_ms / DAY_MS) ** 0.5
        # A value moves from the second-last close to the last close, so that it changes continuously.
        now, before = (np.interp(times - HALF_HOUR_MS - back, close_ms, log_closes) for back in (0, window_ms))
        trend: Floats = np.tanh(0.7 * (now - before) / sigma)
        return trend

    def _closes(self, base: str, start_ms: int, end_ms: int) -> tuple[Floats, Floats]:
        """Return (close times, log closes) of the half hours that close in [start_ms, end_ms], and of adjacent ones."""
        blocks = range(max(0, start_ms - EPOCH_MS) // BLOCK_MS, (end_ms - EPOCH_MS) // BLOCK_MS + 1)
        bars = np.vstack([self._paths.half_hours(base, block) for block in blocks])
        return bars[:, 0] + HALF_HOUR_MS, np.log(bars[:, 4])
