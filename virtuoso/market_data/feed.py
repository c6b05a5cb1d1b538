"""One venue's market, kept fresh: what to ask for, when, and what came of it.

    universe (hourly) ─► jobs, one per symbol and kind ─► Schedule asks the exchange ─► SymbolState ─► inputs()

Each job has a moment at which it is due again: candles when a bar closes, the rest by the venue's cadence.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from virtuoso import metrics
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import ANCHOR, Stamp, SymbolInputs, Timeframe
from virtuoso.domain.symbols import split_symbol
from virtuoso.market_data.merge import merge_candles, merge_trades
from virtuoso.market_data.schedule import Job, Schedule

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Instrument, OrderBook, Ticker, TimeSeries, Trades
    from virtuoso.domain.ports import Exchange
    from virtuoso.exchange.venues import Cadence

log = logging.getLogger(__name__)

DEPTH = 400  # bars kept of each timeframe
UNIVERSE_PERIOD_S = 3600.0
WHOLE = 0.9  # share of the markets whose turnover must be known for a total, and for a universe to stand for its hour
KEEP_PERIOD_S = 300.0  # candles are written to the repository again after this, should it have lost them
FILL_S = 10.0  # a feed counts as warm after this even when some of its jobs still wait
TRADES_WINDOW_MS = 600_000
TRADES_MOST = 4_000
AGAIN_S = 10.0  # until a series with a gap is asked for again
BAR_DELAY_S = 1.5  # a venue needs a moment to close a bar
# Older than this an input does not count any more; bars: how many may be missing at the end.
MAX_AGE_MS = {
    InputKind.ORDER_BOOK: 60_000,
    InputKind.TRADES: 60_000,
    InputKind.OPEN_INTEREST: 1_800_000,
    InputKind.LONG_SHORT: 3_600_000,
    InputKind.FUNDING: 90_000_000,
}
JUDGED_ON = (Timeframe.M1, Timeframe.M5)  # what is read of a symbol that is followed only
MAX_BARS_BEHIND = {Timeframe.M1: 3, Timeframe.M5: 2, Timeframe.M30: 1, Timeframe.H4: 1}


@dataclass(frozen=True, slots=True)
class UniverseRules:
    """Which symbols are scored: exactly `symbols`, or the `limit` of most turnover with at least `min_turnover` USD."""

    limit: int = 50
    symbols: tuple[str, ...] = ()
    min_turnover: float = 1_000_000.0


@dataclass(slots=True)
class SymbolState:
    """The newest inputs of one symbol."""

    instrument: Instrument
    candles: dict[Timeframe, Candles] = field(default_factory=dict)
    book: OrderBook | None = None
    previous_book: OrderBook | None = None
    trades: Trades | None = None
    funding: TimeSeries | None = None
    open_interest: TimeSeries | None = None
    long_short: TimeSeries | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketData:
    """All that a feed knows at one moment. `stamp` is of the newest tickers, which are of the whole venue; `whole`: see
    Feed; `followed`: bars of symbols that are followed, scored or not."""

    venue: str
    stamp: Stamp
    inputs: Sequence[SymbolInputs]
    tickers: Mapping[str, Ticker]
    anchor_candles: Mapping[Timeframe, Candles]
    universe: tuple[Instrument, ...]
    venue_symbols: tuple[str, ...]
    whole: bool
    followed: Mapping[str, Mapping[Timeframe, Candles]] = field(default_factory=dict)


class Feed:
    """See the module. `on_candles`, when set, is given each new series of candles; its errors are its own affair.

    What a feed knows changes in `read_instruments`, `read_prices` and `read` only: each asks the exchange once, and changes
    it in one step when that has answered; `follow` says what else to read. The same answers in the same order therefore
    make the same market again.
    """

    def __init__(
        self,
        exchange: Exchange,
        rules: UniverseRules,
        cadence: Callable[[str, int], Cadence],
        clock: Clock,
    ) -> None:
        self.exchange = exchange
        self._clock = clock
        self.universe: tuple[Instrument, ...] = ()
        self.tickers: Mapping[str, Ticker] = {}
        self.observed_ms = 0
        self.received_ms = 0
        self._started = 0.0
        self._rules = rules
        self._cadence_for = cadence
        self._cadence = cadence(exchange.venue, rules.limit)
        self.on_candles: Callable[[str, Candles], Awaitable[None]] | None = None
        self._instruments: tuple[Instrument, ...] = ()
        self._turnover: dict[str, float] = {}  # as last seen, for ranking only
        self._universe_due = 0.0
        self._drawing = False  # the universe, with the next prices
        self._followed: frozenset[str] = frozenset()
        self._states: dict[str, SymbolState] = {}
        self._kept: dict[tuple[str, Timeframe], float] = {}
        self._short: dict[tuple[str, Timeframe], int] = {}  # how often a series was read that is not of whole depth
        self._torn: set[tuple[str, Timeframe]] = set()  # what is new does not join what is known: to be read in full
        self._schedule = Schedule(exchange.venue, self._run, clock)
        self._warm = False

    # ------------------------------------------------------------------------------------------------ prices, universe

    @property
    def venue(self) -> str:
        """Return the name of its exchange."""
        return self.exchange.venue

    @property
    def period_s(self) -> float:
        """Seconds between two readings of the tickers."""
        return self._cadence.tickers

    async def refresh_tickers(self) -> None:
        """Read the prices of the whole venue, and the universe when its hour is over. ExchangeError when that fails; a
        universe that cannot be drawn anew stays as it was."""
        if self._clock.monotonic() >= self._universe_due:
            await self.read_instruments()
        await self.read_prices()

    async def read_instruments(self) -> None:
        """Read the list of markets; the next prices rank them anew. ExchangeError when there was none before either."""
        try:
            self._instruments = tuple(await self.exchange.instruments())
        except ExchangeError as error:
            if not self._instruments:
                raise
            log.warning("%s: the list of markets stays as it was: %s", self.exchange.venue, error)
        self._drawing = True

    async def read_prices(self) -> None:
        """Read the prices of the whole venue. ExchangeError when that fails."""
        tickers = await self.exchange.tickers()
        newest = max(tickers.values(), key=lambda ticker: ticker.stamp.observed_ms).stamp
        self.tickers, self.observed_ms, self.received_ms = tickers, newest.observed_ms, newest.received_ms
        self._turnover.update({name: t.turnover_24h for name, t in tickers.items() if t.turnover_24h is not None})
        if self._drawing:
            self._drawing = False
            self._draw_universe()
            period = UNIVERSE_PERIOD_S if self._is_whole(len(self._turnover)) else UNIVERSE_PERIOD_S / 60
            self._universe_due = self._clock.monotonic() + period

    @property
    def whole(self) -> bool:
        """True while the turnover of (nearly) all markets of the venue is known, so that a sum over it means something."""
        return self._is_whole(sum(ticker.turnover_24h is not None for ticker in self.tickers.values()))

    def _is_whole(self, known: int) -> bool:
        return known >= WHOLE * len(self._instruments)

    def _draw_universe(self) -> None:
        """Rank by the turnover last seen, so that a symbol whose figure is unusable at this very moment keeps its place."""
        known = {item.symbol: item for item in self._instruments}
        self._turnover = {name: value for name, value in self._turnover.items() if name in known}

        def rank(item: Instrument) -> tuple[float, str]:
            return -self._turnover.get(item.symbol, 0.0), item.symbol

        if self._rules.symbols:
            by_asset = {(item.base_asset, item.multiplier): item for item in self._instruments}
            found = {name: known.get(name) or by_asset.get(split_symbol(name)) for name in self._rules.symbols}
            if unknown := [name for name, item in found.items() if item is None]:
                log.warning("%s has no active market %s", self.exchange.venue, ", ".join(unknown))
            chosen = sorted((item for item in found.values() if item is not None), key=rank)
        else:
            floor = max(self._rules.min_turnover, 1e-9)  # a market without any turnover is dead
            lively = (item for item in self._instruments if self._turnover.get(item.symbol, 0.0) >= floor)
            chosen = sorted(lively, key=rank)[: self._rules.limit]
        self.universe = tuple(dict.fromkeys(chosen))
        self._cadence = self._cadence_for(self.exchange.venue, len(self.universe))
        self._keep_states()

    def follow(self, symbols: frozenset[str]) -> None:
        """Read bars of these also while they are not of the universe, as long as the venue has them."""
        if symbols != self._followed:
            self._followed = symbols
            self._keep_states()

    def _keep_states(self) -> None:
        """Keep a state for each symbol that is read, and plan its jobs."""
        known = {item.symbol: item for item in self._instruments}
        fed = {item.symbol: item for item in self.universe}
        for symbol in (ANCHOR, *sorted(self._followed)):  # regime and volatility are measured on BTC, scored or not
            if symbol in known:
                fed.setdefault(symbol, known[symbol])
        self._states = {symbol: self._states.get(symbol) or SymbolState(item) for symbol, item in fed.items()}
        self._kept = {key: value for key, value in self._kept.items() if key[0] in fed}
        self._short = {key: value for key, value in self._short.items() if key[0] in fed}
        self._torn = {key for key in self._torn if key[0] in fed}
        self._plan()

    def _plan(self) -> None:
        """A job for each symbol and kind, what a score needs most first; those of retired symbols go with them."""
        order: list[tuple[InputKind, Timeframe | None]] = [
            (InputKind.CANDLES, Timeframe.M5),
            (InputKind.ORDER_BOOK, None),
            (InputKind.TRADES, None),
        ]
        order += [(InputKind.CANDLES, timeframe) for timeframe in (Timeframe.M1, Timeframe.M30, Timeframe.H4)]
        order += [(InputKind.OPEN_INTEREST, None), (InputKind.LONG_SHORT, None), (InputKind.FUNDING, None)]
        scored = {*(item.symbol for item in self.universe), ANCHOR}
        self._schedule.plan(
            Job(symbol, kind, timeframe)
            for kind, timeframe in order
            for symbol in self._states
            if symbol in scored or timeframe in JUDGED_ON
        )

    # ------------------------------------------------------------------------------------------------------- the rest

    def start(self) -> None:
        """Begin asking, everything once. Bars that are known stay: only those since then are read."""
        if not self._schedule.running:
            self._started = self._clock.monotonic()
            self._schedule.start()

    async def stop(self) -> None:
        """Ask no more."""
        self._warm = False
        await self._schedule.stop()

    @property
    def progress(self) -> tuple[int, int]:
        """(jobs tried at least once since the start, all jobs)."""
        return self._schedule.progress

    @property
    def filled(self) -> bool:
        """True once everything was asked for at least once."""
        done, total = self.progress
        return 0 < total == done

    @property
    def warm(self) -> bool:
        """True once everything was asked for since the start, or FILL_S have passed: fit to be published."""
        if self._schedule.running and not self._warm:
            self._warm = self.filled or self._clock.monotonic() - self._started > FILL_S
        return self._warm

    async def _run(self, job: Job) -> float:
        return await self.read(job, self._bars_wanted(job.symbol, job.timeframe) if job.timeframe else 0)

    def follows(self, symbol: str) -> bool:
        """True for the symbols that jobs may be about."""
        return symbol in self._states

    async def read(self, job: Job, bars: int = 0) -> float:
        """Do one job; of candles, ask for the newest `bars`. Seconds until it is due again. ExchangeError when it fails,
        which changes nothing."""
        exchange, state = self.exchange, self._states[job.symbol]
        item = state.instrument
        if job.timeframe is not None:
            return await self._read_candles(state, job.timeframe, bars)
        match job.kind:
            case InputKind.ORDER_BOOK:
                book = await exchange.order_book(item)
                state.previous_book, state.book = state.book, book
                return self._cadence.books
            case InputKind.TRADES:
                new = await exchange.trades(item)
                state.trades = merge_trades(state.trades, new, window_ms=TRADES_WINDOW_MS, most=TRADES_MOST)
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
            case InputKind.INSTRUMENTS | InputKind.TICKERS | InputKind.PREMIUMS | InputKind.CANDLES:
                raise ValueError(f"{job.kind} is no job of one symbol")
            case _:
                assert_never(job.kind)

    def _bars_wanted(self, symbol: str, timeframe: Timeframe) -> int:
        """Whole depth until it is there, then only what is new."""
        old = self._states[symbol].candles.get(timeframe)
        if old is None or len(old) < DEPTH or (symbol, timeframe) in self._torn:
            return DEPTH
        return min(DEPTH, (self._exchange_now() - int(old.open_ms[-1])) // timeframe.ms + 2)

    async def _read_candles(self, state: SymbolState, timeframe: Timeframe, limit: int) -> float:
        """Bars that were refused at the door leave a gap: then what was known without one stays until it is too old to
        count, and the venue is asked again soon."""
        new = await self.exchange.candles(state.instrument, timeframe, limit=limit)
        key, old = (state.instrument.symbol, timeframe), state.candles.get(timeframe)
        joined = merge_candles(old, new, depth=DEPTH)
        if joined is None and limit < DEPTH:
            self._torn.add(key)
            return 0.0
        self._torn.discard(key)
        joined = joined or new
        if old is not None and len(joined) < len(old) and self._counts(old):
            return AGAIN_S
        fresh = old is None or int(joined.open_ms[-1]) > int(old.open_ms[-1])
        if old is None or fresh or len(joined) != len(old):
            state.candles[timeframe] = joined
        else:  # the same arrays, so that what was computed of them counts on; read anew all the same
            state.candles[timeframe] = replace(old, stamp=joined.stamp)
        now = self._clock.monotonic()
        longer = old is not None and len(joined) > len(old)
        if self.on_candles is not None and (fresh or longer or now - self._kept.get(key, 0.0) > KEEP_PERIOD_S - 1):
            self._kept[key] = now
            await self.on_candles(self.venue, joined)
        wait = self._until_bar(int(joined.open_ms[-1]), timeframe, state.instrument.symbol)
        if len(joined) >= DEPTH:
            self._short.pop(key, None)
            return wait
        self._short[key] = self._short.get(key, 0) + 1  # a new listing, or rows were refused
        return min(wait, KEEP_PERIOD_S, AGAIN_S * 2.0 ** min(self._short[key] - 1, 5))

    def _exchange_now(self) -> int:
        """The exchange's clock now, as far as the last tickers tell."""
        now = self._clock.now_ms()
        return self.observed_ms + now - self.received_ms if self.observed_ms else now

    def _until_bar(self, newest_open_ms: int, timeframe: Timeframe, symbol: str) -> float:
        """Seconds until the bar after the newest one should be there: its close, a moment, and the symbol's own place in a
        spread that keeps all symbols from asking at once. At most KEEP_PERIOD_S, to write the bars again."""
        places = list(self._states)
        place = places.index(symbol) / len(places) if symbol in self._states else 0.0
        wait = (newest_open_ms + 2 * timeframe.ms - self._exchange_now()) / 1000 + BAR_DELAY_S
        wait += place * min(10.0, timeframe.ms / 1000 * 0.1)
        return min(wait, KEEP_PERIOD_S + place * 60) if wait > 0 else 5.0

    # ------------------------------------------------------------------------------------------------------ the result

    def market(self) -> MarketData:
        """All that is known, as of now."""
        return MarketData(
            venue=self.venue,
            stamp=Stamp(observed_ms=self.observed_ms, received_ms=self.received_ms),
            inputs=list(self.inputs()),
            tickers=self.tickers,
            anchor_candles=self.anchor_candles(),
            universe=self.universe,
            venue_symbols=self.venue_symbols,
            whole=self.whole,
            followed={name: self._young_candles(self._states[name]) for name in self._followed if name in self._states},
        )

    def inputs(self) -> Iterator[SymbolInputs]:
        """All that is known and young enough to count, of each tracked symbol that has a price, on the exchange's clock."""
        now = self.observed_ms
        ages = dict.fromkeys((*MAX_AGE_MS, InputKind.CANDLES, InputKind.TICKERS), 0)
        for item in self.universe:
            state, ticker = self._states[item.symbol], self.tickers.get(item.symbol)
            if ticker is None:
                continue
            young: dict[str, OrderBook | Trades | TimeSeries | None] = {}
            for kind in MAX_AGE_MS:
                value, most = getattr(state, kind), self._max_age_ms(kind)
                age = now - value.stamp.observed_ms if value is not None else 0
                ages[kind] = max(ages[kind], age)
                young[kind] = value if value is not None and age <= most else None
            candles = self._young_candles(state)
            ages[InputKind.CANDLES] = max(
                [ages[InputKind.CANDLES], *(now - bars.stamp.observed_ms for bars in state.candles.values())]
            )
            previous = state.previous_book if young[InputKind.ORDER_BOOK] is not None else None
            yield SymbolInputs(symbol=item.symbol, ticker=ticker, candles=candles, previous_book=previous, **young)  # type: ignore[arg-type]
        for kind, age in ages.items():
            metrics.INPUT_AGE.labels(kind).set(max(0, age) / 1000)

    def _max_age_ms(self, kind: InputKind) -> float:
        """Where the venue's limits stretch the cadence, an input may be as old as two and a half of its periods."""
        period = {InputKind.ORDER_BOOK: self._cadence.books, InputKind.TRADES: self._cadence.trades}.get(kind, 0.0)
        return max(MAX_AGE_MS[kind], 2500 * period)

    def anchor_candles(self) -> Mapping[Timeframe, Candles]:
        """BTC's candles, for regime and volatility."""
        state = self._states.get(ANCHOR)
        return self._young_candles(state) if state else {}

    def _young_candles(self, state: SymbolState) -> dict[Timeframe, Candles]:
        return {timeframe: bars for timeframe, bars in state.candles.items() if self._counts(bars)}

    def _counts(self, bars: Candles) -> bool:
        """True while no more bars are missing at the end than may be."""
        behind = self.observed_ms - int(bars.open_ms[-1])
        return behind <= (2 + MAX_BARS_BEHIND[bars.timeframe]) * bars.timeframe.ms

    @property
    def venue_symbols(self) -> tuple[str, ...]:
        """Every live USDT perpetual of the venue."""
        return tuple(sorted(item.symbol for item in self._instruments))
