"""Convert records to messages of the public API, and back. Snapshots and replies from the history use these messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING

from virtuoso.domain.model import DimensionKind, Environment
from virtuoso.domain.records import BetaSpan, Opportunity, OpportunityKind, Side, Signal, SignalStatus, TradingCosts
from virtuoso.market.v1 import (
    alert_pb2,
    beta_pb2,
    confluence_pb2,
    market_service_pb2,
    opportunity_pb2,
    overview_pb2,
    score_history_pb2,
    sentiment_pb2,
    signal_pb2,
)
from virtuoso.wire.confluences import components
from virtuoso.wire.liquidations import liquidations
from virtuoso.wire.times import millis, timestamp

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.domain.model import Breadth
    from virtuoso.domain.records import (
        Alert,
        BetaWindow,
        MarketSentiment,
        MeanResult,
        ScorePoint,
        SignalEvidence,
        SignalRecord,
        SignalTally,
    )

# The fields of a point that are numbers, in the record and in the message.
_POINT_NUMBERS = ("price", "score", "instant_score", "confidence", *(kind.lower_name for kind in DimensionKind))
_numbers_of_point = attrgetter(*_POINT_NUMBERS)


def breadth(value: Breadth) -> overview_pb2.Breadth:
    """Return the numbers of rising, falling and unchanged symbols."""
    return overview_pb2.Breadth(up=value.up, down=value.down, flat=value.flat)


def sentiment(value: MarketSentiment) -> sentiment_pb2.Sentiment | None:
    """Return the sentiment of the market. Return None when no part of it could be measured."""
    gauge = value.gauge
    message = sentiment_pb2.Sentiment(
        breadth=breadth(value.breadth) if value.breadth else None,
        funding_mean_percent=_of_eight_hours(value.funding_mean_day_percent),
        funding_median_percent=_of_eight_hours(value.funding_median_day_percent),
        funding_mean_day_percent=value.funding_mean_day_percent,
        funding_median_day_percent=value.funding_median_day_percent,
        open_interest_usd=value.open_interest_usd,
        open_interest_change_percent=value.open_interest_change_percent,
        long_short_median=value.long_short_median,
        long_accounts_percent=value.long_accounts_percent,
        premium_median_bp=value.premium_median_bp,
        liquidations=liquidations(value.liquidations) if value.liquidations else None,
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


def _of_eight_hours(day_percent: float | None) -> float | None:
    return None if day_percent is None else day_percent / 3


def betas(symbol: str, windows: Mapping[BetaSpan, BetaWindow]) -> market_service_pb2.GetBetaResponse:
    """Return the reply of GetBeta for a symbol, without provenance."""
    ordered = [windows[span] for span in BetaSpan if span in windows]
    return market_service_pb2.GetBetaResponse(
        beta=beta_pb2.Beta(symbol=symbol, windows=[_beta_window(window) for window in ordered]),
        rolling=[
            beta_pb2.RollingBeta(
                span=beta_pb2.BetaSpan.ValueType(window.span),
                end_times=_timestamps(tuple(end_ms for end_ms, _ in window.rolling)),
                betas=[value for _, value in window.rolling],
            )
            for window in ordered
            if window.rolling
        ],
    )


@lru_cache(maxsize=64)
def _timestamps(times_ms: tuple[int, ...]) -> Sequence[Timestamp]:
    """Return the times as messages. Do not change them, because the symbols of a snapshot share them."""
    return [timestamp(ms) for ms in times_ms]


def _beta_window(window: BetaWindow) -> beta_pb2.BetaWindow:
    return beta_pb2.BetaWindow(
        span=beta_pb2.BetaSpan.ValueType(window.span),
        beta=window.beta,
        beta_error=window.beta_error,
        correlation=window.correlation,
        r_squared=window.r_squared,
        alpha_annual_percent=window.alpha_annual_percent,
        alpha_t=window.alpha_t,
        upside_beta=window.upside_beta,
        downside_beta=window.downside_beta,
        points=window.points,
        start_time=timestamp(window.start_ms),
        end_time=timestamp(window.end_ms),
    )


def signal(value: Signal) -> signal_pb2.Signal:
    """Return an active or closed signal."""
    return signal_pb2.Signal(
        id=value.id,
        symbol=value.symbol,
        side=signal_pb2.Side.ValueType(value.side),
        status=signal_pb2.SignalStatus.ValueType(value.status),
        open_time=timestamp(value.opened_ms),
        entry=value.entry,
        stop=value.stop,
        targets=[
            signal_pb2.SignalTarget(price=price, size=size, chance=chance)
            for price, size, chance in zip_longest(value.targets, value.sizes, value.chances)
        ],
        expire_time=timestamp(value.expires_ms),
        score=value.score,
        confidence=value.confidence,
        drivers=[confluence_pb2.DimensionKind.ValueType(kind) for kind in value.drivers],
        targets_hit=value.targets_hit,
        result_r=value.result_r,
        close_time=timestamp(value.closed_ms) if value.closed_ms is not None else None,
        exit_price=value.exit_price,
        model_version=value.model_version,
        venue=value.venue,
        judge_time=timestamp(value.judged_ms),
        net_result_r=value.net_r,
        costs=signal_pb2.SignalCosts(**value.costs._asdict()) if value.costs else None,
        funding_r=value.funding_r,
        market_symbols=value.market_symbols,
        baseline_r=value.baseline_r,
    )


def read_signal(message: signal_pb2.Signal, environment: Environment) -> Signal:
    """Return the signal of a message. `rearmed` is not in the message."""
    return Signal(
        id=message.id,
        venue=message.venue,
        symbol=message.symbol,
        side=Side(message.side),
        environment=environment,
        model_version=message.model_version,
        opened_ms=millis(message.open_time),
        entry=message.entry,
        stop=message.stop,
        targets=tuple(target.price for target in message.targets),
        sizes=tuple(target.size for target in message.targets),
        expires_ms=millis(message.expire_time),
        score=message.score,
        confidence=message.confidence,
        drivers=tuple(DimensionKind(kind) for kind in message.drivers),
        judged_ms=millis(message.judge_time),
        status=SignalStatus(message.status),
        targets_hit=message.targets_hit,
        result_r=message.result_r,
        closed_ms=millis(message.close_time) if message.HasField("close_time") else None,
        exit_price=message.exit_price if message.HasField("exit_price") else None,
        chances=tuple(target.chance for target in message.targets if target.HasField("chance")),
        market_symbols=tuple(message.market_symbols),
        costs=_read_costs(message.costs) if message.HasField("costs") else None,
        funding_r=message.funding_r,
        baseline_r=message.baseline_r if message.HasField("baseline_r") else None,
    )


def _read_costs(message: signal_pb2.SignalCosts) -> TradingCosts:
    return TradingCosts(message.taker_fee_percent, message.spread_percent, message.funding_day_percent)


def signal_record(value: SignalRecord) -> signal_pb2.SignalRecord:
    """Return the results of closed signals."""
    sides = {side: _tally(tally) for side, tally in value.sides.items()}
    return signal_pb2.SignalRecord(
        all=_tally(value.all),
        long=sides.get(Side.LONG, signal_pb2.SignalTally()),
        short=sides.get(Side.SHORT, signal_pb2.SignalTally()),
        drivers=[
            signal_pb2.DriverTally(driver=confluence_pb2.DimensionKind.ValueType(kind), tally=_tally(tally))
            for kind, tally in sorted(value.drivers.items())
        ],
        start_time=timestamp(value.since_ms) if value.since_ms is not None else None,
        evidence=_evidence(value.evidence) if value.evidence else None,
    )


def _evidence(value: SignalEvidence) -> signal_pb2.SignalEvidence:
    return signal_pb2.SignalEvidence(
        net=_mean_result(value.net),
        baseline=_mean_result(value.baseline),
        difference=_mean_result(value.difference),
        verdict=signal_pb2.SignalVerdict.ValueType(value.verdict),
        sentence=value.sentence,
    )


def _mean_result(value: MeanResult) -> signal_pb2.MeanResult:
    return signal_pb2.MeanResult(count=value.count, mean_r=value.mean, mean_r_low=value.low, mean_r_high=value.high)


def _tally(value: SignalTally) -> signal_pb2.SignalTally:
    return signal_pb2.SignalTally(
        count=value.count,
        wins=value.wins,
        win_rate=value.win_rate,
        win_rate_low=value.win_rate_low,
        win_rate_high=value.win_rate_high,
        mean_r=value.mean_r,
        expectancy_r=value.expectancy_r,
        mean_net_r=value.mean_net_r,
    )


def opportunity(value: Opportunity) -> opportunity_pb2.Opportunity:
    """Return an opportunity."""
    return opportunity_pb2.Opportunity(
        id=value.id,
        symbol=value.symbol,
        kind=opportunity_pb2.OpportunityKind.ValueType(value.kind),
        side=signal_pb2.Side.ValueType(value.side),
        find_time=timestamp(value.found_ms),
        expire_time=timestamp(value.expires_ms),
        price=value.price,
        confidence=value.confidence,
        alpha_percent=value.alpha_percent,
        z_score=value.z_score,
        reading=value.reading,
        unit=value.unit,
        sentence=value.sentence,
        venue=value.venue,
        also_symbols=value.also,
        invalidation=value.invalidation,
        invalidation_price=value.invalidation_price,
        last_held_time=None if value.held_ms is None else timestamp(value.held_ms),
    )


def read_opportunity(message: opportunity_pb2.Opportunity) -> Opportunity:
    """Return the opportunity of a message."""
    return Opportunity(
        id=message.id,
        venue=message.venue,
        symbol=message.symbol,
        kind=OpportunityKind(message.kind),
        side=Side(message.side),
        found_ms=millis(message.find_time),
        expires_ms=millis(message.expire_time),
        price=message.price,
        confidence=message.confidence,
        sentence=message.sentence,
        alpha_percent=message.alpha_percent if message.HasField("alpha_percent") else None,
        z_score=message.z_score if message.HasField("z_score") else None,
        reading=message.reading if message.HasField("reading") else None,
        unit=message.unit,
        also=tuple(message.also_symbols),
        invalidation=message.invalidation,
        invalidation_price=message.invalidation_price if message.HasField("invalidation_price") else None,
        held_ms=millis(message.last_held_time) if message.HasField("last_held_time") else None,
    )


def alert(value: Alert, cursor: str) -> alert_pb2.Alert:
    """Return an alert. `cursor` is its position in the history, in the format for clients."""
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
        markets=[
            alert_pb2.AlertMarket(symbol=one.symbol, reading=one.reading, reference=one.reference)
            for one in value.markets
            if len(value.markets) > 1
        ],
    )


def score_point(value: ScorePoint) -> score_history_pb2.ScorePoint:
    """Return the scores of one symbol at one time."""
    numbers = dict(zip(_POINT_NUMBERS, _numbers_of_point(value), strict=True))
    return score_history_pb2.ScorePoint(observed_time=timestamp(value.observed_ms), **numbers)
