"""The newest inputs of one symbol, and the check of their age. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from virtuoso.domain.inputs import InputKind, ScoreInput
from virtuoso.domain.model import SymbolInputs, Timeframe
from virtuoso.market_data.price_checks import checked

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Instrument, OrderBook, Ticker, TimeSeries, Trades

# An older input is not used.
MAX_AGE_MS: Mapping[InputKind, int] = {
    InputKind.ORDER_BOOK: 60_000,
    InputKind.TRADES: 60_000,
    InputKind.OPEN_INTEREST: 1_800_000,
    InputKind.LONG_SHORT: 3_600_000,
    InputKind.FUNDING: 90_000_000,
}
# A series of candles is used while at most this many bars are missing at its end.
MAX_BARS_BEHIND = {Timeframe.M1: 3, Timeframe.M5: 2, Timeframe.M30: 1, Timeframe.H4: 1}


@dataclass(slots=True)
class SymbolState:
    """The newest inputs of one symbol. All times are on the exchange's clock."""

    instrument: Instrument
    candles: dict[Timeframe, Candles] = field(default_factory=dict)
    book: OrderBook | None = None
    previous_book: OrderBook | None = None
    trades: Trades | None = None
    funding: TimeSeries | None = None
    open_interest: TimeSeries | None = None
    long_short: TimeSeries | None = None
    failed: set[InputKind | Timeframe] = field(default_factory=set)  # inputs whose newest request gave no usable data

    def fresh_candles(self, now_ms: int) -> dict[Timeframe, Candles]:
        """Return the series that are recent enough at `now_ms`."""
        return {timeframe: bars for timeframe, bars in self.candles.items() if is_fresh(bars, now_ms)}

    def inputs(self, ticker: Ticker | None, now_ms: int, max_age_ms: Mapping[InputKind, float] = MAX_AGE_MS) -> SymbolInputs:
        """Return the inputs that are recent enough at `now_ms` and that other inputs do not contradict. `max_age_ms` is by
        kind, like MAX_AGE_MS."""
        fresh: dict[InputKind, OrderBook | Trades | TimeSeries | None] = {}
        for kind, limit_ms in max_age_ms.items():
            value = getattr(self, kind)
            fresh[kind] = value if value is not None and now_ms - value.stamp.observed_ms <= limit_ms else None
        inputs = SymbolInputs(
            symbol=self.instrument.symbol,
            ticker=ticker,
            candles=self.fresh_candles(now_ms),
            previous_book=self.previous_book if fresh[InputKind.ORDER_BOOK] is not None else None,
            **{kind.value: value for kind, value in fresh.items()},  # type: ignore[arg-type]
        )
        return checked(inputs, now_ms)

    def tried(self, inputs: SymbolInputs) -> bool:
        """Return True if candles, order book and trades are all in `inputs`, or their newest request gave no usable
        data."""
        refused = {timeframe for timeframe in Timeframe if ScoreInput.candles(timeframe) in inputs.refused}
        present = {kind for kind in (InputKind.ORDER_BOOK, InputKind.TRADES) if getattr(inputs, kind) is not None}
        known = present | inputs.candles.keys() | refused | self.failed
        return {InputKind.ORDER_BOOK, InputKind.TRADES, *Timeframe} <= known

    def ages_ms(self, now_ms: int) -> dict[InputKind, int]:
        """Return the age of each kind of input that exists. For candles, return the age of the oldest series."""
        ages = {kind: now_ms - value.stamp.observed_ms for kind in MAX_AGE_MS if (value := getattr(self, kind)) is not None}
        if self.candles:
            ages[InputKind.CANDLES] = max(now_ms - bars.stamp.observed_ms for bars in self.candles.values())
        return ages


def is_fresh(bars: Candles, now_ms: int) -> bool:
    """Return True while at most MAX_BARS_BEHIND bars are missing at the end of the series."""
    behind = now_ms - int(bars.open_ms[-1])
    return behind <= (2 + MAX_BARS_BEHIND[bars.timeframe]) * bars.timeframe.ms
