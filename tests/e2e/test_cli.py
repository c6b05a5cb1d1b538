"""The command `virtuoso` as a user runs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import ROOT, free_port
from virtuoso.cli import COMMANDS


def virtuoso(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VIRTUOSO_")}
    return subprocess.run(
        [sys.executable, "-m", "virtuoso", *words],
        cwd=ROOT,
        env={**clean, **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_help_lists_every_command_and_each_command_has_help() -> None:
    top = virtuoso("--help")
    assert top.returncode == 0
    for name, (short, _) in COMMANDS.items():
        assert short in top.stdout
        own = virtuoso(name, "--help")
        assert own.returncode == 0
        assert short[1:] in own.stdout


def test_config_prints_the_effective_settings_and_their_sources() -> None:
    shown = virtuoso("config", "--symbol-limit", "7", VIRTUOSO_MAX_STALE_S="90", VIRTUOSO_SYMBOL_LIMITS="9")
    assert shown.returncode == 0
    lines = {line.split("=")[0]: line for line in shown.stdout.splitlines()}
    assert lines["VIRTUOSO_SYMBOL_LIMIT"].startswith("VIRTUOSO_SYMBOL_LIMIT=7 ")
    assert "# flag" in lines["VIRTUOSO_SYMBOL_LIMIT"]
    assert "# environment" in lines["VIRTUOSO_MAX_STALE_S"]
    assert "# default" in lines["VIRTUOSO_EXCHANGES"]
    assert "did you mean VIRTUOSO_SYMBOL_LIMIT?" in shown.stdout


@pytest.mark.parametrize("command", ["up", "collect", "serve", "config"])
def test_a_bad_setting_ends_with_2_and_the_allowed_values(command: str) -> None:
    ended = virtuoso(command, "--symbol-limit", "0")
    assert ended.returncode == 2
    assert "VIRTUOSO_SYMBOL_LIMIT='0' (flag): expected a whole number from 1 to 500" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_probe_has_the_exit_codes_of_grpc_health_probe() -> None:
    port = free_port()
    assert virtuoso("probe", "--nonsense").returncode == 1
    assert virtuoso("probe", "--timeout", "0").returncode == 1
    ended = virtuoso("probe", "--addr", f"127.0.0.1:{port}", "--timeout", "0.5")
    assert ended.returncode == 2
    assert "is a server running there?" in ended.stderr


@pytest.mark.parametrize("words", [("probe", "--timeout", "0.5"), ("top", "--once")])
def test_a_command_that_calls_a_server_says_that_it_uses_no_setting_when_one_is_invalid(words: tuple[str, ...]) -> None:
    dead = f"127.0.0.1:{free_port()}"
    ended = virtuoso(*words, "--addr", dead, VIRTUOSO_SYMBOL_LIMIT="0")
    assert ended.returncode == 2
    assert "no setting is used: VIRTUOSO_SYMBOL_LIMIT='0' (environment): expected a whole number" in ended.stderr
    assert dead in ended.stderr
    assert "no setting is used" not in virtuoso(*words, "--addr", dead).stderr


def test_the_error_for_a_port_in_use_has_the_port_and_advice() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = virtuoso(
            "serve", "--grpc-address", f"127.0.0.1:{port}", "--monitor-address", "127.0.0.1:0", "--cache", "memory:"
        )
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "GRPC_ADDRESS" in ended.stderr


def test_evaluate_has_its_own_options_and_gives_the_reason_when_a_venue_fails(tmp_path: Path) -> None:
    nobody = f'{{"bybit": "http://127.0.0.1:{free_port()}"}}'
    words = ("--cache", str(tmp_path / "bars"), "--output", str(tmp_path / "out"), "--symbols", "3", "--days", "1")
    ended = virtuoso("evaluate", *words, VIRTUOSO_EXCHANGE_URLS=nobody, VIRTUOSO_SYMBOLS="BTCUSDT")
    assert ended.returncode == 1
    assert "VenueUnavailable" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert virtuoso("evaluate", "--source", "history", "--history", "none").returncode == 2


def test_up_refuses_a_cache_that_its_processes_cannot_share() -> None:
    ended = virtuoso("up", "--cache", "memory:")
    assert ended.returncode == 2
    assert "directory:PATH" in ended.stderr
