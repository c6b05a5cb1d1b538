"""The routes by path. RPCs and JSON go to the gRPC servers, /healthz goes to a monitor, and the rest to the web page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from virtuoso.edge import contract, local_replies
from virtuoso.edge.clusters import MONITORS, PAGE, SERVERS
from virtuoso.edge.filters import HTTP, RATE_LIMIT, TRANSCODER
from virtuoso.edge.spec import EdgeSpec

# The timeout of unary RPCs. It is longer than the maximum of two seconds for a reply. It protects callers of a server that
# hangs.
UNARY_TIMEOUT_S = 3
HEALTHZ_TIMEOUT_S = 3
MAX_ATTEMPTS = 3
ALLOWED_HEADERS = ("content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", "authorization", "x-request-id")
EXPOSED_HEADERS = ("grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id")
NO_TIMEOUT = {"timeout": "0s", "max_stream_duration": {"grpc_timeout_header_max": "0s"}}
# The retry conditions for a request that no server has received.
NOT_DELIVERED = "connect-failure,refused-stream,reset-before-request"
# The texts of SHUTTING_DOWN and NOT_READY. A server may send them for up to a second before Envoy knows its status.
RETRIABLE_MESSAGES = ("the server is shutting down", "no snapshot has been seen yet")

Route = dict[str, Any]


def routes(spec: EdgeSpec) -> dict[str, Any]:
    """Return an envoy.config.route.v3.VirtualHost."""
    return {
        "name": "edge",
        "domains": ["*"],
        "typed_per_filter_config": {"envoy.filters.http.cors": _cors(spec.origins)},
        "request_headers_to_add": [_client_address()],
        "routes": [
            _healthz_route(spec),
            _bad_timeout_route(),
            *_rpc_routes(spec),
            *_other_routes(spec),
            *([_page_route()] if spec.page else []),
        ],
    }


def _bad_timeout_route() -> Route:
    """Return the route of requests whose grpc-timeout is not valid.

    A server would refuse them as INTERNAL, and later requests on the same connection too."""
    pattern = {"safe_regex": {"regex": local_replies.TIMEOUT_PATTERN}}
    header = {"name": "grpc-timeout", "string_match": pattern, "invert_match": True}
    return {
        "match": {"prefix": "/", "headers": [header]},
        "direct_response": {"status": 400, "body": {"inline_string": local_replies.TIMEOUT_REFUSED}},
    }


def _rpc_routes(spec: EdgeSpec) -> list[Route]:
    """Return the routes of the contract. After transcoding, a JSON request is matched again by its RPC path."""
    # A request that a server may have received is not retried, although no request has side effects. Otherwise a request
    # that overloads one server would also overload the other servers.
    retriable = [{"name": "grpc-message", "string_match": {"prefix": text}} for text in RETRIABLE_MESSAGES]
    to_servers = {"cluster": SERVERS, **_retry_policy(f"{NOT_DELIVERED},retriable-headers", headers=retriable)}
    # No message passes to a client that does not read. To a client that reads, a heartbeat passes at least every 29 s.
    unread = {"idle_timeout": f"{spec.unread_s}s"}
    streams = [{"path": f"/{contract.SERVICE}/{rpc}"} for rpc in contract.STREAMS]
    unary = {"prefix": f"/{contract.SERVICE}/"}
    json_requests = {"prefix": contract.JSON_PREFIX}  # before transcoding: CORS and rate limits use this match
    return [
        *({"match": match, "route": {**to_servers, **NO_TIMEOUT, **unread}, **_no_cache_headers()} for match in streams),
        *(
            {"match": match, "route": {**to_servers, "timeout": f"{UNARY_TIMEOUT_S}s"}, **_no_cache_headers()}
            for match in (unary, json_requests)
        ),
    ]


def _healthz_route(spec: EdgeSpec) -> Route:
    """Return the route of /healthz. Any healthy server may answer, so that one failed server does not cause an alarm.

    Without monitors, it is not found."""
    if not spec.monitors:
        body = '{"code":5,"message":"there is no monitor: MONITOR_ADDRESS is none","details":[]}'
        return {
            "match": {"path": "/healthz"},
            "direct_response": {"status": 404, "body": {"inline_string": body}},
            "response_headers_to_add": [{"header": {"key": "content-type", "value": "application/json"}}],
            "typed_per_filter_config": {**_no_transcoding(), **_no_rate_limit(spec)},
        }
    return {
        "match": {"path": "/healthz"},
        "route": {
            "cluster": MONITORS,
            "timeout": f"{HEALTHZ_TIMEOUT_S}s",
            **_retry_policy(f"{NOT_DELIVERED},retriable-status-codes", status_codes=[503]),
        },
        "typed_per_filter_config": {**_no_transcoding(), **_no_rate_limit(spec)},
    }


def _other_routes(spec: EdgeSpec) -> list[Route]:
    """Return the routes of health, reflection and unknown RPCs.

    The transcoder refuses a path that only looks like an RPC. Without a page, it also refuses all other paths."""
    to_servers = {"cluster": SERVERS, **_retry_policy(NOT_DELIVERED), **NO_TIMEOUT}
    health = {
        "match": {"path": "/grpc.health.v1.Health/Check"},  # not Watch: streams use memory, so they are limited
        "route": to_servers,
        "typed_per_filter_config": _no_rate_limit(spec),
    }
    is_rpc = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    rpcs = [{"prefix": "/", "headers": [is_rpc]}, {"safe_regex": {"regex": r"/\w+(\.\w+)+/.*"}}]
    matches = rpcs if spec.page else [{"prefix": "/"}]
    return [
        *([health] if spec.rate_limit else []),
        *({"match": match, "route": to_servers} for match in matches),
    ]


def _page_route() -> Route:
    return {
        "match": {"prefix": "/"},
        "route": {"cluster": PAGE, "timeout": "5s", **_retry_policy(NOT_DELIVERED)},
        "typed_per_filter_config": _no_transcoding(),
    }


def _retry_policy(retry_on: str, **retriable: Any) -> dict[str, Any]:
    """Return a policy with two retries, each on a different server if there is one."""
    previous = {
        "name": "envoy.retry_host_predicates.previous_hosts",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
        },
    }
    return {
        "retry_policy": {
            "retry_on": retry_on,
            **{f"retriable_{name}": values for name, values in retriable.items()},
            "num_retries": MAX_ATTEMPTS - 1,
            "retry_host_predicate": [previous],
            "host_selection_retry_max_attempts": 20,  # each attempt may select the same server
        }
    }


def _no_transcoding() -> dict[str, Any]:
    """Return the setting of a route without JSON transcoding. The transcoder ignores a route without services."""
    return {
        TRANSCODER: {
            "@type": f"{HTTP}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
            "services": [],
            "proto_descriptor_bin": "",
        }
    }


def _no_rate_limit(spec: EdgeSpec) -> dict[str, Any]:
    """Return the setting of a route without a rate limit. Probes may be sent at any rate."""
    off = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    return {RATE_LIMIT: off} if spec.rate_limit else {}


def _cors(origins: Sequence[str]) -> dict[str, Any]:
    """Return the CORS policy. It never allows credentials. All data is public, so by default every origin is allowed."""
    return {
        "@type": f"{HTTP}.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"exact": origin} for origin in origins],
        "allow_methods": "GET, POST, OPTIONS",
        "allow_headers": ", ".join(ALLOWED_HEADERS),
        "expose_headers": ", ".join(EXPOSED_HEADERS),
        "max_age": "7200",
        "forward_not_matching_preflights": False,
    }


def _client_address() -> dict[str, Any]:
    """Return the header by which a server limits each client. It replaces what the client sent."""
    header = {"key": "x-forwarded-for", "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _no_cache_headers() -> dict[str, Any]:
    """Return the headers that prevent wrong caching.

    A cache must not keep data that is valid only for seconds. It must not give a reply for one origin to another."""
    headers = {"cache-control": "no-store", "vary": "Origin"}
    return {
        "response_headers_to_add": [
            {"header": {"key": key, "value": value}, "append_action": "ADD_IF_ABSENT"} for key, value in headers.items()
        ]
    }
