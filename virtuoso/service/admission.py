"""The checks of stored data. The bytes are compared with their head and decoded. Then every row is checked once against the
rules of the .proto. A row that breaks a rule is refused and counted. No other module sees it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from google.protobuf.message import DecodeError, Message
from protovalidate import collect_violations

from virtuoso import metrics
from virtuoso.domain.errors import CorruptValue
from virtuoso.domain.plausibility import LAST_SECOND, MAX_CLOCK_LEAD_MS
from virtuoso.domain.symbols import is_placeholder
from virtuoso.market.v1 import market_service_pb2, provenance_pb2
from virtuoso.service import invariants
from virtuoso.service.message_times import time_is_valid, times_are_valid
from virtuoso.store.v1 import candle_series_pb2, market_list_pb2, market_series_pb2, snapshot_head_pb2, snapshot_pb2
from virtuoso.wire import confluences, snapshots, times

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.market.v1 import (
        candle_pb2,
        confluence_pb2,
        market_pb2,
        mover_pb2,
        opportunity_pb2,
        outlook_pb2,
        overview_pb2,
        score_history_pb2,
        sentiment_pb2,
        signal_pb2,
        symbol_pb2,
    )

log = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Message)
_LEAD_S = MAX_CLOCK_LEAD_MS // 1000  # the maximum lead of a time over the clock that it is compared with
# The fields of ValidSnapshot that are not counted. `rows` are made from `confluences`.
_UNCOUNTED = frozenset({"provenance", "venue_symbols", "rows"})


class WantedCandles(NamedTuple):
    """The candles that a request asks for. `length_ms`: the length of a candle."""

    venue: str
    symbol: str
    timeframe: candle_pb2.Timeframe.ValueType
    length_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidSnapshot:
    """The valid parts of a stored snapshot.

    Each symbol occurs at most once in each list. There is at least one row. `confluences` and `betas` are replies without
    provenance. `rows` are made from `confluences`."""

    provenance: provenance_pb2.Provenance
    overview: overview_pb2.Overview | None
    rows: Sequence[confluence_pb2.ConfluenceRow]
    confluences: Sequence[market_service_pb2.GetConfluenceResponse]
    gainers: Sequence[mover_pb2.Mover]
    losers: Sequence[mover_pb2.Mover]
    symbols: Sequence[symbol_pb2.Symbol]
    venue_symbols: Sequence[str]
    sentiment: sentiment_pb2.Sentiment | None
    betas: Sequence[market_service_pb2.GetBetaResponse]
    signals: Sequence[signal_pb2.Signal]
    opportunities: Sequence[opportunity_pb2.Opportunity]
    signal_record: signal_pb2.SignalRecord | None
    outlooks: Sequence[outlook_pb2.Outlook]
    outlook_record: outlook_pb2.OutlookRecord | None


def read_head(blob: bytes) -> snapshot_head_pb2.SnapshotHead:
    """Return the head in `blob`. Raise CorruptValue when `blob` is not a valid head."""
    try:
        head = snapshot_head_pb2.SnapshotHead.FromString(blob)
    except DecodeError as error:
        raise CorruptValue("not a SnapshotHead") from error
    if not head.snapshot_id or not head.length or len(head.checksum) != 16 or not head.HasField("observed_time"):
        raise CorruptValue("a SnapshotHead without id, length, checksum or time")
    if abs(head.behind.seconds) > LAST_SECOND:
        raise CorruptValue(f"a SnapshotHead {head.behind.seconds} s behind")
    return head


def observed_ms(head: snapshot_head_pb2.SnapshotHead) -> int:
    """Return the exchange time of the announced snapshot, in the same way as SnapshotView.observed_ms."""
    return times.millis(head.observed_time) + snapshots.behind_ms(head)


def matches(head: snapshot_head_pb2.SnapshotHead, blob: bytes) -> bool:
    """Return True when `blob` has the length and the checksum in the head."""
    return len(blob) == head.length and snapshots.checksum(blob) == head.checksum


def read_snapshot(blob: bytes) -> ValidSnapshot:
    """Return the snapshot in `blob` without the rows that break a rule. No time in it may be later than its computation.

    Raise CorruptValue when the provenance breaks a rule, or when no row is left."""
    try:
        snapshot = snapshot_pb2.Snapshot.FromString(blob)
    except DecodeError as error:
        raise CorruptValue("not a Snapshot") from error
    provenance = provenance_pb2.Provenance()
    provenance.CopyFrom(snapshot.provenance)  # a reference would keep the whole message in memory as long as the view
    _check(provenance)
    latest_s = provenance.computed_time.seconds + _LEAD_S
    refused: Counter[str] = Counter()
    timely = [item for item in snapshot.confluences if times_are_valid(item, latest_s)]
    if untimely := len(snapshot.confluences) - len(timely):
        refused["time"] = untimely
    rows = _valid(map(confluences.row, timely), lambda row: row.symbol, refused, None)
    shown = {row.symbol for row in rows}
    valid = ValidSnapshot(
        provenance=provenance,
        overview=_overview(snapshot, refused, latest_s),
        rows=rows,
        confluences=_valid(
            (item for item in timely if item.symbol in shown),
            lambda item: item.symbol,
            refused,
            None,
            invariants.confluence,
        ),
        gainers=_valid(snapshot.gainers, lambda mover: mover.symbol, refused, latest_s, invariants.gainer),
        losers=_valid(snapshot.losers, lambda mover: mover.symbol, refused, latest_s, invariants.loser),
        symbols=_valid(snapshot.symbols, lambda symbol: symbol.symbol, refused, latest_s),
        venue_symbols=snapshot.venue_symbols,
        sentiment=_one(snapshot.sentiment, refused, latest_s, invariants.liquidations),
        betas=_valid(snapshot.betas, lambda item: item.beta.symbol, refused, latest_s, invariants.beta),
        signals=_valid(snapshot.signals, lambda signal: signal.id, refused, latest_s, invariants.active),
        opportunities=_valid(snapshot.opportunities, lambda found: found.id, refused, latest_s, invariants.opportunity),
        signal_record=_one(snapshot.signal_record, refused, latest_s, invariants.record),
        outlooks=_valid(snapshot.outlooks, lambda one: one.symbol, refused, latest_s, invariants.outlook),
        outlook_record=_one(snapshot.outlook_record, refused, latest_s, invariants.outlook_record),
    )
    parts = (getattr(valid, each.name) for each in fields(valid) if each.name not in _UNCOUNTED)
    count = sum(len(part) if isinstance(part, Sequence) else part is not None for part in parts)
    _count("row", refused, count, f"snapshot {provenance.snapshot_id}")
    if not valid.rows:
        why = next((f": {item.unscored_reason}" for item in valid.symbols if item.unscored_reason), "")
        raise CorruptValue(f"snapshot {provenance.snapshot_id} has no valid row{why}")
    provenance.coverage.present = min(provenance.coverage.present, sum(row.HasField("score") for row in valid.rows))
    return valid


def read_candles(
    blob: bytes, wanted: WantedCandles, *, now_ms: int
) -> tuple[candle_series_pb2.CandleSeries, Sequence[candle_pb2.Candle]]:
    """Return the series in `blob` and its valid candles.

    Raise CorruptValue when it is not the wanted series, or when no candle is valid. A candle is valid when it opened at a
    multiple of its length, at most a minute ahead of `now_ms` (epoch ms)."""
    try:
        series = candle_series_pb2.CandleSeries.FromString(blob)
    except DecodeError as error:
        raise CorruptValue("not a CandleSeries") from error
    name = f"bars of {wanted.symbol} on {wanted.venue}"
    if (series.venue, series.symbol, series.timeframe) != wanted[:3]:
        raise CorruptValue(f"not the {name}")
    latest_ms = now_ms - snapshots.behind_ms(series) + MAX_CLOCK_LEAD_MS
    if not _clocks_agree(series.observed_time, series.received_time) or times.millis(series.observed_time) > latest_ms:
        raise CorruptValue(f"{name} with an impossible time")
    bars: Sequence[candle_pb2.Candle] = series.candles
    refused: Counter[str] = Counter()

    def on_grid(bar: candle_pb2.Candle) -> bool:
        return times.millis(bar.open_time) % wanted.length_ms == 0

    if collect_violations(series, fail_fast=True) or not (
        times_are_valid(series, latest_ms // 1000) and all(map(on_grid, bars))
    ):
        bars = _valid(bars, lambda bar: str(times.millis(bar.open_time)), refused, latest_ms // 1000, on_grid)
    _count("bar", refused, len(bars), name)
    if not bars:
        raise CorruptValue(f"no valid one among the {name}")
    return series, bars


def read_markets(
    blob: bytes, venue: str, environment: provenance_pb2.Environment.ValueType, *, now_ms: int
) -> tuple[market_list_pb2.MarketList, Sequence[market_pb2.VenueMarket]]:
    """Return the list in `blob` and its valid markets.

    Raise CorruptValue when it is not the list of this venue and environment, when a time of it is impossible, or when no
    market is valid."""
    try:
        stored = market_list_pb2.MarketList.FromString(blob)
    except DecodeError as error:
        raise CorruptValue("not a MarketList") from error
    if (stored.venue, stored.environment) != (venue, environment):
        raise CorruptValue(f"not the markets of {venue}")
    latest_ms = now_ms - snapshots.behind_ms(stored) + MAX_CLOCK_LEAD_MS
    if not _clocks_agree(stored.observed_time, stored.received_time) or times.millis(stored.observed_time) > latest_ms:
        raise CorruptValue(f"markets of {venue} with an impossible time")
    refused: Counter[str] = Counter()
    markets = _valid(stored.markets, lambda market: market.symbol, refused, latest_ms // 1000)
    _count("market", refused, len(markets), f"markets of {venue}")
    if not markets:
        raise CorruptValue(f"no valid one among the markets of {venue}")
    return stored, markets


def read_series(
    blob: bytes, venue: str, environment: provenance_pb2.Environment.ValueType, symbol: str, *, now_ms: int
) -> market_series_pb2.MarketSeriesSet:
    """Return the series in `blob` without those that break a rule.

    Raise CorruptValue when they are not of this market, when a time of them is impossible, or when none is valid."""
    try:
        stored = market_series_pb2.MarketSeriesSet.FromString(blob)
    except DecodeError as error:
        raise CorruptValue("not a MarketSeriesSet") from error
    name = f"series of {symbol} on {venue}"
    if (stored.venue, stored.environment, stored.symbol) != (venue, environment, symbol):
        raise CorruptValue(f"not the {name}")
    latest_ms = now_ms - snapshots.behind_ms(stored) + MAX_CLOCK_LEAD_MS
    if not _clocks_agree(stored.observed_time, stored.received_time) or times.millis(stored.observed_time) > latest_ms:
        raise CorruptValue(f"{name} with an impossible time")
    refused: Counter[str] = Counter()
    valid = _valid(stored.series, lambda series: str(series.kind), refused, latest_ms // 1000)
    _count("series", refused, len(valid), name)
    if not valid:
        raise CorruptValue(f"no valid one among the {name}")
    del stored.series[:]
    stored.series.extend(valid)
    return stored


def read_history_rows(
    what: str,
    rows: Iterable[Row],
    name: Callable[[Row], str],
    consistent: Callable[[Row], bool],
    *,
    latest_ms: int,
) -> Sequence[Row]:
    """Return the valid ones of `rows`, which come from the history. `what` is their name in the log.

    A row with a time after `latest_ms` (epoch ms) was stored with a wrong time, and is not valid."""
    refused: Counter[str] = Counter()
    valid = _valid(rows, name, refused, latest_ms // 1000, consistent)
    _count("history", refused, len(valid), f"history: {what}")
    return valid


def read_points(
    points: Sequence[score_history_pb2.ScorePoint], symbol: str, *, latest_ms: int
) -> Sequence[score_history_pb2.ScorePoint]:
    """Return the valid points, see `read_history_rows`. Check them one by one only when the check of all at once fails."""
    whole = market_service_pb2.GetScoreHistoryResponse(points=points)
    if not collect_violations(whole, fail_fast=True) and all(
        time_is_valid(point.observed_time, latest_ms // 1000) for point in points
    ):
        metrics.ROWS.labels("history", "ok").inc(len(points))
        return points
    return read_history_rows(
        f"points of {symbol}",
        points,
        lambda point: str(times.millis(point.observed_time)),
        invariants.point,
        latest_ms=latest_ms,
    )


def count_refused(what: str) -> None:
    """Count a refused snapshot. `what` is the invalid part: the head, the checksum or the whole snapshot."""
    metrics.INVALID_ROWS.labels(what).inc()
    metrics.ROWS.labels("snapshot", "refused").inc()


def _check(provenance: provenance_pb2.Provenance) -> None:
    checked = provenance_pb2.Provenance()
    checked.CopyFrom(provenance)
    checked.path = provenance_pb2.PATH_SNAPSHOT  # a stored snapshot has no path; the server sets it at each tick
    violations = collect_violations(checked, fail_fast=True)
    rule = violations[0].proto.rule_id if violations else ""
    coverage = checked.coverage
    if not rule and max(coverage.present + coverage.unmeasurable, coverage.streamed) > coverage.expected:
        rule = "coverage"
    latest_s = checked.computed_time.seconds + _LEAD_S
    if not rule and not (
        times_are_valid(checked, min(latest_s, LAST_SECOND)) and _clocks_agree(checked.observed_time, checked.received_time)
    ):
        rule = "time"
    if rule:
        metrics.INVALID_ROWS.labels(rule).inc()
        raise CorruptValue(f"the provenance of snapshot {provenance.snapshot_id!r} breaks the rule {rule}")


def _clocks_agree(observed: Timestamp, received: Timestamp) -> bool:
    """Return True when the exchange's time is at most a minute ahead of ours, and both are set and in range."""
    return time_is_valid(received, LAST_SECOND - 1) and time_is_valid(observed, received.seconds + _LEAD_S)


def _valid(
    rows: Iterable[Row],
    name: Callable[[Row], str],
    refused: Counter[str],
    latest_s: int | None,
    consistent: Callable[[Row], bool] | None = None,
) -> list[Row]:
    """Return the valid rows, and only the first row of each name. Count the other rows by rule in `refused`.

    No time may be after `latest_s` (epoch seconds). None means that the times are already checked."""
    valid: dict[str, Row] = {}
    for row in rows:
        symbol = name(row)
        if is_placeholder(symbol):
            rule = "placeholder"
        elif symbol in valid:
            rule = "duplicate"
        elif violations := collect_violations(row, fail_fast=True):
            rule = violations[0].proto.rule_id
        elif latest_s is not None and not times_are_valid(row, latest_s):
            rule = "time"
        elif consistent is not None and not consistent(row):
            rule = "inconsistent"
        else:
            valid[symbol] = row
            continue
        refused[rule] += 1
    return list(valid.values())


def _one(message: Row, refused: Counter[str], latest_s: int, consistent: Callable[[Row], bool] | None = None) -> Row | None:
    """Return the message if it is not empty and valid, or None."""
    found = _valid([message], lambda _: "", refused, latest_s, consistent) if message.ByteSize() else []
    return found[0] if found else None


def _overview(snapshot: snapshot_pb2.Snapshot, refused: Counter[str], latest_s: int) -> overview_pb2.Overview | None:
    """Return the overview. BTC's share of the market comes from another source. When only this share is wrong, only this
    share is left out."""
    overview = _one(snapshot.overview, refused, latest_s, invariants.liquidations)
    if overview is None and snapshot.HasField("overview"):
        for field in ("btc_dominance_percent", "btc_dominance_basis", "btc_dominance_time"):
            snapshot.overview.ClearField(field)
        overview = _one(snapshot.overview, Counter(), latest_s, invariants.liquidations)
    return overview


def _count(kind: str, refused: Counter[str], valid: int, what: str) -> None:
    metrics.ROWS.labels(kind, "ok").inc(valid)
    metrics.ROWS.labels(kind, "refused").inc(refused.total())
    for rule, number in refused.items():
        metrics.INVALID_ROWS.labels(rule).inc(number)
    metrics.CONTAMINATED_ROWS.inc(refused["placeholder"])
    if refused:
        log.warning("%s: refused %s", what, ", ".join(f"{number} by {rule}" for rule, number in refused.items()))
