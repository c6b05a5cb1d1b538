"""The depth of an order book: how much waits within which distance of the price.

Both sides end at the last level of the shorter side. Beyond it, one of them is not known, and they could not be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.snapshot import BookDepth

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats, OrderBook

STEPS = 20
_SHARES = np.arange(1, STEPS + 1) / STEPS * (1 + 1e-6)  # so that rounding leaves no level out that lies on a step


def book_depth(book: OrderBook) -> BookDepth | None:
    """Return the depth of an order book. None when its best levels are not known."""
    if book.banded:
        return None
    bid, ask = float(book.bids[0, 0]), float(book.asks[0, 0])
    middle = (bid + ask) / 2
    below, above = middle - book.bids[:, 0], book.asks[:, 0] - middle
    distance = min(float(below[-1]), float(above[-1]))
    return BookDepth(
        best_bid=bid,
        best_ask=ask,
        distance=distance,
        bids_usd=_values(book.bids, below, distance),
        asks_usd=_values(book.asks, above, distance),
        observed_ms=book.stamp.observed_ms,
    )


def _values(levels: Floats, distances: Floats, distance: float) -> tuple[float, ...]:
    """Return the value of all levels within each step up to `distance`. `distances` are those of the levels."""
    values = np.concatenate(((0.0,), (levels[:, 0] * levels[:, 1]).cumsum()))
    return tuple(values[distances.searchsorted(distance * _SHARES, side="right")].tolist())
