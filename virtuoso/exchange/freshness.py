"""Check that a venue's clock moves forward and stays close to ours."""

from __future__ import annotations

from virtuoso.domain.errors import VenueStale
from virtuoso.domain.plausibility import MAX_CLOCK_LAG_MS, MAX_CLOCK_STEP_BACK_MS, MAX_CLOCK_STILL_MS
from virtuoso.exchange.replies import Reply


class VenueClock:
    """Checks the venue's time in tickers, and estimates the time of replies that have none."""

    def __init__(self) -> None:
        self._newest: int | None = None
        self._moved_ms = 0
        self._lag: int | None = None

    def watch(self, observed_ms: int, received_ms: int) -> None:
        """Check the venue's time in new tickers (both epoch ms).

        Raise VenueStale when it is more than 60 s behind ours, went back by more than 5 s, or has not moved for 15 s.
        """
        self._lag = received_ms - observed_ms
        # If the clock ran ahead of ours once, its corrected time must still be accepted.
        newest = observed_ms - 1 if self._newest is None else min(self._newest, received_ms)
        self._newest = max(newest, observed_ms)
        if observed_ms > newest:
            self._moved_ms = received_ms
        if self._lag > MAX_CLOCK_LAG_MS:
            raise VenueStale(f"its clock is {self._lag / 1000:.1f} s behind ours")
        if newest - observed_ms > MAX_CLOCK_STEP_BACK_MS:
            raise VenueStale(f"its clock went back by {(newest - observed_ms) / 1000:.1f} s")
        if received_ms - self._moved_ms >= MAX_CLOCK_STILL_MS:
            raise VenueStale(f"its clock has stood still for {(received_ms - self._moved_ms) / 1000:.1f} s")

    def observed_ms(self, reply: Reply | None, received_ms: int) -> int:
        """Return the venue's time of a reply.

        Use the time in the reply if there is one. Otherwise use our time of receipt minus the last lag of the tickers, but
        no time after the HTTP Date. The Date alone would make old data look new. Without a known lag, use the Date. Without
        a Date, use our time of receipt.
        """
        own = reply.own_ms if reply else None
        if own is not None:
            return own
        date = reply.date_ms if reply else None
        guess = received_ms - self._lag if self._lag is not None else (received_ms if date is None else date)
        return guess if date is None else min(guess, date + 999)
