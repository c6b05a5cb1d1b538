"""The HTTP filters in the order in which a request passes them; a reply passes them the other way round."""

from __future__ import annotations

from typing import Any

from virtuoso.edge import contract, local_replies
from virtuoso.edge.spec import EdgeSpec

EXTENSIONS = "type.googleapis.com/envoy.extensions"
HTTP = f"{EXTENSIONS}.filters.http"
MAX_JSON_BYTES = 8 * 1024 * 1024
MIN_GZIP_BYTES = 512  # below that a reply is one packet either way
GZIP_TYPES = r"application/(json|grpc-web(-text)?(\+proto)?)(;.*)?"
MAX_CALLERS = 50_000  # counted at the same time; the one whose last request is oldest is dropped
CALLER_BITS = 64  # of an IPv6 address: a customer has all addresses that begin with these
ALWAYS = {"numerator": 100, "denominator": "HUNDRED"}
YEAR_S = 31_536_000
RATE_LIMIT = "envoy.filters.http.local_ratelimit"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"


def extension(name: str, typed_config: dict[str, Any]) -> dict[str, Any]:
    """Return one of Envoy's extensions."""
    return {"name": name, "typed_config": typed_config}


def filters(spec: EdgeSpec) -> list[dict[str, Any]]:
    """Return HttpConnectionManager.http_filters."""
    lua = {"@type": f"{HTTP}.lua.v3.Lua", "default_source_code": {"inline_string": local_replies.WEB_STATUS}}
    return [
        extension("envoy.filters.http.lua", lua),
        *([extension("envoy.filters.http.header_mutation", _strict_transport_security())] if spec.certificate else []),
        extension("envoy.filters.http.compressor", _compressor()),
        extension("envoy.filters.http.grpc_web", {"@type": f"{HTTP}.grpc_web.v3.GrpcWeb"}),
        extension("envoy.filters.http.cors", {"@type": f"{HTTP}.cors.v3.Cors"}),
        *([extension(RATE_LIMIT, _local_rate_limit(spec))] if spec.rate_limit else []),
        extension(TRANSCODER, _transcoder()),
        extension("envoy.filters.http.router", {"@type": f"{HTTP}.router.v3.Router", "suppress_envoy_headers": True}),
    ]


def _strict_transport_security() -> dict[str, Any]:
    """Return the filter by which a browser that was here once never tries clear text again. It is on every reply, also on
    those that Envoy gives itself."""
    header = {"key": "strict-transport-security", "value": f"max-age={YEAR_S}"}
    mutation = {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
    return {
        "@type": f"{HTTP}.header_mutation.v3.HeaderMutation",
        "mutations": {"response_mutations": [mutation]},
    }


def _compressor() -> dict[str, Any]:
    """Return the filter that compresses for clients that accept it. Each message of a stream is flushed at once. The page's
    files arrive compressed."""
    return {
        "@type": f"{HTTP}.compressor.v3.Compressor",
        "response_direction_config": {
            "common_config": {
                "min_content_length": MIN_GZIP_BYTES,
                "content_type_matcher": {"safe_regex": {"regex": GZIP_TYPES}},
            }
        },
        "compressor_library": extension(
            "gzip",
            {
                "@type": f"{EXTENSIONS}.compression.gzip.compressor.v3.Gzip",
                # 16 KB, so that a message of a stream, some 7 KB for 50 symbols, shares text with the one before it. That
                # makes it a third as large. Each open stream costs 220 KB of memory.
                "window_bits": 14,
            },
        ),
    }


def _local_rate_limit(spec: EdgeSpec) -> dict[str, Any]:
    """Return the filter with a bucket of tokens for each caller's address."""
    caller = "masked_remote_address"
    bucket = {"max_tokens": spec.burst, "tokens_per_fill": spec.rate_limit, "fill_interval": "1s"}
    return {
        "@type": f"{HTTP}.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "edge",
        "filter_enabled": {"runtime_key": "edge.rate_limit.enabled", "default_value": ALWAYS},  # Envoy requires keys;
        "filter_enforced": {"runtime_key": "edge.rate_limit.enforced", "default_value": ALWAYS},  # nothing sets them
        "rate_limits": [{"actions": [{caller: {"v6_prefix_mask_len": CALLER_BITS}}]}],
        "descriptors": [{"entries": [{"key": caller}], "token_bucket": bucket}],
        "max_dynamic_descriptors": MAX_CALLERS,
        "token_bucket": {"max_tokens": 2**32 - 1, "fill_interval": "1s"},  # of all callers together: Envoy requires one
        "always_consume_default_token_bucket": False,
        "rate_limited_as_resource_exhausted": True,
    }


def _transcoder() -> dict[str, Any]:
    return {
        "@type": f"{HTTP}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        "services": [contract.SERVICE],
        # This is proto3's JSON, as grpc-gateway writes it too: lowerCamelCase, enums by name. Zeros, empty lists and default
        # enums are written, so that `rows.length` works. An `optional` number that was not measured stays absent.
        "print_options": {"always_print_primitive_fields": True},
        "convert_grpc_status": True,
        "request_validation_options": {"reject_unknown_method": True, "reject_unknown_query_parameters": True},
        "max_response_body_size": MAX_JSON_BYTES,  # it is in memory whole before it is sent
        "query_param_unescape_plus": True,  # order_by=score+desc
        "proto_descriptor_bin": contract.descriptors(),  # last, because it is long
    }
