"""The largest moves of a venue within a day."""

from __future__ import annotations

import math
from collections.abc import Mapping

from virtuoso.domain.model import Ticker
from virtuoso.domain.snapshot import Mover

MIN_TURNOVER_USD = 500_000.0


def movers(
    tickers: Mapping[str, Ticker], min_turnover_usd: float = MIN_TURNOVER_USD
) -> tuple[tuple[Mover, ...], tuple[Mover, ...]]:
    """Return (gainers, losers) among the tickers with a 24-hour turnover of at least `min_turnover_usd` (USDT counts as
    USD). Each side lists the largest percentage first, and ties by symbol. Either side may be empty.

    The percentage comes from the ticker. A ticker without a percentage (a new listing) or without turnover is left out."""
    moved = [
        Mover(
            symbol=t.symbol,
            price=t.last,
            change_24h_percent=t.change_24h_percent,
            turnover_24h=t.turnover_24h,
            tick_size=t.tick_size,
        )
        for t in tickers.values()
        if t.change_24h_percent is not None and t.turnover_24h is not None and t.turnover_24h >= min_turnover_usd
        if math.isfinite(t.change_24h_percent) and math.isfinite(t.last)
    ]
    gainers = sorted((m for m in moved if m.change_24h_percent > 0), key=lambda m: (-m.change_24h_percent, m.symbol))
    losers = sorted((m for m in moved if m.change_24h_percent < 0), key=lambda m: (m.change_24h_percent, m.symbol))
    return tuple(gainers), tuple(losers)
