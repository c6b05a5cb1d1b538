"""Select the markets of a venue to track, and give each the same symbol on every venue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from virtuoso.domain.model import SYMBOL_PATTERN, Instrument
from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS
from virtuoso.exchange.rows import count_absent, count_accepted, count_refused, positive, row_time, without_contradictions

_MULTIPLIED = (
    re.compile(r"(?P<n>10{3,})(?P<base>\D.*)"),  # 1000SHIB, 10000X; but 1INCH and 100X are complete names
    re.compile(r"(?P<n>1M)(?P<base>[^\W\d_]{3,}.*)"),  # 1MBABYDOGE
    re.compile(r"(?P<base>.*\D)(?P<n>10{3,})"),  # SHIB1000
)


def base_and_multiplier(base: str) -> tuple[str, int]:
    """Return (asset, multiplier), such as ("SHIB", 1000) for 1000SHIB and for SHIB1000. One unit of the market is
    `multiplier` units of the asset."""
    for pattern in _MULTIPLIED:
        if match := pattern.fullmatch(base):
            return match["base"], 1_000_000 if match["n"] == "1M" else int(match["n"])
    return base, 1


def is_active_perpetual(market: Mapping[str, Any]) -> bool:
    """Return True if one of ccxt's markets is an active USDT linear perpetual."""
    perpetual = market.get("swap") and market.get("linear") and market.get("settle") == market.get("quote") == "USDT"
    return bool(perpetual) and market.get("active") is not False


def instruments_of(markets: Iterable[Mapping[str, Any]], received_ms: int, *, ticks: bool = True) -> dict[str, Instrument]:
    """Return the active USDT linear perpetuals among ccxt's markets, by symbol.

    Refuse and count markets without a name, markets whose symbol does not match our pattern, and markets of one symbol that
    contradict each other. With `ticks`, ccxt's price precision is a tick size. Otherwise it is a number of digits. A
    listing time that is not plausible at `received_ms` is absent.
    """
    named: list[tuple[str, tuple[Instrument, object]]] = []
    for market in markets:
        if not is_active_perpetual(market):
            continue
        name, symbol = market.get("id"), ""
        if isinstance(name, str) and isinstance(market.get("symbol"), str):
            symbol = name if SYMBOL_PATTERN.fullmatch(name) else f"{market.get('base')}USDT"
        if not SYMBOL_PATTERN.fullmatch(symbol):
            count_refused("instrument_symbol")
        else:
            base, multiplier = base_and_multiplier(str(market.get("base")))
            tick = positive((market.get("precision") or {}).get("price"))
            listed_ms = row_time(market.get("created"), received_ms + MAX_CLOCK_LEAD_MS)
            if listed_ms is None and market.get("created") is not None:
                count_absent("instrument_time")
            instrument = Instrument(
                symbol=symbol,
                venue_symbol=str(market["symbol"]),
                base_asset=base,
                multiplier=multiplier,
                tick_size=tick if ticks else None,
                listed_ms=listed_ms,
            )
            named.append((symbol, (instrument, market.get("contractSize"))))
    instruments = {symbol: instrument for symbol, (instrument, _) in without_contradictions(named, "instrument").items()}
    count_accepted("instrument", len(instruments))
    return instruments
