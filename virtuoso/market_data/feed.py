"""The feed of one venue. It decides what to request and when, and keeps the results up to date.

    universe (hourly) ─► jobs, one per symbol and kind ─► Schedule runs them ─► SymbolState ─► market()
                                    streams ─► reader ─► apply_updates ────────────▲

Candles are due again when a bar closes. All other jobs follow the venue's cadence. A job sends no request while a stream
sends what it would read.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, assert_never

from virtuoso import metrics
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import ANCHOR, Stamp, SymbolInputs, Timeframe
from virtuoso.domain.plausibility import MIN_KNOWN_TURNOVER
from virtuoso.market_data.candle_reading import CandleReading
from virtuoso.market_data.market import MarketData
from virtuoso.market_data.price_checks import Contradictions
from virtuoso.market_data.prices import Prices
from virtuoso.market_data.schedule import Job, Schedule
from virtuoso.market_data.streamed import StreamedData
from virtuoso.market_data.symbol_state import MAX_AGE_MS, SymbolState
from virtuoso.market_data.universe import UniverseRules, choose_universe, unknown_symbols, untracked

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Instrument, Ticker
    from virtuoso.domain.ports import Exchange
    from virtuoso.domain.stream_updates import StreamUpdate
    from virtuoso.exchange.streams.port import KindStatus, Streams
    from virtuoso.exchange.streams.reader import StreamReader
    from virtuoso.exchange.venues import Cadence

log = logging.getLogger(__name__)

UNIVERSE_PERIOD_S = 3600.0
UNIVERSE_RETRY_S = 60.0  # the same period while the list of markets fails, is incomplete, or lacks a market that trades
MAX_UNLISTED_RETRIES = 3  # maximum number of consecutive retries, because a venue may never list a market that trades
FILL_S = 10.0  # a feed is warm after this time, even if some of its jobs have not run yet
FOLLOWED_TIMEFRAMES = (Timeframe.M1, Timeframe.M5)  # the bars to read for a followed symbol that is not scored
# The kinds of input, the most important for a score first.
JOB_ORDER: tuple[tuple[InputKind, Timeframe | None], ...] = (
    (InputKind.CANDLES, Timeframe.M5),
    (InputKind.ORDER_BOOK, None),
    (InputKind.TRADES, None),
    (InputKind.CANDLES, Timeframe.M1),
    (InputKind.CANDLES, Timeframe.M30),
    (InputKind.CANDLES, Timeframe.H4),
    (InputKind.OPEN_INTEREST, None),
    (InputKind.LONG_SHORT, None),
    (InputKind.FUNDING, None),
)


class Feed:
    """The market data of one venue. `on_candles`, if set, gets each new series of candles. It must handle its own errors.

    Only `read_instruments`, `read_prices`, `read` and `apply_updates` change the data. The first three send one request each
    and apply the reply in one step. `follow` adds symbols to read. The same replies and updates in the same order, with
    `market` called between the same ones, therefore give the same market.

    `reader` has the order books of the venue's streams. It is None if the venue is only polled."""

    def __init__(
        self,
        exchange: Exchange,
        rules: UniverseRules,
        cadence: Callable[[str, int], Cadence],
        clock: Clock,
        *,
        reader: StreamReader | None = None,
    ) -> None:
        self.exchange = exchange
        self.universe: tuple[Instrument, ...] = ()
        self.untracked: tuple[Instrument, ...] = ()  # the other markets, highest turnover first
        self.on_candles: Callable[[str, Candles], Awaitable[None]] | None = None
        self._rules = rules
        self._cadence_for = cadence
        self._cadence = cadence(exchange.venue, rules.limit)
        self._clock = clock
        self._started_at = 0.0
        self._warm = False
        self._instruments: tuple[Instrument, ...] = ()
        self._listed: Mapping[str, Instrument] = {}  # the same by symbol
        self._universe_due_at = 0.0
        self._list_failed = False  # the last read of the list of markets failed
        self._unlisted_retries = 0
        self._universe_outdated = False  # if True, the universe is chosen again with the next prices
        self._prices = Prices(exchange.venue, clock)
        self._contradictions = Contradictions(exchange.venue)
        self._followed: frozenset[str] = frozenset()
        self._states: dict[str, SymbolState] = {}
        self._schedule = Schedule(exchange.venue, self._run, clock)
        self._candles = CandleReading(exchange, self._prices, self._publish_candles, clock)
        self._streamed = StreamedData(
            exchange.venue,
            reader,
            self._prices,
            self._candles,
            hasten=self._schedule.hasten,
            cadence=self._cadence,
            clock=clock,
        )

    def use_streams(self, streams: Streams) -> None:
        """Start and stop these streams with the jobs. Their updates come by `apply_updates`."""
        self._streamed.streams = streams

    def apply_updates(self, updates: Iterable[StreamUpdate]) -> None:
        """Use what the streams of the venue send."""
        self._streamed.apply(updates)

    @property
    def streams_alive(self) -> bool:
        """Return True while the streams send prices of tracked symbols."""
        return bool(self.universe) and self._streamed.alive

    def stream_status(self) -> Mapping[InputKind, KindStatus]:
        """Return the state of the streams by kind. Return {} for a venue that is only polled."""
        return self._streamed.status()

    @property
    def venue(self) -> str:
        """Return the name of the venue."""
        return self.exchange.venue

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Return all markets that the venue lists."""
        return self._instruments

    @property
    def tickers(self) -> Mapping[str, Ticker]:
        """Return the newest tickers of all markets, by symbol."""
        return self._prices.tickers

    @property
    def observed_ms(self) -> int:
        """Return the exchange's time of the newest ticker."""
        return self._prices.observed_ms

    @property
    def newest_ms(self) -> int:
        """Return the exchange's time that the next market will have."""
        return self._prices.newest_ms

    @property
    def period_s(self) -> float:
        """Return the seconds between two reads of the tickers."""
        return self._cadence.tickers

    async def refresh_tickers(self) -> None:
        """Read the prices of the whole venue. Read the list of markets first if it is due.

        Raise ExchangeError if the prices cannot be read, or if there is no list of markets yet and it cannot be read."""
        if self._clock.monotonic() >= self._universe_due_at:
            await self.read_instruments()
        await self.read_prices()

    async def read_instruments(self) -> None:
        """Read the list of markets. The universe is chosen again with the next prices.

        If the read fails, keep the previous list, and read again in a minute. Raise ExchangeError if there is none."""
        try:
            self._instruments = tuple(await self.exchange.instruments())
        except ExchangeError as error:
            if not self._instruments:
                raise
            log.warning("%s: the list of markets was not updated: %s", self.venue, error)
            self._list_failed = True
        else:
            self._list_failed = False
            self._listed = {item.symbol: item for item in self._instruments}
            self._streamed.set_instruments(self._instruments)
        self._universe_outdated = True

    async def read_prices(self) -> None:
        """Read the prices of the whole venue. Raise ExchangeError if that fails."""
        self._prices.read(await self.exchange.tickers())
        if self._universe_outdated:
            self._universe_outdated = False
            self._choose_universe()
            self._universe_due_at = self._clock.monotonic() + self._list_wait_s()

    def _list_wait_s(self) -> float:
        """Return the seconds until the list of markets is due again."""
        if self._list_failed or not self._nearly_all(len(self._prices.turnover)):
            return UNIVERSE_RETRY_S
        if self.exchange.unlisted and self._unlisted_retries < MAX_UNLISTED_RETRIES:
            self._unlisted_retries += 1
            return UNIVERSE_RETRY_S
        self._unlisted_retries = 0
        return UNIVERSE_PERIOD_S

    @property
    def turnover_known(self) -> bool:
        """Return True while the turnover of nearly all markets of the venue is known, including markets that are not in the
        list."""
        return self._nearly_all(self._prices.turnover_of(self.tickers)[0])

    def _nearly_all(self, known: int) -> bool:
        return known >= MIN_KNOWN_TURNOVER * (len(self._instruments) + len(self.exchange.unlisted))

    def _totals_known(self, tickers: Mapping[str, Ticker]) -> bool:
        """Return True if sums over these tickers cover nearly all markets and nearly all of the last known turnover."""
        known, turnover = self._prices.turnover_of(tickers)
        whole = math.fsum((*self._prices.turnover.values(), *self.exchange.unlisted.values()))
        return self._nearly_all(known) and turnover >= MIN_KNOWN_TURNOVER * whole

    def _choose_universe(self) -> None:
        """Choose the universe by the last known turnover. A symbol without a current turnover keeps its rank."""
        self._prices.keep_turnover(self._listed.keys())
        if unknown := unknown_symbols(self._instruments, self._rules):
            log.warning("%s has no active market %s", self.venue, ", ".join(unknown))
        self.universe = choose_universe(self._instruments, self._prices.turnover, self._rules)
        self.untracked = untracked(self._instruments, self.universe, self._prices.turnover)
        self._cadence = self._streamed.cadence = self._cadence_for(self.venue, len(self.universe))
        self._update_states()

    def follow(self, symbols: frozenset[str]) -> None:
        """Also read bars of these symbols while they are not in the universe, as long as the venue lists them."""
        if symbols != self._followed:
            self._followed = symbols
            self._update_states()

    def follows(self, symbol: str) -> bool:
        """Return True if jobs may read this symbol."""
        return symbol in self._states

    def _update_states(self) -> None:
        """Create the states and jobs of all symbols to read. Discard the data of other symbols."""
        read = {item.symbol: item for item in self.universe}
        for symbol in (ANCHOR, *sorted(self._followed)):  # regime and volatility always need BTC
            if symbol in self._listed:
                read.setdefault(symbol, self._listed[symbol])
        self._states = {symbol: self._states.get(symbol) or SymbolState(item) for symbol, item in read.items()}
        self._candles.set_states(self._states)
        scored = {*(item.symbol for item in self.universe), ANCHOR}
        self._schedule.plan(
            Job(symbol, kind, timeframe)
            for kind, timeframe in JOB_ORDER
            for symbol in self._states
            if symbol in scored or timeframe in FOLLOWED_TIMEFRAMES
        )
        self._streamed.set_states(self._states, scored)

    def start(self) -> None:
        """Start all jobs. Each is due immediately. Known bars are kept. Of a complete series, only new bars are read."""
        if not self._schedule.running:
            self._started_at = self._clock.monotonic()
            self._schedule.start()
            self._streamed.start()

    async def stop(self) -> None:
        """Stop all jobs and streams."""
        self._warm = False
        await self._schedule.stop()
        await self._streamed.stop()

    @property
    def progress(self) -> tuple[int, int]:
        """Return (jobs tried at least once since the start, all jobs)."""
        return self._schedule.progress

    @property
    def filled(self) -> bool:
        """Return True once each job was tried at least once since the start."""
        tried, total = self.progress
        return 0 < total == tried

    @property
    def warm(self) -> bool:
        """Return True once each job was tried since the start, or FILL_S has passed. The market may then be published."""
        if self._schedule.running and not self._warm:
            self._warm = self.filled or self._clock.monotonic() - self._started_at > FILL_S
        return self._warm

    async def _run(self, job: Job) -> float:
        if (wait_s := await self._streamed.wait_s(job)) is not None:
            return wait_s
        return await self.read(job, self._candles.bars_wanted(job.symbol, job.timeframe) if job.timeframe else 0)

    async def read(self, job: Job, bars: int = 0) -> float:
        """Run one job, and return the seconds until it is due again. For candles, request the newest `bars` bars.

        Raise ExchangeError if the job fails. Only the failure is then recorded."""
        state, part = self._states[job.symbol], job.timeframe or job.kind
        try:
            wait_s = await self._read(job, state, bars)
        except ExchangeError:
            state.failed.add(part)
            raise
        state.failed.discard(part)
        return wait_s

    async def _read(self, job: Job, state: SymbolState, bars: int) -> float:
        exchange, item = self.exchange, state.instrument
        if job.timeframe is not None:
            return await self._candles.read(state, job.timeframe, bars)
        match job.kind:
            case InputKind.ORDER_BOOK:
                before = self._streamed.book(job.symbol)
                book = await exchange.order_book(item)
                state.books.add(self._streamed.shortened(book), streamed=False)
                self._streamed.compare_book(book, before)
                return self._cadence.books
            case InputKind.TRADES:
                new = await exchange.trades(item)
                self._streamed.compare_trades(new)
                state.trades.read(new)
                return self._cadence.trades
            case InputKind.FUNDING:
                state.funding = await exchange.funding(item)
                return self._cadence.funding
            case InputKind.OPEN_INTEREST:
                state.open_interest = await exchange.open_interest(item)
                return self._cadence.open_interest
            case InputKind.LONG_SHORT:
                state.long_short = await exchange.long_short(item)
                return self._cadence.long_short
            case InputKind.INSTRUMENTS | InputKind.TICKERS | InputKind.PREMIUMS | InputKind.CANDLES | InputKind.LIQUIDATIONS:
                raise ValueError(f"{job.kind} is no job of one symbol")
            case _:
                assert_never(job.kind)

    async def publish_told_candles(self) -> None:
        """Publish the bars that streams have sent since the last time. While jobs run, they do it."""
        await self._candles.publish_told()

    async def _publish_candles(self, bars: Candles) -> None:
        if self.on_candles is not None:
            await self.on_candles(self.venue, bars)

    def market(self) -> MarketData:
        """Return the current data. Prices that others contradict are not among it."""
        self._prices.use_streamed()
        found = {inputs.symbol: inputs for inputs in self._all_inputs()}
        self._contradictions.report(found.values())
        inputs = [found[item.symbol] for item in self.universe if found[item.symbol].ticker is not None]
        checked = {symbol: one.ticker for symbol, one in found.items()}
        found_tickers = ((symbol, checked.get(symbol, ticker)) for symbol, ticker in self.tickers.items())
        tickers = {symbol: ticker for symbol, ticker in found_tickers if ticker is not None}
        return MarketData(
            venue=self.venue,
            stamp=Stamp(observed_ms=self.observed_ms, received_ms=self._prices.received_ms),
            inputs=inputs,
            tickers=tickers,
            anchor_candles=found[ANCHOR].candles if ANCHOR in found else {},
            universe=self.universe,
            venue_symbols=self.venue_symbols,
            instruments=self._listed,
            rules=self._rules,
            turnover_known=self.turnover_known,
            totals_known=self._totals_known(tickers),
            tried=frozenset(one.symbol for one in inputs if self._states[one.symbol].tried(one)),
            refused={symbol: next(iter(one.refused.values())) for symbol, one in found.items() if one.refused},
            followed={symbol: found[symbol].candles for symbol in self._followed if symbol in found},
            streamed=sum(self._states[one.symbol].streams(one) for one in inputs),
        )

    def _all_inputs(self) -> Iterator[SymbolInputs]:
        """Yield the inputs of each symbol that is read. Leave out inputs that are too old or contradicted."""
        oldest = dict.fromkeys((*MAX_AGE_MS, InputKind.CANDLES, InputKind.TICKERS), 0)
        max_age_ms = {kind: self._max_age_ms(kind) for kind in MAX_AGE_MS}
        now_ms, streamed = self.observed_ms, self._prices.streamed
        for symbol, state in self._states.items():
            if self._streamed.reader is not None:
                state.sample(self._streamed.reader)
            records = state.records(now_ms)
            for kind, age_ms in state.ages_ms(now_ms, records).items():
                oldest[kind] = max(oldest[kind], age_ms)
            yield state.inputs(self.tickers.get(symbol), now_ms, records, max_age_ms, streamed_ticker=symbol in streamed)
        for kind, age_ms in oldest.items():
            metrics.INPUT_AGE.labels(kind).set(age_ms / 1000)

    def _max_age_ms(self, kind: InputKind) -> float:
        """Return the maximum age of a kind of input: MAX_AGE_MS, or 2.5 periods of the cadence if that is longer."""
        period_s = {"book": self._cadence.books, "trades": self._cadence.trades}.get(kind, 0.0)
        return max(MAX_AGE_MS[kind], 2500 * period_s)

    @property
    def venue_symbols(self) -> tuple[str, ...]:
        """Return the symbols of all active USDT perpetuals of the venue, sorted. They include symbols that are only in the
        tickers."""
        return tuple(sorted({*self.exchange.unlisted, *self._listed}))
