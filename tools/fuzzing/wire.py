"""Bytes of the protobuf wire format, also bytes that no encoder writes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

VARINT, FIXED64, BYTES, START_GROUP, END_GROUP, FIXED32 = range(6)
MAX_FIELD_NUMBER = (1 << 29) - 1
# The limits of the integer types of protobuf, and the values beside them.
NUMBERS = (0, 1, 2, 32, 99, 127, 128, 500, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def varint(value: int) -> bytes:
    """Return a number of 64 bits. A negative one has ten bytes."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, wire_type: int) -> bytes:
    """Return the start of a field."""
    return varint(number << 3 | wire_type)


def field(number: int, content: bytes) -> bytes:
    """Return a text, bytes or a message as a field."""
    return tag(number, BYTES) + varint(len(content)) + content


def size(rng: Random, largest: int) -> int:
    """Return a size from 1 to `largest`. Each power of two is equally likely."""
    return int(2 ** rng.uniform(0, largest.bit_length() - 1))


def repeat(content: bytes, length: int) -> bytes:
    """Return as many copies as fit into `length`, but at least one."""
    return content * max(1, length // max(1, len(content)))


def any_field(rng: Random, number: int, room: int) -> bytes:
    """Return a field of a random wire type."""
    wire_type = rng.choice((VARINT, FIXED64, BYTES, BYTES, START_GROUP, END_GROUP, FIXED32, 6, 7))
    if wire_type == BYTES:
        return field(number, rng.randbytes(size(rng, min(room, 4096))))
    content = {VARINT: varint(rng.choice(NUMBERS)), FIXED64: rng.randbytes(8), FIXED32: rng.randbytes(4)}
    return tag(number, wire_type) + content.get(wire_type, b"")


def _truncated(rng: Random, raw: bytes, _: int) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def _flipped(rng: Random, raw: bytes, _: int) -> bytes:
    changed = bytearray(raw or b"\0")
    for _flip in range(rng.choice((1, 1, 2, 8))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _inserted(rng: Random, raw: bytes, room: int) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + rng.randbytes(size(rng, min(room, 64))) + raw[at:]


def _shortened(rng: Random, raw: bytes, _: int) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + raw[at + rng.randrange(8) :]


def _multiplied(rng: Random, raw: bytes, room: int) -> bytes:
    """Every field many times: the last value counts, messages are merged, lists grow."""
    return repeat(raw or b"\x08\x00", size(rng, room))


def _unknown_fields(rng: Random, raw: bytes, room: int) -> bytes:
    number = rng.choice((rng.randrange(1, 40), 15, 16, 1000, 19_000, MAX_FIELD_NUMBER))
    return raw + repeat(any_field(rng, number, room), size(rng, room))


def _wrong_type(rng: Random, raw: bytes, room: int) -> bytes:
    return any_field(rng, rng.randrange(8), room) + raw


def _groups(rng: Random, raw: bytes, room: int) -> bytes:
    """Groups within groups, closed or not."""
    number, depth = rng.randrange(1, 40), size(rng, room // 2)
    return raw + tag(number, START_GROUP) * depth + tag(number, END_GROUP) * rng.choice((depth, depth, depth - 1, 0))


def _nested(rng: Random, raw: bytes, room: int) -> bytes:
    """A message within a message, many times."""
    number, content = rng.randrange(1, 8), raw
    for _level in range(size(rng, min(300, room // 8))):
        if len(content) > room:
            break
        content = field(number, content)
    return content


def _long_varint(rng: Random, raw: bytes, room: int) -> bytes:
    length = rng.choice((9, 10, 11, size(rng, room)))
    return raw + tag(rng.randrange(1, 8), VARINT) + b"\x80" * length + bytes((rng.randrange(256),))


def _long_length(rng: Random, raw: bytes, _: int) -> bytes:
    """A length that is larger than what follows."""
    return raw + tag(rng.randrange(1, 8), BYTES) + varint(rng.choice(NUMBERS)) + rng.randbytes(4)


def _strange_tag(rng: Random, raw: bytes, _: int) -> bytes:
    return raw + rng.choice((b"\0", varint(MAX_FIELD_NUMBER + 1 << 3), b"\xff" * 5, b"\xff" * 10, b"\x80" * 10 + b"\0"))


def _packed(rng: Random, raw: bytes, room: int) -> bytes:
    """A list of numbers in one field."""
    return raw + field(rng.randrange(1, 8), repeat(varint(rng.choice(NUMBERS)), size(rng, room)))


ALTERATIONS: tuple[Callable[[Random, bytes, int], bytes], ...] = (
    _truncated,
    _flipped,
    _inserted,
    _shortened,
    _multiplied,
    _unknown_fields,
    _wrong_type,
    _groups,
    _nested,
    _long_varint,
    _long_length,
    _strange_tag,
    _packed,
)


def altered(rng: Random, raw: bytes, room: int) -> tuple[str, bytes]:
    """Return (the names of the alterations, the altered bytes). Each adds about `room` bytes at most."""
    names = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        alteration = rng.choice(ALTERATIONS)
        names.append(alteration.__name__.strip("_"))
        raw = alteration(rng, raw, room)
    return "+".join(names), raw
