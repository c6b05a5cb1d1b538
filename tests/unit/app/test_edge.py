"""The path from settings to the edge, without starting Envoy."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from tests.programs import free_port
from virtuoso.app.edge import edge
from virtuoso.config import load
from virtuoso.domain.errors import ConfigError


async def command(settings: Mapping[str, str], *, print_config: bool = False, page: bool = False, part: bool = False) -> int:
    """Run `virtuoso edge` with a stop signal that is set from the beginning. Return the exit code."""
    stop = asyncio.Event()
    stop.set()
    env = {f"VIRTUOSO_{name.upper()}": value for name, value in settings.items()}
    return await edge(load(env, {}), Namespace(print_config=print_config, page=page, with_parent=part), stop)


async def printed(capsys: pytest.CaptureFixture[str], *, part: bool = False, **settings: str) -> tuple[Any, str]:
    """Return (static_resources of the configuration, text on standard error)."""
    assert await command(settings, print_config=True, part=part) == 0
    out, error_output = capsys.readouterr()
    return json.loads(out)["static_resources"], error_output


def http(resources: Any) -> Any:
    return resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]


def behind(resources: Any) -> dict[str, list[str]]:
    """Return the addresses of each cluster."""
    return {
        cluster["name"]: [
            "{address}:{port_value}".format(**each["endpoint"]["address"]["socket_address"])
            for each in cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
        ]
        for cluster in resources["clusters"]
    }


async def test_the_default_server_is_the_one_on_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    resources, _ = await printed(capsys, grpc_address="0.0.0.0:7000", monitor_address="0.0.0.0:7001")
    assert behind(resources) == {"servers": ["127.0.0.1:7000"], "monitors": ["127.0.0.1:7001"]}
    several = "server-1:7000, server-2:7000,server-1:7005"
    resources, _ = await printed(capsys, servers=several, monitor_address="0.0.0.0:7001")
    assert behind(resources) == {
        "servers": ["server-1:7000", "server-2:7000", "server-1:7005"],
        "monitors": ["server-1:7001", "server-2:7001"],
    }
    assert {cluster["type"] for cluster in resources["clusters"]} == {"STRICT_DNS"}


async def test_without_a_monitor_healthz_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    resources, _ = await printed(capsys, monitor_address="none")
    assert behind(resources) == {"servers": ["127.0.0.1:50051"]}
    (healthz,) = (
        route
        for route in http(resources)["route_config"]["virtual_hosts"][0]["routes"]
        if route["match"].get("path") == "/healthz"
    )
    assert healthz["direct_response"]["status"] == 404


async def test_the_printed_configuration_has_the_page_only_if_its_port_is_set(
    capsys: pytest.CaptureFixture[str],
) -> None:
    without, warning = await printed(capsys)
    assert "page" not in behind(without)
    assert "The web page is left out. To serve it: set PAGE_ADDRESS to a port" in warning
    whole, warning = await printed(capsys, page_address="0.0.0.0:8004")
    assert (behind(whole)["page"], warning) == (["127.0.0.1:8004"], "")


async def test_an_edge_in_a_node_has_no_access_log_unless_it_is_set(
    capsys: pytest.CaptureFixture[str],
) -> None:
    alone, _ = await printed(capsys)
    part, _ = await printed(capsys, part=True)
    with_setting, _ = await printed(capsys, part=True, access_log="-")
    off, _ = await printed(capsys, access_log="")
    assert [bool(http(each)["access_log"]) for each in (alone, part, with_setting, off)] == [True, False, True, False]


async def test_a_rate_limit_of_0_means_no_limit(capsys: pytest.CaptureFixture[str]) -> None:
    limited, _ = await printed(capsys)
    unlimited, _ = await printed(capsys, rate_limit="0")
    names = [[each["name"] for each in http(config)["http_filters"]] for config in (limited, unlimited)]
    assert set(names[0]) - set(names[1]) == {"envoy.filters.http.local_ratelimit"}


async def test_the_page_alone_is_served_if_its_port_is_set() -> None:
    with pytest.raises(ConfigError, match=r"PAGE_ADDRESS=127\.0\.0\.1:0: .*expected a port above 0"):
        await command({}, page=True)
    port, stop = free_port(), asyncio.Event()
    loaded = load({"VIRTUOSO_PAGE_ADDRESS": f"127.0.0.1:{port}"}, {})
    serving = asyncio.create_task(edge(loaded, Namespace(print_config=False, page=True, with_parent=False), stop))
    async with aiohttp.ClientSession() as session, asyncio.timeout(10):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/") as reply:
                    assert reply.content_type == "text/html"
                    break
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.02)
    stop.set()
    assert await serving == 0


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tls_key": "key.pem"}, "TLS_KEY is set and TLS_CERTIFICATE is not: expected both or neither"),
        ({"access_log": "/none/there.log"}, "ACCESS_LOG='/none/there.log' cannot be written: No such file or directory"),
        ({"tls_key": "/none/k", "tls_certificate": "/none/c"}, "TLS_CERTIFICATE='/none/c' cannot be read: No such file"),
    ],
)
async def test_the_error_for_an_impossible_setting_has_its_name(settings: dict[str, str], expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        await command({**settings, "edge_address": "127.0.0.1:0"})
    assert expected in str(refused.value)
