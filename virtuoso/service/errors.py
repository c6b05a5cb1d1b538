"""The one table from exception to what a client sees: gRPC code, reason (google.rpc.ErrorInfo), and what helps: the
fields that break a rule (BadRequest), or when to ask again (RetryInfo). What is not in it is INTERNAL with an id only."""

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
# All metadata of a reply must stay under 8 KiB, base64 and percent signs included, or the details are lost.
MOST_BYTES, MOST_MESSAGE = 3000, 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What an exception becomes. `field`: the request's field that is to blame, where it is always the same."""

    code: grpc.StatusCode
    reason: str
    retry_s: float | None = None
    field: str = ""


TABLE: Mapping[type[BaseException], Answer] = {
    errors.InvalidField: Answer(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    errors.InvalidPageToken: Answer(grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID", field="page_token"),
    errors.ExpiredPageToken: Answer(grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_EXPIRED", field="page_token"),
    errors.SymbolNotFound: Answer(grpc.StatusCode.NOT_FOUND, "SYMBOL_NOT_FOUND", field="symbol"),
    errors.SymbolNotTracked: Answer(grpc.StatusCode.NOT_FOUND, "SYMBOL_NOT_TRACKED", field="symbol"),
    errors.NotReady: Answer(grpc.StatusCode.UNAVAILABLE, "NOT_READY", retry_s=2),
    errors.DataUnavailable: Answer(grpc.StatusCode.UNAVAILABLE, "DATA_UNAVAILABLE", retry_s=5),
    errors.HistoryUnavailable: Answer(grpc.StatusCode.UNAVAILABLE, "HISTORY_UNAVAILABLE", retry_s=2),
    errors.ShuttingDown: Answer(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", retry_s=1),
    errors.Overloaded: Answer(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_s=1),
    errors.TooManyStreams: Answer(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", retry_s=10),
    TimeoutError: Answer(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
}
UNKNOWN = Answer(grpc.StatusCode.INTERNAL, "INTERNAL")


@dataclass(frozen=True, slots=True)
class Status(grpc.Status):
    """What `abort_with_status` takes: rich details and the request's id in the trailers."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, str | bytes], ...]


def answer(error: BaseException) -> Answer:
    """The row of the table for an exception, or for the nearest of its bases."""
    return next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), UNKNOWN)


def status(error: BaseException, request_id: str) -> Status:
    """What the client sees of an exception."""
    row = answer(error)
    if row is UNKNOWN:
        message = f"an error of ours; its request id is {request_id}"
    elif row.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = "the time that the caller gave ran out"
    else:
        message = _short(str(error), MOST_MESSAGE)
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=_known(row.reason), domain=DOMAIN, metadata={"request_id": request_id})
    ]
    if violations := _violations(error, row, message):
        details.append(error_details_pb2.BadRequest(field_violations=violations))
    if row.retry_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(int(row.retry_s * 1000))
        details.append(retry)
    rich = status_pb2.Status(code=row.code.value[0], message=message, details=[_any(detail) for detail in details])
    return Status(row.code, message, ((DETAILS, rich.SerializeToString()), (REQUEST_ID, request_id)))


def _violations(error: BaseException, row: Answer, message: str) -> Sequence[error_details_pb2.BadRequest.FieldViolation]:
    found = error.violations if isinstance(error, errors.InvalidField) else [(row.field, message)] if row.field else []
    violations: list[error_details_pb2.BadRequest.FieldViolation] = []
    room = MOST_BYTES
    for field, text in found:
        violation = error_details_pb2.BadRequest.FieldViolation(field=_short(field, 100), description=_short(text, 400))
        room -= violation.ByteSize()
        if room < 0:
            break
        violations.append(violation)
    return violations


def _known(reason: str) -> str:
    error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}")  # ValueError for a reason that the contract lacks
    return reason


def _any(message: Message) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
