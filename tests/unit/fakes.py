"""An exchange in memory that keeps the contract of the port. It has a clock of its own, and faults for each kind of call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.model import (
    Candles,
    Instrument,
    OrderBook,
    Stamp,
    Ticker,
    Timeframe,
    TimeSeries,
    Trades,
)


class FakeExchange:
    """`symbols` are in descending order of turnover. `faults[kind]` is an error to raise, or None to hang. `calls` counts
    the calls of each kind."""

    def __init__(self, *symbols: str, venue: str = "bybit", clock: Clock = SYSTEM_CLOCK) -> None:
        self.venue = venue
        self.clock = clock
        self.symbols = list(symbols)
        self.faults: dict[str, ExchangeError | None] = {}
        self.calls: Counter[str] = Counter()
        self.last_limit: dict[str, int] = {}  # limit of the last request for bars, by kind
        self.lag_ms = 0
        self.without_turnover: set[str] = set()
        self.unlisted: dict[str, float] = {}  # turnover by symbol
        self.symbol_faults: dict[str, ExchangeError] = {}  # for all calls about one symbol
        self.not_traded: set[str] = set()
        self.last: dict[str, float] = {}  # last price by symbol, 100 by default
        self.candle_scale = 1.0  # factor of all prices of candles
        self.run = 1000  # number of newest bars without a gap
        self.trade_age_ms = 0  # of the newest trade

    def stamp(self) -> Stamp:
        now = self.clock.now_ms()
        return Stamp(observed_ms=now - self.lag_ms, received_ms=now)

    async def _call(self, kind: str, symbol: str = "") -> None:
        self.calls[kind] += 1
        await self.clock.sleep(0)
        if symbol in self.symbol_faults:
            raise self.symbol_faults[symbol]
        if kind in self.faults:
            error = self.faults[kind]
            if error is None:
                await self.clock.sleep(3600)
            else:
                raise error

    async def instruments(self) -> Sequence[Instrument]:
        await self._call("instruments")
        return [
            Instrument(symbol=name, venue_symbol=name, base_asset=name.removesuffix("USDT"), multiplier=1)
            for name in self.symbols
        ]

    async def tickers(self) -> Mapping[str, Ticker]:
        await self._call("tickers")
        return {
            name: Ticker(
                symbol=name,
                last=self.last.get(name, 100.0),
                stamp=self.stamp(),
                change_24h_percent=1.0,
                turnover_24h=1e9 / (rank + 1) if name not in self.not_traded else 0.0,
                volume_24h=1e7 if name not in self.not_traded else 0.0,
            )
            for rank, name in enumerate(self.symbols)
            if name not in self.without_turnover
        }

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        self.last_limit[f"candles_{timeframe.value}"] = limit
        await self._call(f"candles_{timeframe.value}", instrument.symbol)
        stamp = self.stamp()
        last = (stamp.observed_ms if before_ms is None else before_ms) // timeframe.ms - 1
        limit = min(limit, self.run)
        times = np.arange(last - limit + 1, last + 1) * timeframe.ms
        price = self.candle_scale * (100 + np.sin(times / timeframe.ms))
        return Candles(
            symbol=instrument.symbol,
            timeframe=timeframe,
            open_ms=times,
            open=price,
            high=price * 1.01,
            low=price / 1.01,
            close=price,
            volume=price,
            stamp=stamp,
        )

    async def order_book(self, instrument: Instrument) -> OrderBook:
        await self._call("book", instrument.symbol)
        steps = np.arange(1.0, 51.0)
        bids = np.column_stack((100 - steps / 100, steps))
        asks = np.column_stack((100 + steps / 100, steps))
        return OrderBook(symbol=instrument.symbol, bids=bids, asks=asks, stamp=self.stamp())

    async def trades(self, instrument: Instrument) -> Trades:
        await self._call("trades", instrument.symbol)
        stamp, index = self.stamp(), np.arange(100)
        ids = tuple(str(stamp.observed_ms + i) for i in index)
        ones = np.ones(100)
        return Trades(
            symbol=instrument.symbol,
            ids=ids,
            time_ms=stamp.observed_ms - self.trade_age_ms - 100 + index,
            price=ones * 100,
            size=ones,
            side=ones,
            stamp=stamp,
        )

    async def _series(self, kind: str, instrument: Instrument) -> TimeSeries:
        await self._call(kind, instrument.symbol)
        stamp = self.stamp()
        times = stamp.observed_ms - np.arange(100, 0, -1) * 300_000
        return TimeSeries(symbol=instrument.symbol, time_ms=times, values=np.linspace(1.0, 2.0, 100), stamp=stamp)

    async def funding(self, instrument: Instrument) -> TimeSeries:
        return await self._series("funding", instrument)

    async def open_interest(self, instrument: Instrument) -> TimeSeries:
        return await self._series("open_interest", instrument)

    async def long_short(self, instrument: Instrument) -> TimeSeries:
        return await self._series("long_short", instrument)

    async def close(self) -> None:
        pass
