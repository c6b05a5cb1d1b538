"""A circuit breaker for one venue. It decides when to stop requests and when to probe the venue."""

from __future__ import annotations

import random
from collections.abc import Callable

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ExchangeError, RateLimited, UnknownSymbol, Unsupported, VenueBlocked

FAILURES = 3  # consecutive failures that open the breaker
FAILING_MS = 8_000  # time between the first and the last consecutive failure that opens the breaker
SHORT_PAUSE_MS = 10_000  # a longer pause that the venue requests opens the breaker immediately
BLOCKED_MS = 60_000  # a block lasts for hours, so more frequent probes are useless
FIRST_MS = 1_000
LONGEST_MS = 30_000


class Breaker:
    """Tracks the result of each tickers call to its venue. It sends no requests.

    It opens immediately on VenueBlocked and on RateLimited for more than 10 s. It opens after three consecutive failures of
    any other kind, or when such failures last for 8 s. While it is `open`, one probe may be sent from `retry_ms` on. A
    success closes it. A failure doubles the wait, up to 30 s. UnknownSymbol and Unsupported are ignored, because they do not
    indicate the venue's health.
    """

    def __init__(self, venue: str, *, clock: Clock, chance: Callable[[], float] = random.random) -> None:
        self.venue = venue
        self.open = False
        self.retry_ms = 0  # epoch ms of the earliest next request, or 0
        self.error: ExchangeError | None = None  # the last failure; None after a success
        self.healthy_since_ms: int | None = None  # epoch ms of the first success since the last failure
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._failing_since_ms = 0
        self._probes = 0

    def failed(self, error: ExchangeError) -> None:
        """Record that a call failed."""
        if isinstance(error, UnknownSymbol | Unsupported):
            return
        now = self._clock.now_ms()
        self.error, self.healthy_since_ms = error, None
        if self._failures == 0:
            self._failing_since_ms = now
        self._failures += 1
        lasting = self._failures >= FAILURES or now - self._failing_since_ms >= FAILING_MS
        long = isinstance(error, RateLimited) and error.until_ms - now > SHORT_PAUSE_MS
        if self.open or lasting or long or isinstance(error, VenueBlocked):
            self.open = True
            self.retry_ms = now + self._wait_ms(error, now)

    def succeeded(self) -> None:
        """Record that a call succeeded."""
        self.open, self.error, self.retry_ms = False, None, 0
        self._failures = self._probes = 0
        if self.healthy_since_ms is None:
            self.healthy_since_ms = self._clock.now_ms()

    @property
    def probe_due(self) -> bool:
        """Return True when the breaker is open and a probe may be sent to its venue."""
        return self.open and self._clock.now_ms() >= self.retry_ms

    def _wait_ms(self, error: ExchangeError, now: int) -> int:
        if isinstance(error, RateLimited):
            return max(error.until_ms - now, 0)  # exactly the pause that the venue requested
        spread = 0.75 + 0.25 * self._chance()  # several nodes must not probe at the same time
        if isinstance(error, VenueBlocked):
            return int(BLOCKED_MS * spread)
        wait = min(FIRST_MS * 2 ** min(self._probes, 10), LONGEST_MS)
        self._probes += 1
        return int(wait * spread)
