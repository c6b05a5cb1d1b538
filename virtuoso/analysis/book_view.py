"""One order book, as its components read it. Sizes are in base units. Distances are log distances from the geometric mid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats, OrderBook


class BookSide(NamedTuple):
    """One side of an order book, best level first: the distance of each level from the mid, and its size."""

    distance: Floats
    size: Floats


class BookView:
    """The sides of an order book by their distance from the mid.

    `half_spread` is the distance of the best levels, above 0. `common_depth` is the distance of the last level of the
    shorter side: both sides can be compared up to it. With `banded`, the best levels are not known.
    Raise ValueError when a side is empty, the book is crossed, or a price or size is invalid."""

    __slots__ = ("asks", "banded", "bids", "common_depth", "half_spread")

    def __init__(self, book: OrderBook) -> None:
        bids, asks = book.bids, book.asks
        if not len(bids) or not len(asks):
            raise ValueError("a side of the order book is empty")
        if not bids[0, 0] < asks[0, 0]:
            raise ValueError("the order book is crossed")
        for side in (bids, asks):
            if not (np.isfinite(side).all() and side.min() >= 0 and side[:, 0].min() > 0):
                raise ValueError("the order book has a price or size that is not a positive number")
        bid_logs, ask_logs = np.log(bids[:, 0]), np.log(asks[:, 0])
        mid = (bid_logs[0] + ask_logs[0]) / 2
        self.bids = BookSide(mid - bid_logs, bids[:, 1])
        self.asks = BookSide(ask_logs - mid, asks[:, 1])
        self.banded = book.banded
        self.half_spread = float(self.bids.distance[0])
        self.common_depth = min(float(self.bids.distance[-1]), float(self.asks.distance[-1]))

    @property
    def sides(self) -> tuple[BookSide, BookSide]:
        """Return bids and asks."""
        return self.bids, self.asks

    @property
    def levels(self) -> int:
        """Return the number of levels of the side with fewer levels."""
        return min(len(self.bids.size), len(self.asks.size))
