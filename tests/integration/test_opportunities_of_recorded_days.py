"""The sentences of opportunities over recorded days are true to the bars."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.recorded_hours import DATA, epoch_ms, recorded_market
from tests.unit.analysis.claims_of_opportunities import Situation, is_true
from virtuoso.analysis.opportunities import OpportunityState, advance

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.mark.skipif(
    not (DATA / "binance_5m.npz").exists(),
    reason="RECORDED TRAFFIC IS NOT HERE: tests on it are skipped (../shared/replay beside the project)",
)
def test_the_sentences_of_opportunities_of_two_weeks_are_true() -> None:
    first = epoch_ms("2025-10-07T04:10")
    market = recorded_market(first)
    kinds: Counter[str] = Counter()
    state, untrue = OpportunityState(venue="binance"), []
    for now_ms in range(first, first + 14 * DAY_MS, 8 * HOUR_MS):
        now = market.at(now_ms)
        by_symbol = {one.symbol: one for one in now.inputs}
        state, opened = advance(state, now.inputs, now.anchor_candles, now_ms, hold_ms=0)
        kinds.update(found.kind.name for found in opened)
        untrue += [
            f"{datetime.fromtimestamp(now_ms / 1000, UTC)} {found.sentence} {found.invalidation}"
            for found in opened
            if not is_true(Situation(found, by_symbol[found.symbol], now.anchor_candles, now_ms))
        ]
    assert untrue == []
    assert len(kinds) >= 3
    assert kinds.total() >= 10
