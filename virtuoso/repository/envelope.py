"""The envelope around every value that leaves the process: it tells a whole value of ours from anything else.

40 bytes before the value, big-endian: magic "VRTS", format version, 3 zero bytes, expiry in epoch milliseconds (0: the
repository itself sees to it), length of the value, BLAKE2b-128 of all of that and the value.
"""

from __future__ import annotations

import struct
from hashlib import blake2b

from virtuoso.domain.errors import CorruptValue, RepositoryError

LARGEST_VALUE = 64 * 1024 * 1024

_MAGIC = b"VRTS"
_VERSION = 1
_FIELDS = struct.Struct(">4sB3xqQ")
_DIGEST = 16
HEADER = _FIELDS.size + _DIGEST


def seal(value: bytes, expires_ms: int = 0) -> bytes:
    """The value in its envelope. RepositoryError when it is larger than 64 MiB."""
    refuse_giant(value)
    fields = _FIELDS.pack(_MAGIC, _VERSION, expires_ms, len(value))
    return b"".join((fields, _checksum(fields, value), value))


def unseal(blob: bytes) -> tuple[bytes, int]:
    """The value and its expiry in epoch milliseconds. CorruptValue when the blob is not exactly what `seal` made."""
    expires_ms, length = peek(blob)
    if len(blob) - HEADER != length:
        raise CorruptValue(f"{len(blob) - HEADER} bytes where {length} should be")
    value = blob[HEADER:]
    if _checksum(blob[: _FIELDS.size], value) != blob[_FIELDS.size : HEADER]:
        raise CorruptValue("the checksum is wrong")
    return value, expires_ms


def peek(start: bytes) -> tuple[int, int]:
    """Expiry and length as the first `HEADER` bytes say, the value unread. CorruptValue when they are not a header."""
    if len(start) < HEADER:
        raise CorruptValue("shorter than an envelope")
    magic, version, expires_ms, length = _FIELDS.unpack_from(start)
    if magic != _MAGIC:
        raise CorruptValue("not an envelope of ours")
    if version != _VERSION:
        raise CorruptValue(f"format version {version}, and this is {_VERSION}")
    return expires_ms, length


def refuse_giant(value: bytes) -> None:
    """RepositoryError when the value is larger than any repository takes."""
    if len(value) > LARGEST_VALUE:
        raise RepositoryError(f"a value of {len(value)} bytes is larger than {LARGEST_VALUE}")


def _checksum(fields: bytes, value: bytes) -> bytes:
    digest = blake2b(fields, digest_size=_DIGEST)
    digest.update(value)
    return digest.digest()
