"""What is special about each venue, in one table: a new fact about a venue is a new entry here.

A venue without an entry works with what ccxt says of it: its limiter, its unified field names.
Sources: the venues' API documentation (rate limits, weights), ccxt 4.5.90 (endpoint and field names).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from virtuoso.domain.inputs import InputKind

USED = 0.8  # of an allowance by periodic requests; the rest is for first fills, retries and neighbours behind one NAT


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `allowance` in any `window_s` for requests whose "api/path" starts with `prefix`. It counts the weights
    that the venue gives its endpoints, or plain requests. A request counts against the first limit that it matches.
    `reserve` of the allowance is for tickers alone."""

    allowance: float
    window_s: float
    prefix: str = ""
    weighted: bool = False
    reserve: float = 0.0


@dataclass(frozen=True, slots=True)
class TickerNames:
    """Field names of a ticker row; "" where the venue has no such field. Then the change is that from `open` to
    `last`, and the turnover is `volume` at the last price. `change` times `scale` is percent."""

    symbol: str
    last: str
    open: str
    change: str
    scale: float
    turnover: str
    volume: str
    mark: str = ""
    index: str = ""
    funding: str = ""
    open_interest: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class PremiumNames:
    """Field names of a row of mark and index prices and funding rates, where they are not in the ticker."""

    symbol: str
    mark: str
    index: str
    funding: str


@dataclass(frozen=True, slots=True)
class PremiumPart:
    """A further request that completes the rows of funding rates: ccxt's `method`, its `params`, and the `suffix` that
    makes the symbol of its rows that of the others. Its rows are under "data"."""

    method: str
    params: Mapping[str, str]
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class TradeNames:
    """Field names of a trade row, and which value of `side` is the taker's buy and sell."""

    id: str
    time: str
    price: str
    size: str
    side: str
    buy: Any
    sell: Any


@dataclass(frozen=True, slots=True)
class SeriesNames:
    """Field names of a row of a time series: `value`, or the ratio `value` / `over` of two shares of one whole. Cells of a
    row without names go by their places: "0", "1"."""

    time: str
    value: str
    over: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Field names of all kinds of rows. Candles are [time, open, high, low, close, volume, …] and levels [price, size, …]
    on every venue."""

    ticker: TickerNames
    trade: TradeNames
    funding: SeriesNames
    open_interest: SeriesNames
    long_short: SeriesNames
    premium: PremiumNames


UNIFIED = Names(
    TickerNames(
        *("symbol", "last", "open", "percentage", 1, "quoteVolume", "baseVolume", "markPrice", "indexPrice"),
        time="timestamp",
    ),
    TradeNames("id", "timestamp", "price", "amount", "side", "buy", "sell"),
    SeriesNames("timestamp", "fundingRate"),
    SeriesNames("timestamp", "openInterestAmount"),
    SeriesNames("timestamp", "longShortRatio"),
    PremiumNames("symbol", "markPrice", "indexPrice", "fundingRate"),
)


@dataclass(frozen=True, slots=True)
class Venue:
    """One venue's facts. `raw`: its rows are read under the venue's own field names, unparsed by ccxt, which is several
    times faster and lets a bad value cost its row rather than the reply."""

    name: str
    ccxt_id: str
    raw: bool = False
    names: Names = UNIFIED
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()  # without any, ccxt's own limiter is used
    weights: Mapping[str, float] = field(default_factory=dict)  # where ccxt's are wrong, by "api/path"
    periods: Mapping[InputKind, str] = field(default_factory=dict)  # the venue's word for 5 minutes, by kind of series
    premium_s: float | None = 60  # how often to ask for what its tickers lack; None: they lack nothing
    premium_parts: tuple[PremiumPart, ...] = ()
    book_levels: int | None = None
    trade_count: int | None = None
    funding_count: int | None = None
    open_interest_count: int | None = None
    long_short_count: int | None = None
    candle_count: int = 1000  # at most, in one request
    candle_volume: int = 5  # the place of the volume in base units in a row


_BYBIT = Venue(
    "bybit",
    "bybit",
    raw=True,
    names=Names(
        TickerNames(
            *("symbol", "lastPrice", "prevPrice24h", "price24hPcnt", 100, "turnover24h", "volume24h"),
            *("markPrice", "indexPrice", "fundingRate", "openInterest"),
        ),
        TradeNames("execId", "time", "price", "size", "side", "Buy", "Sell"),
        SeriesNames("timestamp", "fundingRate"),  # ccxt parses these itself, soundly
        SeriesNames("timestamp", "openInterest"),
        SeriesNames("timestamp", "buyRatio", "sellRatio"),
        UNIFIED.premium,
    ),
    # Without it ccxt reads spot, inverse and option markets too: 11 requests instead of 2.
    options={"fetchMarkets": {"types": ["linear"]}, "defaultType": "swap", "defaultSubType": "linear"},
    limits=(Limit(540, 5.25, reserve=20),),  # of 600 requests in 5 s per IP
    periods={InputKind.LONG_SHORT: "5min"},  # ccxt maps open interest's period and hands this one through
    premium_s=None,
    book_levels=200,
    trade_count=500,
    funding_count=200,
    open_interest_count=200,
    long_short_count=288,
)

_BINANCE = Venue(
    "binance",
    "binanceusdm",
    raw=True,
    names=Names(
        TickerNames(
            *("symbol", "lastPrice", "openPrice", "priceChangePercent", 1, "quoteVolume", "volume"), time="closeTime"
        ),
        TradeNames("id", "time", "price", "qty", "isBuyerMaker", buy=False, sell=True),
        SeriesNames("fundingTime", "fundingRate"),
        SeriesNames("timestamp", "sumOpenInterest"),
        SeriesNames("timestamp", "longShortRatio"),
        PremiumNames("symbol", "markPrice", "indexPrice", "lastFundingRate"),
    ),
    options={"fetchTradesMethod": "fapiPublicGetTrades"},  # weight 5; aggTrades, ccxt's choice, 20
    limits=(
        Limit(900, 303, "fapiData/"),  # of 1,000 requests in 5 minutes
        Limit(450, 303, "fapiPublic/fundingRate"),  # of 500 requests in 5 minutes
        Limit(2160, 61, weighted=True, reserve=700),  # of a weight of 2,400 a minute
    ),
    weights={"fapiPublic/premiumIndex": 10},
    premium_s=15,
    book_levels=100,
    trade_count=500,
    funding_count=200,
    open_interest_count=288,
    long_short_count=288,
    candle_count=499,  # for a weight of 2; more cost 5
)

_OKX = Venue(
    "okx",
    "okx",
    raw=True,
    names=Names(
        TickerNames(*("instId", "last", "open24h", "", 1, "", "volCcy24h"), time="ts"),  # vol24h counts contracts
        TradeNames("tradeId", "ts", "px", "sz", "side", "buy", "sell"),
        SeriesNames("timestamp", "fundingRate"),  # ccxt parses these itself
        SeriesNames("0", "2"),  # 1 counts contracts
        SeriesNames("timestamp", "longShortRatio"),
        PremiumNames("instId", "markPx", "idxPx", "fundingRate"),
    ),
    options={"fetchMarkets": {"types": ["swap"]}, "defaultType": "swap", "defaultSubType": "linear"},
    limits=(  # each endpoint has its own, per IP; of 20, 40, 40, 100, 5, 10 and, of the rest together, 10 in 2 s
        Limit(18, 2.1, "public/market/tickers"),
        Limit(36, 2.1, "public/market/books"),
        Limit(36, 2.1, "public/market/candles"),
        Limit(90, 2.1, "public/market/trades"),
        Limit(4, 2.1, "public/rubik/stat/contracts/long-short-account-ratio-contract"),
        Limit(9, 2.1, "public/rubik/stat/contracts/open-interest-history"),
        Limit(9, 2.1),
    ),
    premium_s=15,
    premium_parts=(
        PremiumPart("publicGetPublicMarkPrice", {"instType": "SWAP"}),
        PremiumPart("publicGetMarketIndexTickers", {"quoteCcy": "USDT"}, suffix="-SWAP"),
    ),
    book_levels=200,
    trade_count=500,
    funding_count=200,
    open_interest_count=100,
    long_short_count=100,
    candle_count=300,
    candle_volume=6,  # 5 counts contracts
)

_KNOWN = {venue.name: venue for venue in (_BYBIT, _BINANCE, _OKX)}


def venue_facts(name: str) -> Venue:
    """Return the facts of a venue by its lower-case name; those common to all for any other ccxt id."""
    return _KNOWN.get(name) or Venue(name, name, options={"defaultType": "swap", "defaultSubType": "linear"})


@dataclass(frozen=True, slots=True)
class Cadence:
    """Seconds between two readings of each kind of data; of books, trades and so on for every tracked symbol."""

    tickers: float
    books: float
    trades: float
    funding: float = 3600
    open_interest: float = 300
    long_short: float = 300


def cadence(venue: str, symbols: int) -> Cadence:
    """Return periods with which `symbols` tracked symbols, with their new candles, use under 80 % of the venue's allowance.

    Bybit: 120 requests a second. Binance USD-M: a weight of 2,400 a minute, of which all tickers take 40 a time, their
    funding 10 every 15 s, a book or a symbol's trades 5, new candles about 1.3 a minute and symbol; open interest and
    ratios count apart, 1,000 in 5 minutes. okx: books and candles 20 a second each, trades 50, open interest 5, ratios 2.5.
    Other venues: about 10 requests a second, as ccxt's limiters mostly are.
    """
    if venue == "bybit":
        pace = max(12.0, math.ceil(2 * symbols / (USED * 120 * 0.6)))
        return Cadence(3, pace, pace)
    if venue == "binance":
        tickers = 5.0
        room = max(100.0, USED * 2400 - 60 / tickers * 40 - 4 * 10 - 1.3 * symbols)
        pace = max(12.0, math.ceil(60 * 10 * symbols / room))
        slow = max(300.0, math.ceil(2 * symbols * 300 / (USED * 1000)))
        return Cadence(tickers, pace, pace, open_interest=slow, long_short=slow)
    if venue == "okx":
        pace = max(12.0, math.ceil(symbols / (USED * 36 / 2.1)))
        ratios = max(300.0, math.ceil(symbols / (USED * 4 / 2.1)))
        return Cadence(3, pace, pace, open_interest=300, long_short=ratios)
    pace = max(15.0, math.ceil(2 * symbols / (USED * 10 * 0.6)))
    return Cadence(5, pace, pace, open_interest=max(300.0, 2 * pace), long_short=max(300.0, 2 * pace))
