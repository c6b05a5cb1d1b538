"""compose.yaml read as Compose reads it, and run without containers: the commands, settings and health checks that it names,
each service on an address of its own. Memcached and PostgreSQL are this machine's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.programs import ROOT, Memcached, Postgres, free_port

DEPLOY = ROOT / "tools" / "deploy"
OURS = 10001  # the image's user
GIVEN = {"POSTGRES_PASSWORD": "of-a-test", "GRAFANA_PASSWORD": "of-a-test"}

Service = dict[str, Any]


def read(*files: str, env: Mapping[str, str] = GIVEN) -> dict[str, Any]:
    """The files of tools/deploy, later over earlier ones, with variables filled in. KeyError for one that must be set."""

    def value(found: re.Match[str]) -> str:
        name, kind, other = found.groups()
        return env.get(name) or {"-": other}[kind]

    merged: dict[str, Any] = {}
    for file in files:
        text = re.sub(r"\$\{(\w+):([-?])([^}]*)\}", value, (DEPLOY / file).read_text())
        merged = _merge(merged, yaml.safe_load(text))
    return merged


def _merge(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: _merge(below[key], item) if key in below else item for key, item in above.items()}}
    return above


class Stack:
    """The services of ours among those of `files`, as processes; `folder` takes volumes and logs."""

    def __init__(self, folder: Path, *files: str) -> None:
        self.folder = folder
        self.services: dict[str, Service] = {
            name: service for name, service in read(*files)["services"].items() if service["image"].startswith("virtuoso:")
        }
        self._hosts = {name: f"127.0.0.{place}" for place, name in enumerate(self.services, 10)}
        self._ports: dict[int, int] = {}
        self.memcached, self.postgres = Memcached(), Postgres()
        self.postgres.sql("CREATE DATABASE virtuoso")
        self._others = {("memcached", 11211): self.memcached.port, ("postgres", 5432): self.postgres.port}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def here(self, text: str, own: str = "") -> str:
        """`text` of the service `own` with this machine's addresses for those of the network that Compose makes."""

        def address(found: re.Match[str]) -> str:
            host, between, port = found[1], found[2], int(found[3])
            if (host, port) in self._others:
                return f"127.0.0.1{between}{self._others[host, port]}"
            if port not in self._ports:
                self._ports[port] = free_port()
            return f"{self._hosts.get(host) or self._hosts[own]}{between}{self._ports[port]}"

        hosts = "|".join([r"0\.0\.0\.0", r"127\.0\.0\.1", *self._hosts, "memcached", "postgres"])
        return re.sub(rf"\b({hosts})(:|', )(\d+)\b", address, text)

    def url(self, service: str, port: int) -> str:
        """Where a service's port is."""
        return f"http://{self.here(f'{service}:{port}')}"

    def up(self, seconds: float = 60) -> None:
        """Start everything in the order that `depends_on` asks for; return when all are healthy."""
        for name in self.services:
            self._up(name, seconds)
        for name in self.services:
            self.wait_healthy(name, seconds)

    def _up(self, name: str, seconds: float) -> None:
        if name in self.running:
            return
        for other, how in self.services[name].get("depends_on", {}).items():
            if other in self.services:
                self._up(other, seconds)
                if how["condition"] == "service_healthy":
                    self.wait_healthy(other, seconds)
        self.start(name)

    def start(self, name: str) -> None:
        """Run the service's command with its settings, and none of this machine's."""
        service = self.services[name]
        words = [*service.get("entrypoint", ["virtuoso"]), *service["command"]]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [self.here(word, name) for word in _program(words)],
                cwd=ROOT,
                env=self._env(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, name: str) -> None:
        """It is gone at once."""
        self.running[name].kill()
        self.running[name].wait()

    def wait_healthy(self, name: str, seconds: float = 60) -> None:
        """Return once the service's own health check says so."""
        end, said = time.monotonic() + seconds, ""
        test = self.services[name]["healthcheck"]["test"]
        words = [self.here(word, name) for word in _program(test[1:])]
        while time.monotonic() < end:
            asked = subprocess.run(words, cwd=ROOT, env=self._env(name), capture_output=True, text=True, check=False)
            if asked.returncode == 0:
                return
            said = asked.stdout + asked.stderr
            time.sleep(0.3)
        raise AssertionError(f"{name} is not healthy: {said}\n{(self.folder / f'{name}.log').read_text()[-3000:]}")

    def _env(self, name: str) -> dict[str, str]:
        service = self.services[name]
        kept = next((volume.partition(":")[0] for volume in service.get("volumes", [])), name)
        state = self.folder / kept
        state.mkdir(exist_ok=True)
        settings = (
            {key: self.here(str(text), name) for key, text in service["environment"].items()}
            if "environment" in service
            else {}
        )
        return {"PATH": os.environ["PATH"], "HOME": str(state), "XDG_STATE_HOME": str(state), **settings}

    def close(self) -> None:
        """Everything is gone."""
        for name in self.running:
            self.kill(name)
        self.memcached.kill()
        self.postgres.close()


def _program(words: list[str]) -> list[str]:
    """The image's programs, of this environment."""
    ours = {"virtuoso": [sys.executable, "-m", "virtuoso"], "python": [sys.executable]}
    return [*ours[words[0]], *words[1:]]
