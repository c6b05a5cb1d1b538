"""An order book that is kept from a snapshot and its changes, and the order flow at its best levels."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from virtuoso.domain.model import BookFlow, OrderBook, Stamp
from virtuoso.domain.plausibility import LARGEST, MAX_BOOK_STEP_BACK_MS, MINUTE_MS, SECOND_MS, SMALLEST
from virtuoso.exchange.rows import count_refused, number

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

FLOW_MS = MINUTE_MS  # the changes of this time are kept
_NUMBERS = {float, int}


class LocalBook:
    """The order book of one symbol.

    `snapshot` and `change` take levels as the venue writes them: [price, size], where a size of 0 removes a level. They
    return the reason when the book is wrong after that, and None otherwise. A wrong book is dropped and counted by reason in
    `virtuoso_invalid_rows_total`. The reasons:

        number     a price or a size is not a plausible number
        empty      a side has no level
        crossed    the best bid is not below the best ask
        backwards  the venue's time runs backwards
        depth      a side has more levels than the topic, or a full side has lost one: a change is missing or wrong

    `contract` has the base units per contract. `depth` is the number of levels that the venue's topic keeps. It is None when
    the changes are those of the whole book."""

    def __init__(self, symbol: str, *, depth: int | None = None, contract: float = 1.0) -> None:
        self.symbol = symbol
        self.observed_ms = 0
        self.received_ms = 0
        self._depth = depth
        self._contract = contract
        self._bids, self._asks = _Side(), _Side()
        self._flow = _Flow()

    def __bool__(self) -> bool:
        """Return True while the book is known."""
        return bool(self._bids.prices)

    def clear(self) -> None:
        """Forget everything."""
        self._bids, self._asks = _Side(), _Side()

    def snapshot(self, bids: Any, asks: Any, observed_ms: int, received_ms: int, *, limit: float = math.inf) -> str | None:
        """Begin again with all levels of both sides, or with the best `limit` of each. What is beyond the last of these is
        not known, and changes there are ignored."""
        self.clear()
        self.observed_ms, self._flow = observed_ms, _Flow(observed_ms)
        sides = _levels(bids), _levels(asks)
        for side, levels in zip((self._bids, self._asks), sides, strict=True):
            if levels is None or 0 in levels[1] or not side.begin(*levels):
                return self._drop("number")
        if len(self._bids.prices) >= limit:
            self._bids.lowest = self._bids.prices[0]
        if len(self._asks.prices) >= limit:
            self._asks.highest = self._asks.prices[-1]
        return self._check(observed_ms, received_ms)

    def continue_flow(self, before: LocalBook) -> None:
        """Go on with the flow of `before`, the same book earlier. What changed between them counts as one change."""
        self._flow = before._flow
        self._flow.add(self.observed_ms, before._best(), self._best())

    @property
    def known_levels(self) -> float:
        """Return the number of levels of a side that goes on beyond them, of the shorter one if both do. Return infinity
        when the whole book is known."""
        bids = len(self._bids.prices) if self._bids.lowest else math.inf
        return min(bids, len(self._asks.prices) if self._asks.highest < math.inf else math.inf)

    def change(self, bids: Any, asks: Any, observed_ms: int, received_ms: int) -> str | None:
        """Apply changes of levels. Do nothing while the book is not known."""
        if not self:
            return None
        if observed_ms < self.observed_ms - MAX_BOOK_STEP_BACK_MS:
            return self._drop("backwards")
        before = self._best()
        full = len(self._bids.prices), len(self._asks.prices)
        for side, rows in (self._bids, bids), (self._asks, asks):
            if rows:
                levels = _levels(rows)
                if levels is None:
                    return self._drop("number")
                side.apply(*levels)
        if self._depth is not None and self._depth in full:
            for side, count in zip((self._bids, self._asks), full, strict=True):
                if count == self._depth > len(side.prices):
                    return self._drop("depth")
        if (fault := self._check(observed_ms, received_ms)) is None:
            self._flow.add(self.observed_ms, before, self._best())
        return fault

    def book(self, levels: int) -> OrderBook | None:
        """Return at most `levels` levels a side. Return None while the book is not known."""
        if not self:
            return None
        return OrderBook(
            symbol=self.symbol,
            bids=self._bids.rows(slice(None, -levels - 1, -1), self._contract),
            asks=self._asks.rows(slice(levels), self._contract),
            stamp=Stamp(observed_ms=self.observed_ms, received_ms=self.received_ms),
        )

    def flow(self) -> BookFlow | None:
        """Return the changes of the best levels within the last minute. Return None while the book is not known."""
        if not self:
            return None
        ends, flows, depths, counts = self._flow.columns()
        return BookFlow(
            symbol=self.symbol,
            time_ms=np.minimum(ends, self.observed_ms).astype(np.int64),  # the last second may still go on
            flow=flows * self._contract,
            depth=depths / counts * self._contract,
            stamp=Stamp(observed_ms=self.observed_ms, received_ms=self.received_ms),
            complete_since_ms=self._flow.since_ms,
        )

    def _best(self) -> tuple[float, float, float, float]:
        """Return price and size of the best bid, and of the best ask."""
        return *self._bids.best(-1), *self._asks.best(0)

    def _check(self, observed_ms: int, received_ms: int) -> str | None:
        bids, asks = self._bids.prices, self._asks.prices
        if not bids or not asks:
            return self._drop("empty")
        if bids[-1] >= asks[0]:
            return self._drop("crossed")
        if self._depth is not None and (len(bids) > self._depth or len(asks) > self._depth):
            return self._drop("depth")
        self.observed_ms, self.received_ms = max(self.observed_ms, observed_ms), received_ms
        return None

    def _drop(self, reason: str) -> str:
        self.clear()
        count_refused(f"book_{reason}")
        return reason


class _Side:
    """One side: sizes by price, and the prices in ascending order. Levels are known from `lowest` to `highest`."""

    __slots__ = ("highest", "lowest", "prices", "sizes")

    def __init__(self) -> None:
        self.prices: list[float] = []
        self.sizes: dict[float, float] = {}
        self.lowest, self.highest = 0.0, math.inf

    def begin(self, prices: Sequence[float], sizes: Sequence[float]) -> bool:
        """Set all levels. Return False when two of them have one price."""
        self.sizes = dict(zip(prices, sizes, strict=True))
        self.prices = sorted(self.sizes)
        return len(self.prices) == len(prices)

    def apply(self, prices: Sequence[float], sizes: Sequence[float]) -> None:
        """Set these levels. A size of 0 removes a level."""
        known, order = self.sizes, self.prices
        for price, size in zip(prices, sizes, strict=True):
            if size:
                if price not in known:
                    if not self.lowest <= price <= self.highest:
                        continue
                    insort(order, price)
                known[price] = size
            elif known.pop(price, None) is not None:
                del order[bisect_left(order, price)]

    def rows(self, part: slice, contract: float) -> Floats:
        """Return the levels of a part of the prices. Columns: price, size in base units."""
        prices = self.prices[part]
        rows = np.empty((len(prices), 2))
        rows[:, 0] = prices
        rows[:, 1] = [*map(self.sizes.__getitem__, prices)]
        rows[:, 1] *= contract
        return rows

    def best(self, index: int) -> tuple[float, float]:
        """Return price and size of the first (0) or the last (-1) level. Return zeros for an empty side."""
        if not self.prices:
            return 0.0, 0.0
        price = self.prices[index]
        return price, self.sizes[price]


class _Flow:
    """The changes of the best levels, summed over each second of the venue's time: those after its start, up to its end."""

    __slots__ = ("_sums", "since_ms")

    def __init__(self, since_ms: int = 0) -> None:
        self.since_ms = since_ms
        self._sums: deque[list[float]] = deque()  # [end of the second, sum of changes, sum of depths, number of changes]

    def add(self, time_ms: int, before: tuple[float, ...], after: tuple[float, ...]) -> None:
        """Add one change of the best levels. Each side is (best bid, its size, best ask, its size)."""
        old_bid, old_bid_size, old_ask, old_ask_size = before
        bid, bid_size, ask, ask_size = after
        change = 0.0
        if bid >= old_bid:
            change += bid_size
        if bid <= old_bid:
            change -= old_bid_size
        if ask <= old_ask:
            change -= ask_size
        if ask >= old_ask:
            change += old_ask_size
        end_ms = -(-time_ms // SECOND_MS) * SECOND_MS
        sums = self._sums
        if not sums or sums[-1][0] < end_ms:
            sums.append([end_ms, 0.0, 0.0, 0.0])
            while sums[0][0] <= end_ms - FLOW_MS:
                sums.popleft()
        newest = sums[-1]
        newest[1] += change
        newest[2] += (bid_size + ask_size) / 2
        newest[3] += 1

    def columns(self) -> Floats:
        """Return the sums as columns: end of the second, sum of changes, sum of depths, number of changes."""
        return np.array([*chain.from_iterable(self._sums)]).reshape(-1, 4).T


def _levels(rows: Any) -> tuple[list[float], list[float]] | None:
    """Return (prices, sizes) of rows [price, size]. Return None when a row is not plausible."""
    if not isinstance(rows, list):
        return None
    if not rows:
        return [], []
    if {*map(type, rows)} != {list} or {*map(len, rows)} != {2}:
        return None
    cells: list[Any] = list(chain.from_iterable(rows))
    try:
        values = orjson.loads(f"[{','.join(cells)}]")  # half the time of float(), and as strict as `number`
    except (TypeError, ValueError):
        values = None
    if values is None or not {*map(type, values)} <= _NUMBERS:
        values = [value for cell in cells if (value := number(cell)) is not None]
    if len(values) != len(cells):
        return None
    prices, sizes = values[::2], values[1::2]
    if min(prices) < SMALLEST or max(values) > LARGEST or min(filter(None, sizes), default=1) < SMALLEST:
        return None
    return prices, sizes
