"""The liquidations of one symbol within the last 24 hours. Only streams send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.model import DAY_MS, Liquidations
from virtuoso.domain.plausibility import MAX_WATCH_GAP_MS
from virtuoso.market_data.columns import TIME, Columns

if TYPE_CHECKING:
    from virtuoso.domain.model import Stamp

MAX_LIQUIDATIONS = 20_000  # of one symbol; the oldest are dropped, and the watched time is then shorter
COLUMNS = {"price": np.float64, "size": np.float64, "side": np.float64}


class LiquidationWindow:
    """The liquidations of `symbol`. There is no record before the first update and after the stream was lost."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._rows = Columns(COLUMNS)
        self._newest: Liquidations | None = None
        self._since_ms = self._known_since_ms = self._alive_ms = 0

    def add_streamed(self, new: Liquidations) -> None:
        """Add liquidations of the stream."""
        self._rows.add({name: getattr(new, name) for name in (TIME, *COLUMNS)})
        if new.complete_since_ms > self._since_ms:
            self._since_ms = new.complete_since_ms
            if self._since_ms - self._alive_ms > MAX_WATCH_GAP_MS:
                self._known_since_ms = self._since_ms
        if (excess := len(self._rows) - MAX_LIQUIDATIONS) > 0:
            begin_ms = int(self._rows[TIME][excess - 1]) + 1
            self._since_ms, self._known_since_ms = max(self._since_ms, begin_ms), max(self._known_since_ms, begin_ms)
            self._rows.drop(excess)
        self._alive_ms = max(self._alive_ms, new.stamp.observed_ms)
        self._newest = new

    def lose(self) -> None:
        """Record that the stream was lost. What was sent stays, but a later record is complete only from its return on."""
        self._newest = None

    def record(self, now_ms: int, stamp: Stamp | None) -> Liquidations | None:
        """Return the liquidations of the 24 hours before `now_ms`. `stamp` is that of the newest other data of the same
        streams: until then, none was left out."""
        newest = self._newest
        if newest is None:
            return None
        self._rows.drop_before(now_ms - DAY_MS)
        later = stamp is not None and stamp.observed_ms > newest.stamp.observed_ms
        alive = stamp if later and stamp is not None else newest.stamp
        self._alive_ms = max(self._alive_ms, alive.observed_ms)
        return Liquidations(
            symbol=self._symbol,
            stamp=alive,
            complete_since_ms=max(self._since_ms, now_ms - DAY_MS),
            known_since_ms=max(self._known_since_ms, now_ms - DAY_MS),
            lower_bound=newest.lower_bound,
            **self._rows.all(),
        )
