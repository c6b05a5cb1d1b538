"""The ccxt client with our address, our pace, and rows as they came. Only this file knows how ccxt works inside.

ccxt builds the requests, reads the errors in replies and remembers the markets. The pace of the venues in `venues` is ours:
ccxt's limiter sends one request at a time and underestimates some weights.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import ccxt.async_support as ccxt

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ConfigError
from virtuoso.exchange.budget import Budget
from virtuoso.exchange.replies import CALL_REPLIES, MAX_BODY_LENGTH, Reply
from virtuoso.exchange.venues import Limit, Venue

URGENT: ContextVar[bool] = ContextVar("urgent", default=False)  # tickers do not wait in the queue


class _Client:
    """Mixed in before a ccxt class: notes each reply in the task that asked, respects the allowance, and asks once
    more when a connection breaks."""

    limits: tuple[tuple[Limit, Budget], ...] = ()
    weights: Mapping[str, float]
    check_allowed: Callable[[], None]  # raises while nothing may be sent
    clock: Clock
    timeout: int  # milliseconds
    calculate_rate_limiter_cost: Callable[..., float]

    def on_rest_response(self, *reply: Any) -> Any:
        code, _, url, _, headers, body, *_ = reply
        noted = Reply(code, headers, body[:MAX_BODY_LENGTH], received_ms=self.clock.now_ms(), url=str(url), text=body)
        CALL_REPLIES.get().append(noted)
        return super().on_rest_response(*reply)  # type: ignore[misc]

    def on_json_response(self, body: str) -> Any:
        data = super().on_json_response(body)  # type: ignore[misc]
        reply = CALL_REPLIES.get()[-1]
        reply.readable = True
        reply.read_clock(data)
        return data

    async def fetch2(
        self, path: str, api: Any = "public", method: str = "GET", params: Any = None, config: Any = None
    ) -> Any:
        """Send one request in its turn. From then on it takes the time-out at most, with a second try after a broken
        connection or a 5xx."""
        params, config = params or {}, config or {}
        place = f"{api if isinstance(api, str) else api[0]}/{path}"
        request = partial(super().fetch2, path, api, method, params, config)  # type: ignore[misc]
        for limit, budget in self.limits:
            if place.startswith(limit.prefix):
                weight = self.weights.get(place) or self.calculate_rate_limiter_cost(api, method, path, params, config)
                cost, urgent = weight if limit.weighted else 1, URGENT.get()
                async with budget.turn(cost, urgent=urgent):
                    try:
                        async with asyncio.timeout(self.timeout / 1000):
                            return await self._twice(request, partial(budget.spend, cost))
                    except (TimeoutError, ccxt.RequestTimeout):
                        budget.give_up(0.8 * self.timeout / 1000)  # not all requests of a batch begin at the same instant
                        raise
        return await request()  # in which ccxt's own limiter waits

    async def _twice(self, request: Callable[[], Any], pay: Callable[[], Any]) -> Any:
        replies = CALL_REPLIES.get()
        noted = len(replies)
        try:
            return await request()
        except ccxt.ExchangeNotAvailable:
            if any(reply.status < 500 for reply in replies[noted:]):  # it answered: asking again changes nothing
                raise
            del replies[noted:]
        await self.clock.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - spreads load, guards nothing
        await pay()
        return await request()

    async def fetch(self, *request: Any, **more: Any) -> Any:
        """Send it, unless the venue asked for a pause while it waited for its turn."""
        self.check_allowed()
        return await super().fetch(*request, **more)  # type: ignore[misc]


class _Raw:
    """Mixed in where rows are read under the venue's own field names: ccxt's parsing is skipped."""

    def parse_tickers(self, tickers: Any, *_: Any, **__: Any) -> Any:
        return tickers

    def parse_funding_rates(self, response: Any, *_: Any, **__: Any) -> Any:
        return response

    def parse_trades(self, trades: Any, *_: Any, **__: Any) -> Any:
        return trades

    def parse_ohlcvs(self, ohlcvs: Any, *_: Any, **__: Any) -> Any:
        return ohlcvs

    def parse_order_book(self, book: Any, *names: Any) -> Any:
        bids, asks = names[2:4] or ("bids", "asks")  # after symbol and time
        return {"bids": book.get(bids), "asks": book.get(asks)}

    def parse_funding_rate_histories(self, response: Any, *_: Any, **__: Any) -> Any:
        return response

    def parse_open_interests_history(self, response: Any, *_: Any, **__: Any) -> Any:
        return response

    def parse_long_short_ratio_history(self, response: Any, *_: Any, **__: Any) -> Any:
        return response


def connect(
    venue: Venue,
    *,
    url: str | None,
    timeout_s: float,
    check_allowed: Callable[[], None],
    clock: Clock,
    session: Any = None,
) -> Any:
    """Return a ccxt client of the venue, with every endpoint at `url` (scheme, host, port) where one is given.
    `check_allowed` is called before each request and raises when nothing may be sent. `clock` says when replies came.
    `session` answers in place of the network, as aiohttp's would, and at any pace. ConfigError when ccxt has no such
    venue."""
    ccxt_class = getattr(ccxt, venue.ccxt_id, None) if venue.ccxt_id in ccxt.exchanges else None
    if ccxt_class is None:
        raise ConfigError(
            f"exchange {venue.name!r}: not one of ccxt's {len(ccxt.exchanges)} exchange ids, such as bybit, okx"
        )
    bases = (_Client, _Raw, ccxt_class) if venue.raw else (_Client, ccxt_class)
    limits = venue.limits if session is None else ()
    client: Any = type(venue.ccxt_id, bases, {})(
        {
            "timeout": int(timeout_s * 1000),
            "enableRateLimit": session is None and not limits,
            "enableLastHttpResponse": False,
            "enableLastJsonResponse": False,
            "options": dict(venue.options),
            **({} if session is None else {"session": session}),
        }
    )
    client.has["fetchCurrencies"] = False  # a request for nothing
    client.limits = tuple((limit, Budget(limit.allowance, limit.window_s, limit.reserve, clock=clock)) for limit in limits)
    client.weights = venue.weights
    client.check_allowed = check_allowed
    client.clock = clock
    if session is not None or (url is not None and not url.startswith("https:")):
        client.timeout_on_exit = 0  # ms that ccxt waits after closing, which only TLS needs
    if url is not None:
        client.urls["api"] = _moved(client.urls["api"], url.rstrip("/"))
    return client


def _moved(urls: Any, base: str) -> Any:
    """Return the same URLs with another scheme and host."""
    if isinstance(urls, dict):
        return {name: _moved(value, base) for name, value in urls.items()}
    parts = urlsplit(urls)
    return base + parts.path + (f"?{parts.query}" if parts.query else "")
