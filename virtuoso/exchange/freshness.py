"""Check that a venue's clock moves forward and stays close to ours.

The time in one reply may be wrong. A time ahead of our clock is therefore used only as far as two readings agree on it.
Results that cannot be undone (a closed signal, an alert, a stored point) then have a time that two readings or both clocks
confirm.
"""

from __future__ import annotations

from virtuoso.domain.errors import VenueStale
from virtuoso.domain.plausibility import (
    MAX_CLOCK_LAG_MS,
    MAX_CLOCK_LEAD_MS,
    MAX_CLOCK_STEP_BACK_MS,
    MAX_CLOCK_STILL_MS,
)
from virtuoso.exchange.replies import Reply


class VenueClock:
    """Checks the venue's time in tickers, and estimates the time of other replies."""

    def __init__(self) -> None:
        self._newest_ms: int | None = None  # the newest time in tickers, as the venue gave it
        self._moved_ms = 0  # our time when it last changed
        self._last_lead_ms = 0  # of the last reading
        self._lead_ms = 0  # the lead over our clock that the last two readings agree on
        self._used_ms: int | None = None  # the last time that `watch` returned
        self._lag_ms: int | None = None  # of the last time that was used

    def watch(self, observed_ms: int, received_ms: int) -> int:
        """Check the venue's time in new tickers, and return the time to use (all epoch ms).

        The result is the venue's time. Its lead over our clock is limited to the smaller lead of the last two readings.

        Raise VenueStale when the venue's time is more than 60 s behind or ahead of ours, went back by more than 5 s, or has
        not moved for 15 s.
        """
        lead_ms = observed_ms - received_ms
        if lead_ms > MAX_CLOCK_LEAD_MS:
            raise VenueStale(_ahead(lead_ms))
        newest_ms = self._newest_ms
        # When the newest time was ahead of ours, the correct time after it is earlier, and must be accepted.
        if newest_ms is None or observed_ms > newest_ms or observed_ms < newest_ms > received_ms:
            self._newest_ms, self._moved_ms = observed_ms, received_ms
        if observed_ms != newest_ms:  # an unchanged time is not a second reading
            self._lead_ms, self._last_lead_ms = max(0, min(lead_ms, self._last_lead_ms)), lead_ms
        if -lead_ms > MAX_CLOCK_LAG_MS:
            self._lag_ms = -lead_ms
            raise VenueStale(f"its clock is {-lead_ms / 1000:.1f} s behind ours")
        if newest_ms is not None and min(newest_ms, received_ms) - observed_ms > MAX_CLOCK_STEP_BACK_MS:
            raise VenueStale(f"its clock went back by {(min(newest_ms, received_ms) - observed_ms) / 1000:.1f} s")
        if received_ms - self._moved_ms >= MAX_CLOCK_STILL_MS:
            raise VenueStale(f"its clock has stood still for {(received_ms - self._moved_ms) / 1000:.1f} s")
        latest_ms = max(received_ms + self._lead_ms, self._used_ms or 0)  # our own clock may have been set back
        self._used_ms = min(observed_ms, latest_ms)
        self._lag_ms = received_ms - self._used_ms
        return self._used_ms

    def observed_ms(self, reply: Reply | None, received_ms: int) -> int:
        """Return the venue's time of a reply other than tickers.

        Use the time in the reply if there is one, but not ahead of our clock by more than the tickers confirm. Otherwise use
        our time of receipt minus the last lag of the tickers, but no time after the HTTP Date. The Date alone would make old
        data look new. Without a known lag, use the Date. Without a Date, use our time of receipt.

        Raise VenueStale when the time in the reply is more than 60 s ahead of ours.
        """
        own = reply.own_ms if reply else None
        if own is not None:
            if own - received_ms > MAX_CLOCK_LEAD_MS:
                raise VenueStale(_ahead(own - received_ms))
            return min(own, received_ms + self._lead_ms)
        date = reply.date_ms if reply else None
        if self._lag_ms is None:
            return received_ms if date is None else min(received_ms, date)
        guess = received_ms - self._lag_ms
        return guess if date is None else min(guess, date + 999)


def _ahead(lead_ms: int) -> str:
    return f"its clock is {lead_ms / 1000:.1f} s ahead of ours"
