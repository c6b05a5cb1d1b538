"""Convert snapshots, their heads and series of bars to the bytes that repositories store, and back."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from google.protobuf.message import DecodeError

from virtuoso.domain.errors import CorruptValue
from virtuoso.domain.model import Environment, Regime, RegimeState, Timeframe
from virtuoso.domain.scores import Label, ScoreMeans, ScoreTrail, StoredMeans
from virtuoso.market.v1 import candle_pb2, confluence_pb2, mover_pb2, overview_pb2, provenance_pb2, symbol_pb2
from virtuoso.store.v1 import candle_series_pb2, market_list_pb2, market_series_pb2, snapshot_head_pb2, snapshot_pb2
from virtuoso.wire import confluences, messages
from virtuoso.wire.encoded_parts import EncodedParts
from virtuoso.wire.liquidations import liquidations
from virtuoso.wire.outlooks import encoded_board
from virtuoso.wire.times import duration, millis, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtuoso.domain import model
    from virtuoso.domain.records import BetaSpan, BetaWindow, Opportunity, Signal
    from virtuoso.domain.snapshot import Mover, Snapshot

SOFT_EXPIRY_SCORES_MS = 30_000  # older scores are stale
TIMEFRAMES = {
    Timeframe.M1: candle_pb2.TIMEFRAME_1M,
    Timeframe.M5: candle_pb2.TIMEFRAME_5M,
    Timeframe.M30: candle_pb2.TIMEFRAME_30M,
    Timeframe.H4: candle_pb2.TIMEFRAME_4H,
}


def behind_ms(
    message: snapshot_head_pb2.SnapshotHead
    | candle_series_pb2.CandleSeries
    | market_list_pb2.MarketList
    | market_series_pb2.MarketSeriesSet,
) -> int:
    """Return how far the market's clock is behind ours, in milliseconds. It is 0 unless a recording is played."""
    return message.behind.seconds * 1000 + message.behind.nanos // 1_000_000


def checksum(blob: bytes) -> bytes:
    """Return the checksum for SnapshotHead: BLAKE2b, 16 bytes."""
    return hashlib.blake2b(blob, digest_size=16).digest()


class SnapshotEncoder:
    """It encodes one snapshot after another. What a snapshot has in common with the one before is not encoded again."""

    def __init__(self) -> None:
        self._encoded = EncodedParts()

    def encode(self, snapshot: Snapshot) -> bytes:
        """Return a Snapshot as bytes of the message Snapshot. The same input gives the same bytes."""
        encoded = self._encoded
        encoded.begin()
        message = snapshot_pb2.Snapshot(
            provenance=_provenance(snapshot),
            overview=_overview(snapshot.overview),
            gainers=[_mover(mover, snapshot) for mover in snapshot.gainers],
            losers=[_mover(mover, snapshot) for mover in snapshot.losers],
            symbols=[_symbol(rank, item, snapshot) for rank, item in enumerate(snapshot.universe, start=1)],
            venue_symbols=snapshot.venue_symbols,
            regime_state=_regime_state(snapshot.overview.regime) if snapshot.overview.regime else None,
            sentiment=messages.sentiment(snapshot.sentiment) if snapshot.sentiment else None,
            signals=[messages.signal(signal) for signal in snapshot.signals],
            opportunities=[messages.opportunity(opportunity) for opportunity in snapshot.opportunities],
            signal_record=messages.signal_record(snapshot.signal_record) if snapshot.signal_record else None,
            score_means=_score_means(snapshot.means) if snapshot.means else None,
            score_trail=_score_trail(snapshot.trail) if snapshot.trail else None,
        )
        for symbol in _ranked(snapshot):
            confluences.add_confluence(message.confluences, snapshot, symbol, encoded)
        for item in snapshot.universe:
            if windows := snapshot.betas.get(item.symbol):
                message.betas.add().MergeFromString(encoded.bytes_of(windows, partial(_betas, item.symbol)))
        blob = message.SerializeToString(deterministic=True)
        return blob if snapshot.outlook is None else blob + encoded_board(snapshot.outlook)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return the bytes of a single snapshot, see SnapshotEncoder."""
    return SnapshotEncoder().encode(snapshot)


def _betas(symbol: str, windows: Mapping[BetaSpan, BetaWindow]) -> bytes:
    return messages.betas(symbol, windows).SerializeToString()


def encode_head(snapshot: Snapshot, blob: bytes, *, behind_ms: int = 0, term: int = 0) -> bytes:
    """Return the head for `blob`, the bytes of `snapshot`. The market's clock is `behind_ms` behind ours. `term`:
    see SnapshotHead."""
    return snapshot_head_pb2.SnapshotHead(
        snapshot_id=snapshot.id,
        length=len(blob),
        checksum=checksum(blob),
        observed_time=timestamp(snapshot.stamp.observed_ms),
        behind=duration(behind_ms) if behind_ms else None,
        term=term,
    ).SerializeToString(deterministic=True)


def encode_candles(venue: str, candles: model.Candles, *, behind_ms: int = 0) -> bytes:
    """Return a venue's candles as bytes of the message CandleSeries. The market's clock is `behind_ms` behind ours."""
    columns = zip(
        candles.open_ms.tolist(),
        candles.open.tolist(),
        candles.high.tolist(),
        candles.low.tolist(),
        candles.close.tolist(),
        candles.volume.tolist(),
        strict=True,
    )
    return candle_series_pb2.CandleSeries(
        venue=venue,
        symbol=candles.symbol,
        timeframe=TIMEFRAMES[candles.timeframe],
        candles=[
            candle_pb2.Candle(open_time=timestamp(t), open=o, high=h, low=low, close=c, volume=v)
            for t, o, h, low, c, v in columns
        ],
        observed_time=timestamp(candles.stamp.observed_ms),
        received_time=timestamp(candles.stamp.received_ms),
        behind=duration(behind_ms) if behind_ms else None,
    ).SerializeToString(deterministic=True)


class Head(NamedTuple):
    """The part of a SnapshotHead that collectors use. `observed_ms`: epoch ms on the exchange's clock."""

    snapshot_id: str
    observed_ms: int
    term: int


def decode_head(blob: bytes) -> Head:
    """Return the head in `blob`. Raise CorruptValue when it cannot be read."""
    try:
        head = snapshot_head_pb2.SnapshotHead.FromString(blob)
    except DecodeError as error:
        raise CorruptValue("not a SnapshotHead message") from error
    return Head(head.snapshot_id, millis(head.observed_time), head.term)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSnapshot:
    """The part of a stored snapshot that the next collector needs.

    `signals` are active. `opportunities` have not expired. `means` and `trail` are not checked.
    """

    venue: str
    environment: Environment
    model_version: str
    regime: RegimeState | None
    means: StoredMeans | None
    trail: ScoreTrail | None
    signals: tuple[Signal, ...]
    opportunities: tuple[Opportunity, ...]


def decode_last_snapshot(blob: bytes) -> LastSnapshot:
    """Return the part of a stored Snapshot that the next collector needs. Raise CorruptValue when it cannot be read."""
    try:
        message = snapshot_pb2.Snapshot.FromString(blob)
        environment = Environment(message.provenance.environment)
        return LastSnapshot(
            venue=message.provenance.venue,
            environment=environment,
            model_version=message.provenance.model_version,
            regime=_read_regime(message),
            means=_read_means(message.score_means) if message.HasField("score_means") else None,
            trail=_read_trail(message.score_trail) if message.HasField("score_trail") else None,
            signals=tuple(messages.read_signal(signal, environment) for signal in message.signals),
            opportunities=tuple(messages.read_opportunity(opportunity) for opportunity in message.opportunities),
        )
    except (DecodeError, ValueError) as error:  # an unknown enum number raises ValueError
        raise CorruptValue("not a Snapshot message") from error


def _read_regime(message: snapshot_pb2.Snapshot) -> RegimeState | None:
    state = message.regime_state
    if not message.HasField("regime_state") or state.regime == overview_pb2.REGIME_UNSPECIFIED:
        return None
    candidate = Regime(state.candidate) if state.candidate else None
    return RegimeState(
        regime=Regime(state.regime),
        since_ms=millis(state.start_time),
        candidate=candidate,
        candidate_since_ms=millis(state.candidate_start_time) if candidate else None,
        start_unknown=state.start_unknown,
    )


def _score_means(means: ScoreMeans) -> snapshot_pb2.ScoreMeans:
    return snapshot_pb2.ScoreMeans(
        observed_time=timestamp(means.now_ms),
        symbols=means.symbols,
        labels=[confluence_pb2.Label.ValueType(means.labels.get(symbol, 0)) for symbol in means.symbols],
        sums=means.sums.ravel().tolist(),
    )


def _read_means(message: snapshot_pb2.ScoreMeans) -> StoredMeans:
    labels = zip(message.symbols, message.labels, strict=False)
    return StoredMeans(
        now_ms=millis(message.observed_time),
        symbols=tuple(message.symbols),
        labels={symbol: Label(value) for symbol, value in labels if value},
        sums=message.sums,
    )


def _score_trail(trail: ScoreTrail) -> snapshot_pb2.ScoreTrail:
    return snapshot_pb2.ScoreTrail(
        step=trail.step,
        symbols=[
            snapshot_pb2.SymbolTrail(symbol=symbol, scores=[math.nan if score is None else score for score in points])
            for symbol, points in trail.points.items()
        ],
    )


def _read_trail(message: snapshot_pb2.ScoreTrail) -> ScoreTrail:
    points = {one.symbol: tuple(None if math.isnan(score) else score for score in one.scores) for one in message.symbols}
    return ScoreTrail(step=message.step, points=points)


def _ranked(snapshot: Snapshot) -> list[str]:
    """Return the symbols, highest score first and equal scores by symbol. Symbols without a score come last."""

    def rank(symbol: str) -> tuple[bool, float, str]:
        score = snapshot.confluences[symbol].score
        return score is None, -(score or 0.0), symbol

    return sorted(snapshot.confluences, key=rank)


def _provenance(snapshot: Snapshot) -> provenance_pb2.Provenance:
    oldest = [c.oldest_input_ms for c in snapshot.confluences.values() if c.score is not None and c.oldest_input_ms]
    fallback = snapshot.fallback
    return provenance_pb2.Provenance(
        snapshot_id=snapshot.id,
        observed_time=timestamp(snapshot.stamp.observed_ms),
        received_time=timestamp(snapshot.stamp.received_ms),
        computed_time=timestamp(snapshot.computed_ms),
        venue=snapshot.venue,
        fallback_reason=provenance_pb2.FallbackReason.ValueType(fallback.reason if fallback else 0),
        fallback_from=fallback.venue if fallback else "",
        environment=provenance_pb2.Environment.ValueType(snapshot.environment),
        coverage=provenance_pb2.Coverage(
            expected=len(snapshot.universe),
            present=snapshot.scored,
            unmeasurable=len(snapshot.unmeasurable),
            streamed=snapshot.streamed,
        ),
        oldest_input_time=timestamp(min(oldest)) if oldest else None,
        model_version=snapshot.model_version,
    )


def _overview(overview: model.Overview) -> overview_pb2.Overview:
    dominance, regime, inputs = overview.dominance, overview.regime, overview.regime_inputs
    return overview_pb2.Overview(
        regime=overview_pb2.Regime.ValueType(regime.regime) if regime else None,
        regime_confidence=overview.regime_confidence,
        regime_start_time=timestamp(regime.since_ms) if regime else None,
        regime_start_unknown=regime.start_unknown if regime else False,
        regime_inputs=overview_pb2.RegimeInputs(
            mean_move_percent=inputs.mean_move_percent,
            breadth=inputs.breadth,
            btc_trend=inputs.btc_trend,
            dispersion_percent=inputs.dispersion_percent,
            btc_volatility_ratio=inputs.btc_volatility_ratio,
            alts_against_btc_percent=inputs.alts_against_btc_percent,
        ),
        trend_strength=overview.trend_strength,
        volatility_percent=overview.volatility_percent,
        dispersion_percent=overview.dispersion_percent,
        breadth=messages.breadth(overview.breadth) if overview.breadth else None,
        btc_dominance_percent=dominance.percent if dominance else None,
        btc_dominance_basis=overview_pb2.DominanceBasis.ValueType(dominance.basis if dominance else 0),
        btc_dominance_time=timestamp(dominance.observed_ms) if dominance else None,
        total_turnover_24h_usd=overview.total_turnover,
        liquidations=liquidations(overview.liquidations) if overview.liquidations else None,
    )


def _regime_state(state: RegimeState) -> snapshot_pb2.RegimeState:
    return snapshot_pb2.RegimeState(
        regime=overview_pb2.Regime.ValueType(state.regime),
        start_time=timestamp(state.since_ms),
        candidate=overview_pb2.Regime.ValueType(state.candidate or 0),
        candidate_start_time=timestamp(state.candidate_since_ms) if state.candidate_since_ms is not None else None,
        start_unknown=state.start_unknown,
    )


def _mover(mover: Mover, snapshot: Snapshot) -> mover_pb2.Mover:
    return mover_pb2.Mover(
        symbol=mover.symbol,
        price=mover.price,
        change_24h_percent=mover.change_24h_percent,
        turnover_24h_usd=mover.turnover_24h,
        tracked=mover.symbol in snapshot.confluences,
        tick_size=mover.tick_size,
    )


def _symbol(rank: int, item: model.Instrument, snapshot: Snapshot) -> symbol_pb2.Symbol:
    result = snapshot.confluences.get(item.symbol)
    return symbol_pb2.Symbol(
        symbol=item.symbol,
        base_asset=item.base_asset,
        multiplier=item.multiplier,
        rank=rank,
        tick_size=item.tick_size,
        list_time=timestamp(item.listed_ms) if item.listed_ms is not None else None,
        scored=result is not None and result.score is not None,
        unscored_reason=snapshot.unmeasurable.get(item.symbol, ""),
    )
