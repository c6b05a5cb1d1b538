"""The standard gRPC health service: Check, List and Watch, before, during and after readiness."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.service.servers import RunningServer, refusal
from tests.service.snapshots import snapshot

SERVICE = "virtuoso.market.v1.MarketService"
READY = ("", SERVICE, "readiness", "confluence", "overview", "movers", "beta", "signals", "opportunities")
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


async def check(server: RunningServer, name: str) -> Any:
    stub = health_pb2_grpc.HealthStub(server.channel)
    return (await stub.Check(health_pb2.HealthCheckRequest(service=name))).status


async def test_only_liveness_is_serving_before_the_first_snapshot(server: RunningServer) -> None:
    assert [await check(server, name) for name in READY] == [NOT_SERVING] * len(READY)
    assert await check(server, "liveness") == SERVING


async def test_check_of_an_unknown_service_is_not_found(server: RunningServer) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await check(server, "gamma")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_list_returns_all_services(server: RunningServer) -> None:
    reply = await health_pb2_grpc.HealthStub(server.channel).List(health_pb2.HealthListRequest())
    statuses = {name: each.status for name, each in reply.statuses.items()}
    assert statuses == {**dict.fromkeys((*READY, "alerts"), NOT_SERVING), "liveness": SERVING}


async def test_probes_see_not_serving_before_the_port_closes(server: RunningServer) -> None:
    await server.show(snapshot())
    draining = asyncio.create_task(server.server.drain(2))
    await asyncio.sleep(0)
    assert await check(server, "") == NOT_SERVING
    await draining


@pytest.mark.parametrize("name", READY)
async def test_watch_reports_readiness_its_loss_and_its_return(server: RunningServer, name: str) -> None:
    watch = health_pb2_grpc.HealthStub(server.channel).Watch(health_pb2.HealthCheckRequest(service=name))
    assert (await watch.read()).status == NOT_SERVING
    await server.show(snapshot())
    assert (await watch.read()).status == SERVING
    assert await check(server, name) == SERVING
    server.after(601)
    assert (await watch.read()).status == NOT_SERVING
    assert await check(server, name) == NOT_SERVING
    assert await check(server, "liveness") == SERVING
    await server.show(snapshot("s2", observed_ms=server.clock.now_ms()))
    assert (await watch.read()).status == SERVING
    watch.cancel()


async def test_watch_of_an_unknown_service_reports_service_unknown_and_stays_open(server: RunningServer) -> None:
    watch = health_pb2_grpc.HealthStub(server.channel).Watch(health_pb2.HealthCheckRequest(service="gamma"))
    assert (await watch.read()).status == UNKNOWN
    await server.show(snapshot())
    assert not watch.done()
    watch.cancel()


async def test_a_service_whose_part_is_missing_in_the_snapshot_is_not_serving(server: RunningServer) -> None:
    await server.show(snapshot())
    message = snapshot("s2", observed_ms=server.clock.now_ms() + 1)
    message.ClearField("overview")
    del message.gainers[:], message.losers[:], message.betas[:], message.signals[:], message.opportunities[:]
    await server.show(message)
    watch = health_pb2_grpc.HealthStub(server.channel).Watch(health_pb2.HealthCheckRequest(service="movers"))
    while (await watch.read()).status != NOT_SERVING:
        pass
    watch.cancel()
    assert await check(server, "overview") == NOT_SERVING
    assert await check(server, "beta") == NOT_SERVING
    # An empty list is a valid reply.
    assert await check(server, "signals") == await check(server, "opportunities") == SERVING
    assert await check(server, "confluence") == SERVING
    assert await check(server, "") == SERVING


@pytest.mark.parametrize(
    ("method", "streams"),
    [
        ("/grpc.health.v1.Health/Check", False),
        ("/grpc.health.v1.Health/List", False),
        ("/grpc.health.v1.Health/Watch", False),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", True),
        ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", True),
    ],
)
async def test_bytes_that_are_no_request_are_an_invalid_argument_without_a_traceback(
    server: RunningServer, caplog: pytest.LogCaptureFixture, method: str, streams: bool
) -> None:
    channel: Any = server.channel  # its published type wants serializers
    if streams:
        reading = channel.stream_stream(method)(iter([b"\xff\xff"])).read()
    elif method.endswith("Watch"):
        reading = channel.unary_stream(method)(b"\xff\xff").read()
    else:
        reading = channel.unary_unary(method)(b"\xff\xff")
    refused = await refusal(reading)
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert "the request is not a grpc." in refused.message
    assert "Error" not in refused.message
    assert not [record for record in caplog.records if record.exc_info]
