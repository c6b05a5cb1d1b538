"""Markets in which nothing trades any more, although their venue still sends data.

A halted market has bars without volume, old trades and a price that stands still. Its readings would describe the time
before the halt, so it has none.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.bars import closed_bar_count
from virtuoso.domain.model import Timeframe
from virtuoso.domain.plausibility import MAX_TRADE_GAP_MS

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, SymbolInputs


def halt_reason(inputs: SymbolInputs, now_ms: int) -> str:
    """Return why the market counts as halted, such as "no trade since 12:05 UTC". The reason is empty for a market that
    trades, and when it is not known.

    The last trade is the newest one of the trades and of the 1m bars with volume (5m bars without 1m bars). It must be more
    than 15 minutes older than the newest of these data. The age of the data itself does not count. Bars that close
    after `now_ms` (epoch ms) are not used."""
    bars = inputs.candles.get(Timeframe.M1) or inputs.candles.get(Timeframe.M5)
    known = [(end_ms, traded_ms) for end_ms, traded_ms in (_last_in_trades(inputs), _last_in_bars(bars, now_ms)) if end_ms]
    if not known:
        return ""
    end_ms, last_ms = (max(times) for times in zip(*known, strict=True))
    if end_ms - last_ms <= MAX_TRADE_GAP_MS:
        return ""
    if not last_ms and bars is not None:
        return f"no volume in the last {closed_bar_count(bars, now_ms)} bars of {bars.timeframe.value}"
    last = datetime.fromtimestamp(last_ms / 1000, UTC)
    days = end_ms - last_ms >= 12 * 3_600_000
    return f"no trade since {last:%d %b %H:%M} UTC" if days else f"no trade since {last:%H:%M} UTC"


def _last_in_trades(inputs: SymbolInputs) -> tuple[int, int]:
    """Return (the time up to which the trades are known, the time of the last one), or zeros without trades."""
    trades = inputs.trades
    return (0, 0) if trades is None or not len(trades.time_ms) else (trades.stamp.observed_ms, int(trades.time_ms[-1]))


def _last_in_bars(bars: Candles | None, now_ms: int) -> tuple[int, int]:
    """Return (the end of the bars, the end of the last one with volume), each 0 without such a bar."""
    count = 0 if bars is None else closed_bar_count(bars, now_ms)
    if bars is None or not count:
        return 0, 0
    length_ms, traded = bars.timeframe.ms, np.flatnonzero(bars.volume[:count] > 0)
    return int(bars.open_ms[count - 1]) + length_ms, int(bars.open_ms[traded[-1]]) + length_ms if len(traded) else 0
