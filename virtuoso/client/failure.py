"""Convert the google.rpc details of an error to plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

if TYPE_CHECKING:
    from google.protobuf.any_pb2 import Any

DOMAIN = "virtuoso.market"
DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Violation:
    """A field of the request with an invalid value. `description` has the value and the allowed values."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The cause of a failed call.

    `reason` is the name of an ErrorReason without its prefix, such as "NOT_READY". It is empty when the error comes from the
    network and not from the server. `retry_s` is the time to wait before a retry, in seconds. It is None when the server
    does not give it.
    """

    code: grpc.StatusCode
    message: str
    reason: str = ""
    retry_s: float | None = None
    violations: tuple[Violation, ...] = ()
    request_id: str = ""

    def __str__(self) -> str:
        return f"{self.reason or self.code.name}: {self.message}"


def failure(error: grpc.aio.AioRpcError) -> Failure:
    """Return the content of an error. Omit details that cannot be decoded."""
    info, retry, bad = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo(), error_details_pb2.BadRequest()
    retry_s = None
    for detail in _details(error):
        try:
            detail.Unpack(bad)
            if detail.Unpack(retry):
                retry_s = retry.retry_delay.ToMilliseconds() / 1000
            if not info.reason:
                detail.Unpack(info)
        except DecodeError:
            continue
    is_ours = info.domain == DOMAIN
    return Failure(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason if is_ours else "",
        retry_s=retry_s,
        violations=tuple(Violation(item.field, item.description) for item in bad.field_violations),
        request_id=info.metadata.get("request_id", "") if is_ours else "",
    )


def _details(error: grpc.aio.AioRpcError) -> list[Any]:
    trailers = cast("Iterable[tuple[str, str | bytes]]", error.trailing_metadata() or ())  # its published type is narrower
    for key, value in trailers:
        if key == DETAILS and isinstance(value, bytes):
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                return []
    return []
