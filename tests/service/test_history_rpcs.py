"""The RPCs for closed signals, alerts and score history, on a real SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.contract import histories
from tests.service.history_servers import ServerWithHistory, alert, numbered_texts, server_with_history, sqlite_url, texts
from tests.service.servers import refusal
from tests.service.snapshots import T0, snapshot
from tests.service.test_served_snapshot import pages
from virtuoso import metrics
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.model import Environment
from virtuoso.domain.records import AlertKind, AlertLevel, ScorePoint, Side, Signal, SignalStatus
from virtuoso.market.v1 import alert_pb2, signal_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.wire import messages, times

MINUTE, DAY = 60_000, 86_400_000


@pytest_asyncio.fixture
async def setup(tmp_path: Path) -> AsyncIterator[ServerWithHistory]:
    """Start a server with a snapshot and an empty history."""
    async with server_with_history(sqlite_url(tmp_path)) as server:
        await server.market.show(snapshot())
        yield server


def closed_signal(number: int, **fields: Any) -> Signal:
    """Return a signal that hit its stop. It is older than the signals of the snapshot. A larger number is a newer signal."""
    opened = T0 - DAY + number * MINUTE
    defaults: dict[str, Any] = {
        "opened_ms": opened,
        "judged_ms": opened + MINUTE,
        "closed_ms": opened + MINUTE,
        "expires_ms": opened + DAY,
        "status": SignalStatus.STOPPED,
        "exit_price": 0.29,
        "result_r": -1.0,
    }
    return histories.signal(number, **{**defaults, **fields})


def history_request(symbol: str = "BTCUSDT", **fields: Any) -> api.GetScoreHistoryRequest:
    """Return a request for times in epoch ms and a resolution in seconds."""
    request = api.GetScoreHistoryRequest(symbol=symbol)
    for name in ("start_time", "end_time"):
        if name in fields:
            getattr(request, name).CopyFrom(times.timestamp(fields[name]))
    if "resolution" in fields:
        request.resolution.FromMilliseconds(int(fields["resolution"] * 1000))
    return request


def points(first_ms: int, count: int, symbol: str = "BTCUSDT", venue: str = "bybit") -> list[ScorePoint]:
    """Return one point for each minute, seven seconds after its start."""
    return [
        ScorePoint(
            venue=venue,
            symbol=symbol,
            observed_ms=first_ms + i * MINUTE + 7000,
            price=100.0 + i,
            score=40 + i % 30,
            confidence=0.5,
            volume=61.25,
        )
        for i in range(count)
    ]


async def test_closed_signals_are_paged_newest_first(setup: ServerWithHistory) -> None:
    stored = [closed_signal(number) for number in range(7)]
    await setup.writer.write(
        signals=[*stored, closed_signal(8, status=SignalStatus.ACTIVE, closed_ms=None, exit_price=None)]
    )
    found = await pages(setup.market.stub.ListSignals, api.ListSignalsRequest(active=False, page_size=3), "signals")
    assert found == [messages.signal(signal) for signal in reversed(stored)]


async def test_closed_and_active_signals_are_merged_and_the_newer_state_of_each_is_returned(
    setup: ServerWithHistory,
) -> None:
    active = list(snapshot().signals)
    # The history has an older state of the first and a newer, closed state of the second. It has no other active signal.
    outdated, closed = active[1], active[3]
    written = [
        closed_signal(1),
        closed_signal(2),
        replace(messages.read_signal(outdated, Environment.SIMULATED), targets_hit=0, judged_ms=T0 - 50 * MINUTE),
        replace(
            messages.read_signal(closed, Environment.SIMULATED), status=SignalStatus.EXPIRED, closed_ms=T0, judged_ms=T0 + 1
        ),
    ]
    await setup.writer.write(signals=written)
    for size in (1, 2, 3, 50):
        found = await pages(setup.market.stub.ListSignals, api.ListSignalsRequest(page_size=size), "signals")
        assert [each.id for each in found] == [*(each.id for each in active), "signal-002", "signal-001"]
        assert found[1] == outdated
        assert found[3].status == signal_pb2.SIGNAL_STATUS_EXPIRED


async def test_signals_of_other_venues_are_listed_and_those_of_other_environments_are_not(setup: ServerWithHistory) -> None:
    others = [
        closed_signal(1, venue="binance"),
        closed_signal(2, environment=Environment.LIVE),
        closed_signal(4, environment=Environment.LIVE),
    ]
    await setup.writer.write(signals=[*others, closed_signal(3), closed_signal(0)])
    for size in (1, 50):
        found = await pages(setup.market.stub.ListSignals, api.ListSignalsRequest(active=False, page_size=size), "signals")
        assert [(each.id, each.venue) for each in found] == [
            ("signal-003", "bybit"),
            ("signal-001", "binance"),
            ("signal-000", "bybit"),
        ]


async def test_signals_are_filtered_by_side_and_by_the_symbol_of_any_venue(setup: ServerWithHistory) -> None:
    short = {"side": Side.SHORT, "stop": 0.31, "targets": (0.28, 0.26, 0.2)}
    await setup.writer.write(
        signals=[
            closed_signal(1, symbol="1000PEPEUSDT"),
            closed_signal(2, **short),
            closed_signal(3, symbol="FLOKI1000USDT"),
        ]
    )
    stub = setup.market.stub
    shorts = await stub.ListSignals(api.ListSignalsRequest(active=False, side=signal_pb2.SIDE_SHORT))
    assert [each.id for each in shorts.signals] == ["signal-002"]
    some = await stub.ListSignals(api.ListSignalsRequest(active=False, symbols=["PEPE1000USDT", "1000FLOKIUSDT"]))
    assert [each.id for each in some.signals] == ["signal-003", "signal-001"]


async def test_a_page_token_is_only_valid_for_the_same_request(setup: ServerWithHistory) -> None:
    await setup.writer.write(signals=[closed_signal(number) for number in range(3)])
    stub = setup.market.stub
    token = (await stub.ListSignals(api.ListSignalsRequest(active=False, page_size=1))).next_page_token
    for other in (
        stub.ListSignals(api.ListSignalsRequest(page_token=token)),
        stub.ListSignals(api.ListSignalsRequest(active=True, page_token=token)),
        stub.ListAlerts(api.ListAlertsRequest(page_token=token)),
    ):
        assert (await refusal(other)).reason == "PAGE_TOKEN_INVALID"


async def test_new_alerts_do_not_shift_the_pages_of_alerts(setup: ServerWithHistory) -> None:
    await setup.add_numbered_alerts(0, 7)
    stub, request = setup.market.stub, api.ListAlertsRequest(page_size=3)
    first = await stub.ListAlerts(request)
    await setup.add_numbered_alerts(7, 2)
    request.page_token = first.next_page_token
    second = await stub.ListAlerts(request)
    request.page_token = second.next_page_token
    third = await stub.ListAlerts(request)
    assert texts([first, second, third]) == numbered_texts(0, 7)[::-1]
    assert third.next_page_token == ""
    assert first.newest_cursor == second.newest_cursor == third.newest_cursor == first.alerts[0].cursor


async def test_a_stream_from_newest_cursor_returns_the_alerts_after_the_list(setup: ServerWithHistory) -> None:
    await setup.add_numbered_alerts(0, 3)
    listed = await setup.market.stub.ListAlerts(api.ListAlertsRequest())
    await setup.add_numbered_alerts(3, 2)
    stream = setup.market.stub.WatchAlerts(api.WatchAlertsRequest(cursor=listed.newest_cursor))
    assert texts([listed])[::-1] + texts([await stream.read()]) == numbered_texts(0, 5)
    stream.cancel()


async def test_alerts_are_filtered(setup: ServerWithHistory) -> None:
    await setup.add_numbered_alerts(0, 1, kind=AlertKind.DATA_QUALITY, level=AlertLevel.CRITICAL, symbol="")
    await setup.add_numbered_alerts(1, 1, symbol="1000PEPEUSDT")
    await setup.add_numbered_alerts(2, 1, level=AlertLevel.INFO)
    # An alert of another environment must not be returned.
    await setup.add_numbered_alerts(3, 1, environment=Environment.LIVE)
    stub = setup.market.stub

    async def found(**filters: Any) -> list[str]:
        return texts([await stub.ListAlerts(api.ListAlertsRequest(**filters))])

    assert await found() == ["alert 2", "alert 1", "alert 0"]
    assert await found(kinds=[alert_pb2.ALERT_KIND_DATA_QUALITY]) == ["alert 0"]
    assert await found(min_level=alert_pb2.ALERT_LEVEL_WARNING) == ["alert 1", "alert 0"]
    assert await found(symbols=["PEPE1000USDT"]) == ["alert 1"]


async def test_an_empty_list_of_alerts_has_a_cursor(setup: ServerWithHistory) -> None:
    reply = await setup.market.stub.ListAlerts(api.ListAlertsRequest())
    assert (list(reply.alerts), reply.newest_cursor, reply.next_page_token) == ([], "0", "")
    assert reply.provenance.snapshot_id == "s1"


async def test_a_day_of_scores_is_downsampled_to_the_last_point_of_each_step(setup: ServerWithHistory) -> None:
    stored = points(T0 - DAY, 1440)
    await setup.writer.write(points=stored)
    reply = await setup.market.stub.GetScoreHistory(history_request())
    step = reply.resolution.ToMilliseconds()
    assert (reply.symbol, step) == ("BTCUSDT", 300_000)
    first = -(-(T0 - DAY) // step) * step
    last_of: dict[int, ScorePoint] = {}
    for point in stored:
        if first <= point.observed_ms < T0:
            last_of[(point.observed_ms - first) // step] = point
    assert list(reply.points) == [messages.score_point(point) for point in last_of.values()]
    assert len(reply.points) == 288


async def test_points_do_not_change_when_the_range_moves_with_the_clock(setup: ServerWithHistory) -> None:
    await setup.writer.write(points=points(T0 - DAY, 1440))
    before = await setup.market.stub.GetScoreHistory(history_request())
    setup.market.after(5)
    after = await setup.market.stub.GetScoreHistory(history_request())
    assert list(after.points)[:-1] == list(before.points)[-len(after.points) : -1]


@pytest.mark.parametrize(
    ("fields", "step_s", "count"),
    [
        ({"start_time": T0 - 3_600_000}, 60, 60),
        ({"start_time": T0 - 3_600_000, "resolution": 600}, 600, 6),
        ({"start_time": T0 - 3_600_000, "end_time": T0 - 1_800_000}, 60, 30),
        ({"start_time": T0 - 3_600_000, "end_time": T0 + DAY}, 60, 60),  # the range ends at the current time
        ({"start_time": T0 - DAY, "resolution": 1}, 300, 288),  # at most 288 points
        ({"start_time": T0 - 3_600_000, "resolution": 1e9}, 3600, 1),
        ({"start_time": 0}, None, 2),
    ],
)
async def test_range_and_resolution_match_the_request(
    setup: ServerWithHistory, fields: dict[str, Any], step_s: float | None, count: int
) -> None:
    await setup.writer.write(points=points(T0 - DAY, 1440))
    reply = await setup.market.stub.GetScoreHistory(history_request(**fields))
    assert step_s is None or reply.resolution.ToMilliseconds() == step_s * 1000
    assert 1 <= len(reply.points) <= count
    assert len(reply.points) >= count - 1
    shown = [times.millis(point.observed_time) for point in reply.points]
    assert shown == sorted(shown)
    assert fields["start_time"] <= shown[0]
    assert shown[-1] < min(fields.get("end_time", T0), T0)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"start_time": T0, "end_time": T0 - 1}, "start_time", "2025-10-20T22:40:00.000Z"),
        ({"start_time": T0 - 5, "end_time": T0 - 5}, "start_time", "2025-10-20T22:39:59.995Z"),
        ({"start_time": T0 + 1, "end_time": T0 + DAY}, "start_time", "the future"),
        ({"end_time": T0 + 2 * DAY}, "end_time", "the future"),
        ({"start_time": -1000}, "start_time", "-1 s"),
        ({"end_time": (1 << 34) * 1000}, "end_time", str(1 << 34)),
        ({"resolution": -1}, "resolution", ""),
    ],
)
async def test_an_invalid_range_is_refused_with_field_and_value(
    setup: ServerWithHistory, fields: dict[str, Any], field: str, words: str
) -> None:
    refused = await refusal(setup.market.stub.GetScoreHistory(history_request(**fields)))
    assert (refused.code.name, refused.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert list(refused.violations) == [field]
    assert words in refused.violations[field]


async def test_scores_are_from_the_current_venue_and_are_found_by_the_symbol_of_another_venue(
    setup: ServerWithHistory,
) -> None:
    mine = points(T0 - DAY // 2, 3, "1000PEPEUSDT")
    await setup.writer.write(points=[*mine, *points(T0 - DAY // 2, 9, "1000PEPEUSDT", "binance")])
    reply = await setup.market.stub.GetScoreHistory(history_request("PEPE1000USDT", start_time=T0 - DAY + 1))
    assert (reply.symbol, len(reply.points)) == ("1000PEPEUSDT", 1)
    assert reply.points[0] == messages.score_point(mine[-1])


async def test_a_symbol_outside_the_universe_has_its_history_while_the_venue_lists_it(setup: ServerWithHistory) -> None:
    await setup.writer.write(points=points(T0 - DAY // 2, 3, "FLOKI1000USDT"))
    stub = setup.market.stub
    reply = await stub.GetScoreHistory(history_request("1000FLOKIUSDT"))
    assert (reply.symbol, len(reply.points)) == ("FLOKI1000USDT", 1)
    assert (await refusal(stub.GetScoreHistory(history_request("UNTRACKEDUSDT")))).reason == "SYMBOL_NOT_TRACKED"
    assert (await refusal(stub.GetScoreHistory(history_request("NOSUCHUSDT")))).reason == "SYMBOL_NOT_FOUND"


async def test_a_tracked_symbol_without_points_yet_has_an_empty_history(setup: ServerWithHistory) -> None:
    reply = await setup.market.stub.GetScoreHistory(history_request("ETHUSDT"))
    assert (reply.symbol, list(reply.points), reply.provenance.snapshot_id) == ("ETHUSDT", [], "s1")


async def test_an_invalid_point_is_omitted(setup: ServerWithHistory) -> None:
    good, bad = points(T0 - 2 * MINUTE, 2)
    await setup.writer.write(points=[good, replace(bad, score=101.0)])
    reply = await setup.market.stub.GetScoreHistory(history_request(start_time=T0 - 5 * MINUTE))
    assert list(reply.points) == [messages.score_point(good)]


async def test_records_with_a_time_in_the_future_are_not_shown_and_are_counted(setup: ServerWithHistory) -> None:
    await setup.market.show(snapshot("s2", observed_ms=T0 + 1000))
    counted = metrics.INVALID_ROWS.labels("time")._value.get()
    right = [closed_signal(1), closed_signal(2)]
    wrong = [
        closed_signal(3, status=SignalStatus.EXPIRED, closed_ms=T0 + 31 * 60 * MINUTE),
        closed_signal(4, judged_ms=T0 + 4 * MINUTE),
        closed_signal(5, opened_ms=T0 + DAY, closed_ms=T0 + 2 * DAY, expires_ms=T0 + 2 * DAY),
    ]
    await setup.writer.write(signals=[*right, *wrong], points=[*points(T0 - 3 * MINUTE, 3), *points(T0 + DAY, 2)])
    stub = setup.market.stub
    found = await pages(stub.ListSignals, api.ListSignalsRequest(active=False, page_size=2), "signals")
    assert [each.id for each in found] == ["signal-002", "signal-001"]
    assert metrics.INVALID_ROWS.labels("time")._value.get() == counted + 3
    for request in (history_request(), history_request(start_time=T0 - DAY, end_time=T0 + 7 * DAY)):
        reply = await stub.GetScoreHistory(request)
        assert [times.millis(point.observed_time) for point in reply.points][-1] == T0 - MINUTE + 7000


async def test_an_active_signal_that_was_stored_as_closed_in_the_future_is_shown_as_active(setup: ServerWithHistory) -> None:
    active = snapshot().signals[0]
    stored = messages.read_signal(active, Environment.SIMULATED)
    stored = replace(stored, status=SignalStatus.EXPIRED, closed_ms=T0 + DAY, result_r=-1.0)
    await setup.writer.write(signals=[stored])
    found = await pages(setup.market.stub.ListSignals, api.ListSignalsRequest(), "signals")
    assert found == list(snapshot().signals)


async def test_an_alert_that_is_dated_after_it_was_stored_is_not_shown(setup: ServerWithHistory) -> None:
    await setup.add_numbered_alerts(1, 2)
    await setup.add_alerts(*(alert(n, observed_ms=epoch_ms() + ahead) for n, ahead in ((3, 4 * MINUTE), (4, DAY))))
    await setup.add_numbered_alerts(5, 1)
    reply = await setup.market.stub.ListAlerts(api.ListAlertsRequest())
    assert texts([reply]) == ["alert 5", "alert 2", "alert 1"]
