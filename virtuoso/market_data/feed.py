"""The feed of one venue. It decides what to request and when, and keeps the results up to date.

    universe (hourly) ─► jobs, one per symbol and kind ─► Schedule runs them ─► SymbolState ─► market()

Candles are due again when a bar closes. All other jobs follow the venue's cadence.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from virtuoso import metrics
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import BadData, ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import ANCHOR, Stamp, SymbolInputs, Timeframe
from virtuoso.domain.plausibility import MIN_KNOWN_TURNOVER
from virtuoso.market_data.market import MarketData
from virtuoso.market_data.merge import merge_candles, merge_trades, same_bars
from virtuoso.market_data.price_checks import Contradictions, PriceSteps
from virtuoso.market_data.schedule import Job, Schedule
from virtuoso.market_data.symbol_state import MAX_AGE_MS, SymbolState, is_fresh
from virtuoso.market_data.universe import UniverseRules, choose_universe, unknown_symbols

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Instrument, Ticker
    from virtuoso.domain.ports import Exchange
    from virtuoso.exchange.venues import Cadence

log = logging.getLogger(__name__)

BARS_KEPT = 400  # maximum length of a series of candles
UNIVERSE_PERIOD_S = 3600.0
UNIVERSE_RETRY_S = 60.0  # the same period while the list of markets fails, is incomplete, or lacks a market that trades
MAX_UNLISTED_RETRIES = 3  # maximum number of consecutive retries, because a venue may never list a market that trades
REPEAT_PERIOD_S = 300.0  # unchanged bars are published again after this time, in case they were lost
FILL_S = 10.0  # a feed is warm after this time, even if some of its jobs have not run yet
TRADES_WINDOW_MS = 600_000
MAX_TRADES = 4_000
RETRY_GAP_S = 10.0  # the wait before a series with a gap is read again
BAR_DELAY_S = 1.5  # the time that a venue needs to close a bar
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

    Only `read_instruments`, `read_prices` and `read` change the data. Each of them sends one request and applies the reply
    in one step. `follow` adds symbols to read. The same replies in the same order therefore give the same market.
    """

    def __init__(
        self,
        exchange: Exchange,
        rules: UniverseRules,
        cadence: Callable[[str, int], Cadence],
        clock: Clock,
    ) -> None:
        self.exchange = exchange
        self.universe: tuple[Instrument, ...] = ()
        self.tickers: Mapping[str, Ticker] = {}
        self.observed_ms = 0
        self.received_ms = 0
        self.on_candles: Callable[[str, Candles], Awaitable[None]] | None = None
        self._rules = rules
        self._cadence_for = cadence
        self._cadence = cadence(exchange.venue, rules.limit)
        self._clock = clock
        self._started_at = 0.0
        self._warm = False
        self._instruments: tuple[Instrument, ...] = ()
        self._turnover: dict[str, float] = {}  # the last known values, only for ranking
        self._universe_due_at = 0.0
        self._list_failed = False  # the last read of the list of markets failed
        self._unlisted_retries = 0
        self._universe_outdated = False  # if True, the universe is chosen again with the next prices
        self._price_steps = PriceSteps()
        self._contradictions = Contradictions(exchange.venue)
        self._followed: frozenset[str] = frozenset()
        self._states: dict[str, SymbolState] = {}
        self._handed_over_at: dict[tuple[str, Timeframe], float] = {}
        self._short_reads: dict[tuple[str, Timeframe], int] = {}  # reads that left a series shorter than BARS_KEPT
        self._gaps: set[tuple[str, Timeframe]] = set()  # series to read in full, after a gap or a break of scale
        self._schedule = Schedule(exchange.venue, self._run, clock)

    @property
    def venue(self) -> str:
        """Return the name of the venue."""
        return self.exchange.venue

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
        self._universe_outdated = True

    async def read_prices(self) -> None:
        """Read the prices of the whole venue. Raise ExchangeError if that fails."""
        tickers = self._price_steps.confirmed(await self.exchange.tickers())
        if not tickers:
            raise BadData("every price differs too much from the one before", venue=self.venue, endpoint="tickers")
        newest = max(tickers.values(), key=lambda ticker: ticker.stamp.observed_ms).stamp
        self.tickers, self.observed_ms, self.received_ms = tickers, newest.observed_ms, newest.received_ms
        self._turnover.update({name: t.turnover_24h for name, t in tickers.items() if t.turnover_24h is not None})
        if self._universe_outdated:
            self._universe_outdated = False
            self._choose_universe()
            self._universe_due_at = self._clock.monotonic() + self._list_wait_s()

    def _list_wait_s(self) -> float:
        """Return the seconds until the list of markets is due again."""
        if self._list_failed or not self._nearly_all(len(self._turnover)):
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
        return self._nearly_all(sum(ticker.turnover_24h is not None for ticker in self.tickers.values()))

    def _nearly_all(self, known: int) -> bool:
        return known >= MIN_KNOWN_TURNOVER * (len(self._instruments) + len(self.exchange.unlisted))

    def _totals_known(self, tickers: Mapping[str, Ticker]) -> bool:
        """Return True if sums over these tickers cover nearly all markets and nearly all of the last known turnover."""
        known = [symbol for symbol, ticker in tickers.items() if ticker.turnover_24h is not None]
        turnover = math.fsum(self._turnover.get(symbol, 0.0) for symbol in known)
        whole = math.fsum((*self._turnover.values(), *self.exchange.unlisted.values()))
        return self._nearly_all(len(known)) and turnover >= MIN_KNOWN_TURNOVER * whole

    def _choose_universe(self) -> None:
        """Choose the universe by the last known turnover. A symbol without a current turnover keeps its rank."""
        listed = {item.symbol for item in self._instruments}
        self._turnover = {name: value for name, value in self._turnover.items() if name in listed}
        if unknown := unknown_symbols(self._instruments, self._rules):
            log.warning("%s has no active market %s", self.venue, ", ".join(unknown))
        self.universe = choose_universe(self._instruments, self._turnover, self._rules)
        self._cadence = self._cadence_for(self.venue, len(self.universe))
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
        listed = {item.symbol: item for item in self._instruments}
        read = {item.symbol: item for item in self.universe}
        for symbol in (ANCHOR, *sorted(self._followed)):  # regime and volatility always need BTC
            if symbol in listed:
                read.setdefault(symbol, listed[symbol])
        self._states = {symbol: self._states.get(symbol) or SymbolState(item) for symbol, item in read.items()}
        self._handed_over_at = {key: value for key, value in self._handed_over_at.items() if key[0] in read}
        self._short_reads = {key: value for key, value in self._short_reads.items() if key[0] in read}
        self._gaps = {key for key in self._gaps if key[0] in read}
        scored = {*(item.symbol for item in self.universe), ANCHOR}
        self._schedule.plan(
            Job(symbol, kind, timeframe)
            for kind, timeframe in JOB_ORDER
            for symbol in self._states
            if symbol in scored or timeframe in FOLLOWED_TIMEFRAMES
        )

    def start(self) -> None:
        """Start all jobs. Each is due immediately. Known bars are kept. Of a complete series, only new bars are read."""
        if not self._schedule.running:
            self._started_at = self._clock.monotonic()
            self._schedule.start()

    async def stop(self) -> None:
        """Stop all jobs."""
        self._warm = False
        await self._schedule.stop()

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
        return await self.read(job, self._bars_wanted(job.symbol, job.timeframe) if job.timeframe else 0)

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
            return await self._read_candles(state, job.timeframe, bars)
        match job.kind:
            case InputKind.ORDER_BOOK:
                book = await exchange.order_book(item)
                state.previous_book, state.book = state.book, book
                return self._cadence.books
            case InputKind.TRADES:
                new = await exchange.trades(item)
                state.trades = merge_trades(state.trades, new, window_ms=TRADES_WINDOW_MS, limit=MAX_TRADES)
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

    def _bars_wanted(self, symbol: str, timeframe: Timeframe) -> int:
        """Return the number of bars to request: BARS_KEPT until the series is complete, afterwards only the new bars."""
        old = self._states[symbol].candles.get(timeframe)
        if old is None or not _is_complete(old) or (symbol, timeframe) in self._gaps:
            return BARS_KEPT
        return min(BARS_KEPT, (self._exchange_now() - int(old.open_ms[-1])) // timeframe.ms + 2)

    async def _read_candles(self, state: SymbolState, timeframe: Timeframe, limit: int) -> float:
        """Read bars and append them to the known bars. Return the seconds until the next read.

        After a gap or a break of scale, read BARS_KEPT bars immediately, because one reply may be wrong. If the break
        remains, keep the known series until it is too old, and read again after RETRY_GAP_S."""
        new = await self.exchange.candles(state.instrument, timeframe, limit=limit)
        key, old = (state.instrument.symbol, timeframe), state.candles.get(timeframe)
        joined = merge_candles(old, new, limit=BARS_KEPT)
        broken = old is not None and len(joined) < len(old)
        if limit < BARS_KEPT and (broken or joined.run_start() > 0):
            self._gaps.add(key)
            return 0.0
        self._gaps.discard(key)
        if old is not None and broken and is_fresh(old, self.observed_ms):
            self._gaps.add(key)
            return RETRY_GAP_S
        changed = old is None or not same_bars(old, joined)
        if old is None or changed:
            state.candles[timeframe] = joined
        else:  # keep the arrays, because results computed from them are reused
            state.candles[timeframe] = replace(old, stamp=joined.stamp)
        if timeframe in state.inputs(self.tickers.get(key[0]), self.observed_ms).candles:
            await self._publish_candles(state.candles[timeframe], at_once=changed)
        wait_s = self._until_bar(int(joined.open_ms[-1]), timeframe, state.instrument.symbol)
        if _is_complete(joined):
            self._short_reads.pop(key, None)
            return wait_s
        self._short_reads[key] = self._short_reads.get(key, 0) + 1  # a new market, or refused rows
        return min(wait_s, REPEAT_PERIOD_S, RETRY_GAP_S * 2.0 ** min(self._short_reads[key] - 1, 5))

    async def _publish_candles(self, bars: Candles, *, at_once: bool) -> None:
        """Pass bars to `on_candles` if `at_once` is True, or if the last time was about REPEAT_PERIOD_S ago."""
        key, now = (bars.symbol, bars.timeframe), self._clock.monotonic()
        due = now - self._handed_over_at.get(key, 0.0) > REPEAT_PERIOD_S - 1
        if self.on_candles is not None and (at_once or due):
            self._handed_over_at[key] = now
            await self.on_candles(self.venue, bars)

    def _exchange_now(self) -> int:
        """Return the exchange's time (epoch ms), estimated from the last tickers. Without tickers, return our time."""
        now = self._clock.now_ms()
        return self.observed_ms + now - self.received_ms if self.observed_ms else now

    def _until_bar(self, newest_open_ms: int, timeframe: Timeframe, symbol: str) -> float:
        """Return the seconds until the next bar should be available.

        BAR_DELAY_S and an offset per symbol are added to the close of the bar. The offset spreads the requests over time.
        The result is at most REPEAT_PERIOD_S plus an offset of up to 60 s, so that bars are published again."""
        symbols = list(self._states)
        offset = symbols.index(symbol) / len(symbols) if symbol in self._states else 0.0
        wait_s = (newest_open_ms + 2 * timeframe.ms - self._exchange_now()) / 1000 + BAR_DELAY_S
        wait_s += offset * min(10.0, timeframe.ms / 1000 * 0.1)
        return min(wait_s, REPEAT_PERIOD_S + offset * 60) if wait_s > 0 else 5.0

    def market(self) -> MarketData:
        """Return the current data. Prices that others contradict are not among it."""
        found = {inputs.symbol: inputs for inputs in self._all_inputs()}
        self._contradictions.report(found.values())
        inputs = [found[item.symbol] for item in self.universe if found[item.symbol].ticker is not None]
        checked = {symbol: one.ticker for symbol, one in found.items()}
        found_tickers = ((symbol, checked.get(symbol, ticker)) for symbol, ticker in self.tickers.items())
        tickers = {symbol: ticker for symbol, ticker in found_tickers if ticker is not None}
        return MarketData(
            venue=self.venue,
            stamp=Stamp(observed_ms=self.observed_ms, received_ms=self.received_ms),
            inputs=inputs,
            tickers=tickers,
            anchor_candles=found[ANCHOR].candles if ANCHOR in found else {},
            universe=self.universe,
            venue_symbols=self.venue_symbols,
            turnover_known=self.turnover_known,
            totals_known=self._totals_known(tickers),
            tried=frozenset(one.symbol for one in inputs if self._states[one.symbol].tried(one)),
            refused={symbol: next(iter(one.refused.values())) for symbol, one in found.items() if one.refused},
            followed={symbol: found[symbol].candles for symbol in self._followed if symbol in found},
        )

    def _all_inputs(self) -> Iterator[SymbolInputs]:
        """Yield the inputs of each symbol that is read. Leave out inputs that are too old or contradicted."""
        oldest = dict.fromkeys((*MAX_AGE_MS, InputKind.CANDLES, InputKind.TICKERS), 0)
        max_age_ms = {kind: self._max_age_ms(kind) for kind in MAX_AGE_MS}
        for symbol, state in self._states.items():
            for kind, age_ms in state.ages_ms(self.observed_ms).items():
                oldest[kind] = max(oldest[kind], age_ms)
            yield state.inputs(self.tickers.get(symbol), self.observed_ms, max_age_ms)
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
        return tuple(sorted({*self.exchange.unlisted, *(item.symbol for item in self._instruments)}))


def _is_complete(bars: Candles) -> bool:
    """Return True for BARS_KEPT bars without a gap."""
    return len(bars) >= BARS_KEPT and bars.run_start() == 0
