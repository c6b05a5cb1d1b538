"""The pages of a list together contain every row once, even if data changes between the calls."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.service.servers import RunningServer, refusal, running_server
from tests.service.snapshots import T0, row, snapshot
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import mover_pb2


@settings(max_examples=12)
@given(
    size=st.integers(1, 70),
    pages=st.lists(st.integers(0, 80), min_size=1, max_size=4),
    swap_after=st.integers(0, 3),
    order_by=st.sampled_from(["", "symbol", "price desc", "confidence asc"]),
)
async def test_any_page_sizes_give_every_row_once_in_order_across_a_new_snapshot(
    size: int, pages: list[int], swap_after: int, order_by: str
) -> None:
    rows = [row(f"C{i}USDT", None if i % 5 == 4 else 10.0 + i * 7 % 60, price=1 + i % 9) for i in range(size)]
    async with running_server() as one:
        await one.settle()
        await one.show(snapshot(rows=rows))
        whole = await one.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(order_by=order_by, page_size=500))
        collected, request, turn = [], api.ListConfluenceScoresRequest(order_by=order_by), 0
        while True:
            request.page_size = pages[turn % len(pages)]
            reply = await one.stub.ListConfluenceScores(request)
            assert reply.provenance.snapshot_id == "s1"
            assert reply.total_size == size
            collected += reply.rows
            if turn == swap_after:
                await one.show(snapshot("s2", observed_ms=T0 + 3000, size=30))
            if not reply.next_page_token:
                break
            request.page_token, turn = reply.next_page_token, turn + 1
        assert collected == list(whole.rows)


async def test_page_sizes_have_a_default_and_a_maximum(server: RunningServer) -> None:
    await server.show(snapshot(size=600))
    for request, given_ in ((0, 50), (10, 10), (500, 500), (2_000_000_000, 500)):
        reply = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(page_size=request))
        assert len(reply.rows) == given_


@pytest.mark.parametrize(
    "request_",
    [
        api.ListConfluenceScoresRequest(page_size=-1),
        api.ListMoversRequest(page_size=-1),
        api.ListSymbolsRequest(page_size=-7),
        api.ListCandlesRequest(symbol="BTCUSDT", page_size=-1),
    ],
)
async def test_the_error_for_a_negative_page_size_has_its_field(server: RunningServer, request_: object) -> None:
    await server.show(snapshot())
    rpc = type(request_).__name__.removesuffix("Request")
    refused = await refusal(getattr(server.stub, rpc)(request_))
    assert (refused.code.name, refused.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert "greater than or equal to 0" in refused.violations["page_size"]


async def test_movers_and_symbols_are_paged(server: RunningServer) -> None:
    message = snapshot(size=37)
    await server.show(message)
    gainers: list[mover_pb2.Mover] = []
    losers: list[mover_pb2.Mover] = []
    request = api.ListMoversRequest(page_size=9)
    while True:
        reply = await server.stub.ListMovers(request)
        gainers, losers = gainers + list(reply.gainers), losers + list(reply.losers)
        if not reply.next_page_token:
            break
        request.page_token = reply.next_page_token
    assert (gainers, losers) == (list(message.gainers), list(message.losers))
    symbols, symbols_request = [], api.ListSymbolsRequest(page_size=10)
    while True:
        listed = await server.stub.ListSymbols(symbols_request)
        symbols += listed.symbols
        if not listed.next_page_token:
            break
        symbols_request.page_token = listed.next_page_token
    assert symbols == list(message.symbols)


@pytest.mark.parametrize("token", ["garbage", "ä", "AAAA", "x" * 512, "====", "AAAAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_foreign_token_is_refused(server: RunningServer, token: str) -> None:
    await server.show(snapshot())
    for call in (
        server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(page_token=token)),
        server.stub.ListMovers(api.ListMoversRequest(page_token=token)),
        server.stub.ListCandles(api.ListCandlesRequest(symbol="BTCUSDT", page_token=token)),
    ):
        refused = await refusal(call)
        assert (refused.code.name, refused.reason) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")
        assert "page_token" in refused.violations


async def test_a_token_of_another_request_is_refused(server: RunningServer) -> None:
    await server.show(snapshot())
    first = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(page_size=5, min_score=30))
    other = api.ListConfluenceScoresRequest(page_size=5, min_score=40, page_token=first.next_page_token)
    assert (await refusal(server.stub.ListConfluenceScores(other))).reason == "PAGE_TOKEN_INVALID"
    same = api.ListConfluenceScoresRequest(page_size=7, min_score=30, page_token=first.next_page_token)
    assert len((await server.stub.ListConfluenceScores(same)).rows) == 7


async def test_the_error_for_a_token_of_an_old_snapshot_says_that_it_expired() -> None:
    async with running_server(retention_s=0) as one:
        await one.show(snapshot())
        first = await one.stub.ListSymbols(api.ListSymbolsRequest(page_size=5))
        await one.show(snapshot("s2", observed_ms=T0 + 3000))
        refused = await refusal(one.stub.ListSymbols(api.ListSymbolsRequest(page_size=5, page_token=first.next_page_token)))
        assert (refused.code.name, refused.reason) == ("INVALID_ARGUMENT", "PAGE_TOKEN_EXPIRED")
