"""An order book that is kept from a book read by request and the changes that a stream sends (Binance USD-M).

Each change has the ids of its first and last event, and the last id of the change before it. So a missing change is noticed.
The requested book has the id of its last event. Changes are kept from before the request on, and those after the book are
applied to it.

A requested book has a limited number of levels. The book is requested again, with more levels, before too few known ones
remain. The known book is used until the new one fits.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from virtuoso.domain.inputs import InputKind
from virtuoso.domain.plausibility import MAX_BOOK_DISTANCE_MS, MIN_BOOK_LEVELS, SECOND_MS
from virtuoso.domain.stream_updates import BookUpdate, StreamLost, StreamUpdate
from virtuoso.exchange.rows import count_refused
from virtuoso.exchange.streams.local_book import LocalBook

Updates = Sequence[StreamUpdate]

SPARE_LEVELS = 0.1  # share of the levels read; with fewer beyond MIN_BOOK_LEVELS, the book is requested again
REQUESTED_LEVELS = (100, 500, 1000)  # they have the weights 5, 10 and 20
KEPT_CHANGES = 60  # 6 s of changes; a request takes less after it has left the queue
STEADY_MS = 20 * SECOND_MS  # a book that was right for this time is requested at once when it is lost
MAX_UNSURE = 4  # requested books in a row that are refused because they are far in time from every change
RENEWAL_MS = 5 * SECOND_MS  # the shortest time between a book and its renewal
HELD_CHANGES, HELD_MS = 4, SECOND_MS  # a known book waits so long for a missing change
LONGEST_WAIT_MS = 15 * SECOND_MS


@dataclass(frozen=True, slots=True)
class Change:
    """One message of a stream: rows [price, size] as the venue writes them, and the id of the last event in it."""

    last: int
    previous: int  # the last id of the change before it
    bids: Any
    asks: Any
    observed_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True)
class RequestedBook:
    """The reply to a request: rows [price, size] of both sides, and the id of the last event in them."""

    last: int
    bids: list[Any]
    asks: list[Any]
    observed_ms: int
    received_ms: int


class DepthBook:
    """The order book of one symbol. It is not known until a requested book and the changes fit together."""

    def __init__(self, symbol: str) -> None:
        self.local = LocalBook(symbol)
        self._symbol = symbol
        self._last = 0  # the id of the last event in the book
        self._changed = True  # False while no change was applied to the requested book
        self._unapplied: deque[Change] | None = deque(maxlen=KEPT_CHANGES)  # None while no book is needed
        self._held: list[Change] = []  # changes after a missing one
        self._size = 0  # index into REQUESTED_LEVELS
        self._levels = 0  # of the last requested book
        self._known_ms = 0  # our time at which the last requested book fitted
        self._unsure = 0  # requested books in a row between two changes
        self._failures = 0  # in a row, none of them after a steady time
        self._wait_until_ms = 0

    def wanted_levels(self, now_ms: int) -> int:
        """Return the number of levels a side to request now. Return 0 when no book is needed, and before the first change: a
        book that was requested before it would be too old."""
        return REQUESTED_LEVELS[self._size] if self._unapplied and now_ms >= self._wait_until_ms else 0

    def has(self, change: Change) -> bool:
        """Return True if this change, or a later one, was received already."""
        return change.last <= self._newest

    def change(self, change: Change) -> Updates:
        """Apply a change. Do nothing when it was received already. A change that comes after its successor is put in order.
        Return the loss of the known book when a change is missing ("gap"), too few levels are known ("range"), or LocalBook
        finds it wrong."""
        newest = self._newest
        if change.last <= newest:
            return ()
        if not self.local:
            if self._unapplied and change.previous != newest:
                self._unapplied.clear()
            self._keep(change)
            return ()
        self._held.append(change)
        updates: Updates = ()
        while self.local and (following := next(filter(self._follows, self._held), None)):
            self._held.remove(following)
            updates = self._apply(following)
        if self.local and self._held and self._is_gap(change.received_ms):
            count_refused("book_gap")
            return self._lose("gap", change.received_ms, self._held)
        return updates

    def requested(self, book: RequestedBook) -> Updates:
        """Handle a requested book. When it does not fit, it changes nothing, and a book is wanted again after a wait."""
        unapplied = self._unapplied
        if not unapplied:
            return ()
        changes = [each for each in unapplied if each.last > book.last]
        if (changes or unapplied)[0].previous > book.last:
            count_refused("book_late")
            self._wait(book.received_ms)
            return ()
        if self._is_between(book, changes) and self._unsure < MAX_UNSURE:
            self._unsure += 1
            count_refused("book_between")
            self._wait(book.received_ms)
            return ()
        fresh = LocalBook(self._symbol)
        levels = max(len(book.bids), len(book.asks))
        limit = levels if levels in REQUESTED_LEVELS else math.inf
        fault = fresh.snapshot(book.bids, book.asks, book.observed_ms, book.received_ms, limit=limit)
        for each in changes:
            fault = fault or fresh.change(each.bids, each.asks, each.observed_ms, each.received_ms)
        if fault is not None:
            self._wait(book.received_ms)
            return ()
        if self.local:
            fresh.continue_flow(self.local)
        self._last, self._changed = changes[-1].last if changes else book.last, bool(changes)
        self._held = [each for each in self._held if each.last > self._last]
        self.local, self._unapplied, self._unsure = fresh, None, 0
        self._levels, self._known_ms = levels, book.received_ms
        return self._changes()

    @property
    def _newest(self) -> int:
        return self._last if self.local else self._unapplied[-1].last if self._unapplied else 0

    def refuse(self, received_ms: int) -> None:
        """Note that the reply to a request could not be read. A book is wanted again after a wait."""
        self._wait(received_ms)

    def _is_between(self, book: RequestedBook, changes: Sequence[Change]) -> bool:
        """Return True when the book is far in time from the change before it and from the one after it. A level that came
        and went between them would stay in it, if no change says that it went."""
        unapplied = self._unapplied or ()
        around = [*([unapplied[-len(changes) - 1]] if len(unapplied) > len(changes) else []), *changes[:1]]
        return all(
            each.last != book.last and abs(each.observed_ms - book.observed_ms) > MAX_BOOK_DISTANCE_MS for each in around
        )

    def _keep(self, change: Change) -> None:
        if self._unapplied is None or change.received_ms < self._wait_until_ms:  # a later request needs only later changes
            self._unapplied = deque(maxlen=KEPT_CHANGES)
        self._unapplied.append(change)

    def _follows(self, change: Change) -> bool:
        return change.previous == self._last or (not self._changed and change.previous < self._last < change.last)

    def _apply(self, change: Change) -> Updates:
        limited = self.local.known_levels < math.inf
        fault = self.local.change(change.bids, change.asks, change.observed_ms, change.received_ms)
        if fault == "empty" and limited:
            self._enlarge()
            return self._lose("range", change.received_ms, (change,))
        if fault is not None:
            return self._lose(fault, change.received_ms, ())
        self._last, self._changed = change.last, True
        self._held = [each for each in self._held if each.last > change.last]
        if self._unapplied is not None:
            self._keep(change)
        return self._check_range(change)

    def _is_gap(self, now_ms: int) -> bool:
        return len(self._held) > HELD_CHANGES or now_ms - self._held[0].received_ms > HELD_MS

    def _changes(self) -> Updates:
        local = self.local
        return (BookUpdate(symbol=self._symbol, observed_ms=local.observed_ms, received_ms=local.received_ms),)

    def _check_range(self, change: Change) -> Updates:
        """Request the book again when few known levels remain. Drop it when too few remain."""
        known = self.local.known_levels
        if self._unapplied is None and known < MIN_BOOK_LEVELS + SPARE_LEVELS * self._levels:
            self._enlarge()
            self._keep(change)
            self._wait_until_ms = self._known_ms + RENEWAL_MS
        if known >= MIN_BOOK_LEVELS:
            return self._changes()
        count_refused("book_range")
        self.local.clear()
        self._held = []
        return self._lost("range")

    def _enlarge(self) -> None:
        self._size = min(self._size + 1, len(REQUESTED_LEVELS) - 1)

    def _lose(self, reason: str, now_ms: int, changes: Sequence[Change]) -> Updates:
        """Forget the book. Keep the newest of these changes, which follow each other, and later ones."""
        self.local.clear()
        self._unapplied, self._held = deque(maxlen=KEPT_CHANGES), []
        for change in sorted(changes, key=lambda each: each.last):
            if self._unapplied and self._unapplied[-1].last != change.previous:
                self._unapplied.clear()
            self._keep(change)
        if now_ms - self._known_ms >= STEADY_MS:
            self._failures = 0
        self._wait(now_ms)
        return self._lost(reason)

    def _lost(self, reason: str) -> Updates:
        return (StreamLost(kind=InputKind.ORDER_BOOK, symbol=self._symbol, reason=reason),)

    def _wait(self, now_ms: int) -> None:
        """Wait before the next request: not after the first failure, and longer after each further one."""
        wait_ms = SECOND_MS << (self._failures - 1) if self._failures else 0
        self._wait_until_ms = now_ms + min(wait_ms, LONGEST_WAIT_MS)
        self._failures = min(self._failures + 1, 10)
