"""Venues that answer without a network: recorded replies of Bybit, Binance and CoinGecko, simulated replies of okx.

All replies are those of one moment, so the same request has the same answer each time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.recorded import Recording
from virtuoso.domain.clock import SystemClock
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.coingecko import CoinGecko
from virtuoso.exchange.replies import Reply
from virtuoso.simulator import binance, bybit, coingecko, okx
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.venue_api import ApiError, VenueApi

if TYPE_CHECKING:
    import yarl

    from virtuoso.domain.model import Dominance

RECORDED: Mapping[str, VenueApi] = {"bybit": bybit, "binance": binance, "coingecko": coingecko}
NOW_MS = 1_795_849_210_000
"""The moment of all replies, epoch ms: ten seconds after a 5-minute bar has closed."""
SYMBOLS: Mapping[str, tuple[str, ...]] = {
    "bybit": ("BTCUSDT", "ETHUSDT", "DOGEUSDT", "1000PEPEUSDT"),
    "binance": ("BTCUSDT", "ETHUSDT", "DOGEUSDT", "1000SHIBUSDT"),
    "okx": ("BTCUSDT", "ETHUSDT", "DOGEUSDT", "SOLUSDT"),
    "myokx": ("BTCUSDT", "ETHUSDT", "DOGEUSDT", "SOLUSDT"),
}
"""The scored symbols of each venue. "myokx" is read as any ccxt venue is that the product does not know."""


class FixedClock(SystemClock):
    """A clock that stands still at NOW_MS plus `offset_ms`. `sleep` and `monotonic` are those of this machine."""

    offset_ms = 0
    """Another offset gives the next readings another time of receipt."""

    def now_ms(self) -> int:
        """See Clock."""
        return NOW_MS + self.offset_ms


class Replies:
    """An HTTP session for ccxt's client. `alter` changes the body of the next replies; it gets the path and the body."""

    def __init__(self, venue: str) -> None:
        self.headers: Mapping[str, str] = {}
        self.alter: Callable[[str, Any], Any] | None = None
        self._answers: dict[str, tuple[int, str]] = {}
        self._market = SimulatedMarket(0, now_ms=NOW_MS)
        self._recording = Recording(venue, RECORDED[venue]) if venue in RECORDED else None

    @contextlib.asynccontextmanager
    async def get(self, url: yarl.URL | str, **_: Any) -> AsyncIterator[_Response]:
        """Yield the reply to a request."""
        parts = urlsplit(str(url))
        if str(url) not in self._answers:
            self._answers[str(url)] = self._answer(parts.path, dict(parse_qsl(parts.query)))
        status, text = self._answers[str(url)]
        if self.alter is not None:
            text = json.dumps(self.alter(parts.path, json.loads(text)))
        yield _Response(status, text)

    def _answer(self, path: str, query: Mapping[str, str]) -> tuple[int, str]:
        try:
            if self._recording is None:
                return 200, json.dumps(okx.answer(self._market, path, query, NOW_MS))
            self._recording.begin(NOW_MS)
            return 200, json.dumps(self._recording.answer(self._market, path, query, NOW_MS))
        except ApiError as error:
            return error.status, json.dumps(error.body)

    async def close(self) -> None:
        """Do nothing, because there is no connection."""


class _Response:
    """The part of aiohttp's response that ccxt reads."""

    reason = ""
    headers: Mapping[str, str] = {"content-type": "application/json"}

    def __init__(self, status: int, body: str) -> None:
        self.status, self._body = status, body

    async def text(self, **_: Any) -> str:
        return self._body


class OfflineExchange(CcxtExchange):
    """A venue that answers from `replies`. Premiums are read on demand only."""

    def __init__(self, venue: str, clock: FixedClock) -> None:
        self.replies = Replies(venue)
        super().__init__(venue, clock=clock, session=self.replies)

    def _begin_premiums(self) -> None:
        """Do nothing. `renew_premiums` reads them."""

    def _check_pause(self) -> None:
        """Do nothing. A mutated reply may look like a request for a pause."""


class OfflineCoinGecko(CoinGecko):
    """CoinGecko that answers from `replies`, as often as `renew` is called."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__("", clock=clock)
        self.replies = Replies("coingecko")

    async def renew(self) -> Dominance:
        """Read BTC's share of the market. Raise ExchangeError when there is none."""
        self._next_ms = 0
        return await self.dominance()

    async def _ask(self) -> Dominance:
        async with self.replies.get(self._url) as response:
            return self._read(await response.text(), Reply(response.status, response.headers, ""))
