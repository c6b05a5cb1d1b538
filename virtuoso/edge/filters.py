"""What each request and answer goes through, in the order of requests; answers go the other way."""

from __future__ import annotations

from typing import Any

from virtuoso.edge import contract, local_replies
from virtuoso.edge.plan import Plan

EXTENSIONS = "type.googleapis.com/envoy.extensions"
HTTP = f"{EXTENSIONS}.filters.http"
MOST_JSON_BYTES = 8 * 1024 * 1024
LEAST_GZIP_BYTES = 512  # below that an answer is one packet either way
GZIP_TYPES = r"application/(json|grpc-web(-text)?(\+proto)?)(;.*)?"
MOST_CALLERS = 50_000  # whose requests are counted at a time; who asked longest ago is forgotten
NETWORK_BITS = 64  # of an IPv6 address: what one customer has, so all of it is one caller
ALWAYS = {"numerator": 100, "denominator": "HUNDRED"}
YEAR_S = 31_536_000
RATE_LIMIT = "envoy.filters.http.local_ratelimit"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"


def named(name: str, typed_config: dict[str, Any]) -> dict[str, Any]:
    """One of Envoy's extensions."""
    return {"name": name, "typed_config": typed_config}


def filters(plan: Plan) -> list[dict[str, Any]]:
    """HttpConnectionManager.http_filters."""
    lua = {"@type": f"{HTTP}.lua.v3.Lua", "default_source_code": {"inline_string": local_replies.WEB_STATUS}}
    return [
        named("envoy.filters.http.lua", lua),
        *([named("envoy.filters.http.header_mutation", _only_https())] if plan.certificate else []),
        named("envoy.filters.http.compressor", _gzip()),
        named("envoy.filters.http.grpc_web", {"@type": f"{HTTP}.grpc_web.v3.GrpcWeb"}),
        named("envoy.filters.http.cors", {"@type": f"{HTTP}.cors.v3.Cors"}),
        *([named(RATE_LIMIT, _limit(plan))] if plan.rate_limit else []),
        named(TRANSCODER, _transcoder()),
        named("envoy.filters.http.router", {"@type": f"{HTTP}.router.v3.Router", "suppress_envoy_headers": True}),
    ]


def _only_https() -> dict[str, Any]:
    """Browsers that were here once do not try clear text again. On every answer, also those that Envoy gives itself."""
    header = {"key": "strict-transport-security", "value": f"max-age={YEAR_S}"}
    mutation = {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
    return {
        "@type": f"{HTTP}.header_mutation.v3.HeaderMutation",
        "mutations": {"response_mutations": [mutation]},
    }


def _gzip() -> dict[str, Any]:
    """For who accepts it. Each piece of a stream is flushed as it comes. The page's files come compressed already."""
    return {
        "@type": f"{HTTP}.compressor.v3.Compressor",
        "response_direction_config": {
            "common_config": {
                "min_content_length": LEAST_GZIP_BYTES,
                "content_type_matcher": {"safe_regex": {"regex": GZIP_TYPES}},
            }
        },
        "compressor_library": named(
            "gzip",
            {
                "@type": f"{EXTENSIONS}.compression.gzip.compressor.v3.Gzip",
                # 16 KB, so that a stream's messages, some 7 KB for 50 symbols, find what they share with the one before:
                # that makes them a third. Each open stream costs 220 KB of memory.
                "window_bits": 14,
            },
        ),
    }


def _limit(plan: Plan) -> dict[str, Any]:
    """A bucket of tokens for each caller's address."""
    caller = "masked_remote_address"
    bucket = {"max_tokens": plan.burst, "tokens_per_fill": plan.rate_limit, "fill_interval": "1s"}
    return {
        "@type": f"{HTTP}.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "edge",
        "filter_enabled": {"runtime_key": "edge.rate_limit.enabled", "default_value": ALWAYS},  # Envoy wants keys;
        "filter_enforced": {"runtime_key": "edge.rate_limit.enforced", "default_value": ALWAYS},  # nothing sets them
        "rate_limits": [{"actions": [{caller: {"v6_prefix_mask_len": NETWORK_BITS}}]}],
        "descriptors": [{"entries": [{"key": caller}], "token_bucket": bucket}],
        "max_dynamic_descriptors": MOST_CALLERS,
        "token_bucket": {"max_tokens": 2**32 - 1, "fill_interval": "1s"},  # of all callers together: Envoy wants one
        "always_consume_default_token_bucket": False,
        "rate_limited_as_resource_exhausted": True,
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
