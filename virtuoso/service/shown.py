"""The numbers of a dashboard. Some have few bits, so that a message is small after compression and changes less often. Each
shows the same digits as the exact number: a percentage with up to two decimals, a fraction as a whole percentage or with two
decimals, an amount in USD with up to four digits, the score of a dimension and an instant score with up to one decimal.
Prices and the score of a symbol are exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message

from virtuoso.domain.model import DimensionKind

Row = TypeVar("Row", bound=Message)
Rule = Callable[[float], float]


def dimension(value: float) -> float:
    """Return the multiple of 1/8192 next to a score, which is right to 0.0001. Where other digits would be shown, return the
    score itself. The digits change only at multiples of a twentieth, and such a multiple itself may show either digit."""
    rounded = round(value * 8192) / 8192
    step = rounded * 20
    return rounded if math.floor(step) == math.floor(value * 20) and step != math.floor(step) else value


def percent(value: float) -> float:
    """Return a number that shows the same digits with two decimals, and with fewer. A fraction shows the same percentage.

    The digits change only at multiples of half a hundredth. Such a multiple stays. Any other value becomes a multiple of
    1/512 between the same two."""
    scaled = value * 200
    step = math.floor(scaled)
    return value if step == scaled else round((step + 0.5) / 200 * 512) / 512


def amount(value: float) -> float:
    """Return a number that shows the same four digits, and with fewer. `value` is at least 0."""
    if value < 1:
        return value
    power = 10.0 ** math.floor(math.log10(value))
    step = (power if power <= value else power / 10) / 2000  # half a unit of the fourth digit
    steps = math.floor(value / step)
    return value if steps * step == value else (steps + 0.5) * step


_RULES: Mapping[str, Mapping[str, Rule]] = {
    "ConfluenceRow": {
        "confidence": percent,
        "coverage": percent,
        "instant_score": dimension,
        "change_15m": percent,
        "change_24h_percent": percent,
        "turnover_24h_usd": amount,
        **dict.fromkeys((kind.lower_name for kind in DimensionKind), dimension),
    },
    "Mover": {"change_24h_percent": percent, "turnover_24h_usd": amount},
    "Overview": {
        "regime_confidence": percent,
        "trend_strength": percent,
        "volatility_percent": percent,
        "dispersion_percent": percent,
        "btc_dominance_percent": percent,
        "total_turnover_24h_usd": amount,
    },
    "RegimeInputs": dict.fromkeys(
        (
            "mean_move_percent",
            "breadth",
            "btc_trend",
            "dispersion_percent",
            "btc_volatility_ratio",
            "alts_against_btc_percent",
        ),
        percent,
    ),
    "LiquidationSum": {"long_usd": amount, "short_usd": amount},
}


def shown(message: Row) -> Row:
    """Return a copy of a row, a mover or an overview with the numbers of a dashboard."""
    copy = type(message)()
    copy.CopyFrom(message)
    _round(copy)
    return copy


def _round(message: Any) -> None:
    rules = _RULES.get(message.DESCRIPTOR.name, {})
    for field, value in message.ListFields():
        rule = rules.get(field.name)
        if rule is not None:
            setattr(message, field.name, rule(value))
        elif field.message_type is not None and field.message_type.name in _NESTED:
            for part in value if field.is_repeated else (value,):
                _round(part)


_NESTED = frozenset({"RegimeInputs", "Liquidations", "LiquidationSum"})
