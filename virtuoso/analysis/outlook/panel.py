"""Bars of many symbols on one grid of 4-hour steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.model import Candles, Timeframe

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats, Millis

STEP_MS = Timeframe.H4.ms


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BarPanel:
    """Closed 4h bars. Each column of the arrays is a symbol, each row a step. NaN marks a missing bar."""

    symbols: tuple[str, ...]
    open_ms: Millis  # opening times of the bars, STEP_MS apart
    high: Floats  # USDT, like low and close
    low: Floats
    close: Floats
    volume: Floats  # base units

    def __len__(self) -> int:
        return len(self.open_ms)

    def cut(self, first: int, end: int | None = None) -> BarPanel:
        """Return the steps from index `first` up to, but not including, `end`."""
        rows = slice(first, end)
        arrays = {name: getattr(self, name)[rows] for name in ("open_ms", "high", "low", "close", "volume")}
        return BarPanel(symbols=self.symbols, **arrays)


def panel_of(candles: Mapping[str, Candles], *, max_steps: int) -> BarPanel | None:
    """Return the newest `max_steps` steps of these 4h bars, by symbol. Return None without bars."""
    series = {symbol: bars for symbol, bars in sorted(candles.items()) if len(bars)}
    if not series:
        return None
    end_ms = max(int(bars.open_ms[-1]) for bars in series.values())
    first_ms = max(min(int(bars.open_ms[0]) for bars in series.values()), end_ms - (max_steps - 1) * STEP_MS)
    open_ms = np.arange(first_ms, end_ms + 1, STEP_MS, dtype=np.int64)
    columns = {name: np.full((len(open_ms), len(series)), np.nan) for name in ("high", "low", "close", "volume")}
    for index, bars in enumerate(series.values()):
        recent = bars.open_ms >= first_ms
        rows = (bars.open_ms[recent] - first_ms) // STEP_MS
        for name, column in columns.items():
            column[rows, index] = getattr(bars, name)[recent]
    return BarPanel(symbols=tuple(series), open_ms=open_ms, **columns)
