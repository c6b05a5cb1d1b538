"""TLS and mTLS on the gRPC port: real servers, the edge and the commands that call them."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest

from tests.certificates import Authority
from tests.interop.edges import publish
from tests.programs import Program, free_port
from virtuoso.client import ClientTls, connect
from virtuoso.market.v1 import market_service_pb2 as api

COMMAND = [sys.executable, "-m", "virtuoso"]


@dataclass
class Files:
    """An authority, a server's certificate of it, and a client's. `settings` are those of mTLS on both sides."""

    authority: Authority
    folder: Path
    server: tuple[str, str]
    client: tuple[str, str]
    server_name: str = ""

    @property
    def settings(self) -> dict[str, str]:
        return {
            "grpc-tls-certificate": self.server[0],
            "grpc-tls-key": self.server[1],
            "grpc-tls-client-ca": self.authority.path,
            "grpc-tls-ca": self.authority.path,
            "grpc-tls-client-certificate": self.client[0],
            "grpc-tls-client-key": self.client[1],
        }

    def tls(self, *, client: tuple[str, str] | None = None) -> ClientTls:
        """Return the TLS of a client with the certificate `client`, or with none."""
        certificate, key = (Path(path).read_bytes() for path in client) if client else (None, None)
        return ClientTls(Path(self.authority.path).read_bytes(), certificate, key, self.server_name)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    authority = Authority(tmp_path / "authority")
    server, client = (
        authority.issue(tmp_path / "server"),
        authority.issue(tmp_path / "client", "a client", ("phone.example",)),
    )
    return Files(authority, tmp_path, server, client)


def words(settings: dict[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in (f"--{name}", value)]


class Process(Program):
    """A command of virtuoso that listens on a port, and its log."""

    def __init__(self, folder: Path, command: str, port: int, settings: dict[str, str]) -> None:
        self._log = folder / f"{command}-{port}.log"
        with self._log.open("wb") as output:
            super().__init__([*COMMAND, command, *words(settings)], port, output)
        self.address = f"127.0.0.1:{port}"

    def output(self) -> str:
        return self._log.read_text()


@asynccontextmanager
async def running(files: Files, command: str, settings: dict[str, str]) -> AsyncIterator[Process]:
    """Run a command with mTLS. `settings` have an address without a port."""
    port = free_port()
    named = {name: value.format(port=port) for name, value in settings.items()}
    process = await asyncio.to_thread(Process, files.folder, command, port, files.settings | named)
    try:
        yield process
    finally:
        process.kill()


@asynccontextmanager
async def serving(files: Files, **changed: str) -> AsyncIterator[Process]:
    """Run `virtuoso serve` with mTLS and a snapshot."""
    cache = files.folder / "cache"
    await publish(cache)
    settings = {
        "grpc-address": "127.0.0.1:{port}",
        "monitor-address": "127.0.0.1:0",
        "cache": f"directory:{cache}",
        "history": "none",
        "environment": "SIMULATED",
    }
    async with running(files, "serve", settings | changed) as process:
        async with asyncio.timeout(20):
            while await overview(process.address, files.tls(client=files.client)) != "OK":
                await asyncio.sleep(0.05)
        yield process


def edge(server: Process) -> dict[str, str]:
    """Return the settings of an edge in front of a server."""
    return {"edge-address": "127.0.0.1:{port}", "servers": server.address, "cache": "memory:", "history": "none"}


async def overview(address: str, tls: ClientTls | None) -> str:
    """Return the status of a call: OK, or the code of its error."""
    async with connect(address, tls=tls, health_service=None) as market:
        try:
            await market.stub.GetOverview(api.GetOverviewRequest(), timeout=10, wait_for_ready=False)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        return "OK"


async def test_only_clients_with_a_certificate_of_the_authority_are_served(files: Files, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    stranger = other.issue(tmp_path / "stranger", "a stranger")
    async with serving(files) as server:
        address = server.address
        assert await overview(address, files.tls(client=files.client)) == "OK"
        for refused in (None, files.tls(), files.tls(client=stranger), ClientTls(Path(other.path).read_bytes())):
            assert await overview(address, refused) in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
        assert await overview(address, files.tls(client=files.client)) == "OK"
        assert "Handshake" not in server.output()  # anybody could fill the log with them


async def test_a_renewed_certificate_is_used_without_a_restart_and_a_broken_one_is_not(files: Files) -> None:
    async with serving(files, **{"grpc-tls-client-ca": ""}) as server:
        where = ("127.0.0.1", server.port)
        shown = Path(files.server[0]).read_text()
        assert await asyncio.to_thread(ssl.get_server_certificate, where) == shown
        files.authority.issue(files.folder / "server")
        renewed = Path(files.server[0]).read_text()
        assert renewed != shown
        assert await asyncio.to_thread(ssl.get_server_certificate, where) == renewed
        Path(files.server[1]).write_text("no key")
        assert await asyncio.to_thread(ssl.get_server_certificate, where) == renewed
        assert server.output().count("the old certificate of the gRPC port stays in use: GRPC_TLS_CERTIFICATE") == 1
        assert await overview(server.address, files.tls()) == "OK"


async def test_the_name_of_the_client_certificate_is_in_the_access_log_and_in_errors(files: Files) -> None:
    log = files.folder / "access.log"
    async with serving(files, **{"grpc-access-log": str(log)}) as server:
        async with connect(server.address, tls=files.tls(client=files.client), health_service=None) as market:
            with pytest.raises(grpc.aio.AioRpcError):
                await market.stub.GetConfluence(api.GetConfluenceRequest(symbol="NOSUCHUSDT"), timeout=10)
        assert "client certificate 'a client'" in server.output()
        async with asyncio.timeout(10):
            while "GetConfluence" not in log.read_text():
                await asyncio.sleep(0.05)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {(line["client"], line["certificate"]) for line in lines} == {("127.0.0.1", "a client")}
    assert {"GetOverview": "OK", "GetConfluence": "NOT_FOUND"}.items() <= {
        line["rpc"].rpartition("/")[2]: line["grpc_status"] for line in lines
    }.items()
    assert log.stat().st_mode & 0o777 == 0o600


NOT_ANSWERED = (2, 3)  # no connection, or the call failed


async def test_probe_and_top_call_a_server_with_mtls(files: Files) -> None:
    ca, (certificate, key) = files.authority.path, files.client
    client = ["--certificate", certificate, "--key", key]
    expected: list[tuple[list[str], tuple[int, ...]]] = [
        (["--ca", ca, *client], (0,)),
        (["--ca", ca], NOT_ANSWERED),
        ([], NOT_ANSWERED),
        (["--ca", ca, "--certificate", certificate], (1,)),
        (["--ca", ca, "--certificate", certificate, "--key", ca], (1,)),
        (["--ca", ca, *client, "--server-name", "other.example"], NOT_ANSWERED),
    ]
    async with serving(files) as server:

        async def run(command: list[str], **env: str) -> int:
            process = await asyncio.create_subprocess_exec(
                *(*COMMAND, *command), "--addr", server.address, env=env or None, stderr=subprocess.PIPE
            )
            await process.communicate()
            return process.returncode or 0

        for arguments, codes in expected:
            assert await run(["probe", *arguments]) in codes, arguments
            assert await run(["top", "--once", *arguments]) in codes, arguments
        env = {f"VIRTUOSO_{name.upper().replace('-', '_')}": value for name, value in files.settings.items()}
        assert await run(["probe"], **env) == 0  # as the health check of a container does


@pytest.mark.parametrize("named", [False, True])
async def test_the_edge_calls_the_servers_with_mtls_and_loads_renewed_files(files: Files, *, named: bool) -> None:
    files.server_name = "server.example" if named else ""
    name = {"grpc-tls-server-name": files.server_name}
    hosts = ("server.example",) if named else ("127.0.0.1",)
    files.authority.issue(files.folder / "server", hosts=hosts)
    async with serving(files) as server, running(files, "edge", edge(server) | name) as process:
        assert await status(process.port) == 200
        replaced = Authority(files.folder / "authority")  # everything is new: the authority and both certificates
        replaced.issue(files.folder / "server", hosts=hosts)
        replaced.issue(files.folder / "client", "the edge", ("edge.example",))
        async with asyncio.timeout(20):
            while "the certificate has been renewed" not in process.output():
                await asyncio.sleep(0.1)
            while await overview(server.address, files.tls(client=files.client)) != "OK":
                await asyncio.sleep(0.1)
        assert await status(process.port) == 200


async def test_the_edge_calls_no_server_of_another_authority_or_with_another_name(files: Files, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    async with serving(files) as server:
        for changed in ({"grpc-tls-ca": other.path}, {"grpc-tls-server-name": "server.example"}):
            async with running(files, "edge", edge(server) | changed) as process:
                assert await status(process.port, wanted=()) == 503


async def status(port: int, wanted: tuple[int, ...] = (200,)) -> int:
    """Return the HTTP status of the overview through the edge, once it is one of `wanted`, or at once if it is empty."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(20):
        while True:
            async with session.get(f"http://127.0.0.1:{port}/v1/overview") as reply:
                if reply.status in wanted or not wanted:
                    return reply.status
            await asyncio.sleep(0.1)


async def test_the_doctor_asks_servers_with_mtls_and_reports_broken_files(files: Files) -> None:
    async with serving(files) as server:

        async def findings(**changed: str) -> dict[str, Any]:
            settings = files.settings | {"grpc-address": server.address} | changed
            process = await asyncio.create_subprocess_exec(
                *(*COMMAND, "doctor", "--json", "--history", "none", "--exchange-urls", '{"bybit":"http://127.0.0.1:1"}'),
                *("--exchanges", "bybit", "--coingecko-url", "http://127.0.0.1:1", *words(settings)),
                stdout=subprocess.PIPE,
            )
            out, _ = await process.communicate()
            return {each["subject"]: each for each in json.loads(out)["findings"]}

        found = await findings()
        assert "answers with the status SERVING" in found["GRPC_ADDRESS"]["why"]
        assert found["GRPC_TLS"]["level"] == "ok"
        Path(files.server[1]).write_text("no key")
        assert (await findings())["GRPC_TLS"]["level"] == "failure"


async def test_a_whole_node_works_with_mtls(files: Files) -> None:
    grpc_port, monitor = free_port(), free_port()
    addresses = {"grpc-address": f"127.0.0.1:{grpc_port}", "monitor-address": f"127.0.0.1:{monitor}"}
    async with running(files, "demo", addresses | {"edge-address": "127.0.0.1:{port}"}) as node:
        async with asyncio.timeout(60):
            while "Virtuoso serves a SIMULATED market" not in node.output():
                await asyncio.sleep(0.2)
        assert await status(node.port) == 200
        assert await overview(f"127.0.0.1:{grpc_port}", None) == "UNAVAILABLE"
        assert f"http://127.0.0.1:{monitor}/metrics" in node.output()
        assert f"http://127.0.0.1:{grpc_port}" not in node.output()  # no call in clear text is suggested


async def test_a_node_whose_edge_could_not_verify_its_server_does_not_start(files: Files) -> None:
    settings = {"grpc-tls-certificate": files.server[0], "grpc-tls-key": files.server[1], "edge-address": "127.0.0.1:0"}
    process = await asyncio.create_subprocess_exec(*COMMAND, "edge", *words(settings), stderr=subprocess.PIPE)
    _, error = await process.communicate()
    assert process.returncode == 2
    assert "GRPC_TLS_CERTIFICATE is set and GRPC_TLS_CA is not" in error.decode()
