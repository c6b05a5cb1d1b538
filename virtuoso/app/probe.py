"""`virtuoso probe`: check the health of a server, like grpc_health_probe."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from virtuoso.client.tls import ClientTls, open_channel, requested_tls

# The exit codes of grpc_health_probe. The exit code for invalid arguments is 1.
SERVING, NO_CONNECTION, FAILED, NOT_SERVING = 0, 2, 3, 4


def probe(options: Namespace) -> int:
    """Print the status of `options.service` and return the exit code."""
    return asyncio.run(check(options.addr, options.service, options.timeout, requested_tls(options)))


async def check(address: str, service: str, timeout_s: float, tls: ClientTls | None = None) -> int:
    """Print the health of `service` and return the exit code. `timeout_s` limits the connection and the call separately.

    With `tls` None, the connection is clear text."""
    async with open_channel(address, tls) as channel:
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
