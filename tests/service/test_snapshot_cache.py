"""The age of the data as clients see it through a real server. tests/unit/service tests each rule separately."""

from __future__ import annotations

import asyncio

from tests.service.servers import RunningServer, refusal
from tests.service.snapshots import snapshot
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.market.v1 import provenance_pb2


async def provenance(server: RunningServer) -> provenance_pb2.Provenance:
    reply: api.GetDashboardResponse = await server.stub.GetDashboard(api.GetDashboardRequest())
    assert reply.rows
    return reply.provenance


async def test_old_data_is_first_stale_then_unavailable_and_new_data_is_served_immediately(server: RunningServer) -> None:
    await server.show(snapshot())
    assert (await provenance(server)).path == provenance_pb2.PATH_SNAPSHOT
    server.after(31)
    assert (await provenance(server)).path == provenance_pb2.PATH_STALE_SNAPSHOT
    server.after(570)
    refused = await refusal(server.stub.GetDashboard(api.GetDashboardRequest()))
    assert (refused.code.name, refused.reason, refused.retry_s) == ("UNAVAILABLE", "DATA_UNAVAILABLE", 5)
    await server.show(snapshot("s2", observed_ms=server.clock.now_ms()))
    assert (await provenance(server)).snapshot_id == "s2"


async def test_a_server_whose_first_snapshot_is_incomplete_says_what_is_missing(server: RunningServer) -> None:
    message = snapshot(size=5)
    message.confluences[0].ClearField("score")
    message.provenance.coverage.present = 4
    await server.show(message)
    refused = await refusal(server.stub.GetDashboard(api.GetDashboardRequest()))
    assert (refused.code.name, refused.reason, refused.retry_s) == ("UNAVAILABLE", "NOT_READY", 2)
    assert "4 of 5" in refused.message


async def test_the_background_loops_find_a_new_snapshot_and_survive_errors(server: RunningServer) -> None:
    await server.cache.start()
    try:
        await server.repository.close()  # every read fails from now on
        await server.cache.next_tick()
        server.repository._closed = False
        await server.publish(snapshot())
        async with asyncio.timeout(5):
            while not server.cache.ready:
                await server.cache.next_tick()
    finally:
        await server.cache.close()
    assert (await provenance(server)).snapshot_id == "s1"
