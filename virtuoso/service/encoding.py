"""Join encoded protobuf messages without decoding them. A chunk is the length of a message and its bytes. It follows the tag
of a field and does not depend on the field number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.message import Message

_LENGTH_DELIMITED = 2


def chunk(payload: bytes) -> bytes:
    """Return the length of `payload` as a varint, then `payload`."""
    length, prefix = len(payload), bytearray()
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + payload


def chunk_of(message: Message) -> bytes:
    """Return the chunk of a message. Equal messages give equal chunks."""
    return chunk(message.SerializeToString(deterministic=True))


def field(number: int, chunks: Iterable[bytes]) -> bytes:
    """Return the chunks, each as field `number` (1-15) of the outer message, or b"" without chunks."""
    tag = bytes((number << 3 | _LENGTH_DELIMITED,))
    body = tag.join(chunks)
    return tag + body if body else b""


def high_field(number: int, encoded: bytes) -> bytes:
    """Return the chunk as field `number` (16-2047) of the outer message."""
    tag = number << 3 | _LENGTH_DELIMITED
    return bytes((tag & 0x7F | 0x80, tag >> 7)) + encoded


def payload(encoded: bytes) -> bytes:
    """Return the bytes of the message in a chunk."""
    start = 0
    while encoded[start] & 0x80:
        start += 1
    return encoded[start + 1 :]


def is_single_field(message: bytes) -> bool:
    """Return True when `message` is exactly one field of type string, bytes or message, shorter than 2 MiB."""
    length, at, shift = 0, 1, 0
    for byte in message[1:4]:
        length |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            break
    return len(message) == at + length


def text(number: int, value: str) -> bytes:
    """Return a string as field `number`, or b"" for the empty string, which is the default."""
    return field(number, (chunk(value.encode()),)) if value else b""


def varint(number: int, value: int) -> bytes:
    """Return an unsigned number or enum as field `number`, or b"" for 0, which is the default."""
    if not value:
        return b""
    encoded = bytearray((number << 3,))
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
