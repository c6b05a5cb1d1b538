"""Fixtures for the tests of tools/deploy: one stack, and one Prometheus that scrapes it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.compose import DEPLOY, Stack
from tests.programs import free_port, wait_for_port


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of the stack last, so that its programs run no longer than these tests."""
    items.sort(key=lambda item: isinstance(item, pytest.Function) and "stack" in item.fixturenames)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run all our services with the simulated exchange. They are healthy."""
    running = Stack(tmp_path_factory.mktemp("stack"), "compose.yaml", "compose.simulated.yaml")
    try:
        running.up()
        yield running
    finally:
        running.close()


def program(name: str) -> str:
    """Return the path of a program from Debian's package `prometheus`."""
    found = shutil.which(name, path="/usr/bin:/usr/local/bin")
    if found is None:
        pytest.fail(f"{name} is not installed: run tools/programs, which installs it")
    return found


class Prometheus:
    """A real Prometheus with the configuration and the rules of tools/deploy. It scrapes and evaluates once a second."""

    def __init__(self, folder: Path, stack: Stack) -> None:
        settings = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
        settings = re.sub(
            r"(_interval): \d+s", r"\1: 1s", re.sub(r'"([\w-]+:\d+)"', lambda target: f'"{stack.here(target[1])}"', settings)
        )
        (folder / "prometheus.yml").write_text(settings)
        shutil.copy(DEPLOY / "prometheus" / "rules.yml", folder)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        arguments = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        self.process = subprocess.Popen(
            [program("prometheus"), *arguments, f"--web.listen-address=127.0.0.1:{port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for_port(port, self.process)

    def api(self, path: str, **parameters: str) -> Any:
        """Return `data` of a reply of the HTTP API. Raise ValueError with the error message for an invalid query."""
        try:
            url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
            with urllib.request.urlopen(url, timeout=10) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{parameters}: {json.load(error)['error']}") from error

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the current instant vector of an expression."""
        found: list[dict[str, Any]] = self.api("query", query=expression)["result"]
        return found

    def wait_for(self, expression: str, seconds: float = 30) -> None:
        """Wait until the expression has a result."""
        end = time.monotonic() + seconds
        while not self.query(expression):
            if time.monotonic() > end:
                raise AssertionError(f"{expression} has no result; targets: {self.query('up')}")
            time.sleep(0.3)


@pytest.fixture(scope="session")
def prometheus(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes the stack."""
    running = Prometheus(tmp_path_factory.mktemp("prometheus"), stack)
    yield running
    running.process.terminate()
    running.process.wait()
