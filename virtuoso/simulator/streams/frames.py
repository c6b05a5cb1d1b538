"""WebSocket frames (RFC 6455) from a server. A message is encoded once for all its receivers."""

from __future__ import annotations

TEXT, BINARY, PING, PONG = 1, 2, 9, 10


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """Return a frame with a whole message."""
    size, first = len(payload), 0x80 | kind
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload
