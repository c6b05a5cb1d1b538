"""The path of the market's regime over the bars of its symbols, through the code that tells it live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import WIDTH
from virtuoso.collector.one_pass import PassRequest, next_state, run_pass
from virtuoso.collector.venue_state import new_venue_state
from virtuoso.domain.model import ANCHOR, Candles, Environment, Regime, Stamp, Ticker, Timeframe
from virtuoso.evaluate.archive import cut
from virtuoso.market_data.feed import MarketData

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats, Millis

DAY_MS = 86_400_000
VENUE = "evaluation"  # under which passes remember; nothing of it is shown


@dataclass(frozen=True, slots=True, eq=False)
class RegimePath:
    """The regime at each of `clock_ms` (epoch ms), None before it could be told, and BTC's `price` there."""

    clock_ms: Millis
    regimes: tuple[Regime | None, ...]
    price: Floats

    @property
    def changes_ms(self) -> list[int]:
        """When it became another one."""
        pairs = zip(self.clock_ms[1:], self.regimes[:-1], self.regimes[1:], strict=True)
        return [int(at) for at, before, after in pairs if before is not None and after is not before]

    @property
    def most_changes(self) -> int:
        """The most changes in any 24 hours."""
        times = np.array(self.changes_ms, dtype=np.int64)
        first = np.searchsorted(times, times - DAY_MS, side="right")
        return int((np.arange(1, len(times) + 1) - first).max(initial=0))


class Tickers(NamedTuple):
    """What tickers would have said at each of `clock_ms` (steps,), NaN where absent. (steps, symbols): `price` in USDT; of
    the 24 hours before, `change` in percent and `turnover` in USDT."""

    clock_ms: Millis
    symbols: tuple[str, ...]
    price: Floats
    change: Floats
    turnover: Floats

    def at(self, step: int) -> dict[str, Ticker]:
        """Those of one step, of the symbols that had been there for a day."""
        stamp = Stamp(observed_ms=int(self.clock_ms[step]), received_ms=int(self.clock_ms[step]))
        figures = [self.price[step], self.change[step], self.turnover[step]]
        there = np.flatnonzero(np.isfinite(figures).all(axis=0))
        rows = zip(there.tolist(), *(each[there].tolist() for each in figures), strict=True)
        return {
            self.symbols[place]: Ticker(
                symbol=self.symbols[place], last=last, stamp=stamp, change_24h_percent=change, turnover_24h=traded
            )
            for place, last, change, traded in rows
        }


def regime_path(tickers: Tickers, anchor: Mapping[Timeframe, Candles]) -> RegimePath | None:
    """The path over these symbols, with `anchor` BTC's bars. None without BTC."""
    if ANCHOR not in tickers.symbols:
        return None
    state = new_venue_state(VENUE, Environment.REPLAY)
    path = []
    for step, now_ms in enumerate(tickers.clock_ms.tolist()):
        if known := tickers.at(step):
            market = MarketData(
                venue=VENUE,
                stamp=Stamp(observed_ms=now_ms, received_ms=now_ms),
                inputs=(),
                tickers=known,
                anchor_candles=_up_to(anchor, now_ms),
                universe=(),
                venue_symbols=(),
                whole=True,
            )
            state = next_state(state, run_pass(state, market, PassRequest()))
        path.append(state.regime.regime if state.regime else None)
    return RegimePath(tickers.clock_ms, tuple(path), tickers.price[:, tickers.symbols.index(ANCHOR)])


def _up_to(anchor: Mapping[Timeframe, Candles], now_ms: int) -> dict[Timeframe, Candles]:
    """As many bars as a collector holds, up to those that had closed."""
    made = {}
    for timeframe, one in anchor.items():
        end = int(np.searchsorted(one.open_ms + timeframe.ms, now_ms, side="right"))
        if end:
            made[timeframe] = cut(one, max(0, end - WIDTH), end)
    return made
