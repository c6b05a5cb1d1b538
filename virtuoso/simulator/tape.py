"""What happens within a minute: its trades, which make its bar, and the book that they trade against.

The trades of a minute begin at its open, touch its high and its low, end at its close and add up to its volume; the last
trade is the last price, and the book's best prices stand on both sides of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from virtuoso.simulator.listings import Listing
from virtuoso.simulator.noise import Floats, generator, swing, uniform

MINUTE_MS = 60_000
FEWEST, MOST = 6, 700  # trades a minute
LEVEL_GAP = 4e-5  # of the price between two levels of a book
EPOCH_BOOK_MS = 20_000  # what rests in a book changes gradually within this time
WALL_MS = 900_000
PLACES = 4096


@dataclass(frozen=True, slots=True)
class TradeSequence:
    """The trades of one minute, oldest first."""

    times: NDArray[np.int64]  # epoch ms
    prices: Floats
    sizes: Floats
    buys: NDArray[np.bool_]

    def until(self, now_ms: int) -> int:
        """How many have happened by `now_ms`."""
        return int(np.searchsorted(self.times, now_ms, side="right"))


def trades_a_minute(turnover: Floats) -> Floats:
    """How many trades the minutes of these turnovers have, before what their volume allows."""
    return np.clip(np.rint(3 * (turnover / 1000) ** 0.65), FEWEST, MOST)


def tape(seed: int, listing: Listing, bar: Floats, pressure: float, sigma: float) -> TradeSequence:
    """The trades of a minute's `bar` (a row of Minutes.bars). `pressure`, -1..1, is which side is more eager; `sigma` is
    of a minute's log return."""
    begun, opened, high, low, closed, volume, turnover = bar.tolist()
    lots = round(volume / listing.lot)
    count = int(min(trades_a_minute(np.array(turnover)), lots))
    chance = generator(seed, listing.base, "tape", int(begun) // MINUTE_MS)
    prices = _way(chance, count, (opened, high, low, closed), listing.tick)
    move = np.log(closed / opened) / sigma
    step = np.sign(np.diff(prices, prepend=opened))
    bias = np.clip(0.5 + 0.16 * step + 0.14 * np.tanh(move) + 0.18 * pressure, 0.04, 0.96)
    weights = np.exp(0.9 * chance.standard_normal(count))
    whole = 1 + np.floor(weights / weights.sum() * (lots - count)).astype(np.int64)
    whole[int(np.argmax(weights))] += lots - int(whole.sum())
    return TradeSequence(
        int(begun) + np.sort(chance.integers(0, MINUTE_MS, count)),
        prices,
        whole * listing.lot,
        chance.random(count) < bias,
    )


def _way(chance: np.random.Generator, count: int, bar: tuple[float, float, float, float], tick: float) -> Floats:
    """Prices from a bar's open by way of its high and its low to its close; a rising bar sees its low first, mostly."""
    opened, high, low, closed = bar
    first, second = sorted((1 + chance.choice(count - 2, 2, replace=False)).tolist())
    extremes = (low, high) if (closed >= opened) == (chance.random() < 0.75) else (high, low)
    marks = [0, first, second, count - 1]
    stops = [opened, *extremes, closed]
    places = np.arange(count)
    noise = np.cumsum(chance.standard_normal(count))
    noise -= np.interp(places, marks, noise[marks])  # a bridge between the stops
    width = (high - low) / max(4.0, 1.5 * count**0.5)
    prices: Floats = np.rint(np.clip(np.interp(places, marks, stops) + width * noise, low, high) / tick) * tick
    prices[marks] = stops
    return prices


def book(
    seed: int, listing: Listing, *, last: float, bought: bool, pressure: float, depth: float, levels: int, now_ms: int
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """(bids, asks) around `last`, best first. After a buyer's trade the last price is the best ask, after a seller's the
    best bid. `depth` is the usual size of a level in units; the side that `pressure` favours holds more."""
    tick, gap = listing.tick, max(1, round(last * LEVEL_GAP / listing.tick))
    at = round(last / tick)
    bid = at - max(1, gap // 4) if bought else at
    ask = at if bought else at + max(1, gap // 4)
    ladder = np.arange(1, levels)
    sides = []
    for best, down in ((bid, True), (ask, False)):
        # Levels stand at whole multiples of the gap, so that a book is much the same a moment later.
        grid = (best - 1) // gap + 1 - ladder if down else best // gap + ladder
        steps = np.concatenate(([best], grid * gap))
        steps = steps[steps > 0]
        rests = _rests(seed, listing.base + (" bids" if down else " asks"), steps, now_ms)
        shape = 1 - 0.55 * np.exp(-np.arange(len(steps)) / 6)  # thin at the touch
        tilt = 1 + (0.42 if down else -0.42) * pressure * np.exp(-np.arange(len(steps)) / 60)
        sizes = np.maximum(np.rint(depth * rests * shape * tilt / listing.lot), 1) * listing.lot
        sides.append(list(zip((steps * tick).tolist(), sizes.tolist(), strict=True)))
    return sides[0], sides[1]


def _rests(seed: int, name: str, steps: NDArray[np.int64], now_ms: int) -> Floats:
    """How much rests at each price, about 1: it stays for some seconds, and some prices hold a wall."""
    epoch, part = divmod(now_ms, EPOCH_BOOK_MS)
    here, there = uniform(seed, name, np.stack((steps, steps)) % PLACES + np.array([[epoch], [epoch + 1]]) * PLACES)
    mixed = here + (there - here) * (part / EPOCH_BOOK_MS)
    wall = uniform(seed, name, -1 - steps - now_ms // WALL_MS * 2**30) > 0.985
    sizes: Floats = (0.35 + 1.3 * mixed) * np.where(wall, 6.0, 1.0)
    return sizes * (1 + 0.25 * swing(seed, name, now_ms, 2_000))
