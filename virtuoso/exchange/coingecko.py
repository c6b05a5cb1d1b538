"""BTC's share of the total market capitalisation, from CoinGecko's `/global`.

CoinGecko is not a venue. Its failures do not affect any venue.
"""

from __future__ import annotations

import asyncio
import json

import aiohttp

from virtuoso import metrics
from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import BadData, ExchangeError, RateLimited, VenueStale, VenueTimedOut, VenueUnavailable
from virtuoso.domain.model import Dominance, DominanceBasis
from virtuoso.domain.plausibility import BTC_SUPPLY, MAX_CLOCK_LEAD_MS, MAX_DOMINANCE_AGE_MS
from virtuoso.exchange.classify import kind_of, reply_error
from virtuoso.exchange.replies import MAX_BODY_LENGTH, Reply
from virtuoso.exchange.rows import number, positive

NAME = "coingecko"
PERIOD_MS = 60_000  # it updates about every minute, and its free rate limit is low
MAX_AGE_MS = 600_000  # maximum age of the last value while requests fail


class CoinGecko:
    """A client of CoinGecko for one event loop. It sends at most one request a minute. `url` is scheme, host and port."""

    def __init__(self, url: str, *, timeout_s: float = 5.0, clock: Clock = SYSTEM_CLOCK) -> None:
        self._url = url.rstrip("/") + "/api/v3/global"
        self._timeout_s = timeout_s
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._asking = asyncio.Lock()
        self._last: Dominance | None = None
        self._failure: ExchangeError | None = None
        self._received_ms = self._next_ms = 0

    async def dominance(self) -> Dominance:
        """Return BTC's share of market capitalisation in percent, as received last.

        While requests fail, use the last value for ten minutes. After that, or without a value, raise the ExchangeError of
        the last request: RateLimited, VenueTimedOut, VenueUnavailable, VenueBlocked, BadData, or VenueStale for a value that
        CoinGecko dated more than an hour ago or in the future.
        """
        async with self._asking:
            if self._clock.now_ms() >= self._next_ms:
                self._next_ms = self._clock.now_ms() + PERIOD_MS
                try:
                    self._last, self._failure = await self._ask(), None
                    self._received_ms = self._clock.now_ms()
                except ExchangeError as error:
                    error.venue, error.endpoint = NAME, "global"
                    self._failure = error
                    if isinstance(error, RateLimited):
                        self._next_ms = max(self._next_ms, error.until_ms)
                result = "ok" if self._failure is None else kind_of(self._failure)
                metrics.EXCHANGE_REQUESTS.labels(NAME, "global", result).inc()
        if self._last is not None and (self._failure is None or self._clock.now_ms() - self._received_ms < MAX_AGE_MS):
            return self._last
        raise self._failure or VenueUnavailable("not answered yet", venue=NAME, endpoint="global")

    async def close(self) -> None:
        """Release sockets. Idempotent; never raises."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self) -> Dominance:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout_s))
        try:
            async with self._session.get(self._url) as response:
                body = await response.text(errors="replace")
                reply = Reply(response.status, response.headers, body[:MAX_BODY_LENGTH])
        except TimeoutError as failure:
            raise VenueTimedOut(f"no answer within {self._timeout_s} s") from failure
        except aiohttp.ClientPayloadError as failure:
            raise BadData(f"reply incomplete: {failure}") from failure
        except (aiohttp.ClientError, OSError) as failure:
            raise VenueUnavailable(f"{type(failure).__name__} {failure}") from failure
        if refused := reply_error(reply, self._clock.now_ms()):
            raise refused
        return self._read(body, reply)

    def _read(self, body: str, reply: Reply) -> Dominance:
        try:
            data = json.loads(body)["data"]
            percent, updated = number(data["market_cap_percentage"]["btc"]), number(data["updated_at"])
            total_btc = positive(data.get("total_market_cap", {}).get("btc"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as failure:
            raise BadData(f"HTTP {reply.status}, no dominance: {reply.excerpt}") from failure
        if percent is None or updated is None or not 0 < percent < 100:
            raise BadData(f"dominance {data['market_cap_percentage']['btc']!r} at {data['updated_at']!r}")
        if total_btc is not None and not BTC_SUPPLY[0] <= (supply := percent / 100 * total_btc) <= BTC_SUPPLY[1]:
            raise BadData(f"dominance {percent} % of {total_btc:.0f} BTC would be a supply of {supply:.0f} BTC")
        age_ms = self._clock.now_ms() - updated * 1000
        if age_ms > MAX_DOMINANCE_AGE_MS:
            raise VenueStale(f"dominance is {age_ms / 1000:.0f} s old")
        if -age_ms > MAX_CLOCK_LEAD_MS:
            raise VenueStale(f"dominance is dated {-age_ms / 1000:.0f} s ahead of our clock")
        return Dominance(percent=percent, basis=DominanceBasis.MARKET_CAP, observed_ms=int(updated * 1000))
