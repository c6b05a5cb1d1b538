"""What Envoy answers itself, when no server of ours could: for HTTP callers google.rpc.Status as JSON, as our servers' own
errors look once transcoded; for callers of an RPC the same details in the trailers."""

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
# What Envoy refuses before a server has seen it: HTTP status -> gRPC code.
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
# Clients of gRPC-Web look no further than an HTTP status that is not 200; what is wrong stands in grpc-status all the same,
# but that Envoy makes UNAVAILABLE of 429 there.
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
UNREACHED = {"response_flag_filter": {"flags": ["UF", "UH", "UC", "UO", "UR", "URX", "LR", "UT", "SI", "DT"]}}

Filter = dict[str, Any]


def local() -> dict[str, Any]:
    """HttpConnectionManager.local_reply_config. The first mapper that fits is taken."""
    # also when a server hangs: for plain gRPC Envoy says UNAVAILABLE then, whatever is asked for here
    gone = _status(code_pb2.UNAVAILABLE, "no server answers behind the edge", "NO_SERVER", retry=True)
    slower = _status(
        code_pb2.RESOURCE_EXHAUSTED, "more requests of this address than one may make", "RATE_LIMITED", retry=True
    )
    later = _header_to_add("retry-after", str(RETRY_S))
    refused = _status(code_pb2.INVALID_ARGUMENT, "%LOCAL_REPLY_BODY%", "INVALID_FIELD")
    return {
        "mappers": [
            {"filter": _all(_http(429), _rpc(invert=True)), **_as_json(slower), "headers_to_add": [later]},
            {"filter": _all(_http(429), _rpc()), **_as_trailers(slower)},
            {"filter": _all(UNREACHED, _json_call()), **_as_json(gone), "status_code": 503},
            {"filter": _all(UNREACHED, _rpc()), **_as_trailers(gone)},
            {"filter": _all(_http(400), _json_call()), **_as_json(refused)},
            *(
                {
                    "filter": _all(_http(status), {"or_filter": {"filters": [_json_call(), _rpc(invert=True)]}}),
                    **_as_json(status_pb2.Status(code=code, message="%LOCAL_REPLY_BODY%")),
                }
                for status, code in CODES.items()
            ),
        ]
    }


def _all(*filters: Filter) -> Filter:
    return {"and_filter": {"filters": list(filters)}}


def _http(status: int) -> Filter:
    value = {"default_value": status, "runtime_key": f"edge.status.{status}"}  # Envoy wants a key; nothing sets it
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _json_call() -> Filter:
    """Before it is transcoded, and after: then it looks like an RPC, but for the header that tells where it came from."""
    return {"or_filter": {"filters": [_header(":path", JSON_PREFIX), _header("x-envoy-original-path", JSON_PREFIX)]}}


def _rpc(*, invert: bool = False) -> Filter:
    return _header("content-type", "application/grpc", invert=invert)


def _header(name: str, prefix: str, *, invert: bool = False) -> Filter:
    match = {"name": name, "string_match": {"prefix": prefix}, "invert_match": invert, "treat_missing_header_as_empty": True}
    return {"header_filter": {"header": match}}


def _as_json(said: status_pb2.Status) -> dict[str, Any]:
    details = [json_format.MessageToDict(detail) for detail in said.details]
    body = {"code": said.code, "message": said.message, "details": details}
    return {"body_format_override": {"json_format": body, "content_type": "application/json"}}


def _as_trailers(said: status_pb2.Status) -> dict[str, Any]:
    binary = base64.b64encode(said.SerializeToString(deterministic=True)).decode().rstrip("=")
    return {
        "headers_to_add": [_header_to_add("grpc-status-details-bin", binary)],
        "body_format_override": {"text_format_source": {"inline_string": said.message}},  # grpc-message
    }


def _header_to_add(key: str, value: str) -> dict[str, Any]:
    return {"header": {"key": key, "value": value}, "append_action": "ADD_IF_ABSENT"}


def _status(code: int, message: str, reason: str, *, retry: bool = False) -> status_pb2.Status:
    error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}")  # ValueError for a reason that the contract lacks
    status = status_pb2.Status(code=code, message=message, details=[Packed()])
    status.details[0].Pack(error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN))
    if retry:
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=RETRY_S)))
    return status
