"""The door for stored data: bytes are checked against their head, decoded, and every row is held against the rules of the
.proto once. A row that breaks one is dropped and counted; nothing invalid goes further than this module."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import DecodeError, Message
from protovalidate import collect_violations

from virtuoso import metrics
from virtuoso.domain.errors import CorruptValue
from virtuoso.market.v1 import market_service_pb2, provenance_pb2, snapshot_pb2
from virtuoso.service import invariants
from virtuoso.wire import snapshots, times

if TYPE_CHECKING:
    from virtuoso.market.v1 import (
        candle_pb2,
        confluence_pb2,
        mover_pb2,
        opportunity_pb2,
        overview_pb2,
        score_history_pb2,
        sentiment_pb2,
        signal_pb2,
        symbol_pb2,
    )

PLACEHOLDER = "SYSTEM"  # what the names of placeholder rows hold
log = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Message)


@dataclass(frozen=True, slots=True)
class Admitted:
    """What of a stored snapshot keeps every rule; each symbol at most once in each list. At least one row."""

    provenance: provenance_pb2.Provenance
    overview: overview_pb2.Overview | None
    rows: Sequence[confluence_pb2.ConfluenceRow]
    confluences: Sequence[snapshot_pb2.Confluence]
    gainers: Sequence[mover_pb2.Mover]
    losers: Sequence[mover_pb2.Mover]
    symbols: Sequence[symbol_pb2.Symbol]
    venue_symbols: Sequence[str]
    sentiment: sentiment_pb2.Sentiment | None
    betas: Sequence[snapshot_pb2.SymbolBeta]
    signals: Sequence[signal_pb2.Signal]
    opportunities: Sequence[opportunity_pb2.Opportunity]
    signal_record: signal_pb2.SignalRecord | None


def read_head(blob: bytes) -> snapshot_pb2.SnapshotHead:
    """The head in `blob`. CorruptValue when it is none."""
    try:
        head = snapshot_pb2.SnapshotHead.FromString(blob)
    except DecodeError as error:
        raise CorruptValue("not a SnapshotHead") from error
    if not head.snapshot_id or not head.length or len(head.checksum) != 16 or not head.HasField("observed_time"):
        raise CorruptValue("a SnapshotHead without id, length, checksum or time")
    if abs(head.behind.seconds) > invariants.LAST_SECOND:
        raise CorruptValue(f"a SnapshotHead {head.behind.seconds} s behind")
    return head


def observed_ms(head: snapshot_pb2.SnapshotHead) -> int:
    """The exchange's clock of what it announces, as View.observed_ms."""
    return times.millis(head.observed_time) + snapshots.behind_ms(head)


def matches(head: snapshot_pb2.SnapshotHead, blob: bytes) -> bool:
    """True when `blob` is, to the byte, what the head announces."""
    return len(blob) == head.length and snapshots.checksum(blob) == head.checksum


def read_snapshot(blob: bytes) -> Admitted:
    """The snapshot in `blob` without the rows that break a rule. CorruptValue when its provenance breaks one, or when no
    row is left: a snapshot that cannot say where it is from, or says nothing, is not served at all."""
    try:
        snapshot = snapshot_pb2.Snapshot.FromString(blob)
    except DecodeError as error:
        raise CorruptValue("not a Snapshot") from error
    provenance = provenance_pb2.Provenance()
    provenance.CopyFrom(snapshot.provenance)  # a part would keep the whole message in memory for as long as the view lives
    _check(provenance)
    refused: Counter[str] = Counter()
    admitted = Admitted(
        provenance=provenance,
        overview=_one(snapshot, "overview", refused),
        rows=_sift(snapshot.rows, lambda row: row.symbol, refused),
        confluences=_sift(snapshot.confluences, lambda item: item.row.symbol, refused, _whole),
        gainers=_sift(snapshot.gainers, lambda mover: mover.symbol, refused, lambda mover: mover.change_24h_percent > 0),
        losers=_sift(snapshot.losers, lambda mover: mover.symbol, refused, lambda mover: mover.change_24h_percent < 0),
        symbols=_sift(snapshot.symbols, lambda symbol: symbol.symbol, refused),
        venue_symbols=snapshot.venue_symbols,
        sentiment=_one(snapshot, "sentiment", refused),
        betas=_sift(snapshot.betas, lambda item: item.beta.symbol, refused, invariants.beta),
        signals=_sift(snapshot.signals, lambda signal: signal.id, refused, invariants.active),
        opportunities=_sift(snapshot.opportunities, lambda found: found.id, refused, invariants.opportunity),
        signal_record=_one(snapshot, "signal_record", refused, invariants.record),
    )
    passed = (getattr(admitted, each.name) for each in fields(admitted) if each.name not in ("provenance", "venue_symbols"))
    kept = sum(len(part) if isinstance(part, Sequence) else part is not None for part in passed)
    _count("row", refused, kept, f"snapshot {provenance.snapshot_id}")
    if not admitted.rows:
        raise CorruptValue(f"snapshot {provenance.snapshot_id} has no valid row")
    provenance.coverage.present = min(provenance.coverage.present, sum(row.HasField("score") for row in admitted.rows))
    return admitted


def read_candles(
    blob: bytes, symbol: str, timeframe: candle_pb2.Timeframe.ValueType
) -> tuple[snapshot_pb2.CandleSeries, Sequence[candle_pb2.Candle]]:
    """The series in `blob` and those of its bars that keep every rule. CorruptValue when it is not that of `symbol` and
    `timeframe`, or has no bar."""
    try:
        series = snapshot_pb2.CandleSeries.FromString(blob)
    except DecodeError as error:
        raise CorruptValue("not a CandleSeries") from error
    if series.symbol != symbol or series.timeframe != timeframe or not series.HasField("observed_time"):
        raise CorruptValue(f"not the bars of {symbol}")
    bars: Sequence[candle_pb2.Candle] = series.candles
    refused: Counter[str] = Counter()
    if collect_violations(series, fail_fast=True):
        bars = _sift(bars, lambda bar: str(times.millis(bar.open_time)), refused)
    _count("bar", refused, len(bars), f"bars of {symbol}")
    if not bars:
        raise CorruptValue(f"no valid bar of {symbol}")
    return series, bars


def read_remembered(
    what: str, rows: Iterable[Row], name: Callable[[Row], str], sound: Callable[[Row], bool]
) -> Sequence[Row]:
    """Those of `rows` out of the history that keep every rule; `what` they are, for the log."""
    refused: Counter[str] = Counter()
    good = _sift(rows, name, refused, sound)
    _count("remembered", refused, len(good), f"history: {what}")
    return good


def read_points(points: Sequence[score_history_pb2.ScorePoint], symbol: str) -> Sequence[score_history_pb2.ScorePoint]:
    """The same for up to thousands of points: held against the rules all at once, and one by one only where that fails."""
    whole = market_service_pb2.GetScoreHistoryResponse(points=points)
    if not collect_violations(whole, fail_fast=True) and all(map(invariants.point, points)):
        metrics.ROWS.labels("remembered", "ok").inc(len(points))
        return points
    return read_remembered(f"points of {symbol}", points, lambda point: str(times.millis(point.time)), invariants.point)


def _check(provenance: provenance_pb2.Provenance) -> None:
    asked = provenance_pb2.Provenance()
    asked.CopyFrom(provenance)
    asked.path = provenance_pb2.PATH_SNAPSHOT  # the server's to say at every tick: a stored snapshot has none
    violations = collect_violations(asked, fail_fast=True)
    rule = violations[0].proto.rule_id if violations else ""
    if not rule and asked.coverage.present > asked.coverage.expected:
        rule = "coverage"
    times = (asked.observed_time, asked.received_time, asked.computed_time)
    if not rule and not all(0 < time.seconds < invariants.LAST_SECOND for time in times):
        rule = "time"
    if rule:
        metrics.INVALID_ROWS.labels(rule).inc()
        raise CorruptValue(f"the provenance of snapshot {provenance.snapshot_id!r} breaks the rule {rule}")


def _sift(
    rows: Iterable[Row], name: Callable[[Row], str], refused: Counter[str], sound: Callable[[Row], bool] | None = None
) -> list[Row]:
    """The rows that keep every rule, the first of each name. `refused` counts the others by rule."""
    good: dict[str, Row] = {}
    for row in rows:
        symbol = name(row)
        if PLACEHOLDER in symbol.upper():
            rule = "placeholder"
        elif symbol in good:
            rule = "duplicate"
        elif violations := collect_violations(row, fail_fast=True):
            rule = violations[0].proto.rule_id
        elif sound is not None and not sound(row):
            rule = "inconsistent"
        else:
            good[symbol] = row
            continue
        refused[rule] += 1
    return list(good.values())


def _one(
    snapshot: snapshot_pb2.Snapshot, field: str, refused: Counter[str], sound: Callable[[Any], bool] | None = None
) -> Any:
    """The message in that field when it is there, says anything and keeps every rule; else None."""
    message = getattr(snapshot, field)
    if not snapshot.HasField(field) or not message.ByteSize():  # type: ignore[arg-type]  # any of its fields
        return None
    return next(iter(_sift([message], lambda _: "", refused, sound)), None)


def _whole(confluence: snapshot_pb2.Confluence) -> bool:
    return confluence.HasField("row") and confluence.HasField("price_time")


def refuse(what: str) -> None:
    """Count a snapshot that is not taken at all: its head, its bytes or the whole of it cannot be served."""
    metrics.INVALID_ROWS.labels(what).inc()
    metrics.ROWS.labels("snapshot", "refused").inc()


def _count(kind: str, refused: Counter[str], kept: int, what: str) -> None:
    metrics.ROWS.labels(kind, "ok").inc(kept)
    metrics.ROWS.labels(kind, "refused").inc(refused.total())
    for rule, number in refused.items():
        metrics.INVALID_ROWS.labels(rule).inc(number)
    metrics.CONTAMINATED_ROWS.inc(refused["placeholder"])
    if refused:
        log.warning("%s: refused %s", what, ", ".join(f"{number} by {rule}" for rule, number in refused.items()))
