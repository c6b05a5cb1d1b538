"""The venue's time in streamed messages. It is checked as in `freshness`: a time ahead of ours needs a second reading."""

from __future__ import annotations

from virtuoso.domain.plausibility import MAX_CLOCK_LAG_MS, MAX_CLOCK_LEAD_MS, MINUTE_MS


class StreamClock:
    """The lead of one venue's clock over ours: that which two messages of the last two minutes confirm."""

    def __init__(self) -> None:
        self._lead_ms = self._lead_before_ms = 0  # of this minute, and of the one before
        self._unconfirmed_ms = 0  # of the last message that was farther ahead
        self._minute = 0

    def observed_ms(self, venue_ms: int, received_ms: int) -> int | None:
        """Return the venue's time of a message, ahead of ours by at most what another message confirms. Return None when it
        is more than 60 s ahead of ours or behind."""
        lead_ms = venue_ms - received_ms
        if not -MAX_CLOCK_LAG_MS <= lead_ms <= MAX_CLOCK_LEAD_MS:
            return None
        if (minute := received_ms // MINUTE_MS) != self._minute:
            self._minute, self._lead_before_ms = minute, self._lead_ms
            self._lead_ms = self._unconfirmed_ms = 0
        if lead_ms > self._lead_ms:
            self._lead_ms, self._unconfirmed_ms = max(self._lead_ms, min(lead_ms, self._unconfirmed_ms)), lead_ms
        return received_ms + min(lead_ms, max(self._lead_ms, self._lead_before_ms))
