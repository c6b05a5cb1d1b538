"""The log of calls: a JSON object a line, written when a call is over, so a stream's when it ends. `rpc` and `grpc_status`
are there where the call has them; what else it has not is null."""

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


def loggers(where: str) -> list[dict[str, Any]]:
    """HttpConnectionManager.access_log, to a file, or to standard output for "-", or none for ""."""
    rpc, transcoded = _header("content-type", "application/grpc"), _header("x-envoy-original-path", contract.JSON_PREFIX)
    kinds = [  # a JSON call has become an RPC by then, unless it was refused before; its status is that of HTTP alone
        ([rpc, _not(transcoded)], {"rpc": RPC, "grpc_status": "%GRPC_STATUS%"}),
        ([rpc, transcoded], {"rpc": RPC}),
        ([_not(rpc)], {}),
    ]
    return [_logger(where, filters, FIELDS | more) for filters, more in kinds] if where else []


def _logger(where: str, filters: list[dict[str, Any]], fields: dict[str, str]) -> dict[str, Any]:
    kind, path = ("stream.v3.StdoutAccessLog", {}) if where == STDOUT else ("file.v3.FileAccessLog", {"path": where})
    return {
        "name": "envoy.access_loggers.stdout" if where == STDOUT else "envoy.access_loggers.file",
        "filter": {"and_filter": {"filters": filters}} if len(filters) > 1 else filters[0],
        "typed_config": {"@type": f"{LOGGERS}.{kind}", **path, "log_format": {"json_format": fields}},
    }


def _header(name: str, prefix: str) -> dict[str, Any]:
    match = {"name": name, "string_match": {"prefix": prefix}, "treat_missing_header_as_empty": True}
    return {"header_filter": {"header": match}}


def _not(match: dict[str, Any]) -> dict[str, Any]:
    return {"header_filter": {"header": {**match["header_filter"]["header"], "invert_match": True}}}
