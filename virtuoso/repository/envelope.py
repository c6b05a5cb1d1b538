"""The envelope of every value that leaves the process. It detects stored bytes that are damaged or not from this cluster.

It consists of 40 bytes before the value, big-endian: magic "VRTS", format version, 3 zero bytes, expiry in epoch
milliseconds (0: the store itself expires the value), length of the value, and a code of 16 bytes. The code is BLAKE2b over
these fields, the name of the value and the value. With a cluster key it is a keyed code, so nobody without the key can write
a value that is accepted. The name is part of the code, so a value cannot be moved to another name.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from hashlib import blake2b
from hmac import compare_digest

from virtuoso.domain.errors import CorruptValue, RepositoryError

MAX_VALUE_BYTES = 16 * 1024 * 1024

_MAGIC = b"VRTS"
_VERSION = 2
_FIELDS = struct.Struct(">4sB3xqQ")
_CODE_BYTES = 16
HEADER_BYTES = _FIELDS.size + _CODE_BYTES


class Envelope:
    """The envelope of a cluster. The first of `keys` seals, and all of them unseal, so that keys can be rotated.

    Without keys, the code only detects damage. A key is text of any length."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._keys = [blake2b(key.encode(), digest_size=32).digest() for key in keys] or [b""]

    def seal(self, name: str, value: bytes, expires_ms: int = 0) -> bytes:
        """Return the value in its envelope. Raise RepositoryError when it is larger than MAX_VALUE_BYTES."""
        check_size(value)
        fields = _FIELDS.pack(_MAGIC, _VERSION, expires_ms, len(value))
        return b"".join((fields, _code(self._keys[0], fields, name, value), value))

    def unseal(self, name: str, blob: bytes) -> tuple[bytes, int]:
        """Return the value and its expiry in epoch milliseconds. Raise CorruptValue unless this cluster sealed it under this
        name."""
        expires_ms, length = read_header(blob)
        if len(blob) - HEADER_BYTES != length:
            raise CorruptValue(f"{len(blob) - HEADER_BYTES} bytes, expected {length}")
        fields, code, value = blob[: _FIELDS.size], blob[_FIELDS.size : HEADER_BYTES], blob[HEADER_BYTES:]
        if not any(compare_digest(_code(key, fields, name, value), code) for key in self._keys):
            raise CorruptValue("its code is wrong: it is damaged, or was written without the key of this cluster")
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
    """Raise RepositoryError when the value is larger than MAX_VALUE_BYTES, the limit of all repositories."""
    if len(value) > MAX_VALUE_BYTES:
        raise RepositoryError(f"a value of {len(value)} bytes is larger than the maximum of {MAX_VALUE_BYTES}")


def _code(key: bytes, fields: bytes, name: str, value: bytes) -> bytes:
    code = blake2b(fields, digest_size=_CODE_BYTES, key=key)
    code.update(name.encode())
    code.update(b"\0")  # ends the name
    code.update(value)
    return code.digest()
