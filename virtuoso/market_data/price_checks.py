"""The prices of one symbol from several sources, compared with each other.

    ticker, trades, order book, candles ─► checked() ─► the inputs that agree, and a reason for each one that does not

A venue can be wrong in one of them: a ticker of another market, candles of another scale. When the ticker and the candles
differ, trades and order book decide between them. When they cannot decide, neither is used.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.domain.inputs import ScoreInput
from virtuoso.domain.model import DAY_MS, Stamp, SymbolInputs, Ticker, Timeframe
from virtuoso.domain.plausibility import MAX_GAP_JUMP, MAX_PRICE_STEP, MAX_TURNOVER_STEP, PRICE_STEP_MS
from virtuoso.exchange.rows import count_refused

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles

log = logging.getLogger(__name__)

TICKER_FIELDS = (ScoreInput.TICKER, ScoreInput.MARK_PRICE, ScoreInput.INDEX_PRICE, ScoreInput.FUNDING_RATE)
RECENT_CLOSES = frozenset({Timeframe.M1, Timeframe.M5})  # timeframes whose newest close is as recent as a last price
COMPARED_BARS = 3  # number of newest bars whose closes are looked up in a finer series


def checked(inputs: SymbolInputs, now_ms: int) -> SymbolInputs:
    """Return the inputs without prices that other inputs contradict. `refused` has the reason for each of them.

    When the last price is refused, the ticker has the price of the newest trade instead, and no other figures. Without a
    trade in the last minute there is no ticker."""
    check = _Check(inputs, now_ms)
    for timeframe in sorted(inputs.candles, key=lambda each: each.ms):
        check.candles(inputs.candles[timeframe])
    ticker = check.ticker()
    if not check.refused and ticker is inputs.ticker:
        return inputs
    candles = {timeframe: bars for timeframe, bars in inputs.candles.items() if bars in check.trusted}
    return replace(inputs, ticker=ticker, candles=candles, refused=check.refused)


class _Check:
    """The comparison of one symbol's prices. Candles are compared from the finest series to the coarsest: the finest with
    the last price, every other one with the finer ones that were not refused."""

    def __init__(self, inputs: SymbolInputs, now_ms: int) -> None:
        self.refused: dict[ScoreInput, str] = {}
        self.trusted: list[Candles] = []
        self._inputs = inputs
        self._trade = _newest_trade(inputs, now_ms)
        mid = _mid(inputs)
        self._others = [*([self._trade.last] if self._trade else ()), *([mid] if mid else ())]
        self._doubtful: list[Candles] = []  # the candles that contradict the last price
        self._doubt = ""  # why the last price is not right
        self._confirmed = False  # recent candles agree with the last price

    def candles(self, bars: Candles) -> None:
        """Compare one more series."""
        reason = self._against_finer(bars) if self.trusted else self._against_last(bars)
        if reason:
            self.refused[ScoreInput.candles(bars.timeframe)] = reason
        else:
            self.trusted.append(bars)

    def _against_finer(self, bars: Candles) -> str:
        agrees = [(one, _closes_agree(bars, one)) for one in self.trusted]
        if all(agree is None for _, agree in agrees):  # the finer series are short
            newest = self.trusted[0]
            agrees = [(newest, _near(float(bars.close[-1]), float(newest.close[-1]), MAX_GAP_JUMP))]
        other = next((one for one, agree in agrees if agree is False), None)
        return "" if other is None else f"the {bars.timeframe.value} candles contradict the {other.timeframe.value} candles"

    def _against_last(self, bars: Candles) -> str:
        if self._inputs.ticker is None:
            return ""
        last, close, name = self._inputs.ticker.last, float(bars.close[-1]), bars.timeframe.value
        recent = bars.timeframe in RECENT_CLOSES
        if any(_closes_agree(bars, one) for one in self._doubtful):
            return f"the {name} candles contradict the last price, as the finer ones do"
        if _near(last, close, MAX_PRICE_STEP if recent else MAX_GAP_JUMP):
            self._confirmed |= recent
            return ""
        for_last, for_bars = (sum(_near(price, other) for other in self._others) for price in (last, close))
        if for_bars >= for_last:
            self._doubt = self._doubt or f"the last price contradicts the {name} candles"
        if for_bars > for_last:
            return ""
        self._doubtful.append(bars)
        return f"the {name} candles contradict the last price"

    def ticker(self) -> Ticker | None:
        """Return the ticker that agrees with the candles: the given one, that of the newest trade, or None. Also refuse
        candles that contradict the given ticker's price of 24 hours ago."""
        ticker = self._inputs.ticker
        if self._doubt and not self._confirmed:
            self.refused |= dict.fromkeys(TICKER_FIELDS, self._doubt)
            agrees = self._trade and self.trusted and _near(self._trade.last, float(self.trusted[0].close[-1]))
            return self._trade if agrees else None
        return ticker if ticker is None else self._against_day_before(ticker)

    def _against_day_before(self, ticker: Ticker) -> Ticker:
        """Compare the candles with the ticker's price of 24 hours ago, and return the ticker.

        When only some candles contradict this price, refuse them. When all do, refuse those with a jump since then, and
        return the ticker without its change of 24 hours."""
        if ticker.change_24h_percent is None:
            return ticker
        price, time_ms = ticker.last / (1 + ticker.change_24h_percent / 100), ticker.stamp.observed_ms - DAY_MS
        agrees = {bars.timeframe: found for bars in self.trusted if (found := _had_price(bars, price, time_ms)) is not None}
        if all(agrees.values()):
            return ticker
        for bars in list(self.trusted):
            if not agrees.get(bars.timeframe, True) and (any(agrees.values()) or _jumps_since(bars, time_ms)):
                self.trusted.remove(bars)
                reason = f"the {bars.timeframe.value} candles contradict the ticker's price of 24 hours ago"
                self.refused[ScoreInput.candles(bars.timeframe)] = reason
        return ticker if any(agrees.values()) else replace(ticker, change_24h_percent=None)


class Contradictions:
    """The refused prices of one venue. They are counted in each pass, and each reason is logged when it is new."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._logged: frozenset[tuple[str, str]] = frozenset()

    def report(self, inputs: Iterable[SymbolInputs]) -> None:
        """Count and log the reasons of these inputs."""
        current = frozenset((one.symbol, reason) for one in inputs for reason in one.refused.values())
        count_refused("price_contradiction", len(current))
        for symbol, reason in sorted(current - self._logged):
            log.warning("%s %s: %s", self._venue, symbol, reason)
        self._logged = current


class PriceSteps:
    """The last prices and turnovers of all symbols. A large step counts only when a second reading confirms it."""

    def __init__(self) -> None:
        self._prices = _Steps(lambda ticker: ticker.last, MAX_PRICE_STEP)
        self._turnovers = _Steps(lambda ticker: ticker.turnover_24h, MAX_TURNOVER_STEP)
        self._confirmed: dict[str, Ticker] = {}

    def confirmed(self, tickers: Mapping[str, Ticker]) -> dict[str, Ticker]:
        """Return the tickers with a confirmed price. Count the others, and return the confirmed one of at most a minute
        before instead. Return {} when no price is confirmed. A turnover that is not confirmed is absent.

        A value is confirmed when it is near the last confirmed one or near the previous reading, each at most a minute old.
        Without such a value, any value is confirmed."""
        prices, turnovers = self._prices.confirmed(tickers), self._turnovers.confirmed(tickers)
        count_refused("ticker_step", len(tickers) - len(prices))
        count_refused("ticker_turnover_step", len(tickers) - len(turnovers))
        accepted = {
            symbol: ticker if symbol in turnovers else replace(ticker, turnover_24h=None, volume_24h=None)
            for symbol, ticker in tickers.items()
            if symbol in prices
        }
        refused = [ticker for symbol, ticker in tickers.items() if symbol not in prices] if accepted else []
        previous = {
            ticker.symbol: one
            for ticker in refused
            if (one := self._confirmed.get(ticker.symbol)) is not None
            and ticker.stamp.received_ms - one.stamp.received_ms <= PRICE_STEP_MS
        }
        self._confirmed |= accepted
        return accepted | previous


class _Steps:
    """The last values of one figure of all tickers. `value` returns the figure. `factor` is the largest usual step."""

    def __init__(self, value: Callable[[Ticker], float | None], factor: float) -> None:
        self._value = value
        self._factor = factor
        self._confirmed: dict[str, _Reading] = {}
        self._read: dict[str, _Reading] = {}

    def confirmed(self, tickers: Mapping[str, Ticker]) -> frozenset[str]:
        """Return the symbols whose value is confirmed, see `PriceSteps.confirmed`, or absent."""
        read = {
            symbol: _Reading(value, ticker.stamp.received_ms)
            for symbol, ticker in tickers.items()
            if (value := self._value(ticker)) is not None and value > 0
        }
        refused = {symbol for symbol, reading in read.items() if not self._is_confirmed(symbol, reading)}
        self._confirmed |= {symbol: reading for symbol, reading in read.items() if symbol not in refused}
        self._read |= read
        return frozenset(tickers.keys() - refused)

    def _is_confirmed(self, symbol: str, reading: _Reading) -> bool:
        known = [one for readings in (self._confirmed, self._read) if (one := readings.get(symbol)) is not None]
        recent = [one for one in known if reading.received_ms - one.received_ms <= PRICE_STEP_MS]
        return not recent or any(_near(reading.value, one.value, self._factor) for one in recent)


class _Reading(NamedTuple):
    value: float
    received_ms: int


def _near(price: float, other: float, factor: float = MAX_PRICE_STEP) -> bool:
    return 1 / factor <= price / other <= factor


def _newest_trade(inputs: SymbolInputs, now_ms: int) -> Ticker | None:
    """Return the price of the newest trade as a ticker without other figures. None without a trade in the last minute."""
    trades = inputs.trades
    if trades is None or not len(trades.time_ms) or now_ms - int(trades.time_ms[-1]) > PRICE_STEP_MS:
        return None
    stamp = Stamp(observed_ms=int(trades.time_ms[-1]), received_ms=trades.stamp.received_ms)
    tick_size = None if inputs.ticker is None else inputs.ticker.tick_size
    return Ticker(symbol=inputs.symbol, last=float(trades.price[-1]), stamp=stamp, tick_size=tick_size)


def _mid(inputs: SymbolInputs) -> float | None:
    """Return the geometric mean of the best bid and ask."""
    book = inputs.book
    return None if book is None else math.sqrt(float(book.bids[0, 0]) * float(book.asks[0, 0]))


def _closes_agree(bars: Candles, finer: Candles) -> bool | None:
    """Return True if the newest close that both series have is nearly equal in both. None if they have no common close."""
    for place in range(len(bars) - 1, max(-1, len(bars) - 1 - COMPARED_BARS), -1):
        opened_ms = int(bars.open_ms[place]) + bars.timeframe.ms - finer.timeframe.ms
        other = int(finer.open_ms.searchsorted(opened_ms))
        if other < len(finer) and finer.open_ms[other] == opened_ms:
            return _near(float(bars.close[place]), float(finer.close[other]))
    return None


def _had_price(bars: Candles, price: float, time_ms: int) -> bool | None:
    """Return True if the bars around a time traded near a price. None if there are no such bars."""
    place = int(bars.open_ms.searchsorted(time_ms, side="right")) - 1
    if place < 0 or time_ms - int(bars.open_ms[place]) >= bars.timeframe.ms:
        return None
    around = slice(max(0, place - 1), place + 2)
    low, high = float(bars.low[around].min()), float(bars.high[around].max())
    return low / MAX_PRICE_STEP <= price <= high * MAX_PRICE_STEP


def _jumps_since(bars: Candles, time_ms: int) -> bool:
    """Return True if a bar since a time moved by a factor of more than MAX_PRICE_STEP."""
    recent = slice(int(bars.open_ms.searchsorted(time_ms - bars.timeframe.ms)), None)
    moves: Sequence[float] = (bars.close[recent] / bars.open[recent]).tolist()
    return not all(_near(move, 1.0) for move in moves)
