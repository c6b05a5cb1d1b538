"""Names of dimensions, components, inputs and units. The web page has the same names."""

from __future__ import annotations

from collections.abc import Sequence

from virtuoso.top import words

# The names that differ from those of the service by more than spaces.
COMPONENTS = {
    "accounts": "Long/short accounts",
    "adx": "ADX",
    "cci": "CCI",
    "delta_change": "Change of delta",
    "donchian": "Donchian channel",
    "funding": "Funding rate",
    "imbalance_middle": "Imbalance farther out",
    "imbalance_near": "Imbalance near the price",
    "imbalance_wide": "Imbalance far out",
    "macd": "MACD",
    "money_flow": "Chaikin money flow",
    "on_balance_volume": "On-balance volume",
    "positioning": "Price move with open interest",
    "premium": "Premium over the index",
    "pressure": "Book pressure",
    "room": "Distance to support and resistance",
    "rsi": "RSI",
    "slope": "Slope of the book",
    "trade_counts": "Number of trades",
    "vwap_distance": "Distance to VWAP",
    "williams_r": "Williams %R",
}
INPUTS = {"book_flow": "changes of the order book", "long_short": "long/short accounts"}
TIMEFRAMES = {"1m": "1 min", "5m": "5 min", "30m": "30 min", "4h": "4 h"}
UNITS = {
    "percent": "%",
    "percent a day": "% a day",
    "ratio": "",
    "share": "",
    "correlation": "",
    "beta": "",
    "deviations": " σ",
    "log ratio": " log",
}


def dimension(kind: int) -> str:
    """Return the name of a dimension."""
    known = words.DIMENSION_NAMES
    return known[kind - 1] if 1 <= kind <= len(known) else "Another dimension"


def component(name: str) -> str:
    """Return the name of a component with the length of its bars: "RSI 5 min" for "rsi_5m"."""
    base, _, end = name.rpartition("_")
    bars = TIMEFRAMES.get(end)
    base = base if bars else name
    spaced = base.replace("_", " ")
    return f"{COMPONENTS.get(base, f'{spaced[:1].upper()}{spaced[1:]}')}{f' {bars}' if bars else ''}"


def input_name(name: str) -> str:
    """Return the name of an input within a sentence: "5 min candles" for "candles_5m"."""
    bars = TIMEFRAMES.get(name.removeprefix("candles_")) if name.startswith("candles_") else None
    return f"{bars} candles" if bars else INPUTS.get(name, name.replace("_", " "))


def listed(texts: Sequence[str]) -> str:
    """Return names within a sentence: "a, b and c"."""
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else "".join(texts)


def reading(value: float, unit: str) -> str:
    """Return a reading with its unit, with about three significant digits and at most two decimals."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}{UNITS.get(unit, f' {unit}' if unit else '')}"
