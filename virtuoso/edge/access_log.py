"""The access log: one JSON object per line, written when the request or stream ends. The keys `rpc` and `grpc_status` are
only in the lines of RPCs. Any other missing value is null."""

from __future__ import annotations

from typing import Any

from virtuoso.edge import contract

LOGGERS = "type.googleapis.com/envoy.extensions.access_loggers"
STDOUT = "-"
RPC = "%REQ(:PATH):128%"
FIELDS = {
    "time": "%START_TIME%",
    "request_id": "%REQ(X-REQUEST-ID):128%",
    "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "method": "%REQ(X-ENVOY-ORIGINAL-METHOD?:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH):512%",
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "duration_ms": "%DURATION%",
    "bytes": "%BYTES_SENT%",
    "upstream": "%UPSTREAM_HOST%",
    "flags": "%RESPONSE_FLAGS%",
    "user_agent": "%REQ(USER-AGENT):256%",
}


def loggers(path: str) -> list[dict[str, Any]]:
    """Return HttpConnectionManager.access_log for a file. "-" means standard output. "" means no log."""
    is_rpc = _header_filter("content-type", "application/grpc")
    is_transcoded = _header_filter("x-envoy-original-path", contract.JSON_PREFIX)
    # A JSON request is an RPC when it ends, unless it was refused before transcoding. It has only an HTTP status.
    kinds = [
        ([is_rpc, _inverted(is_transcoded)], {"rpc": RPC, "grpc_status": "%GRPC_STATUS%"}),
        ([is_rpc, is_transcoded], {"rpc": RPC}),
        ([_inverted(is_rpc)], {}),
    ]
    return [_logger(path, filters, FIELDS | more) for filters, more in kinds] if path else []


def _logger(path: str, filters: list[dict[str, Any]], fields: dict[str, str]) -> dict[str, Any]:
    to_stdout = path == STDOUT
    kind, target = ("stream.v3.StdoutAccessLog", {}) if to_stdout else ("file.v3.FileAccessLog", {"path": path})
    return {
        "name": "envoy.access_loggers.stdout" if to_stdout else "envoy.access_loggers.file",
        "filter": {"and_filter": {"filters": filters}} if len(filters) > 1 else filters[0],
        "typed_config": {"@type": f"{LOGGERS}.{kind}", **target, "log_format": {"json_format": fields}},
    }


def _header_filter(name: str, prefix: str) -> dict[str, Any]:
    match = {"name": name, "string_match": {"prefix": prefix}, "treat_missing_header_as_empty": True}
    return {"header_filter": {"header": match}}


def _inverted(header_filter: dict[str, Any]) -> dict[str, Any]:
    return {"header_filter": {"header": {**header_filter["header_filter"]["header"], "invert_match": True}}}
