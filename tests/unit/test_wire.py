"""Model to bytes: the same input gives the same bytes, nothing missing becomes a number, and servers admit all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from virtuoso import wire
from virtuoso.errors import CorruptValue
from virtuoso.market.v1 import confluence_pb2, provenance_pb2, snapshot_pb2
from virtuoso.model import (
    Confluence,
    Dimension,
    DimensionKind,
    Environment,
    Fallback,
    Instrument,
    Mover,
    Overview,
    Regime,
    RegimeState,
    Snapshot,
    Stamp,
    Ticker,
)
from virtuoso.service.intake import read_snapshot

STAMP = Stamp(1_760_000_000_123, 1_760_000_000_150)


def dimensions(score: float | None) -> tuple[Dimension, ...]:
    return tuple(
        Dimension(kind, 1 / 6, 1.0 if score else 0.0, "A sentence.", (), score, None if score is None else (score - 50) / 50)
        for kind in DimensionKind
    )


def snapshot(**changes: object) -> Snapshot:
    scored = Confluence(
        "BTCUSDT", dimensions(61.0), 1.0, 61.0, 0.8, 0.9, (DimensionKind.VOLUME,), (), STAMP.observed_ms - 5000
    )
    unscored = Confluence("NEWUSDT", dimensions(None), 0.1, missing_inputs=("trades",))
    base = Snapshot(
        id="bybit-1-a",
        venue="bybit",
        environment=Environment.REPLAY,
        model_version="v1",
        stamp=STAMP,
        computed_ms=STAMP.received_ms + 20,
        universe=(Instrument("BTCUSDT", "BTC/USDT:USDT", "BTC", 1, 0.1), Instrument("NEWUSDT", "NEW/USDT:USDT", "NEW", 1)),
        venue_symbols=("BTCUSDT", "NEWUSDT", "OTHERUSDT"),
        tickers={"BTCUSDT": Ticker("BTCUSDT", 1e5, STAMP, 1.5, 1e9), "NEWUSDT": Ticker("NEWUSDT", 0.1, STAMP)},
        confluences={"NEWUSDT": unscored, "BTCUSDT": scored},
        overview=Overview(RegimeState(Regime.BULLISH, STAMP.observed_ms, Regime.NEUTRAL, STAMP.observed_ms + 1), 0.5),
        gainers=(Mover("OTHERUSDT", 1.0, 9.0, 1e6), Mover("BTCUSDT", 1e5, 1.5, 1e9)),
        losers=(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def decoded(value: Snapshot) -> snapshot_pb2.Snapshot:
    return snapshot_pb2.Snapshot.FromString(wire.encode_snapshot(value))


def test_the_same_snapshot_gives_the_same_bytes() -> None:
    assert wire.encode_snapshot(snapshot()) == wire.encode_snapshot(snapshot())


def test_what_is_missing_is_absent_and_sorts_last() -> None:
    first, last = decoded(snapshot()).rows
    assert (first.symbol, first.score, first.label) == ("BTCUSDT", 61.0, confluence_pb2.LABEL_BULLISH)
    assert last.symbol == "NEWUSDT"
    for name in ("score", "confidence", "change_24h_percent", "turnover_24h_usd", "technical", "sentiment"):
        assert not last.HasField(name), name
    assert last.label == confluence_pb2.LABEL_UNSPECIFIED
    overview = decoded(snapshot()).overview
    assert not overview.HasField("breadth")
    assert not overview.HasField("btc_dominance_percent")


def test_a_server_admits_every_row_of_it() -> None:
    admitted = read_snapshot(wire.encode_snapshot(snapshot()))
    assert len(admitted.rows) == len(admitted.confluences) == 2
    assert [mover.tracked for mover in admitted.gainers] == [False, True]
    assert [(item.rank, item.scored) for item in admitted.symbols] == [(1, True), (2, False)]
    assert (admitted.provenance.coverage.expected, admitted.provenance.coverage.present) == (2, 1)


def test_times_are_the_exchange_s_and_ours_to_the_millisecond() -> None:
    said = decoded(snapshot()).provenance
    assert wire.millis(said.observed_time) == STAMP.observed_ms
    assert wire.millis(said.received_time) == STAMP.received_ms
    assert wire.millis(said.oldest_input_time) == STAMP.observed_ms - 5000
    head = snapshot_pb2.SnapshotHead.FromString(wire.encode_head(snapshot(), b"blob"))
    assert wire.millis(head.scores_soft_expiry_time) == STAMP.observed_ms + 30_000
    assert wire.millis(head.overview_soft_expiry_time) == STAMP.observed_ms + 60_000
    assert (head.length, head.checksum) == (4, wire.checksum(b"blob"))


@pytest.mark.parametrize(
    "reason", [name.removeprefix("FALLBACK_REASON_") for name in provenance_pb2.FallbackReason.DESCRIPTOR.values_by_name]
)
def test_a_fallback_says_from_where_and_why(reason: str) -> None:
    said = decoded(snapshot(fallback=Fallback("bybit", reason), venue="binance")).provenance
    assert (said.venue, said.fallback_from) == ("binance", "bybit")
    assert provenance_pb2.FallbackReason.Name(said.fallback_reason) == f"FALLBACK_REASON_{reason}"


def test_the_regime_comes_back_for_the_next_collector() -> None:
    venue, regime = wire.decode_regime(wire.encode_snapshot(snapshot()))
    assert venue == "bybit"
    assert regime == snapshot().overview.regime
    assert wire.decode_regime(wire.encode_snapshot(snapshot(overview=Overview()))) == ("bybit", None)
    with pytest.raises(CorruptValue):
        wire.decode_regime(b"\xff\xff")


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (None, "UNSPECIFIED"),
        (0.0, "STRONG_BEARISH"),
        (30.0, "STRONG_BEARISH"),
        (30.1, "BEARISH"),
        (40.0, "BEARISH"),
        (40.1, "NEUTRAL"),
        (59.9, "NEUTRAL"),
        (60.0, "BULLISH"),
        (69.9, "BULLISH"),
        (70.0, "STRONG_BULLISH"),
        (100.0, "STRONG_BULLISH"),
    ],
)
def test_labels_follow_the_score(score: float | None, label: str) -> None:
    assert confluence_pb2.Label.Name(wire.label(score)) == f"LABEL_{label}"
