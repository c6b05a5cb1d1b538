"""The text of a price, with the digits that the exchange shows. The web page has the same rules in its format.ts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

SIGNIFICANT_DIGITS = 8
"""The number of digits of a price whose tick size is unknown. Zeros at the end are left out."""
TICK_DIGITS = 3
"""The number of significant digits of a tick size. A venue lists one of 0.1000000015, which means 0.1."""


def price_text(price: float, tick_size: float | None = None) -> str:
    """Return a price above 0 in USDT, such as "119,876.5" or "0.0000712". It never has an exponent.

    The price is rounded to the tick size and has the decimals of the tick size. Without a tick size, or below half a tick,
    it is rounded to 8 significant digits."""
    value = Decimal(repr(float(price)))
    if tick_size is not None:
        tick = Decimal(repr(float(tick_size))).normalize()
        ticks = (value / tick).to_integral_value(ROUND_HALF_EVEN)
        if ticks > 0:
            exponent = Context(prec=TICK_DIGITS).create_decimal(tick).normalize().as_tuple().exponent
            return f"{ticks * tick:,.{max(0, -int(exponent))}f}"
    rounded = Context(prec=SIGNIFICANT_DIGITS).create_decimal(value)
    return f"{rounded.normalize():,f}"


def common_tick(prices: Iterable[float]) -> float | None:
    """Return the power of ten of which all prices are multiples, at most 1: their tick size, as far as their digits show it.

    Prices with more than 8 significant digits are on no tick and are left out. Return None without others."""
    exact = [Decimal(repr(float(price))).normalize().as_tuple() for price in prices]
    exponents = [int(each.exponent) for each in exact if len(each.digits) <= SIGNIFICANT_DIGITS]
    return float(f"1e{min(0, *exponents)}") if exponents else None
