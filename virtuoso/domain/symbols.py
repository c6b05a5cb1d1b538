"""The parts of a symbol: the base asset and the multiplier.

The multiplier is the number of units of the asset in one unit of the market. The two parts identify a market on every venue:
SHIB1000USDT of one venue is 1000SHIBUSDT of another."""

from __future__ import annotations

import re

QUOTE = "USDT"
MILLION = "1M"
# The previous system sent rows with this name when it had no data.
PLACEHOLDERS = frozenset({"SYSTEM_STATUS"})
_PREFIX = re.compile(r"(10{3,}(?=\D)|1M(?=..))(.+)")
_SUFFIX = re.compile(r"(.*\D)(10{3,})")


def is_placeholder(symbol: str) -> bool:
    """Return True for a name that means missing data and is not a market. The case does not matter."""
    return symbol.upper() in PLACEHOLDERS


def split_symbol(symbol: str) -> tuple[str, int]:
    """Return (base asset, multiplier) of a symbol: ("SHIB", 1000) for "SHIB1000USDT".

    A multiplier is a power of ten, at least 1000, before or after the asset, or "1M" before it. Any other number is part of
    the asset: ("1INCH", 1)."""
    base = symbol.removesuffix(QUOTE) or symbol
    if match := _PREFIX.fullmatch(base):
        return match[2], 1_000_000 if match[1] == MILLION else int(match[1])
    if match := _SUFFIX.fullmatch(base):
        return match[1], int(match[2])
    return base, 1
