"""The list of markets as bytes: the figures of each market, and why it has no score."""

from __future__ import annotations

import pytest

from tests.unit.wire.test_snapshots import STAMP, snapshot
from virtuoso.domain.model import Instrument, Ticker
from virtuoso.market.v1 import market_pb2
from virtuoso.service.admission import read_markets
from virtuoso.store.v1 import market_list_pb2
from virtuoso.wire.markets import encode_markets

NOW_MS = STAMP.received_ms


def ticker(symbol: str, turnover: float | None = 2e6, **figures: float | int) -> Ticker:
    return Ticker(symbol=symbol, last=2.0, stamp=STAMP, turnover_24h=turnover, **figures)  # type: ignore[arg-type]


def stored(*tickers: Ticker, **changes: object) -> dict[str, market_pb2.VenueMarket]:
    message = encode_markets(snapshot(venue_tickers={one.symbol: one for one in tickers}, min_turnover=1e6, **changes))
    found = market_list_pb2.MarketList.FromString(message)
    _, valid = read_markets(message, found.venue, found.environment, now_ms=NOW_MS)
    assert len(valid) == len(tickers)
    return {market.symbol: market for market in valid}


def test_a_market_has_the_figures_that_the_venue_gives() -> None:
    whole = ticker(
        "SHIB1000USDT",
        change_24h_percent=-3.5,
        funding_rate=-0.0001,
        funding_interval_ms=14_400_000,
        open_interest=1000.0,
        tick_size=0.01,
    )
    listed = Instrument(
        symbol="SHIB1000USDT", venue_symbol="S", base_asset="SHIB", multiplier=1000, listed_ms=1_600_000_000_000
    )
    found = stored(whole, ticker("1000XUSDT", None), instruments={listed.symbol: listed})
    market = found["SHIB1000USDT"]
    assert (market.base_asset, market.multiplier, market.price, market.change_24h_percent) == ("SHIB", 1000, 2.0, -3.5)
    assert (market.funding_percent, market.funding_interval.seconds) == (-0.01, 14_400)
    assert (market.open_interest_usd, market.tick_size, market.turnover_rank) == (2000.0, 0.01, 1)
    assert market.list_time.ToMilliseconds() == listed.listed_ms
    bare = found["1000XUSDT"]
    assert (bare.base_asset, bare.multiplier, bare.turnover_rank) == ("X", 1000, 0)
    assert not any(bare.HasField(name) for name in ("turnover_24h_usd", "funding_percent", "open_interest_usd"))


@pytest.mark.parametrize(
    ("symbol", "turnover", "changes", "reason"),
    [
        ("BTCUSDT", 2e6, {}, market_pb2.UNSCORED_REASON_UNSPECIFIED),
        ("NEWUSDT", 2e6, {}, market_pb2.UNSCORED_REASON_PENDING),
        ("NEWUSDT", 2e6, {"unmeasurable": {"NEWUSDT": "it is halted"}}, market_pb2.UNSCORED_REASON_UNMEASURABLE),
        ("OTHERUSDT", 2e6, {}, market_pb2.UNSCORED_REASON_LOW_RANK),
        ("OTHERUSDT", 2e6, {"symbols_chosen": True}, market_pb2.UNSCORED_REASON_NOT_CHOSEN),
        ("OTHERUSDT", 1e5, {}, market_pb2.UNSCORED_REASON_LOW_TURNOVER),
        ("OTHERUSDT", None, {}, market_pb2.UNSCORED_REASON_LOW_TURNOVER),
    ],
)
def test_a_market_without_a_score_says_why(
    symbol: str, turnover: float | None, changes: dict[str, object], reason: int
) -> None:
    assert stored(ticker(symbol, turnover), **changes)[symbol].unscored_reason == reason
