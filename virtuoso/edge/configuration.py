"""Envoy's configuration, whole, from plain values: pure, and valid for anybody's own Envoy too."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Sequence
from typing import Any

from virtuoso.addresses import Address, reachable
from virtuoso.edge import contract, replies
from virtuoso.errors import ConfigError

UNARY_TIMEOUT_S = 10  # far above the two seconds that an answer may take; a server that hangs must not hold callers
HEALTH_PERIOD_S = 1
MOST_CONNECTIONS = 50_000
MOST_JSON_BYTES = 8 * 1024 * 1024
# Little is held between a slow reader and its server: the server must feel it, so that the reader skips states instead of
# falling behind. A stream that waits uses up its share of the connection's window, so that is large enough for all.
BUFFER_BYTES = 64 * 1024
CONNECTION_BYTES = 1024 * 1024 * 1024
ALLOWED_HEADERS = ("content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", "authorization", "x-request-id")
EXPOSED_HEADERS = ("grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id")
HTTP = "type.googleapis.com/envoy.extensions.filters.http"
HTTP2 = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def configuration(
    address: Address, servers: Sequence[Address], monitor: Address, origins: Sequence[str] = ("*",)
) -> dict[str, Any]:
    """What Envoy reads at its start (envoy.config.bootstrap.v3.Bootstrap, no admin interface).

    `address` to listen on, an IP address and a port; `servers` (gRPC, at least one) and `monitor` (HTTP, of a server) as
    they listen themselves; pages of `origins` ("https://host", "*" for any) may call, never with credentials.
    """
    return {
        "static_resources": {"listeners": [_listener(address, origins)], "clusters": [_servers(servers), _monitor(monitor)]},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.resource_monitors"
                        ".downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": MOST_CONNECTIONS,
                    },
                }
            ]
        },
    }


def text(bootstrap: dict[str, Any]) -> str:
    """As a file that Envoy reads; its name must end in .json."""
    return json.dumps(bootstrap, indent=2) + "\n"


def ip_address(host: str) -> str:
    """What Envoy can listen on: an IP address as it is, localhost and * as one. ConfigError for any other name."""
    host = {"localhost": "127.0.0.1", "*": "0.0.0.0"}.get(host, host)  # noqa: S104 - somebody asked for it
    if not _is_ip(host):
        raise ConfigError(f"EDGE_ADDRESS host {host!r}: allowed is an IP address of this machine, localhost, or * for all")
    return host


# ------------------------------------------------------------------------------------------------------------ listener


def _listener(address: Address, origins: Sequence[str]) -> dict[str, Any]:
    return {
        "name": "edge",
        "address": _socket((ip_address(address[0]), address[1])),
        "enable_reuse_port": False,  # else a second Envoy takes the same port and half of the calls, silently
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "socket_options": [
            {
                "description": "the kernel holds no more than that unsent either",
                "level": socket.IPPROTO_TCP,
                "name": socket.TCP_NOTSENT_LOWAT,
                "int_value": BUFFER_BYTES,
            }
        ],
        "filter_chains": [{"filters": [_named("envoy.filters.network.http_connection_manager", _http(origins))]}],
    }


def _http(origins: Sequence[str]) -> dict[str, Any]:
    """Clear text HTTP/1.1 and HTTP/2 on one port."""
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "codec_type": "AUTO",
        "use_remote_address": True,
        "preserve_external_request_id": True,
        "normalize_path": True,
        "request_headers_timeout": "10s",
        "stream_idle_timeout": "0s",  # a health Watch is silent for days; who is gone is found by the pings below
        "http2_protocol_options": {
            "max_concurrent_streams": 1024,
            "connection_keepalive": {"interval": "60s", "timeout": "20s"},
        },
        "local_reply_config": replies.local(),
        "http_filters": [
            _named(
                "envoy.filters.http.lua",
                {"@type": f"{HTTP}.lua.v3.Lua", "default_source_code": {"inline_string": replies.WEB_STATUS}},
            ),
            _named("envoy.filters.http.grpc_web", {"@type": f"{HTTP}.grpc_web.v3.GrpcWeb"}),
            _named("envoy.filters.http.cors", {"@type": f"{HTTP}.cors.v3.Cors"}),
            _named("envoy.filters.http.grpc_json_transcoder", _transcoder()),
            _named("envoy.filters.http.router", {"@type": f"{HTTP}.router.v3.Router", "suppress_envoy_headers": True}),
        ],
        "route_config": {
            "name": "edge",
            "virtual_hosts": [
                {
                    "name": "edge",
                    "domains": ["*"],
                    "typed_per_filter_config": {"envoy.filters.http.cors": _cors(origins)},
                    "routes": _routes(),
                }
            ],
        },
    }


def _transcoder() -> dict[str, Any]:
    return {
        "@type": f"{HTTP}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        "services": [contract.SERVICE],
        # lowerCamelCase and enums by name are proto3's JSON, which grpc-gateway writes too. Zeros, empty lists and enums
        # are written out, so that `rows.length` works; an `optional` number that was not measured stays absent all the same.
        "print_options": {"always_print_primitive_fields": True},
        "convert_grpc_status": True,
        "request_validation_options": {"reject_unknown_method": True, "reject_unknown_query_parameters": True},
        "max_response_body_size": MOST_JSON_BYTES,  # it is held whole before it is sent
        "query_param_unescape_plus": True,  # order_by=score+desc
        "proto_descriptor_bin": contract.descriptors(),  # last, because it is long
    }


def _cors(origins: Sequence[str]) -> dict[str, Any]:
    """Never with credentials: what is served is public, and any page may then be let in by default."""
    return {
        "@type": f"{HTTP}.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"exact": origin} for origin in origins],
        "allow_methods": "GET, POST, OPTIONS",
        "allow_headers": ", ".join(ALLOWED_HEADERS),
        "expose_headers": ", ".join(EXPOSED_HEADERS),
        "max_age": "7200",
        "forward_not_matching_preflights": False,
    }


def _routes() -> list[dict[str, Any]]:
    """By path. JSON calls are matched a second time, by the RPC that they turned out to be."""
    no_timeout = {"timeout": "0s", "max_stream_duration": {"grpc_timeout_header_max": "0s"}}
    in_time = {"timeout": f"{UNARY_TIMEOUT_S}s"}  # beside a max_stream_duration it would mean nothing
    again = {"retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 2}}  # no server saw the call
    to_servers = {"cluster": "servers", **again}
    calls = {"prefix": f"/{contract.SERVICE}/"}
    json_calls = {"prefix": contract.JSON_PREFIX}  # before they are transcoded: who may call is decided by then
    streams = [{"path": f"/{contract.SERVICE}/{rpc}"} for rpc in contract.STREAMS]
    return [
        *({"match": match, "route": {**to_servers, **no_timeout}, **_fresh()} for match in streams),
        *({"match": match, "route": {**to_servers, **in_time}, **_fresh()} for match in (calls, json_calls)),
        {
            "match": {"path": "/healthz"},
            "route": {"cluster": "monitor", "timeout": "2s"},
            "typed_per_filter_config": {"envoy.filters.http.grpc_json_transcoder": _untouched()},
        },
        # health, reflection, and what is unknown to the server too; what is not gRPC the transcoder has refused by now
        {"match": {"prefix": "/"}, "route": {**to_servers, **no_timeout}},
    ]


def _untouched() -> dict[str, Any]:
    """The transcoder leaves a route alone whose own configuration names no service."""
    return {"@type": f"{HTTP}.grpc_json_transcoder.v3.GrpcJsonTranscoder", "services": [], "proto_descriptor_bin": ""}


def _fresh() -> dict[str, Any]:
    """No cache may keep what is true for seconds, nor give one origin what was allowed to another."""
    wanted = {"cache-control": "no-store", "vary": "Origin"}
    return {
        "response_headers_to_add": [
            {"header": {"key": key, "value": value}, "append_action": "ADD_IF_ABSENT"} for key, value in wanted.items()
        ]
    }


# ------------------------------------------------------------------------------------------------------------ clusters


def _servers(addresses: Sequence[Address]) -> dict[str, Any]:
    """The gRPC servers. Who says NOT_SERVING gets no calls, until all say so: then all get them and explain themselves."""
    return {
        **_cluster("servers", addresses),
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
        "health_checks": [
            {
                "grpc_health_check": {},
                "timeout": "1s",
                "interval": f"{HEALTH_PERIOD_S}s",
                "no_traffic_interval": f"{HEALTH_PERIOD_S}s",  # else a minute, and the first callers wait for it
                "unhealthy_threshold": 1,
                "healthy_threshold": 1,
                "always_log_health_check_failures": False,
            }
        ],
        "common_lb_config": {"healthy_panic_threshold": {"value": 1}},  # percent; the default of 50 is for partial failures
        # The servers count calls and streams themselves, and refuse with a reason: these are far above.
        "circuit_breakers": {
            "thresholds": [{"max_connections": 10_000, "max_pending_requests": 100_000, "max_requests": 1_000_000}]
        },
    }


def _monitor(address: Address) -> dict[str, Any]:
    return _cluster("monitor", [address])


def _cluster(name: str, addresses: Sequence[Address]) -> dict[str, Any]:
    addresses = [reachable(address) for address in addresses]
    endpoints = [{"endpoint": {"address": _socket(address)}} for address in addresses]
    return {
        "name": name,
        "type": "STATIC" if all(_is_ip(host) for host, _ in addresses) else "STRICT_DNS",
        "dns_lookup_family": "ALL",  # localhost may be two addresses, of which one listens
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def _socket(address: Address) -> dict[str, Any]:
    host, port = address
    both = {"ipv4_compat": True} if host == "::" else {}
    return {"socket_address": {"address": host, "port_value": port, **both}}


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _named(name: str, typed_config: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "typed_config": typed_config}
