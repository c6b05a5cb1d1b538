"""`virtuoso probe`: ask a server for its health, as grpc_health_probe does."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

SERVING, NO_CONNECTION, FAILED, NOT_SERVING = 0, 2, 3, 4  # exit codes of grpc_health_probe; 1 is bad arguments


def probe(options: Namespace) -> int:
    """Print the status of `options.service` and return the exit code."""
    return asyncio.run(check(options.addr, options.service, options.timeout))


async def check(address: str, service: str, timeout_s: float) -> int:
    """Connect within `timeout_s`, ask for the health of `service` within `timeout_s`, print it, and return the exit code."""
    async with grpc.aio.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            await asyncio.wait_for(channel.channel_ready(), timeout_s)
        except TimeoutError:
            sys.stderr.write(f"no connection to {address} within {timeout_s:g} s: is a server running there?\n")
            return NO_CONNECTION
        request = health_pb2.HealthCheckRequest(service=service)
        try:
            reply = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=timeout_s)
        except grpc.aio.AioRpcError as error:
            sys.stderr.write(f"health check of {service!r} at {address}: {error.code().name}: {error.details()}\n")
            return FAILED
    status = health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)
    sys.stdout.write(f"status: {status}\n")
    return SERVING if status == "SERVING" else NOT_SERVING
