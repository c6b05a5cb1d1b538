"""Build the view of a valid snapshot. Every message is encoded here, and only once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from virtuoso.domain.model import DimensionKind
from virtuoso.domain.symbols import split_symbol
from virtuoso.market.v1 import confluence_pb2, signal_pb2
from virtuoso.service import encoding
from virtuoso.service.outlooks import encoded_outlooks
from virtuoso.service.shown import shown
from virtuoso.service.view import (
    ORDERABLE,
    TOP_MOVERS,
    EncodedMover,
    EncodedOpportunity,
    EncodedRow,
    EncodedSignal,
    SnapshotDetails,
    SnapshotView,
    dashboard,
    ordered,
)
from virtuoso.wire import times

if TYPE_CHECKING:
    from virtuoso.market.v1 import market_service_pb2, opportunity_pb2
    from virtuoso.service.admission import ValidSnapshot

Parts = TypeVar("Parts", bound=Hashable)


def build(snapshot: ValidSnapshot, *, behind_ms: int = 0) -> tuple[SnapshotView, SnapshotDetails]:
    """Return the view of a snapshot and its details. The market's clock is `behind_ms` behind ours.

    The details are much larger than the view. Servers keep only those of the newest snapshot."""
    mark(snapshot.rows, snapshot.signals, snapshot.opportunities)
    rows = ordered([_row(row) for row in snapshot.rows], "score", True)  # noqa: FBT003  # a key part
    overview = (encoding.chunk_of(snapshot.overview),) if snapshot.overview else ()
    shown_overview = (encoding.chunk_of(shown(snapshot.overview)),) if snapshot.overview else ()
    shown_gainers, shown_losers = (
        [encoding.chunk_of(shown(mover)) for mover in movers[:TOP_MOVERS]] for movers in (snapshot.gainers, snapshot.losers)
    )
    gainers, losers = (
        [EncodedMover(encoding.chunk_of(mover), mover.turnover_24h_usd) for mover in movers]
        for movers in (snapshot.gainers, snapshot.losers)
    )
    tracked = {split_symbol(row.symbol): row.symbol for row in rows}
    tracked |= {(item.base_asset, int(item.multiplier)): item.symbol for item in snapshot.symbols}
    view = SnapshotView(
        provenance=snapshot.provenance,
        overview=overview,
        shown_overview=shown_overview,
        rows=rows,
        gainers=gainers,
        losers=losers,
        shown_gainers=shown_gainers,
        shown_losers=shown_losers,
        symbols=_shared(tuple(encoding.chunk_of(s) for s in sorted(snapshot.symbols, key=lambda s: s.rank))),
        tracked=tracked,
        names=_shared(frozenset(row.symbol for row in rows).union(item.symbol for item in snapshot.symbols)),
        untracked=_untracked(tuple(snapshot.venue_symbols), frozenset(tracked)),
        unmeasurable={item.symbol: item.unscored_reason for item in snapshot.symbols if item.unscored_reason},
        sentiment=(encoding.chunk_of(snapshot.sentiment),) if snapshot.sentiment else (),
        betas=_shared(tuple((item.beta.symbol, encoding.chunk_of(item.beta)) for item in snapshot.betas)),
        signals=sorted(map(encoded_signal, snapshot.signals), key=lambda one: (one.opened_ms, one.id), reverse=True),
        opportunities=[_opportunity(item) for item in snapshot.opportunities],
        record=(encoding.chunk_of(snapshot.signal_record),) if snapshot.signal_record else (),
        input_ms=_oldest_inputs(snapshot.confluences),
        outlooks=encoded_outlooks(snapshot.outlooks, snapshot.outlook_record),
        body=dashboard(2, shown_overview, rows, shown_gainers, shown_losers),
        behind_ms=behind_ms,
    )
    return view, SnapshotDetails(
        confluences={item.symbol: item.SerializeToString(deterministic=True) for item in snapshot.confluences},
        betas={item.beta.symbol: item.SerializeToString(deterministic=True) for item in snapshot.betas},
    )


def mark(
    rows: Iterable[confluence_pb2.ConfluenceRow],
    signals: Iterable[signal_pb2.Signal],
    opportunities: Iterable[opportunity_pb2.Opportunity],
) -> None:
    """Say in the rows which symbols have active signals and unexpired opportunities."""
    sides = {(signal.symbol, signal.side) for signal in signals}
    counts = Counter(item.symbol for item in opportunities)
    for row in rows:
        row.long_signal = (row.symbol, signal_pb2.SIDE_LONG) in sides
        row.short_signal = (row.symbol, signal_pb2.SIDE_SHORT) in sides
        row.opportunities = counts[row.symbol]


def encoded_signal(signal: signal_pb2.Signal) -> EncodedSignal:
    """Return the encoded form of a signal for lists."""
    return EncodedSignal(
        opened_ms=times.millis(signal.open_time),
        id=signal.id,
        symbol=signal.symbol,
        side=signal.side,
        active=signal.status == signal_pb2.SIGNAL_STATUS_ACTIVE,
        chunk=encoding.chunk_of(signal),
    )


def _row(row: confluence_pb2.ConfluenceRow) -> EncodedRow:
    present = {field.name: value for field, value in row.ListFields()}
    numbers = tuple(present.get(name) for name in ORDERABLE)
    return EncodedRow(row.symbol, encoding.chunk_of(row), encoding.chunk_of(shown(row)), numbers)


def _opportunity(item: opportunity_pb2.Opportunity) -> EncodedOpportunity:
    return EncodedOpportunity(item.symbol, item.kind, times.millis(item.expire_time), encoding.chunk_of(item))


@lru_cache(maxsize=8)
def _shared(parts: Parts) -> Parts:
    """Return equal parts of an earlier view, if any. Views stay in memory for minutes, and these parts rarely change."""
    return parts


@lru_cache(maxsize=4)
def _untracked(venue_symbols: tuple[str, ...], tracked: frozenset[tuple[str, int]]) -> Mapping[tuple[str, int], str]:
    """Return the untracked symbols of a venue by asset and multiplier."""
    return {market: name for name in venue_symbols if (market := split_symbol(name)) not in tracked}


def _oldest_inputs(confluences: Sequence[market_service_pb2.GetConfluenceResponse]) -> Mapping[str, int]:
    oldest: dict[str, int] = {}
    for confluence in confluences:
        for dimension in confluence.dimensions:
            if dimension.HasField("observed_time"):
                kind = DimensionKind(dimension.kind).lower_name
                observed = times.millis(dimension.observed_time)
                oldest[kind] = min(observed, oldest.get(kind, observed))
    return oldest
