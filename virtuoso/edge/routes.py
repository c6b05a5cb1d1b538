"""Who answers what, by path: RPCs and JSON the servers, /healthz a monitor, the rest the web page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from virtuoso.edge import contract
from virtuoso.edge.clusters import MONITORS, PAGE, SERVERS
from virtuoso.edge.filters import HTTP, RATE_LIMIT, TRANSCODER
from virtuoso.edge.plan import Plan

UNARY_TIMEOUT_S = 3  # above the two seconds that an answer may take; a server that hangs must not hold callers
HEALTHZ_TIMEOUT_S = 3
TRIES = 3
ALLOWED_HEADERS = ("content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", "authorization", "x-request-id")
EXPOSED_HEADERS = ("grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id")
NO_TIMEOUT = {"timeout": "0s", "max_stream_duration": {"grpc_timeout_header_max": "0s"}}
UNSEEN = "connect-failure,refused-stream,reset-before-request"  # no server saw the call
# SHUTTING_DOWN and NOT_READY, as servers word them: they say so for a second before Envoy knows that one goes, or that
# another is in its place.
NOT_HERE = ("the server is going down", "no snapshot has been seen yet")

Route = dict[str, Any]


def routes(plan: Plan) -> dict[str, Any]:
    """envoy.config.route.v3.VirtualHost."""
    return {
        "name": "edge",
        "domains": ["*"],
        "typed_per_filter_config": {"envoy.filters.http.cors": _cors(plan.origins)},
        "routes": [*_calls(), _healthz(plan), *_others(plan), *([_page()] if plan.page else [])],
    }


def _calls() -> list[Route]:
    """The contract's. JSON calls are matched a second time, by the RPC that they turned out to be."""
    # A call that a server may have seen is not repeated, though none has side effects: one that is too much for a server
    # would be handed to the next, and the next.
    elsewhere = [{"name": "grpc-message", "string_match": {"prefix": words}} for words in NOT_HERE]
    to_servers = {"cluster": SERVERS, **_again(f"{UNSEEN},retriable-headers", headers=elsewhere)}
    streams = [{"path": f"/{contract.SERVICE}/{rpc}"} for rpc in contract.STREAMS]
    calls = {"prefix": f"/{contract.SERVICE}/"}
    json_calls = {"prefix": contract.JSON_PREFIX}  # before they are transcoded: who may call is decided by then
    return [
        *({"match": match, "route": {**to_servers, **NO_TIMEOUT}, **_fresh()} for match in streams),
        *(
            {"match": match, "route": {**to_servers, "timeout": f"{UNARY_TIMEOUT_S}s"}, **_fresh()}
            for match in (calls, json_calls)
        ),
    ]


def _healthz(plan: Plan) -> Route:
    """Of any server that serves, so that one that is dead beside it is no alarm. It costs a server next to nothing, so it is
    asked again also where one died with it."""
    return {
        "match": {"path": "/healthz"},
        "route": {
            "cluster": MONITORS,
            "timeout": f"{HEALTHZ_TIMEOUT_S}s",
            **_again(f"{UNSEEN},reset,retriable-status-codes", status_codes=[503]),
        },
        "typed_per_filter_config": {**_plain(), **_unlimited(plan)},
    }


def _others(plan: Plan) -> list[Route]:
    """Health, reflection, and what is unknown to the servers too. What looks like an RPC and is none the transcoder refuses,
    and without a page everything else as well."""
    to_servers = {"cluster": SERVERS, **_again(UNSEEN), **NO_TIMEOUT}
    health = {
        "match": {"path": "/grpc.health.v1.Health/Check"},  # Watch is a stream, and each has its cost
        "route": to_servers,
        "typed_per_filter_config": _unlimited(plan),
    }
    kind = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    rpcs = [{"prefix": "/", "headers": [kind]}, {"safe_regex": {"regex": r"/\w+(\.\w+)+/.*"}}]
    matches = rpcs if plan.page else [{"prefix": "/"}]
    return [
        *([health] if plan.rate_limit else []),
        *({"match": match, "route": to_servers} for match in matches),
    ]


def _page() -> Route:
    return {
        "match": {"prefix": "/"},
        "route": {"cluster": PAGE, "timeout": "5s", **_again(UNSEEN)},
        "typed_per_filter_config": _plain(),
    }


def _again(when: str, **more: Any) -> dict[str, Any]:
    """Twice more, each time of another server where there is one."""
    previous = {
        "name": "envoy.retry_host_predicates.previous_hosts",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
        },
    }
    return {
        "retry_policy": {
            "retry_on": when,
            **{f"retriable_{name}": values for name, values in more.items()},
            "num_retries": TRIES - 1,
            "retry_host_predicate": [previous],
            "host_selection_retry_max_attempts": 20,  # each is as likely to find the same one
        }
    }


def _plain() -> dict[str, Any]:
    """No JSON of an RPC: the transcoder leaves a route alone whose own configuration names no service."""
    return {
        TRANSCODER: {
            "@type": f"{HTTP}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
            "services": [],
            "proto_descriptor_bin": "",
        }
    }


def _unlimited(plan: Plan) -> dict[str, Any]:
    """Probes may come as often as they like."""
    off = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    return {RATE_LIMIT: off} if plan.rate_limit else {}


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


def _fresh() -> dict[str, Any]:
    """No cache may keep what is true for seconds, nor give one origin what was allowed to another."""
    wanted = {"cache-control": "no-store", "vary": "Origin"}
    return {
        "response_headers_to_add": [
            {"header": {"key": key, "value": value}, "append_action": "ADD_IF_ABSENT"} for key, value in wanted.items()
        ]
    }
