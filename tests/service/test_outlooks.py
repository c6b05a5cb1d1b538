"""GetOutlook, ListOutlooks, GetOutlookRecord, and outlooks in scores, through a real server and real stubs."""

from __future__ import annotations

import grpc
import pytest

from tests.service.outlooks import BAR_MS, FIRST, SECOND, THIRD, outlook_board, with_board
from tests.service.servers import RunningServer, refusal
from tests.service.snapshots import T0, snapshot
from virtuoso.domain.outlook import Outlook, OutlookAbsence
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import outlook_pb2


async def test_an_outlook_is_told_with_its_bar_or_the_reason_why_not(server: RunningServer) -> None:
    await server.show(with_board())
    said = (await server.stub.GetOutlook(api.GetOutlookRequest(symbol="FARUSDT"))).outlook
    assert (said.odds, said.odds_percent, said.low_percent, said.high_percent) == (0.62, 62, -3.9, 5.2)
    assert said.bar_time.ToMilliseconds() == BAR_MS
    silent = await server.stub.GetOutlook(api.GetOutlookRequest(symbol=SECOND))
    assert silent.outlook.absence == outlook_pb2.OUTLOOK_ABSENCE_TOO_FEW_BARS
    assert not silent.outlook.HasField("odds")
    assert silent.provenance.snapshot_id == "s1"


async def test_a_tracked_symbol_without_bars_says_so(server: RunningServer) -> None:
    await server.show(snapshot())
    reply = await server.stub.GetOutlook(api.GetOutlookRequest(symbol=THIRD))
    assert (reply.outlook.symbol, reply.outlook.absence) == (THIRD, outlook_pb2.OUTLOOK_ABSENCE_BARS_UNREAD)
    refused = await refusal(server.stub.GetOutlook(api.GetOutlookRequest(symbol="NOUSDT")))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "SYMBOL_NOT_FOUND")


async def test_outlooks_are_listed_by_odds_in_pages(server: RunningServer) -> None:
    await server.show(with_board())
    first = await server.stub.ListOutlooks(api.ListOutlooksRequest(page_size=2))
    assert [one.symbol for one in first.outlooks] == ["FARUSDT", FIRST]
    rest = await server.stub.ListOutlooks(api.ListOutlooksRequest(page_size=2, page_token=first.next_page_token))
    assert ([one.symbol for one in rest.outlooks], rest.next_page_token) == ([SECOND], "")
    some = await server.stub.ListOutlooks(api.ListOutlooksRequest(symbols=[FIRST, "FARUSDT"]))
    assert len(some.outlooks) == 2


async def test_the_record_is_served_as_the_collector_made_it(server: RunningServer) -> None:
    await server.show(with_board())
    record = (await server.stub.GetOutlookRecord(api.GetOutlookRecordRequest())).record
    (horizon,) = record.horizons
    assert (record.universe, horizon.steps, horizon.clear, len(horizon.tenths)) == (200, 533, True, 10)
    assert horizon.tenths[9].said == pytest.approx(0.57)
    assert (horizon.weeks[0].brier, horizon.weeks[0].interval_coverage) == (0.249, 0.79)
    await server.show(snapshot("s2", observed_ms=T0 + 1000))
    refused = await refusal(server.stub.GetOutlookRecord(api.GetOutlookRecordRequest()))
    assert refused.reason == "DATA_UNAVAILABLE"


async def test_scores_carry_the_outlook_of_their_symbol(server: RunningServer) -> None:
    await server.show(with_board())
    detail = await server.stub.GetConfluence(api.GetConfluenceRequest(symbol=FIRST))
    assert detail.outlook.odds == 0.4
    plain = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(symbols=[FIRST, THIRD]))
    rows = await server.stub.ListConfluenceScores(api.ListConfluenceScoresRequest(symbols=[FIRST, THIRD], with_outlook=True))
    assert not any(row.HasField("outlook") for row in plain.rows)
    assert {row.symbol: row.outlook.odds_percent for row in rows.rows} == {FIRST: 40, THIRD: 0}
    for row in rows.rows:
        row.ClearField("outlook")
    assert list(rows.rows) == list(plain.rows)


@pytest.mark.parametrize(
    "bad",
    [
        Outlook(symbol=FIRST, odds=0.4),  # without an interval
        Outlook(symbol=FIRST, odds=1.4, low_percent=-1.0, high_percent=1.0),
        Outlook(symbol=FIRST, odds=0.4, low_percent=2.0, high_percent=1.0),
        Outlook(symbol=FIRST, odds=0.4, low_percent=-1.0, high_percent=1.0, absence=OutlookAbsence.BARS_LATE),
        Outlook(symbol=FIRST),  # neither odds nor a reason
    ],
)
async def test_an_outlook_that_contradicts_itself_is_not_served(server: RunningServer, bad: Outlook) -> None:
    await server.show(with_board(outlook_board(outlooks=(bad,))))
    reply = await server.stub.GetOutlook(api.GetOutlookRequest(symbol=FIRST))
    assert reply.outlook.absence == outlook_pb2.OUTLOOK_ABSENCE_BARS_UNREAD


async def test_a_record_that_contradicts_itself_is_not_served(server: RunningServer) -> None:
    twice = outlook_board().records * 2
    await server.show(with_board(outlook_board(records=twice)))
    assert (await refusal(server.stub.GetOutlookRecord(api.GetOutlookRecordRequest()))).reason == "DATA_UNAVAILABLE"
