"""The laws of the analysis on thirty recorded markets, on a quiet day and in the crash of October 2025."""

from __future__ import annotations

import pytest

from tests.programs import Replay
from tests.unit.analysis.test_recorded import lawful, read
from virtuoso.domain.model import DimensionKind
from virtuoso.market_data.universe import UniverseRules

SYMBOLS = 30


@pytest.mark.parametrize(("date", "venue"), [("2025-10-22", "bybit"), ("2025-10-11", "bybit"), ("2025-10-05", "binance")])
async def test_a_recorded_day_obeys_the_laws_and_its_markets_are_told_apart(replay: Replay, date: str, venue: str) -> None:
    replay.fault("ok", tape_date=date)
    try:
        inputs, now = await read(replay.url, venue, UniverseRules(limit=SYMBOLS))
    finally:
        replay.fault("ok", tape_date="2025-10-22")
    assert len(inputs) == SYMBOLS
    results = lawful(inputs, now)
    for kind in DimensionKind:
        found = [d.score for result in results for d in result.dimensions if d.kind is kind and d.score is not None]
        assert len(found) >= 0.9 * SYMBOLS, kind
        assert max(found) - min(found) > 5, kind
        assert sum(score < 1 or score > 99 for score in found) <= 0.1 * SYMBOLS, kind
