"""The prices of one venue: readings of all markets, and tickers from streams, the newest of each symbol."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from virtuoso.domain.errors import BadData
from virtuoso.domain.plausibility import MAX_PRICE_AGE_MS
from virtuoso.market_data.price_checks import PriceSteps

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Ticker

# The figures of a ticker that a stream may lack. They are then those of the newest reading.
READ_FIGURES = (
    "tick_size",
    "change_24h_percent",
    "turnover_24h",
    "volume_24h",
    "mark",
    "index",
    "funding_rate",
    "funding_interval_ms",
    "open_interest",
)


class Prices:
    """The newest tickers of a venue by symbol. `observed_ms` and `received_ms` are the times of the newest one.

    Tickers that were received more than MAX_PRICE_AGE_MS before the newest one are left out. `streamed` are the symbols
    whose ticker is from a stream. `turnover` has the last known values, of any age, to rank the symbols."""

    def __init__(self, venue: str, clock: Clock) -> None:
        self.tickers: Mapping[str, Ticker] = {}
        self.observed_ms = 0
        self.received_ms = 0
        self.streamed: frozenset[str] = frozenset()
        self.turnover: dict[str, float] = {}
        self._venue = venue
        self._clock = clock
        self._steps = PriceSteps()
        self._waiting: dict[str, Ticker] = {}  # from streams, since the last call of `use_streamed`
        self._read: Mapping[str, Ticker] = {}  # the newest reading

    def read(self, tickers: Mapping[str, Ticker]) -> None:
        """Use a reading of all markets. Raise BadData when it has no price that can be used."""
        self.use_streamed()
        confirmed = self._steps.confirmed(tickers)
        if not confirmed:
            raise BadData("every price differs too much from the one before", venue=self._venue, endpoint="tickers")
        self._read = confirmed
        newer = {symbol for symbol in self.streamed if _is_newer(self.tickers[symbol], confirmed.get(symbol))}
        self._set(confirmed | {symbol: self.tickers[symbol] for symbol in newer}, frozenset(newer))

    def add_streamed(self, ticker: Ticker) -> None:
        """Note a ticker of a stream, unless a newer one is noted. `use_streamed` uses it."""
        if not _is_newer(self._waiting.get(ticker.symbol, ticker), ticker):
            self._waiting[ticker.symbol] = ticker

    def now_ms(self) -> int:
        """Return the exchange's time (epoch ms), estimated from the newest ticker. Without one, return our time."""
        now = self._clock.now_ms()
        return self.observed_ms + now - self.received_ms if self.observed_ms else now

    @property
    def newest_ms(self) -> int:
        """Return the time of the newest ticker, including those that are not used yet."""
        return max((self.observed_ms, *(ticker.stamp.observed_ms for ticker in self._waiting.values())))

    def use_streamed(self) -> None:
        """Use the tickers of streams since the last call, as far as they are newer than the known ones."""
        waiting, self._waiting = self._waiting, {}
        newer = {name: ticker for name, ticker in waiting.items() if _is_newer(ticker, self.tickers.get(name))}
        if not newer:
            return
        confirmed = self._steps.confirmed({symbol: self._completed(ticker) for symbol, ticker in newer.items()})
        if confirmed:
            self._set({**self.tickers, **confirmed}, self.streamed | confirmed.keys())

    def _completed(self, ticker: Ticker) -> Ticker:
        read = self._read.get(ticker.symbol)
        if read is None or ticker.stamp.received_ms - read.stamp.received_ms > MAX_PRICE_AGE_MS:
            return ticker
        lacking = {name: value for name in READ_FIGURES if getattr(ticker, name) is None and (value := getattr(read, name))}
        return replace(ticker, **lacking) if lacking else ticker

    def _set(self, tickers: Mapping[str, Ticker], streamed: frozenset[str]) -> None:
        newest = max(tickers.values(), key=lambda ticker: ticker.stamp.observed_ms).stamp
        oldest_ms = newest.received_ms - MAX_PRICE_AGE_MS
        self.tickers = {symbol: one for symbol, one in tickers.items() if one.stamp.received_ms >= oldest_ms}
        self.streamed = streamed & self.tickers.keys()
        self.observed_ms, self.received_ms = newest.observed_ms, newest.received_ms
        self.turnover |= {name: one.turnover_24h for name, one in self.tickers.items() if one.turnover_24h is not None}

    def keep_turnover(self, listed: Collection[str]) -> None:
        """Forget the turnover of markets that are not listed."""
        self.turnover = {name: value for name, value in self.turnover.items() if name in listed}

    def turnover_of(self, tickers: Mapping[str, Ticker]) -> tuple[int, float]:
        """Return (number of tickers with a turnover, the sum of the last known turnovers of these symbols)."""
        known = [symbol for symbol, ticker in tickers.items() if ticker.turnover_24h is not None]
        return len(known), math.fsum(self.turnover.get(symbol, 0.0) for symbol in known)


def _is_newer(ticker: Ticker, other: Ticker | None) -> bool:
    return other is None or ticker.stamp.observed_ms > other.stamp.observed_ms
