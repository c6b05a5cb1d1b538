"""BTC's share of the market capitalisation: it is requested rarely, validated, and used for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.altered_exchange import AlteredExchange, Answer
from tests.clocks import OffsetClock
from tests.programs import Market
from virtuoso.domain.errors import (
    BadData,
    ExchangeError,
    RateLimited,
    VenueBlocked,
    VenueStale,
    VenueTimedOut,
    VenueUnavailable,
)
from virtuoso.domain.model import DominanceBasis
from virtuoso.exchange.coingecko import CoinGecko


@asynccontextmanager
async def coingecko(url: str, clock: OffsetClock, **settings: Any) -> AsyncIterator[CoinGecko]:
    source = CoinGecko(url, clock=clock, **settings)
    try:
        yield source
    finally:
        await source.close()


def asked(replay: Market) -> int:
    return int(replay.get("/__stats")["by_path"].get("/api/v3/global", 0))


async def test_the_share_and_its_time_are_those_of_coingecko(replay: Market) -> None:
    async with coingecko(replay.url, OffsetClock()) as source:
        dominance = await source.dominance()
        truth = replay.get("/api/v3/global")["data"]
        assert dominance.percent == pytest.approx(truth["market_cap_percentage"]["btc"], rel=1e-3)
        assert dominance.basis is DominanceBasis.MARKET_CAP
        assert abs(dominance.observed_ms - truth["updated_at"] * 1000) < 5_000


async def test_coingecko_is_requested_at_most_once_a_minute(replay: Market) -> None:
    clock, before = OffsetClock(), asked(replay)
    async with coingecko(replay.url, clock) as source:
        for _ in range(5):
            await source.dominance()
        assert asked(replay) == before + 1
        clock.ahead_ms = 61_000
        await source.dominance()
        assert asked(replay) == before + 2


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("down", VenueUnavailable),
        ("slow", VenueTimedOut),
        ("429", RateLimited),
        ("garbage", BadData),
        ("html_403", VenueBlocked),
        ("451", VenueBlocked),
        ("truncated", BadData),
        ("empty", BadData),
        ("stale", VenueStale),
    ],
)
async def test_each_fault_raises_the_matching_error_and_is_not_retried_immediately(
    replay: Market, mode: str, kind: type[ExchangeError]
) -> None:
    replay.fault(mode, "coingecko", stale_s=7_200)
    before = asked(replay)
    timeout_s = 0.3 if kind is VenueTimedOut else 10  # the other faults must not time out on a busy machine
    async with coingecko(replay.url, OffsetClock(), timeout_s=timeout_s) as source:
        for _ in range(3):
            with pytest.raises(ExchangeError) as caught:
                await source.dominance()
            assert type(caught.value) is kind
            assert caught.value.venue == "coingecko"
    assert asked(replay) <= before + 2  # aiohttp itself retries once on a broken connection


async def test_the_last_share_is_used_during_ten_minutes_of_failures(replay: Market) -> None:
    clock = OffsetClock()
    async with coingecko(replay.url, clock) as source:
        good = await source.dominance()
        replay.fault("down", "coingecko")
        clock.ahead_ms = 300_000
        assert await source.dominance() == good
        clock.ahead_ms = 700_000
        with pytest.raises(VenueUnavailable):
            await source.dominance()
        replay.fault("ok")
        clock.ahead_ms = 770_000
        assert (await source.dominance()).observed_ms >= good.observed_ms


@pytest.mark.parametrize("wrong", [lambda s: s * 1000, lambda s: s + 86_400, lambda s: s + 120, lambda s: s * 10**6])
async def test_a_share_that_is_dated_in_the_future_is_refused(replay: Market, wrong: Callable[[int], int]) -> None:
    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        return {"data": {**body["data"], "updated_at": wrong(body["data"]["updated_at"])}}

    with AlteredExchange(replay.url, alter) as exchange:
        async with coingecko(exchange.url, OffsetClock()) as source:
            with pytest.raises(VenueStale, match="ahead of our clock"):
                await source.dominance()


@pytest.mark.parametrize("factor", [1e-3, 0.1, 0.8, 1.2])
async def test_a_share_that_contradicts_the_total_capitalisation_is_refused(replay: Market, factor: float) -> None:
    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        share = body["data"]["market_cap_percentage"]["btc"] * factor
        return {"data": {**body["data"], "market_cap_percentage": {"btc": share}}}

    with AlteredExchange(replay.url, alter) as exchange:
        async with coingecko(exchange.url, OffsetClock()) as source:
            with pytest.raises(BadData, match="would be a supply of"):
                await source.dominance()


async def test_a_reply_that_is_nested_too_deeply_is_refused(replay: Market) -> None:
    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        return Answer(200, "[" * 200_000)

    with AlteredExchange(replay.url, alter) as exchange:
        async with coingecko(exchange.url, OffsetClock()) as source:
            with pytest.raises(BadData):
                await source.dominance()
