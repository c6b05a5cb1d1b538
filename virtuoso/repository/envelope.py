"""The envelope of every value that leaves the process. It detects stored bytes that are damaged or not from this product.

It consists of 40 bytes before the value, big-endian: magic "VRTS", format version, 3 zero bytes, expiry in epoch
milliseconds (0: the store itself expires the value), length of the value, BLAKE2b-128 of these fields and the value.
"""

from __future__ import annotations

import struct
from hashlib import blake2b

from virtuoso.domain.errors import CorruptValue, RepositoryError

MAX_VALUE_BYTES = 64 * 1024 * 1024

_MAGIC = b"VRTS"
_VERSION = 1
_FIELDS = struct.Struct(">4sB3xqQ")
_DIGEST_BYTES = 16
HEADER_BYTES = _FIELDS.size + _DIGEST_BYTES


def seal(value: bytes, expires_ms: int = 0) -> bytes:
    """Return the value in its envelope. Raise RepositoryError when it is larger than 64 MiB."""
    check_size(value)
    fields = _FIELDS.pack(_MAGIC, _VERSION, expires_ms, len(value))
    return b"".join((fields, _checksum(fields, value), value))


def unseal(blob: bytes) -> tuple[bytes, int]:
    """Return the value and its expiry in epoch milliseconds. Raise CorruptValue unless `seal` produced this blob."""
    expires_ms, length = read_header(blob)
    if len(blob) - HEADER_BYTES != length:
        raise CorruptValue(f"{len(blob) - HEADER_BYTES} bytes, expected {length}")
    value = blob[HEADER_BYTES:]
    if _checksum(blob[: _FIELDS.size], value) != blob[_FIELDS.size : HEADER_BYTES]:
        raise CorruptValue("the checksum is wrong")
    return value, expires_ms


def read_header(start: bytes) -> tuple[int, int]:
    """Return expiry and length from the first `HEADER_BYTES` bytes, without the value. Raise CorruptValue if they are
    invalid."""
    if len(start) < HEADER_BYTES:
        raise CorruptValue("shorter than an envelope")
    magic, version, expires_ms, length = _FIELDS.unpack_from(start)
    if magic != _MAGIC:
        raise CorruptValue("not an envelope of this product")
    if version != _VERSION:
        raise CorruptValue(f"format version {version}, expected {_VERSION}")
    return expires_ms, length


def check_size(value: bytes) -> None:
    """Raise RepositoryError when the value is larger than 64 MiB, the limit of all repositories."""
    if len(value) > MAX_VALUE_BYTES:
        raise RepositoryError(f"a value of {len(value)} bytes is larger than the maximum of {MAX_VALUE_BYTES}")


def _checksum(fields: bytes, value: bytes) -> bytes:
    digest = blake2b(fields, digest_size=_DIGEST_BYTES)
    digest.update(value)
    return digest.digest()
