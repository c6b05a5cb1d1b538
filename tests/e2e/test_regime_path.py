"""The market's regime, computed bar by bar over recorded October 2025 and its crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.programs import Replay
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.model import ANCHOR, Regime, Timeframe
from virtuoso.evaluate.bar_cache import BarCache
from virtuoso.evaluate.panel import STEP_MS
from virtuoso.evaluate.regimes import RegimeHistory, TickerHistory, regime_history
from virtuoso.evaluate.replay import TIMEFRAMES, price_history
from virtuoso.exchange.adapter import CcxtExchange

TODAY, DAYS, SYMBOLS, WARM_MS = "2025-10-13", 6, 30, 2 * 86_400_000


async def recorded_regimes(exchange: CcxtExchange, folder: Path) -> RegimeHistory:
    """Return the regime history of the symbols with the most turnover. Their number is small, so that the requests take
    little time."""
    bar_cache = BarCache(exchange, folder)
    instruments, tickers = await exchange.instruments(), await exchange.tickers()
    ranked = sorted(
        instruments, key=lambda i: (i.symbol != ANCHOR, -(getattr(tickers.get(i.symbol), "turnover_24h", 0) or 0))
    )
    end_ms = epoch_ms() // Timeframe.H4.ms * Timeframe.H4.ms
    start_ms = end_ms - DAYS * 86_400_000
    clock_ms = np.arange(start_ms, end_ms + 1, STEP_MS, dtype=np.int64)
    columns = []
    for instrument in ranked[:SYMBOLS]:
        bars = await bar_cache.candles(instrument, Timeframe.M5, start_ms=start_ms - WARM_MS, end_ms=end_ms)
        assert bars is not None
        columns.append(price_history(bars, clock_ms))
    anchor = {}
    for timeframe in TIMEFRAMES:
        bars = await bar_cache.candles(ranked[0], timeframe, start_ms=start_ms - 300 * timeframe.ms, end_ms=end_ms)
        assert bars is not None
        anchor[timeframe] = bars
    price, change, turnover = (np.stack(each, axis=1) for each in zip(*columns, strict=True))
    symbols = tuple(i.symbol for i in ranked[:SYMBOLS])
    path = regime_history(TickerHistory(clock_ms, symbols, price, change, turnover), anchor)
    assert path is not None
    return path


@pytest.mark.timeout(300)
async def test_the_regime_reacts_to_the_crash_of_october_2025_and_changes_rarely(replay: Replay, tmp_path: Path) -> None:
    exchange = CcxtExchange("bybit", url=replay.url)
    replay.fault("ok", tape_date=TODAY)
    try:
        path = await recorded_regimes(exchange, tmp_path)
    finally:
        replay.fault("ok", tape_date=Replay.TODAY)
        await exchange.close()
    crash = int(np.argmin(np.diff(np.log(path.price))))  # the largest fall within 5 minutes
    assert set(path.regimes[crash + 24 : crash + 144]) <= {Regime.BEARISH, Regime.RISK_OFF}  # from 2 to 12 hours after it
    assert len(set(path.regimes)) >= 3
    assert 3 <= len(path.changes_ms) <= 3 * DAYS
    assert path.max_changes_per_day <= 6
