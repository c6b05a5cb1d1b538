"""One adapter for every venue that ccxt supports. It implements `virtuoso.domain.ports.Exchange`.

Everything that differs between venues is in `venues`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from virtuoso import metrics
from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import BadData, EmptyData, ExchangeError, RateLimited, Unsupported
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Candles, Instrument, OrderBook, Stamp, Ticker, Timeframe, TimeSeries, Trades
from virtuoso.domain.plausibility import LARGEST, MAX_ACCOUNT_RATIO, MAX_FUNDING_RATE, SMALLEST
from virtuoso.exchange.candles import read_candles
from virtuoso.exchange.ccxt_packages import TICK_SIZE
from virtuoso.exchange.classify import classify, kind_of
from virtuoso.exchange.client import URGENT, connect, connect_streams
from virtuoso.exchange.freshness import VenueClock
from virtuoso.exchange.funding_intervals import HOUR_MS, FundingIntervals
from virtuoso.exchange.instruments import instruments_of, is_active_perpetual
from virtuoso.exchange.list_completeness import ListCompleteness, unlisted_symbols
from virtuoso.exchange.premiums import Premiums, Rows
from virtuoso.exchange.replies import CALL_REPLIES, RECORDED_REPLIES, Reply, deciding_reply
from virtuoso.exchange.rows import completed, mappings, positive, read_book, read_series, read_trades, timely
from virtuoso.exchange.tickers import newest_ms, read_tickers, traded_turnovers
from virtuoso.exchange.venues import SeriesNames, venue_facts

Answer = TypeVar("Answer")
INTERVALS_RETRY_MS = 300_000  # the wait after a failed request for the list of funding intervals


class CcxtExchange:
    """A venue by its name: "bybit", "binance" (USD-M), or any other ccxt id.

    Use it from one event loop. Create only one instance per venue, because each instance counts only its own requests
    against the venue's rate limits. A request takes at most `timeout_s` after it has left the queue.

    `url` (scheme, host, port) replaces every endpoint of the venue. `session` replaces the network. Raise ConfigError when
    ccxt has no such id.
    """

    def __init__(
        self,
        venue: str,
        *,
        url: str | None = None,
        timeout_s: float = 5.0,
        clock: Clock = SYSTEM_CLOCK,
        session: Any = None,
    ) -> None:
        self._facts = venue_facts(venue)
        self._url = url
        self._clock = clock
        self._client = connect(
            self._facts, url=url, timeout_s=timeout_s, check_allowed=self._check_pause, clock=clock, session=session
        )
        self._pause: RateLimited | None = None
        self._venue_clock = VenueClock()
        self._premiums = Premiums(self._facts.premium_s, clock)
        unlisted_hours = self._facts.unlisted_funding_hours
        self._intervals = FundingIntervals(None if unlisted_hours is None else unlisted_hours * HOUR_MS)
        self._intervals_due_ms = 0
        self._by_key: dict[str, Instrument] = {}  # by the symbol in ticker rows
        self._others: frozenset[str] = frozenset()  # the symbols of other listed markets in ticker rows
        self._completeness = ListCompleteness()
        self._unlisted: Mapping[str, float] = {}
        self._contracts: dict[str, float] = {}  # base units per contract, by symbol
        self._loading = asyncio.Lock()

    @property
    def venue(self) -> str:
        """Return the name of the venue."""
        return self._facts.name

    @property
    def unlisted(self) -> Mapping[str, float]:
        """Return the turnovers by symbol of the markets that trade by the newest tickers, but were not in the list then."""
        return self._unlisted

    async def instruments(self) -> Sequence[Instrument]:
        """Read all active USDT linear perpetuals.

        Raise EmptyData when there are none, BadData when many of the previous ones are missing and this is not confirmed.
        After a failure the previous instruments stay in use.
        """

        def read(markets: Any, stamp: Stamp, _: Reply | None) -> list[Instrument]:
            rows = mappings(markets)
            listed = instruments_of(rows, stamp.received_ms, ticks=self._client.precisionMode == TICK_SIZE)
            if not listed:
                raise EmptyData(f"no active USDT perpetual among {len(rows)} markets")
            market = {each["symbol"]: each for each in rows if is_active_perpetual(each) and each.get("id")}
            key = "id" if self._facts.raw else "symbol"
            by_key = {market[each.venue_symbol][key]: each for each in listed.values()}
            self._completeness.check(self._by_key, by_key)
            self._client.set_markets(list(market.values()))
            self._contracts = {s: positive(market[i.venue_symbol].get("contractSize")) or 1 for s, i in listed.items()}
            self._by_key = by_key
            self._others = frozenset(str(each.get(key)) for each in rows if not is_active_perpetual(each))
            return list(by_key.values())

        async with self._loading:
            return await self._ask("fetchMarkets", self._client.fetch_markets, read)

    async def tickers(self) -> Mapping[str, Ticker]:
        """Read the tickers of the known instruments, by symbol.

        The request goes to the front of the queue. Raise BadData when most tickers have no price, EmptyData when there are
        no tickers, VenueStale when the venue's clock does not move or is far from ours. Mark, index and funding come
        with the tickers or from a second request. When the second request fails, only these fields are missing.
        """
        names = self._facts.names

        def read(answer: Any, stamp: Stamp, reply: Reply | None) -> Mapping[str, Ticker]:
            rows = mappings(answer)
            received_ms, venue_ms = stamp.received_ms, reply.own_ms if reply else None
            if venue_ms is None:
                venue_ms = newest_ms(rows, names.ticker, received_ms) or stamp.observed_ms
            stamp = Stamp(observed_ms=self._venue_clock.watch(venue_ms, received_ms), received_ms=received_ms)
            tickers = read_tickers(
                *(rows, names.ticker, self._by_key, stamp),
                venue_ms=venue_ms,
                premiums=self._premiums.rows_at(stamp),
                premium=names.premium,
                intervals=self._intervals,
                contracts=self._contracts,
            )
            traded = self._completeness.traded = traded_turnovers(rows, names.ticker, venue_ms)
            unlisted = traded.keys() - self._by_key.keys() - self._others
            self._unlisted = unlisted_symbols({name: traded[name] for name in unlisted}, self._by_key)
            return tickers

        async def request() -> Any:
            self._begin_premiums()
            await self._clock.sleep(0)  # starts the premium request first; a slow rate limiter would delay it too much
            rows = await self._client.fetch_tickers()
            await self._premiums.arrival()
            return rows

        await self._ready()
        before = URGENT.set(True)
        try:
            return await self._ask("fetchTickers", request, read)
        finally:
            URGENT.reset(before)

    def _begin_premiums(self) -> None:
        """Start to request the fields that tickers lack, if they are due."""
        self._premiums.refresh(self.premium_rows)

    async def renew_premiums(self) -> None:
        """Request the fields that tickers lack now. A failure changes nothing. `tickers` does this automatically."""
        await self._premiums.renew(self.premium_rows)

    async def premium_rows(self) -> tuple[Rows, int]:
        """Return rows of mark, index and funding by the symbol in ticker rows, and the time of receipt (epoch ms)."""
        names, parts = self._facts.names.premium, self._facts.premium_parts

        async def request() -> Any:
            rates = await self._client.fetch_funding_rates()
            return rates, [(await getattr(self._client, part.method)(part.params), part.suffix) for part in parts]

        def read(answers: Any, stamp: Stamp, _: Reply | None) -> tuple[Rows, int]:
            rates, more = answers
            received_ms = stamp.received_ms
            dated = [(timely(mappings(reply["data"]), names.time, received_ms), suffix) for reply, suffix in more]
            return completed(timely(mappings(rates), names.time, received_ms), dated, names.symbol), received_ms

        rows = await self._ask("fetchFundingRates", request, read)
        if self._facts.unlisted_funding_hours is not None and rows[1] >= self._intervals_due_ms:
            await self._read_intervals(rows[1])
        return rows

    async def _read_intervals(self, now_ms: int) -> None:
        """Read the list of markets with unusual funding intervals. A failure changes nothing, and is counted."""
        names = self._facts.names.premium.interval
        self._intervals_due_ms = now_ms + INTERVALS_RETRY_MS
        with suppress(ExchangeError):
            await self._ask(
                "fetchFundingIntervals",
                self._client.fetch_funding_intervals,
                lambda rows, *_: self._intervals.read_list(rows, names),
            )
            self._intervals_due_ms = now_ms + HOUR_MS

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """Read at most `limit` of the newest closed bars in one price scale, in base units. Bars may be missing.

        With `before_ms`, read only bars that open before it.
        """
        if timeframe.value not in (self._client.timeframes or {timeframe.value}):
            raise Unsupported(f"no {timeframe.value} bars", venue=self.venue, endpoint="fetchOHLCV")
        symbol, volume_index = instrument.symbol, self._facts.candle_volume_index
        count = min(limit + 1, self._facts.candle_count)  # one more, because the last bar is still forming
        since, params = None, {}
        if before_ms is not None:  # venues interpret `since` or `until` alone differently
            count = min(limit, self._facts.candle_count)
            since, params = before_ms - count * timeframe.ms, {"until": before_ms - 1}
        await self._ready()
        return await self._ask(
            "fetchOHLCV",
            lambda: self._client.fetch_ohlcv(instrument.venue_symbol, timeframe.value, since, count, params),
            lambda rows, stamp, reply: read_candles(
                *(rows, symbol, timeframe, stamp),
                limit=limit,
                exact=reply is not None and reply.own_ms is not None,
                volume_index=volume_index,
                taker_buy_index=self._facts.candle_taker_buy_index,
                before_ms=before_ms,
            ),
        )

    async def order_book(self, instrument: Instrument) -> OrderBook:
        """Read both sides, with as many levels as the venue offers at its lowest request weight."""
        symbol = instrument.symbol
        await self._ready()
        return await self._ask(
            "fetchOrderBook",
            lambda: self._client.fetch_order_book(instrument.venue_symbol, self._facts.book_levels),
            lambda book, stamp, _: read_book(book, symbol, stamp, contract=self._contracts.get(symbol, 1)),
        )

    async def order_book_text(self, instrument: Instrument, levels: int) -> tuple[str, int]:
        """Read an order book with this number of levels a side. Return the text of the reply, and our time of receipt."""

        def read(_: Any, stamp: Stamp, reply: Reply | None) -> tuple[str, int]:
            return reply.text if reply else "", stamp.received_ms

        await self._ready()
        return await self._ask(
            "fetchOrderBook", lambda: self._client.fetch_order_book(instrument.venue_symbol, levels), read
        )

    async def trades(self, instrument: Instrument) -> Trades:
        """Read the venue's newest trades."""
        names, symbol = self._facts.names.trade, instrument.symbol
        await self._ready()
        return await self._ask(
            "fetchTrades",
            lambda: self._client.fetch_trades(instrument.venue_symbol, None, self._facts.trade_count),
            lambda rows, stamp, _: read_trades(rows, names, symbol, stamp, contract=self._contracts.get(symbol, 1)),
        )

    async def funding(self, instrument: Instrument) -> TimeSeries:
        """Read past funding rates, as fractions per funding interval."""
        symbol, count = instrument.venue_symbol, self._facts.funding_count
        history = await self._series(
            instrument,
            "fetchFundingRateHistory",
            lambda: self._client.fetch_funding_rate_history(symbol, None, count),
            self._facts.names.funding,
            (InputKind.FUNDING, -MAX_FUNDING_RATE, MAX_FUNDING_RATE),
        )
        self._intervals.learn(history)
        return history

    async def open_interest(self, instrument: Instrument) -> TimeSeries:
        """Read the open interest at 5-minute intervals, in base units."""
        symbol, count = instrument.venue_symbol, self._facts.open_interest_count
        return await self._series(
            instrument,
            "fetchOpenInterestHistory",
            lambda: self._client.fetch_open_interest_history(symbol, "5m", None, count),
            self._facts.names.open_interest,
            (InputKind.OPEN_INTEREST, SMALLEST, LARGEST),
        )

    async def long_short(self, instrument: Instrument) -> TimeSeries:
        """Read the ratio of long accounts to short accounts at 5-minute intervals."""
        symbol, count = instrument.venue_symbol, self._facts.long_short_count
        period = self._facts.periods.get(InputKind.LONG_SHORT, "5m")
        return await self._series(
            instrument,
            "fetchLongShortRatioHistory",
            lambda: self._client.fetch_long_short_ratio_history(symbol, period, None, count),
            self._facts.names.long_short,
            (InputKind.LONG_SHORT, SMALLEST, MAX_ACCOUNT_RATIO),
        )

    def stream_client(self) -> Any:
        """Return a new client of ccxt.pro that knows the last read markets. Return None when ccxt.pro lacks the venue."""
        return connect_streams(self._facts, url=self._url, markets=list((self._client.markets or {}).values()))

    async def close(self) -> None:
        """Release sockets."""
        await self._premiums.close()
        with suppress(Exception):  # a caller cannot act on an error while closing
            await self._client.close()

    async def _series(
        self,
        instrument: Instrument,
        endpoint: str,
        request: Callable[[], Awaitable[Any]],
        names: SeriesNames,
        allowed: tuple[InputKind, float, float],
    ) -> TimeSeries:
        kind, low, high = allowed
        await self._ready()
        return await self._ask(
            endpoint,
            request,
            lambda rows, stamp, _: read_series(rows, names, instrument.symbol, stamp, kind=kind, low=low, high=high),
        )

    async def _ready(self) -> None:
        """Read the markets if they have not been read. Without this, ccxt would load them itself, and only once."""
        if not self._by_key:
            await self.instruments()

    async def _ask(
        self,
        endpoint: str,
        request: Callable[[], Awaitable[Any]],
        read: Callable[[Any, Stamp, Reply | None], Answer],
    ) -> Answer:
        """Send a request, check and parse the reply, and count the result. Every call uses this method."""
        replies: list[Reply] = []
        before = CALL_REPLIES.set(replies)
        try:
            if not self._client.has.get(endpoint):
                raise Unsupported(f"{self.venue} has no {endpoint}")
            self._check_pause()
            answer = await self._answer(request, read, replies)
        except ExchangeError as error:
            error.venue, error.endpoint = self.venue, endpoint
            kind = kind_of(error)
            if isinstance(error, RateLimited) and not replies:
                kind = "held"  # nothing was sent
            elif isinstance(error, RateLimited):
                self._pause = max(self._pause or error, error, key=lambda limit: limit.until_ms)
            metrics.EXCHANGE_REQUESTS.labels(self.venue, endpoint, kind).inc()
            raise
        finally:
            CALL_REPLIES.reset(before)
            if (recorded := RECORDED_REPLIES.get()) is not None:
                recorded += replies
        metrics.EXCHANGE_REQUESTS.labels(self.venue, endpoint, "ok").inc()
        return answer

    async def _answer(
        self,
        request: Callable[[], Awaitable[Any]],
        read: Callable[[Any, Stamp, Reply | None], Answer],
        replies: list[Reply],
    ) -> Answer:
        try:
            data = await request()
            reply = deciding_reply(replies)
            received_ms = reply.received_ms if reply and reply.received_ms else self._clock.now_ms()
            if reply is None or reply.readable:
                return read(
                    data,
                    Stamp(observed_ms=self._venue_clock.observed_ms(reply, received_ms), received_ms=received_ms),
                    reply,
                )
        except ExchangeError:
            raise
        except Exception as failure:  # ccxt raises ValueError, AttributeError and more on invalid replies
            raise classify(failure, deciding_reply(replies), self._clock.now_ms()) from failure
        raise BadData(f"HTTP {reply.status}, not JSON: {reply.excerpt}")  # ccxt treats it as an empty answer

    def _check_pause(self) -> None:
        """Raise RateLimited during a pause that the venue requested."""
        if self._pause is not None and self._clock.now_ms() < self._pause.until_ms:
            raise RateLimited(str(self._pause), venue=self.venue, until_ms=self._pause.until_ms)
