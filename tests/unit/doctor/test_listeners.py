"""Ports that are free, ours, or somebody else's."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer

from virtuoso.app.monitor import Monitor
from virtuoso.doctor import listeners
from virtuoso.doctor.finding import Level


@asynccontextmanager
async def grpc_server(service: str) -> AsyncIterator[tuple[str, int]]:
    server, servicer = grpc.aio.server(), HealthServicer()
    await servicer.set(service, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    number = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield "127.0.0.1", number
    await server.stop(0)


async def test_a_server_of_ours_on_our_port_is_well() -> None:
    async with grpc_server(listeners.SERVICE) as address:
        found = await listeners.port("VIRTUOSO_GRPC_ADDRESS", address, listeners.grpc_status)
    assert (found.level, found.why) == (
        Level.WELL,
        f"127.0.0.1:{address[1]}: a server of ours runs there and says SERVING",
    )


async def test_a_grpc_server_of_somebody_else_is_a_failure() -> None:
    async with grpc_server("theirs") as address:
        found = await listeners.port("VIRTUOSO_GRPC_ADDRESS", address, listeners.grpc_status)
    assert found.level is Level.FAILURE
    assert "ss -ltnp" in found.cure


@pytest.mark.parametrize("status", ["SERVING", "NOT_SERVING"])
async def test_a_monitor_of_ours_is_well_whatever_it_says(status: str) -> None:
    monitor = Monitor(status=lambda _: status, readiness=lambda: (True, {}))
    number = await monitor.start("127.0.0.1:0")
    found = await listeners.port("VIRTUOSO_MONITOR_ADDRESS", ("127.0.0.1", number), listeners.http_status)
    everywhere = await listeners.port("VIRTUOSO_MONITOR_ADDRESS", ("0.0.0.0", number), listeners.http_status)
    await monitor.close()
    assert (found.level, everywhere.level) == (Level.WELL, Level.WELL)
    assert f"says {status}" in found.why


async def test_a_taken_monitor_port_is_a_warning_as_the_next_one_will_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        found = await listeners.port("VIRTUOSO_MONITOR_ADDRESS", theirs.getsockname(), listeners.http_status, needed=False)
    assert found.level is Level.WARNING


UNUSABLE: Sequence[tuple[tuple[str, int], str]] = [
    (("192.0.2.1", 50051), "0.0.0.0 for all"),
    (("no.such.host.invalid", 50051), "name an IP address"),
]


@pytest.mark.parametrize(("address", "cure"), UNUSABLE)
async def test_an_address_that_is_not_of_this_machine_is_a_failure(address: tuple[str, int], cure: str) -> None:
    found = await listeners.port("VIRTUOSO_GRPC_ADDRESS", address, listeners.grpc_status)
    assert found.level is Level.FAILURE
    assert cure in found.cure


async def test_any_port_is_well() -> None:
    assert (await listeners.port("VIRTUOSO_GRPC_ADDRESS", ("127.0.0.1", 0), listeners.grpc_status)).level is Level.WELL
