"""What the streams of a venue send a feed, the requests that this saves, and the comparison of streams with requests.

A request is sent for what no stream has sent in time, for what a stream has lost, and now and then to compare. When a
comparison fails, the topic is subscribed anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Stamp, Timeframe
from virtuoso.domain.plausibility import MAX_STREAM_LAG_MS, MIN_EQUAL_LEVELS
from virtuoso.domain.stream_updates import (
    BookUpdate,
    CandlesUpdate,
    LiquidationsUpdate,
    StreamLost,
    StreamUpdate,
    TickerUpdate,
    TradesUpdate,
)
from virtuoso.market_data.book_history import BOOK_LEVELS, equal_share
from virtuoso.market_data.schedule import Job

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Instrument, OrderBook, Trades
    from virtuoso.exchange.streams.port import KindStatus, Streams
    from virtuoso.exchange.streams.reader import StreamReader
    from virtuoso.exchange.venues import Cadence
    from virtuoso.market_data.candle_reading import CandleReading
    from virtuoso.market_data.prices import Prices
    from virtuoso.market_data.symbol_state import SymbolState

log = logging.getLogger(__name__)

COMPARE_S = 240.0  # between two comparisons of one symbol's streamed order book with a requested one
COMPARE_RETRY_S = 30.0  # the same period after a request that failed
COMPARE_AGAIN_S = 5.0  # the same period after a comparison that failed
ALIVE_S = 5.0  # the streams of tickers are alive for this time after the last one
LEAST_WAIT_S = 1.0
BAR_PERIOD_S = 60.0
DIFFERENCE = "difference"  # the reason of the loss of an order book that a comparison refuted
PARTS = {InputKind.ORDER_BOOK: None, InputKind.TRADES: None, InputKind.CANDLES: Timeframe.M1}  # the jobs that streams save


class StreamedData:
    """The streams of one venue. Without a `reader` there are none. `streams` can be set later, and is None in a replay."""

    def __init__(
        self,
        venue: str,
        reader: StreamReader | None,
        prices: Prices,
        candles: CandleReading,
        *,
        hasten: Callable[[Job], None],
        cadence: Cadence,
        clock: Clock,
    ) -> None:
        self.reader = reader
        self.cadence = cadence
        self.streams: Streams | None = None
        self._venue = venue
        self._prices = prices
        self._candles = candles
        self._hasten_job = hasten
        self._clock = clock
        self._listed: frozenset[str] = frozenset()
        self._states: Mapping[str, SymbolState] = {}
        self._ticker_ms = 0  # the exchange's time of the newest streamed ticker
        self._ticker_at: float | None = None  # our time when it arrived
        self._paid_until: dict[Job, float] = {}  # by jobs that sent requests: the time of the next one at their cadence
        self._compare_at: dict[str, float] = {}
        self._different: set[str] = set()  # symbols whose last comparison failed

    def start(self) -> None:
        """Open the streams."""
        if self.streams is not None:
            self.streams.start()

    async def stop(self) -> None:
        """Close the streams."""
        if self.streams is not None:
            await self.streams.stop()

    def set_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Set the instruments of the venue. Tickers of other markets are not used."""
        self._listed = frozenset(each.symbol for each in instruments)
        if self.reader is not None:
            self.reader.set_instruments(instruments)

    def set_states(self, states: Mapping[str, SymbolState], streamed: Container[str]) -> None:
        """Set the symbols whose updates are used. Those in `streamed` stream from now on."""
        self._states = states
        if self.streams is not None:
            self.streams.set_symbols([state.instrument for symbol, state in states.items() if symbol in streamed])
        self._paid_until = {job: at for job, at in self._paid_until.items() if job.symbol in states}
        self._compare_at = {symbol: at for symbol, at in self._compare_at.items() if symbol in states}
        self._different &= states.keys()

    @property
    def alive(self) -> bool:
        """Return True while tickers are streamed, and their time goes on."""
        told_at = self._ticker_at
        return told_at is not None and self._clock.monotonic() - told_at <= ALIVE_S

    def apply(self, updates: Iterable[StreamUpdate]) -> None:
        """Apply updates. Updates of symbols that are not read change nothing, except tickers."""
        for update in updates:
            if isinstance(update, TickerUpdate):
                if update.ticker.symbol not in self._listed:  # a stream of the whole venue may send delisted markets
                    continue
                self._prices.add_streamed(update.ticker)
                if update.ticker.stamp.observed_ms > self._ticker_ms:
                    self._ticker_ms = update.ticker.stamp.observed_ms
                    self._ticker_at = self._clock.monotonic()
                if (state := self._states.get(update.ticker.symbol)) is not None:
                    state.stream_stamps[InputKind.TICKERS] = update.ticker.stamp
                continue
            named = _symbol_of(update)
            for symbol in (named,) if named else self._states:
                if (state := self._states.get(symbol)) is not None:
                    self._apply(state, symbol, update)

    def _apply(self, state: SymbolState, symbol: str, update: StreamUpdate) -> None:
        match update:
            case BookUpdate():
                is_new = InputKind.ORDER_BOOK not in state.stream_stamps
                state.stream_stamps[InputKind.ORDER_BOOK] = Stamp(
                    observed_ms=update.observed_ms, received_ms=update.received_ms
                )
                if is_new:
                    self._plan_comparison(symbol)
                    if self.reader is not None:
                        state.sample(self.reader)  # it is right now, and may be lost before the next pass
            case TradesUpdate(trades=trades):
                state.trades.add_streamed(trades, contiguous=update.contiguous)
                state.stream_stamps[InputKind.TRADES] = trades.stamp
                if state.trades.unfilled:
                    self._hasten(Job(symbol, InputKind.TRADES))
            case CandlesUpdate(candles=candles):
                state.stream_stamps[InputKind.CANDLES] = candles.stamp
                if not self._candles.add_streamed(state, candles):
                    self._hasten(Job(symbol, InputKind.CANDLES, candles.timeframe))
            case LiquidationsUpdate(liquidations=liquidations):
                state.liquidations.add_streamed(liquidations)
                state.stream_stamps[InputKind.LIQUIDATIONS] = liquidations.stamp
            case StreamLost(kind=kind):
                state.lose(kind)
                if update.reason == DIFFERENCE:
                    state.books.clear()
                if kind in PARTS:
                    self._hasten(Job(symbol, kind, PARTS[kind]))

    def _hasten(self, job: Job) -> None:
        """Run a job at once, unless this would be more than one request ahead of its cadence. The venue's allowance is made
        for the cadence, and a stream with faults is lost again and again."""
        period_s = self._period_s(job)
        if self._paid_until.get(job, 0.0) - self._clock.monotonic() <= period_s:
            self._hasten_job(job)

    def _plan_comparison(self, symbol: str) -> None:
        """Plan the first comparison of a new stream. Those of all symbols are spread over COMPARE_S."""
        symbols = list(self._states)
        self._compare_at[symbol] = self._clock.monotonic() + COMPARE_S * (symbols.index(symbol) + 1) / len(symbols)
        self._different.discard(symbol)

    def _period_s(self, job: Job) -> float:
        periods = {InputKind.ORDER_BOOK: self.cadence.books, InputKind.TRADES: self.cadence.trades}
        return periods.get(job.kind, BAR_PERIOD_S)

    async def wait_s(self, job: Job) -> float | None:
        """Return the seconds until a job is due again, if the streams have sent what it would read. Otherwise, return None:
        the job sends a request."""
        wait_s = await self._wait_s(job)
        if wait_s is None and job.kind in PARTS:
            now = self._clock.monotonic()
            self._paid_until[job] = max(now, self._paid_until.get(job, 0.0)) + self._period_s(job)
        return wait_s

    async def _wait_s(self, job: Job) -> float | None:
        state = self._states[job.symbol]
        stamp = state.stream_stamps.get(job.kind)
        if stamp is None or (job.timeframe is not None and job.timeframe is not PARTS[InputKind.CANDLES]):
            return None
        if job.timeframe is not None:
            return await self._candles.wait_for_stream(state, job.timeframe)
        left_s = self._period_s(job) - (self._prices.now_ms() - stamp.observed_ms) / 1000
        if left_s <= 0 or (job.kind is InputKind.TRADES and state.trades.unfilled):
            return None
        if job.kind is InputKind.ORDER_BOOK:
            now = self._clock.monotonic()
            until_comparison_s = self._compare_at[job.symbol] - now
            if until_comparison_s <= 0:
                self._compare_at[job.symbol] = now + COMPARE_RETRY_S  # if the request fails
                return None
            left_s = min(left_s, until_comparison_s)
        return max(LEAST_WAIT_S, left_s)

    def book(self, symbol: str) -> OrderBook | None:
        """Return the streamed order book. Return None while there is none."""
        streams = self.reader is not None and InputKind.ORDER_BOOK in self._states[symbol].stream_stamps
        return self.reader.book(symbol, BOOK_LEVELS) if streams and self.reader is not None else None

    def shortened(self, book: OrderBook) -> OrderBook:
        """Return a requested order book with as many levels as streamed ones have, where there are streams."""
        if self.reader is None:
            return book
        return replace(book, bids=book.bids[:BOOK_LEVELS], asks=book.asks[:BOOK_LEVELS])

    def compare_book(self, requested: OrderBook, before: OrderBook | None) -> None:
        """Compare a requested order book with the streamed one: with that `before` the request, and with the current one.
        The nearer one counts, because the market moves during the request. After two failures in a row, the stream is
        wrong: drop what it sent, and subscribe it anew."""
        symbol = requested.symbol
        found = [book for book in (before, self.book(symbol)) if book is not None]
        if not found or found[-1].stamp.observed_ms - requested.stamp.observed_ms > MAX_STREAM_LAG_MS:
            return  # the reply is old
        now, known = self._clock.monotonic(), symbol in self._different
        if max(equal_share(requested, book) for book in found) >= MIN_EQUAL_LEVELS:
            self._different.discard(symbol)
            self._compare_at[symbol] = now + COMPARE_S
        elif not known:
            self._different.add(symbol)
            self._compare_at[symbol] = now + COMPARE_AGAIN_S
        else:
            lag_ms = requested.stamp.observed_ms - found[-1].stamp.observed_ms
            reason = "late" if lag_ms > MAX_STREAM_LAG_MS else "levels"
            metrics.STREAM_BOOK_DIFFERENCES.labels(self._venue, reason).inc()
            log.warning("%s %s: the streamed order book differs from a requested one (%s)", self._venue, symbol, reason)
            self._compare_at[symbol] = now + COMPARE_AGAIN_S
            self._different.discard(symbol)
            self._reset(InputKind.ORDER_BOOK, symbol, DIFFERENCE)

    def compare_trades(self, requested: Trades) -> None:
        """Subscribe the trades of a symbol anew if a reading has older trades than a stream may be late with, and the
        stream did not send them. Call this before the reading is used."""
        state = self._states[requested.symbol]
        latest_ms = requested.stamp.observed_ms - MAX_STREAM_LAG_MS
        if InputKind.TRADES in state.stream_stamps and state.trades.lacks(requested, before_ms=latest_ms):
            self._reset(InputKind.TRADES, requested.symbol, "missing")

    def _reset(self, kind: InputKind, symbol: str, reason: str) -> None:
        if self.streams is not None:
            self.streams.reset(kind, symbol, reason)

    def status(self) -> Mapping[InputKind, KindStatus]:
        """Return the state of the streams by kind. Without streams, return {}."""
        return {} if self.streams is None else self.streams.status()


def _symbol_of(update: StreamUpdate) -> str:
    match update:
        case TradesUpdate():
            return update.trades.symbol
        case CandlesUpdate():
            return update.candles.symbol
        case LiquidationsUpdate():
            return update.liquidations.symbol
        case TickerUpdate():
            return update.ticker.symbol
        case BookUpdate() | StreamLost():
            return update.symbol
