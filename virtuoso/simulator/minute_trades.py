"""The trades of a minute, consistent with its bar.

They begin at the bar's open, touch its high and its low, and end at its close. Their sizes add up to its volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from virtuoso.simulator.factors import MINUTE_MS
from virtuoso.simulator.listings import Listing
from virtuoso.simulator.noise import Floats, generator

MIN_TRADES, MAX_TRADES = 6, 700  # usual limits of the number of trades per minute


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSequence:
    """The trades of one minute, oldest first. Their ids follow each other."""

    first_id: int
    times: NDArray[np.int64]  # epoch ms
    prices: Floats
    sizes: Floats
    buys: NDArray[np.bool_]  # True if the taker bought

    def count_until(self, now_ms: int) -> int:
        """Return the number of trades up to `now_ms`."""
        return int(np.searchsorted(self.times, now_ms, side="right"))


def first_trade_ids(block: int, turnover: Floats, usual_turnover: float) -> NDArray[np.int64]:
    """Return the id of the first trade of each minute of a block, and of the first minute after it.

    `turnover` is that of each minute. A minute with more turnover has more trades. All blocks of a listing have the same
    number of trades, so that ids follow each other from the first block to the last.
    """
    fewest = MIN_TRADES - 1
    more = _usual_trades(turnover) - fewest
    total = round(len(turnover) * 0.9 * (_usual_trades(np.array([usual_turnover]))[0] - fewest))
    before = np.concatenate(([0.0], np.cumsum(more)))
    ids = np.floor(before / before[-1] * total).astype(np.int64) + fewest * np.arange(len(turnover) + 1)
    shifted: NDArray[np.int64] = ids + block * int(ids[-1])
    return shifted


def _usual_trades(turnover: Floats) -> Floats:
    return np.clip(3 * (turnover / 1000) ** 0.65, MIN_TRADES, MAX_TRADES)


def minute_trades(seed: int, listing: Listing, bar: Floats, ids: range, *, pressure: float, sigma: float) -> TradeSequence:
    """Return the trades of a minute's `bar`, a row of MinuteBars, with these ids.

    `pressure` is -1 (sellers) to 1 (buyers). `sigma` is the standard deviation of a minute's log return.
    """
    open_ms, open_, high, low, close, volume, _ = bar.tolist()
    lots, count = round(volume / listing.lot), len(ids)
    rng = generator(seed, listing.base, "tape", int(open_ms) // MINUTE_MS)
    prices = _prices(rng, count, (open_, high, low, close), listing.tick)
    move = np.log(close / open_) / sigma
    step = np.sign(np.diff(prices, prepend=open_))
    buy_probability = np.clip(0.5 + 0.16 * step + 0.14 * np.tanh(move) + 0.18 * pressure, 0.04, 0.96)
    weights = np.exp(0.9 * rng.standard_normal(count))
    lots_by_trade = 1 + np.floor(weights / weights.sum() * (lots - count)).astype(np.int64)
    lots_by_trade[int(np.argmax(weights))] += lots - int(lots_by_trade.sum())
    times = int(open_ms) + np.sort(rng.integers(0, MINUTE_MS, count))
    buys = rng.random(count) < buy_probability
    return TradeSequence(first_id=ids.start, times=times, prices=prices, sizes=lots_by_trade * listing.lot, buys=buys)


def _prices(rng: np.random.Generator, count: int, bar: tuple[float, float, float, float], tick: float) -> Floats:
    """Return prices from a bar's open through its high and its low to its close. A rising bar mostly has its low first."""
    open_, high, low, close = bar
    first, second = sorted((1 + rng.choice(count - 2, 2, replace=False)).tolist())
    extremes = (low, high) if (close >= open_) == (rng.random() < 0.75) else (high, low)
    knots = [0, first, second, count - 1]
    knot_prices = [open_, *extremes, close]
    trade = np.arange(count)
    noise = np.cumsum(rng.standard_normal(count))
    noise -= np.interp(trade, knots, noise[knots])  # noise is 0 at the knots
    width = (high - low) / max(4.0, 1.5 * count**0.5)
    prices: Floats = np.rint(np.clip(np.interp(trade, knots, knot_prices) + width * noise, low, high) / tick) * tick
    prices[knots] = knot_prices
    return prices
