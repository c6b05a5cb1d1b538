"""How many order books do not stream, because we cannot keep up. Books are most of the messages, and can be polled."""

from __future__ import annotations

import logging
import math

from virtuoso import metrics

STEP_S = 5.0  # the time in which a step has an effect
RECOVERY_S = 60.0  # the time without delay after which books stream again
SHARE = 4  # one of so many books is ended in a step

log = logging.getLogger(__name__)


class Thinning:
    """`count` is the number of symbols, from the end of the list, whose order books do not stream."""

    def __init__(self, venue: str) -> None:
        self.count = 0
        self._venue = venue
        self._changed_s = -math.inf
        self._behind_s = -math.inf

    def changed(self, behind: bool, symbols: int, now_s: float) -> bool:  # noqa: FBT001 - one question
        """Adapt `count`, given whether messages arrive faster than they are read. Return True when it has changed."""
        before = self.count = min(self.count, symbols)
        if behind:
            self._behind_s = now_s
            if now_s - self._changed_s >= STEP_S and self.count < symbols:
                self.count += max(1, (symbols - self.count) // SHARE)
                metrics.STREAM_THINNED.labels(self._venue).inc(self.count - before)
                log.warning("streams of %s: we cannot keep up: %d order books are polled", self._venue, self.count)
        elif self.count and now_s - max(self._behind_s, self._changed_s) >= RECOVERY_S:
            self.count //= 2
            log.info("streams of %s: %d order books are polled", self._venue, self.count)
        if self.count == before:
            return False
        self._changed_s = now_s
        return True
