"""A circuit breaker for one venue: when to leave it alone, when to try it again, and since when it has been well."""

from __future__ import annotations

import random
from collections.abc import Callable

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ExchangeError, RateLimited, UnknownSymbol, Unsupported, VenueBlocked

FAILURES = 3  # in a row
FAILING_MS = 8_000  # from the first failure in a row to the last
SHORT_PAUSE_MS = 10_000  # a pause that the venue asks for is waited out up to this long: no change of market
BLOCKED_MS = 60_000  # a block lasts for hours: asking more often is of no use
FIRST_MS = 1_000
LONGEST_MS = 30_000


class Breaker:
    """Takes note of how each tickers call of its venue went. It sends nothing.

    It opens at once on VenueBlocked and on RateLimited for more than 10 s; on any other failure of the venue after three
    in a row, or when they go on for 8 s. While `open`, one probe may be sent from `retry_ms` on: a success closes it, a
    failure doubles the wait, up to 30 s. UnknownSymbol and Unsupported say nothing of the venue's health.
    """

    def __init__(self, venue: str, *, clock: Clock, chance: Callable[[], float] = random.random) -> None:
        self.venue = venue
        self.open = False
        self.retry_ms = 0  # epoch ms before which nothing should be sent; 0: any time
        self.error: ExchangeError | None = None  # the last failure; None once it is well
        self.healthy_since_ms: int | None = None  # epoch ms of the first success since the last failure
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._failing_since_ms = 0
        self._probes = 0

    def failed(self, error: ExchangeError) -> None:
        """Take note that a call failed."""
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
        """Take note that a call succeeded."""
        self.open, self.error, self.retry_ms = False, None, 0
        self._failures = self._probes = 0
        if self.healthy_since_ms is None:
            self.healthy_since_ms = self._clock.now_ms()

    @property
    def probe_due(self) -> bool:
        """Return True when it is open and its venue may be asked whether it is well again."""
        return self.open and self._clock.now_ms() >= self.retry_ms

    def _wait_ms(self, error: ExchangeError, now: int) -> int:
        if isinstance(error, RateLimited):
            return max(error.until_ms - now, 0)  # exactly what the venue asked for
        spread = 0.75 + 0.25 * self._chance()  # several nodes must not probe in step
        if isinstance(error, VenueBlocked):
            return int(BLOCKED_MS * spread)
        wait = min(FIRST_MS * 2 ** min(self._probes, 10), LONGEST_MS)
        self._probes += 1
        return int(wait * spread)
