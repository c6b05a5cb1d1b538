"""Convert the markets of a venue to the bytes of the message MarketList."""

from __future__ import annotations

from typing import TYPE_CHECKING

from virtuoso.domain.symbols import split_symbol
from virtuoso.market.v1 import market_pb2, provenance_pb2
from virtuoso.store.v1 import market_list_pb2
from virtuoso.wire.times import duration, timestamp

if TYPE_CHECKING:
    from virtuoso.domain.model import Ticker
    from virtuoso.domain.snapshot import Snapshot


def encode_markets(snapshot: Snapshot, *, behind_ms: int = 0) -> bytes:
    """Return all markets of the snapshot's venue that have a price. The market's clock is `behind_ms` behind ours."""
    ranked = sorted(snapshot.venue_tickers.values(), key=lambda ticker: (-(ticker.turnover_24h or 0.0), ticker.symbol))
    tracked = frozenset(item.symbol for item in snapshot.universe)
    return market_list_pb2.MarketList(
        venue=snapshot.venue,
        environment=provenance_pb2.Environment.ValueType(snapshot.environment),
        markets=[_market(rank, ticker, snapshot, tracked) for rank, ticker in enumerate(ranked, start=1)],
        observed_time=timestamp(snapshot.stamp.observed_ms),
        received_time=timestamp(snapshot.stamp.received_ms),
        behind=duration(behind_ms) if behind_ms else None,
    ).SerializeToString(deterministic=True)


def _market(rank: int, ticker: Ticker, snapshot: Snapshot, tracked: frozenset[str]) -> market_pb2.VenueMarket:
    instrument = snapshot.instruments.get(ticker.symbol)
    base, multiplier = (instrument.base_asset, instrument.multiplier) if instrument else split_symbol(ticker.symbol)
    interval_ms, interest = ticker.funding_interval_ms, ticker.open_interest
    return market_pb2.VenueMarket(
        symbol=ticker.symbol,
        base_asset=base,
        multiplier=multiplier,
        price=ticker.last,
        price_time=timestamp(ticker.stamp.observed_ms),
        change_24h_percent=ticker.change_24h_percent,
        turnover_24h_usd=ticker.turnover_24h,
        funding_percent=None if ticker.funding_rate is None else ticker.funding_rate * 100,
        funding_interval=None if interval_ms is None else duration(interval_ms),
        open_interest_usd=None if interest is None else interest * ticker.last,
        tick_size=ticker.tick_size,
        list_time=timestamp(instrument.listed_ms) if instrument and instrument.listed_ms is not None else None,
        turnover_rank=rank if ticker.turnover_24h else 0,
        unscored_reason=_unscored_reason(ticker, snapshot, tracked),
    )


def _unscored_reason(ticker: Ticker, snapshot: Snapshot, tracked: frozenset[str]) -> market_pb2.UnscoredReason.ValueType:
    confluence = snapshot.confluences.get(ticker.symbol)
    if confluence is not None and confluence.score is not None:
        return market_pb2.UNSCORED_REASON_UNSPECIFIED
    if ticker.symbol in snapshot.unmeasurable:
        return market_pb2.UNSCORED_REASON_UNMEASURABLE
    if ticker.symbol in tracked:
        return market_pb2.UNSCORED_REASON_PENDING
    if snapshot.symbols_chosen:
        return market_pb2.UNSCORED_REASON_NOT_CHOSEN
    if (ticker.turnover_24h or 0.0) < snapshot.min_turnover or not ticker.turnover_24h:
        return market_pb2.UNSCORED_REASON_LOW_TURNOVER
    return market_pb2.UNSCORED_REASON_LOW_RANK
