"""The metrics of the streams of one venue. Thousands of messages arrive a second, so each metric is looked up once."""

from __future__ import annotations

from prometheus_client import Counter

from virtuoso import metrics
from virtuoso.domain.inputs import InputKind


class StreamMeasures:
    """Counts what a reader reads and refuses."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._messages: dict[InputKind, Counter] = {}
        self._lag = metrics.STREAM_LAG.labels(venue)

    def message(self, kind: InputKind, lag_ms: float) -> None:
        """Count a message, with the time from the venue's time to its receipt."""
        counter = self._messages.get(kind)
        if counter is None:
            counter = self._messages[kind] = metrics.STREAM_MESSAGES.labels(self._venue, kind)
        counter.inc()
        self._lag.observe(max(0.0, lag_ms / 1000))

    def refused(self, reason: str) -> None:
        """Count a message that was refused."""
        metrics.STREAM_REFUSED.labels(self._venue, reason).inc()
