"""The HTTP filters. A request passes them in this order, and a reply in reverse order."""

from __future__ import annotations

from typing import Any

from virtuoso.domain.addresses import CALLER_BITS
from virtuoso.edge import contract, local_replies
from virtuoso.edge.spec import EdgeSpec

EXTENSIONS = "type.googleapis.com/envoy.extensions"
HTTP = f"{EXTENSIONS}.filters.http"
MAX_JSON_BYTES = 8 * 1024 * 1024
# A smaller reply fits into one packet without compression.
MIN_GZIP_BYTES = 512
GZIP_TYPES = r"application/(json|grpc-web(-text)?(\+proto)?)(;.*)?"
# The maximum number of callers with a rate limit bucket. The least recently used bucket is dropped.
MAX_CALLERS = 50_000
ALWAYS = {"numerator": 100, "denominator": "HUNDRED"}
YEAR_S = 31_536_000
RATE_LIMIT = "envoy.filters.http.local_ratelimit"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"


def extension(name: str, typed_config: dict[str, Any]) -> dict[str, Any]:
    """Return an Envoy extension."""
    return {"name": name, "typed_config": typed_config}


def filters(spec: EdgeSpec) -> list[dict[str, Any]]:
    """Return HttpConnectionManager.http_filters."""
    lua = {"@type": f"{HTTP}.lua.v3.Lua", "default_source_code": {"inline_string": local_replies.GRPC_STATUS}}
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
    """Return the filter that makes browsers use only https after their first visit.

    It adds its header to every reply, including local replies of Envoy."""
    header = {"key": "strict-transport-security", "value": f"max-age={YEAR_S}"}
    mutation = {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
    return {
        "@type": f"{HTTP}.header_mutation.v3.HeaderMutation",
        "mutations": {"response_mutations": [mutation]},
    }


def _compressor() -> dict[str, Any]:
    """Return the filter that compresses replies for clients that accept compression.

    Each message of a stream is flushed at once. The files of the page are already compressed."""
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
                # A window of 16 KB covers the previous message of a stream, which has about 7 KB for 50 symbols. This
                # reduces a message to a third of its size. Each open stream uses 220 KB of memory.
                "window_bits": 14,
            },
        ),
    }


def _local_rate_limit(spec: EdgeSpec) -> dict[str, Any]:
    """Return the filter with one token bucket per caller address."""
    caller = "masked_remote_address"
    bucket = {"max_tokens": spec.burst, "tokens_per_fill": spec.rate_limit, "fill_interval": "1s"}
    return {
        "@type": f"{HTTP}.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "edge",
        "filter_enabled": {"runtime_key": "edge.rate_limit.enabled", "default_value": ALWAYS},  # Envoy requires the keys;
        "filter_enforced": {"runtime_key": "edge.rate_limit.enforced", "default_value": ALWAYS},  # they are never set
        "rate_limits": [{"actions": [{caller: {"v6_prefix_mask_len": CALLER_BITS}}]}],
        "descriptors": [{"entries": [{"key": caller}], "token_bucket": bucket}],
        "max_dynamic_descriptors": MAX_CALLERS,
        "token_bucket": {"max_tokens": 2**32 - 1, "fill_interval": "1s"},  # for all callers; Envoy requires it
        "always_consume_default_token_bucket": False,
        "rate_limited_as_resource_exhausted": True,
    }


def _transcoder() -> dict[str, Any]:
    return {
        "@type": f"{HTTP}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        "services": [contract.SERVICE],
        # The format is proto3 JSON, like that of grpc-gateway: lowerCamelCase names, enums by name. Zeros, empty lists and
        # default enums are present, so that `rows.length` works. An `optional` number that was not measured is absent.
        "print_options": {"always_print_primitive_fields": True},
        "convert_grpc_status": True,
        "request_validation_options": {"reject_unknown_method": True, "reject_unknown_query_parameters": True},
        "max_response_body_size": MAX_JSON_BYTES,  # the whole body is in memory before it is sent
        "query_param_unescape_plus": True,  # order_by=score+desc
        "proto_descriptor_bin": contract.descriptors(),  # last, because it is long
    }
