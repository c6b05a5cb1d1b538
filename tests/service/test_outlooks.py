"""GetOutlook, ListOutlooks, GetOutlookRecord, and outlooks in scores, through a real server and real stubs."""

from __future__ import annotations

import grpc
import pytest

from tests.service.servers import RunningServer, refusal
from tests.service.snapshots import T0, snapshot, symbol_name
from virtuoso.domain.outlook import HorizonRecord, Outlook, OutlookAbsence, OutlookBoard, OutlookHorizon, OutlookWeek, Tenth
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import outlook_pb2
from virtuoso.store.v1 import snapshot_pb2
from virtuoso.wire.outlooks import encoded_board

FIRST, SECOND, THIRD = (symbol_name(i) for i in range(3))
BAR_MS = T0 // 14_400_000 * 14_400_000


def board(**changes: object) -> OutlookBoard:
    record = HorizonRecord(
        horizon=OutlookHorizon.HOURS_24,
        steps=533,
        clear=True,
        information=0.1,
        information_low=0.07,
        information_high=0.13,
        p_newey_west=1e-8,
        p_exchange=0.001,
        q=0.0015,
        calibrated_steps=258,
        brier=0.248,
        interval_coverage=0.8,
        tenths=tuple(Tenth(said=0.42 + n / 60, was=0.41 + n / 55, count=5160) for n in range(10)),
        weeks=(OutlookWeek(start_ms=BAR_MS - 86_400_000, steps=42, information=0.1),),
    )
    values = {
        "venue": "bybit",
        "bar_ms": BAR_MS,
        "computed_ms": T0 - 1000,
        "universe": 200,
        "outlooks": (
            Outlook(symbol=FIRST, odds=0.4, low_percent=-9.0, high_percent=8.0),
            Outlook(symbol=SECOND, absence=OutlookAbsence.TOO_FEW_BARS),
            Outlook(symbol="FARUSDT", odds=0.62, low_percent=-3.9, high_percent=5.2),
        ),
        "records": (record,),
    }
    return OutlookBoard(**(values | changes))  # type: ignore[arg-type]


def with_board(found: OutlookBoard) -> snapshot_pb2.Snapshot:
    message = snapshot()
    message.MergeFromString(encoded_board(found))
    message.venue_symbols.append("FARUSDT")
    return message


async def test_an_outlook_is_told_with_its_bar_or_the_reason_why_not(server: RunningServer) -> None:
    await server.show(with_board(board()))
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
    await server.show(with_board(board()))
    first = await server.stub.ListOutlooks(api.ListOutlooksRequest(page_size=2))
    assert [one.symbol for one in first.outlooks] == ["FARUSDT", FIRST]
    rest = await server.stub.ListOutlooks(api.ListOutlooksRequest(page_size=2, page_token=first.next_page_token))
    assert ([one.symbol for one in rest.outlooks], rest.next_page_token) == ([SECOND], "")
    some = await server.stub.ListOutlooks(api.ListOutlooksRequest(symbols=[FIRST, "FARUSDT"]))
    assert len(some.outlooks) == 2


async def test_the_record_is_served_as_the_collector_made_it(server: RunningServer) -> None:
    await server.show(with_board(board()))
    record = (await server.stub.GetOutlookRecord(api.GetOutlookRecordRequest())).record
    (horizon,) = record.horizons
    assert (record.universe, horizon.steps, horizon.clear, len(horizon.tenths)) == (200, 533, True, 10)
    assert horizon.tenths[9].said == pytest.approx(0.57)
    await server.show(snapshot("s2", observed_ms=T0 + 1000))
    refused = await refusal(server.stub.GetOutlookRecord(api.GetOutlookRecordRequest()))
    assert refused.reason == "DATA_UNAVAILABLE"


async def test_scores_carry_the_outlook_of_their_symbol(server: RunningServer) -> None:
    await server.show(with_board(board()))
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
    await server.show(with_board(board(outlooks=(bad,))))
    reply = await server.stub.GetOutlook(api.GetOutlookRequest(symbol=FIRST))
    assert reply.outlook.absence == outlook_pb2.OUTLOOK_ABSENCE_BARS_UNREAD


async def test_a_record_that_contradicts_itself_is_not_served(server: RunningServer) -> None:
    twice = board().records * 2
    await server.show(with_board(board(records=twice)))
    assert (await refusal(server.stub.GetOutlookRecord(api.GetOutlookRecordRequest()))).reason == "DATA_UNAVAILABLE"
