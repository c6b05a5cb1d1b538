"""The doctor's checks of the installed programs and packages, and its report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import ROOT
from virtuoso.doctor import machine
from virtuoso.doctor.finding import Finding, Level, exit_code, render, to_json
from virtuoso.domain import open_files


async def test_an_envoy_that_does_not_start_is_a_warning(tmp_path: Path) -> None:
    broken = tmp_path / "envoy"
    broken.write_text("#!/bin/sh\necho no such library >&2\nexit 127\n")
    broken.chmod(0o755)
    finding = await machine.check_envoy(str(broken))
    assert finding.level is Level.WARNING
    assert "127" in finding.why
    assert "no such library" in finding.why


async def test_an_envoy_that_works_is_ok_and_shows_its_path() -> None:
    program = Path(sys.executable).parent / "envoy"
    if not program.exists():
        pytest.skip("ENVOY IS NOT INSTALLED: tools/setup installs it")
    finding = await machine.check_envoy(str(program))
    assert finding.level is Level.OK
    assert str(program) in finding.why


def test_proxy_variables_are_named_without_their_passwords() -> None:
    finding = machine.check_proxies({"https_proxy": "http://me:secret@proxy:1", "HTTP_PROXY": "", "PATH": "/bin"})
    assert finding.level is Level.WARNING
    assert finding.why.startswith("https_proxy set")
    assert "secret" not in f"{finding.why} {finding.remedy}"
    assert machine.check_proxies({"https_proxy": "http://proxy:1", "no_proxy": "localhost, 127.0.0.1"}).level is Level.OK


@pytest.mark.parametrize(("limit", "level"), [(256, Level.WARNING), (4096, Level.OK)])
async def test_a_limit_of_open_files_below_the_limits_of_the_settings_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, limit: int, level: Level
) -> None:
    monkeypatch.setattr(open_files, "limits", lambda: (limit, limit))
    finding = await machine.check_open_files({"MAX_STREAMS": 3000, "MAX_REQUESTS": 100})
    assert finding.level is level
    if level is Level.WARNING:
        assert "the limit of 256 open files allows 128 connections; MAX_STREAMS may need 3000" in finding.why
        assert "MAX_REQUESTS" not in finding.why
        assert "ulimit -n" in finding.remedy


async def test_a_library_that_is_missing_is_a_failure_and_not_a_traceback() -> None:
    code = (
        "import sys, asyncio; sys.modules['talib'] = None\n"
        "from virtuoso.doctor import machine\n"
        "print(asyncio.run(machine.check_libraries()))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "FAILURE" in process.stdout
    assert "ta-lib cannot be loaded" in process.stdout


EXAMPLES = [
    Finding("venue bybit", Level.OK, "554 markets", figures={"markets": 554}),
    Finding("venue binance", Level.WARNING, "blocked " + "by a front end " * 10, "Run elsewhere"),
    Finding("clock", Level.NOT_CHECKED, "no venue answered"),
]


def test_the_table_fits_118_columns_and_says_what_to_do() -> None:
    text = render(EXAMPLES)
    assert max(map(len, text.splitlines())) <= 118
    assert "WARNING      venue binance" in text
    assert "-> Run elsewhere" in text
    assert text.endswith("everything that is needed works; 1 warning\n")
    assert text.isascii()


def test_json_has_the_figures_and_the_exit_code() -> None:
    failing = [*EXAMPLES, Finding("GRPC_ADDRESS", Level.FAILURE, "taken", "End it")]
    report = json.loads(to_json(failing))
    assert report["exit_code"] == exit_code(failing) == 1
    assert report["findings"][0] == {
        "subject": "venue bybit",
        "level": "ok",
        "why": "554 markets",
        "remedy": "",
        "figures": {"markets": 554},
    }
    assert "1 of 4 checks failed" in render(failing)
