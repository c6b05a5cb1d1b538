"""The simulated market: what every venue of the simulator shows, each in its own words.

Everything is a pure function of (seed, base, time); "now" is always an argument, epoch ms. Nothing that happens after
`now_ms` is ever told. One unit of a listing is `multiplier` coins (1000PEPE): its prices are USDT a unit, its sizes,
volumes and open interest count units. A base that is not listed raises KeyError.

    listings  what there is ─► paths  minute bars ─► tape  a minute's trades and book ─► SimulatedMarket
                                                     positions  funding, open interest, accounts ─┘
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from virtuoso.simulator.listings import DAY_MS, EPOCH_MS, Listing, listings, natures
from virtuoso.simulator.noise import Floats, swing
from virtuoso.simulator.paths import BLOCK_MS, DAY, DRIFT, HALF_HOUR, MINUTE_MS, SIGMA, Paths, merged
from virtuoso.simulator.positions import Positions
from virtuoso.simulator.tape import TradeSequence, book, tape, trades_a_minute

__all__ = ["Floats", "Levels", "Listing", "Quote", "SimulatedMarket", "Trade"]

TRADES_WINDOW = 30  # minutes of trades that a venue gives at most
TAPES_KEPT = 2_400
FIRST_DAYS = 68  # 400 bars of 4 hours
FUNDING_MS = 8 * 3_600_000
BTC_SHARE = 0.57  # of all market capitalisation when prices are at their references

Levels = list[tuple[float, float]]  # (price, size)
Trade = tuple[int, int, float, float, bool]  # id, epoch ms, price, size, whether the taker bought


@dataclass(frozen=True, slots=True)
class Quote:
    """What a ticker says at one moment. Prices USDT a unit."""

    last: float
    mark: float
    index: float
    open_24h: float  # of a younger listing: its first price
    high_24h: float
    low_24h: float
    volume_24h: float  # units
    turnover_24h: float  # USDT
    funding_rate: float  # a fraction an 8 h interval, as it would be settled now
    next_funding_ms: int
    open_interest: float  # units
    bid: float
    ask: float
    price_1h_ago: float
    bid_size: float  # units
    ask_size: float
    trades_24h: int


@dataclass(frozen=True, slots=True)
class _Day:
    """The closed minutes of the last 24 hours."""

    opened: float
    high: float
    low: float
    volume: float
    turnover: float
    trades: int
    hour_ago: float


class SimulatedMarket:
    """The world of one seed, 0 or above, from 2024 to 2039. `now_ms` decides nothing but how recent the new listings are.
    Not for several threads at once."""

    listings: Sequence[Listing]

    def __init__(self, seed: int, *, now_ms: int) -> None:
        if seed < 0 or not EPOCH_MS + 400 * DAY_MS <= now_ms <= EPOCH_MS + 5_800 * DAY_MS:
            raise ValueError(f"seed {seed}, now {now_ms}: allowed are a seed from 0 on and a time from 2025-02 to 2039")
        self.seed = seed
        self.listings = listings(now_ms)
        self._by_base = {listing.base: listing for listing in self.listings}
        self._natures = natures()
        self._paths = Paths(seed, self.listings, self._natures)
        self._positions = Positions(seed, self._natures, self._paths)
        self._tape = lru_cache(TAPES_KEPT)(self._make_tape)
        self._day = lru_cache(2 * len(self.listings))(self._make_day)

    def listing(self, base: str) -> Listing:
        """By base. KeyError: no such."""
        return self._by_base[base]

    def prepare(self, now_ms: int) -> Iterator[None]:
        """Make ready what clients ask for first, a little with each step; without it the first replies take longer."""
        newest = (now_ms - EPOCH_MS) // BLOCK_MS
        for listing in self.listings:
            oldest = max((listing.launched_ms - EPOCH_MS) // BLOCK_MS, newest - FIRST_DAYS * DAY_MS // BLOCK_MS)
            for block in range(oldest, newest):
                self._paths.half_hours(listing.base, block)
                yield

    def candles(self, base: str, step_ms: int, start_ms: int, end_ms: int, now_ms: int) -> Floats:
        """Bars that open in [start_ms, end_ms], none after `now_ms` and none before the launch, ascending; the one that
        holds `now_ms` is forming. Rows: open time, open, high, low, close, volume, turnover. `step_ms` is a multiple of
        a minute; bars are aligned to the Unix epoch."""
        launched = self.listing(base).launched_ms
        first = max(-(-start_ms // step_ms) * step_ms, launched // step_ms * step_ms)
        if first > min(end_ms, now_ms):
            return np.empty((0, 7))
        last = min(end_ms, now_ms) // step_ms * step_ms
        minute = now_ms // MINUTE_MS * MINUTE_MS
        bars = merged(self._span(base, max(first, launched), min(last + step_ms, minute), step_ms), step_ms)
        if last + step_ms > minute:
            forming = self._forming(base, now_ms)
            forming[0] = last
            if len(bars) and bars[-1, 0] == last:
                bars[-1] = merged(np.vstack((bars[-1], forming)), step_ms)[0]
            else:
                bars = np.vstack((bars.reshape(-1, 7), forming))
        return bars

    def quote(self, base: str, now_ms: int) -> Quote:
        """One ticker."""
        minute = now_ms // MINUTE_MS
        day, forming = self._day(base, minute), self._forming(base, now_ms)
        last = float(forming[4])
        bids, asks = self.book(base, now_ms, 1)
        lean = self.pressure(base, now_ms)
        index = last * (1 - 2e-4 * lean + 1e-4 * swing(self.seed, base + " index", now_ms, 7_000))
        tick = self.listing(base).tick
        return Quote(
            last,
            round((0.6 * last + 0.4 * index) / tick) * tick,
            round(index / tick) * tick,
            day.opened,
            max(day.high, float(forming[2])),
            min(day.low, float(forming[3])),
            day.volume + float(forming[5]),
            day.turnover + float(forming[6]),
            self._positions.funding(base, [now_ms])[0],
            (now_ms // FUNDING_MS + 1) * FUNDING_MS,
            self._positions.open_interest(base, [now_ms])[0],
            bids[0][0],
            asks[0][0],
            day.hour_ago,
            bids[0][1],
            asks[0][1],
            day.trades + self._now(base, now_ms)[1],
        )

    def quotes(self, now_ms: int) -> Mapping[str, Quote]:
        """All listings that trade at `now_ms`, by base."""
        return {each.base: self.quote(each.base, now_ms) for each in self.listings if each.launched_ms < now_ms}

    def pressure(self, base: str, now_ms: int) -> float:
        """Which side is more eager, -1..1: the regime, what the price has done in the last closed minutes, and mood."""
        minute = now_ms // MINUTE_MS * MINUTE_MS - MINUTE_MS  # the last closed one
        block, place = divmod((minute - EPOCH_MS) // MINUTE_MS, BLOCK_MS // MINUTE_MS)
        made = self._paths.minutes(base, block)
        recent = made.bars[max(0, place - 9) : place + 1]
        move = np.log(recent[-1, 4] / recent[0, 1]) / (self._paths.sigma(base) * SIGMA * len(recent) ** 0.5)
        mood = swing(self.seed, base + " mood", now_ms, 45_000) + swing(self.seed, base + " mind", now_ms, 1_500_000)
        return float(np.tanh(0.55 * made.lean[place] / DRIFT + 0.3 * move + 0.45 * mood))

    def book(self, base: str, now_ms: int, levels: int) -> tuple[Levels, Levels]:
        """(bids, asks), best first, `levels` (1..1000) a side."""
        made, count = self._now(base, now_ms)
        last, bought = self._last(base, now_ms, made, count)
        depth = self._natures[base].turnover * 4e-6 / last
        return book(
            *(self.seed, self.listing(base)),
            last=last,
            bought=bought,
            pressure=self.pressure(base, now_ms),
            depth=depth,
            levels=levels,
            now_ms=now_ms,
        )

    def trades(self, base: str, now_ms: int, count: int) -> list[Trade]:
        """The newest `count` trades (fewer where the last half hour has fewer), oldest first. Ids never change."""
        minute, found = now_ms // MINUTE_MS, list[Trade]()
        oldest = max(minute - TRADES_WINDOW, self.listing(base).launched_ms // MINUTE_MS)
        while len(found) < count and minute >= oldest:
            made = self._tape(base, minute)
            known = made.until(now_ms)
            wanted = slice(max(0, known - (count - len(found))), known)
            rows = zip(
                range(minute * 1000 + wanted.start, minute * 1000 + known),
                made.times[wanted].tolist(),
                made.prices[wanted].tolist(),
                made.sizes[wanted].tolist(),
                made.buys[wanted].tolist(),
                strict=True,
            )
            found = [*rows, *found]
            minute -= 1
        return found

    def funding(self, base: str, now_ms: int, count: int) -> list[tuple[int, float]]:
        """The newest `count` settled rates (time, fraction), every 8 h UTC, ascending."""
        times = self._grid(base, FUNDING_MS, now_ms, count)
        return list(zip(times, self._positions.funding(base, times), strict=True))

    def open_interest(self, base: str, step_ms: int, now_ms: int, count: int) -> list[tuple[int, float]]:
        """(time, units) at the newest `count` multiples of `step_ms`, ascending."""
        times = self._grid(base, step_ms, now_ms, count)
        return list(zip(times, self._positions.open_interest(base, times), strict=True))

    def long_short(self, base: str, step_ms: int, now_ms: int, count: int) -> list[tuple[int, float]]:
        """(time, share of the accounts that are long, 0..1) at the newest `count` multiples of `step_ms`, ascending."""
        times = self._grid(base, step_ms, now_ms, count)
        return list(zip(times, self._positions.long_share(base, times), strict=True))

    def dominance(self, now_ms: int) -> float:
        """BTC's share of all market capitalisation, percent: as prices have moved from their references."""
        minute = now_ms // MINUTE_MS
        weights = {base: nature.turnover**0.5 for base, nature in self._natures.items() if base != "BTC"}
        moved = {base: self._close(base, minute - 1) / self._natures[base].price for base in (*weights, "BTC")}
        others = sum(weight * moved[base] for base, weight in weights.items()) / sum(weights.values())
        btc = BTC_SHARE * moved["BTC"]
        return float(100 * btc / (btc + (1 - BTC_SHARE) * others))

    # --------------------------------------------------------------------------------------------------------- minutes

    def _grid(self, base: str, step_ms: int, now_ms: int, count: int) -> list[int]:
        last, launched = now_ms // step_ms, self.listing(base).launched_ms
        return [n * step_ms for n in range(last - count + 1, last + 1) if n * step_ms >= launched]

    def _span(self, base: str, start_ms: int, end_ms: int, step_ms: int) -> Floats:
        """Bars of [start_ms, end_ms), both whole minutes: of minutes, or of half hours where `step_ms` allows it."""
        halves = step_ms % (HALF_HOUR * MINUTE_MS) == 0
        parts = [np.empty((0, 7))]
        for block in range((start_ms - EPOCH_MS) // BLOCK_MS, (end_ms - 1 - EPOCH_MS) // BLOCK_MS + 1):
            whole = EPOCH_MS + (block + 1) * BLOCK_MS <= end_ms
            coarse = halves and whole
            bars = self._paths.half_hours(base, block) if coarse else self._paths.minutes(base, block).bars
            begun = bars[:, 0]
            parts.append(bars if start_ms <= begun[0] and whole else bars[(begun >= start_ms) & (begun < end_ms)])
        return np.vstack(parts)

    def _bar(self, base: str, minute: int) -> tuple[Floats, float]:
        block, place = divmod(minute - EPOCH_MS // MINUTE_MS, BLOCK_MS // MINUTE_MS)
        made = self._paths.minutes(base, block)
        return made.bars[place], float(made.lean[place])

    def _close(self, base: str, minute: int) -> float:
        return float(self._bar(base, minute)[0][4])

    def _make_tape(self, base: str, minute: int) -> TradeSequence:
        bar, _ = self._bar(base, minute)
        sigma = self._paths.sigma(base) * SIGMA
        return tape(self.seed, self.listing(base), bar, self.pressure(base, minute * MINUTE_MS), sigma)

    def _now(self, base: str, now_ms: int) -> tuple[TradeSequence, int]:
        """The tape of the current minute and how much of it has happened."""
        made = self._tape(base, now_ms // MINUTE_MS)
        return made, made.until(now_ms)

    def _last(self, base: str, now_ms: int, made: TradeSequence, count: int) -> tuple[float, bool]:
        """The last trade's price and whether its taker bought."""
        if count:
            return float(made.prices[count - 1]), bool(made.buys[count - 1])
        before = self._tape(base, now_ms // MINUTE_MS - 1)
        return float(before.prices[-1]), bool(before.buys[-1])

    def _forming(self, base: str, now_ms: int) -> Floats:
        """The bar of the current minute from the trades that have happened."""
        made, count = self._now(base, now_ms)
        opened = self._close(base, now_ms // MINUTE_MS - 1)
        prices, sizes = made.prices[:count], made.sizes[:count]
        begun = now_ms // MINUTE_MS * MINUTE_MS
        if not count:
            return np.array([begun, opened, opened, opened, opened, 0.0, 0.0])
        high, low = max(opened, float(prices.max())), min(opened, float(prices.min()))
        return np.array([begun, opened, high, low, prices[-1], sizes.sum(), float(prices @ sizes)])

    def _make_day(self, base: str, minute: int) -> _Day:
        launched = self.listing(base).launched_ms
        now_ms = minute * MINUTE_MS
        bars = self._span(base, max(now_ms - DAY_MS + MINUTE_MS, launched), now_ms, MINUTE_MS)
        if not len(bars):
            opened = self._close(base, minute - 1)
            return _Day(opened, opened, opened, 0.0, 0.0, 0, opened)
        return _Day(
            float(bars[0, 1]),
            float(bars[:, 2].max()),
            float(bars[:, 3].min()),
            float(bars[:, 5].sum()),
            float(bars[:, 6].sum()),
            int(trades_a_minute(bars[-DAY:, 6]).sum()),
            float(bars[max(0, len(bars) - 60), 1]),
        )
