"""Parts of topics that are the same for all venues. A topic sends the same messages to all its subscribers.

The market is a function of time. A topic remembers only what it has sent, so that it can send what has changed since.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from virtuoso.simulator.market import Listing, Side, SimulatedMarket, Trade
from virtuoso.simulator.venue_api import fixed_rows

Message = dict[str, object]
Changes = dict[int, int]  # sizes in lots by price in ticks; size 0: the level is gone

MOST_TRADES = 1000  # after a pause, a topic sends at most so many trades


class Topic:
    """One topic with a name. It is asked for messages every `every_ms`.

    Faults set `repeat` (send the same again when nothing has changed) and `crossed` (send a bid above the best ask)."""

    kind = ""

    def __init__(self, market: SimulatedMarket, name: str, every_ms: int) -> None:
        self.market, self.name, self.every_ms = market, name, every_ms
        self.due_ms = 0
        self.repeat = self.crossed = False

    def begin(self, now_ms: int) -> None:
        """Remember the market at the first subscription."""

    def first(self, now_ms: int) -> Sequence[Message]:  # noqa: ARG002 - the common signature
        """Return what a new subscriber gets at once."""
        return ()

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return what is new at `now_ms`."""
        raise NotImplementedError

    def restart(self, now_ms: int) -> Sequence[Message]:  # noqa: ARG002 - the common signature
        """Return what all subscribers get when the venue's service restarts."""
        return ()


def side_changes(sent: Side, side: Side) -> Changes:
    """Return the levels that turn `sent` into `side`."""
    if np.array_equal(sent[0], side[0]):
        at = np.flatnonzero(sent[1] != side[1])
        return dict(zip(side[0][at].tolist(), side[1][at].tolist(), strict=True))
    before, after = (dict(zip(ticks.tolist(), lots.tolist(), strict=True)) for ticks, lots in (sent, side))
    changed = {tick: lots for tick, lots in after.items() if before.get(tick) != lots}
    return changed | dict.fromkeys(before.keys() - after.keys(), 0)


class BookTopic(Topic):
    """The order book of one listing. `zero` is how the venue writes the size of a level that is gone."""

    def __init__(
        self, market: SimulatedMarket, name: str, every_ms: int, listing: Listing, *, levels: int, zero: str
    ) -> None:
        super().__init__(market, name, every_ms)
        self.listing, self._levels, self._zero = listing, levels, zero
        self.changed_ms = 0  # the time of the book that was sent
        self._sent: tuple[Side, Side] | None = None
        self._crossing: int | None = None  # the price of the bid above the best ask

    def begin(self, now_ms: int) -> None:
        """Remember the book."""
        self._sent, self.changed_ms, self._crossing = self._look(now_ms), self._step(now_ms), None

    def changes(self, now_ms: int) -> tuple[Changes, Changes]:
        """Return the changes of (bids, asks) since the last call."""
        if self._sent is None:
            self.begin(now_ms)
        sent, sides = self._sent or self._look(now_ms), self._look(now_ms)
        bids, asks = (side_changes(*pair) for pair in zip(sent, sides, strict=True))
        (bid_ticks, bid_lots), (ask_ticks, _) = sides
        crossing = int(ask_ticks[0]) + 1 if self.crossed else None
        if crossing != self._crossing:
            if self._crossing is not None:
                bids[self._crossing] = int(bid_lots[bid_ticks == self._crossing].sum())
            if crossing is not None:
                bids[crossing] = int(bid_lots[0])
        if self.repeat and not bids and not asks:
            bids[int(bid_ticks[0])] = int(bid_lots[0])
        self._sent, self._crossing, self.changed_ms = sides, crossing, self._step(now_ms)
        return bids, asks

    def whole(self) -> tuple[Changes, Changes]:
        """Return the levels that were sent."""
        bids, asks = (dict(zip(ticks.tolist(), lots.tolist(), strict=True)) for ticks, lots in self._sent or ())
        return ({self._crossing: next(iter(bids.values()))} if self._crossing is not None else {}) | bids, asks

    def rows(self, changes: tuple[Changes, Changes]) -> list[list[list[str]]]:
        """Return [bids, asks] as the venue writes them, best first."""
        return [self._side_rows(side, reverse=reverse) for side, reverse in zip(changes, (True, False), strict=True)]

    def _side_rows(self, side: Changes, *, reverse: bool) -> list[list[str]]:
        tick, lot = self.listing.tick, self.listing.lot
        levels = sorted(side.items(), reverse=reverse)
        rows = fixed_rows(
            [(price * tick, lots * lot) for price, lots in levels], self.listing.price_digits, self.listing.size_digits
        )
        for row, (_, lots) in zip(rows, levels, strict=True):
            if not lots:
                row[1] = self._zero
        return rows

    def _look(self, now_ms: int) -> tuple[Side, Side]:
        return self.market.book_sides(self.listing.base, now_ms, self._levels)

    def _step(self, now_ms: int) -> int:
        return now_ms - now_ms % self.market.step_ms(self.listing.base)


class TradesTopic(Topic):
    """The trades of one listing, each sent once."""

    def __init__(self, market: SimulatedMarket, name: str, every_ms: int, listing: Listing) -> None:
        super().__init__(market, name, every_ms)
        self.listing, self._next = listing, 0

    def begin(self, now_ms: int) -> None:
        """Remember the last trade."""
        self._next = self.market.trades(self.listing.base, now_ms, 1)[-1][0] + 1

    def new(self, now_ms: int) -> list[Trade]:
        """Return the trades since the last call."""
        newest = self.market.trades(self.listing.base, now_ms, 1)[-1][0]
        if newest < self._next:
            return []
        trades = self.market.trades(self.listing.base, now_ms, min(newest - self._next + 1, MOST_TRADES))
        self._next = newest + 1
        return trades


class KlineTopic(Topic):
    """The bars of one listing: the one that is forming, and each closed bar once."""

    kind = "kline"

    def __init__(self, market: SimulatedMarket, name: str, every_ms: int, listing: Listing, bar_ms: int) -> None:
        super().__init__(market, name, every_ms)
        self.listing, self.bar_ms = listing, bar_ms
        self._sent: list[float] | None = None

    def message(self, row: list[float], now_ms: int, *, closed: bool) -> Message:
        """Return the message of a bar: open time, open, high, low, close, volume, turnover."""
        raise NotImplementedError

    def first(self, now_ms: int) -> Sequence[Message]:
        """Return the forming bar."""
        row = self._bar(now_ms, now_ms)
        self._sent = self._sent or row
        return [self.message(row, now_ms, closed=False)]

    def poll(self, now_ms: int) -> Sequence[object]:
        """Return the bar that has closed, if any, and the forming bar if it has changed."""
        row, sent = self._bar(now_ms, now_ms), self._sent
        self._sent = row
        messages = []
        if sent is not None and row[0] > sent[0]:
            messages.append(self.message(self._bar(int(sent[0]), now_ms), now_ms, closed=True))
        if row != sent or self.repeat:
            messages.append(self.message(row, now_ms, closed=False))
        return messages

    def _bar(self, at_ms: int, now_ms: int) -> list[float]:
        open_ms = at_ms // self.bar_ms * self.bar_ms
        row: list[float] = self.market.candles(self.listing.base, self.bar_ms, open_ms, open_ms, now_ms)[0].tolist()
        return row
