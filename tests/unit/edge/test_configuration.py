"""What Envoy is told, as Envoy reads it and as the contract wants it."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tests.certificates import certify
from virtuoso.domain.addresses import Address
from virtuoso.domain.errors import ConfigError
from virtuoso.edge import contract
from virtuoso.edge.certificate import secret as certificate_file
from virtuoso.edge.configuration import configuration, text
from virtuoso.edge.envoy import find_envoy
from virtuoso.edge.plan import Plan
from virtuoso.market.v1 import market_service_pb2

HERE: Address = ("127.0.0.1", 8003)
SERVER: Address = ("127.0.0.1", 50051)
MONITOR: Address = ("127.0.0.1", 8001)
PLAN = Plan(HERE, [SERVER], [MONITOR])
METHODS = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"].methods


def http(bootstrap: dict[str, Any]) -> Any:
    return bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]


def addresses(bootstrap: dict[str, Any], cluster: str) -> list[Address]:
    (found,) = (each for each in bootstrap["static_resources"]["clusters"] if each["name"] == cluster)
    sockets = [
        each["endpoint"]["address"]["socket_address"] for each in found["load_assignment"]["endpoints"][0]["lb_endpoints"]
    ]
    return [(each["address"], each["port_value"]) for each in sockets]


LIMITED = replace(PLAN, rate_limit=50, burst=200, trusted_proxies=2)


@pytest.mark.parametrize("tls", ["", "read once", "renewed"])
@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        Plan(("localhost", 8003), [("server-1.example", 50051), ("server-2.example", 50051)], [("server-1.example", 8001)]),
        Plan(("::", 8003), [("::1", 50051), ("127.0.0.1", 50052)], [MONITOR], []),
        replace(LIMITED, origins=["https://ours.example"], page=("127.0.0.1", 8004), access_log="-"),
        replace(LIMITED, access_log="access.log"),
        replace(PLAN, page=("page.example", 8004)),
    ],
)
def test_envoy_finds_it_valid(tmp_path: Path, plan: Plan, tls: str) -> None:
    envoy = find_envoy()
    assert envoy is not None
    secret = None
    if tls:
        certificate, key = certify(tmp_path)
        plan = replace(plan, certificate=certificate, key=key)
        secret = certificate_file(tmp_path, certificate, key) if tls == "renewed" else None
    file = tmp_path / "envoy.json"
    file.write_text(text(configuration(plan, secret)))
    checked = subprocess.run(
        [envoy, "--mode", "validate", "-c", str(file), "-l", "warning"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=20,
    )
    assert (checked.returncode, checked.stderr) == (0, "")  # nothing that it warns of either


def test_what_is_printed_is_the_same_each_time() -> None:
    assert text(configuration(PLAN)) == text(json.loads(text(configuration(PLAN))))


def test_the_descriptors_hold_every_import_before_its_use() -> None:
    files = FileDescriptorSet.FromString(base64.b64decode(contract.descriptors())).file
    known: set[str] = set()
    for file in files:
        assert set(file.dependency) <= known
        known.add(file.name)
    assert {"virtuoso/market/v1/market_service.proto", "google/rpc/error_details.proto"} <= known


def test_every_unary_rpc_is_a_path_under_the_prefix_and_every_stream_has_no_time_out() -> None:
    unary = [method for method in METHODS if not method.server_streaming]
    paths = [method.GetOptions().Extensions[annotations_pb2.http].get for method in unary]
    assert all(path.startswith(contract.JSON_PREFIX) for path in paths)
    routes = http(configuration(PLAN))["route_config"]["virtual_hosts"][0]["routes"]
    timeouts = {str(route["match"].get("path")): route["route"]["timeout"] for route in routes}
    streams = [method.name for method in METHODS if method.server_streaming]
    assert streams
    assert {timeouts[f"/{contract.SERVICE}/{rpc}"] for rpc in streams} == {"0s"}


def test_a_server_that_listens_everywhere_is_called_on_this_machine() -> None:
    made = configuration(Plan(HERE, [("0.0.0.0", 50051), ("::", 50052)], [("0.0.0.0", 8001)]))
    assert addresses(made, "servers") == [("127.0.0.1", 50051), ("::1", 50052)]
    assert addresses(made, "monitors") == [("127.0.0.1", 8001)]


def test_nobody_can_command_it_over_the_network() -> None:
    assert "admin" not in configuration(PLAN)


def test_a_name_to_listen_on_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match=r"EDGE_ADDRESS host 'edge\.example': allowed is an IP address"):
        configuration(Plan(("edge.example", 8003), [SERVER], [MONITOR]))
