"""What is wrong with the answer to a request, according to the contract."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import grpc
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from protovalidate import collect_violations

from tools.fuzzing.cases import Rpc
from virtuoso.market.v1 import error_reason_pb2
from virtuoso.service import errors
from virtuoso.service.health import SERVICE

MAX_REPLY_BYTES = 4 * 1024 * 1024
MAX_METADATA_BYTES = 8192
MAX_MESSAGE_CHARACTERS = 300
# No request of this tool, and no answer of a healthy server to one, is a reason for other codes.
CODES = {errors.TABLE[kind].code for kind in errors.TABLE}
_NAMES = frozenset(error_reason_pb2.ErrorReason.keys())
REASONS = {spec.reason: spec.code for spec in errors.TABLE.values() if f"ERROR_REASON_{spec.reason}" in _NAMES}
# What the internals of a program look like. The standard's answer for an unknown name has no details.
_INTERNALS = re.compile(r"Traceback|\b[A-Z]\w*(Error|Exception)\b|object at 0x|\.py\b|<class|_pb2")
_NO_DETAILS = {("/grpc.health.v1.Health/Check", grpc.StatusCode.NOT_FOUND)}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:\-]{1,64}")


@dataclass(slots=True)
class Answer:
    """The messages of a reply, or an error. `code` is None for a reply."""

    messages: list[bytes] = field(default_factory=list)
    code: grpc.StatusCode | None = None
    text: str = ""
    trailers: Mapping[str, str | bytes] = field(default_factory=dict)


class Contract:
    """The rules for answers. Of equal replies, only the first is checked."""

    def __init__(self) -> None:
        self._known: set[tuple[str, int]] = set()

    def wrong(self, rpc: Rpc, answer: Answer) -> Iterator[str]:
        """Yield what breaks the contract."""
        if answer.code is not None:
            yield from _wrong_error(rpc, answer)
        elif not answer.messages:
            yield "neither a reply nor an error"
        for message in answer.messages:
            key = (rpc.path, hash(message))
            if key not in self._known:
                yield from _wrong_reply(rpc, message)
                self._known.add(key)
        if rpc.method.containing_service.full_name == SERVICE:
            request_id = answer.trailers.get(errors.REQUEST_ID, "")
            if not _REQUEST_ID.fullmatch(str(request_id)) and (answer.code is not None or not rpc.method.server_streaming):
                yield "no request id in the trailers"


def _wrong_reply(rpc: Rpc, raw: bytes) -> Iterator[str]:
    kind = GetMessageClass(rpc.method.output_type)
    if len(raw) > MAX_REPLY_BYTES:
        yield f"a reply of {len(raw)} bytes"
    try:
        reply = kind.FromString(raw)
    except DecodeError:
        yield "the reply cannot be decoded"
        return
    for violation in collect_violations(reply)[:1]:
        yield f"the reply breaks a rule: {violation.proto}"
    if "provenance" in kind.DESCRIPTOR.fields_by_name and not reply.provenance.snapshot_id:  # type: ignore[attr-defined]
        yield "a reply without provenance"


def _wrong_error(rpc: Rpc, answer: Answer) -> Iterator[str]:
    code, text = answer.code, answer.text
    if code not in CODES:
        yield f"the code {code and code.name}: {text[:200]}"
    if internals := _INTERNALS.search(text):
        yield f"internals in the message: {internals.group()}"
    if len(text) > MAX_MESSAGE_CHARACTERS:
        yield f"a message of {len(text)} characters"
    if (rpc.path, code) in _NO_DETAILS:
        return
    raw = answer.trailers.get(errors.DETAILS)
    if not isinstance(raw, bytes):
        yield f"an error without details: {code and code.name} {text[:100]}"
        return
    size = len(quote(text)) + len(base64.b64encode(raw)) + 200
    if size > MAX_METADATA_BYTES:
        yield f"trailers of {size} bytes"
    yield from _wrong_details(answer, status_pb2.Status.FromString(raw))


def _wrong_details(answer: Answer, rich: status_pb2.Status) -> Iterator[str]:
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    if (rich.code, rich.message) != (answer.code and answer.code.value[0], answer.text):
        yield "the details have another code or message"
    if not any(detail.Unpack(info) for detail in rich.details):
        yield "no ErrorInfo"
    if REASONS.get(info.reason) is not answer.code:
        yield f"the reason {info.reason} with {answer.code and answer.code.name}"
    if info.domain != errors.DOMAIN:
        yield f"the domain {info.domain}"
    if not info.metadata["request_id"] or info.metadata["request_id"] != answer.trailers.get(errors.REQUEST_ID):
        yield "the request id of the details is not that of the trailers"
    if answer.code is grpc.StatusCode.INVALID_ARGUMENT and not any(detail.Unpack(bad) for detail in rich.details):
        yield "INVALID_ARGUMENT without a field"
    for violation in bad.field_violations:
        if internals := _INTERNALS.search(violation.description):
            yield f"internals in a violation: {internals.group()}"
