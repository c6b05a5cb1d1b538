"""The facts that differ between venues, in one table. Add a new fact about a venue here.

A venue without an entry uses ccxt's rate limiter and ccxt's unified field names.
Sources: the venues' API documentation (rate limits, weights), ccxt 4.5.90 (endpoint and field names).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from virtuoso.domain.inputs import InputKind

# The share of an allowance for periodic requests. The rest is for first fills, retries and other clients behind one NAT.
USED_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate limit: at most `allowance` in any `window_s` for requests whose "api/path" starts with `prefix`.

    With `weighted`, it counts the weights of the venue's endpoints. Otherwise it counts requests. A request counts only
    against the first limit that it matches. The part `reserve` of the allowance is only for tickers.
    """

    allowance: float
    window_s: float
    prefix: str = ""
    weighted: bool = False
    reserve: float = 0.0


@dataclass(frozen=True, slots=True)
class FundingNames:
    """Field names of a row for the funding interval. A name is "" when the venue has no such field.

    `hours` is the interval in hours. Without it, the interval is the time from `next_payment` to `payment_after`.
    """

    symbol: str = "symbol"
    hours: str = ""
    next_payment: str = ""
    payment_after: str = ""


@dataclass(frozen=True, slots=True)
class TickerNames:
    """Field names of a ticker row. A name is "" when the venue has no such field.

    Without `change`, the change is computed from `open` and `last`. Without `turnover`, the turnover is `volume` times the
    last price. `change` times `scale` is in percent.
    """

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
    high: str = ""
    low: str = ""
    contracts: str = ""  # the volume in contracts
    interval: FundingNames = FundingNames()


@dataclass(frozen=True, slots=True)
class PremiumNames:
    """Field names of a row with mark price, index price and funding rate, for venues whose tickers lack them. `time` is ""
    when rows have no time of their own."""

    symbol: str
    mark: str
    index: str
    funding: str
    interval: FundingNames = FundingNames()
    time: str = ""


@dataclass(frozen=True, slots=True)
class PremiumPart:
    """An additional request that completes the rows of funding rates.

    `method` is ccxt's method and `params` are its parameters. The symbol of its rows plus `suffix` equals the symbol of the
    funding rows. Its rows are under "data".
    """

    method: str
    params: Mapping[str, str]
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class TradeNames:
    """Field names of a trade row. `buy` and `sell` are the values of `side` for a taker's buy and sell."""

    id: str
    time: str
    price: str
    size: str
    side: str
    buy: Any
    sell: Any


@dataclass(frozen=True, slots=True)
class SeriesNames:
    """Field names of a row of a time series.

    With `denominator`, both fields are shares whose sum is 1, and the value is `value` / `denominator`. Cells without names
    are named by their positions: "0", "1".
    """

    time: str
    value: str
    denominator: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Field names of all kinds of rows.

    On every venue, candles are [time, open, high, low, close, volume, …] and levels are [price, size, …].
    """

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
        high="high",
        low="low",
    ),
    TradeNames("id", "timestamp", "price", "amount", "side", "buy", "sell"),
    SeriesNames("timestamp", "fundingRate"),
    SeriesNames("timestamp", "openInterestAmount"),
    SeriesNames("timestamp", "longShortRatio"),
    PremiumNames("symbol", "markPrice", "indexPrice", "fundingRate", FundingNames(hours="interval")),
)


@dataclass(frozen=True, slots=True)
class Venue:
    """The facts of one venue.

    With `raw`, rows keep the venue's own field names and ccxt does not parse them. This is several times faster. A bad value
    then invalidates only its row and not the whole reply.
    """

    name: str
    ccxt_id: str
    raw: bool = False
    names: Names = UNIFIED
    options: Mapping[str, Any] = field(default_factory=dict)
    unused_requests: tuple[Mapping[str, str], ...] = ()  # parameters of ccxt's requests whose replies are not used
    limits: tuple[Limit, ...] = ()  # empty: ccxt's own limiter is used
    weights: Mapping[str, float] = field(default_factory=dict)  # replaces wrong weights in ccxt, by "api/path"
    periods: Mapping[InputKind, str] = field(default_factory=dict)  # the venue's name for 5 minutes, by kind of series
    premium_s: float | None = 60  # seconds between requests for fields that tickers lack; None: no requests
    premium_parts: tuple[PremiumPart, ...] = ()
    unlisted_funding_hours: int | None = None  # of markets that the list of funding intervals leaves out; None: no list
    book_levels: int | None = None
    trade_count: int | None = None
    funding_count: int | None = None
    open_interest_count: int | None = None
    long_short_count: int | None = None
    candle_count: int = 1000  # maximum in one request
    candle_volume_index: int = 5  # of the cell with the volume in base units
    candle_taker_buy_index: int | None = None  # of the cell with the base volume that takers bought; None: bars lack it


_BYBIT = Venue(
    "bybit",
    "bybit",
    raw=True,
    names=Names(
        TickerNames(
            *("symbol", "lastPrice", "prevPrice24h", "price24hPcnt", 100, "turnover24h", "volume24h"),
            *("markPrice", "indexPrice", "fundingRate", "openInterest"),
            interval=FundingNames(hours="fundingIntervalHour", next_payment="nextFundingTime"),
            high="highPrice24h",
            low="lowPrice24h",
        ),
        TradeNames("execId", "time", "price", "size", "side", "Buy", "Sell"),
        SeriesNames("timestamp", "fundingRate"),  # ccxt parses these itself, correctly
        SeriesNames("timestamp", "openInterest"),
        SeriesNames("timestamp", "buyRatio", "sellRatio"),
        UNIFIED.premium,
    ),
    # Without these, ccxt also reads spot, inverse, option and pre-launch markets, with 11 requests instead of 1.
    options={"fetchMarkets": {"types": ["linear"]}, "defaultType": "swap", "defaultSubType": "linear"},
    unused_requests=({"status": "PreLaunch"},),
    limits=(Limit(540, 5.25, reserve=20),),  # the venue allows 600 requests in 5 s per IP
    periods={InputKind.LONG_SHORT: "5min"},  # ccxt converts the period of open interest, but not this one
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
            *("symbol", "lastPrice", "openPrice", "priceChangePercent", 1, "quoteVolume", "volume"),
            time="closeTime",
            high="highPrice",
            low="lowPrice",
        ),
        TradeNames("id", "time", "price", "qty", "isBuyerMaker", buy=False, sell=True),
        SeriesNames("fundingTime", "fundingRate"),
        SeriesNames("timestamp", "sumOpenInterest"),
        SeriesNames("timestamp", "longShortRatio"),
        PremiumNames(
            *("symbol", "markPrice", "indexPrice", "lastFundingRate"),
            FundingNames(hours="fundingIntervalHours", next_payment="nextFundingTime"),
            time="time",
        ),
    ),
    options={"fetchTradesMethod": "fapiPublicGetTrades"},  # weight 5; aggTrades, ccxt's default, has weight 20
    limits=(
        Limit(900, 303, "fapiData/"),  # the venue allows 1,000 requests in 5 minutes
        Limit(450, 303, "fapiPublic/funding"),  # the venue allows 500 requests in 5 minutes
        Limit(2160, 61, weighted=True, reserve=700),  # the venue allows a weight of 2,400 per minute
    ),
    weights={"fapiPublic/premiumIndex": 10},
    premium_s=15,
    unlisted_funding_hours=8,
    book_levels=100,
    trade_count=500,
    funding_count=200,
    open_interest_count=288,
    long_short_count=288,
    candle_count=499,  # has weight 2; more bars have weight 5
    candle_taker_buy_index=9,
)

_OKX = Venue(
    "okx",
    "okx",
    raw=True,
    names=Names(
        TickerNames(
            *("instId", "last", "open24h", "", 1, "", "volCcy24h"),
            contracts="vol24h",
            time="ts",
            high="high24h",
            low="low24h",
        ),
        TradeNames("tradeId", "ts", "px", "sz", "side", "buy", "sell"),
        SeriesNames("timestamp", "fundingRate"),  # ccxt parses these itself
        SeriesNames("0", "2"),  # 1 counts contracts
        SeriesNames("timestamp", "longShortRatio"),
        PremiumNames(
            *("instId", "markPx", "idxPx", "fundingRate"),
            FundingNames(next_payment="fundingTime", payment_after="nextFundingTime"),
            time="ts",
        ),
    ),
    options={"fetchMarkets": {"types": ["swap"]}, "defaultType": "swap", "defaultSubType": "linear"},
    # Each endpoint has its own limit per IP. In order, the venue allows 20, 40, 40, 100, 5 and 10 requests in 2 s.
    # All other endpoints share one limit, based on 10 requests in 2 s.
    limits=(
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
    candle_volume_index=6,  # 5 counts contracts
)

_KNOWN = {venue.name: venue for venue in (_BYBIT, _BINANCE, _OKX)}


def venue_facts(name: str) -> Venue:
    """Return the facts of a venue by its lower-case name. Return the default facts for any other ccxt id."""
    return _KNOWN.get(name) or Venue(name, name, options={"defaultType": "swap", "defaultSubType": "linear"})


@dataclass(frozen=True, slots=True)
class Cadence:
    """Seconds between two reads of each kind of data. All fields except `tickers` apply to each tracked symbol."""

    tickers: float
    books: float
    trades: float
    funding: float = 3600
    open_interest: float = 300
    long_short: float = 300


def cadence(venue: str, symbols: int) -> Cadence:
    """Return periods with which `symbols` tracked symbols use under 80 % of the venue's allowance. New candles are included.

    Bybit allows 120 requests per second. Binance USD-M allows a weight of 2,400 per minute. A request for all tickers has
    weight 40, for their funding 10 (every 15 s), for a book or trades 5. New candles have about 1.3 per minute and symbol.
    Open interest and ratios have a separate limit of 1,000 requests in 5 minutes. okx allows per second 20 requests each for
    books and candles, 50 for trades, 5 for open interest and 2.5 for ratios. The assumption for other venues is 10 requests
    per second, like most of ccxt's limiters.
    """
    if venue == "bybit":
        pace = max(12.0, math.ceil(2 * symbols / (USED_SHARE * 120 * 0.6)))
        return Cadence(3, pace, pace)
    if venue == "binance":
        tickers = 5.0
        room = max(100.0, USED_SHARE * 2400 - 60 / tickers * 40 - 4 * 10 - 1.3 * symbols)
        pace = max(12.0, math.ceil(60 * 10 * symbols / room))
        slow = max(300.0, math.ceil(2 * symbols * 300 / (USED_SHARE * 1000)))
        return Cadence(tickers, pace, pace, open_interest=slow, long_short=slow)
    if venue == "okx":
        pace = max(12.0, math.ceil(symbols / (USED_SHARE * 36 / 2.1)))
        ratios = max(300.0, math.ceil(symbols / (USED_SHARE * 4 / 2.1)))
        return Cadence(3, pace, pace, open_interest=300, long_short=ratios)
    pace = max(15.0, math.ceil(2 * symbols / (USED_SHARE * 10 * 0.6)))
    return Cadence(5, pace, pace, open_interest=max(300.0, 2 * pace), long_short=max(300.0, 2 * pace))
