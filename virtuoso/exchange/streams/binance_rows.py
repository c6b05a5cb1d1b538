"""Pure functions that read the messages of Binance USD-M's streams. What is not plausible is refused and counted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.model import Candles, Liquidations, Stamp, Timeframe, Trades
from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS, MAX_ROW_LEAD_MS
from virtuoso.exchange.candles import read_candles
from virtuoso.exchange.rows import count_accepted, count_refused, positive, row_time
from virtuoso.exchange.streams.depth_book import Change, RequestedBook
from virtuoso.exchange.venues import FundingNames, PremiumNames, TickerNames

Message = Mapping[str, Any]
LiquidationRow = tuple[int, float, float, float]  # time, price, size, side

TICKER = TickerNames("s", "c", "o", "P", 1, "q", "v", time="C", high="h", low="l")
PREMIUM = PremiumNames("s", "p", "i", "r", FundingNames(symbol="s", next_payment="T"), time="E")
TICKER_EVENT, PREMIUM_EVENT = "24hrTicker", "markPriceUpdate"
# A member of a row that is not read: not the first one, and with a plain value. The names are those that are read.
_UNREAD = r',"(?!(?:{})")[^"\\]*":(?:"[^"\\]*"|-?[0-9][0-9.eE+-]*|true|false|null)'
UNREAD: Mapping[str, re.Pattern[str]] = {
    TICKER_EVENT: re.compile(_UNREAD.format("e|E|s|c|o|P|q|v|C|h|l")),
    PREMIUM_EVENT: re.compile(_UNREAD.format("e|E|s|p|i|r|T")),
}
SIDES: Mapping[Any, float] = {"SELL": -1.0, "BUY": 1.0}  # of the order: SELL closed a long position


def event_id(value: Any) -> int | None:
    """Return an id. Return None for any other value."""
    return value if type(value) is int and value >= 0 else None


def without_unread(text: str) -> str:
    """Return tickers or mark prices without the members that are not read. Return any other message as it is.

    Rows of one symbol are compared as a whole, so a message with two of them stays as it is, too."""
    try:
        message: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    rows = message.get("data") if isinstance(message, dict) else message
    if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        return text
    events, symbols = {str(row.get("e")) for row in rows}, {str(row.get("s")) for row in rows}
    unread = UNREAD.get(events.pop()) if len(events) == 1 and len(symbols) == len(rows) else None
    return text if unread is None else unread.sub("", text)


def read_change(message: Message, stamp: Stamp) -> Change | None:
    """Return the changes of an order book. Return None when the ids are not plausible."""
    first, last, previous = (event_id(message.get(name)) for name in ("U", "u", "pu"))
    if first is None or last is None or previous is None or not previous < first <= last:
        count_refused("book_id")
        return None
    return Change(last, previous, message.get("b"), message.get("a"), stamp.observed_ms, stamp.received_ms)


def read_requested_book(text: str, received_ms: int) -> RequestedBook | None:
    """Return the order book in a reply. Return None when there is none, or when its time is not plausible."""
    try:
        reply = orjson.loads(text)
    except orjson.JSONDecodeError:
        reply = None
    if isinstance(reply, dict):
        last, bids, asks = event_id(reply.get("lastUpdateId")), reply.get("bids"), reply.get("asks")
        # T is the time of the last event. E, the time of the reply, may be after that of the next change.
        time_ms = row_time(reply.get("T") or reply.get("E"), received_ms + MAX_CLOCK_LEAD_MS)
        if last is not None and time_ms is not None and isinstance(bids, list) and isinstance(asks, list):
            return RequestedBook(last, bids, asks, time_ms, received_ms)
    count_refused("book_reply")
    return None


def read_trade(message: Message, symbol: str, number: int, stamp: Stamp, earliest_ms: int) -> Trades | None:
    """Return one trade. Return None when it is not plausible, or before `earliest_ms`."""
    price, size, maker = positive(message.get("p")), positive(message.get("q")), message.get("m")
    time_ms = row_time(message.get("T"), stamp.observed_ms + MAX_ROW_LEAD_MS)
    if price is None or size is None:
        count_refused("trade_number")
    elif time_ms is None or time_ms < earliest_ms:
        count_refused("trade_time")
    elif not isinstance(maker, bool):
        count_refused("trade_side")
    else:
        count_accepted("trade", 1)
        return Trades(
            symbol=symbol,
            ids=(str(number),),
            time_ms=np.array((time_ms,), np.int64),
            price=np.array((price,)),
            size=np.array((size,)),
            side=np.array((-1.0 if maker else 1.0,)),
            stamp=stamp,
            read_from_ms=time_ms,
        )
    return None


def read_bar(bar: Message, symbol: str, event_ms: int, received_ms: int) -> Candles | None:
    """Return a bar that has just closed. Return None when it is not plausible."""
    row = [bar.get(name) for name in ("t", "o", "h", "l", "c", "v", "V")]
    stamp = Stamp(observed_ms=event_ms, received_ms=received_ms)
    try:
        return read_candles([row], symbol, Timeframe.M1, stamp, limit=1, exact=True, taker_buy_index=6)
    except ExchangeError:  # already counted
        return None


def read_liquidation(order: Message, stamp: Stamp) -> LiquidationRow | None:
    """Return a liquidation: its filled size at its average price. Return None when it is not plausible."""
    price, size = positive(order.get("ap")) or positive(order.get("p")), positive(order.get("z"))
    time_ms = row_time(order.get("T"), stamp.observed_ms + MAX_ROW_LEAD_MS)
    side = order.get("S")
    sign = SIDES.get(side) if isinstance(side, str) else None
    if price is None or size is None:
        count_refused("liquidation_number")
    elif time_ms is None:
        count_refused("liquidation_time")
    elif sign is None:
        count_refused("liquidation_side")
    else:
        count_accepted("liquidation", 1)
        return time_ms, price, size, sign
    return None


def liquidations_of(symbol: str, rows: Sequence[LiquidationRow], stamp: Stamp, since_ms: int) -> Liquidations:
    """Return a record of liquidations of which the venue leaves out some."""
    columns = np.array(rows, np.float64).reshape(-1, 4).T
    return Liquidations(
        symbol=symbol,
        time_ms=columns[0].astype(np.int64),
        price=columns[1],
        size=columns[2],
        side=columns[3],
        stamp=stamp,
        complete_since_ms=since_ms,
        lower_bound=True,
    )
