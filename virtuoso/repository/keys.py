"""All repository keys. No other module builds keys.

A key is printable ASCII without spaces and shorter than 210 bytes, for symbols of any script. It therefore fits into a file
name and into memcached keys, which are limited to 250 bytes including the suffix of chunks.
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


def markets(venue: str) -> str:
    """Return the key of the list of a venue's markets."""
    return f"virtuoso:v1:markets:{_part(venue)}"


def series(venue: str, symbol: str) -> str:
    """Return the key of the series of one market."""
    return f"virtuoso:v1:series:{_part(venue)}:{_part(symbol)}"


def liquidations(venue: str) -> str:
    """Return the key of the past liquidations of a venue's markets."""
    return f"virtuoso:v1:liquidations:{_part(venue)}"


def lease() -> str:
    """Return the key of the lease of the active collector."""
    return "virtuoso:v1:lease"


def standby() -> str:
    """Return the key at which a standby collector announces that it can take over."""
    return "virtuoso:v1:standby"


def trial() -> str:
    """Return the key of a value that is only written to test a repository."""
    return "virtuoso:v1:trial"


def _part(text: str) -> str:
    """Return the percent-encoded text, or "#" and its hash if that is too long.

    A percent-encoded text never contains "#", so the two forms cannot collide."""
    encoded = quote(text, safe="")
    if len(encoded) <= _LONGEST_PART:
        return encoded
    return "#" + blake2b(text.encode(), digest_size=16).hexdigest()
