"""The HTTP port, as probes and Prometheus see it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from tests.programs import free_port
from virtuoso.app.monitor import Monitor
from virtuoso.app.parts import monitor
from virtuoso.config import load

STATUSES = {"": "SERVING", "overview": "NOT_SERVING"}


class Process:
    """A process whose readiness a test sets."""

    ready = True

    def readiness(self) -> tuple[bool, dict[str, object]]:
        return self.ready, {"ready": self.ready, "reason": "no snapshot yet"}


@pytest_asyncio.fixture
async def process() -> AsyncIterator[Process]:
    yield Process()


@pytest_asyncio.fixture
async def url(process: Process) -> AsyncIterator[str]:
    monitor = Monitor(status=STATUSES.get, readiness=process.readiness)
    port = await monitor.start("127.0.0.1:0")
    yield f"http://127.0.0.1:{port}"
    await monitor.close()


async def get(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return reply.status, await reply.text(), reply.headers["Content-Type"]


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        ("", 200, '{"status":"SERVING"}\n'),
        ("?service=", 200, '{"status":"SERVING"}\n'),
        ("?service=overview", 503, '{"code":14,"message":"status:NOT_SERVING","details":[]}'),
        ("?service=beta", 404, '{"code":5,"message":"unknown service","details":[]}'),
    ],
)
async def test_healthz_returns_the_same_bytes_as_grpc_gateway(url: str, query: str, status: int, body: str) -> None:
    assert await get(f"{url}/healthz{query}") == (status, body, "application/json")


async def test_livez_answers_while_the_event_loop_runs(url: str) -> None:
    assert (await get(f"{url}/livez"))[0] == 200


async def test_readyz_gives_the_reason_in_one_line_of_json(url: str, process: Process) -> None:
    assert (await get(f"{url}/readyz"))[0] == 200
    process.ready = False
    assert await get(f"{url}/readyz") == (503, '{"ready":false,"reason":"no snapshot yet"}', "application/json")


async def test_metrics_have_the_prometheus_text_format(url: str) -> None:
    status, text, kind = await get(f"{url}/metrics")
    assert status == 200
    assert kind.startswith("text/plain")
    assert "# TYPE virtuoso_snapshot_age_seconds gauge" in text
    assert "# TYPE virtuoso_replies_total counter" in text


async def test_a_port_in_use_raises_os_error(url: str) -> None:
    second = Monitor(status=STATUSES.get, readiness=lambda: (True, {}))
    with pytest.raises(OSError, match="address already in use"):
        await second.start(url.removeprefix("http://"))
    await second.close()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"monitor": (200, 200)}),
        ({"METRICS_ADDRESS": "127.0.0.1:{metrics}"}, {"monitor": (200, 404), "metrics": (404, 200)}),
        ({"METRICS_ADDRESS": "none"}, {"monitor": (200, 404)}),
        ({"MONITOR_ADDRESS": "none"}, {}),
        ({"MONITOR_ADDRESS": "none", "METRICS_ADDRESS": "127.0.0.1:{metrics}"}, {"metrics": (404, 200)}),
    ],
)
async def test_settings_close_monitor_and_metrics_or_give_them_separate_addresses(
    process: Process, settings: dict[str, str], expected: dict[str, tuple[int, int]]
) -> None:
    ports = {"monitor": free_port(), "metrics": free_port()}
    given = {"MONITOR_ADDRESS": "127.0.0.1:{monitor}"} | settings
    env = {f"VIRTUOSO_{name}": value.format(**ports) for name, value in given.items()}
    async with monitor(load(env, {}).settings, STATUSES.get, process.readiness):
        for name, port in ports.items():
            if name in expected:
                answers = [(await get(f"http://127.0.0.1:{port}/{path}"))[0] for path in ("livez", "metrics")]
                assert tuple(answers) == expected[name]
            else:
                with pytest.raises(aiohttp.ClientConnectionError):
                    await get(f"http://127.0.0.1:{port}/metrics")
