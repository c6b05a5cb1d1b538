"""The day's largest moves of a venue."""

from __future__ import annotations

import math
from collections.abc import Mapping

from virtuoso.domain.model import Mover, Ticker

FLOOR_USD = 500_000.0


def movers(tickers: Mapping[str, Ticker], floor_usd: float = FLOOR_USD) -> tuple[tuple[Mover, ...], tuple[Mover, ...]]:
    """(gainers, losers) of a venue's tickers with at least `floor_usd` of turnover over 24 hours (USDT taken as USD): all
    that rose, largest percentage first, and all that fell, largest first; ties by symbol. The percentage is the ticker's
    own. Tickers without it (new listings) or without turnover are left out; either side may be empty."""
    moved = [
        Mover(symbol=t.symbol, price=t.last, change_24h_percent=t.change_24h_percent, turnover_24h=t.turnover_24h)
        for t in tickers.values()
        if t.change_24h_percent is not None and t.turnover_24h is not None and t.turnover_24h >= floor_usd
        if math.isfinite(t.change_24h_percent) and math.isfinite(t.last)
    ]
    gainers = sorted((m for m in moved if m.change_24h_percent > 0), key=lambda m: (-m.change_24h_percent, m.symbol))
    losers = sorted((m for m in moved if m.change_24h_percent < 0), key=lambda m: (m.change_24h_percent, m.symbol))
    return tuple(gainers), tuple(losers)
