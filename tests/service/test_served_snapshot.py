"""Sentiment, betas, active signals and opportunities: the server answers from the snapshot, without a history."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.findings import book_depth, liquidations
from tests.service.servers import RunningServer, refusal, running_server
from tests.service.snapshots import T0, snapshot
from virtuoso.market.v1 import beta_pb2, opportunity_pb2, signal_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.store.v1 import snapshot_pb2
from virtuoso.wire import times


async def pages(call: Any, request: Any, rows: str) -> list[Any]:
    """Return all rows of all pages."""
    found: list[Any] = []
    while True:
        reply = await call(request)
        found += getattr(reply, rows)
        if not reply.next_page_token:
            return found
        request.page_token = reply.next_page_token


async def test_sentiment_is_what_was_published(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    reply = await server.stub.GetSentiment(api.GetSentimentRequest())
    assert reply.sentiment == message.sentiment
    assert (reply.provenance.snapshot_id, reply.provenance.model_version) == ("s1", "v1")


async def test_liquidations_are_what_was_published_and_invalid_ones_are_left_out(server: RunningServer) -> None:
    message = snapshot()
    found, confluence = liquidations(T0, 5e4, 2e4, lower_bound=True), message.confluences[0]
    for holder in (message.overview, message.sentiment, confluence):
        holder.liquidations.CopyFrom(found)
    message.provenance.coverage.streamed = 3
    await server.show(message)
    overview = await server.stub.GetOverview(api.GetOverviewRequest())
    sentiment = await server.stub.GetSentiment(api.GetSentimentRequest())
    detail = await server.stub.GetConfluence(api.GetConfluenceRequest(symbol=confluence.symbol))
    assert overview.overview.liquidations == sentiment.sentiment.liquidations == detail.liquidations == found
    assert overview.provenance.coverage.streamed == 3
    later = snapshot("s2", observed_ms=T0 + 5_000)
    later.sentiment.liquidations.CopyFrom(found)
    later.sentiment.liquidations.sums[0].start_time.CopyFrom(times.timestamp(T0 + 600_000))
    await server.show(later)
    assert (await refusal(server.stub.GetSentiment(api.GetSentimentRequest()))).reason == "DATA_UNAVAILABLE"


async def test_the_depth_is_what_was_published_and_a_depth_that_falls_is_refused(server: RunningServer) -> None:
    message = snapshot()
    known, without, refused = message.confluences[:3]
    for detail in (known, refused):
        detail.book_depth.CopyFrom(book_depth(T0, detail.price, 5e6, 2e6))
    refused.book_depth.asks_usd[19] = 1.0
    await server.show(message)
    calls = [server.stub.GetConfluence(api.GetConfluenceRequest(symbol=one.symbol)) for one in (known, without, refused)]
    assert (await calls[0]).book_depth == known.book_depth
    assert not (await calls[1]).HasField("book_depth")
    assert (await refusal(calls[2])).reason == "DATA_UNAVAILABLE"


async def test_unmeasured_data_is_an_error_and_not_an_empty_reply(server: RunningServer) -> None:
    message = snapshot()
    message.ClearField("sentiment")
    del message.betas[:]
    await server.show(message)
    for call in (
        server.stub.GetSentiment(api.GetSentimentRequest()),
        server.stub.ListBetas(api.ListBetasRequest()),
        server.stub.GetBeta(api.GetBetaRequest(symbol="BTCUSDT")),
    ):
        refused = await refusal(call)
        assert (refused.code.name, refused.reason, refused.retry_s) == ("UNAVAILABLE", "DATA_UNAVAILABLE", 5)


async def test_betas_are_paged_by_rank_from_one_snapshot(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    request = api.ListBetasRequest(page_size=20)
    first = await server.stub.ListBetas(request)
    await server.show(snapshot("s2", observed_ms=T0 + 5000, size=10))
    request.page_token = first.next_page_token
    rest = await pages(server.stub.ListBetas, request, "betas")
    assert [*first.betas, *rest] == [item.beta for item in message.betas]


async def test_betas_are_filtered_by_the_names_of_another_venue(server: RunningServer) -> None:
    await server.show(snapshot())
    reply = await server.stub.ListBetas(api.ListBetasRequest(symbols=["PEPE1000USDT", "ETHUSDT", "NOSUCHUSDT"]))
    assert [beta.symbol for beta in reply.betas] == ["ETHUSDT", "1000PEPEUSDT"]


async def test_get_beta_returns_windows_and_rolling_betas(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    reply = await server.stub.GetBeta(api.GetBetaRequest(symbol="1000SHIBUSDT"))
    of = next(item for item in message.betas if item.beta.symbol == "SHIB1000USDT")
    assert (reply.beta, list(reply.rolling)) == (of.beta, list(of.rolling))


async def test_a_tracked_symbol_with_too_few_returns_has_no_windows(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    symbol = message.confluences[-1].symbol
    reply = await server.stub.GetBeta(api.GetBetaRequest(symbol=symbol))
    assert (reply.beta, list(reply.rolling)) == (beta_pb2.Beta(symbol=symbol), [])
    assert reply.provenance.snapshot_id == "s1"


@pytest.mark.parametrize(("symbol", "reason"), [("UNTRACKEDUSDT", "SYMBOL_NOT_TRACKED"), ("NOSUCHUSDT", "SYMBOL_NOT_FOUND")])
async def test_betas_of_untracked_symbols_are_not_found(server: RunningServer, symbol: str, reason: str) -> None:
    await server.show(snapshot())
    refused = await refusal(server.stub.GetBeta(api.GetBetaRequest(symbol=symbol)))
    assert (refused.code.name, refused.reason, list(refused.violations)) == ("NOT_FOUND", reason, ["symbol"])


async def test_active_signals_need_no_history(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    request = api.ListSignalsRequest(active=True, page_size=2)
    first = await server.stub.ListSignals(request)
    assert first.record == message.signal_record
    assert await pages(server.stub.ListSignals, request, "signals") == list(message.signals)
    short = await server.stub.ListSignals(api.ListSignalsRequest(active=True, side=signal_pb2.SIDE_SHORT))
    assert [signal.symbol for signal in short.signals] == ["SOLUSDT"]
    some = await server.stub.ListSignals(api.ListSignalsRequest(active=True, symbols=["PEPE1000USDT", "BTCUSDT"]))
    assert [signal.symbol for signal in some.signals] == ["BTCUSDT", "1000PEPEUSDT"]


async def test_an_empty_list_of_active_signals_is_a_valid_reply(server: RunningServer) -> None:
    message = snapshot()
    del message.signals[:]
    message.ClearField("signal_record")
    await server.show(message)
    reply = await server.stub.ListSignals(api.ListSignalsRequest(active=True))
    assert (list(reply.signals), reply.HasField("record"), reply.provenance.snapshot_id) == ([], False, "s1")


async def test_without_a_history_only_the_calls_that_need_it_fail(server: RunningServer) -> None:
    await server.show(snapshot())
    stream = server.stub.WatchAlerts(api.WatchAlertsRequest())
    for call in (
        server.stub.ListSignals(api.ListSignalsRequest()),
        server.stub.ListSignals(api.ListSignalsRequest(active=False)),
        server.stub.ListAlerts(api.ListAlertsRequest()),
        server.stub.GetScoreHistory(api.GetScoreHistoryRequest(symbol="BTCUSDT")),
        stream.read(),
    ):
        refused = await refusal(call)
        assert (refused.code.name, refused.reason) == ("UNAVAILABLE", "HISTORY_UNAVAILABLE")
        assert refused.retry_s is not None
        assert refused.retry_s > 0


async def test_opportunities_are_filtered_and_expired_ones_are_left_out(server: RunningServer) -> None:
    message = snapshot()
    await server.show(message)
    request = api.ListOpportunitiesRequest(page_size=3)
    assert await pages(server.stub.ListOpportunities, request, "opportunities") == list(message.opportunities)
    kinds = [opportunity_pb2.OPPORTUNITY_KIND_BETA_EXPANSION, opportunity_pb2.OPPORTUNITY_KIND_REVERSION]
    some = await server.stub.ListOpportunities(api.ListOpportunitiesRequest(kinds=kinds))
    assert [found.symbol for found in some.opportunities] == ["ETHUSDT", "XRPUSDT"]
    one = await server.stub.ListOpportunities(api.ListOpportunitiesRequest(symbols=["PEPE1000USDT"]))
    assert [found.symbol for found in one.opportunities] == ["1000PEPEUSDT"]
    server.after(65)  # the last two have expired
    request = api.ListOpportunitiesRequest(page_size=3)
    assert await pages(server.stub.ListOpportunities, request, "opportunities") == list(message.opportunities)[:-1]


async def test_opportunities_of_a_recording_expire_on_its_own_clock() -> None:
    async with running_server() as one:
        year_ms = 365 * 86_400_000
        message = snapshot(observed_ms=T0 - year_ms)
        await one.show(message, behind_ms=year_ms)
        reply = await one.stub.ListOpportunities(api.ListOpportunitiesRequest())
        assert list(reply.opportunities) == list(message.opportunities)


def spoil_side(message: snapshot_pb2.Snapshot) -> None:
    message.signals[1].stop = message.signals[1].entry * 1.1


def spoil_size(message: snapshot_pb2.Snapshot) -> None:
    message.signals[1].targets[0].size = 0.9


def spoil_end(message: snapshot_pb2.Snapshot) -> None:
    message.signals[1].status = signal_pb2.SIGNAL_STATUS_EXPIRED


def spoil_time(message: snapshot_pb2.Snapshot) -> None:
    message.signals[1].ClearField("judge_time")


def spoil_price(message: snapshot_pb2.Snapshot) -> None:
    message.signals[1].entry = float("nan")


def spoil_name(message: snapshot_pb2.Snapshot) -> None:
    message.signals[1].symbol = "SYSTEM_STATUS"


@pytest.mark.parametrize("spoil", [spoil_side, spoil_size, spoil_end, spoil_time, spoil_price, spoil_name])
async def test_an_invalid_signal_is_left_out(server: RunningServer, spoil: Any) -> None:
    message = snapshot()
    spoil(message)
    await server.show(message)
    reply = await server.stub.ListSignals(api.ListSignalsRequest(active=True))
    assert list(reply.signals) == [message.signals[0], *message.signals[2:]]


async def test_inconsistent_betas_sentiment_and_signal_record_are_left_out(server: RunningServer) -> None:
    message = snapshot()
    message.betas[0].rolling[0].end_times.append(times.timestamp(T0))  # so that there are as many times as values
    message.betas[1].beta.windows[0].correlation = 1.5
    message.betas[2].beta.windows.add().CopyFrom(message.betas[2].beta.windows[0])
    message.sentiment.gauge = 130
    message.signal_record.all.wins = 9
    await server.show(message)
    betas = await server.stub.ListBetas(api.ListBetasRequest(page_size=500))
    assert list(betas.betas) == [item.beta for item in message.betas[3:]]
    assert (await refusal(server.stub.GetSentiment(api.GetSentimentRequest()))).reason == "DATA_UNAVAILABLE"
    assert not (await server.stub.ListSignals(api.ListSignalsRequest(active=True))).HasField("record")


async def test_an_invalid_detail_is_left_out_and_its_row_is_kept(server: RunningServer) -> None:
    message = snapshot()
    twice, foreign, timeless = message.confluences[:3]
    twice.dimensions[1].kind = twice.dimensions[0].kind
    foreign.provenance.CopyFrom(message.provenance)  # without the check, it would replace the server's own provenance
    timeless.ClearField("price_time")
    message.betas[3].provenance.CopyFrom(message.provenance)
    await server.show(message)
    assert len((await server.stub.GetDashboard(api.GetDashboardRequest())).rows) == 50
    for detail in (twice, foreign, timeless):
        refused = await refusal(server.stub.GetConfluence(api.GetConfluenceRequest(symbol=detail.symbol)))
        assert refused.reason == "DATA_UNAVAILABLE"
    assert (await server.stub.GetConfluence(api.GetConfluenceRequest(symbol=message.confluences[3].symbol))).dimensions
    betas = await server.stub.ListBetas(api.ListBetasRequest(page_size=500))
    assert message.betas[3].beta.symbol not in {beta.symbol for beta in betas.betas}


@pytest.mark.parametrize(
    ("rpc", "request_", "field", "words"),
    [
        ("ListSignals", api.ListSignalsRequest(side=signal_pb2.Side.ValueType(7)), "side", "7 is not allowed"),
        ("ListSignals", api.ListSignalsRequest(page_size=-1), "page_size", "-1"),
        ("ListOpportunities", api.ListOpportunitiesRequest(kinds=[1, 0]), "kinds[1]", "0 is not allowed"),  # type: ignore[list-item]
        ("ListBetas", api.ListBetasRequest(symbols=["BTCUSDT", "SYSTEM_STATUS"]), "symbols[1]", "SYSTEM_STATUS"),
        ("GetBeta", api.GetBetaRequest(), "symbol", "BTCUSDT"),
    ],
)
async def test_the_error_for_an_invalid_field_has_its_value_and_what_is_expected(
    server: RunningServer, rpc: str, request_: Any, field: str, words: str
) -> None:
    await server.show(snapshot())
    refused = await refusal(getattr(server.stub, rpc)(request_))
    assert (refused.code.name, refused.reason, list(refused.violations)) == ("INVALID_ARGUMENT", "INVALID_FIELD", [field])
    assert words in refused.violations[field]
