"""Envoy's configuration, validated by Envoy and compared with the contract."""

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
from virtuoso.edge.certificate import write_secrets
from virtuoso.edge.configuration import configuration, text
from virtuoso.edge.envoy import find_envoy
from virtuoso.edge.spec import EdgeSpec
from virtuoso.market.v1 import market_service_pb2

HERE: Address = ("127.0.0.1", 8003)
SERVER: Address = ("127.0.0.1", 50051)
MONITOR: Address = ("127.0.0.1", 8001)
SPEC = EdgeSpec(address=HERE, servers=[SERVER], monitors=[MONITOR])
METHODS = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"].methods


def http(bootstrap: dict[str, Any]) -> Any:
    return bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]


def addresses(bootstrap: dict[str, Any], cluster: str) -> list[Address]:
    (named,) = (each for each in bootstrap["static_resources"]["clusters"] if each["name"] == cluster)
    endpoints = named["load_assignment"]["endpoints"][0]["lb_endpoints"]
    sockets = [endpoint["endpoint"]["address"]["socket_address"] for endpoint in endpoints]
    return [(socket["address"], socket["port_value"]) for socket in sockets]


LIMITED = replace(SPEC, rate_limit=50, burst=200, trusted_proxies=2)


@pytest.mark.parametrize("tls", ["", "read once", "renewed"])
@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        EdgeSpec(
            address=("localhost", 8003),
            servers=[("server-1.example", 50051), ("server-2.example", 50051)],
            monitors=[("server-1.example", 8001)],
        ),
        EdgeSpec(address=("::", 8003), servers=[("::1", 50051), ("127.0.0.1", 50052)], monitors=[MONITOR], origins=[]),
        replace(LIMITED, origins=["https://ours.example"], page=("127.0.0.1", 8004), access_log="-"),
        replace(LIMITED, access_log="access.log"),
        replace(SPEC, page=("page.example", 8004)),
        replace(SPEC, monitors=[]),
    ],
)
def test_envoy_accepts_the_configuration_without_a_warning(tmp_path: Path, spec: EdgeSpec, tls: str) -> None:
    envoy = find_envoy()
    assert envoy is not None
    folder = tmp_path if tls == "renewed" else None
    if tls:
        certificate, key = certify(tmp_path)
        spec = replace(spec, certificate=certificate, key=key, server_ca=certificate)
        spec = replace(spec, client_certificate=certificate, client_key=key)
        write_secrets(tmp_path, spec)
    file = tmp_path / "envoy.json"
    file.write_text(text(configuration(spec, folder)))
    checked = subprocess.run(
        [envoy, "--mode", "validate", "-c", str(file), "-l", "warning"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=20,
    )
    assert (checked.returncode, checked.stderr) == (0, "")  # stderr has no warnings


def test_the_configuration_is_the_same_each_time() -> None:
    assert text(configuration(SPEC)) == text(json.loads(text(configuration(SPEC))))


def test_the_descriptors_have_every_import_before_its_use() -> None:
    files = FileDescriptorSet.FromString(base64.b64decode(contract.descriptors())).file
    known: set[str] = set()
    for file in files:
        assert set(file.dependency) <= known
        known.add(file.name)
    assert {"virtuoso/market/v1/market_service.proto", "google/rpc/error_details.proto"} <= known


def test_every_unary_rpc_has_a_path_under_the_prefix_and_streams_have_no_timeout() -> None:
    unary = [method for method in METHODS if not method.server_streaming]
    paths = [method.GetOptions().Extensions[annotations_pb2.http].get for method in unary]
    assert all(path.startswith(contract.JSON_PREFIX) for path in paths)
    routes = http(configuration(SPEC))["route_config"]["virtual_hosts"][0]["routes"]
    timeouts = {str(route["match"].get("path")): route["route"]["timeout"] for route in routes if "route" in route}
    streams = [method.name for method in METHODS if method.server_streaming]
    assert streams
    assert {timeouts[f"/{contract.SERVICE}/{rpc}"] for rpc in streams} == {"0s"}


def test_a_server_that_listens_on_all_addresses_is_called_on_this_machine() -> None:
    bootstrap = configuration(replace(SPEC, servers=[("0.0.0.0", 50051), ("::", 50052)], monitors=[("0.0.0.0", 8001)]))
    assert addresses(bootstrap, "servers") == [("127.0.0.1", 50051), ("::1", 50052)]
    assert addresses(bootstrap, "monitors") == [("127.0.0.1", 8001)]


def test_there_is_no_admin_interface() -> None:
    assert "admin" not in configuration(SPEC)


def test_the_error_for_a_host_name_to_listen_on_says_what_is_expected() -> None:
    with pytest.raises(ConfigError, match=r"EDGE_ADDRESS host 'edge\.example': expected an IP address"):
        configuration(replace(SPEC, address=("edge.example", 8003)))
