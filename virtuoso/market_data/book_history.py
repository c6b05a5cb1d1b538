"""The order books of one symbol within the last minute, streamed and polled, and the changes of their best levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.model import BookFlow, OrderBook

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

BOOK_LEVELS = 50  # the levels of a streamed book
SAMPLES_MS = 60_000
SAMPLE_STEP_MS = 1_000
MAX_PAIR_MS = 120_000  # books that are farther apart say nothing about the changes between them
MAX_CHANGES = 60


class BookHistory:
    """`samples` are books of the last minute, at most one of each second, oldest first. `streamed` is True when the newest
    one is from a stream."""

    def __init__(self) -> None:
        self.samples: tuple[OrderBook, ...] = ()
        self.streamed = False
        self._changes: list[tuple[int, int, float, float]] = []  # (start, end, flow, depth) of pairs that follow each other

    @property
    def newest(self) -> OrderBook | None:
        """Return the newest book, or None before the first one."""
        return self.samples[-1] if self.samples else None

    def add(self, book: OrderBook, *, streamed: bool) -> None:
        """Add a book, unless a newer one is known."""
        newest = self.newest
        if newest is not None and book.stamp.observed_ms < newest.stamp.observed_ms:
            return
        if not streamed:
            self._add_change(newest, book)
        observed_ms, first, end = book.stamp.observed_ms, 0, len(self.samples)
        while first < end and observed_ms - self.samples[first].stamp.observed_ms >= SAMPLES_MS:
            first += 1
        if newest is not None and newest.stamp.observed_ms // SAMPLE_STEP_MS == observed_ms // SAMPLE_STEP_MS:
            end -= 1
        self.samples, self.streamed = (*self.samples[first:end], book), streamed

    def clear(self) -> None:
        """Drop all books, because they may be wrong."""
        self.samples, self.streamed, self._changes = (), False, []

    def flow(self) -> BookFlow | None:
        """Return the changes between polled books up to the newest book. Return None if they end before it, such as before
        the second of them, after a longer pause, and after streamed books."""
        if not self._changes or self.newest is None or self._changes[-1][1] != self.newest.stamp.observed_ms:
            return None
        _, times, flow, depth = zip(*self._changes, strict=True)
        return BookFlow(
            symbol=self.newest.symbol,
            time_ms=np.array(times, np.int64),
            flow=np.array(flow),
            depth=np.array(depth),
            stamp=self.newest.stamp,
            complete_since_ms=self._changes[0][0],
        )

    def _add_change(self, before: OrderBook | None, after: OrderBook) -> None:
        """Add the change from the newest book to a polled one."""
        end = after.stamp.observed_ms
        start = before.stamp.observed_ms if before is not None else end
        if before is None or not 0 < end - start <= MAX_PAIR_MS:
            if end != start:
                self._changes = []
            return
        if self._changes and self._changes[-1][1] != start:
            self._changes = []
        self._changes = [*self._changes, (start, end, *_change(before, after))][-MAX_CHANGES:]
        self._changes = [change for change in self._changes if end - change[0] <= MAX_PAIR_MS]


def _change(before: OrderBook, after: OrderBook) -> tuple[float, float]:
    """Return (size added to the best bid or removed from the best ask, minus the opposite; mean size of these levels)."""
    (old_bid, old_bid_size), (old_ask, old_ask_size) = before.bids[0].tolist(), before.asks[0].tolist()
    (bid, bid_size), (ask, ask_size) = after.bids[0].tolist(), after.asks[0].tolist()
    flow = (bid_size if bid >= old_bid else 0.0) - (old_bid_size if bid <= old_bid else 0.0)
    flow -= (ask_size if ask <= old_ask else 0.0) - (old_ask_size if ask >= old_ask else 0.0)
    return flow, (bid_size + ask_size + old_bid_size + old_ask_size) / 4


def equal_share(one: OrderBook, other: OrderBook) -> float:
    """Return the share of equal levels, prices and sizes, among the best BOOK_LEVELS of both sides, 0-1."""
    shares = [_equal_levels(*sides) for sides in ((one.bids, other.bids), (one.asks, other.asks))]
    return sum(equal for equal, _ in shares) / sum(count for _, count in shares)


def _equal_levels(one: Floats, other: Floats) -> tuple[int, int]:
    count = min(len(one), len(other), BOOK_LEVELS)
    return len({*map(tuple, one[:count].tolist())} & {*map(tuple, other[:count].tolist())}), count
