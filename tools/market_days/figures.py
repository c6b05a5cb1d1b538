"""The figures of the scores, signals and alerts of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.collector.history_recorder import HistoryRecorder, RecalledState
from virtuoso.domain.records import Side, SignalStatus

if TYPE_CHECKING:
    from virtuoso.collector.one_pass import PassRequest
    from virtuoso.domain.model import Floats
    from virtuoso.domain.records import Alert, Opportunity, ScorePoint, Signal, SignalRecord
    from virtuoso.domain.snapshot import Snapshot

MINUTE_MS = 60_000
SETTLED_MINUTES = 40  # after a start, means need this long to be means


class Journal(HistoryRecorder):
    """A history in memory."""

    def __init__(self) -> None:
        self.signals: dict[str, Signal] = {}
        self.alerts: list[Alert] = []

    @property
    def state(self) -> str:
        """See HistoryRecorder."""
        return "ok"

    def signal_record(self, venue: str) -> SignalRecord | None:
        """See HistoryRecorder."""

    def record(
        self,
        points: Sequence[ScorePoint] = (),  # noqa: ARG002 - the scores come from snapshots
        signals: Sequence[Signal] = (),
        opportunities: Sequence[Opportunity] = (),  # noqa: ARG002 - not counted
        alerts: Sequence[Alert] = (),
    ) -> None:
        """See HistoryRecorder."""
        self.signals.update({signal.id: signal for signal in signals})
        known = {alert.key for alert in self.alerts[-2000:]}
        self.alerts += [alert for alert in alerts if alert.key not in known]

    async def recall(self, now_ms: int) -> RecalledState:  # noqa: ARG002 - nothing was stored before
        """See HistoryRecorder."""
        return RecalledState(signals=(), opportunities=())


class Scores:
    """The shown scores of each minute: an observer of passes."""

    def __init__(self) -> None:
        self.minutes: dict[int, dict[str, float]] = {}
        self.confidences: list[float] = []

    def started(self, venue: str, request: PassRequest) -> int:  # noqa: ARG002 - as in PassObserver
        """See PassObserver."""
        return 0

    def scored(self, number: int, snapshot: Snapshot) -> None:  # noqa: ARG002 - as in PassObserver
        """See PassObserver."""
        shown = {one.symbol: one.score for one in snapshot.confluences.values() if one.score is not None}
        minute = snapshot.stamp.observed_ms // MINUTE_MS
        if minute not in self.minutes:
            self.confidences += [one.confidence for one in snapshot.confluences.values() if one.confidence is not None]
        self.minutes[minute] = shown

    def published(self, snapshot: Snapshot) -> None:
        """See PassObserver."""


def report(scores: Scores, journal: Journal, *, hours: int, texts: bool) -> str:
    """Return the figures in words."""
    alerts = (*_alerts(journal.alerts), *(_alert_line(one) for one in journal.alerts if texts))
    return "\n".join((*_scores(scores), *_signals(list(journal.signals.values()), hours), *alerts))


def _scores(scores: Scores) -> Iterator[str]:
    minutes = sorted(scores.minutes)[SETTLED_MINUTES:]
    symbols = sorted(set().union(*scores.minutes.values()))
    if len(minutes) < 2:
        return
    table = np.array([[scores.minutes[minute].get(symbol, np.nan) for symbol in symbols] for minute in minutes])
    moves = np.abs(np.diff(table, axis=0))
    moves = moves[np.isfinite(moves)]
    yield f"scores: {len(symbols)} symbols, {len(minutes)} minutes, median {np.nanmedian(table):.1f}"
    shares = " ".join(f"{q}%:{np.nanpercentile(table, q):.1f}" for q in (0.1, 1, 5, 25, 75, 95, 99, 99.9))
    yield f"  quantiles {shares}"
    medians = np.nanmedian(table, axis=1)
    yield f"  median of the market {medians.min():.1f} to {medians.max():.1f}"
    yield f"  confidence, median {np.median(scores.confidences):.2f}, 5 % below {np.percentile(scores.confidences, 5):.2f}"
    yield f"  change from minute to minute: median {np.median(moves):.2f}, 90th percentile {np.percentile(moves, 90):.2f}"
    ranks = " ".join(f"{lag} min {_rank_correlation(table, lag):.3f}" for lag in (1, 15, 60))
    yield f"  rank correlation: {ranks}"


def _rank_correlation(table: Floats, lag: int) -> float:
    """Return the mean rank correlation between rows that are `lag` apart."""
    if len(table) <= lag:
        return float("nan")
    full = table[:, np.isfinite(table).mean(axis=0) > 0.9]
    full = full[np.isfinite(full).all(axis=1)]
    ranks = full.argsort(axis=1).argsort(axis=1).astype(float)
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(ranks[:-lag], ranks[lag:], strict=True)]))


def _signals(signals: Sequence[Signal], hours: int) -> Iterator[str]:
    sides = Counter(signal.side for signal in signals)
    market = sum(bool(signal.market_symbols) for signal in signals)
    yield (
        f"signals: {len(signals)} in {hours} h, {sides[Side.LONG]} long, {sides[Side.SHORT]} short, "
        f"{market} on the whole market"
    )
    for one in sorted(signals, key=lambda one: one.opened_ms):
        opened = datetime.fromtimestamp(one.opened_ms / 1000, UTC)
        result = f"{one.result_r:+.2f} R" + ("" if one.net_r is None else f", net {one.net_r:+.2f} R")
        status = "active" if one.status is SignalStatus.ACTIVE else one.status.lower_name
        subject = "market" if one.market_symbols else one.symbol
        distance = abs(one.stop / one.entry - 1)
        yield (
            f"  {opened:%m-%d %H:%M} {one.side.name:5} {subject:14} score {one.score:.1f} stop {distance:.1%} "
            f"chances {' '.join(f'{each:.2f}' for each in one.chances)}: {status}, {result}"
        )


def _alerts(alerts: Sequence[Alert]) -> Iterator[str]:
    kinds = ", ".join(f"{kind.lower_name} {count}" for kind, count in Counter(a.kind for a in alerts).most_common())
    yield f"alerts: {len(alerts)}: {kinds}"


def _alert_line(alert: Alert) -> str:
    return f"  {datetime.fromtimestamp(alert.observed_ms / 1000, UTC):%m-%d %H:%M:%S} {alert.level.name:8} {alert.text}"
