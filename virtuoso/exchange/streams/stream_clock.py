"""The venue's time in streamed messages. It is checked as in `freshness`: a time ahead of ours needs a second reading."""

from __future__ import annotations

from virtuoso.domain.plausibility import MAX_CLOCK_LAG_MS, MAX_CLOCK_LEAD_MS


class StreamClock:
    """The lead of one venue's clock over ours."""

    def __init__(self) -> None:
        self._last_lead_ms = 0

    def observed_ms(self, venue_ms: int, received_ms: int) -> int | None:
        """Return the venue's time of a message, ahead of ours by at most what the message before it confirms. Return None
        when it is more than 60 s ahead of ours or behind."""
        lead_ms = venue_ms - received_ms
        if not -MAX_CLOCK_LAG_MS <= lead_ms <= MAX_CLOCK_LEAD_MS:
            return None
        agreed_ms, self._last_lead_ms = min(lead_ms, max(0, self._last_lead_ms)), lead_ms
        return received_ms + agreed_ms
