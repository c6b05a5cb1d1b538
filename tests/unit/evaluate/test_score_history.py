"""The product's own score history on the time grid of the evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from virtuoso.domain.records import ScorePoint
from virtuoso.evaluate.panel import CONFIDENCE
from virtuoso.evaluate.score_history import FEATURES, TOTAL_SCORE, read_panel
from virtuoso.history.factory import open_history_writer

T0 = 1_760_000_400_000
FIVE = 300_000


async def test_a_step_has_the_last_point_before_it(tmp_path: Path) -> None:
    history = open_history_writer(f"sqlite:///{tmp_path / 'h.db'}")
    try:
        await history.write(
            [
                ScorePoint(venue="bybit", symbol="AUSDT", observed_ms=T0 + 1_000, price=10.0, score=60.0, technical=40.0),
                ScorePoint(venue="bybit", symbol="AUSDT", observed_ms=T0 + FIVE - 1, price=11.0, score=70.0, confidence=0.6),
                ScorePoint(venue="bybit", symbol="AUSDT", observed_ms=T0 + FIVE, price=12.0, score=None),
                ScorePoint(venue="bybit", symbol="BUSDT", observed_ms=T0 + 2 * FIVE + 5, price=5.0, score=20.0),
                ScorePoint(venue="binance", symbol="CUSDT", observed_ms=T0 + 5, price=5.0, score=20.0),
            ]
        )
        reported: list[tuple[int, int]] = []
        panel = await read_panel(
            history,
            "bybit",
            start_ms=T0,
            end_ms=T0 + 4 * FIVE,
            max_symbols=10,
            progress=lambda *counts: reported.append(counts),
        )
        one = await read_panel(history, "bybit", start_ms=T0, end_ms=T0 + 4 * FIVE, max_symbols=1, progress=lambda *_: None)
    finally:
        await history.close()
    assert panel.symbols == ("AUSDT", "BUSDT")
    assert panel.clock_ms.tolist() == [T0 + n * FIVE for n in (1, 2, 3, 4)]
    nan = np.nan
    assert panel.price[:].T.tolist() == pytest.approx(np.array([[11, 12, nan, nan], [nan, nan, 5, nan]]), nan_ok=True)
    assert panel.scores[TOTAL_SCORE][:][:, 0].tolist() == pytest.approx([0.4, nan, nan, nan], nan_ok=True)
    assert panel.scores[TOTAL_SCORE][:][:, 1].tolist() == pytest.approx([nan, nan, -0.6, nan], nan_ok=True)
    assert np.isnan(panel.scores[FEATURES[1]][:]).all()
    assert panel.scores[CONFIDENCE][:][:, 0].tolist() == pytest.approx([0.6, nan, nan, nan], nan_ok=True)
    assert reported == [(1, 2), (2, 2)]
    assert one.symbols == ("AUSDT",)
