"""The table of exceptions, with the error that a client gets for each.

An error has a gRPC code and a reason (google.rpc.ErrorInfo). It may have the fields that break a rule (BadRequest), or the
time after which to retry (RetryInfo). An exception that is not in the table is INTERNAL, and the client gets only a request
id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from virtuoso.domain import errors
from virtuoso.market.v1 import error_reason_pb2

DOMAIN = "virtuoso.market"
REQUEST_ID = "x-request-id"
DETAILS = "grpc-status-details-bin"
# All metadata of a reply must be under 8 KiB, including base64 and percent-encoding. Otherwise the details are lost.
MAX_VIOLATIONS_BYTES, MAX_MESSAGE_CHARACTERS = 3000, 300


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """The error for an exception. `field`: the invalid request field, if the exception has only one."""

    code: grpc.StatusCode
    reason: str
    retry_s: float | None = None
    field: str = ""


TABLE: Mapping[type[BaseException], ErrorSpec] = {
    errors.InvalidField: ErrorSpec(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    errors.InvalidPageToken: ErrorSpec(grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID", field="page_token"),
    errors.ExpiredPageToken: ErrorSpec(grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_EXPIRED", field="page_token"),
    errors.SymbolNotFound: ErrorSpec(grpc.StatusCode.NOT_FOUND, "SYMBOL_NOT_FOUND", field="symbol"),
    errors.SymbolNotTracked: ErrorSpec(grpc.StatusCode.NOT_FOUND, "SYMBOL_NOT_TRACKED", field="symbol"),
    errors.NotReady: ErrorSpec(grpc.StatusCode.UNAVAILABLE, "NOT_READY", retry_s=2),
    errors.DataUnavailable: ErrorSpec(grpc.StatusCode.UNAVAILABLE, "DATA_UNAVAILABLE", retry_s=5),
    errors.HistoryUnavailable: ErrorSpec(grpc.StatusCode.UNAVAILABLE, "HISTORY_UNAVAILABLE", retry_s=2),
    errors.ShuttingDown: ErrorSpec(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", retry_s=1),
    errors.Overloaded: ErrorSpec(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_s=1),
    errors.TooManyStreams: ErrorSpec(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", retry_s=10),
    errors.UnknownRpc: ErrorSpec(grpc.StatusCode.UNIMPLEMENTED, "UNKNOWN_RPC"),
    TimeoutError: ErrorSpec(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
}
UNKNOWN = ErrorSpec(grpc.StatusCode.INTERNAL, "INTERNAL")


@dataclass(frozen=True, slots=True)
class Status(grpc.Status):
    """A status for `abort_with_status`, with rich details and the request id in the trailers."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, str | bytes], ...]


def spec_of(error: BaseException) -> ErrorSpec:
    """Return the table row of an exception or of its nearest base class, or UNKNOWN when there is none."""
    return next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), UNKNOWN)


def status(error: BaseException, request_id: str) -> Status:
    """Return the status that the client gets for an exception."""
    row = spec_of(error)
    if row is UNKNOWN:
        message = f"an internal error; its request id is {request_id}"
    elif row.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = "the deadline of the caller has passed"
    else:
        message = _shorten(str(error), MAX_MESSAGE_CHARACTERS)
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=_checked(row.reason), domain=DOMAIN, metadata={"request_id": request_id})
    ]
    if violations := _violations(error, row, message):
        details.append(error_details_pb2.BadRequest(field_violations=violations))
    if row.retry_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(int(row.retry_s * 1000))
        details.append(retry)
    rich = status_pb2.Status(code=row.code.value[0], message=message, details=[_packed(detail) for detail in details])
    return Status(row.code, message, ((DETAILS, rich.SerializeToString()), (REQUEST_ID, request_id)))


def _violations(error: BaseException, row: ErrorSpec, message: str) -> Sequence[error_details_pb2.BadRequest.FieldViolation]:
    found = error.violations if isinstance(error, errors.InvalidField) else [(row.field, message)] if row.field else []
    violations: list[error_details_pb2.BadRequest.FieldViolation] = []
    left_bytes = MAX_VIOLATIONS_BYTES
    for field, text in found:
        violation = error_details_pb2.BadRequest.FieldViolation(field=_shorten(field, 100), description=_shorten(text, 400))
        left_bytes -= violation.ByteSize()
        if left_bytes < 0:
            break
        violations.append(violation)
    return violations


def _checked(reason: str) -> str:
    error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}")  # ValueError for a reason that is not in the contract
    return reason


def _packed(message: Message) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
