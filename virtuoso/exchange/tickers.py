"""Pure functions that parse tickers from ticker rows.

A row without a price, or with a time that cannot be right, is refused. A field that contradicts another field is omitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from virtuoso.domain.errors import BadData, EmptyData, VenueStale
from virtuoso.domain.model import Instrument, Stamp, Ticker
from virtuoso.domain.plausibility import (
    LARGEST,
    MAX_CHANGE_DEVIATION,
    MAX_CHANGE_ERROR,
    MAX_CLOCK_LEAD_MS,
    MAX_FUNDING_INTERVAL_MS,
    MAX_FUNDING_RATE,
    MAX_GAP_JUMP,
    MAX_MEAN_PRICE_EXCESS,
    MAX_PRICE_DISTANCE,
    MAX_PRICE_STEP,
    MAX_ROW_LEAD_MS,
    MAX_TICKER_AGE_MS,
    MAX_TICKS,
    SMALLEST,
    TICK_ROUNDING,
)
from virtuoso.exchange.funding_intervals import FundingIntervals
from virtuoso.exchange.rows import count_absent, count_accepted, count_refused, keyed, number, positive, row_time
from virtuoso.exchange.venues import UNIFIED, PremiumNames, TickerNames

Rows = Sequence[Mapping[str, Any]]
"""The rows of a reply, as `rows.mappings` returns them."""


def newest_ms(rows: Rows, names: TickerNames, received_ms: int) -> int | None:
    """Return the newest plausible time in the rows, or None when the rows have no time. It is the venue's time of a reply
    that has no time of its own.

    A time ahead of our clock is plausible only when a tenth of the rows are near it. When all rows are far ahead of our
    clock, the venue's clock is wrong, and not a row. The newest time is then returned, and `VenueClock` refuses it.
    """
    if not names.time:
        return None
    times = sorted(t for row in rows if (t := row_time(row.get(names.time), LARGEST)) is not None)
    times = [t for t in times if t - received_ms <= MAX_CLOCK_LEAD_MS] or times
    if not times:
        return None
    common_ms = times[-1 - len(times) // 10]
    return max(t for t in times if t <= max(received_ms, common_ms + MAX_ROW_LEAD_MS))


def traded_turnovers(rows: Rows, names: TickerNames, venue_ms: int) -> dict[str, float]:
    """Return the turnover of 24 hours of the markets whose row has a price, a turnover above 0 and no old time, by the name
    in the row. The markets may be of any kind."""
    earliest_ms = venue_ms - MAX_TICKER_AGE_MS
    return {
        str(row.get(names.symbol)): amount if names.turnover else amount * last
        for row in rows
        if (last := positive(row.get(names.last))) is not None
        and (amount := positive(row.get(names.turnover or names.volume))) is not None
        and (number(row.get(names.time)) or venue_ms) >= earliest_ms
    }


def read_tickers(
    rows: Rows,
    names: TickerNames,
    instruments: Mapping[str, Instrument],
    stamp: Stamp,
    *,
    venue_ms: int,
    premiums: Mapping[str, Mapping[str, Any]],
    premium: PremiumNames,
    intervals: FundingIntervals,
    contracts: Mapping[str, float] = MappingProxyType({}),
) -> dict[str, Ticker]:
    """Return the tickers of `instruments`, by symbol. The keys of `instruments` are the symbols in the rows. Rows of other
    symbols are ignored.

    `premiums` has rows of mark, index and funding by the same keys, for a venue whose tickers lack them. `contracts` has the
    base units per contract by symbol. The default is 1. `intervals` gives the funding interval of a row.

    A ticker has the time of its row, where the venue gives one, but no time after `stamp`. `venue_ms` is the time of the
    reply as the venue gave it. A row that is older by more than 10 minutes, or newer, is refused.

    Raise EmptyData when no row belongs to an instrument, BadData when more than half of these rows are unreadable,
    VenueStale when all others are too old.
    """
    by_key = keyed(rows, names.symbol, "ticker")
    matched = [(instruments[key], row, premiums.get(key)) for key, row in by_key.items() if key in instruments]
    if not matched:
        raise EmptyData(f"no tickers of {len(instruments)} instruments")
    doubtful = any(positive(row.get(names.last)) is None for _, row, _ in matched)  # then 0 also means a missing value
    times, old = _row_times([row for _, row, _ in matched], names, venue_ms)
    tickers: dict[str, Ticker] = {}
    for (instrument, row, more), time_ms in zip(matched, times, strict=True):
        last = positive(row.get(names.last))
        if last is None:
            count_refused("ticker_price")
            continue
        if time_ms is None:
            continue
        opened = positive(row.get(names.open))
        tick_size = _tick_size(instrument, last)
        change = _change(row, names, last, opened, tick_size or 0)
        turnover, volume = _traded(row, names, last, opened, contract=contracts.get(instrument.symbol, 1))
        if not _within_day(row, names, last, opened):
            count_refused("ticker_range")
            change, turnover = None, turnover if names.turnover else None
        extra, marks = (more, premium) if more is not None else (row, names)
        mark, index = _near(extra.get(marks.mark), last), _near(extra.get(marks.index), last)
        funding = number(extra.get(marks.funding))
        if funding is not None and (doubtful if funding == 0 else not SMALLEST <= abs(funding) <= MAX_FUNDING_RATE):
            funding = None
        tickers[instrument.symbol] = Ticker(
            symbol=instrument.symbol,
            last=last,
            stamp=Stamp(observed_ms=min(time_ms, stamp.observed_ms), received_ms=stamp.received_ms),
            tick_size=tick_size,
            change_24h_percent=change,
            turnover_24h=turnover,
            volume_24h=volume,
            mark=mark,
            index=index,
            funding_rate=funding,
            funding_interval_ms=intervals.interval_ms(instrument.symbol, extra, marks.interval),
            next_funding_ms=_next_funding_ms(extra.get(marks.interval.next_payment), venue_ms),
            open_interest=positive(row.get(names.open_interest)),
        )
    count_accepted("ticker", len(tickers))
    if (len(tickers) + old) * 2 < len(matched):
        raise BadData(f"only {len(tickers) + old} of {len(matched)} tickers have a price and a time")
    if not tickers:
        raise VenueStale(f"all {old} tickers are more than {MAX_TICKER_AGE_MS / 60_000:.0f} minutes old")
    return tickers


def _row_times(rows: Sequence[Mapping[str, Any]], names: TickerNames, venue_ms: int) -> tuple[list[int | None], int]:
    """Return (time of each row, number of rows that are too old). The time is None for a row that is refused. When no row
    has a plausible time, each row without a time gets `venue_ms`."""
    given = [row.get(names.time) for row in rows]
    times = [row_time(value, venue_ms + MAX_ROW_LEAD_MS) for value in given]
    if not any(times):
        times = [None if value else venue_ms for value in given]
    old = [time_ms is not None and venue_ms - time_ms > MAX_TICKER_AGE_MS for time_ms in times]
    count_refused("ticker_time", times.count(None))
    count_refused("ticker_age", sum(old))
    return [None if is_old else time_ms for time_ms, is_old in zip(times, old, strict=True)], sum(old)


def _tick_size(instrument: Instrument, last: float) -> float | None:
    """Return the tick size of the market, or None when the last price is not a plausible number of ticks."""
    if instrument.tick_size is None:
        return None
    ticks = last / instrument.tick_size
    if ticks <= MAX_TICKS and round(ticks) >= 1 and abs(ticks - round(ticks)) <= TICK_ROUNDING:
        return instrument.tick_size
    count_absent("ticker_tick")
    return None


def _within_day(row: Mapping[str, Any], names: TickerNames, last: float, opened: float | None) -> bool:
    """Return True unless the last price is far outside the day's range, and the opening price is inside. Figures
    that are computed from the last price are then wrong."""
    low, high = positive(row.get(names.low)) or 0.0, positive(row.get(names.high)) or LARGEST
    inside = low / MAX_PRICE_STEP <= last <= high * MAX_PRICE_STEP
    return inside or opened is None or not low <= opened <= high


def _change(row: Mapping[str, Any], names: TickerNames, last: float, opened: float | None, tick: float) -> float | None:
    """Return the venue's 24-hour change in percent. Return None when it is missing or contradicts the opening price."""
    if opened is None:
        return None
    change = number(row.get(names.change)) if names.change else 100 * (last / opened - 1)
    if change is None:
        return None
    percent = change * names.scale
    rounding = 100 * tick / opened  # prices are rounded to ticks
    tolerance = MAX_CHANGE_ERROR + MAX_CHANGE_DEVIATION * abs(percent) + rounding
    return percent if percent > -100 and abs(percent - 100 * (last / opened - 1)) <= tolerance else None


def _traded(
    row: Mapping[str, Any], names: TickerNames, last: float, opened: float | None, *, contract: float
) -> tuple[float | None, float | None]:
    """Return turnover and volume of 24 hours, in USDT and base units.

    Both are 0 in an inactive market whose price did not change. Any other 0 is treated as missing. Both are missing when
    they contradict each other or the day's prices. When the venue gives no turnover, the turnover is the volume times the
    last price, because symbols are ranked by turnover. When ccxt gives no turnover for a perpetual, ccxt's base volume
    counts contracts (okx, blofin, bydfi in ccxt 4.5.90).
    """
    turnover, volume = number(row.get(names.turnover)), number(row.get(names.volume))
    unified = names is UNIFIED.ticker and row.get(names.turnover) is None
    if volume is not None and (unified or not names.turnover):
        volume *= contract if unified else 1
        turnover = volume * last
    if turnover == volume == 0 and opened == last:
        return 0.0, 0.0
    turnover, volume = positive(turnover), positive(volume)
    if turnover is None or volume is None or names is UNIFIED.ticker:  # ccxt's base volume may count contracts
        return turnover, volume
    contracts = positive(row.get(names.contracts))
    agree = contracts is None or 1 / MAX_MEAN_PRICE_EXCESS < volume / contracts / contract < MAX_MEAN_PRICE_EXCESS
    if not agree or not _is_mean_price(turnover / volume, row, names, last, opened):
        count_refused("ticker_turnover")
        return None, None
    return turnover, volume


def _is_mean_price(mean: float, row: Mapping[str, Any], names: TickerNames, last: float, opened: float | None) -> bool:
    """Return True if the mean price of the day is within its range, or nearly. Without a range, it must be near the last
    and the opening price."""
    prices = (last, opened or last)
    low, high = positive(row.get(names.low)), positive(row.get(names.high))
    low = min(prices) / MAX_GAP_JUMP if low is None else min(low, *prices)
    high = max(prices) * MAX_GAP_JUMP if high is None else max(high, *prices)
    return low / MAX_MEAN_PRICE_EXCESS <= mean <= high * MAX_MEAN_PRICE_EXCESS


def _next_funding_ms(value: Any, venue_ms: int) -> int | None:
    """Return the time of the next payment. Return None when it has passed or is too far away."""
    time_ms = row_time(value, venue_ms + MAX_FUNDING_INTERVAL_MS)
    return time_ms if time_ms is not None and time_ms > venue_ms else None


def _near(value: Any, last: float) -> float | None:
    price = positive(value)
    return price if price is not None and abs(price / last - 1) <= MAX_PRICE_DISTANCE else None
