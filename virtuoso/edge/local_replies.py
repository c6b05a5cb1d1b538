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
MAX_HEADERS_KIB = 16  # of a request, with its path; a list of 500 symbols takes 12
# Envoy's own words, where they say what is wrong.
WORDS = "%LOCAL_REPLY_BODY%"
# HTTP status -> gRPC code, reason and message, for requests that Envoy refuses.
REFUSALS = {
    400: (code_pb2.INVALID_ARGUMENT, "INVALID_FIELD", WORDS),
    403: (code_pb2.PERMISSION_DENIED, "INVALID_FIELD", WORDS),
    404: (code_pb2.NOT_FOUND, "UNKNOWN_RPC", WORDS),
    405: (code_pb2.UNIMPLEMENTED, "UNKNOWN_RPC", WORDS),
    408: (code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the request did not arrive in time"),
    413: (code_pb2.RESOURCE_EXHAUSTED, "TOO_LARGE", "the request is too large"),
    414: (code_pb2.RESOURCE_EXHAUSTED, "TOO_LARGE", "the path is too long"),
    426: (code_pb2.UNIMPLEMENTED, "INVALID_FIELD", WORDS),
    431: (
        code_pb2.RESOURCE_EXHAUSTED,
        "TOO_LARGE",
        f"the path and the headers of the request are larger than {MAX_HEADERS_KIB} KiB, or too many",
    ),
    500: (code_pb2.INTERNAL, "INTERNAL", "an internal error of the edge"),
    501: (code_pb2.UNIMPLEMENTED, "INVALID_FIELD", WORDS),
    502: (code_pb2.UNAVAILABLE, "NO_SERVER", "the reply of the server cannot be read"),
    503: (code_pb2.UNAVAILABLE, "NO_SERVER", "no server answers"),
    504: (code_pb2.DEADLINE_EXCEEDED, "NO_SERVER", "no server answers in time"),
}
# The messages for RPCs, whose details cannot have Envoy's own words.
RPC_MESSAGES = {
    400: "the request is not valid gRPC-Web",
    403: "the request is not allowed",
    404: "there is no such RPC",
    405: "there is no such RPC",
    426: "the version of HTTP is not supported",
    501: "the encoding of the request is not supported",
}
# The header that Envoy passes to a server, which would end the connection of all clients for another text.
TIMEOUT_PATTERN = "[0-9]{1,8}[HMSmun]"
TIMEOUT_REFUSED = "the header grpc-timeout is not a number of up to eight digits and one of H, M, S, m, u, n"
# A local reply has its gRPC code in this header, because Envoy derives its own from the HTTP status.
CODE = "x-local-reply-code"
# A gRPC-Web client ignores grpc-status when the HTTP status is not 200. So this script sets the HTTP status to 200.
GRPC_STATUS = f"""
function envoy_on_response(handle)
  local headers = handle:headers()
  local kind = headers:get("content-type") or ""
  local code = headers:get("{CODE}")
  if code then
    headers:remove("{CODE}")
  end
  if headers:get("grpc-status") then
    if code then
      headers:replace("grpc-status", code)
    end
    if string.sub(kind, 1, 20) == "application/grpc-web" then
      headers:replace(":status", "200")
    end
  end
end
"""


def _expression(text: str) -> dict[str, Any]:
    kind = "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
    config = {"@type": kind, "expression": text}
    return {"extension_filter": {"name": "envoy.access_loggers.extension_filters.cel", "typed_config": config}}


# Envoy refuses some paths before it has read the rest of the request, with an empty message.
_PATH_REFUSED = _expression("response.code_details.startsWith('path_normalization_failed')")
_TIMEOUT_REFUSED = _expression("response.code_details == 'direct_response'")
NO_SERVER_ANSWERED = {"response_flag_filter": {"flags": ["UF", "UH", "UC", "UO", "UR", "URX", "LR", "UT", "SI", "DT"]}}

Filter = dict[str, Any]


def local_reply_config() -> dict[str, Any]:
    """Return HttpConnectionManager.local_reply_config. The first mapper that matches is used."""
    # This also covers a server that hangs. Envoy then always returns UNAVAILABLE to a plain gRPC client.
    no_server = _status(code_pb2.UNAVAILABLE, "no server answers", "NO_SERVER", retry=True)
    rate_limited = _status(code_pb2.RESOURCE_EXHAUSTED, "too many requests from this address", "RATE_LIMITED", retry=True)
    retry_after = _header_to_add("retry-after", str(RETRY_S))
    invalid_path = _status(code_pb2.INVALID_ARGUMENT, "the path is not valid: it may not contain %%00", "INVALID_FIELD")
    invalid_timeout = _status(code_pb2.INVALID_ARGUMENT, TIMEOUT_REFUSED, "INVALID_FIELD")
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
            *(
                {
                    "filter": _and(
                        _has_status(status), {"or_filter": {"filters": [_is_json_request(), _is_rpc(invert=True)]}}
                    ),
                    **_as_json(_status(code, message, reason)),
                }
                for status, (code, reason, message) in REFUSALS.items()
            ),
            {"filter": _and(_has_status(400), _TIMEOUT_REFUSED), **_as_trailers(invalid_timeout)},
            *(
                {"filter": _has_status(status), **_as_trailers(_status(code, RPC_MESSAGES.get(status, message), reason))}
                for status, (code, reason, message) in REFUSALS.items()
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
        "headers_to_add": [
            _header_to_add(CODE, str(status.code)),
            _header_to_add("grpc-status-details-bin", binary),
        ],
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
