"""The newest inputs of one symbol, streamed and polled, and the check of their age. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from virtuoso.domain.inputs import InputKind, ScoreInput
from virtuoso.domain.model import Stamp, SymbolInputs, Timeframe
from virtuoso.market_data.book_history import BOOK_LEVELS, BookHistory
from virtuoso.market_data.liquidation_window import LiquidationWindow
from virtuoso.market_data.price_checks import checked
from virtuoso.market_data.trade_window import TradeWindow

if TYPE_CHECKING:
    from virtuoso.domain.model import BookFlow, Candles, Instrument, Liquidations, OrderBook, Ticker, TimeSeries, Trades

    Records = Mapping[InputKind, OrderBook | Trades | TimeSeries | Liquidations]

# An older input is not used.
MAX_AGE_MS: Mapping[InputKind, int] = {
    InputKind.ORDER_BOOK: 60_000,
    InputKind.TRADES: 60_000,
    InputKind.OPEN_INTEREST: 1_800_000,
    InputKind.LONG_SHORT: 3_600_000,
    InputKind.FUNDING: 90_000_000,
    InputKind.LIQUIDATIONS: 60_000,
}
# A series of candles is used while at most this many bars are missing at its end.
MAX_BARS_BEHIND = {Timeframe.M1: 3, Timeframe.M5: 2, Timeframe.M30: 1, Timeframe.H4: 1}
TICKER_INPUTS = frozenset({ScoreInput.TICKER, ScoreInput.MARK_PRICE, ScoreInput.INDEX_PRICE, ScoreInput.FUNDING_RATE})


class Books(Protocol):
    """A source of streamed order books, such as a StreamReader."""

    def book(self, symbol: str, levels: int) -> OrderBook | None:
        """Return the current order book with at most `levels` levels a side, or None while it is not known."""
        ...

    def book_flow(self, symbol: str) -> BookFlow | None:
        """Return the changes of its best levels within the last minute, or None while it is not known."""
        ...


class SymbolState:
    """The newest inputs of one symbol. All times are on the exchange's clock.

    `stream_stamps` has the stamp of the newest update of each kind that streams. A kind whose stream is lost is not in it.
    `built` has the opening time of the first bar that was made of minute bars, and not read since, by timeframe."""

    __slots__ = (
        *("instrument", "candles", "books", "trades", "liquidations", "funding", "open_interest", "long_short", "failed"),
        *("stream_stamps", "built", "_sampled_ms", "_flow"),
    )

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.candles: dict[Timeframe, Candles] = {}
        self.books = BookHistory()
        self.trades = TradeWindow(instrument.symbol)
        self.liquidations = LiquidationWindow(instrument.symbol)
        self.funding: TimeSeries | None = None
        self.open_interest: TimeSeries | None = None
        self.long_short: TimeSeries | None = None
        self.failed: set[InputKind | Timeframe] = set()  # inputs whose newest request gave no usable data
        self.stream_stamps: dict[InputKind, Stamp] = {}
        self.built: dict[Timeframe, int] = {}
        self._sampled_ms = 0  # the time of the last streamed book among the samples
        self._flow: BookFlow | None = None  # that of the stream, as of the last sample

    def sample(self, reader: Books) -> None:
        """Take the streamed order book among the samples, if it has changed since the last time."""
        stamp = self.stream_stamps.get(InputKind.ORDER_BOOK)
        if stamp is None or stamp.observed_ms <= self._sampled_ms:
            return
        book = reader.book(self.instrument.symbol, BOOK_LEVELS)
        if book is not None:
            self._sampled_ms = stamp.observed_ms
            self._flow = reader.book_flow(self.instrument.symbol)
            self.books.add(book, streamed=True)

    def lose(self, kind: InputKind) -> None:
        """Record that a stream was lost. What it sent is used until it is too old."""
        self.stream_stamps.pop(kind, None)
        if kind is InputKind.TRADES:
            self.trades.lose()
        elif kind is InputKind.LIQUIDATIONS:
            self.liquidations.lose()
        elif kind is InputKind.ORDER_BOOK:
            self._sampled_ms, self._flow = 0, None

    def fresh_candles(self, now_ms: int) -> dict[Timeframe, Candles]:
        """Return the series that are recent enough at `now_ms`."""
        return {timeframe: bars for timeframe, bars in self.candles.items() if is_fresh(bars, now_ms)}

    def records(self, now_ms: int) -> Records:
        """Return the newest records of the kinds in MAX_AGE_MS, of any age."""
        found = {
            InputKind.ORDER_BOOK: self.books.newest,
            InputKind.TRADES: self.trades.record(),
            InputKind.OPEN_INTEREST: self.open_interest,
            InputKind.LONG_SHORT: self.long_short,
            InputKind.FUNDING: self.funding,
            # Tickers come from the same servers as liquidations, and often. They show that the stream is alive.
            InputKind.LIQUIDATIONS: self.liquidations.record(now_ms, self.stream_stamps.get(InputKind.TICKERS)),
        }
        return {kind: record for kind, record in found.items() if record is not None}

    def inputs(
        self,
        ticker: Ticker | None,
        now_ms: int,
        records: Records,
        max_age_ms: Mapping[InputKind, float] = MAX_AGE_MS,
        *,
        streamed_ticker: bool = False,
    ) -> SymbolInputs:
        """Return the inputs that are recent enough at `now_ms` and that other inputs do not contradict. `records` are those
        of this time. `max_age_ms` is by kind, like MAX_AGE_MS."""
        fresh = {kind: record for kind, record in records.items() if now_ms - record.stamp.observed_ms <= max_age_ms[kind]}
        samples = self.books.samples if InputKind.ORDER_BOOK in fresh else ()
        flow = (self._flow or self.books.flow()) if samples else None
        candles = self.fresh_candles(now_ms)
        streamed = {*(TICKER_INPUTS if streamed_ticker else ())}
        if InputKind.ORDER_BOOK in self.stream_stamps and samples and self.books.streamed:
            streamed.add(ScoreInput.ORDER_BOOK)
        if flow is not None and flow is self._flow:
            streamed.add(ScoreInput.BOOK_FLOW)
        if InputKind.TRADES in self.stream_stamps and InputKind.TRADES in fresh:
            streamed.add(ScoreInput.TRADES)
        if InputKind.CANDLES in self.stream_stamps and Timeframe.M1 in candles:
            streamed.add(ScoreInput.CANDLES_1M)
        streamed |= {ScoreInput.candles(timeframe) for timeframe in self.built.keys() & candles.keys()}
        if InputKind.LIQUIDATIONS in fresh:
            streamed.add(ScoreInput.LIQUIDATIONS)
        inputs = SymbolInputs(
            symbol=self.instrument.symbol,
            ticker=ticker,
            candles=candles,
            books=samples,
            book_flow=flow,
            streamed=frozenset(streamed),
            **{kind.value: record for kind, record in fresh.items()},  # type: ignore[arg-type]
        )
        return checked(inputs, now_ms)

    def tried(self, inputs: SymbolInputs) -> bool:
        """Return True if candles, order book and trades are all in `inputs`, or their newest request gave no usable
        data."""
        refused = {timeframe for timeframe in Timeframe if ScoreInput.candles(timeframe) in inputs.refused}
        present = {kind for kind in (InputKind.ORDER_BOOK, InputKind.TRADES) if getattr(inputs, kind) is not None}
        known = present | inputs.candles.keys() | refused | self.failed
        return {InputKind.ORDER_BOOK, InputKind.TRADES, *Timeframe} <= known

    def streams(self, inputs: SymbolInputs) -> bool:
        """Return True if order book and trades are in `inputs`, and both stream."""
        return {InputKind.ORDER_BOOK, InputKind.TRADES} <= self.stream_stamps.keys() and None not in (
            inputs.book,
            inputs.trades,
        )

    def ages_ms(self, now_ms: int, records: Records) -> dict[InputKind, int]:
        """Return the age of each kind of input that exists. For candles, return the age of the oldest series."""
        ages = {kind: now_ms - record.stamp.observed_ms for kind, record in records.items()}
        if self.candles:
            ages[InputKind.CANDLES] = max(now_ms - bars.stamp.observed_ms for bars in self.candles.values())
        return ages


def is_fresh(bars: Candles, now_ms: int) -> bool:
    """Return True while at most MAX_BARS_BEHIND bars are missing at the end of the series."""
    behind = now_ms - int(bars.open_ms[-1])
    return behind <= (2 + MAX_BARS_BEHIND[bars.timeframe]) * bars.timeframe.ms
