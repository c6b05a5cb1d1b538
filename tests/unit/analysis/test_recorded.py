"""The laws of the analysis on real recorded markets, read by the real client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.programs import Market
from tests.unit.analysis import markets
from tests.unit.analysis.test_laws import assert_reflected, assert_same
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Confluence, SymbolInputs
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.schedule import Job
from virtuoso.market_data.universe import UniverseRules

RECORDED = {
    "bybit": ("BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT", "1000PEPEUSDT", "SHIB1000USDT", "AIAUSDT", "HYPEUSDT"),
    "binance": ("BTCUSDT", "ETHUSDT", "DOGEUSDT", "1000SHIBUSDT"),
}


async def read(url: str, venue: str, rules: UniverseRules) -> tuple[list[SymbolInputs], int]:
    """Return all inputs of the markets that `rules` choose, each with two books, and the time on the venue's clock."""
    exchange = CcxtExchange(venue, url=url)
    feed = Feed(exchange, rules, lambda _, __: Cadence(3, 300, 300), SYSTEM_CLOCK)
    try:
        await feed.refresh_tickers()
        feed.start()
        async with asyncio.timeout(90):
            while not feed.filled:
                await asyncio.sleep(0.02)
            symbols = [item.symbol for item in feed.universe]
            for i in range(0, len(symbols), 10):
                await asyncio.gather(*(feed.read(Job(symbol, InputKind.ORDER_BOOK)) for symbol in symbols[i : i + 10]))
        await feed.refresh_tickers()
        return list(feed.market().inputs), feed.observed_ms
    finally:
        await feed.stop()
        await exchange.close()


def lawful(inputs: Sequence[SymbolInputs], now: int) -> list[Confluence]:
    """Return the scores after checks that they obey the laws and are distinct."""
    results = [score_symbol(item, now) for item in inputs]
    for item, result in zip(inputs, results, strict=True):
        assert_reflected(result, score_symbol(markets.mirrored(item), now))
        assert_same(result, score_symbol(markets.scaled(item, 1234.5, 0.001), now))
        assert result == score_symbol(item, now)
    scores = [result.score for result in results if result.score is not None]
    assert len(scores) == len(inputs)
    assert 50 not in scores
    assert len({round(score, 6) for score in scores}) == len(inputs)
    return results


@pytest.mark.parametrize("venue", RECORDED)
async def test_recorded_markets_obey_the_laws_and_have_distinct_scores(replay: Market, venue: str) -> None:
    inputs, now = await read(replay.url, venue, UniverseRules(limit=20, symbols=RECORDED[venue]))
    assert {item.symbol for item in inputs} == set(RECORDED[venue])
    for result in lawful(inputs, now):
        assert all(d.score is not None for d in result.dimensions), result.symbol
