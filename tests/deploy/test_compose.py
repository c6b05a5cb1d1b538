"""compose.yaml: it is valid, every service has the settings that an operator needs, and the services work when they run."""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import jsonschema
import pytest

from tests.deploy.compose import DEPLOY, SECRETS, Stack, read
from tests.e2e.product import eventually
from tests.programs import ROOT

FILES = ("compose.yaml", "compose.simulated.yaml")
SCHEMA = ROOT / "tests" / "deploy" / "compose-spec.json"  # schema of compose-go 2.9.1, Apache License 2.0


@pytest.mark.parametrize("files", [FILES[:1], FILES])
def test_compose_files_are_valid_and_refer_only_to_what_exists(files: tuple[str, ...]) -> None:
    whole = read(*files)
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(whole)
    for name, service in whole["services"].items():
        assert set(service.get("depends_on", {})) <= set(whole["services"]), name
        assert set(service["networks"]) <= set(whole["networks"]), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in whole["volumes"], f"{name}: {source}"


@pytest.mark.parametrize("name", sorted(read(*FILES)["services"]))
def test_each_service_has_no_privileges_and_has_limits_and_a_health_check(name: str) -> None:
    service = read(*FILES)["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["healthcheck"]["test"]
    assert not service["image"].endswith(":latest")
    assert ":" in service["image"]
    assert name == "memcached" or not str(service["user"]).startswith("0")  # the image of memcached has its own user


def test_files_have_no_passwords_and_passwords_have_no_defaults() -> None:
    for missing in SECRETS:
        given = {name: "x" for name in SECRETS if name != missing}
        with pytest.raises(KeyError):
            read(*FILES, env=given)
        assert f"\n{missing}=\n" in (DEPLOY / "env.example").read_text()


def test_only_collectors_reach_exchanges_and_only_the_edge_is_public() -> None:
    services = read(FILES[0])["services"]
    assert {name for name, service in services.items() if "exchanges" in service["networks"]} == {"collector", "standby"}
    open_to_all = {
        name for name, service in services.items() if any(not p.startswith("127.0.0.1:") for p in service.get("ports", []))
    }
    assert open_to_all == {"edge"}
    stores = {name for name, service in services.items() if "storage" in service["networks"]}
    assert stores == {"server-1", "server-2", "collector", "standby", "memcached", "postgres"}
    for name in ("memcached", "postgres"):
        assert services[name]["networks"] == ["storage"], name
    assert services["edge"]["environment"]["VIRTUOSO_CLUSTER_KEY"] == ""


def test_servers_have_a_role_that_cannot_write() -> None:
    services = read(FILES[0])["services"]
    for name, role in {"server-1": "virtuoso_reader", "server-2": "virtuoso_reader", "collector": "virtuoso"}.items():
        assert services[name]["environment"]["VIRTUOSO_HISTORY"].startswith(f"postgresql://{role}:"), name


def test_reflection_is_off_and_no_monitor_port_is_published() -> None:
    for name, service in read(FILES[0])["services"].items():
        assert not any(port.endswith(":8001") for port in service.get("ports", [])), name
        if service["image"].startswith("virtuoso:"):
            assert service["environment"]["VIRTUOSO_REFLECTION"] == "false", name


class DashboardClient:
    """A client that requests the dashboard five times a second, through the edge."""

    def __init__(self, url: str) -> None:
        self.failures: list[str] = []
        self.replies = 0
        self._url, self._stop = f"{url}/v1/dashboard", threading.Event()

    def dashboard(self) -> Any:
        """Return the dashboard as JSON."""
        with urllib.request.urlopen(self._url, timeout=20) as reply:
            return json.load(reply)

    @contextmanager
    def requesting(self) -> Iterator[None]:
        """Request the dashboard while the body runs."""
        thread = threading.Thread(target=self._request_until_stopped, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _request_until_stopped(self) -> None:
        while not self._stop.wait(0.2):
            try:
                self.replies += bool(self.dashboard()["rows"])
            except urllib.error.HTTPError as error:
                self.failures.append(f"{error.code}: {error.read().decode()}")
            except Exception as error:  # noqa: BLE001 - whatever else keeps a client without an answer
                self.failures.append(repr(error))


def active(stack: Stack) -> list[str]:
    """Return the collectors that report that they are active."""
    found = []
    for name in ("collector", "standby"):
        with suppress(OSError), urllib.request.urlopen(f"{stack.url(name, 8001)}/readyz", timeout=5) as reply:
            found += [name] if json.load(reply)["active"] else []
    return found


def answering(stack: Stack, client: DashboardClient) -> set[str]:
    """Return the servers that have answered callers so far, according to the access log of the edge."""
    client.dashboard()
    return set(re.findall(r'"upstream":"([\d.:]+)"', (stack.folder / "edge.log").read_text()))


@pytest.mark.timeout(180)
def test_the_dashboard_is_served_while_servers_and_collectors_are_killed_and_restarted(stack: Stack) -> None:
    client = DashboardClient(stack.url("edge", 8003))
    first = client.dashboard()["provenance"]
    assert (first["environment"], first["path"]) == ("ENVIRONMENT_SIMULATED", "PATH_SNAPSHOT")
    (leader,) = eventually(lambda: active(stack), lambda found: len(found) == 1, 20, "one collector is active")
    eventually(lambda: answering(stack, client), lambda found: len(found) == 2, 20, "the edge knows that both servers serve")
    try:
        with client.requesting():
            stack.kill("server-1")
            stack.kill(leader)
            eventually(lambda: active(stack), lambda found: len(found) == 1, 30, "the other one is active")
            then = client.dashboard()["provenance"]["snapshotId"]
            eventually(
                lambda: client.dashboard()["provenance"]["snapshotId"], lambda seen: seen != then, 30, "a new snapshot"
            )
    finally:
        for name in ("server-1", leader):
            stack.start(name)  # as `restart: unless-stopped` does
        for name in stack.services:
            stack.wait_healthy(name)
    assert client.failures == []
    assert client.replies > 10
    assert int(stack.postgres.sql("SELECT count(*) FROM points", "virtuoso")) > 0
