"""The laws on real recorded markets, read by the real client, on a quiet day and in the crash of October 2025."""

from __future__ import annotations

import asyncio

import pytest

from tests.programs import Replay
from tests.unit.analysis import markets
from tests.unit.analysis.test_laws import assert_reflected, assert_same
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.model import DimensionKind, SymbolInputs
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.universe import UniverseRules

SYMBOLS = 30


async def recorded(url: str, venue: str) -> tuple[list[SymbolInputs], int]:
    exchange = CcxtExchange(venue, url=url)
    feed = Feed(
        exchange, UniverseRules(limit=SYMBOLS), lambda _, __: Cadence(3, 3, 5), SYSTEM_CLOCK
    )  # two books of each symbol soon
    try:
        await feed.refresh_tickers()
        feed.start()
        async with asyncio.timeout(60):
            while not (feed.filled and all(item.previous_book for item in feed.inputs())):
                await asyncio.sleep(0.1)
        return list(feed.inputs()), feed.observed_ms
    finally:
        await feed.stop()
        await exchange.close()


@pytest.mark.parametrize(("date", "venue"), [("2025-10-22", "bybit"), ("2025-10-11", "bybit"), ("2025-10-05", "binance")])
async def test_recorded_markets_obey_the_laws_and_are_told_apart(replay: Replay, date: str, venue: str) -> None:
    replay.fault("ok", tape_date=date)
    try:
        inputs, now = await recorded(replay.url, venue)
    finally:
        replay.fault("ok", tape_date="2025-10-22")
    assert len(inputs) == SYMBOLS
    results = [score_symbol(item, now) for item in inputs]
    for item, result in zip(inputs, results, strict=True):
        assert_reflected(result, score_symbol(markets.mirrored(item), now))
        assert_same(result, score_symbol(markets.scaled(item, 1234.5, 0.001), now))
        assert result == score_symbol(item, now)
    scores = [result.score for result in results if result.score is not None]
    assert len(scores) == SYMBOLS
    assert 50 not in scores
    assert len({round(score, 6) for score in scores}) == SYMBOLS
    for kind in DimensionKind:
        found = [d.score for result in results for d in result.dimensions if d.kind is kind and d.score is not None]
        assert len(found) >= 0.9 * SYMBOLS, kind
        assert max(found) - min(found) > 5, kind
        assert sum(score < 1 or score > 99 for score in found) <= 0.1 * SYMBOLS, kind
