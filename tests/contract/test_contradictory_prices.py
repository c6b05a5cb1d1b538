"""Prices that contradict each other, from the replies of three venues to the scores and the movers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.altered_exchange import AlteredExchange
from tests.contract.test_altered_rows import BARS, PRICE, SYMBOL, TICKERS, VENUES, rows_of
from tests.programs import Simulated
from virtuoso.analysis.beta import betas
from virtuoso.analysis.confluence import score_symbol
from virtuoso.analysis.movers import movers
from virtuoso.analysis.opportunity_rules import find_candidates
from virtuoso.domain.clock import SYSTEM_CLOCK, epoch_ms
from virtuoso.domain.model import Timeframe
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.venues import Cadence
from virtuoso.market_data.feed import Feed
from virtuoso.market_data.market import MarketData
from virtuoso.market_data.universe import UniverseRules

ETHER = ("ETHUSDT", "ETH-USDT-SWAP")


async def market(venue: str, url: str, alter: Callable[..., Any]) -> MarketData:
    """Return the market of two symbols, of which a test alters one. The prices are read twice."""
    with AlteredExchange(url, alter) as altered:
        exchange = CcxtExchange(venue, url=altered.url)
        rules = UniverseRules(symbols=("BTCUSDT", "ETHUSDT"))
        feed = Feed(exchange, rules, lambda _, __: Cadence(3, 300, 300), SYSTEM_CLOCK)
        try:
            await feed.refresh_tickers()
            feed.start()
            async with asyncio.timeout(60):
                while not feed.filled:
                    await asyncio.sleep(0.02)
            await feed.refresh_tickers()
            return feed.market()
        finally:
            await feed.stop()
            await exchange.close()


def named(path: str, query: Any) -> bool:
    """Return True for a request that names ETHUSDT."""
    return any(value in ETHER for value in query.values())


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("factor", [10, 0.1, 1.5])
async def test_a_last_price_contradicted_by_trades_book_and_candles_is_not_shown(
    venue: str, factor: float, simulated: Simulated
) -> None:
    def alter(path: str, query: Any, body: Any) -> Any:
        for row in rows_of(body) if path.endswith(TICKERS) else ():
            if row[SYMBOL[venue]] in ETHER:
                for name in {PRICE[venue], "markPrice", "indexPrice"} & row.keys():
                    row[name] = str(float(row[name]) * factor)
        return body

    found = await market(venue, simulated.url, alter)
    (ether,) = [one for one in found.inputs if one.symbol == "ETHUSDT"]
    close = float(ether.candles[Timeframe.M1].close[-1])
    assert ether.ticker is not None
    assert ether.ticker.last == pytest.approx(close, rel=0.1)
    assert found.tickers["ETHUSDT"] is ether.ticker
    assert "ETHUSDT" not in {mover.symbol for side in movers(found.tickers) for mover in side}
    (premium,) = [
        component
        for dimension in score_symbol(ether, found.stamp.observed_ms).dimensions
        for component in dimension.components
        if component.name == "premium"
    ]
    assert premium.missing == "the last price contradicts the 1m candles"
    assert all(not one.refused for one in found.inputs if one.symbol != "ETHUSDT")


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("factor", [1000, 0.1])
async def test_candles_that_the_ticker_contradicts_are_not_used(venue: str, factor: float, simulated: Simulated) -> None:
    def alter(path: str, query: Any, body: Any) -> Any:
        for row in rows_of(body) if path.endswith(BARS) and named(path, query) else ():
            row[1:5] = [str(float(cell) * factor) for cell in row[1:5]]
        return body

    found = await market(venue, simulated.url, alter)
    (ether,) = [one for one in found.inputs if one.symbol == "ETHUSDT"]
    assert not ether.candles
    assert ether.ticker is not None
    assert ether.ticker.change_24h_percent is not None
    result = score_symbol(ether, found.stamp.observed_ms)
    assert {"candles_1m", "candles_5m", "candles_30m", "candles_4h"} <= set(result.missing_inputs)
    reasons = {c.missing for d in result.dimensions for c in d.components if c.name.startswith("rsi_")}
    assert all("candles contradict the last price" in reason for reason in reasons)
    assert all(one.candles for one in found.inputs if one.symbol != "ETHUSDT")


@pytest.mark.parametrize("venue", VENUES)
async def test_candles_in_another_scale_until_an_hour_ago_give_no_beta_and_no_opportunity(
    venue: str, simulated: Simulated
) -> None:
    def alter(path: str, query: Any, body: Any) -> Any:
        hour_ago_ms = epoch_ms() - 3_600_000
        for row in rows_of(body) if path.endswith(BARS) and named(path, query) else ():
            if int(row[0]) < hour_ago_ms:
                row[1:5] = [str(float(cell) * 1000) for cell in row[1:5]]
        return body

    found = await market(venue, simulated.url, alter)
    (ether,) = [one for one in found.inputs if one.symbol == "ETHUSDT"]
    now = found.stamp.observed_ms
    assert ether.refused["candles_4h"]  # type: ignore[index]
    assert all(bars.close.max() < 2 * bars.close.min() for bars in ether.candles.values())
    candles = {one.symbol: one.candles for one in found.inputs}
    assert set(betas(candles, now)["ETHUSDT"]) == set()
    assert not [each for each in find_candidates(found.inputs, found.anchor_candles, now) if each.symbol == "ETHUSDT"]
    components = [c for d in score_symbol(ether, now).dimensions for c in d.components]
    assert any("since the scale of the prices changed at" in component.missing for component in components)
