"""`virtuoso probe` and the real grpc_health_probe have the same exit codes, at a server and through the edge."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.interop.edges import running_edge
from tests.programs import free_port
from tests.service.snapshots import snapshot
from virtuoso.service.health import SERVICE

pytestmark = pytest.mark.timeout(900)  # Go may have to build the probe first
SERVING, ARGUMENTS, CONNECT, RPC, NOT_SERVING = range(5)


async def exit_codes(folder: Path, address: str, service: str = "", *more: str) -> tuple[int | None, int | None]:
    """Return the exit codes of both programs with the same options."""
    options = [f"-addr={address}", f"-service={service}", *more]
    ours = [sys.executable, "-m", "virtuoso", "probe", "--addr", address, "--service", service, *more]
    running = [
        await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
        for words in ([str(folder / "grpc-health-probe"), *options], ours)
    ]
    theirs, own = [await process.wait() for process in running]
    return theirs, own


async def test_both_probes_have_the_same_exit_codes_for_a_server_and_its_edge(go_programs: Path) -> None:
    async with running_edge() as one:
        for service, code in (("", NOT_SERVING), ("liveness", SERVING), ("nope", RPC)):
            assert await exit_codes(go_programs, one.market.address, service) == (code, code), service
        assert await exit_codes(go_programs, one.edge.address) == (NOT_SERVING, NOT_SERVING)
        await one.market.show(snapshot())
        assert await exit_codes(go_programs, one.market.address, SERVICE) == (SERVING, SERVING)
        assert await exit_codes(go_programs, one.edge.address, "confluence") == (SERVING, SERVING)
        await one.market.server.drain(0)
        assert await exit_codes(go_programs, one.market.address) == (CONNECT, CONNECT)
        assert await exit_codes(go_programs, one.edge.address) == (RPC, RPC)  # the port is open, but no server answers


async def test_both_probes_have_the_same_exit_codes_without_a_server_and_with_bad_arguments(go_programs: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    assert await exit_codes(go_programs, nobody) == (CONNECT, CONNECT)
    assert await exit_codes(go_programs, nobody, "", "--nonsense") == (ARGUMENTS, ARGUMENTS)
