"""A ccxt client with our base URL, our rate limiter and unparsed rows. Only this file depends on the internals of ccxt.

ccxt builds the requests, detects errors in replies and stores the markets. The venues with limits in `venues` use our own
rate limiter, because ccxt's limiter sends one request at a time and underestimates some weights.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import BadData, ConfigError
from virtuoso.domain.plausibility import MAX_DIGITS
from virtuoso.exchange import ccxt_packages
from virtuoso.exchange.budget import Budget
from virtuoso.exchange.market_list import MarketList
from virtuoso.exchange.replies import CALL_REPLIES, MAX_BODY_LENGTH, Reply
from virtuoso.exchange.venues import Limit, Venue

URGENT: ContextVar[bool] = ContextVar("urgent", default=False)  # True for tickers, which do not wait in the queue
_MARKET_LIST: ContextVar[MarketList | None] = ContextVar("market_list", default=None)  # the one that this task reads


class _Client:
    """A mixin for a ccxt class. It stores each reply in the task that sent the request, and respects the rate limits. It
    retries once after a broken connection or a 5xx status."""

    limits: tuple[tuple[Limit, Budget], ...] = ()
    unused: tuple[Mapping[str, str], ...] = ()  # parameters of requests that are not sent
    weights: Mapping[str, float]
    check_allowed: Callable[[], None]  # raises while requests are not allowed
    clock: Clock
    timeout: int  # milliseconds
    calculate_rate_limiter_cost: Callable[..., float]

    def on_rest_response(self, *reply: Any) -> Any:
        code, _, url, _, headers, body, *_ = reply
        stored = Reply(code, headers, body[:MAX_BODY_LENGTH], received_ms=self.clock.now_ms(), url=str(url), text=body)
        CALL_REPLIES.get().append(stored)
        return super().on_rest_response(*reply)  # type: ignore[misc]

    def on_json_response(self, body: str) -> Any:
        data = super().on_json_response(body)  # type: ignore[misc]
        reply = CALL_REPLIES.get()[-1]
        reply.readable = True
        reply.read_clock(data)
        return data

    async def fetch_markets(self, params: Any = None) -> list[Any]:
        """Return the markets that ccxt can parse. A row that it cannot parse is refused and counted."""
        market_list = MarketList(partial(super().fetch_markets, params or {}))  # type: ignore[misc]
        before = _MARKET_LIST.set(market_list)
        try:
            return await market_list.read()
        finally:
            _MARKET_LIST.reset(before)

    def parse_precision(self, precision: Any) -> Any:
        """Return ccxt's result. Raise BadData for a number of digits that ccxt would write out in an endless loop."""
        if precision is not None and abs(int(precision)) > MAX_DIGITS:
            raise BadData(f"a precision of {precision} digits")
        return super().parse_precision(precision)  # type: ignore[misc]

    async def fetch2(
        self, path: str, api: Any = "public", method: str = "GET", params: Any = None, config: Any = None
    ) -> Any:
        """Return the reply to one request. For a request that is `unused`, send nothing and return {}."""
        api_path = f"{api if isinstance(api, str) else api[0]}/{path}"
        if any(unused.items() <= (params or {}).items() for unused in self.unused):
            return {}
        send = partial(self._send, api_path, path, api, method, params or {}, config or {})
        market_list = _MARKET_LIST.get()
        return await send() if market_list is None else await market_list.reply(api_path, params or {}, send)

    async def _send(self, api_path: str, *request: Any) -> Any:
        """Send one request, with the arguments of `fetch2`.

        For a venue with `limits`, first wait in the queue. Then retry once after a broken connection or a 5xx status. After
        the wait, both attempts together take at most the timeout.
        """
        path, api, method, params, config = request
        send = partial(super().fetch2, *request)  # type: ignore[misc]
        for limit, budget in self.limits:
            if api_path.startswith(limit.prefix):
                weight = self.weights.get(api_path) or self.calculate_rate_limiter_cost(api, method, path, params, config)
                cost, urgent = weight if limit.weighted else 1, URGENT.get()
                async with budget.turn(cost, urgent=urgent):
                    try:
                        async with asyncio.timeout(self.timeout / 1000):
                            return await self._send_with_retry(send, partial(budget.spend, cost))
                    except (TimeoutError, ccxt_packages.errors.RequestTimeout):
                        budget.give_up(0.8 * self.timeout / 1000)  # not 1.0: requests of a batch do not start together
                        raise
        return await send()  # ccxt's own limiter waits in this call

    async def _send_with_retry(self, request: Callable[[], Any], spend_again: Callable[[], Any]) -> Any:
        replies = CALL_REPLIES.get()
        before = len(replies)
        try:
            return await request()
        except ccxt_packages.errors.ExchangeNotAvailable:
            if any(reply.status < 500 for reply in replies[before:]):  # the venue answered, so a retry would not help
                raise
            del replies[before:]
        await self.clock.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - jitter
        await spend_again()
        return await request()

    async def fetch(self, *request: Any, **more: Any) -> Any:
        """Send the request. Raise RateLimited when the venue requested a pause while the request was in the queue."""
        self.check_allowed()
        return await super().fetch(*request, **more)  # type: ignore[misc]


class _Raw:
    """A mixin for venues with `raw`. It skips ccxt's parsing, so rows keep the venue's own field names."""

    def parse_tickers(self, tickers: Any, *_: Any, **__: Any) -> Any:
        return tickers

    def parse_funding_rates(self, response: Any, *_: Any, **__: Any) -> Any:
        return response

    def parse_trades(self, trades: Any, *_: Any, **__: Any) -> Any:
        return trades

    def parse_ohlcvs(self, ohlcvs: Any, *_: Any, **__: Any) -> Any:
        return ohlcvs

    def parse_order_book(self, book: Any, *names: Any) -> Any:
        bids, asks = names[2:4] or ("bids", "asks")  # the arguments after symbol and time
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
    """Return a ccxt client of the venue. Raise ConfigError when ccxt has no such venue.

    `url` (scheme, host, port) replaces every endpoint unless it is None. `check_allowed` is called before each request and
    raises when requests are not allowed. `clock` gives the time of receipt of replies. `session` replaces the network. It
    has the interface of aiohttp's session, and requests to it have no rate limit.
    """
    ccxt_class = ccxt_packages.venue_class(ccxt_packages.ASYNC, venue.ccxt_id)
    if ccxt_class is None:
        count = len(ccxt_packages.venue_ids(ccxt_packages.ASYNC))
        raise ConfigError(f"exchange {venue.name!r}: not one of ccxt's {count} exchange ids, such as bybit, okx")
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
    client.has["fetchCurrencies"] = False  # its reply is not needed
    client.limits = tuple((limit, Budget(limit.allowance, limit.window_s, limit.reserve, clock=clock)) for limit in limits)
    client.weights = venue.weights
    client.unused = venue.unused_requests
    client.check_allowed = check_allowed
    client.clock = clock
    if session is not None or (url is not None and not url.startswith("https:")):
        client.timeout_on_exit = 0  # ms that ccxt waits after closing; only TLS needs it
    if url is not None:
        client.urls["api"] = _moved(client.urls["api"], url.rstrip("/"))
    return client


def connect_streams(venue: Venue, *, url: str | None, markets: Any) -> Any:
    """Return a new client of ccxt.pro that knows `markets`. Return None when ccxt.pro lacks the venue. `url` is as in
    `connect`."""
    ccxt_class = ccxt_packages.venue_class(ccxt_packages.STREAMS, venue.ccxt_id)
    if ccxt_class is None:
        return None
    client = ccxt_class({"options": dict(venue.options)})
    client.set_markets(markets)
    if url is not None:
        client.timeout_on_exit = 0
        client.urls["api"] = _moved(client.urls["api"], url.rstrip("/"))
    return client


def _moved(urls: Any, base: str) -> Any:
    """Return the URLs with the host of `base`, and its scheme: http or https, and ws or wss for streams."""
    if isinstance(urls, dict):
        return {name: _moved(value, base) for name, value in urls.items()}
    parts = urlsplit(urls)
    if parts.scheme.startswith("ws"):
        base = base.replace("http", "ws", 1)
    return base + parts.path + (f"?{parts.query}" if parts.query else "")
