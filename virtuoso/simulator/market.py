"""The simulated market: the common data of all simulated venues.

All data is a pure function of (seed, base, time). "Now" is always an argument, in epoch ms. No result contains events after
`now_ms`. The data of a listing changes at multiples of its `step_ms`, so that all data of one moment agrees. One unit of a
listing is `multiplier` coins (1000PEPE). Prices are in USDT per unit. Sizes, volumes and open interest are in units. A base
that is not listed raises KeyError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from virtuoso.domain.model import DAY_MS
from virtuoso.simulator.bars import Bars
from virtuoso.simulator.factors import BLOCK_MS, MINUTE_MS
from virtuoso.simulator.liquidations import Liquidation
from virtuoso.simulator.listings import EPOCH_MS, Listing, listings, price_models
from virtuoso.simulator.noise import Floats, smooth_noise_at
from virtuoso.simulator.order_book import MAX_LEVELS, BookState, Levels, Side, book_sides, to_levels
from virtuoso.simulator.paths import merge_bars
from virtuoso.simulator.positions import Positions

__all__ = ["Floats", "Levels", "Liquidation", "Listing", "Quote", "Side", "SimulatedMarket", "Trade"]

TRADES_WINDOW_MINUTES = 30  # a venue returns no older trades
PREPARED_DAYS = 68  # enough for 400 bars of 4 hours
FUNDING_MS = 8 * 3_600_000
BTC_SHARE = 0.57  # share of BTC in the total market capitalization at reference prices
LEVEL_DEPTH = 4e-6  # usual size of a level, as a share of a day's turnover
STEPS_MS = ((3e9, 25), (6e8, 50), (0, 100))  # (turnover in USDT per day, time between two changes of such a listing's data)

Trade = tuple[int, int, float, float, bool]  # id, epoch ms, price, size, True if the taker bought


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The data of a ticker at one moment. Prices are in USDT per unit."""

    last: float
    mark: float
    index: float
    open_24h: float  # the first price if the listing is younger than 24 hours
    high_24h: float
    low_24h: float
    volume_24h: float  # units
    turnover_24h: float  # USDT
    funding_rate: float  # fraction per 8 h interval, as if settled now
    next_funding_ms: int
    open_interest: float  # units
    bid: float
    ask: float
    price_1h_ago: float
    bid_size: float  # units
    ask_size: float  # units
    trades_24h: int


class SimulatedMarket:
    """The market of one seed (0 or above) from 2024 to 2039. The class is not thread-safe.

    `now_ms` determines only the launch times of new listings. Raise ValueError for a seed or a time that is out of range.
    """

    listings: Sequence[Listing]

    def __init__(self, seed: int, *, now_ms: int) -> None:
        if seed < 0 or not EPOCH_MS + 400 * DAY_MS <= now_ms <= EPOCH_MS + 5_800 * DAY_MS:
            raise ValueError(f"seed {seed}, now {now_ms}: expected a seed of 0 or more and a time from 2025-02 to 2039")
        self.seed = seed
        self.listings = listings(now_ms)
        self._by_base = {listing.base: listing for listing in self.listings}
        self._models = price_models()
        self._bars = Bars(seed, self.listings, self._models)
        self._positions = Positions(seed, self._models, self._bars.paths)
        self._positions_at = lru_cache(2 * len(self.listings))(self._make_positions)
        turnovers = {base: model.turnover for base, model in self._models.items()}
        self._steps = {b: next(step for least, step in STEPS_MS if turnover >= least) for b, turnover in turnovers.items()}

    def listing(self, base: str) -> Listing:
        """Return the listing of `base`."""
        return self._by_base[base]

    def step_ms(self, base: str) -> int:
        """Return the time between two possible changes of a listing's book and price: 25, 50 or 100 ms."""
        return self._steps[base]

    def prepare(self, now_ms: int) -> Iterator[None]:
        """Compute the data of the first client requests in small steps. Without this call the first replies are slow."""
        newest = (now_ms - EPOCH_MS) // BLOCK_MS
        for listing in self.listings:
            oldest = max((listing.launched_ms - EPOCH_MS) // BLOCK_MS, newest - PREPARED_DAYS * DAY_MS // BLOCK_MS)
            for block in range(oldest, newest):
                self._bars.paths.half_hours(listing.base, block)
                yield

    def candles(self, base: str, step_ms: int, start_ms: int, end_ms: int, now_ms: int) -> Floats:
        """Return the bars that open in [start_ms, end_ms], oldest first. The bar that contains `now_ms` is still forming.

        No bar opens after `now_ms`. No bar is earlier than the one that contains the launch. Rows are open time, open, high,
        low, close, volume, turnover. `step_ms` is a multiple of a minute. Bars are aligned to the Unix epoch.
        """
        launched_ms, now_ms = self.listing(base).launched_ms, self._at(base, now_ms)
        first_ms = max(-(-start_ms // step_ms) * step_ms, launched_ms // step_ms * step_ms)
        if first_ms > min(end_ms, now_ms):
            return np.empty((0, 7))
        last_ms = min(end_ms, now_ms) // step_ms * step_ms
        minute_ms = now_ms // MINUTE_MS * MINUTE_MS
        closed = self._bars.closed(base, max(first_ms, launched_ms), min(last_ms + step_ms, minute_ms), step_ms)
        bars = merge_bars(closed, step_ms)
        if last_ms + step_ms > minute_ms:
            forming = self._bars.forming(base, now_ms)
            forming[0] = last_ms
            if len(bars) and bars[-1, 0] == last_ms:
                bars[-1] = merge_bars(np.vstack((bars[-1], forming)), step_ms)[0]
            else:
                bars = np.vstack((bars.reshape(-1, 7), forming))
        return bars

    def quote(self, base: str, now_ms: int) -> Quote:
        """Return the ticker of `base`."""
        now_ms = self._at(base, now_ms)
        day, forming = self._bars.day(base, now_ms // MINUTE_MS), self._bars.forming(base, now_ms)
        funding_rate, open_interest = self._positions_at(base, now_ms // 1000)
        last = float(forming[4])
        bids, asks = self.book(base, now_ms, 1)
        noise = 1e-4 * smooth_noise_at(self.seed, base + " index", now_ms, 7_000)
        index = last * (1 - 2e-4 * self._bars.pressure(base, now_ms) + noise)
        tick = self.listing(base).tick
        return Quote(
            last=last,
            mark=round((0.6 * last + 0.4 * index) / tick) * tick,
            index=round(index / tick) * tick,
            open_24h=day.open,
            high_24h=max(day.high, float(forming[2])),
            low_24h=min(day.low, float(forming[3])),
            volume_24h=day.volume + float(forming[5]),
            turnover_24h=day.turnover + float(forming[6]),
            funding_rate=funding_rate,
            next_funding_ms=(now_ms // FUNDING_MS + 1) * FUNDING_MS,
            open_interest=open_interest,
            bid=bids[0][0],
            ask=asks[0][0],
            price_1h_ago=day.price_1h_ago,
            bid_size=bids[0][1],
            ask_size=asks[0][1],
            trades_24h=day.trades + self._bars.current_trades(base, now_ms)[1],
        )

    def quotes(self, now_ms: int) -> Mapping[str, Quote]:
        """Return the tickers of all listings that trade at `now_ms`, by base."""
        return {each.base: self.quote(each.base, now_ms) for each in self.listings if each.launched_ms < now_ms}

    def book(self, base: str, now_ms: int, levels: int) -> tuple[Levels, Levels]:
        """Return (bids, asks), best first, with at most `levels` on each side."""
        bids, asks = self.book_sides(base, now_ms, levels)
        listing = self.listing(base)
        return to_levels(listing, bids), to_levels(listing, asks)

    def book_sides(self, base: str, now_ms: int, levels: int) -> tuple[Side, Side]:
        """Return (bids, asks) in ticks and lots, best first, with at most `levels` on each side."""
        now_ms = self._at(base, now_ms)
        last = self._bars.last_trade(base, now_ms)
        state = BookState(
            last=last.price,
            bought=last.bought,
            reference=self._bars.hour_open(base, now_ms),
            pressure=self._bars.pressure(base, now_ms),
            turnover=self._models[base].turnover * LEVEL_DEPTH,
            now_ms=now_ms,
        )
        return book_sides(self.seed, self.listing(base), state, min(levels, MAX_LEVELS))

    def trades(self, base: str, now_ms: int, count: int) -> list[Trade]:
        """Return the newest `count` trades of about the last half hour, oldest first. Their ids follow each other and never
        change."""
        now_ms = self._at(base, now_ms)
        minute, found = now_ms // MINUTE_MS, list[Trade]()
        oldest = max(minute - TRADES_WINDOW_MINUTES, self.listing(base).launched_ms // MINUTE_MS)
        while len(found) < count and minute >= oldest:
            trades = self._bars.trades(base, minute)
            end = trades.count_until(now_ms)
            newest = slice(max(0, end - (count - len(found))), end)
            rows = zip(
                range(trades.first_id + newest.start, trades.first_id + end),
                trades.times[newest].tolist(),
                trades.prices[newest].tolist(),
                trades.sizes[newest].tolist(),
                trades.buys[newest].tolist(),
                strict=True,
            )
            found = [*rows, *found]
            minute -= 1
        return found

    def liquidations(self, base: str, after_ms: int, now_ms: int) -> list[Liquidation]:
        """Return the liquidations after `after_ms` and up to `now_ms`, oldest first. Each of them is also a trade."""
        now_ms = self._at(base, now_ms)
        minutes = range(max(after_ms, self.listing(base).launched_ms) // MINUTE_MS, now_ms // MINUTE_MS + 1)
        found = (each for minute in minutes for each in self._bars.liquidations(base, minute))
        return [each for each in found if after_ms < each.time_ms <= now_ms]

    def funding(self, base: str, now_ms: int, count: int) -> list[tuple[int, float]]:
        """Return the newest `count` settled rates (time, fraction), oldest first. Rates are settled every 8 h UTC."""
        times = self._grid(base, FUNDING_MS, now_ms, count)
        return list(zip(times, self._positions.funding(base, times), strict=True))

    def open_interest(self, base: str, step_ms: int, now_ms: int, count: int) -> list[tuple[int, float]]:
        """Return (time, units) at the newest `count` multiples of `step_ms`, oldest first."""
        times = self._grid(base, step_ms, now_ms, count)
        return list(zip(times, self._positions.open_interest(base, times), strict=True))

    def long_short(self, base: str, step_ms: int, now_ms: int, count: int) -> list[tuple[int, float]]:
        """Return (time, share of long accounts, 0..1) at the newest `count` multiples of `step_ms`, oldest first."""
        times = self._grid(base, step_ms, now_ms, count)
        return list(zip(times, self._positions.long_share(base, times), strict=True))

    def dominance(self, now_ms: int) -> float:
        """Return BTC's share of the total market capitalization, in percent. It follows the prices."""
        minute = now_ms // MINUTE_MS - 1
        moves = {base: self._bars.close(base, minute) / model.reference_price for base, model in self._models.items()}
        weights = {base: model.turnover**0.5 for base, model in self._models.items() if base != "BTC"}
        others = sum(weight * moves[base] for base, weight in weights.items()) / sum(weights.values())
        btc = BTC_SHARE * moves["BTC"]
        return float(100 * btc / (btc + (1 - BTC_SHARE) * others))

    def _make_positions(self, base: str, second: int) -> tuple[float, float]:
        """Return (funding rate, open interest) of a second."""
        times = [1000 * second]
        return self._positions.funding(base, times)[0], self._positions.open_interest(base, times)[0]

    def _at(self, base: str, now_ms: int) -> int:
        """Return the time of the listing's last possible change."""
        return now_ms // self._steps[base] * self._steps[base]

    def _grid(self, base: str, step_ms: int, now_ms: int, count: int) -> list[int]:
        """Return the newest `count` multiples of `step_ms` since the launch."""
        last, launched_ms = now_ms // step_ms, self.listing(base).launched_ms
        return [n * step_ms for n in range(last - count + 1, last + 1) if n * step_ms >= launched_ms]
