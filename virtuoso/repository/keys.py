"""Every key, built here and nowhere else.

A key is printable ASCII without spaces and under 210 bytes, whatever the symbol's script: fit for memcached (250 bytes, of
which chunks need a few) and for the name of a file.
"""

from __future__ import annotations

from hashlib import blake2b
from urllib.parse import quote

HEAD = "virtuoso:v1:head"

_LONGEST_PART = 60


def snapshot(snapshot_id: str) -> str:
    """Of the blob of one snapshot."""
    return f"virtuoso:v1:snapshot:{_part(snapshot_id)}"


def candles(venue: str, symbol: str, timeframe: str) -> str:
    """Of one symbol's bars; `timeframe` as `Timeframe.value`, such as "5m"."""
    return f"virtuoso:v1:candles:{_part(venue)}:{_part(symbol)}:{_part(timeframe)}"


def lease() -> str:
    """Of the lease that the working collector holds."""
    return "virtuoso:v1:lease"


def trial() -> str:
    """Of a value that is written only to see whether it can be."""
    return "virtuoso:v1:trial"


def _part(text: str) -> str:
    """Percent-encoded; hashed when that is too long. "#" is never the outcome of the encoding, so the two cannot meet."""
    encoded = quote(text, safe="")
    if len(encoded) <= _LONGEST_PART:
        return encoded
    return "#" + blake2b(text.encode(), digest_size=16).hexdigest()
