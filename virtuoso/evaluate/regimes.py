"""The market's regime over past bars, determined by the code of the live collector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.collector.one_pass import PassRequest, next_state, run_pass
from virtuoso.collector.venue_state import new_venue_state
from virtuoso.domain.model import ANCHOR, DAY_MS, Candles, Environment, Regime, Stamp, Ticker, Timeframe
from virtuoso.evaluate.replay import VENUE, market_at

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats, Millis


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RegimeHistory:
    """The regime and BTC's `price` in USDT at each of `clock_ms` (epoch ms). A regime is None until it can be
    determined."""

    clock_ms: Millis
    regimes: tuple[Regime | None, ...]
    price: Floats

    @property
    def changes_ms(self) -> list[int]:
        """The times at which another regime began, epoch ms."""
        pairs = zip(self.clock_ms[1:], self.regimes[:-1], self.regimes[1:], strict=True)
        return [int(time_ms) for time_ms, before, after in pairs if before is not None and after is not before]

    @property
    def max_changes_per_day(self) -> int:
        """The maximum number of changes in any 24 hours."""
        times = np.array(self.changes_ms, dtype=np.int64)
        first = np.searchsorted(times, times - DAY_MS, side="right")
        return int((np.arange(1, len(times) + 1) - first).max(initial=0))


class TickerHistory(NamedTuple):
    """The data of tickers at each of `clock_ms` (steps,), derived from bars.

    All other arrays have shape (steps, symbols), NaN where a value is missing. `price` is in USDT. `change` (percent) and
    `turnover` (USDT) cover the 24 hours before."""

    clock_ms: Millis
    symbols: tuple[str, ...]
    price: Floats
    change: Floats
    turnover: Floats

    def at(self, step: int) -> dict[str, Ticker]:
        """Return the tickers of one step, for the symbols with a day of history."""
        stamp = Stamp(observed_ms=int(self.clock_ms[step]), received_ms=int(self.clock_ms[step]))
        figures = [self.price[step], self.change[step], self.turnover[step]]
        present = np.flatnonzero(np.isfinite(figures).all(axis=0))
        rows = zip(present.tolist(), *(values[present].tolist() for values in figures), strict=True)
        return {
            self.symbols[column]: Ticker(
                symbol=self.symbols[column], last=last, stamp=stamp, change_24h_percent=change, turnover_24h=turnover
            )
            for column, last, change, turnover in rows
        }


def regime_history(tickers: TickerHistory, anchor: Mapping[Timeframe, Candles]) -> RegimeHistory | None:
    """Return the market's regime at each step, or None without BTC. `anchor` has BTC's candles."""
    if ANCHOR not in tickers.symbols:
        return None
    state = new_venue_state(VENUE, Environment.REPLAY)
    regimes = []
    for step, now_ms in enumerate(tickers.clock_ms.tolist()):
        if current := tickers.at(step):
            market = market_at(now_ms, tickers=current, anchor_candles=anchor)
            state = next_state(state, run_pass(state, market, PassRequest()))
        regimes.append(state.regime.regime if state.regime else None)
    price = tickers.price[:, tickers.symbols.index(ANCHOR)]
    return RegimeHistory(clock_ms=tickers.clock_ms, regimes=tuple(regimes), price=price)
