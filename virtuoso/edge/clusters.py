"""What stands behind the edge: gRPC servers, their monitors, and the web page."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from virtuoso.domain.addresses import Address, reachable
from virtuoso.edge.plan import Plan

SERVERS, MONITORS, PAGE = "servers", "monitors", "page"
HEALTH_PERIOD_S = 1
# Little is held between a slow reader and its server: the server must feel it, so that the reader skips states instead of
# falling behind. A stream that waits uses up its share of the connection's window, so that is large enough for all.
BUFFER_BYTES = 64 * 1024
CONNECTION_BYTES = 1024 * 1024 * 1024
HTTP2 = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def clusters(plan: Plan) -> list[dict[str, Any]]:
    """envoy.config.cluster.v3.Cluster, of each kind one."""
    return [_servers(plan.servers), _monitors(plan.monitors), *([_cluster(PAGE, [plan.page])] if plan.page else [])]


def _servers(addresses: Sequence[Address]) -> dict[str, Any]:
    """The gRPC servers. Who says NOT_SERVING gets no calls, until all say so: then all get them and explain themselves."""
    return {
        **_cluster(SERVERS, addresses),
        **_checked({"grpc_health_check": {}}),
        "lb_policy": "LEAST_REQUEST",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": HTTP2,
                "explicit_http_config": {
                    "http2_protocol_options": {
                        "connection_keepalive": {"interval": "30s", "timeout": "5s"},
                        "initial_stream_window_size": BUFFER_BYTES,
                        "initial_connection_window_size": CONNECTION_BYTES,
                    }
                },
            }
        },
        # The servers count calls and streams themselves, and refuse with a reason: these are far above. As many calls may be
        # asked again at once, for a server that dies leaves all of its calls.
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": 10_000,
                    "max_pending_requests": 100_000,
                    "max_requests": 1_000_000,
                    "max_retries": 100_000,
                }
            ]
        },
    }


def _monitors(addresses: Sequence[Address]) -> dict[str, Any]:
    """/healthz is asked of a server that serves; where none does, any says so itself."""
    return {**_cluster(MONITORS, addresses), **_checked({"http_health_check": {"path": "/healthz"}})}


def _checked(how: dict[str, Any]) -> dict[str, Any]:
    return {
        "health_checks": [
            {
                **how,
                "timeout": "1s",
                "interval": f"{HEALTH_PERIOD_S}s",
                "no_traffic_interval": f"{HEALTH_PERIOD_S}s",  # else a minute, and the first callers wait for it
                "unhealthy_threshold": 1,
                "healthy_threshold": 1,
                "always_log_health_check_failures": False,
            }
        ],
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 1},  # percent; the default of 50 is for partial failures
            "update_merge_window": "0s",  # by default calls follow what the checks found up to a second later
        },
    }


def _cluster(name: str, addresses: Sequence[Address]) -> dict[str, Any]:
    addresses = [reachable(address) for address in addresses]
    endpoints = [{"endpoint": {"address": socket_address(address)}} for address in addresses]
    return {
        "name": name,
        "type": "STATIC" if all(is_ip(host) for host, _ in addresses) else "STRICT_DNS",
        "dns_lookup_family": "ALL",  # localhost may be two addresses, of which one listens
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def socket_address(address: Address) -> dict[str, Any]:
    """envoy.config.core.v3.Address."""
    host, port = address
    both = {"ipv4_compat": True} if host == "::" else {}
    return {"socket_address": {"address": host, "port_value": port, **both}}


def is_ip(host: str) -> bool:
    """Whether it is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
