"""Baseline (a): the upper bound for grpc.aio on uvloop, one handler that always returns the same bytes. `python -m
tools.benchmarks.echo PORT FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

import grpc
import uvloop

METHOD = "/virtuoso.market.v1.MarketService/GetDashboard"


async def main(port: int, reply: bytes) -> None:
    """Answer requests until the process is killed."""

    async def call(_: bytes, __: object) -> bytes:
        return reply

    server = grpc.aio.server()
    service, _, name = METHOD.lstrip("/").rpartition("/")
    handlers = {name: grpc.unary_unary_rpc_method_handler(call)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
