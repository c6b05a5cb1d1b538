"""compose.yaml, read as Compose reads it, and run without containers. Each service runs with its command, settings and
health check, on an address of its own. Memcached and PostgreSQL are those of this machine."""

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
SECRETS = ("POSTGRES_PASSWORD", "POSTGRES_READER_PASSWORD", "GRAFANA_PASSWORD", "VIRTUOSO_CLUSTER_KEY")
HEALTHY_S = 60.0
PASSWORDS = dict.fromkeys(SECRETS, "the-secret-of-a-test")

Service = dict[str, Any]


def read(*files: str, env: Mapping[str, str] = PASSWORDS) -> dict[str, Any]:
    """Return the merged files of tools/deploy with variables filled in. Later files override earlier ones. Raise KeyError
    when a required variable is missing."""

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
    """Those services of `files` that run our image, as processes. `folder` takes the volumes and logs."""

    def __init__(self, folder: Path, *files: str) -> None:
        self.folder = folder
        self.services: dict[str, Service] = {
            name: service for name, service in read(*files)["services"].items() if service["image"].startswith("virtuoso:")
        }
        self._hosts = {name: f"127.0.0.{place}" for place, name in enumerate(self.services, 10)}
        self._ports: dict[int, int] = {}
        self.memcached, self.postgres = Memcached(), Postgres()
        self.postgres.sql("CREATE DATABASE virtuoso")
        self.postgres.run(DEPLOY / "kubernetes" / "reader.sql", "virtuoso", PASSWORDS)
        self._others = {("memcached", 11211): self.memcached.port, ("postgres", 5432): self.postgres.port}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def here(self, text: str, own: str = "") -> str:
        """Return `text` of the service `own` with addresses of this machine in place of those in Compose's network."""

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
        """Return the URL of a port of a service."""
        return f"http://{self.here(f'{service}:{port}')}"

    def up(self) -> None:
        """Start all services in the order of `depends_on`. Return when all are healthy."""
        for name in self.services:
            self._up(name)
        for name in self.services:
            self.wait_healthy(name)

    def _up(self, name: str) -> None:
        if name in self.running:
            return
        for other, how in self.services[name].get("depends_on", {}).items():
            if other in self.services:
                self._up(other)
                if how["condition"] == "service_healthy":
                    self.wait_healthy(other)
        self.start(name)

    def start(self, name: str) -> None:
        """Run the service's command with its settings, and without the settings of this machine."""
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
        """Kill the service at once."""
        self.running[name].kill()
        self.running[name].wait()

    def wait_healthy(self, name: str) -> None:
        """Wait until the service's own health check succeeds."""
        end, output = time.monotonic() + HEALTHY_S, ""
        test = self.services[name]["healthcheck"]["test"]
        words = [self.here(word, name) for word in _program(test[1:])]
        while time.monotonic() < end:
            asked = subprocess.run(words, cwd=ROOT, env=self._env(name), capture_output=True, text=True, check=False)
            if asked.returncode == 0:
                return
            output = asked.stdout + asked.stderr
            time.sleep(0.3)
        raise AssertionError(f"{name} is not healthy: {output}\n{(self.folder / f'{name}.log').read_text()[-3000:]}")

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
        """End everything."""
        for name in self.running:
            self.kill(name)
        self.memcached.kill()
        self.postgres.close()


def _program(words: list[str]) -> list[str]:
    """Return the command with the programs of this environment in place of those of the image."""
    ours = {"virtuoso": [sys.executable, "-m", "virtuoso"], "python": [sys.executable]}
    return [*ours[words[0]], *words[1:]]
