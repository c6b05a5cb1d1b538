"""The servers behind the edge: gRPC servers, their monitors, and the web page."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from virtuoso.domain.addresses import Address, reachable
from virtuoso.edge.spec import EdgeSpec

SERVERS, MONITORS, PAGE = "servers", "monitors", "page"
HEALTH_PERIOD_S = 1
# Envoy buffers little between a slow client and its server: the server must notice, so that the client skips states and does
# not fall behind. Every waiting stream takes a part of its connection's window, so that one is large enough for all streams.
BUFFER_BYTES = 64 * 1024
CONNECTION_BYTES = 1024 * 1024 * 1024
HTTP2 = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def clusters(spec: EdgeSpec) -> list[dict[str, Any]]:
    """Return one envoy.config.cluster.v3.Cluster of each kind."""
    return [_servers(spec.servers), _monitors(spec.monitors), *([_cluster(PAGE, [spec.page])] if spec.page else [])]


def _servers(addresses: Sequence[Address]) -> dict[str, Any]:
    """Return the cluster of gRPC servers. A server that says NOT_SERVING gets no request. When all say so, all get requests:
    each then answers why it cannot serve."""
    return {
        **_cluster(SERVERS, addresses),
        **_health_checks({"grpc_health_check": {}}),
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
        # The servers limit calls and streams themselves and refuse with a reason; these limits are far above theirs. As many
        # calls may be tried again at once, because a server that dies leaves all of its calls behind.
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
    """Return the cluster of monitors. /healthz goes to a server that serves; when none does, to any of them."""
    return {**_cluster(MONITORS, addresses), **_health_checks({"http_health_check": {"path": "/healthz"}})}


def _health_checks(check: dict[str, Any]) -> dict[str, Any]:
    return {
        "health_checks": [
            {
                **check,
                "timeout": "1s",
                "interval": f"{HEALTH_PERIOD_S}s",
                "no_traffic_interval": f"{HEALTH_PERIOD_S}s",  # else a minute, for which the first callers would wait
                "unhealthy_threshold": 1,
                "healthy_threshold": 1,
                "always_log_health_check_failures": False,
            }
        ],
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 1},  # percent; the default of 50 is for partial failures
            "update_merge_window": "0s",  # by default a check takes effect up to a second later
        },
    }


def _cluster(name: str, addresses: Sequence[Address]) -> dict[str, Any]:
    addresses = [reachable(address) for address in addresses]
    endpoints = [{"endpoint": {"address": socket_address(address)}} for address in addresses]
    return {
        "name": name,
        "type": "STATIC" if all(is_ip(host) for host, _ in addresses) else "STRICT_DNS",
        "dns_lookup_family": "ALL",  # localhost may be two addresses of which only one listens
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def socket_address(address: Address) -> dict[str, Any]:
    """Return an envoy.config.core.v3.Address."""
    host, port = address
    both = {"ipv4_compat": True} if host == "::" else {}
    return {"socket_address": {"address": host, "port_value": port, **both}}


def is_ip(host: str) -> bool:
    """Return True for an IP address, False for a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
