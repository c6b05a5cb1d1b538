"""Recorded hours of a whole market, as the collector would see them: a pass every few seconds of virtual time.

    python -m tests.recorded_hours 2025-10-10T20:30 --hours 2

plays them and prints the alerts by kind and their texts. Prices, volumes and bars are recorded 5m bars of Binance; minutes
and prices within a bar follow open, extremes and close, as in the replay. There are no order books, trades or liquidations.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np

from virtuoso.collector.one_pass import PassRequest, next_state, run_pass
from virtuoso.collector.venue_state import new_venue_state
from virtuoso.domain.model import ANCHOR, Candles, Environment, Stamp, SymbolInputs, Ticker, Timeframe
from virtuoso.domain.records import Alert
from virtuoso.market_data.market import MarketData

DATA = Path(__file__).parents[1].parent / "shared" / "replay" / "data"
DAY = 288
FRAMES = {Timeframe.M5: 1, Timeframe.M30: 6, Timeframe.H4: 48}
MINUTE_VOLUMES = np.array((0.17, 0.23, 0.20, 0.25, 0.15))
HELD_BARS = 400


@dataclass(frozen=True)
class RecordedMarket:
    """The `symbols` with the largest turnover on the day before `start_ms`. `bars` has shape (symbols, bars, 5): open, high,
    low, close, volume of 5m bars since `begin_ms`. Missing bars are NaN."""

    symbols: tuple[str, ...]
    begin_ms: int
    bars: np.ndarray

    @cached_property
    def candles(self) -> dict[str, dict[Timeframe, Candles]]:
        """Return all bars of all symbols."""
        return {symbol: self._candles(symbol, rows) for symbol, rows in zip(self.symbols, self.bars, strict=True)}

    def _candles(self, symbol: str, rows: np.ndarray) -> dict[Timeframe, Candles]:
        known = np.isfinite(rows[:, 3])
        found = {Timeframe.M1: self._minutes(symbol, rows)}
        for timeframe, count in FRAMES.items():
            first = -(self.begin_ms // 300_000) % count
            whole = rows[first : first + (len(rows) - first) // count * count].reshape(-1, count, 5)
            use = known[first : first + len(whole) * count].reshape(-1, count).all(axis=1)
            opened = self.begin_ms + 300_000 * (first + count * np.arange(len(whole), dtype=np.int64))
            columns = (whole[:, 0, 0], whole[:, :, 1].max(1), whole[:, :, 2].min(1), whole[:, -1, 3], whole[:, :, 4].sum(1))
            found[timeframe] = _candles(symbol, timeframe, opened[use], [column[use] for column in columns])
        return found

    def _minutes(self, symbol: str, rows: np.ndarray) -> Candles:
        """Return the minutes of the last two days of each time that is played."""
        known = np.flatnonzero(np.isfinite(rows[:, 3]))
        path = np.stack([self.prices(rows[known], place / 15) for place in range(16)], axis=1)
        pieces = [path[:, 3 * minute : 3 * minute + 4] for minute in range(5)]
        opened = self.begin_ms + 300_000 * known[:, None] + 60_000 * np.arange(5)
        columns = [
            np.stack(each, axis=1).ravel()
            for each in (
                [p[:, 0] for p in pieces],
                [p.max(1) for p in pieces],
                [p.min(1) for p in pieces],
                [p[:, -1] for p in pieces],
                [rows[known, 4] * share for share in MINUTE_VOLUMES],
            )
        ]
        return _candles(symbol, Timeframe.M1, opened.ravel().astype(np.int64), columns)

    @staticmethod
    def prices(rows: np.ndarray, part: float) -> np.ndarray:
        """Return the prices after a part (0 to 1) of each bar."""
        opened, high, low, close = (rows[:, column] for column in range(4))
        rises = close >= opened
        first, second = np.where(rises, low, high), np.where(rises, high, low)
        stage, place = min(int(3 * part), 2), 3 * part - min(int(3 * part), 2)
        begin, end = ((opened, first), (first, second), (second, close))[stage]
        return np.asarray(begin + (end - begin) * place)

    def at(self, now_ms: int) -> MarketData:
        """Return the market at `now_ms`."""
        place, part = divmod((now_ms - self.begin_ms) / 300_000, 1)
        i = int(place)
        last, stamp = self.prices(self.bars[:, i], part), Stamp(observed_ms=now_ms, received_ms=now_ms)
        before, day = self.prices(self.bars[:, i - DAY], part), self.bars[:, i - DAY : i]
        turnover = np.nansum(day[:, :, 3] * day[:, :, 4], axis=1)
        tickers = {
            symbol: Ticker(
                symbol=symbol,
                last=float(last[n]),
                stamp=stamp,
                change_24h_percent=float(100 * (last[n] / before[n] - 1)) if np.isfinite(before[n]) else None,
                turnover_24h=float(turnover[n]),
            )
            for n, symbol in enumerate(self.symbols)
            if np.isfinite(last[n])
        }
        inputs = [
            SymbolInputs(
                symbol=symbol, ticker=ticker, candles={t: _closed(c, now_ms) for t, c in self.candles[symbol].items()}
            )
            for symbol, ticker in tickers.items()
        ]
        return MarketData(
            venue="binance",
            stamp=stamp,
            inputs=inputs,
            tickers=tickers,
            anchor_candles={t: _closed(c, now_ms) for t, c in self.candles[ANCHOR].items()},
            universe=(),
            venue_symbols=self.symbols,
            turnover_known=True,
            totals_known=True,
        )


def _candles(symbol: str, timeframe: Timeframe, open_ms: np.ndarray, columns: list[np.ndarray]) -> Candles:
    opened, high, low, close, volume = (np.ascontiguousarray(column, dtype=np.float64) for column in columns)
    return Candles(
        symbol=symbol,
        timeframe=timeframe,
        open_ms=open_ms,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        stamp=Stamp(observed_ms=0, received_ms=0),
    )


def _closed(candles: Candles, now_ms: int) -> Candles:
    end = int(np.searchsorted(candles.open_ms, now_ms - candles.timeframe.ms, side="right"))
    read_ms = int(candles.open_ms[end - 1]) + candles.timeframe.ms if end else 0
    return replace(
        candles.cut(max(0, end - HELD_BARS), end), stamp=Stamp(observed_ms=read_ms, received_ms=max(read_ms, now_ms - 1))
    )


def recorded_market(start_ms: int, count: int = 50) -> RecordedMarket:
    """Return the market of the recording at `start_ms`. Raise FileNotFoundError without the recording."""
    with np.load(DATA / "binance_5m.npz") as file:
        begin_ms, names, data = 1000 * int(file["T_BEG"]), file["syms"].tolist(), file["data"]
    i = (start_ms - begin_ms) // 300_000
    turnover = np.nansum(data[:, i - DAY : i, 3] * data[:, i - DAY : i, 4], axis=1)
    largest = np.sort(np.argsort(-turnover)[:count])
    return RecordedMarket(tuple(names[n] for n in largest), begin_ms, data[largest].astype(np.float64))


def epoch_ms(text: str) -> int:
    """Return the time of a text such as 2025-10-10T20:30, UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def played(market: RecordedMarket, start_ms: int, end_ms: int, step_ms: int) -> Iterator[Alert]:
    """Yield the alerts of the passes of these hours, with scores, signals and opportunities."""
    state, request = new_venue_state("binance", Environment.REPLAY), PassRequest(trading=True)
    for now_ms in range(start_ms, end_ms, step_ms):
        result = run_pass(state, market.at(now_ms), request)
        state = next_state(state, result)
        yield from result.alerts


def main() -> None:
    """Play hours and print their alerts."""
    parser = argparse.ArgumentParser(description="Play recorded hours and print their alerts.")
    parser.add_argument("start", type=epoch_ms, help="such as 2025-10-10T20:30, UTC")
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--symbols", type=int, default=50)
    parser.add_argument("--step", type=float, default=10.0, help="seconds between two passes")
    given = parser.parse_args()
    market = recorded_market(given.start, given.symbols)
    counts: Counter[str] = Counter()
    for alert in played(market, given.start, given.start + int(3_600_000 * given.hours), int(1000 * given.step)):
        counts[alert.kind.name] += 1
        sys.stdout.write(
            f"{datetime.fromtimestamp(alert.observed_ms / 1000, UTC):%H:%M:%S} {alert.level.name:8} {alert.text}\n"
        )
    sys.stdout.write(f"{dict(counts)}, in all {counts.total()}\n")


if __name__ == "__main__":
    main()
