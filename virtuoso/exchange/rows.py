"""Pure functions that parse trades, order books and series from rows.

A bad row is refused and counted by reason.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from virtuoso import metrics
from virtuoso.domain.errors import BadData, EmptyData
from virtuoso.domain.model import OrderBook, Stamp, TimeSeries, Trades
from virtuoso.domain.numbers import parse_number
from virtuoso.domain.plausibility import (
    EARLIEST_MS,
    LARGEST,
    MAX_CLOCK_LEAD_MS,
    MAX_ROW_LEAD_MS,
    MAX_TICKER_AGE_MS,
    SHARE_ROUNDING,
    SMALLEST,
)
from virtuoso.domain.prices import price_text
from virtuoso.exchange.venues import SeriesNames, TradeNames

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def number(value: Any) -> float | None:
    """Return a number or its text as a finite float. Return None for any other value ("", "1_000", NaN, 1e309, True)."""
    if isinstance(value, float | int | str) and not isinstance(value, bool):
        try:
            parsed = parse_number(value) if isinstance(value, str) else float(value)
        except (ValueError, OverflowError):
            return None
        if math.isfinite(parsed) and abs(parsed) <= LARGEST:
            return parsed
    return None


def positive(value: Any) -> float | None:
    """Return a number of at least SMALLEST. Return None for any other value."""
    parsed = number(value)
    return parsed if parsed is not None and parsed >= SMALLEST else None


def row_time(value: Any, latest_ms: float) -> int | None:
    """Return a time in epoch ms. Return None for any other value, and for a time before 2009 or after `latest_ms`."""
    time_ms = number(value)
    return int(time_ms) if time_ms is not None and EARLIEST_MS <= time_ms <= latest_ms else None


def mappings(rows: Any) -> list[Mapping[str, Any]]:
    """Return the rows of a reply. A reply is a list or a mapping of rows. Raise BadData for any other type, and when there
    are rows but none of them is a mapping."""
    if isinstance(rows, Mapping):
        rows = list(rows.values())
    if not isinstance(rows, list):
        raise BadData(f"rows expected, not {type(rows).__name__}")
    shaped = [row for row in rows if isinstance(row, Mapping)]
    count_refused("row_shape", len(rows) - len(shaped))
    count_accepted("row", len(shaped))
    if rows and not shaped:
        raise BadData("no row has the right shape")
    return shaped


def count_refused(reason: str, count: int = 1) -> None:
    """Count refused rows. The last word of `reason` names the defect. The words before it name the kind of row."""
    if count:
        metrics.INVALID_ROWS.labels(reason).inc(count)
        metrics.ROWS.labels(reason.rpartition("_")[0], "refused").inc(count)


def count_absent(reason: str) -> None:
    """Count a field that is left out of an accepted row. `reason` is as in `count_refused`."""
    metrics.INVALID_ROWS.labels(reason).inc()


def count_accepted(kind: str, count: int) -> None:
    """Count accepted rows."""
    metrics.ROWS.labels(kind, "ok").inc(count)


def without_contradictions(pairs: Iterable[tuple[Key, Value]], reason: str) -> dict[Key, Value]:
    """Return the values by key. Equal values of one key count once. Different values of one key contradict each other, and
    all of them are refused. The result does not depend on the order of the pairs."""
    by_key: dict[Key, list[Value]] = {}
    for key, value in pairs:
        values = by_key.setdefault(key, [])
        if value in values:
            count_refused(f"{reason}_duplicate")
        else:
            values.append(value)
    count_refused(f"{reason}_contradiction", sum(len(values) for values in by_key.values() if len(values) > 1))
    return {key: values[0] for key, values in by_key.items() if len(values) == 1}


def read_trades(rows: Any, names: TradeNames, symbol: str, stamp: Stamp, *, contract: float = 1) -> Trades:
    """Return unique trades, oldest first. Raise EmptyData when there are no rows, BadData when all are refused."""
    readable: list[tuple[str, tuple[int, str, float, float, float]]] = []
    shaped = mappings(rows)
    sides = {names.buy: 1.0, names.sell: -1.0}
    latest = stamp.observed_ms + MAX_ROW_LEAD_MS
    for row in shaped:
        price, size = positive(row.get(names.price)), positive(row.get(names.size))
        time_ms = row_time(row.get(names.time), latest)
        side, name = row.get(names.side), row.get(names.id)
        taker = sides.get(side) if isinstance(side, str | bool) else None
        if price is None or size is None:
            count_refused("trade_number")
        elif time_ms is None:
            count_refused("trade_time")
        elif taker is None or name is None:
            count_refused("trade_side" if taker is None else "trade_id")
        else:
            readable.append((str(name), (time_ms, str(name), price, size * contract, taker)))
    by_id = without_contradictions(readable, "trade")
    count_accepted("trade", len(by_id))
    if not shaped:
        raise EmptyData(f"{symbol}: no trades")
    if not by_id:
        raise BadData(f"{symbol}: none of {len(shaped)} trades can be read")
    # A venue lists trades in order, oldest or newest first. This order also applies to trades with equal times.
    listed = list(by_id.values())
    if listed[0][0] > listed[-1][0]:
        listed.reverse()
    listed.sort(key=lambda trade: trade[0])
    times, ids, prices, sizes, takers = zip(*listed, strict=True)
    return Trades(
        symbol=symbol,
        ids=ids,
        time_ms=np.array(times, np.int64),
        price=np.array(prices),
        size=np.array(sizes),
        side=np.array(takers),
        stamp=stamp,
    )


def read_book(book: Any, symbol: str, stamp: Stamp, *, contract: float = 1) -> OrderBook:
    """Return an order book. Raise EmptyData when a side is empty. Raise BadData when the book is crossed, out of order or
    mostly unreadable."""
    if not isinstance(book, Mapping):
        raise BadData(f"{symbol}: no order book in the reply")
    bids, asks = (_side(book.get(name), f"{symbol}: {name}", contract) for name in ("bids", "asks"))
    if not (np.all(np.diff(bids[:, 0]) < 0) and np.all(np.diff(asks[:, 0]) > 0)):
        raise BadData(f"{symbol}: order book out of order")
    if bids[0, 0] >= asks[0, 0]:
        raise BadData(f"{symbol}: order book crossed, bid {price_text(bids[0, 0])} and ask {price_text(asks[0, 0])}")
    return OrderBook(symbol=symbol, bids=bids, asks=asks, stamp=stamp)


def _side(levels: Any, name: str, contract: float) -> Floats:
    if not isinstance(levels, list):
        raise BadData(f"{name} missing")
    if not levels:
        raise EmptyData(f"{name} empty")
    readable = []
    for level in levels:
        price, size = (
            (positive(level[0]), positive(level[1])) if isinstance(level, list) and len(level) > 1 else (None, None)
        )
        if price is not None and size is not None:
            readable.append((price, size * contract))
    count_refused("book_level", len(levels) - len(readable))
    count_accepted("book", len(readable))
    if len(readable) * 2 < len(levels):
        raise BadData(f"{name}: only {len(readable)} of {len(levels)} levels can be read")
    return np.array(readable)


def read_series(
    rows: Any, names: SeriesNames, symbol: str, stamp: Stamp, *, kind: str, low: float, high: float
) -> TimeSeries:
    """Return values between `low` and `high` (both exclusive) in order of time.

    When the venue gives two shares of a whole, the value is their ratio, and their sum must be about 1. Raise EmptyData when
    there are no rows, BadData when all are refused.
    """
    shaped = mappings(_named(rows))
    values = [_value(row, names) for row in shaped]
    doubtful = any(value is None for value in values)  # then 0 also means a missing value
    readable: list[tuple[int, float]] = []
    for row, value in zip(shaped, values, strict=True):
        time_ms = row_time(row.get(names.time), stamp.observed_ms + MAX_ROW_LEAD_MS)
        if value is None or not low < value < high or (value == 0 and doubtful):
            count_refused(f"{kind}_number")
        elif time_ms is None:
            count_refused(f"{kind}_time")
        else:
            readable.append((time_ms, value))
    by_time = without_contradictions(readable, kind)
    count_accepted(kind, len(by_time))
    if not shaped:
        raise EmptyData(f"{symbol}: no {kind}")
    if not by_time:
        raise BadData(f"{symbol}: none of {len(shaped)} rows of {kind} can be read")
    times = sorted(by_time)
    return TimeSeries(
        symbol=symbol, time_ms=np.array(times, np.int64), values=np.array([by_time[t] for t in times]), stamp=stamp
    )


def _named(rows: Any) -> Any:
    """Name the cells of rows without names by their positions: "0", "1"."""
    if not isinstance(rows, list):
        return rows
    return [{str(index): cell for index, cell in enumerate(row)} if isinstance(row, list) else row for row in rows]


def _value(row: Mapping[str, Any], names: SeriesNames) -> float | None:
    value = number(row.get(names.value))
    if not names.denominator or value is None:
        return value
    other = positive(row.get(names.denominator))
    return value / other if other is not None and abs(value + other - 1) <= SHARE_ROUNDING else None


def keyed(rows: Sequence[Mapping[str, Any]], name: str, reason: str) -> dict[str, Mapping[str, Any]]:
    """Return rows by the text in field `name`. Refuse rows without text there, and rows that contradict each other."""
    named = [(key, row) for row in rows if isinstance(key := row.get(name), str)]
    count_refused(f"{reason}_symbol", len(rows) - len(named))
    return without_contradictions(named, reason)


def timely(rows: Iterable[Mapping[str, Any]], name: str, received_ms: int) -> list[Mapping[str, Any]]:
    """Return the rows whose time in field `name` is at most a minute ahead of ours and at most 10 minutes behind, and the
    rows without a time. Count the others."""
    current = []
    for row in rows:
        given = row.get(name)
        time_ms = row_time(given, received_ms + MAX_CLOCK_LEAD_MS) if given else received_ms
        if time_ms is None or received_ms - time_ms > MAX_TICKER_AGE_MS:
            count_refused("premium_time" if time_ms is None else "premium_age")
        else:
            current.append(row)
    return current


def completed(
    rows: Sequence[Mapping[str, Any]], parts: Iterable[tuple[Sequence[Mapping[str, Any]], str]], name: str
) -> dict[str, Mapping[str, Any]]:
    """Return rows by the text in field `name`. Add missing fields from the rows of `parts`, which are (rows, suffix). A row
    of a part belongs to the row whose text equals its own text plus the suffix."""
    completed_rows: dict[str, Mapping[str, Any]] = keyed(rows, name, "premium")
    for part, suffix in parts:
        for key, row in keyed(part, name, "premium").items():
            if (known := completed_rows.get(f"{key}{suffix}")) is not None:
                completed_rows[f"{key}{suffix}"] = {**row, **known}
    count_accepted("premium", len(completed_rows))
    return completed_rows
