"""Bars and trades of every listing up to any moment: closed minutes, the trades within a minute, and the forming minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from virtuoso.domain.model import DAY_MS
from virtuoso.simulator.factors import BLOCK_MS, MINUTE_MS, MINUTE_SIGMA, REGIME_DRIFT
from virtuoso.simulator.liquidations import Liquidation, minute_liquidations
from virtuoso.simulator.listings import EPOCH_MS, Listing, PriceModel
from virtuoso.simulator.minute_trades import TradeSequence, minute_trades
from virtuoso.simulator.noise import Floats, smooth_noise_at
from virtuoso.simulator.paths import HALF_HOUR_MS, Paths

CACHED_MINUTES = 2_400
PRESSURE_MS = 1_000  # the pressure changes once in this time
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTrade:
    """The trade that set the last price."""

    price: float
    bought: bool  # True if the taker bought


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStatistics:
    """Statistics of the closed minutes of the last 24 hours, or since the launch."""

    open: float
    high: float
    low: float
    volume: float
    turnover: float
    trades: int
    price_1h_ago: float


class Bars:
    """Bars and trades by base. A minute is the number of minutes since 1970. Rows of bars are those of MinuteBars."""

    def __init__(self, seed: int, listings: Iterable[Listing], models: Mapping[str, PriceModel]) -> None:
        self._seed = seed
        self._listings = {listing.base: listing for listing in listings}
        self._models = models
        self.paths = Paths(seed, self._listings.values(), models)
        self.trades = lru_cache(CACHED_MINUTES)(self._make_trades)
        self.liquidations = lru_cache(CACHED_MINUTES)(self._make_liquidations)
        self._pressure = lru_cache(4 * len(self._listings))(self._make_pressure)
        self.day = lru_cache(2 * len(self._listings))(self._make_day)

    def closed(self, base: str, start_ms: int, end_ms: int, step_ms: int) -> Floats:
        """Return the closed bars of [start_ms, end_ms). Both ends are whole minutes.

        Bars are half hours where `step_ms` is a multiple of half an hour and the block has ended, otherwise minutes.
        """
        half_hours = step_ms % HALF_HOUR_MS == 0
        parts = [np.empty((0, 7))]
        for block in range((start_ms - EPOCH_MS) // BLOCK_MS, (end_ms - 1 - EPOCH_MS) // BLOCK_MS + 1):
            over = EPOCH_MS + (block + 1) * BLOCK_MS <= end_ms
            use_half_hours = half_hours and over
            bars = self.paths.half_hours(base, block) if use_half_hours else self.paths.minutes(base, block).bars
            open_ms = bars[:, 0]
            parts.append(bars if start_ms <= open_ms[0] and over else bars[(open_ms >= start_ms) & (open_ms < end_ms)])
        return np.vstack(parts)

    def close(self, base: str, minute: int) -> float:
        """Return the last price of a minute."""
        return float(self._bar(base, minute)[4])

    def forming(self, base: str, now_ms: int) -> Floats:
        """Return the bar of the current minute, computed from its trades up to `now_ms`."""
        trades, count = self.current_trades(base, now_ms)
        minute = now_ms // MINUTE_MS
        open_ = self.close(base, minute - 1)
        prices, sizes = trades.prices[:count], trades.sizes[:count]
        if not count:
            return np.array([minute * MINUTE_MS, open_, open_, open_, open_, 0.0, 0.0])
        high, low = max(open_, float(prices.max())), min(open_, float(prices.min()))
        return np.array([minute * MINUTE_MS, open_, high, low, prices[-1], sizes.sum(), float(prices @ sizes)])

    def current_trades(self, base: str, now_ms: int) -> tuple[TradeSequence, int]:
        """Return (all trades of the current minute, number of trades up to `now_ms`)."""
        trades = self.trades(base, now_ms // MINUTE_MS)
        return trades, trades.count_until(now_ms)

    def last_trade(self, base: str, now_ms: int) -> LastTrade:
        """Return the last trade."""
        trades, count = self.current_trades(base, now_ms)
        if not count:
            trades = self.trades(base, now_ms // MINUTE_MS - 1)
            count = len(trades.prices)
        return LastTrade(price=float(trades.prices[count - 1]), bought=bool(trades.buys[count - 1]))

    def first_trade_id(self, base: str, minute: int) -> int:
        """Return the id of the first trade of a minute. The ids of a listing follow each other from minute to minute."""
        block, index = divmod(minute - EPOCH_MS // MINUTE_MS, BLOCK_MS // MINUTE_MS)
        return int(self.paths.minutes(base, block).first_trade_ids[index])

    def hour_open(self, base: str, now_ms: int) -> float:
        """Return the price at the start of the hour, or at the launch in the hour of the launch."""
        start_ms = max(now_ms // HOUR_MS * HOUR_MS, self._listings[base].launched_ms)
        return float(self._bar(base, min(start_ms, now_ms) // MINUTE_MS)[1])

    def pressure(self, base: str, now_ms: int) -> float:
        """Return the buying pressure, -1 (sellers) to 1 (buyers). It depends on the regime, the move of the last minutes,
        and noise. It changes once a second."""
        return self._pressure(base, now_ms // PRESSURE_MS)

    def _make_pressure(self, base: str, second: int) -> float:
        now_ms = second * PRESSURE_MS
        last_closed_ms = now_ms // MINUTE_MS * MINUTE_MS - MINUTE_MS
        block, index = divmod((last_closed_ms - EPOCH_MS) // MINUTE_MS, BLOCK_MS // MINUTE_MS)
        minutes = self.paths.minutes(base, block)
        recent = minutes.bars[max(0, index - 9) : index + 1]
        move = np.log(recent[-1, 4] / recent[0, 1]) / (self._minute_sigma(base) * len(recent) ** 0.5)
        noise = smooth_noise_at(self._seed, base + " mood", now_ms, 45_000)
        noise += smooth_noise_at(self._seed, base + " mind", now_ms, 1_500_000)
        return float(np.tanh(0.55 * minutes.drift[index] / REGIME_DRIFT + 0.3 * move + 0.45 * noise))

    def _minute_sigma(self, base: str) -> float:
        return float(self.paths.sigma(base) * MINUTE_SIGMA)

    def _bar(self, base: str, minute: int) -> Floats:
        block, index = divmod(minute - EPOCH_MS // MINUTE_MS, BLOCK_MS // MINUTE_MS)
        bar: Floats = self.paths.minutes(base, block).bars[index]
        return bar

    def _make_trades(self, base: str, minute: int) -> TradeSequence:
        pressure = self.pressure(base, minute * MINUTE_MS)
        bar, sigma = self._bar(base, minute), self._minute_sigma(base)
        ids = range(self.first_trade_id(base, minute), self.first_trade_id(base, minute + 1))
        return minute_trades(self._seed, self._listings[base], bar, ids, pressure=pressure, sigma=sigma)

    def _make_liquidations(self, base: str, minute: int) -> list[Liquidation]:
        trades, turnover = self.trades(base, minute), self._models[base].turnover
        sigma = self._minute_sigma(base)
        return minute_liquidations(self._seed, self._listings[base], trades, turnover=turnover, sigma=sigma)

    def _make_day(self, base: str, minute: int) -> DayStatistics:
        launched_ms = self._listings[base].launched_ms
        end_ms = minute * MINUTE_MS
        bars = self.closed(base, max(end_ms - DAY_MS + MINUTE_MS, launched_ms), end_ms, MINUTE_MS)
        if not len(bars):
            price = self.close(base, minute - 1)
            return DayStatistics(open=price, high=price, low=price, volume=0.0, turnover=0.0, trades=0, price_1h_ago=price)
        return DayStatistics(
            open=float(bars[0, 1]),
            high=float(bars[:, 2].max()),
            low=float(bars[:, 3].min()),
            volume=float(bars[:, 5].sum()),
            turnover=float(bars[:, 6].sum()),
            trades=self.first_trade_id(base, minute) - self.first_trade_id(base, minute - len(bars)),
            price_1h_ago=float(bars[max(0, len(bars) - 60), 1]),
        )
