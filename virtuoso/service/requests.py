"""Decode and validate requests. The cost is proportional to the size of the request, whatever its content.

The size is checked against the limits of the contract before the request is decoded. Counts and lengths are checked before
the content. Validation stops at the first violation. The reply describes this violation and a few after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from protovalidate import Violation, collect_violations

from virtuoso.domain.errors import InvalidField
from virtuoso.service import market_list_reader
from virtuoso.service.view import ORDERABLE

# The largest size of a tag, a length and a number, or of a timestamp.
FIELD_BYTES = 32
# The space for fields that a newer client may send.
UNKNOWN_FIELDS_BYTES = 4096
# The maximum number of violations in one reply. Describing one costs as much as checking twenty values.
MAX_VIOLATIONS = 3
# The text for a rule that is a pattern or a number, by field.
ALLOWED = {
    "symbol": 'letters and digits that end in USDT, such as "BTCUSDT"',
    "symbols": 'letters and digits that end in USDT, such as "BTCUSDT"; at most 500',
    "ListMarketsRequest.order_by": f'a field, then " asc" or " desc": symbol, {", ".join(market_list_reader.ORDERABLE)}',
    "order_by": f'a field, then " asc" or " desc": symbol, {", ".join(ORDERABLE)}',
    "query": 'letters and digits of a symbol, such as "SOL"',
    "timeframe": "TIMEFRAME_1M, TIMEFRAME_5M, TIMEFRAME_15M, TIMEFRAME_30M, TIMEFRAME_1H, TIMEFRAME_4H, TIMEFRAME_1D",
    "side": "SIDE_LONG, SIDE_SHORT",
    "kinds": "the kinds of the contract except the unspecified one; at most 32",
    "min_level": "ALERT_LEVEL_INFO, ALERT_LEVEL_WARNING, ALERT_LEVEL_CRITICAL",
    "cursor": "the digits of a cursor from an earlier reply",
    "resolution": "a duration of 0 or more",
}
RequestT = TypeVar("RequestT", bound=Message)


def reader(kind: type[RequestT]) -> Callable[[bytes], RequestT]:
    """Return a function that decodes and validates a `kind`. The function raises InvalidField."""
    empty, has_fields, limits = kind(), bool(kind.DESCRIPTOR.fields), RequestLimits(kind)

    def read(raw: bytes) -> RequestT:
        if not raw and not has_fields:
            return empty
        if len(raw) > limits.size:
            raise InvalidField([("", f"the request has {len(raw)} bytes; expected at most {limits.size}")])
        try:
            request = kind.FromString(raw)
        except DecodeError as error:
            raise InvalidField([("", f"the request is not a {kind.DESCRIPTOR.full_name}")]) from error
        if exceeded := list(limits.exceeded(request)):
            raise InvalidField(exceeded, more=True)
        if violations := collect_violations(request, fail_fast=True):
            raise _invalid(request, violations[0])
        return request

    return read


class RequestLimits:
    """The size limits of a message according to its validation rules.

    `size`: the bytes of the largest valid message plus UNKNOWN_FIELDS_BYTES."""

    def __init__(self, kind: type[Message]) -> None:
        self.size = UNKNOWN_FIELDS_BYTES
        self._limits: list[tuple[str, int, str]] = []
        for field in kind.DESCRIPTOR.fields:
            rules = field.GetOptions().Extensions[validate_pb2.field]
            text = rules.repeated.items.string if field.is_repeated else rules.string
            if field.is_repeated and not rules.repeated.max_items:
                raise AssertionError(f"{field.full_name} needs max_items")
            if field.type == FieldDescriptor.TYPE_STRING and not text.max_len:
                raise AssertionError(f"{field.full_name} needs max_len")
            self.size += (rules.repeated.max_items if field.is_repeated else 1) * (FIELD_BYTES + 4 * text.max_len)
            if field.is_repeated:
                self._limits.append((field.name, rules.repeated.max_items, "items"))
            elif text.max_len:
                self._limits.append((field.name, text.max_len, "characters"))

    def exceeded(self, request: Message) -> Iterator[tuple[str, str]]:
        """Yield (field, description with the limit) for each field that is over its limit."""
        for name, limit, unit in self._limits:
            count = len(getattr(request, name))
            if count > limit:
                yield name, f"{count} {unit} are too many; expected at most {limit}"


def _invalid(request: Message, first: Violation) -> InvalidField:
    """Return the error with the first violation and the few that follow it."""
    elements = first.proto.field.elements if first.proto.field else []
    subscript = elements[0].subscript if elements else None
    field, start = (elements[0].field_name, int(subscript.value)) if subscript else ("", 0)
    shortened, more = type(request)(), False
    shortened.CopyFrom(request)
    for repeated in (descriptor.name for descriptor in request.DESCRIPTOR.fields if descriptor.is_repeated):
        values, begin = getattr(shortened, repeated), start if repeated == field else 0
        more = more or len(values) > begin + MAX_VIOLATIONS
        del values[begin + MAX_VIOLATIONS :]
        del values[:begin]
    violations = collect_violations(shortened)
    descriptions = list(
        dict.fromkeys(
            _describe(violation, request.DESCRIPTOR.name, {field: start}) for violation in violations[:MAX_VIOLATIONS]
        )
    )
    return InvalidField(descriptions, more=more or len(violations) > MAX_VIOLATIONS)


def _describe(violation: Violation, request: str, offsets: Mapping[str, int]) -> tuple[str, str]:
    """Return (path of the field, description with the value and what is allowed).

    `request`: the name of its message. `offsets`: the number of items that were omitted at the start, by field."""
    elements = violation.proto.field.elements if violation.proto.field else []
    path = ".".join(
        element.field_name
        + (f"[{int(element.subscript.value) + offsets.get(element.field_name, 0)}]" if element.subscript else "")
        for element in elements
    )
    name = elements[-1].field_name if elements else ""
    value = violation.field_value
    shown = "" if value is None or isinstance(value, (list, tuple, Mapping)) else f"{_truncate(value)!r:.80} "
    allowed = ALLOWED.get(f"{request}.{name}", ALLOWED.get(name))
    if allowed:
        return path, f"{shown}is not allowed; expected {allowed}"
    return path, f"{shown}{violation.proto.message}"


def _truncate(value: object) -> object:
    return value[:80] if isinstance(value, (str, bytes)) else value
