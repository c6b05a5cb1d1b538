"""From ticker rows to tickers: pure. A row without a price is refused; a field that another contradicts is left out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from virtuoso.domain.errors import BadData, EmptyData
from virtuoso.domain.model import Instrument, Stamp, Ticker
from virtuoso.exchange.rows import keyed, let_in, mappings, newest, number, positive, refuse
from virtuoso.exchange.venues import UNIFIED, PremiumNames, TickerNames

APART = 0.2  # mark and index further than this from the last price are not of the same market or moment
FUNDING = 0.05  # no venue's cap of a funding rate is above 4 % an interval


def observed_ms(rows: Any, names: TickerNames) -> int | None:
    """The newest time on any row; None where the venue's rows have none."""
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
    """Tickers of the `instruments`, which are keyed as the rows name them; other rows are not ours. `premiums`: rows of
    mark, index and funding by the same keys, for a venue whose tickers lack them. `contracts`: base units in a contract, by
    symbol, where not 1.

    EmptyData without any row of ours; BadData when more than half of ours have no price.
    """
    given = keyed(mappings(rows), names.symbol, "ticker")
    ours = [(instruments[key], row, premiums.get(key)) for key, row in given.items() if key in instruments]
    if not ours:
        raise EmptyData(f"no tickers of {len(instruments)} instruments")
    doubtful = any(positive(row.get(names.last)) is None for _, row, _ in ours)  # then a 0 is one more value not had
    found: dict[str, Ticker] = {}
    for instrument, row, more in ours:
        last = positive(row.get(names.last))
        if last is None:
            refuse("ticker_price")
            continue
        opened = positive(row.get(names.open))
        change = _change(row, names, last, opened, instrument.tick_size or 0)
        turnover, volume = _traded(row, names, last, opened, contract=contracts.get(instrument.symbol, 1))
        extra, marks = (more, premium) if more is not None else (row, names)
        mark, index = _near(extra.get(marks.mark), last), _near(extra.get(marks.index), last)
        funding = number(extra.get(marks.funding))
        if funding is not None and (abs(funding) > FUNDING or (funding == 0 and doubtful)):
            funding = None
        found[instrument.symbol] = Ticker(
            symbol=instrument.symbol,
            last=last,
            stamp=stamp,
            change_24h_percent=change,
            turnover_24h=turnover,
            volume_24h=volume,
            mark=mark,
            index=index,
            funding_rate=funding,
            open_interest=positive(row.get(names.open_interest)),
        )
    let_in("ticker", len(found))
    if len(found) * 2 < len(ours):
        raise BadData(f"only {len(found)} of {len(ours)} tickers have a price")
    return found


def _change(row: Mapping[str, Any], names: TickerNames, last: float, opened: float | None, tick: float) -> float | None:
    """The day's move in percent as the venue says it, if the day's opening price bears it out."""
    if opened is None:
        return None
    said = number(row.get(names.change)) if names.change else 100 * (last / opened - 1)
    if said is None:
        return None
    percent = said * names.scale
    tolerance = 0.05 + 0.01 * abs(percent) + 100 * tick / opened  # prices are rounded to ticks, the move to digits
    return percent if percent > -100 and abs(percent - 100 * (last / opened - 1)) <= tolerance else None


def _traded(
    row: Mapping[str, Any], names: TickerNames, last: float, opened: float | None, *, contract: float
) -> tuple[float | None, float | None]:
    """Turnover and volume. Both 0 where the price did not move is a dead market; any other 0 is a mistake. A venue that
    has no turnover gets that of its volume at the last price, for otherwise nothing of it could be ranked. Where ccxt has
    none of a venue's perpetuals, what it calls base volume counts contracts (okx, blofin, bydfi in ccxt 4.5.90)."""
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
    return price if price is not None and abs(price / last - 1) <= APART else None
