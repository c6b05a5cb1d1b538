"""The bars of one venue: how many to request and when, and what to do about gaps and breaks of scale."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from virtuoso.domain.model import Timeframe
from virtuoso.market_data.merge import merge_candles, same_bars, whole_bars
from virtuoso.market_data.symbol_state import is_fresh

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Candles
    from virtuoso.domain.ports import Exchange
    from virtuoso.market_data.prices import Prices
    from virtuoso.market_data.symbol_state import SymbolState

BARS_KEPT = 400  # maximum length of a series of candles
REPEAT_PERIOD_S = 300.0  # unchanged bars are published again after this time, in case they were lost
RETRY_GAP_S = 10.0  # the wait before a series with a gap is read again
BAR_DELAY_S = 1.5  # the time that a venue needs to close a bar


class CandleReading:
    """The candles of the symbols in `states`. `publish` gets each new series that other prices do not contradict."""

    def __init__(
        self, exchange: Exchange, prices: Prices, publish: Callable[[Candles], Awaitable[None]], clock: Clock
    ) -> None:
        self._exchange = exchange
        self._prices = prices
        self._publish = publish
        self._clock = clock
        self._states: Mapping[str, SymbolState] = {}
        self._published_at: dict[tuple[str, Timeframe], float] = {}
        self._unpublished: set[tuple[str, Timeframe]] = set()  # series with bars of a stream that were not published yet
        self._short_reads: dict[tuple[str, Timeframe], int] = {}  # reads that left a series shorter than BARS_KEPT
        self._gaps: set[tuple[str, Timeframe]] = set()  # series to read in full, after a gap or a break of scale

    def set_states(self, states: Mapping[str, SymbolState]) -> None:
        """Set the symbols to read. Discard what is known of others."""
        self._states = states
        self._published_at = {key: value for key, value in self._published_at.items() if key[0] in states}
        self._unpublished = {key for key in self._unpublished if key[0] in states}
        self._short_reads = {key: value for key, value in self._short_reads.items() if key[0] in states}
        self._gaps = {key for key in self._gaps if key[0] in states}

    def bars_wanted(self, symbol: str, timeframe: Timeframe) -> int:
        """Return the number of bars to request: BARS_KEPT until the series is complete, afterwards only the new bars."""
        old = self._states[symbol].candles.get(timeframe)
        if old is None or not _is_complete(old) or (symbol, timeframe) in self._gaps:
            return BARS_KEPT
        known_ms = self._states[symbol].built.get(timeframe, int(old.open_ms[-1]))
        return min(BARS_KEPT, (self._prices.now_ms() - known_ms) // timeframe.ms + 2)

    async def read(self, state: SymbolState, timeframe: Timeframe, limit: int) -> float:
        """Read bars and append them to the known bars. Return the seconds until the next read.

        After a gap or a break of scale, read BARS_KEPT bars immediately, because one reply may be wrong. If the break
        remains, keep the known series until it is too old, and read again after RETRY_GAP_S."""
        new = await self._exchange.candles(state.instrument, timeframe, limit=limit)
        key, old = (state.instrument.symbol, timeframe), state.candles.get(timeframe)
        joined = merge_candles(old, new, limit=BARS_KEPT)
        broken = old is not None and len(joined) < len(old)
        if limit < BARS_KEPT and (broken or joined.run_start() > 0):
            self._gaps.add(key)
            return 0.0
        self._gaps.discard(key)
        if old is not None and broken and is_fresh(old, self._prices.observed_ms):
            self._gaps.add(key)
            return RETRY_GAP_S
        if int(new.open_ms[0]) <= state.built.get(timeframe, 0):
            del state.built[timeframe]
        changed = old is None or not same_bars(old, joined)
        if old is None or changed:
            state.candles[timeframe] = joined
        else:  # keep the arrays, because results computed from them are reused
            state.candles[timeframe] = replace(old, stamp=joined.stamp)
        await self._offer(state, timeframe, at_once=changed)
        wait_s = self._until_bar(int(joined.open_ms[-1]), timeframe, key[0])
        if _is_complete(joined):
            self._short_reads.pop(key, None)
            return wait_s
        self._short_reads[key] = self._short_reads.get(key, 0) + 1  # a new market, or refused rows
        return min(wait_s, REPEAT_PERIOD_S, RETRY_GAP_S * 2.0 ** min(self._short_reads[key] - 1, 5))

    def add_streamed(self, state: SymbolState, new: Candles) -> bool:
        """Append bars of a stream. Return False if the series must be read instead: it is not known, or does not join."""
        old, key = state.candles.get(new.timeframe), (new.symbol, new.timeframe)
        joined = None if old is None else merge_candles(old, new, limit=BARS_KEPT)
        if old is None or joined is None or len(joined) < len(old) or joined.run_start() > old.run_start():
            self._gaps.add(key)
            return False
        state.candles[new.timeframe] = replace(old, stamp=joined.stamp) if same_bars(old, joined) else joined
        self._unpublished.add(key)
        if new.timeframe is Timeframe.M1:
            self._build(state)
        return True

    def _build(self, state: SymbolState) -> None:
        """Make the bars of longer timeframes that no request has read a minute after their end, each of all its minute bars.
        A later request reads them."""
        minutes = state.candles[Timeframe.M1]
        for timeframe, old in list(state.candles.items()):
            from_ms, until_ms = int(old.open_ms[-1]) + timeframe.ms, int(minutes.open_ms[-1])
            new = None if timeframe is Timeframe.M1 else whole_bars(minutes, timeframe, from_ms=from_ms, until_ms=until_ms)
            if new is None:
                continue
            joined = merge_candles(old, new, limit=BARS_KEPT)
            if len(joined) >= len(old) and joined.run_start() <= old.run_start():
                state.candles[timeframe] = joined
                state.built.setdefault(timeframe, from_ms)
                self._unpublished.add((state.instrument.symbol, timeframe))

    async def wait_for_stream(self, state: SymbolState, timeframe: Timeframe) -> float | None:
        """Return the seconds until the next bar should be here, if the stream sent all bars so far. Publish them. Return
        None if the series must be read."""
        symbol, bars = state.instrument.symbol, state.candles.get(timeframe)
        if bars is None or not _is_complete(bars) or (symbol, timeframe) in self._gaps:
            return None
        if self._prices.now_ms() >= int(bars.open_ms[-1]) + 2 * timeframe.ms:
            return None
        await self._offer(state, timeframe, at_once=(symbol, timeframe) in self._unpublished)
        for other in list(state.built):
            await self._offer(state, other, at_once=(symbol, other) in self._unpublished)
        return self._until_bar(int(bars.open_ms[-1]), timeframe, symbol)

    async def publish_told(self) -> None:
        """Publish the bars of streams that were not published yet."""
        for symbol, timeframe in sorted(self._unpublished, key=str):
            await self._offer(self._states[symbol], timeframe, at_once=True)

    async def _offer(self, state: SymbolState, timeframe: Timeframe, *, at_once: bool) -> None:
        """Publish a series that other prices do not contradict, if `at_once` is True, or if the last time was about
        REPEAT_PERIOD_S ago."""
        key, now = (state.instrument.symbol, timeframe), self._clock.monotonic()
        now_ms, ticker = self._prices.observed_ms, self._prices.tickers.get(key[0])
        if timeframe not in state.inputs(ticker, now_ms, state.records(now_ms)).candles:
            return
        if at_once or now - self._published_at.get(key, 0.0) > REPEAT_PERIOD_S - 1:
            self._published_at[key] = now
            self._unpublished.discard(key)
            await self._publish(state.candles[timeframe])

    def _until_bar(self, newest_open_ms: int, timeframe: Timeframe, symbol: str) -> float:
        """Return the seconds until the next bar should be available.

        BAR_DELAY_S and an offset per symbol are added to the close of the bar. The offset spreads the requests over time.
        The result is at most REPEAT_PERIOD_S plus an offset of up to 60 s, so that bars are published again."""
        symbols = list(self._states)
        offset = symbols.index(symbol) / len(symbols) if symbol in self._states else 0.0
        wait_s = (newest_open_ms + 2 * timeframe.ms - self._prices.now_ms()) / 1000 + BAR_DELAY_S
        wait_s += offset * min(10.0, timeframe.ms / 1000 * 0.1)
        return min(wait_s, REPEAT_PERIOD_S + offset * 60) if wait_s > 0 else 5.0


def _is_complete(bars: Candles) -> bool:
    """Return True for BARS_KEPT bars without a gap."""
    return len(bars) >= BARS_KEPT and bars.run_start() == 0
