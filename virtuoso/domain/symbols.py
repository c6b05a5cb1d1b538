"""The parts of a symbol: the asset, and how many units of it one unit of the market stands for. They identify a market on
every venue: SHIB1000USDT of one venue is 1000SHIBUSDT of another."""

from __future__ import annotations

import re

QUOTE = "USDT"
MILLION = "1M"
PLACEHOLDERS = frozenset({"SYSTEM_STATUS"})  # the former system sent rows of this name when it had no data
_PREFIX = re.compile(r"(10{3,}(?=\D)|1M(?=..))(.+)")
_SUFFIX = re.compile(r"(.*\D)(10{3,})")


def is_placeholder(symbol: str) -> bool:
    """Return True for a name that stands for missing data and not for a market, in upper or lower case."""
    return symbol.upper() in PLACEHOLDERS


def split_symbol(symbol: str) -> tuple[str, int]:
    """Return (base asset, multiplier) of a symbol: ("SHIB", 1000) of "SHIB1000USDT". A multiplier is a power of ten from
    1000 on, before or after the asset, or "1M" before it. Any other number belongs to the asset: ("1INCH", 1)."""
    base = symbol.removesuffix(QUOTE) or symbol
    if match := _PREFIX.fullmatch(base):
        return match[2], 1_000_000 if match[1] == MILLION else int(match[1])
    if match := _SUFFIX.fullmatch(base):
        return match[1], int(match[2])
    return base, 1
