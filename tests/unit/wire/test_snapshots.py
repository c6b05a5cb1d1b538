"""Records to bytes: the same input gives the same bytes, missing values stay missing, and servers accept the result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.contract.histories import opportunity, signal
from virtuoso.analysis.book_depth import STEPS
from virtuoso.analysis.market_sentiment import market_sentiment
from virtuoso.analysis.signal_stats import signal_record
from virtuoso.domain.errors import CorruptValue
from virtuoso.domain.inputs import DimensionInput, ScoreInput
from virtuoso.domain.model import (
    Confluence,
    Dimension,
    DimensionKind,
    Environment,
    Fallback,
    FallbackReason,
    Instrument,
    Overview,
    Regime,
    RegimeState,
    Stamp,
    Ticker,
)
from virtuoso.domain.records import BetaSpan, BetaWindow, Liquidation, LiquidationSum, LiquidationTotals, Side, SignalResult
from virtuoso.domain.scores import Label
from virtuoso.domain.snapshot import BookDepth, Mover, Snapshot
from virtuoso.market.v1 import confluence_pb2, liquidation_pb2, provenance_pb2
from virtuoso.service.admission import read_snapshot
from virtuoso.store.v1 import snapshot_head_pb2, snapshot_pb2
from virtuoso.wire import confluences, snapshots, times

STAMP = Stamp(observed_ms=1_760_000_000_123, received_ms=1_760_000_000_150)


def dimensions(score: float | None) -> tuple[Dimension, ...]:
    return tuple(
        Dimension(
            kind=kind,
            weight=1 / 6,
            coverage=1.0 if score else 0.0,
            sentence="A sentence.",
            components=(),
            score=score,
            direction=None if score is None else (score - 50) / 50,
        )
        for kind in DimensionKind
    )


def snapshot(**changes: object) -> Snapshot:
    scored = Confluence(
        symbol="BTCUSDT",
        dimensions=dimensions(61.0),
        coverage=1.0,
        score=61.0,
        instant_score=58.0,
        averaged_ms=754_321,
        change_15m=-2.5,
        label=Label.BULLISH,
        confidence=0.8,
        agreement=0.9,
        drivers=(DimensionKind.VOLUME,),
        missing_inputs=(),
        oldest_input_ms=STAMP.observed_ms - 5000,
    )
    unscored = Confluence(symbol="NEWUSDT", dimensions=dimensions(None), coverage=0.1, missing_inputs=("trades",))
    base = Snapshot(
        id="bybit-1-a",
        venue="bybit",
        environment=Environment.REPLAY,
        model_version="v1",
        stamp=STAMP,
        computed_ms=STAMP.received_ms + 20,
        universe=(
            Instrument(symbol="BTCUSDT", venue_symbol="BTC/USDT:USDT", base_asset="BTC", multiplier=1, tick_size=0.1),
            Instrument(symbol="NEWUSDT", venue_symbol="NEW/USDT:USDT", base_asset="NEW", multiplier=1),
        ),
        venue_symbols=("BTCUSDT", "NEWUSDT", "OTHERUSDT"),
        tickers={
            "BTCUSDT": Ticker(symbol="BTCUSDT", last=1e5, stamp=STAMP, change_24h_percent=1.5, turnover_24h=1e9),
            "NEWUSDT": Ticker(symbol="NEWUSDT", last=0.1, stamp=STAMP),
        },
        confluences={"NEWUSDT": unscored, "BTCUSDT": scored},
        overview=Overview(
            regime=RegimeState(
                regime=Regime.BULLISH,
                since_ms=STAMP.observed_ms,
                candidate=Regime.NEUTRAL,
                candidate_since_ms=STAMP.observed_ms + 1,
            ),
            regime_confidence=0.5,
        ),
        gainers=(
            Mover(symbol="OTHERUSDT", price=1.0, change_24h_percent=9.0, turnover_24h=1e6),
            Mover(symbol="BTCUSDT", price=1e5, change_24h_percent=1.5, turnover_24h=1e9),
        ),
        losers=(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def decoded(value: Snapshot) -> snapshot_pb2.Snapshot:
    return snapshot_pb2.Snapshot.FromString(snapshots.encode_snapshot(value))


def test_the_same_snapshot_gives_the_same_bytes() -> None:
    assert snapshots.encode_snapshot(snapshot()) == snapshots.encode_snapshot(snapshot())


def test_a_missing_value_is_absent_and_its_row_comes_last() -> None:
    first, last = map(confluences.row, decoded(snapshot()).confluences)
    assert (first.symbol, first.score, first.label) == ("BTCUSDT", 61.0, confluence_pb2.LABEL_BULLISH)
    assert last.symbol == "NEWUSDT"
    for name in ("score", "confidence", "change_24h_percent", "turnover_24h_usd", "technical", "sentiment"):
        assert not last.HasField(name), name
    assert last.label == confluence_pb2.LABEL_UNSPECIFIED
    overview = decoded(snapshot()).overview
    assert not overview.HasField("breadth")
    assert not overview.HasField("btc_dominance_percent")


def test_a_server_accepts_every_row() -> None:
    valid = read_snapshot(snapshots.encode_snapshot(snapshot()))
    assert len(valid.rows) == len(valid.confluences) == 2
    assert [mover.tracked for mover in valid.gainers] == [False, True]
    assert [(item.rank, item.scored) for item in valid.symbols] == [(1, True), (2, False)]
    assert (valid.provenance.coverage.expected, valid.provenance.coverage.present) == (2, 1)
    assert valid.provenance.coverage.streamed == 0
    streaming = read_snapshot(snapshots.encode_snapshot(snapshot(streamed=2)))
    assert streaming.provenance.coverage.streamed == 2


def test_times_are_exact_to_the_millisecond_on_both_clocks() -> None:
    provenance = decoded(snapshot()).provenance
    assert times.millis(provenance.observed_time) == STAMP.observed_ms
    assert times.millis(provenance.received_time) == STAMP.received_ms
    assert times.millis(provenance.oldest_input_time) == STAMP.observed_ms - 5000
    head = snapshot_head_pb2.SnapshotHead.FromString(snapshots.encode_head(snapshot(), b"blob"))
    assert (head.snapshot_id, times.millis(head.observed_time)) == ("bybit-1-a", STAMP.observed_ms)
    assert (head.length, head.checksum) == (4, snapshots.checksum(b"blob"))


@pytest.mark.parametrize("reason", FallbackReason)
def test_a_fallback_has_the_preferred_venue_and_the_reason(reason: FallbackReason) -> None:
    provenance = decoded(snapshot(fallback=Fallback(venue="bybit", reason=reason), venue="binance")).provenance
    assert (provenance.venue, provenance.fallback_from) == ("binance", "bybit")
    assert provenance_pb2.FallbackReason.Name(provenance.fallback_reason) == f"FALLBACK_REASON_{reason.name}"


def test_the_next_collector_reads_the_regime() -> None:
    last = snapshots.decode_last_snapshot(snapshots.encode_snapshot(snapshot()))
    assert (last.venue, last.environment) == ("bybit", Environment.REPLAY)
    assert last.regime == snapshot().overview.regime
    assert snapshots.decode_last_snapshot(snapshots.encode_snapshot(snapshot(overview=Overview()))).regime is None
    with pytest.raises(CorruptValue):
        snapshots.decode_last_snapshot(b"\xff\xff")


def test_the_next_collector_reads_signals_and_opportunities() -> None:
    active = replace(signal(3, environment=Environment.REPLAY), targets_hit=1, result_r=0.75, exit_price=0.31)
    one = opportunity(alpha_percent=None, z_score=-4.5, held_ms=STAMP.observed_ms)
    last = snapshots.decode_last_snapshot(snapshots.encode_snapshot(snapshot(signals=(active,), opportunities=(one,))))
    assert last.signals == (active,)
    assert last.opportunities == (one,)


def test_an_unmeasured_sentiment_and_an_unread_signal_record_are_absent() -> None:
    nothing = market_sentiment({}, [], STAMP.observed_ms)
    message = decoded(snapshot(sentiment=nothing))
    assert not message.HasField("sentiment")
    assert not message.HasField("signal_record")
    some = decoded(snapshot(sentiment=replace(nothing, premium_median_bp=-1.5))).sentiment
    assert some.premium_median_bp == -1.5
    assert not some.HasField("gauge")
    assert not some.HasField("confidence")
    assert some.sentence


def test_the_record_of_signals_has_sides_drivers_and_its_start() -> None:
    since_ms = STAMP.observed_ms
    results = [
        SignalResult(Side.LONG, (DimensionKind.VOLUME,), 2.0, 1.9, None, since_ms),
        SignalResult(Side.LONG, (DimensionKind.ORDERFLOW,), -1.0, -1.2, 0.5, since_ms),
    ]
    record = decoded(snapshot(signal_record=signal_record(results))).signal_record
    assert (record.all.count, record.all.wins, record.all.mean_r) == (2, 1, 0.5)
    assert (record.long.count, record.short.count) == (2, 0)
    assert not record.short.HasField("win_rate")
    assert [DimensionKind(d.driver) for d in record.drivers] == [DimensionKind.VOLUME, DimensionKind.ORDERFLOW]
    assert [d.tally.count for d in record.drivers] == [1, 1]
    assert times.millis(record.start_time) == since_ms
    evidence = record.evidence
    assert record.all.mean_net_r == evidence.net.mean_r == pytest.approx(0.35)
    assert (evidence.baseline.count, evidence.baseline.mean_r) == (1, 0.5)
    assert evidence.difference.mean_r == pytest.approx(-1.7)
    assert not evidence.net.HasField("mean_r_low")
    assert evidence.sentence.startswith("Nothing is shown yet: 1 of 2 signals")


def test_betas_of_tracked_symbols_are_ordered_by_rank_and_their_windows_by_length() -> None:
    def beta(symbol: str, span: BetaSpan) -> BetaWindow:
        return BetaWindow(
            symbol=symbol,
            span=span,
            start_ms=0,
            end_ms=1000,
            points=200,
            beta=1.5,
            beta_error=0.1,
            correlation=0.8,
            r_squared=0.64,
            alpha_annual_percent=12.0,
            rolling=((500, 1.4), (1000, 1.6)),
        )

    spans = (BetaSpan.MONTH, BetaSpan.DAY)
    every = {name: {span: beta(name, span) for span in spans} for name in ("NEWUSDT", "OTHERUSDT", "BTCUSDT")}
    message = decoded(snapshot(betas=every))
    assert [item.beta.symbol for item in message.betas] == ["BTCUSDT", "NEWUSDT"]
    first = message.betas[0]
    assert [BetaSpan(window.span) for window in first.beta.windows] == [BetaSpan.DAY, BetaSpan.MONTH]
    assert not first.beta.windows[0].HasField("alpha_t")
    assert [times.millis(end) for end in first.rolling[1].end_times] == [500, 1000]
    assert list(first.rolling[1].betas) == [1.4, 1.6]


TOTALS = LiquidationTotals(
    sums=(
        LiquidationSum(period_ms=3_600_000, long_usd=5e4, short_usd=0.0, since_ms=STAMP.observed_ms - 3_600_000),
        LiquidationSum(period_ms=86_400_000, long_usd=9e4, short_usd=1e3, since_ms=STAMP.observed_ms - 80_000_000),
    ),
    lower_bound=True,
    largest=(Liquidation(symbol="BTCUSDT", side=Side.SHORT, value_usd=1e3, price=1e5, closed_ms=STAMP.observed_ms - 5),),
)


DEPTH = BookDepth(
    best_bid=99_999.9,
    best_ask=100_000.0,
    distance=25.5,
    bids_usd=tuple(1e6 * step for step in range(1, STEPS + 1)),
    asks_usd=tuple(2e6 * step for step in range(1, STEPS + 1)),
    observed_ms=STAMP.observed_ms - 700,
)


def with_streams() -> Snapshot:
    """Return a snapshot of a market that streams."""
    base = snapshot()
    used = DimensionInput(ScoreInput.TRADES, streamed=True, observed_ms=STAMP.observed_ms - 7, incomplete=True)
    polled = DimensionInput(ScoreInput.OPEN_INTEREST, streamed=False, observed_ms=STAMP.observed_ms - 70, incomplete=False)
    scored = base.confluences["BTCUSDT"]
    measured = tuple(replace(one, inputs=(polled, used)) for one in scored.dimensions)
    return replace(
        base,
        confluences={**base.confluences, "BTCUSDT": replace(scored, dimensions=measured)},
        overview=replace(base.overview, liquidations=TOTALS),
        sentiment=replace(market_sentiment({}, (), STAMP.observed_ms), liquidations=TOTALS),
        liquidations={"BTCUSDT": TOTALS},
        depths={"BTCUSDT": DEPTH},
        streamed=1,
    )


def test_liquidations_inputs_and_streamed_symbols_reach_a_server() -> None:
    valid = read_snapshot(snapshots.encode_snapshot(with_streams()))
    assert valid.overview is not None
    assert valid.sentiment is not None
    first, last = valid.confluences
    for found in (valid.overview.liquidations, valid.sentiment.liquidations, first.liquidations):
        assert [(one.period.seconds, one.long_usd, one.short_usd) for one in found.sums] == [
            (3_600, 5e4, 0.0),
            (86_400, 9e4, 1e3),
        ]
        assert times.millis(found.sums[1].start_time) == STAMP.observed_ms - 80_000_000
        assert found.lower_bound
        assert [(one.symbol, one.side, one.value_usd) for one in found.largest] == [
            ("BTCUSDT", liquidation_pb2.POSITION_SIDE_SHORT, 1e3)
        ]
    assert not last.HasField("liquidations")
    depth = first.book_depth
    assert (depth.best_bid, depth.best_ask, depth.distance) == (99_999.9, 100_000.0, 25.5)
    assert (tuple(depth.bids_usd), tuple(depth.asks_usd)) == (DEPTH.bids_usd, DEPTH.asks_usd)
    assert times.millis(depth.observed_time) == DEPTH.observed_ms
    assert not last.HasField("book_depth")
    polled, streamed = first.dimensions[2].inputs
    assert (streamed.name, streamed.transport, streamed.incomplete) == ("trades", confluence_pb2.TRANSPORT_STREAM, True)
    assert (polled.name, polled.transport, polled.incomplete) == ("open_interest", confluence_pb2.TRANSPORT_POLL, False)
    assert times.millis(streamed.observed_time) == STAMP.observed_ms - 7
    assert valid.provenance.coverage.streamed == 1


LATER = times.timestamp(STAMP.observed_ms + 600_000)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.sums[0].start_time.CopyFrom(LATER),
        lambda found: found.sums[0].ClearField("start_time"),
        lambda found: found.sums[0].ClearField("period"),
        lambda found: found.sums.reverse(),
        lambda found: found.largest[0].liquidation_time.CopyFrom(LATER),
        lambda found: found.largest[0].ClearField("liquidation_time"),
        lambda found: setattr(found.sums[0], "long_usd", float("nan")),
    ],
    ids=["start later", "no start", "no period", "order", "time later", "no time", "not a number"],
)
def test_invalid_liquidations_are_refused_wherever_they_are(spoil: Any) -> None:
    whole = decoded(with_streams())
    for message in (whole.overview, whole.sentiment, whole.confluences[0]):
        spoil(message.liquidations)
    valid = read_snapshot(whole.SerializeToString())
    assert (valid.overview, valid.sentiment) == (None, None)
    assert [one.symbol for one in valid.confluences] == ["NEWUSDT"]


def test_a_snapshot_with_more_streamed_than_tracked_symbols_is_refused() -> None:
    with pytest.raises(CorruptValue, match="coverage"):
        read_snapshot(snapshots.encode_snapshot(replace(with_streams(), streamed=3)))
