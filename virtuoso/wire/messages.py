"""Records as messages of the API, one by one: what snapshots are put together from, and what servers answer of a history.

A part of `wire`: nobody else converts between records and protobuf.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from virtuoso.domain.model import DimensionKind, Environment
from virtuoso.domain.records import BetaSpan, Opportunity, OpportunityKind, Side, Signal, SignalStatus
from virtuoso.market.v1 import (
    alert_pb2,
    beta_pb2,
    confluence_pb2,
    opportunity_pb2,
    overview_pb2,
    score_history_pb2,
    sentiment_pb2,
    signal_pb2,
    snapshot_pb2,
)
from virtuoso.wire.times import millis, timestamp

if TYPE_CHECKING:
    from virtuoso.domain.model import Breadth, Component
    from virtuoso.domain.records import Alert, BetaWindow, MarketSentiment, ScorePoint, SignalRecord, SignalTally


# ------------------------------------------------------------------------------------------------- the market's mood


def components(parts: Iterable[Component]) -> list[confluence_pb2.Component]:
    """Strongest contribution first, those that are missing last."""
    ordered = sorted(parts, key=lambda c: (c.direction is None, -abs(c.contribution), c.name))
    return [
        confluence_pb2.Component(
            name=component.name,
            direction=component.direction,
            confidence=component.confidence,
            weight=component.weight,
            contribution=component.contribution,
            reading=component.reading,
            unit=component.unit,
            missing=component.missing,
        )
        for component in ordered
    ]


def breadth(value: Breadth) -> overview_pb2.Breadth:
    """How many rise, fall and stand."""
    return overview_pb2.Breadth(up=value.up, down=value.down, flat=value.flat)


def sentiment(value: MarketSentiment) -> sentiment_pb2.Sentiment | None:
    """The crowd; None when nothing of it could be measured."""
    gauge = value.gauge
    message = sentiment_pb2.Sentiment(
        breadth=breadth(value.breadth) if value.breadth else None,
        funding_mean_percent=value.funding_mean_percent,
        funding_median_percent=value.funding_median_percent,
        open_interest_usd=value.open_interest_usd,
        open_interest_change_percent=value.open_interest_change_percent,
        long_short_median=value.long_short_median,
        long_accounts_percent=value.long_accounts_percent,
        premium_median_bp=value.premium_median_bp,
    )
    if gauge.coverage == 0 and not message.ListFields():
        return None
    message.MergeFrom(
        sentiment_pb2.Sentiment(
            gauge=gauge.score,
            confidence=gauge.confidence if gauge.score is not None else None,
            coverage=gauge.coverage,
            parts=components(gauge.components),
            sentence=gauge.sentence,
            observed_time=timestamp(gauge.observed_ms) if gauge.observed_ms is not None else None,
        )
    )
    return message


# ------------------------------------------------------------------------------------------------------------- betas


def symbol_beta(symbol: str, windows: Mapping[BetaSpan, BetaWindow]) -> snapshot_pb2.SymbolBeta:
    """One symbol's betas, now and over time, shortest window first."""
    ordered = [windows[window] for window in BetaSpan if window in windows]
    return snapshot_pb2.SymbolBeta(
        beta=beta_pb2.Beta(symbol=symbol, windows=[_beta_window(beta) for beta in ordered]),
        rolling=[
            beta_pb2.RollingBeta(
                span=beta_pb2.BetaSpan.ValueType(beta.window),
                end_time_ms=[at for at, _ in beta.rolling],
                beta=[value for _, value in beta.rolling],
            )
            for beta in ordered
            if beta.rolling
        ],
    )


def _beta_window(beta: BetaWindow) -> beta_pb2.BetaWindow:
    return beta_pb2.BetaWindow(
        span=beta_pb2.BetaSpan.ValueType(beta.window),
        beta=beta.beta,
        beta_error=beta.beta_error,
        correlation=beta.correlation,
        r_squared=beta.r_squared,
        alpha_annual_percent=beta.alpha_percent,
        alpha_t=beta.alpha_t,
        upside_beta=beta.upside_beta,
        downside_beta=beta.downside_beta,
        points=beta.count,
        start_time=timestamp(beta.start_ms),
        end_time=timestamp(beta.end_ms),
    )


# ----------------------------------------------------------------------------------------------------------- signals


def signal(value: Signal) -> signal_pb2.Signal:
    """A signal, whatever became of it."""
    return signal_pb2.Signal(
        id=value.id,
        symbol=value.symbol,
        side=signal_pb2.Side.ValueType(value.side),
        status=signal_pb2.SignalStatus.ValueType(value.status),
        opened_time=timestamp(value.opened_ms),
        entry=value.entry,
        stop=value.stop,
        targets=[
            signal_pb2.SignalTarget(price=price, size=size) for price, size in zip(value.targets, value.sizes, strict=True)
        ],
        expires_time=timestamp(value.expires_ms),
        score=value.score,
        confidence=value.confidence,
        drivers=[confluence_pb2.DimensionKind.ValueType(kind) for kind in value.drivers],
        targets_hit=value.targets_hit,
        result_r=value.result_r,
        closed_time=timestamp(value.closed_ms) if value.closed_ms is not None else None,
        exit_price=value.exit_price,
        model_version=value.model_version,
        venue=value.venue,
        judged_time=timestamp(value.judged_ms),
    )


def read_signal(message: signal_pb2.Signal, environment: Environment) -> Signal:
    """The signal of a message; that it was re-armed is not in it."""
    return Signal(
        id=message.id,
        venue=message.venue,
        symbol=message.symbol,
        side=Side(message.side),
        environment=environment,
        model_version=message.model_version,
        opened_ms=millis(message.opened_time),
        entry=message.entry,
        stop=message.stop,
        targets=tuple(target.price for target in message.targets),
        sizes=tuple(target.size for target in message.targets),
        expires_ms=millis(message.expires_time),
        score=message.score,
        confidence=message.confidence,
        drivers=tuple(DimensionKind(kind) for kind in message.drivers),
        judged_ms=millis(message.judged_time),
        status=SignalStatus(message.status),
        targets_hit=message.targets_hit,
        result_r=message.result_r,
        closed_ms=millis(message.closed_time) if message.HasField("closed_time") else None,
        exit_price=message.exit_price if message.HasField("exit_price") else None,
    )


def signal_record(value: SignalRecord) -> signal_pb2.SignalRecord:
    """How closed signals ended."""
    sides = {side: _tally(tally) for side, tally in value.sides.items()}
    return signal_pb2.SignalRecord(
        all=_tally(value.total),
        long=sides.get(Side.LONG, signal_pb2.SignalTally()),
        short=sides.get(Side.SHORT, signal_pb2.SignalTally()),
        drivers=[
            signal_pb2.DriverTally(driver=confluence_pb2.DimensionKind.ValueType(kind), tally=_tally(tally))
            for kind, tally in sorted(value.drivers.items())
        ],
        since_time=timestamp(value.since_ms) if value.since_ms is not None else None,
    )


def _tally(value: SignalTally) -> signal_pb2.SignalTally:
    return signal_pb2.SignalTally(
        count=value.count,
        wins=value.wins,
        win_rate=value.win_rate,
        win_rate_low=value.win_low,
        win_rate_high=value.win_high,
        mean_r=value.mean_r,
        expectancy_r=value.expectancy_r,
    )


# --------------------------------------------------------------------------------------------- opportunities, alerts


def opportunity(value: Opportunity) -> opportunity_pb2.Opportunity:
    """An opportunity."""
    return opportunity_pb2.Opportunity(
        id=value.id,
        symbol=value.symbol,
        kind=opportunity_pb2.OpportunityKind.ValueType(value.kind),
        side=signal_pb2.Side.ValueType(value.side),
        found_time=timestamp(value.found_ms),
        expires_time=timestamp(value.expires_ms),
        price=value.price,
        confidence=value.confidence,
        alpha_percent=value.alpha_percent,
        z_score=value.z_score,
        reading=value.reading,
        unit=value.unit,
        sentence=value.sentence,
        venue=value.venue,
    )


def read_opportunity(message: opportunity_pb2.Opportunity) -> Opportunity:
    """The opportunity of a message."""
    return Opportunity(
        id=message.id,
        venue=message.venue,
        symbol=message.symbol,
        kind=OpportunityKind(message.kind),
        side=Side(message.side),
        found_ms=millis(message.found_time),
        expires_ms=millis(message.expires_time),
        price=message.price,
        confidence=message.confidence,
        sentence=message.sentence,
        alpha_percent=message.alpha_percent if message.HasField("alpha_percent") else None,
        z_score=message.z_score if message.HasField("z_score") else None,
        reading=message.reading if message.HasField("reading") else None,
        unit=message.unit,
    )


def alert(value: Alert, cursor: str) -> alert_pb2.Alert:
    """An alert as a history keeps it; `cursor`: how a server writes its place."""
    return alert_pb2.Alert(
        cursor=cursor,
        kind=alert_pb2.AlertKind.ValueType(value.kind),
        level=alert_pb2.AlertLevel.ValueType(value.level),
        observed_time=timestamp(value.observed_ms),
        symbol=value.symbol,
        text=value.text,
        reading=value.reading,
        unit=value.unit,
        reference=value.reference,
        venue=value.venue,
    )


# ------------------------------------------------------------------------------------------------------------ points


def score_point(value: ScorePoint) -> score_history_pb2.ScorePoint:
    """One symbol at one moment."""
    return score_history_pb2.ScorePoint(
        time=timestamp(value.observed_ms),
        price=value.price,
        score=value.score,
        confidence=value.confidence,
        **{kind.lower_name: value.dimension(kind) for kind in DimensionKind},
    )
