"""Pure functions that parse tickers from ticker rows.

A row without a price is refused. A field that contradicts another field is omitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from virtuoso.domain.errors import BadData, EmptyData
from virtuoso.domain.model import Instrument, Stamp, Ticker
from virtuoso.domain.plausibility import MAX_FUNDING_RATE, MAX_PRICE_DISTANCE
from virtuoso.exchange.rows import count_accepted, count_refused, keyed, mappings, newest, number, positive
from virtuoso.exchange.venues import UNIFIED, PremiumNames, TickerNames


def observed_ms(rows: Any, names: TickerNames) -> int | None:
    """Return the newest time in the rows. Return None when the venue's rows have no time."""
    return newest([number(row.get(names.time)) for row in mappings(rows)]) if names.time else None


def read_tickers(
    rows: Any,
    names: TickerNames,
    instruments: Mapping[str, Instrument],
    stamp: Stamp,
    *,
    premiums: Mapping[str, Mapping[str, Any]],
    premium: PremiumNames,
    contracts: Mapping[str, float] = MappingProxyType({}),
) -> dict[str, Ticker]:
    """Return the tickers of `instruments`, by symbol. The keys of `instruments` are the symbols in the rows. Rows of other
    symbols are ignored.

    `premiums` has rows of mark, index and funding by the same keys, for a venue whose tickers lack them. `contracts` has the
    base units per contract by symbol. The default is 1.

    Raise EmptyData when no row belongs to an instrument, BadData when more than half of these rows have no price.
    """
    by_key = keyed(mappings(rows), names.symbol, "ticker")
    matched = [(instruments[key], row, premiums.get(key)) for key, row in by_key.items() if key in instruments]
    if not matched:
        raise EmptyData(f"no tickers of {len(instruments)} instruments")
    doubtful = any(positive(row.get(names.last)) is None for _, row, _ in matched)  # then 0 also means a missing value
    tickers: dict[str, Ticker] = {}
    for instrument, row, more in matched:
        last = positive(row.get(names.last))
        if last is None:
            count_refused("ticker_price")
            continue
        opened = positive(row.get(names.open))
        change = _change(row, names, last, opened, instrument.tick_size or 0)
        turnover, volume = _traded(row, names, last, opened, contract=contracts.get(instrument.symbol, 1))
        extra, marks = (more, premium) if more is not None else (row, names)
        mark, index = _near(extra.get(marks.mark), last), _near(extra.get(marks.index), last)
        funding = number(extra.get(marks.funding))
        if funding is not None and (abs(funding) > MAX_FUNDING_RATE or (funding == 0 and doubtful)):
            funding = None
        tickers[instrument.symbol] = Ticker(
            symbol=instrument.symbol,
            last=last,
            stamp=stamp,
            tick_size=instrument.tick_size,
            change_24h_percent=change,
            turnover_24h=turnover,
            volume_24h=volume,
            mark=mark,
            index=index,
            funding_rate=funding,
            open_interest=positive(row.get(names.open_interest)),
        )
    count_accepted("ticker", len(tickers))
    if len(tickers) * 2 < len(matched):
        raise BadData(f"only {len(tickers)} of {len(matched)} tickers have a price")
    return tickers


def _change(row: Mapping[str, Any], names: TickerNames, last: float, opened: float | None, tick: float) -> float | None:
    """Return the venue's 24-hour change in percent. Return None when it is missing or contradicts the opening price."""
    if opened is None:
        return None
    change = number(row.get(names.change)) if names.change else 100 * (last / opened - 1)
    if change is None:
        return None
    percent = change * names.scale
    tolerance = 0.05 + 0.01 * abs(percent) + 100 * tick / opened  # prices are rounded to ticks, the change to a few digits
    return percent if percent > -100 and abs(percent - 100 * (last / opened - 1)) <= tolerance else None


def _traded(
    row: Mapping[str, Any], names: TickerNames, last: float, opened: float | None, *, contract: float
) -> tuple[float | None, float | None]:
    """Return turnover and volume of 24 hours, in USDT and base units.

    Both are 0 in an inactive market whose price did not change. Any other 0 is treated as missing. When the venue gives no
    turnover, the turnover is the volume times the last price, because symbols are ranked by turnover. When ccxt gives no
    turnover for a perpetual, ccxt's base volume counts contracts (okx, blofin, bydfi in ccxt 4.5.90).
    """
    turnover, volume = number(row.get(names.turnover)), number(row.get(names.volume))
    unified = names is UNIFIED.ticker and row.get(names.turnover) is None
    if volume is not None and (unified or not names.turnover):
        volume *= contract if unified else 1
        turnover = volume * last
    if turnover == volume == 0 and opened == last:
        return 0.0, 0.0
    return positive(turnover), positive(volume)


def _near(value: Any, last: float) -> float | None:
    price = positive(value)
    return price if price is not None and abs(price / last - 1) <= MAX_PRICE_DISTANCE else None
