"""Every key. No key is built elsewhere.

A key is printable ASCII without spaces and under 210 bytes, whatever the script of the symbol. So it fits memcached (250
bytes, of which chunks need a few) and the name of a file.
"""

from __future__ import annotations

from hashlib import blake2b
from urllib.parse import quote

HEAD = "virtuoso:v1:head"

_LONGEST_PART = 60


def snapshot(snapshot_id: str) -> str:
    """Return the key of one snapshot."""
    return f"virtuoso:v1:snapshot:{_part(snapshot_id)}"


def candles(venue: str, symbol: str, timeframe: str) -> str:
    """Return the key of one symbol's bars. `timeframe` is `Timeframe.value`, such as "5m"."""
    return f"virtuoso:v1:candles:{_part(venue)}:{_part(symbol)}:{_part(timeframe)}"


def lease() -> str:
    """Return the key of the lease that the working collector holds."""
    return "virtuoso:v1:lease"


def trial() -> str:
    """Return the key of a value that is written only to try out a repository."""
    return "virtuoso:v1:trial"


def _part(text: str) -> str:
    """Return the text percent-encoded, or its hash after "#" when that is too long. No encoding has a "#", so the two never
    collide."""
    encoded = quote(text, safe="")
    if len(encoded) <= _LONGEST_PART:
        return encoded
    return "#" + blake2b(text.encode(), digest_size=16).hexdigest()
