"""Alerts for traders and operators: pure functions of the states before and after a pass.

    (MarketPass before, MarketPass after, AlertState) ─► market_alerts ─┐
    (SourceStatus before, SourceStatus after) ─► source_alerts ───┴─► alerts ─► History.add_alerts(cooldown_s=COOLDOWNS_S)

An alert of a market condition is sent when it is confirmed: a second reading of its input or another source shows it. So one
wrong value raises nothing. While the condition lasts, it is sent again only when its size has doubled or has become
CRITICAL. What many markets have at once is one alert with their list (see `alert_groups`). Without a previous pass, or after
a change of venue, every condition that is confirmed is sent, unless it was sent within its cooldown. The history also drops
each alert whose key it already holds within the kind's cooldown. A key names the subject of its alert. Therefore a restart
or a second collector creates no duplicates.

    SIGNAL_OPENED, SIGNAL_CLOSED, OPPORTUNITY   INFO, one for each id
    REGIME_CHANGE         WARNING for a change to BEARISH or RISK_OFF, otherwise INFO
    LARGE_TRADE           INFO: fills of one side in one millisecond of at least 100,000 USDT, 0.2 % of a day's turnover, and
                          50 times the mean of the others within two minutes
    VOLUME_SPIKE          INFO: a 5m bar of at least 15 times the median volume of the day before, and 100,000 USDT
    FUNDING_EXTREME       WARNING: as in `opportunity_rules`
    OPEN_INTEREST_SURGE   WARNING: a rise or fall of 10 % within an hour
    PRICE_MOVE            WARNING: 2 % (BTC 1 %) and 5 usual deviations within 15 minutes; CRITICAL: 10 % (BTC 4 %) and 2
    LIQUIDATION           WARNING: positions of one side that were closed by force within 5 minutes: 100,000 USDT and 0.1 %
                          of a day's turnover; in all tracked markets 5,000,000 USDT and 0.05 %, with the largest three.
                          While it holds for all markets, single markets have no alert of that side
    DATA_QUALITY          CRITICAL: a venue blocks us; WARNING: a venue is stale or fails, another venue is used, or few
                          symbols can be scored; INFO: a venue works again

The confirmation of a large trade is the next reading of the trades that has it with the same size, or the 1m bar of its time
where that reading does not reach back to it. That of a volume spike are the 1m bars of the same five minutes, or the next
reading of the bar. That of an open-interest surge is the ticker, or the next reading of the series. That of a price move is
the next ticker, and a funding extreme must hold for 150 s. That of liquidations are the trades of the same five minutes, or
their 1m bars, which must have at least the same amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.analysis.alert_conditions import AlertCondition
from virtuoso.analysis.alert_confirmation import Held, HeldKey, hold
from virtuoso.analysis.alert_groups import NO_ALERTS, AlertState, Finding, finding, select_alerts
from virtuoso.domain.model import FallbackReason, Regime, SymbolInputs
from virtuoso.domain.prices import price_text
from virtuoso.domain.records import Alert, AlertKind, AlertLevel, OpportunityKind, SignalStatus

if TYPE_CHECKING:
    from virtuoso.domain.model import Environment, Fallback, RegimeState
    from virtuoso.domain.records import Opportunity, Signal

MIN_SCORED_SHARE = 0.5
"""The minimum share of the expected symbols that have a score. Below it the data is insufficient."""
SIGNAL_ENDS = {
    SignalStatus.STOPPED: "reached its stop",
    SignalStatus.TARGETS_REACHED: "reached all its targets",
    SignalStatus.EXPIRED: "expired",
    SignalStatus.REVERSED: "ended with a signal on the other side",
}
REGIMES = {
    Regime.NEUTRAL: "mixed",
    Regime.BULLISH: "rising",
    Regime.BEARISH: "falling",
    Regime.RISK_ON: "risk on",
    Regime.RISK_OFF: "risk off",
}
"""The words of the page."""
VENUE_FAILURES = {
    FallbackReason.VENUE_BLOCKED: "blocks requests from this machine's location",
    FallbackReason.VENUE_STALE: "sends data whose clock does not advance",
    FallbackReason.VENUE_RATE_LIMITED: "limits our requests",
    FallbackReason.VENUE_UNAVAILABLE: "cannot be reached",
    FallbackReason.VENUE_TIMED_OUT: "does not answer in time",
    FallbackReason.VENUE_BAD_DATA: "sends data that cannot be read",
    FallbackReason.VENUE_EMPTY: "sends no data",
    FallbackReason.VENUE_INCOMPLETE: "sends too little data to score",
    FallbackReason.VENUE_RECOVERING: "works again and is watched before it is used",
}
"""The text of each reason in an alert. The venue's name is its subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPass:
    """One pass over a venue's market. `now_ms` is the exchange's clock, epoch ms. `opened` and `changed` are the signals
    that this pass opened and changed. `held` are the conditions that hold."""

    venue: str
    environment: Environment
    now_ms: int
    inputs: Mapping[str, SymbolInputs]
    regime: RegimeState | None = None
    opened: Sequence[Signal] = ()
    changed: Sequence[Signal] = ()
    opportunities: Sequence[Opportunity] = ()
    held: Mapping[HeldKey, Held] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """The source of the data at `now_ms`, epoch ms of our own clock.

    `venue` is the venue in use, or empty before the first. `fallback` says why it is not the preferred venue. `failures`
    maps each venue that cannot be used now to the reason. `scored` is the number of symbols with a score, of `expected`
    symbols. It is None before the first snapshot."""

    environment: Environment
    now_ms: int
    venue: str = ""
    fallback: Fallback | None = None
    failures: Mapping[str, FallbackReason] = field(default_factory=dict)
    scored: int | None = None
    expected: int = 0


class AlertStep(NamedTuple):
    """A pass with the conditions that hold, the alerts that it raises, and the state of its alerts."""

    after: MarketPass
    alerts: tuple[Alert, ...]
    state: AlertState


def market_alerts(before: MarketPass | None, after: MarketPass, state: AlertState = NO_ALERTS) -> AlertStep:
    """Return the alerts for everything that began or grew between two passes. The module's docstring lists kinds, levels and
    thresholds. An input that is missing or cannot be read raises no alert."""
    if before is not None and before.venue != after.venue:
        before = None  # a different venue is a different market
    step = hold(before.held if before is not None else {}, after.inputs, after.now_ms)
    findings = [_signal_opened(after, signal) for signal in after.opened]
    # A signal that was compared with its random entry closed days ago.
    findings += [
        _signal_closed(after, s) for s in after.changed if s.status is not SignalStatus.ACTIVE and s.baseline_r is None
    ]
    # unusual funding is a condition, which says the same
    findings += [_opportunity(after, one) for one in after.opportunities if one.kind is not OpportunityKind.FUNDING_EXTREME]
    of_all_markets = {
        key.subject
        for key, one in step.held.items()
        if key.kind is AlertKind.LIQUIDATION and not key.symbol and one.step is not None
    }
    findings += [
        _condition(kind, after, symbol, current)
        for kind, confirmed in step.confirmed
        for symbol, current in confirmed
        if not (symbol and kind is AlertKind.LIQUIDATION and current.subject in of_all_markets)
    ]
    state, alerts = select_alerts(state, findings, len(after.inputs), after.now_ms)
    return AlertStep(replace(after, held=step.held), (*_regime_alerts(before, after), *alerts), state)


def _condition(kind: AlertKind, after: MarketPass, symbol: str, current: AlertCondition) -> Finding:
    """Return the finding of a confirmed condition. `symbol` is empty for a condition of all markets, which has no list."""
    alert = Alert(
        key=f"{after.venue}:{symbol}:{current.step}",
        venue=after.venue,
        kind=kind,
        level=current.level,
        observed_ms=after.now_ms,
        text=current.text,
        symbol=symbol,
        reading=current.value,
        unit=current.unit,
        environment=after.environment,
    )
    return finding(alert, current.subject if symbol else f"all {current.subject}", current.item, step=current.step)


def _subject(signal: Signal) -> str:
    return f"the whole market (a trade in {signal.symbol})" if signal.market_symbols else signal.symbol


def _signal_opened(after: MarketPass, signal: Signal) -> Finding:
    inputs = after.inputs.get(signal.symbol)
    tick_size = None if inputs is None or inputs.ticker is None else inputs.ticker.tick_size
    entry, stop = (price_text(price, tick_size) for price in (signal.entry, signal.stop))
    score = f"{'median ' if signal.market_symbols else ''}score {signal.score:.0f}"
    text = f"{signal.side.name} {_subject(signal)} at {entry}, stop {stop}, {score}."
    alert = Alert(
        key=signal.id,
        venue=signal.venue,
        kind=AlertKind.SIGNAL_OPENED,
        level=AlertLevel.INFO,
        observed_ms=signal.opened_ms,
        text=text,
        symbol=signal.symbol,
        reading=signal.score,
        unit="score",
        reference=signal.id,
        environment=signal.environment,
    )
    return finding(alert, signal.side.name, f"{signal.score:.0f}")


def _signal_closed(after: MarketPass, signal: Signal) -> Finding:
    reading = signal.result_r if signal.net_r is None else signal.net_r
    costs = " before costs" if signal.net_r is None else f" after costs ({signal.result_r:+.2f} before)"
    alert = Alert(
        key=signal.id,
        venue=signal.venue,
        kind=AlertKind.SIGNAL_CLOSED,
        level=AlertLevel.INFO,
        observed_ms=signal.closed_ms or after.now_ms,
        text=f"{signal.side.name} {_subject(signal)} {SIGNAL_ENDS[signal.status]}: {reading:+.2f} R{costs}.",
        symbol=signal.symbol,
        reading=reading,
        unit="R",
        reference=signal.id,
        environment=signal.environment,
    )
    return finding(alert, signal.side.name, f"{reading:+.2f} R{' before costs' if signal.net_r is None else ''}")


def _opportunity(after: MarketPass, opportunity: Opportunity) -> Finding:
    alert = Alert(
        key=opportunity.id,
        venue=opportunity.venue,
        kind=AlertKind.OPPORTUNITY,
        level=AlertLevel.INFO,
        observed_ms=opportunity.found_ms,
        text=opportunity.sentence,
        symbol=opportunity.symbol,
        reading=opportunity.reading,
        unit=opportunity.unit,
        reference=opportunity.id,
        environment=after.environment,
    )
    return finding(alert, opportunity.kind.lower_name, "")


def _regime_alerts(before: MarketPass | None, after: MarketPass) -> list[Alert]:
    """Return the alert of a change of regime. It requires the regime of the previous pass."""
    if before is None or before.regime is None or after.regime is None or before.regime.regime is after.regime.regime:
        return []
    old, new = before.regime.regime, after.regime.regime
    return [
        Alert(
            key=f"regime_change:{after.venue}:{new.lower_name}",
            venue=after.venue,
            kind=AlertKind.REGIME_CHANGE,
            level=AlertLevel.WARNING if new in {Regime.BEARISH, Regime.RISK_OFF} else AlertLevel.INFO,
            observed_ms=after.now_ms,
            text=f"The market is {REGIMES[new]}; it was {REGIMES[old]}.",
            environment=after.environment,
        )
    ]


class _SourceEvent(NamedTuple):
    key: str
    venue: str
    level: AlertLevel
    text: str


def source_alerts(before: SourceStatus | None, after: SourceStatus) -> tuple[Alert, ...]:
    """Return the alerts for changes of the data source: a venue begins to fail or to block us, a venue works again, another
    venue is used, or few symbols can be scored. Times are epoch ms of our own clock."""
    old = before or SourceStatus(environment=after.environment, now_ms=after.now_ms)
    events = [*_failure_events(old, after), *_fallback_events(old, after), *_coverage_events(old, after)]
    return tuple(
        Alert(
            key=f"data_quality:{event.key}",
            venue=event.venue,
            kind=AlertKind.DATA_QUALITY,
            level=event.level,
            observed_ms=after.now_ms,
            text=event.text,
            environment=after.environment,
        )
        for event in events
    )


def _failure_events(before: SourceStatus, after: SourceStatus) -> Iterator[_SourceEvent]:
    for venue, reason in after.failures.items():
        if before.failures.get(venue) != reason:
            level = AlertLevel.CRITICAL if reason is FallbackReason.VENUE_BLOCKED else AlertLevel.WARNING
            text = f"{venue} {VENUE_FAILURES.get(reason, 'cannot be used')}."
            yield _SourceEvent(f"{reason.lower_name}:{venue}", venue, level, text)
    for venue in sorted(before.failures.keys() - after.failures.keys()):
        yield _SourceEvent(f"well:{venue}", venue, AlertLevel.INFO, f"{venue} works again.")


def _fallback_events(before: SourceStatus, after: SourceStatus) -> Iterator[_SourceEvent]:
    if after.fallback is not None and (before.fallback is None or before.venue != after.venue):
        reason = VENUE_FAILURES.get(after.fallback.reason, "cannot be used")
        text = f"{after.venue} is used instead of {after.fallback.venue}, which {reason}."
        yield _SourceEvent(f"fallback:{after.venue}", after.venue, AlertLevel.WARNING, text)
    elif before.fallback is not None and after.fallback is None and after.venue:
        yield _SourceEvent(f"preferred:{after.venue}", after.venue, AlertLevel.INFO, f"{after.venue} is used again.")


def _coverage_events(before: SourceStatus, after: SourceStatus) -> Iterator[_SourceEvent]:
    if _few_scored(after) and not _few_scored(before):
        text = f"Only {after.scored} of {after.expected} symbols of {after.venue} can be scored."
        yield _SourceEvent(f"few_scores:{after.venue}", after.venue, AlertLevel.WARNING, text)


def _few_scored(status: SourceStatus) -> bool:
    return status.scored is not None and status.scored < MIN_SCORED_SHARE * status.expected
