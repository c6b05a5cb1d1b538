"""The laws of the analysis on thirty recorded markets, on a quiet day and in the crash of October 2025."""

from __future__ import annotations

import numpy as np
import pytest

from tests.programs import SHARED, Replay
from tests.unit.analysis.test_recorded import lawful, read
from virtuoso.domain.model import Candles, DimensionKind, Stamp, Timeframe
from virtuoso.exchange.candles import in_one_scale
from virtuoso.market_data.universe import UniverseRules

SYMBOLS = 30


@pytest.mark.parametrize(("date", "venue"), [("2025-10-22", "bybit"), ("2025-10-11", "bybit"), ("2025-10-05", "binance")])
async def test_a_recorded_day_obeys_the_laws_and_its_markets_have_different_scores(
    replay: Replay, date: str, venue: str
) -> None:
    replay.fault("ok", tape_date=date)
    try:
        inputs, now = await read(replay.url, venue, UniverseRules(limit=SYMBOLS))
    finally:
        replay.fault("ok", tape_date=Replay.TODAY)
    assert len(inputs) == SYMBOLS
    results = lawful(inputs, now)
    for kind in DimensionKind:
        found = [d.score for result in results for d in result.dimensions if d.kind is kind and d.score is not None]
        assert len(found) >= 0.9 * SYMBOLS, kind
        assert max(found) - min(found) > 5, kind
        assert sum(score < 1 or score > 99 for score in found) <= 0.1 * SYMBOLS, kind


@pytest.mark.parametrize(
    ("name", "timeframe", "expected"),
    [("binance_5m", Timeframe.M5, 1.122), ("bybit_5m", Timeframe.M5, 1.209), ("binance_4h", Timeframe.H4, 1.009)],
)
def test_no_recorded_bar_is_taken_for_one_of_another_scale(name: str, timeframe: Timeframe, expected: float) -> None:
    """`expected` is the largest ratio of an open to the close before it. Bybit's is where its own recording begins."""
    path = SHARED / "replay" / "data" / f"{name}.npz"
    if not path.exists():
        pytest.skip("RECORDED TRAFFIC IS NOT HERE: tests on it are skipped (../shared/replay beside the project)")
    with np.load(path) as file:
        columns, begin_ms = np.moveaxis(file["data"][:, :, :5].astype(np.float64), 2, 0), 1000 * int(file["T_BEG"])
    largest, times = 1.0, begin_ms + timeframe.ms * np.arange(columns.shape[2])
    for opened, high, low, close, volume in np.moveaxis(columns, 1, 0):
        known = np.isfinite(close)
        if not known.any():
            continue
        names = {"open": opened, "high": high, "low": low, "close": close, "volume": volume, "open_ms": times}
        candles = Candles(
            symbol="XUSDT",
            timeframe=timeframe,
            stamp=Stamp(observed_ms=0, received_ms=0),
            **{n: v[known] for n, v in names.items()},
        )
        assert in_one_scale(candles) is candles
        if len(candles) > 1:
            jumps = np.abs(np.log(candles.open[1:] / candles.close[:-1]))[np.diff(candles.open_ms) == timeframe.ms]
            largest = max(largest, float(np.exp(jumps.max())))
    assert largest == pytest.approx(expected, abs=0.001)
