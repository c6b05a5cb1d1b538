"""The metrics of the streams of one venue. Thousands of messages arrive a second, so each metric is looked up once."""

from __future__ import annotations

from prometheus_client import Counter

from virtuoso import metrics
from virtuoso.domain.clock import Clock
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


class StreamingTimes:
    """Since when all symbols stream, by kind."""

    def __init__(self, venue: str, clock: Clock) -> None:
        self._venue, self._clock = venue, clock
        self._since_ms: dict[InputKind, int] = {}

    def update(self, kind: InputKind, streaming: int, expected: int) -> None:
        """Record that this kind streams of `streaming` of the `expected` symbols now."""
        metrics.STREAM_TOPICS.labels(self._venue, kind).set(streaming)
        if streaming < expected or not streaming:
            self._since_ms.pop(kind, None)
        else:
            self._since_ms.setdefault(kind, self._clock.now_ms())

    def since_ms(self, kind: InputKind) -> int | None:
        """Return our time since which all symbols stream. Return None while one of them does not."""
        return self._since_ms.get(kind)
