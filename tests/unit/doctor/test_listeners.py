"""The doctor's check of ports that are free, used by a Virtuoso server, or used by another program."""

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


async def test_a_virtuoso_server_on_the_port_is_ok() -> None:
    async with grpc_server(listeners.SERVICE) as address:
        finding = await listeners.check_port("VIRTUOSO_GRPC_ADDRESS", address, listeners.grpc_status)
    assert (finding.level, finding.why) == (
        Level.OK,
        f"127.0.0.1:{address[1]}: a Virtuoso server answers with the status SERVING",
    )


async def test_another_grpc_server_on_the_port_is_a_failure() -> None:
    async with grpc_server("other.Service") as address:
        finding = await listeners.check_port("VIRTUOSO_GRPC_ADDRESS", address, listeners.grpc_status)
    assert finding.level is Level.FAILURE
    assert "ss -ltnp" in finding.remedy


@pytest.mark.parametrize("status", ["SERVING", "NOT_SERVING"])
async def test_a_virtuoso_monitor_on_the_port_is_ok_whatever_its_status(status: str) -> None:
    monitor = Monitor(status=lambda _: status, readiness=lambda: (True, {}))
    number = await monitor.start("127.0.0.1:0")
    finding = await listeners.check_port("VIRTUOSO_MONITOR_ADDRESS", ("127.0.0.1", number), listeners.http_status)
    everywhere = await listeners.check_port("VIRTUOSO_MONITOR_ADDRESS", ("0.0.0.0", number), listeners.http_status)
    await monitor.close()
    assert (finding.level, everywhere.level) == (Level.OK, Level.OK)
    assert f"the status {status}" in finding.why


async def test_a_monitor_port_in_use_is_a_warning_because_the_next_one_is_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        finding = await listeners.check_port(
            "VIRTUOSO_MONITOR_ADDRESS", other.getsockname(), listeners.http_status, needed=False
        )
    assert finding.level is Level.WARNING


UNUSABLE: Sequence[tuple[tuple[str, int], str]] = [
    (("192.0.2.1", 50051), "0.0.0.0 for all"),
    (("no.such.host.invalid", 50051), "to an IP address"),
]


@pytest.mark.parametrize(("address", "remedy"), UNUSABLE)
async def test_an_address_of_another_machine_is_a_failure(address: tuple[str, int], remedy: str) -> None:
    finding = await listeners.check_port("VIRTUOSO_GRPC_ADDRESS", address, listeners.grpc_status)
    assert finding.level is Level.FAILURE
    assert remedy in finding.remedy


async def test_any_free_port_is_ok() -> None:
    assert (await listeners.check_port("VIRTUOSO_GRPC_ADDRESS", ("127.0.0.1", 0), listeners.grpc_status)).level is Level.OK
