"""The upstream clusters of the edge: the gRPC servers, their monitors and the web page."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from virtuoso.domain.addresses import Address, reachable
from virtuoso.edge import tls
from virtuoso.edge.spec import EdgeSpec

SERVERS, MONITORS, PAGE = "servers", "monitors", "page"
HEALTH_CHECK_INTERVAL_S = 1
# Envoy buffers little between a slow client and its server. The server must notice a slow client, so that it skips states
# for this client.
STREAM_WINDOW_BYTES = 64 * 1024
# Every waiting stream uses a part of the connection window. The window is large enough for all streams.
CONNECTION_WINDOW_BYTES = 1024 * 1024 * 1024
HTTP_PROTOCOL_OPTIONS = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def clusters(spec: EdgeSpec, folder: Path | None) -> list[dict[str, Any]]:
    """Return the clusters as envoy.config.cluster.v3.Cluster messages. `folder`: see `configuration`."""
    monitors = [_monitors(spec.monitors)] if spec.monitors else []
    return [_servers(spec, folder), *monitors, *([_cluster(PAGE, [spec.page])] if spec.page else [])]


def _servers(spec: EdgeSpec, folder: Path | None) -> dict[str, Any]:
    """Return the cluster of gRPC servers.

    A server with the status NOT_SERVING gets no requests. When all servers have this status, all of them get requests, and
    their replies give the reason."""
    return {
        **_cluster(SERVERS, spec.servers),
        **({"transport_socket": tls.upstream(spec, folder)} if spec.server_ca else {}),
        **_health_checks({"grpc_health_check": {}}),
        "lb_policy": "LEAST_REQUEST",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": HTTP_PROTOCOL_OPTIONS,
                "explicit_http_config": {
                    "http2_protocol_options": {
                        "connection_keepalive": {"interval": "30s", "timeout": "5s"},
                        "initial_stream_window_size": STREAM_WINDOW_BYTES,
                        "initial_connection_window_size": CONNECTION_WINDOW_BYTES,
                    }
                },
            }
        },
        # The servers limit calls and streams themselves and refuse them with a reason. The limits here are far above those.
        # The limit of retries is as high, because all calls of a server that fails are retried at once.
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
    """Return the cluster of monitors. /healthz goes to a healthy server, or to any server when none is healthy."""
    return {**_cluster(MONITORS, addresses), **_health_checks({"http_health_check": {"path": "/healthz"}})}


def _health_checks(check: dict[str, Any]) -> dict[str, Any]:
    return {
        "health_checks": [
            {
                **check,
                "timeout": "1s",
                "interval": f"{HEALTH_CHECK_INTERVAL_S}s",
                # The default is a minute. The first clients would wait that long.
                "no_traffic_interval": f"{HEALTH_CHECK_INTERVAL_S}s",
                "unhealthy_threshold": 1,
                "healthy_threshold": 1,
                "always_log_health_check_failures": False,
            }
        ],
        "common_lb_config": {
            # With the default of 50 %, unhealthy servers would get requests when half of the servers fail.
            "healthy_panic_threshold": {"value": 1},
            # By default, Envoy may apply the result of a check up to a second late.
            "update_merge_window": "0s",
        },
    }


def _cluster(name: str, addresses: Sequence[Address]) -> dict[str, Any]:
    addresses = [reachable(address) for address in addresses]
    endpoints = [{"endpoint": {"address": socket_address(address)}} for address in addresses]
    return {
        "name": name,
        "type": "STATIC" if all(is_ip(host) for host, _ in addresses) else "STRICT_DNS",
        # localhost may have two addresses, and the server may listen on only one of them.
        "dns_lookup_family": "ALL",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def socket_address(address: Address) -> dict[str, Any]:
    """Return an envoy.config.core.v3.Address."""
    host, port = address
    dual_stack = {"ipv4_compat": True} if host == "::" else {}
    return {"socket_address": {"address": host, "port_value": port, **dual_stack}}


def is_ip(host: str) -> bool:
    """Return True for an IP address and False for a host name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
