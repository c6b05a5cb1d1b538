"""Numbers in text, as in JSON. Python's float() and int() also accept "1_000", " 1 ", "nan" and digits of other scripts."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")  # more digits would not fit into 64 bits


def parse_number(text: str) -> float:
    """Return the number in `text`, infinite if it is too large. Raise ValueError if `text` is not a number."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:80]!r} is not a number")
    return float(text)


def parse_whole(text: str) -> int:
    """Return the whole number in `text`. Raise ValueError if `text` is not one of at most 18 digits."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text[:80]!r} is not a whole number")
    return int(text)
