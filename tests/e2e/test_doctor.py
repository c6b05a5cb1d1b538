"""`virtuoso doctor` and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.programs import ROOT, Market


def doctor(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("VIRTUOSO_")}
    defaults = {
        "exchange_urls": '{"bybit": "http://127.0.0.1:1"}',
        "exchanges": "bybit",
        "coingecko_url": "http://127.0.0.1:1",
    }
    defaults |= {"cache": f"directory:{tmp_path / 'cache'}", "monitor_address": "127.0.0.1:0", "grpc_address": "127.0.0.1:0"}
    env |= {
        f"VIRTUOSO_{name.upper()}": value for name, value in (defaults | {"edge_address": "127.0.0.1:0"} | settings).items()
    }
    command = [sys.executable, "-m", "virtuoso", "doctor", *arguments]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)


def test_the_command_ends_with_1_when_no_venue_works(tmp_path: Path) -> None:
    process = doctor(tmp_path, "--json")
    report = json.loads(process.stdout)
    assert (process.returncode, report["exit_code"]) == (1, 1)
    assert [row["subject"] for row in report["findings"] if row["level"] == "failure"] == ["venue bybit"]


def test_the_command_ends_with_0_when_everything_needed_works(tmp_path: Path, replay: Market) -> None:
    urls = json.dumps({"bybit": replay.url})
    process = doctor(tmp_path, exchange_urls=urls, coingecko_url=replay.url)
    assert process.returncode == 0, process.stdout
    assert "everything that is needed works" in process.stdout


def test_the_command_ends_with_2_for_invalid_settings(tmp_path: Path) -> None:
    process = doctor(tmp_path, exchanges="notanexchange", exchange_urls="")
    assert process.returncode == 2
    assert "notanexchange" in process.stderr
    assert process.stdout == ""
