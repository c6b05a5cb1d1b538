"""Recorded markets as an alert would see them: their rows, and what a text may say of these rows.

Trades and funding rates are recorded ones. Liquidations and open interest are those of the recorded exchange's program, as
functions of recorded prices and of time. `figures` are computed without code of the package.
"""

from __future__ import annotations

import gzip
import importlib
import json
import math
import sys
from argparse import Namespace
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from tests.recorded_hours import DATA, RecordedMarket, epoch_ms, recorded_market
from virtuoso.analysis import alert_conditions, opportunity_rules
from virtuoso.domain.model import (
    DAY_MS,
    Liquidations,
    Stamp,
    SymbolInputs,
    Ticker,
    Timeframe,
    TimeSeries,
    Trades,
)
from virtuoso.domain.records import AlertKind

MINUTE, HOUR = 60_000, 3_600_000
AMOUNT = r"([\d.]+ [kM]) USDT"
Row = tuple[int, float, float, float]  # epoch ms, price, size, side


class Source:
    """Recorded rows of some markets. `figures` yields what a text may say at a pass, the alert's reading first."""

    kind: ClassVar[AlertKind]
    single: ClassVar[str]
    many: ClassVar[str]
    thresholds: ClassVar[Mapping[Any, Mapping[str, float]]]
    times: Sequence[int]

    def inputs(self, now_ms: int) -> list[SymbolInputs]:
        raise NotImplementedError

    def figures(self, symbol: str, subject: str, now_ms: int) -> Iterator[tuple[float, ...]]:
        raise NotImplementedError


def stamp(now_ms: int) -> Stamp:
    return Stamp(observed_ms=now_ms, received_ms=now_ms)


class RecordedTrades(Source):
    """Five minutes of BTC and of ETH, from several moments on as if these were markets."""

    kind = AlertKind.LARGE_TRADE
    single = (
        rf"(?P<symbol>\w+): takers (?P<subject>bought|sold) {AMOUNT} within a millisecond, ([\d.]+) % of a day's turnover\."
    )
    many = r"(\d+) of 8 markets: takers (?P<subject>bought|sold) unusually much within a millisecond: (.*)\."
    thresholds: ClassVar = {alert_conditions: {"MIN_TRADE_SHARE": 2e-5, "MIN_TRADE_USD": 50_000.0}}
    begin_ms = epoch_ms("2024-08-09T08:00")
    times = range(begin_ms + 60_000, begin_ms + 180_000, 5_000)

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.turnover: dict[str, float] = {}
        for name in ("btc", "eth"):
            with gzip.open(DATA / f"trades_{name}usdt_20240809_real.json.gz") as file:
                recorded = json.load(file)
            traded = math.fsum(price * size for _, price, size, _ in recorded)
            for number in range(4):
                symbol, first_ms = f"{name.upper()}{number}USDT", 40_000 * number
                self.turnover[symbol] = traded * DAY_MS / recorded[-1][0]
                self.rows[symbol] = [
                    (self.begin_ms + time_ms - first_ms, price, size, -1.0 if maker else 1.0)
                    for time_ms, price, size, maker in recorded
                    if time_ms >= first_ms
                ]

    def _recent(self, symbol: str, now_ms: int) -> list[Row]:
        rows = self.rows[symbol]
        return rows[bisect_left(rows, (now_ms - 120_000,)) : bisect_left(rows, (now_ms + 1,))]

    def inputs(self, now_ms: int) -> list[SymbolInputs]:
        return [self._one(symbol, now_ms) for symbol in self.rows]

    def _one(self, symbol: str, now_ms: int) -> SymbolInputs:
        rows = self._recent(symbol, now_ms)
        times, price, size, side = np.array(rows).T
        trades = Trades(
            symbol=symbol,
            ids=[str(number) for number in range(len(rows))],
            time_ms=times.astype(np.int64),
            price=price,
            size=size,
            side=side,
            stamp=stamp(now_ms),
        )
        ticker = Ticker(symbol=symbol, last=price[-1], stamp=stamp(now_ms), turnover_24h=self.turnover[symbol])
        return SymbolInputs(symbol=symbol, ticker=ticker, trades=trades)

    def figures(self, symbol: str, subject: str, now_ms: int) -> Iterator[tuple[float, ...]]:
        sums: dict[int, float] = {}
        for time_ms, price, size, side in self._recent(symbol, now_ms):
            if side == (1.0 if subject == "bought" else -1.0):
                sums[time_ms] = sums.get(time_ms, 0.0) + price * size
        for usd in sums.values():
            yield usd, 100 * usd / self.turnover[symbol]


class RecordedFunding(Source):
    """Rates that markets paid, every 8 hours, from several moments on. The rate of the ticker is the next one."""

    kind = AlertKind.FUNDING_EXTREME
    single = (
        r"(?P<symbol>\w+): (?P<subject>longs|shorts) pay ([\d.]+) % a day \(([\d.]+) % every 8 h\), "
        r"far from its usual rate \(z ([+-][\d.]+)\)\."
    )
    many = r"(\d+) of \d+ markets: (?P<subject>longs|shorts) pay unusually much, percent a day: (.*)\."
    thresholds: ClassVar = {opportunity_rules: {"FUNDING_Z": 0.3, "MIN_FUNDING_A_DAY": 1e-4}}
    known, paid = 200, 10
    times = tuple(8 * HOUR * number + second * 1000 for number in range(known, known + paid) for second in (0, 160, 320))

    def __init__(self) -> None:
        recorded = json.loads((DATA / "funding_hist_real.json").read_text())
        self.rates = {
            f"{first}{symbol}": [float(text) for text in texts[first:]]
            for symbol, texts in recorded.items()
            for first in range(0, 400, 50)
            if symbol.endswith("USDT") and len(texts) > first + self.known + self.paid
        }

    def inputs(self, now_ms: int) -> list[SymbolInputs]:
        number = now_ms // (8 * HOUR)
        found = []
        for symbol, rates in self.rates.items():
            paid_ms = 8 * HOUR * np.arange(number - self.known + 1, number + 1, dtype=np.int64)
            past = np.array(rates[number - self.known : number])
            found.append(
                SymbolInputs(
                    symbol=symbol,
                    ticker=Ticker(
                        symbol=symbol,
                        last=1.0,
                        stamp=stamp(now_ms),
                        funding_rate=rates[number],
                        funding_interval_ms=8 * HOUR,
                    ),
                    funding=TimeSeries(symbol=symbol, time_ms=paid_ms, values=past, stamp=stamp(now_ms)),
                )
            )
        return found

    def figures(self, symbol: str, subject: str, now_ms: int) -> Iterator[tuple[float, ...]]:
        number = now_ms // (8 * HOUR)
        past, rate = [3 * one for one in self.rates[symbol][number - self.known + 1 : number]], self.rates[symbol][number]
        mean = math.fsum(past) / len(past)
        deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in past) / len(past) + 6e-5**2)
        if (rate > 0) == (subject == "longs"):
            yield abs(300 * rate), abs(100 * rate), (3 * rate - mean) / deviation


class ComputedInterest(Source):
    """Open interest of the recorded exchange's program, every 5 minutes."""

    kind = AlertKind.OPEN_INTEREST_SURGE
    single = r"(?P<symbol>\w+): open interest (?P<subject>rose|fell) ([\d.]+) % within an hour\."
    many = r"(\d+) of 40 markets: open interest (?P<subject>rose|fell) at least ([\d.]+) % within an hour: (.*)\."
    thresholds: ClassVar = {alert_conditions: {"SURGE": 0.02}}
    times = range(epoch_ms("2025-10-10T12:01"), epoch_ms("2025-10-10T20:00"), 5 * MINUTE)

    def __init__(self) -> None:
        program = program_of("replay_exchange").Server
        server, first = Namespace(oi_base=lambda *_: 1e6), self.times[0] // (5 * MINUTE) - 24
        self.rows = {
            f"C{one}USDT": [
                (300_000 * number, float(program.oi(server, "bybit", f"C{one}USDT", 300 * number)))
                for number in range(first, first + 24 + 100)
            ]
            for one in range(40)
        }

    def inputs(self, now_ms: int) -> list[SymbolInputs]:
        found = []
        for symbol, rows in self.rows.items():
            times, values = zip(*rows[: bisect_right(rows, (now_ms, math.inf))], strict=True)
            series = TimeSeries(symbol=symbol, time_ms=np.array(times), values=np.array(values), stamp=stamp(now_ms))
            found.append(SymbolInputs(symbol=symbol, open_interest=series))
        return found

    def figures(self, symbol: str, subject: str, now_ms: int) -> Iterator[tuple[float, ...]]:
        known = dict(self.rows[symbol])
        newest_ms = max(time_ms for time_ms in known if time_ms <= now_ms)
        change = 100 * (known[newest_ms] / known[newest_ms - HOUR] - 1)
        if (change > 0) == (subject == "rose"):
            yield (abs(change),)


class CrashLiquidations(Source):
    """Positions that the recorded exchange's program closes in the crash of October 2025."""

    kind = AlertKind.LIQUIDATION
    single = (
        rf"(?P<symbol>\w*)(?:: )?{AMOUNT} of (?P<subject>longs|shorts) were liquidated within 5 minutes, "
        r"([\d.]+) % of a day's turnover\."
    )
    many = r"(\d+) of 20 markets: (?P<subject>longs|shorts) liquidated within 5 minutes: (.*)\."
    thresholds: ClassVar = {alert_conditions: {"MIN_MARKET_FORCED_USD": 20_000_000.0}}
    start = "2025-10-10T21:10"
    times = range(epoch_ms(start), epoch_ms("2025-10-10T21:19"), 30_000)

    def __init__(self) -> None:
        self.market: RecordedMarket = recorded_market(epoch_ms(self.start), 20)
        begin_s = self.market.begin_ms // 1000
        tape = program_of("replay_exchange").Tape(begin_s, self.market.symbols, self.market.bars)
        server = Namespace(W=Namespace(off=0))
        closed = program_of("tape_events").Liquidations(Namespace(ex="binance", tape=tape, server=server))
        self.rows: dict[str, list[Row]] = {symbol: [] for symbol in self.market.symbols}
        for second in range(self.times[0] // 1000 - 300, self.times[-1] // 1000 + 1):
            for row, symbol in enumerate(self.market.symbols):
                self.rows[symbol] += [
                    (time_ms, price, size, -1.0 if side == "long" else 1.0)
                    for time_ms, side, size, price, _ in closed.of(row, second)
                ]

    @cached_property
    def known_at(self) -> dict[int, dict[str, SymbolInputs]]:
        return {now_ms: {one.symbol: one for one in self.market.at(now_ms).inputs} for now_ms in self.times}

    def inputs(self, now_ms: int) -> list[SymbolInputs]:
        found = []
        for symbol, one in self.known_at[now_ms].items():
            rows = sorted(row for row in self.rows[symbol] if row[0] <= now_ms)
            times, price, size, side = np.array(rows).T
            closed = Liquidations(
                symbol=symbol,
                time_ms=times.astype(np.int64),
                price=price,
                size=size,
                side=side,
                stamp=stamp(now_ms),
                complete_since_ms=self.times[0] - 300_000,
            )
            found.append(SymbolInputs(symbol=symbol, ticker=one.ticker, candles=one.candles, liquidations=closed))
        return found

    def closed(self, subject: str, now_ms: int) -> dict[str, float]:
        side = -1.0 if subject == "longs" else 1.0
        return {
            symbol: math.fsum(r[1] * r[2] for r in rows if r[3] == side and now_ms - 300_000 <= r[0] <= now_ms)
            for symbol, rows in self.rows.items()
        }

    def turnover(self, symbol: str, now_ms: int) -> float:
        ticker = self.known_at[now_ms][symbol].ticker
        assert ticker is not None
        return ticker.turnover_24h or math.nan

    def traded(self, symbol: str, now_ms: int) -> float:
        bars = self.known_at[now_ms][symbol].candles[Timeframe.M1]
        last = now_ms // MINUTE * MINUTE
        return math.fsum(
            close * volume
            for time_ms, close, volume in zip(bars.open_ms, bars.close, bars.volume, strict=True)
            if last - 5 * MINUTE <= time_ms < last
        )

    def figures(self, symbol: str, subject: str, now_ms: int) -> Iterator[tuple[float, ...]]:
        if now_ms in self.known_at:
            usd = self.closed(subject, now_ms)[symbol]
            yield usd, 100 * usd / self.turnover(symbol, now_ms)


def program_of(name: str) -> Any:
    """Return a module of the recorded exchange."""
    sys.path.insert(0, str(DATA.parent))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DATA.parent))
