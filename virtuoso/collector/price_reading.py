"""The prices of one venue: requested before each pass, or, while streams send prices, in the background of passes.

While requests fail and streams go on, the market is that of the streams. While streams are lost and requests succeed, it is
polled. The venue fails only when neither gives prices.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING

from virtuoso.domain.errors import ExchangeError, RateLimited, VenueTimedOut

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.market_data.feed import Feed

log = logging.getLogger(__name__)

STAGE_S = 5.0  # the maximum duration of one request


class PriceReading:
    """Reads the prices of a feed. `error` is why the last request failed, or None after a success."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._due_at = -math.inf
        self.error: ExchangeError | None = None

    @property
    def failure(self) -> str:
        """Return why the last request failed. Empty after a success."""
        return "" if self.error is None else f"{type(self.error).__name__}: {self.error}"

    async def update(self) -> None:
        """Bring the prices up to date. Raise ExchangeError when streams send no prices and a request fails."""
        if not self._feed.streams_alive:
            await self.request()
        elif self._task is None and self._clock.monotonic() >= self._due_at:
            self._task = asyncio.create_task(self._request_beside_streams())

    async def request(self) -> None:
        """Request the prices now, or wait for the request that runs. Raise ExchangeError when it fails."""
        if self._task is not None:
            await asyncio.wait({self._task})
        else:
            await self._request()
        if self.error is not None:
            raise self.error

    async def stop(self) -> None:
        """End a request in the background. Idempotent."""
        if (task := self._task) is not None:
            task.cancel()
            await asyncio.wait({task})
            self._task = None

    async def _request(self) -> None:
        began = self._clock.monotonic()
        self._due_at = began + self._feed.period_s
        try:
            async with asyncio.timeout(STAGE_S):
                await self._feed.refresh_tickers()
        except TimeoutError:
            self.error = VenueTimedOut(f"no prices within {STAGE_S:g} s", venue=self._feed.venue, endpoint="tickers")
        except ExchangeError as error:
            self.error = error
            if isinstance(error, RateLimited):
                self._due_at = max(self._due_at, began + (error.until_ms - self._clock.now_ms()) / 1000)
        else:
            self.error = None

    async def _request_beside_streams(self) -> None:
        before = self.error
        try:
            await self._request()
        finally:
            self._task = None
        if before is None and self.error is not None:
            log.warning("%s: prices cannot be requested, but streams go on: %s", self._feed.venue, self.error)
        elif before is not None and self.error is None:
            log.info("%s: prices can be requested again", self._feed.venue)
