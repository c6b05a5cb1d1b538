"""A Go client with only generated stubs and grpc-go reads and resumes as an internal service does. See go/main.go."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from tests.interop.test_buf_curl import CALLS
from tests.programs import Program, free_port
from tests.service.history_servers import alert, fill_history, history_opener, numbered_texts, sqlite_url, texts
from tests.service.servers import RunningServer, refusal, running_server, store_everything
from tests.service.snapshots import TTL_S, candle_series, head_of, snapshot
from tests.service.test_errors import Slow
from virtuoso.history.factory import open_history_writer
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.repository import keys
from virtuoso.repository.factory import open_repository
from virtuoso.service.health import SERVICE

pytestmark = pytest.mark.timeout(900)  # Go may have to build the client first
Line = dict[str, Any]


class Client:
    """The Go program. Its lines are read as they arrive."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def next(self, wanted: Callable[[Line], bool] = lambda _: True) -> Line:
        """Return the next line for which `wanted` returns true."""
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            while line := await self._process.stdout.readline():
                answer: Line = json.loads(line)
                if wanted(answer):
                    return answer
        raise AssertionError("the client in Go has ended")

    async def message(self, into: Any, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """Return the next message of a stream for which `wanted` returns true, parsed into a new `into()`."""
        while True:
            line = await self.next(lambda line: "message" in line)
            if wanted(message := json_format.ParseDict(line["message"], into())):
                return message


@asynccontextmanager
async def client(folder: Path, *words: str) -> AsyncIterator[Client]:
    """Run `interop` with these arguments while the body runs."""
    process = await asyncio.create_subprocess_exec(
        str(folder / "interop"), *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, limit=1 << 22
    )
    try:
        yield Client(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def calls(folder: Path, address: str, *requests: tuple[str, dict[str, Any], str]) -> list[Line]:
    """Return the results of Go for each (rpc, request, timeout)."""
    process = await asyncio.create_subprocess_exec(
        *(str(folder / "interop"), address, "calls"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    lines = [json.dumps({"rpc": rpc, "request": request, "timeout": timeout}) for rpc, request, timeout in requests]
    async with asyncio.timeout(60):
        out, _ = await process.communicate("\n".join(lines).encode())
    answers = [json.loads(line) for line in out.splitlines()]
    assert (process.returncode, len(answers)) == (0, len(requests))
    return answers


@asynccontextmanager
async def filled_server(folder: Path) -> AsyncIterator[RunningServer]:
    """Start a server with a complete snapshot, the candles of one symbol, and a history."""
    await fill_history(sqlite_url(folder))
    async with running_server(history=history_opener(sqlite_url(folder))) as market:
        await market.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(bars=50), ttl_s=TTL_S)
        await store_everything(market)
        yield market


async def test_each_rpc_has_the_same_reply_in_go_and_python(go_programs: Path, tmp_path: Path) -> None:
    async with filled_server(tmp_path) as market:
        answers = await calls(go_programs, market.address, *((rpc, request, "10s") for rpc, request in CALLS.items()))
        for (rpc, request), answer in zip(CALLS.items(), answers, strict=True):
            reply = await getattr(market.stub, rpc)(json_format.ParseDict(request, getattr(api, f"{rpc}Request")()))
            assert json_format.ParseDict(answer["reply"], type(reply)()) == reply, rpc
            assert reply.provenance.snapshot_id == "s1"


async def test_the_details_of_errors_are_read_in_go(go_programs: Path, tmp_path: Path) -> None:
    bad: list[tuple[str, dict[str, Any], str]] = [
        ("GetConfluence", {"symbol": "SYSTEM_STATUS"}, "10s"),
        ("ListConfluenceScores", {"pageSize": -1, "minScore": 101, "orderBy": "beauty"}, "10s"),
        ("GetBeta", {"symbol": "NOSUCHUSDT"}, "10s"),
        ("ListAlerts", {"pageToken": "abc"}, "10s"),
    ]
    stale: list[tuple[str, dict[str, Any], str]] = [("GetDashboard", {}, "10s")]
    reasons = []
    async with filled_server(tmp_path) as market:
        for requests in (bad, stale):
            for (rpc, request, _), answer in zip(requests, await calls(go_programs, market.address, *requests), strict=True):
                call = getattr(market.stub, rpc)(json_format.ParseDict(request, getattr(api, f"{rpc}Request")()))
                python, go = await refusal(call), answer["refusal"]
                assert go["Code"].lower() == python.code.name.replace("_", "").lower()
                assert (go["Message"], go["Reason"], go["Domain"]) == (python.message, python.reason, python.domain)
                assert go["Violations"] == python.violations
                assert go["Retry"] == ("" if python.retry_s is None else f"{python.retry_s:g}s")
                assert go["Metadata"]["request_id"]
                reasons.append(go["Reason"])
            market.after(3600)
    assert reasons == [*("INVALID_FIELD", "INVALID_FIELD", "SYMBOL_NOT_FOUND", "PAGE_TOKEN_INVALID", "DATA_UNAVAILABLE")]


async def test_the_server_reports_that_the_deadline_of_a_go_client_has_passed(go_programs: Path) -> None:
    async with running_server(wrap=Slow) as market:
        await market.show(snapshot())
        (answer,) = await calls(go_programs, market.address, ("ListCandles", {"symbol": "BTCUSDT"}, "500ms"))
    assert (answer["refusal"]["Code"], answer["refusal"]["Reason"]) == ("DeadlineExceeded", "DEADLINE_EXCEEDED")


async def test_streams_resume_after_the_server_was_killed(go_programs: Path, tmp_path: Path) -> None:
    address, at, url = f"127.0.0.1:{free_port()}", f"directory:{tmp_path / 'cache'}", sqlite_url(tmp_path)
    repository, history = open_repository(at, None), open_history_writer(url, timeout_s=20)

    async def publish(name: str, observed_ms: int) -> None:
        message = snapshot(name, observed_ms=observed_ms)
        blob = message.SerializeToString()
        await repository.set(keys.snapshot(name), blob, ttl_s=TTL_S)
        await repository.set(keys.HEAD, head_of(message, blob).SerializeToString(), ttl_s=TTL_S)

    def serve() -> Program:
        words = ["--grpc-address", address, "--monitor-address", "127.0.0.1:0", "--cache", at, "--history", url]
        words += ["--heartbeat-s", "1"]
        return Program([sys.executable, "-m", "virtuoso", "serve", *words], int(address.rpartition(":")[2]))

    now = int(time.time() * 1000)
    await publish("s1", now)
    await history.add_alerts([alert(number) for number in range(3)], cooldown_s={})
    server = await asyncio.to_thread(serve)
    try:
        async with client(go_programs, address, "dashboard") as rows, client(go_programs, address, "alerts", "0") as bells:
            whole = await rows.message(api.WatchDashboardResponse)
            assert (whole.WhichOneof("event"), len(whole.snapshot.rows)) == ("snapshot", 50)
            assert texts([await bells.message(api.WatchAlertsResponse)]) == numbered_texts(0, 3)

            server.kill()
            ends = [(await each.next(lambda line: "refusal" in line))["refusal"]["Code"] for each in (rows, bells)]
            await history.add_alerts([alert(number) for number in range(3, 5)], cooldown_s={})
            server = await asyncio.to_thread(serve)
            resumed = await rows.message(api.WatchDashboardResponse)
            await publish("s2", now + 5000)
            changed = await rows.message(api.WatchDashboardResponse, lambda one: one.WhichOneof("event") != "heartbeat")
            rung = await bells.message(api.WatchAlertsResponse, lambda one: bool(one.alerts))
    finally:
        server.kill()
        await history.close()
        await repository.close()
    assert ends == ["Unavailable"] * 2
    assert (resumed.WhichOneof("event"), resumed.provenance.snapshot_id) == ("delta", "s1")
    assert not resumed.delta.changed_rows  # the client has them already, and the new server knows it
    assert (changed.WhichOneof("event"), changed.provenance.snapshot_id) == ("delta", "s2")
    assert texts([rung]) == numbered_texts(3, 2)  # none is lost or delivered twice


async def test_health_is_watched_from_go(go_programs: Path) -> None:
    async with (
        running_server() as market,
        client(go_programs, market.address, "health", SERVICE) as ours,
        client(go_programs, market.address, "health", "nope") as unknown,
    ):
        assert (await ours.next())["message"] == {"status": "NOT_SERVING"}
        assert (await unknown.next())["message"] == {"status": "SERVICE_UNKNOWN"}
        await market.show(snapshot())
        assert (await ours.next())["message"] == {"status": "SERVING"}
        market.after(3600)
        assert (await ours.next())["message"] == {"status": "NOT_SERVING"}
