"""ListMarkets: all markets of the venue, through a real server and real stubs."""

from __future__ import annotations

import grpc
import pytest

from tests.service.servers import RunningServer, refusal
from tests.service.snapshots import T0, TTL_S, market_list, snapshot
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import provenance_pb2
from virtuoso.repository import keys
from virtuoso.store.v1 import market_list_pb2


async def store(server: RunningServer, message: market_list_pb2.MarketList) -> None:
    await server.show(snapshot())
    await server.repository.set(keys.markets("bybit"), message.SerializeToString(), ttl_s=TTL_S)


async def symbols(server: RunningServer, **request: object) -> list[str]:
    reply = await server.stub.ListMarkets(api.ListMarketsRequest(**request))  # type: ignore[arg-type]
    return [market.symbol for market in reply.markets]


async def test_the_markets_come_by_turnover_with_their_figures_and_their_own_times(server: RunningServer) -> None:
    message = market_list()
    await store(server, message)
    server.after(7)
    reply = await server.stub.ListMarkets(api.ListMarketsRequest())
    assert list(reply.markets) == list(message.markets)
    assert (reply.total_size, reply.next_page_token) == (5, "")
    assert reply.provenance.observed_time == message.observed_time
    assert (reply.provenance.age.seconds, reply.provenance.stale) == (8, False)
    assert reply.provenance.path == provenance_pb2.PATH_SNAPSHOT


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("price", "01234"),
        ("price desc", "43210"),
        ("change_24h_percent", "03124"),
        ("symbol  desc", "43210"),
        ("open_interest_usd desc", "32104"),
        ("funding_percent asc", "01234"),
    ],
)
async def test_markets_are_ordered_and_those_without_the_number_come_last(
    server: RunningServer, order: str, expected: str
) -> None:
    await store(server, market_list())
    found = [symbol[2] for symbol in await symbols(server, order_by=order)]
    assert "".join(found) == expected


async def test_a_query_finds_a_part_of_a_symbol_in_any_case(server: RunningServer) -> None:
    await store(server, market_list(12))
    assert await symbols(server, query="m1") == ["M10USDT", "M11USDT"]
    assert await symbols(server, query="nothing") == []


async def test_all_pages_come_from_one_list(server: RunningServer) -> None:
    await store(server, market_list(12))
    first = await server.stub.ListMarkets(api.ListMarketsRequest(page_size=5))
    newer = market_list(12, observed_ms=T0)
    del newer.markets[:6]
    await store(server, newer)
    found, token = [market.symbol for market in first.markets], first.next_page_token
    while token:
        reply = await server.stub.ListMarkets(api.ListMarketsRequest(page_size=5, page_token=token))
        found, token = found + [market.symbol for market in reply.markets], reply.next_page_token
    assert found == [f"M{i:02d}USDT" for i in range(12)]
    assert len(await symbols(server)) == 6
    other = await refusal(server.stub.ListMarkets(api.ListMarketsRequest(query="x", page_token=first.next_page_token)))
    assert other.reason == "PAGE_TOKEN_INVALID"


async def test_a_list_turns_stale_and_is_later_unavailable(server: RunningServer) -> None:
    await store(server, market_list())
    server.after(40)
    assert (await server.stub.ListMarkets(api.ListMarketsRequest())).provenance.stale
    server.after(600)
    await server.show(snapshot("new", observed_ms=server.clock.now_ms() - 1000))
    refused = await refusal(server.stub.ListMarkets(api.ListMarketsRequest()))
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DATA_UNAVAILABLE")


@pytest.mark.parametrize(
    "bad",
    [
        market_list(venue="binance"),
        market_list(environment=provenance_pb2.ENVIRONMENT_REPLAY),
        market_list(observed_ms=T0 + 3_600_000),
        market_list_pb2.MarketList(venue="bybit", environment=provenance_pb2.ENVIRONMENT_SIMULATED),
    ],
)
async def test_a_list_of_another_origin_or_time_is_not_served(
    server: RunningServer, bad: market_list_pb2.MarketList
) -> None:
    await store(server, bad)
    refused = await refusal(server.stub.ListMarkets(api.ListMarketsRequest()))
    assert refused.reason == "DATA_UNAVAILABLE"


async def test_a_market_that_breaks_a_rule_is_left_out(server: RunningServer) -> None:
    message = market_list()
    message.markets[1].price = float("nan")
    message.markets[2].symbol = "SYSTEM_STATUS"
    message.markets[3].symbol = "M00USDT"
    await store(server, message)
    assert await symbols(server) == ["M00USDT", "M04USDT"]


async def test_a_wrong_order_names_the_fields_of_a_market(server: RunningServer) -> None:
    await store(server, market_list())
    refused = await refusal(server.stub.ListMarkets(api.ListMarketsRequest(order_by="score")))
    assert "open_interest_usd" in refused.violations["order_by"]
    assert "confidence" not in refused.violations["order_by"]
