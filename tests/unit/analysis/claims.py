"""What each phrase of a sentence claims, computed from the inputs of the symbol without code of the package."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tests.unit.analysis import claims_of_bars
from tests.unit.analysis.claims_of_bars import BarClaim, Bars
from tests.unit.analysis.test_independent_context import faded, time_weights
from virtuoso.domain.model import SymbolInputs, Timeframe

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

FIVE_MINUTES_MS, HOURS_4_MS = 300_000, 4 * 3_600_000


class Facts(NamedTuple):
    """What a component was measured from."""

    inputs: SymbolInputs
    now_ms: int
    timeframe: str

    @property
    def bars(self) -> Bars:
        candles = self.inputs.candles[Timeframe(self.timeframe)]
        end = int((candles.open_ms + candles.timeframe.ms <= self.now_ms + 5_000).sum())
        gaps = np.flatnonzero(np.diff(candles.open_ms[:end]) != candles.timeframe.ms)
        begin = max(end - 300, int(gaps[-1]) + 1 if len(gaps) else 0)
        columns = (candles.open, candles.high, candles.low, candles.close)
        opened, high, low, close = (np.log(column[begin:end]) for column in columns)
        return Bars(opened, high, low, close, candles.volume[begin:end])


Claim = Callable[[Facts], float]  # above 0 where the bullish phrase is true, below 0 where the bearish one is


def delta(facts: Facts, window_s: int) -> float:
    """Return (bought - sold) / all of the faded window."""
    trades = facts.inputs.trades
    assert trades is not None
    weights = np.array([faded(age, window_s) for age in (trades.stamp.observed_ms - trades.time_ms).tolist()])
    return float((weights * trades.size * trades.side).sum() / (weights * trades.size).sum())


def count_balance(facts: Facts, *, large: bool) -> float:
    trades = facts.inputs.trades
    assert trades is not None
    weights = np.array([faded(age, 300) for age in (trades.stamp.observed_ms - trades.time_ms).tolist()])
    if large:
        weights = weights * np.clip((trades.size / np.average(trades.size, weights=weights) - 3) / 7, 0, 1)
    return float((weights * trades.side).sum())


def book_mean(of_book: Callable[[Floats, Floats], float]) -> Claim:
    """Return the claim about the mean over the samples of the book. `of_book` takes (distance, size) of bids and asks."""

    def claim(facts: Facts) -> float:
        assert facts.inputs.book is not None
        books = (*facts.inputs.books[:-1], facts.inputs.book)
        weights = time_weights([book.stamp.observed_ms for book in books], 20_000) if len(books) > 1 else [1.0]
        total = 0.0
        for weight, book in zip(weights, books, strict=True):
            mid = math.sqrt(book.bids[0, 0] * book.asks[0, 0])
            sides = [np.stack((np.abs(np.log(s[:, 0] / mid)), s[:, 1]), axis=1) for s in (book.bids, book.asks)]
            total += weight * of_book(*sides)
        return total

    return claim


def within(side: Floats, edge: float) -> Floats:
    return side[:, 1] * np.clip((edge - side[:, 0]) / (0.25 * edge), 0, 1)


def band(bids: Floats, asks: Floats, share: float) -> float:
    """Return the imbalance of a band, times its quality."""
    edge = share * min(bids[-1, 0], asks[-1, 0])
    if edge <= bids[0, 0] * (1 + 1e-9):
        return 0.0
    bid, ask = (within(side, edge).sum() for side in (bids, asks))
    levels = min(int((side[:, 0] < edge * (1 - 1e-9)).sum()) for side in (bids, asks))
    return float((bid - ask) / (bid + ask)) * levels / (levels + 2)


def nearness(bids: Floats, asks: Floats) -> float:
    half, reach = bids[0, 0], min(bids[-1, 0], asks[-1, 0])
    bid, ask = ((side[:, 1] * np.exp((half - side[:, 0]) / (reach / 5 + half))).sum() for side in (bids, asks))
    return float((bid - ask) / (bid + ask))


def farther(bids: Floats, asks: Floats) -> float:
    """Return how much farther a purchase moves the price than a sale of the same size does."""
    reach = min(bids[-1, 0], asks[-1, 0])
    sizes = [within(side, reach) for side in (bids, asks)]
    amount = min(float(one.sum()) for one in sizes) / 2
    costs = []
    for side, size in zip((bids, asks), sizes, strict=True):
        filled = np.clip(amount - (np.cumsum(size) - size), 0, size)
        costs.append(float((filled * side[:, 0]).sum()))
    return math.log(costs[1] / costs[0])


def shifted(facts: Facts, window_s: int) -> float:
    flow = facts.inputs.book_flow
    assert flow is not None
    ages = (flow.stamp.observed_ms - flow.time_ms).tolist()
    return math.fsum(faded(age, window_s) * change for age, change in zip(ages, flow.flow.tolist(), strict=True))


def moves(facts: Facts) -> tuple[float, float]:
    """Return the changes of price and open interest over the newest 4 hours of open interest, at least 6 steps."""
    interest, candles = facts.inputs.open_interest, facts.inputs.candles[Timeframe.M5]
    assert interest is not None
    begin = min(int((interest.time_ms < interest.time_ms[-1] - HOURS_4_MS).sum()), len(interest.values) - 7)
    closes = candles.open_ms + FIVE_MINUTES_MS
    ends = interest.time_ms[[begin, -1]]
    first, last = (candles.close[(closes <= end) & (closes <= facts.now_ms + 5_000)][-1] for end in ends)
    return float(last - first), float(interest.values[-1] - interest.values[begin])


def signs(facts: Facts) -> tuple[int, int]:
    price, interest = moves(facts)
    return int(np.sign(price)), int(np.sign(interest))


def funding(facts: Facts) -> float:
    ticker, history = facts.inputs.ticker, facts.inputs.funding
    assert ticker is not None
    assert history is not None
    rate = ticker.daily_funding_rate
    assert rate is not None
    hours = np.round(np.diff(history.time_ms) / 60_000) / 60
    if len(set(hours.tolist())) > 1:
        return math.nan  # the interval changed: `test_funding` has these
    return rate - float((history.values[1:] * 24 / hours).mean())


def more_long(facts: Facts) -> float:
    series = facts.inputs.long_short
    assert series is not None
    logs = np.log(series.values)
    return float(logs[-1] - logs.mean())


def premium(facts: Facts) -> float:
    ticker = facts.inputs.ticker
    assert ticker is not None
    assert ticker.mark is not None
    assert ticker.index is not None
    return ticker.mark - ticker.index


def forced(facts: Facts) -> float:
    closed = facts.inputs.liquidations
    assert closed is not None
    ages = (closed.stamp.observed_ms - closed.time_ms).tolist()
    return math.fsum(faded(a, 3_600) * v for a, v in zip(ages, (closed.size * closed.side).tolist(), strict=True))


def hour_delta(facts: Facts) -> float:
    """Return what takers bought minus what they sold within the last hour of 5m bars, as a share of both."""
    bars = facts.inputs.candles[Timeframe.M5]
    assert bars.taker_buy is not None
    closed = [row for row in range(len(bars)) if bars.open_ms[row] + 300_000 <= facts.now_ms + 5_000]
    end_ms = int(bars.open_ms[closed[-1]]) + 300_000
    balance = whole = 0.0
    for row in closed:
        age = (end_ms - int(bars.open_ms[row]) - 150_000) / 60_000
        weight = min(1.0, max(0.0, (60 - age) / 15))
        if weight and math.isfinite(bars.taker_buy[row]):
            balance += weight * (2 * bars.taker_buy[row] - bars.volume[row])
            whole += weight * bars.volume[row]
    return balance / whole


CLAIMS: Mapping[tuple[str, str], Claim] = {
    ("takers buy more than they sell", "takers sell more than they buy"): lambda facts: delta(facts, 300),
    (
        "takers bought more than they sold within the hour",
        "takers sold more than they bought within the hour",
    ): hour_delta,
    ("more of the large trades are buys", "more of the large trades are sells"): partial(count_balance, large=True),
    ("most trades are buys", "most trades are sells"): partial(count_balance, large=False),
    ("bids outweigh asks near the price", "asks outweigh bids near the price"): book_mean(partial(band, share=0.15)),
    (
        "bids outweigh asks at a medium distance",
        "asks outweigh bids at a medium distance",
    ): book_mean(partial(band, share=0.4)),
    ("bids outweigh asks in the whole book", "asks outweigh bids in the whole book"): book_mean(partial(band, share=1.0)),
    ("the best bid is larger than the best ask", "the best ask is larger than the best bid"): book_mean(
        lambda bids, asks: (bids[0, 1] - asks[0, 1]) / (bids[0, 1] + asks[0, 1])
    ),
    (
        "bids outweigh asks, the nearest counting most",
        "asks outweigh bids, the nearest counting most",
    ): book_mean(nearness),
    ("buying moves the price farther than selling", "selling moves the price farther than buying"): book_mean(farther),
    (
        "orders at the best prices shifted to the bids",
        "orders at the best prices shifted to the asks",
    ): partial(shifted, window_s=60),
    (
        "orders at the best prices just shifted to the bids",
        "orders at the best prices just shifted to the asks",
    ): partial(shifted, window_s=10),
    ("funding is lower than usual", "funding is higher than usual"): lambda facts: -funding(facts),
    ("fewer accounts than usual are long", "more accounts than usual are long"): lambda facts: -more_long(facts),
    ("the mark price is above the index", "the mark price is below the index"): premium,
    ("more shorts than longs were liquidated", "more longs than shorts were liquidated"): forced,
}
CASES: Mapping[str, Callable[[Facts], bool]] = {
    "buying gains weight": lambda facts: delta(facts, 60) > delta(facts, 300) >= 0,
    "selling gains weight": lambda facts: delta(facts, 60) < delta(facts, 300) <= 0,
    "selling eases": lambda facts: delta(facts, 300) < delta(facts, 60) <= 0,
    "buying eases": lambda facts: delta(facts, 300) > delta(facts, 60) >= 0,
    "selling turns to buying": lambda facts: delta(facts, 300) < 0 < delta(facts, 60),
    "buying turns to selling": lambda facts: delta(facts, 300) > 0 > delta(facts, 60),
    "price rose while open interest grew": lambda facts: signs(facts) == (1, 1),
    "price rose while open interest shrank": lambda facts: signs(facts) == (1, -1),
    "price rose with unchanged open interest": lambda facts: signs(facts) == (1, 0),
    "price fell while open interest grew": lambda facts: signs(facts) == (-1, 1),
    "price fell while open interest shrank": lambda facts: signs(facts) == (-1, -1),
    "price fell with unchanged open interest": lambda facts: signs(facts) == (-1, 0),
    "open interest grew while the price rose": lambda facts: signs(facts) == (1, 1),
    "open interest shrank while the price rose": lambda facts: signs(facts) == (1, -1),
    "open interest grew while the price fell": lambda facts: signs(facts) == (-1, 1),
    "open interest shrank while the price fell": lambda facts: signs(facts) == (-1, -1),
}
"""The phrases that say more than the sign of their reading."""


def _has_sign(claim: Claim, sign: int, facts: Facts) -> bool:
    return claim(facts) * sign > 0


def _of_bars(claim: BarClaim, facts: Facts) -> float:
    return claim(facts.bars)


def _of_reflected_bars(claim: BarClaim, facts: Facts) -> float:
    return claim(facts.bars.upside_down)


def _phrases() -> Iterator[tuple[str, Callable[[Facts], bool]]]:
    yield from CASES.items()
    for (up, down), claim in CLAIMS.items():
        yield up, partial(_has_sign, claim, 1)
        yield down, partial(_has_sign, claim, -1)
    for (up, down), of_bars in claims_of_bars.CLAIMS.items():
        yield up, partial(_has_sign, partial(_of_bars, of_bars), 1)
        yield down, partial(_has_sign, partial(_of_bars, of_bars), -1)
    for (up, down), one_sided in claims_of_bars.ONE_SIDED.items():
        yield up, partial(_has_sign, partial(_of_bars, one_sided), 1)
        yield down, partial(_has_sign, partial(_of_reflected_bars, one_sided), 1)


PHRASES = dict(_phrases())
"""Whether each phrase is true."""
