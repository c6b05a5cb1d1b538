"""The port on which Envoy listens: clear text or TLS, HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from virtuoso.domain.addresses import Address
from virtuoso.domain.errors import ConfigError
from virtuoso.edge import access_log, local_replies, tls
from virtuoso.edge.clusters import STREAM_WINDOW_BYTES, is_ip, socket_address
from virtuoso.edge.filters import extension, filters
from virtuoso.edge.routes import routes
from virtuoso.edge.spec import EdgeSpec

# The timeout for the receipt of a whole request. It protects against clients that send single bytes.
REQUEST_S = 30
# The timeout for a connection without requests. Load balancers in front keep idle connections for up to ten minutes.
IDLE_S = 620
# The time for a connection to end after its age is reached. HTTP/2 clients learn of it at once.
DRAIN_S = 5


def ip_address(host: str) -> str:
    """Return the IP address on which Envoy listens: `host` itself, or the address for localhost or *.

    Raise ConfigError for any other name."""
    host = {"localhost": "127.0.0.1", "*": "0.0.0.0"}.get(host, host)  # noqa: S104 - a setting requests it
    if not is_ip(host):
        raise ConfigError(f"EDGE_ADDRESS host {host!r}: expected an IP address of this machine, localhost, or * for all")
    return host


def listener(spec: EdgeSpec, folder: Path | None) -> dict[str, Any]:
    """Return an envoy.config.listener.v3.Listener. The parameters are the same as in `configuration`."""
    address: Address = ip_address(spec.address[0]), spec.address[1]
    chain: dict[str, Any] = {
        "filters": [extension("envoy.filters.network.http_connection_manager", _connection_manager(spec))]
    }
    if spec.certificate:
        chain |= {"transport_socket": tls.downstream(spec, folder), "transport_socket_connect_timeout": f"{spec.silent_s}s"}
    return {
        "name": "edge",
        "address": socket_address(address),
        # Otherwise a second Envoy could silently take the same port and half of the requests.
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": STREAM_WINDOW_BYTES,
        "socket_options": [
            {
                "description": "the kernel buffers no more unsent bytes than Envoy does",
                "level": socket.IPPROTO_TCP,
                "name": socket.TCP_NOTSENT_LOWAT,
                "int_value": STREAM_WINDOW_BYTES,
            }
        ],
        # Envoy waits for the first bytes of a connection, and ends one that sends none.
        "listener_filters": [_first_bytes(spec)],
        "listener_filters_timeout": f"{spec.silent_s}s",
        "continue_on_listener_filters_timeout": False,
        "filter_chains": [chain],
    }


def _first_bytes(spec: EdgeSpec) -> dict[str, Any]:
    kind, message = ("tls", "TlsInspector") if spec.certificate else ("http", "HttpInspector")
    package = "type.googleapis.com/envoy.extensions.filters.listener"
    return extension(f"envoy.filters.listener.{kind}_inspector", {"@type": f"{package}.{kind}_inspector.v3.{message}"})


def _connection_manager(spec: EdgeSpec) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "codec_type": "AUTO",
        "use_remote_address": True,
        "xff_num_trusted_hops": spec.trusted_proxies,
        "preserve_external_request_id": True,
        "normalize_path": True,
        "early_header_mutation_extensions": [
            extension("envoy.http.early_header_mutation.header_mutation", _header_removal())
        ],
        # A larger one gets 431. With the headers that Envoy adds, it stays below the server's own limit.
        "max_request_headers_kb": local_replies.MAX_HEADERS_KIB,
        "request_headers_timeout": "10s",
        "request_timeout": f"{REQUEST_S}s",
        # A health Watch may have no messages for days. The pings below detect lost clients. Streams with heartbeats have a
        # timeout in their routes.
        "stream_idle_timeout": "0s",
        "stream_flush_timeout": f"{spec.unread_s}s",
        "common_http_protocol_options": {
            "idle_timeout": f"{IDLE_S}s",
            "max_connection_duration": f"{spec.connection_age_s}s",
            "max_connection_duration_jitter": {"value": 10},
        },
        "drain_timeout": f"{DRAIN_S}s",
        "http2_protocol_options": {
            "max_concurrent_streams": 1024,
            "initial_stream_window_size": STREAM_WINDOW_BYTES,  # also the limit of what a stream buffers; default 16 MiB
            "connection_keepalive": {"interval": "60s", "timeout": "20s"},
        },
        "access_log": access_log.loggers(spec.access_log),
        "local_reply_config": local_replies.local_reply_config(),
        "http_filters": filters(spec),
        "route_config": {"name": "edge", "virtual_hosts": [routes(spec)]},
    }


def _header_removal() -> dict[str, Any]:
    """Return the extension that removes the header for the original method from requests.

    The transcoder sets this header. A client that sends it could write any text into the access log."""
    return {
        "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        "mutations": [{"remove": "x-envoy-original-method"}],
    }
