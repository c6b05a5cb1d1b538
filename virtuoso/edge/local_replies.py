"""The error replies of Envoy itself, for example when no server answers.

An HTTP client gets google.rpc.Status as JSON, in the format of a transcoded server error. An RPC client gets the same
details in the trailers."""

from __future__ import annotations

import base64
from typing import Any

from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2

from virtuoso.edge.contract import JSON_PREFIX
from virtuoso.market.v1 import error_reason_pb2

DOMAIN = "virtuoso.market"
RETRY_S = 1
# HTTP status -> gRPC code, for requests that Envoy refuses.
CODES = {
    400: code_pb2.INVALID_ARGUMENT,
    403: code_pb2.PERMISSION_DENIED,
    404: code_pb2.NOT_FOUND,
    405: code_pb2.UNIMPLEMENTED,
    408: code_pb2.DEADLINE_EXCEEDED,
    413: code_pb2.RESOURCE_EXHAUSTED,
    431: code_pb2.RESOURCE_EXHAUSTED,
    500: code_pb2.INTERNAL,
    502: code_pb2.UNAVAILABLE,
    503: code_pb2.UNAVAILABLE,
    504: code_pb2.DEADLINE_EXCEEDED,
}
# A gRPC-Web client ignores grpc-status when the HTTP status is not 200. So this script sets the HTTP status to 200. For 429,
# Envoy sets grpc-status to UNAVAILABLE. The script changes it to RESOURCE_EXHAUSTED.
WEB_STATUS = f"""
function envoy_on_response(handle)
  local headers = handle:headers()
  local kind = headers:get("content-type") or ""
  if string.sub(kind, 1, 20) == "application/grpc-web" and headers:get("grpc-status") then
    if headers:get(":status") == "429" then
      headers:replace("grpc-status", "{code_pb2.RESOURCE_EXHAUSTED}")
    end
    headers:replace(":status", "200")
  end
end
"""
# Envoy refuses some paths before it has read the rest of the request, with an empty message.
_PATH_REFUSED = {
    "extension_filter": {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": "response.code_details.startsWith('path_normalization_failed')",
        },
    }
}
NO_SERVER_ANSWERED = {"response_flag_filter": {"flags": ["UF", "UH", "UC", "UO", "UR", "URX", "LR", "UT", "SI", "DT"]}}

Filter = dict[str, Any]


def local_reply_config() -> dict[str, Any]:
    """Return HttpConnectionManager.local_reply_config. The first mapper that matches is used."""
    # This also covers a server that hangs. Envoy then always returns UNAVAILABLE to a plain gRPC client.
    no_server = _status(code_pb2.UNAVAILABLE, "no server answers behind the edge", "NO_SERVER", retry=True)
    rate_limited = _status(code_pb2.RESOURCE_EXHAUSTED, "too many requests from this address", "RATE_LIMITED", retry=True)
    retry_after = _header_to_add("retry-after", str(RETRY_S))
    invalid_path = _status(code_pb2.INVALID_ARGUMENT, "the path is not valid: it may not contain %%00", "INVALID_FIELD")
    invalid = _status(code_pb2.INVALID_ARGUMENT, "%LOCAL_REPLY_BODY%", "INVALID_FIELD")
    return {
        "mappers": [
            {
                "filter": _and(_has_status(429), _is_rpc(invert=True)),
                **_as_json(rate_limited),
                "headers_to_add": [retry_after],
            },
            {"filter": _and(_has_status(429), _is_rpc()), **_as_trailers(rate_limited)},
            {"filter": _and(NO_SERVER_ANSWERED, _is_json_request()), **_as_json(no_server), "status_code": 503},
            {"filter": _and(NO_SERVER_ANSWERED, _is_rpc()), **_as_trailers(no_server)},
            {"filter": _and(_has_status(400), _PATH_REFUSED), **_as_json(invalid_path)},
            {"filter": _and(_has_status(400), _is_json_request()), **_as_json(invalid)},
            *(
                {
                    "filter": _and(
                        _has_status(status), {"or_filter": {"filters": [_is_json_request(), _is_rpc(invert=True)]}}
                    ),
                    **_as_json(status_pb2.Status(code=code, message="%LOCAL_REPLY_BODY%")),
                }
                for status, code in CODES.items()
            ),
        ]
    }


def _and(*filters: Filter) -> Filter:
    return {"and_filter": {"filters": list(filters)}}


def _has_status(status: int) -> Filter:
    value = {"default_value": status, "runtime_key": f"edge.status.{status}"}  # Envoy requires a key; it is never set
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _is_json_request() -> Filter:
    """Return the filter for JSON requests before and after transcoding.

    After transcoding, a request looks like an RPC, but it has a header with the original path."""
    return {"or_filter": {"filters": [_header(":path", JSON_PREFIX), _header("x-envoy-original-path", JSON_PREFIX)]}}


def _is_rpc(*, invert: bool = False) -> Filter:
    return _header("content-type", "application/grpc", invert=invert)


def _header(name: str, prefix: str, *, invert: bool = False) -> Filter:
    match = {"name": name, "string_match": {"prefix": prefix}, "invert_match": invert, "treat_missing_header_as_empty": True}
    return {"header_filter": {"header": match}}


def _as_json(status: status_pb2.Status) -> dict[str, Any]:
    details = [json_format.MessageToDict(detail) for detail in status.details]
    body = {"code": status.code, "message": status.message, "details": details}
    return {"body_format_override": {"json_format": body, "content_type": "application/json"}}


def _as_trailers(status: status_pb2.Status) -> dict[str, Any]:
    binary = base64.b64encode(status.SerializeToString(deterministic=True)).decode().rstrip("=")
    return {
        "headers_to_add": [_header_to_add("grpc-status-details-bin", binary)],
        "body_format_override": {"text_format_source": {"inline_string": status.message}},  # grpc-message
    }


def _header_to_add(key: str, value: str) -> dict[str, Any]:
    return {"header": {"key": key, "value": value}, "append_action": "ADD_IF_ABSENT"}


def _status(code: int, message: str, reason: str, *, retry: bool = False) -> status_pb2.Status:
    error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}")  # ValueError for a reason that is not in the contract
    status = status_pb2.Status(code=code, message=message, details=[Packed()])
    status.details[0].Pack(error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN))
    if retry:
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=RETRY_S)))
    return status
