"""The venue's time in streamed messages. As in `freshness`, one odd time ahead of ours is not used. There are
hundreds of messages a second, so more than two must agree."""

from __future__ import annotations

from virtuoso.domain.plausibility import MAX_CLOCK_LAG_MS, MAX_CLOCK_LEAD_MS, MINUTE_MS

CONFIRMATIONS = 8  # messages in a row; one topic whose times are wrong rarely has so many


class StreamClock:
    """The lead of one venue's clock over ours: the least one of CONFIRMATIONS messages in a row, within two minutes."""

    def __init__(self) -> None:
        self._lead_ms = self._lead_before_ms = 0  # of this minute, and of the one before
        self._least_ms = self._farther = 0  # of the last messages, which all were farther ahead: least lead, and number
        self._minute = 0

    def observed_ms(self, venue_ms: int, received_ms: int) -> int | None:
        """Return the venue's time of a message, ahead of ours by at most what other messages confirm. Return None when it is
        more than 60 s ahead of ours or behind."""
        lead_ms = venue_ms - received_ms
        if not -MAX_CLOCK_LAG_MS <= lead_ms <= MAX_CLOCK_LEAD_MS:
            return None
        if (minute := received_ms // MINUTE_MS) != self._minute:
            self._minute, self._lead_before_ms = minute, self._lead_ms
            self._lead_ms = self._farther = 0
        if lead_ms <= self._lead_ms:
            self._farther = 0
        else:
            self._least_ms = min(lead_ms, self._least_ms) if self._farther else lead_ms
            self._farther += 1
            if self._farther == CONFIRMATIONS:
                self._lead_ms, self._farther = self._least_ms, 0
        return received_ms + min(lead_ms, max(self._lead_ms, self._lead_before_ms))
