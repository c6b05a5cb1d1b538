"""Settings for tests of the doctor. Each test names only the settings that matter to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.programs import free_port
from virtuoso.doctor.examination import Targets, examine
from virtuoso.doctor.finding import Finding, render
from virtuoso.domain.clock import SYSTEM_CLOCK
from virtuoso.domain.model import Environment


@pytest.fixture
def examined(tmp_path: Path) -> Callable[..., Any]:
    """Return `examine` with default settings. Nothing listens on port 1."""

    async def run(url: str | dict[str, str] = "http://127.0.0.1:1", **settings: Any) -> dict[str, Finding]:
        urls = url if isinstance(url, dict) else {"bybit": url, "binance": url}
        defaults: dict[str, Any] = {
            "exchanges": tuple(urls),
            "exchange_urls": urls,
            "connections": {"MAX_STREAMS": 100},
            "coingecko_url": next(iter(urls.values())),
            "cache": f"directory:{tmp_path / 'cache'}",
            "node_directory": str(tmp_path / "node"),
            "grpc_address": ("127.0.0.1", free_port()),
            "edge_address": ("127.0.0.1", free_port()),
            "monitor_address": ("127.0.0.1", free_port()),
            "environment": Environment.REPLAY,
            "history": f"sqlite://{tmp_path}/history.db",
            "envoy": None,
        }
        clock = settings.pop("clock", SYSTEM_CLOCK)
        findings = await examine(Targets(**(defaults | settings)), clock=clock)
        by_subject = {finding.subject: finding for finding in findings}
        assert len(by_subject) == len(findings)
        assert render(findings).count("\n") > len(findings)
        return by_subject

    return run
