"""Convert the series of a market to the bytes of the message MarketSeriesSet, and its taker deltas back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from virtuoso.domain.errors import CorruptValue
from virtuoso.domain.model import Environment
from virtuoso.market.v1 import market_series_pb2, provenance_pb2
from virtuoso.store.v1 import market_series_pb2 as stored_pb2
from virtuoso.wire.times import millis, timestamp

if TYPE_CHECKING:
    from virtuoso.domain.market_series import MarketSeries
    from virtuoso.domain.model import Stamp


def encode_series(venue: str, environment: Environment, symbol: str, series: Iterable[MarketSeries], stamp: Stamp) -> bytes:
    """Return the series of one market as bytes. `stamp` is that of the market that they are from."""
    return stored_pb2.MarketSeriesSet(
        venue=venue,
        environment=provenance_pb2.Environment.ValueType(environment),
        symbol=symbol,
        series=map(_message, series),
        observed_time=timestamp(stamp.observed_ms),
        received_time=timestamp(stamp.received_ms),
    ).SerializeToString(deterministic=True)


def _message(series: MarketSeries) -> market_series_pb2.MarketSeries:
    return market_series_pb2.MarketSeries(
        kind=market_series_pb2.SeriesKind.ValueType(series.kind),
        points=[market_series_pb2.SeriesPoint(time=timestamp(at), value=value) for at, value in series.points],
        source=market_series_pb2.SeriesSource.ValueType(series.source or 0),
        observed_time=None if series.observed_ms is None else timestamp(series.observed_ms),
        lower_bound=series.lower_bound,
        missing=series.missing,
    )


def decode_received_deltas(blob: bytes, environment: Environment) -> Mapping[int, float]:
    """Return the taker deltas from received trades in `blob`, by their start in epoch ms. They are empty when they are of
    another environment. Raise CorruptValue when they cannot be read."""
    try:
        message = stored_pb2.MarketSeriesSet.FromString(blob)
        if Environment(message.environment) is not environment:
            return {}
    except (DecodeError, ValueError) as error:  # an unknown enum number raises ValueError
        raise CorruptValue("not a MarketSeriesSet message") from error
    return {
        millis(point.time): point.value
        for series in message.series
        if series.kind == market_series_pb2.SERIES_KIND_TAKER_DELTA
        and series.source == market_series_pb2.SERIES_SOURCE_TRADES
        for point in series.points
    }
