"""A venue's clock: it must move, forwards, and stay near ours."""

from __future__ import annotations

from virtuoso.domain.errors import VenueStale
from virtuoso.exchange.replies import Reply

LAG_MS = 60_000
BACK_MS = 5_000
STILL_MS = 15_000


class VenueClock:
    """Watches the clock that tickers carry, and dates replies that carry none."""

    def __init__(self) -> None:
        self._newest: int | None = None
        self._moved_ms = 0
        self._lag: int | None = None

    def watch(self, observed_ms: int, received_ms: int) -> None:
        """Take note of the venue's time on new tickers (both epoch ms).

        VenueStale when it is more than 60 s behind ours, went back by more than 5 s, or has not moved for 15 s.
        """
        self._lag = received_ms - observed_ms
        # A clock that once ran ahead of ours must not condemn the right one for ever.
        newest = observed_ms - 1 if self._newest is None else min(self._newest, received_ms)
        self._newest = max(newest, observed_ms)
        if observed_ms > newest:
            self._moved_ms = received_ms
        if self._lag > LAG_MS:
            raise VenueStale(f"its clock is {self._lag / 1000:.1f} s behind ours")
        if newest - observed_ms > BACK_MS:
            raise VenueStale(f"its clock went back by {(newest - observed_ms) / 1000:.1f} s")
        if received_ms - self._moved_ms >= STILL_MS:
            raise VenueStale(f"its clock has stood still for {(received_ms - self._moved_ms) / 1000:.1f} s")

    def observed_ms(self, reply: Reply | None, received_ms: int) -> int:
        """Return the venue's time of a reply: its own where it says so, else ours less the lag that its tickers last had (by
        an HTTP Date alone old data would pass for new), else the Date."""
        own = reply.own_ms if reply else None
        if own is not None:
            return own
        date = reply.date_ms if reply else None
        guess = received_ms - self._lag if self._lag is not None else (received_ms if date is None else date)
        return guess if date is None else min(guess, date + 999)
