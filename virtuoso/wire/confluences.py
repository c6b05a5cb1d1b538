"""Convert the scores of a symbol to messages: the reply of GetConfluence, and the row in lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from virtuoso.domain.model import DimensionKind
from virtuoso.market.v1 import book_depth_pb2, confluence_pb2, market_service_pb2
from virtuoso.wire.liquidations import liquidations
from virtuoso.wire.times import duration, timestamp

if TYPE_CHECKING:
    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

    from virtuoso.domain import model
    from virtuoso.domain.snapshot import BookDepth, Snapshot
    from virtuoso.wire.encoded_parts import EncodedParts

_ROW_FIELDS = frozenset(confluence_pb2.ConfluenceRow.DESCRIPTOR.fields_by_name)
_SCORE_FIELDS = {int(kind): kind.lower_name for kind in DimensionKind}  # a row has the score of each dimension


def add_confluence(
    replies: RepeatedCompositeFieldContainer[market_service_pb2.GetConfluenceResponse],
    snapshot: Snapshot,
    symbol: str,
    encoded: EncodedParts,
) -> None:
    """Add the reply of GetConfluence for a symbol of a snapshot, without provenance.

    It is written in place. To copy a message into another one costs as much as to encode it."""
    ticker, result = snapshot.tickers[symbol], snapshot.confluences[symbol]
    totals, depth = snapshot.liquidations.get(symbol), snapshot.depths.get(symbol)
    reply = replies.add(
        symbol=ticker.symbol,
        score=result.score,
        instant_score=result.instant_score,
        averaged_over=None if result.score is None else duration(_shown_ms(result.averaged_ms)),
        change_15m=result.change_15m,
        confidence=result.confidence,
        agreement=result.agreement,
        coverage=result.coverage,
        label=confluence_pb2.Label.ValueType(result.label or 0),
        price=ticker.last,
        price_time=timestamp(ticker.stamp.observed_ms),
        change_24h_percent=ticker.change_24h_percent,
        turnover_24h_usd=ticker.turnover_24h,
        drivers=[confluence_pb2.DimensionKind.ValueType(kind) for kind in result.drivers],
        missing_inputs=result.missing_inputs,
        tick_size=ticker.tick_size,
        funding_percent=_percent(ticker.funding_rate),
        funding_interval=duration(ticker.funding_interval_ms) if ticker.funding_interval_ms else None,
        funding_day_percent=_percent(ticker.daily_funding_rate),
        next_funding_time=None if ticker.next_funding_ms is None else timestamp(ticker.next_funding_ms),
        liquidations=None if totals is None else liquidations(totals),
        book_depth=None if depth is None else _depth(depth),
        open_interest_change_percent=snapshot.open_interest_changes.get(symbol),
        recent_scores=snapshot.trail.recent(symbol) if snapshot.trail else (),
    )
    for dimension in result.dimensions:
        _add_dimension(reply.dimensions, dimension, encoded)


def _depth(depth: BookDepth) -> book_depth_pb2.BookDepth:
    return book_depth_pb2.BookDepth(
        best_bid=depth.best_bid,
        best_ask=depth.best_ask,
        distance=depth.distance,
        bids_usd=depth.bids_usd,
        asks_usd=depth.asks_usd,
        observed_time=timestamp(depth.observed_ms),
    )


def _shown_ms(time_ms: int) -> int:
    """Return a time rounded to minutes, and below a minute to seconds, so that a message does not change in each pass."""
    unit_ms = 60_000 if time_ms >= 60_000 else 1_000
    return round(time_ms / unit_ms) * unit_ms


def _percent(rate: float | None) -> float | None:
    return None if rate is None else 100 * rate


def row(detail: market_service_pb2.GetConfluenceResponse) -> confluence_pb2.ConfluenceRow:
    """Return the row for a reply of GetConfluence: the fields that both have, and the scores of the dimensions."""
    values: dict[str, Any] = {field.name: value for field, value in detail.ListFields() if field.name in _ROW_FIELDS}
    for dimension in detail.dimensions:
        if dimension.HasField("score") and dimension.kind in _SCORE_FIELDS:
            values[_SCORE_FIELDS[dimension.kind]] = dimension.score
    return confluence_pb2.ConfluenceRow(**values)


def components(parts: Iterable[model.Component]) -> list[confluence_pb2.Component]:
    """Return components as messages, largest |contribution| first. Components without a measurement come last."""
    ordered = sorted(parts, key=lambda part: (part.direction is None, -abs(part.contribution), part.name))
    return [
        confluence_pb2.Component(
            name=part.name,
            direction=part.direction,
            confidence=part.confidence,
            weight=part.weight,
            contribution=part.contribution,
            reading=part.reading,
            unit=part.unit,
            missing=part.missing,
        )
        for part in ordered
    ]


def _components_alone(parts: Iterable[model.Component]) -> bytes:
    """Return the bytes of a Dimension that has nothing but its components."""
    return confluence_pb2.Dimension(components=components(parts)).SerializeToString()


def _add_dimension(
    dimensions: RepeatedCompositeFieldContainer[confluence_pb2.Dimension], dimension: model.Dimension, encoded: EncodedParts
) -> None:
    added = dimensions.add(
        kind=confluence_pb2.DimensionKind.ValueType(dimension.kind),
        score=dimension.score,
        direction=dimension.direction,
        confidence=dimension.confidence,
        weight=dimension.weight,
        coverage=dimension.coverage,
        contribution=dimension.contribution,
        instant_contribution=dimension.instant_contribution,
        observed_time=timestamp(dimension.observed_ms) if dimension.observed_ms is not None else None,
        sentence=dimension.sentence,
        missing_inputs=dimension.missing_inputs,
    )
    added.MergeFromString(encoded.bytes_of(dimension.components, _components_alone))
    for one in dimension.inputs:
        added.inputs.add(
            name=one.name,
            transport=confluence_pb2.TRANSPORT_STREAM if one.streamed else confluence_pb2.TRANSPORT_POLL,
            observed_time=timestamp(one.observed_ms),
            incomplete=one.incomplete,
        )
