"""Where Envoy listens: one port, clear text or TLS, HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import socket
from typing import Any

from virtuoso.domain.addresses import Address
from virtuoso.domain.errors import ConfigError
from virtuoso.edge import access_log, local_replies
from virtuoso.edge.clusters import BUFFER_BYTES, is_ip, socket_address
from virtuoso.edge.filters import filters, named
from virtuoso.edge.plan import Plan
from virtuoso.edge.routes import routes

REQUEST_S = 30  # for a request to be there whole: who sends it by the byte holds a place that others want
SECRET = "edge"  # noqa: S105 - the name of one, by which Envoy asks for it


def ip_address(host: str) -> str:
    """What Envoy can listen on: an IP address as it is, localhost and * as one. ConfigError for any other name."""
    host = {"localhost": "127.0.0.1", "*": "0.0.0.0"}.get(host, host)  # noqa: S104 - somebody asked for it
    if not is_ip(host):
        raise ConfigError(f"EDGE_ADDRESS host {host!r}: allowed is an IP address of this machine, localhost, or * for all")
    return host


def listener(plan: Plan, secret: str | None) -> dict[str, Any]:
    """envoy.config.listener.v3.Listener; the parameters are those of `configuration`."""
    address: Address = ip_address(plan.address[0]), plan.address[1]
    chain = {"filters": [named("envoy.filters.network.http_connection_manager", _http(plan))]}
    return {
        "name": "edge",
        "address": socket_address(address),
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
        "filter_chains": [chain | {"transport_socket": _tls(plan, secret)} if plan.certificate else chain],
    }


def _http(plan: Plan) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "codec_type": "AUTO",
        "use_remote_address": True,
        "xff_num_trusted_hops": plan.trusted_proxies,
        "preserve_external_request_id": True,
        "normalize_path": True,
        "early_header_mutation_extensions": [named("envoy.http.early_header_mutation.header_mutation", _own_headers())],
        "request_headers_timeout": "10s",
        "request_timeout": f"{REQUEST_S}s",
        "stream_idle_timeout": "0s",  # a health Watch is silent for days; who is gone is found by the pings below
        "http2_protocol_options": {
            "max_concurrent_streams": 1024,
            "connection_keepalive": {"interval": "60s", "timeout": "20s"},
        },
        "access_log": access_log.loggers(plan.access_log),
        "local_reply_config": local_replies.local(),
        "http_filters": filters(plan),
        "route_config": {"name": "edge", "virtual_hosts": [routes(plan)]},
    }


def _own_headers() -> dict[str, Any]:
    """The transcoder says by this one what a call was before; a caller who sends it would have a say in the log."""
    return {
        "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        "mutations": [{"remove": "x-envoy-original-method"}],
    }


def _tls(plan: Plan, secret: str | None) -> dict[str, Any]:
    if secret is None:
        pair = {"certificate_chain": {"filename": plan.certificate}, "private_key": {"filename": plan.key}}
        how: dict[str, Any] = {"tls_certificates": [pair]}
    else:
        source = {"path_config_source": {"path": secret}, "resource_api_version": "V3"}
        how = {"tls_certificate_sds_secret_configs": [{"name": SECRET, "sds_config": source}]}
    return named(
        "envoy.transport_sockets.tls",
        {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                **how,
            },
        },
    )
