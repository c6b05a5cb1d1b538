"""The trades of one symbol within the last ten minutes, from readings and from a stream, each trade once.

A reading is a run of the venue's newest trades without a gap. A stream sends new trades without a gap until it is
interrupted. The window knows before which of its trades others may be missing. A reading that overlaps closes such a hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from virtuoso.domain.model import Stamp, Trades
from virtuoso.market_data.columns import TIME, Columns

WINDOW_MS = 600_000  # up to the newest trade
MAX_TRADES = 60_000  # of one symbol: 100 a second
MAX_HOLES = 100  # older ones are not filled any more: the window is complete only after them
COLUMNS = {"ids": object, "price": np.float64, "size": np.float64, "side": np.float64}


class TradeWindow:
    """The newest trades of `symbol`. `unfilled` is True while a reading could close a hole."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._rows = Columns(COLUMNS)
        self._holes: list[tuple[int, str]] = []  # (time, id) of trades before which others may be missing, oldest first
        self._since_ms = 0  # the trades before this time were dropped
        self._read_from_ms = 0
        self._record: Trades | None = None
        self._interrupted = True  # the next trades of the stream do not follow those of the window
        self.stamp: Stamp | None = None
        self.unfilled = False

    def read(self, trades: Trades) -> None:
        """Add a reading."""
        known = self._known(trades)
        inside = set(trades.ids[1:])
        self._holes = [hole for hole in self._holes if hole[1] not in inside]
        if trades.ids[0] not in known:
            self._add_hole(trades)
        self._add(trades, known)
        self.unfilled = any(time_ms > int(trades.time_ms[-1]) for time_ms, _ in self._holes)

    def add_streamed(self, trades: Trades, *, contiguous: bool) -> None:
        """Add trades of a stream. `contiguous` is False when trades before them may be missing."""
        if not len(trades.time_ms):
            return
        known = self._known(trades)
        if (self._interrupted or not contiguous) and trades.ids[0] not in known:
            self._add_hole(trades)
            self.unfilled = True
        self._interrupted = False
        self._add(trades, known)

    def lose(self) -> None:
        """Record that the stream was lost. Trades may be missing until it sends new ones."""
        self._interrupted = True

    def lacks(self, trades: Trades, *, before_ms: int) -> bool:
        """Return True if a reading has a trade that is newer than all of this window and older than `before_ms`."""
        newest_ms = int(self._rows[TIME][-1]) if len(self._rows) else 0
        return bool(np.any((trades.time_ms > newest_ms) & (trades.time_ms < before_ms)))

    def record(self) -> Trades | None:
        """Return the trades of the window, or None when there is none."""
        if self._record is None and self.stamp is not None and len(self._rows):
            columns = self._rows.all()
            since_ms = max([self._since_ms, *(time_ms + 1 for time_ms, _ in self._holes)])
            self._record = Trades(
                symbol=self._symbol,
                ids=columns.pop("ids").tolist(),
                stamp=self.stamp,
                read_from_ms=self._read_from_ms,
                complete_since_ms=since_ms,
                **columns,
            )
        return self._record

    def _known(self, trades: Trades) -> set[str]:
        """Return the ids of the trades of this window that are at least as new as the first one of `trades`."""
        times, first_ms = self._rows[TIME], trades.time_ms[0]
        if not len(times) or first_ms > times[-1]:
            return set()
        return set(self._rows["ids"][times.searchsorted(first_ms) :])

    def _add_hole(self, trades: Trades) -> None:
        self._holes.append((int(trades.time_ms[0]), trades.ids[0]))
        self._holes.sort()
        for time_ms, _ in self._holes[:-MAX_HOLES]:
            self._since_ms = max(self._since_ms, time_ms + 1)
        del self._holes[:-MAX_HOLES]

    def _add(self, trades: Trades, known: set[str]) -> None:
        columns: dict[str, Any] = {name: getattr(trades, name) for name in (TIME, "price", "size", "side")}
        ids: Sequence[str] = trades.ids
        if known:
            new = [index for index, trade in enumerate(ids) if trade not in known]
            ids, columns = [ids[index] for index in new], {name: values[new] for name, values in columns.items()}
        self._rows.add({"ids": ids, **columns})
        self._drop_old()
        if self.stamp is None or trades.stamp.observed_ms >= self.stamp.observed_ms:
            self.stamp, self._read_from_ms = trades.stamp, int(trades.time_ms[0])
        self._record = None

    def _drop_old(self) -> None:
        oldest_ms = int(self._rows[TIME][-1]) - WINDOW_MS + 1
        if self._rows.drop_before(oldest_ms):
            self._since_ms = max(self._since_ms, oldest_ms)
        if (excess := len(self._rows) - MAX_TRADES) > 0:
            self._since_ms = max(self._since_ms, int(self._rows[TIME][excess - 1]) + 1)
            self._rows.drop(excess)
        self._holes = [hole for hole in self._holes if hole[0] >= self._since_ms]
