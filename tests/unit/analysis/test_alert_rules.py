"""Alerts: each is raised once, when it begins. Its text is plain."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from tests.unit.analysis.test_alert_conditions import HOUR, LIVE, NOW, alerts_of, market_pass, ticker
from virtuoso.analysis.alert_groups import COOLDOWNS_S
from virtuoso.analysis.alert_rules import SourceStatus, source_alerts
from virtuoso.domain.model import (
    DimensionKind,
    Fallback,
    FallbackReason,
    Regime,
    RegimeState,
    SymbolInputs,
)
from virtuoso.domain.records import (
    Alert,
    AlertKind,
    AlertLevel,
    Opportunity,
    OpportunityKind,
    Side,
    Signal,
    SignalStatus,
)

K = AlertKind


def test_a_change_of_regime_names_the_old_regime() -> None:
    states = [RegimeState(regime=r, since_ms=NOW) for r in (Regime.BULLISH, Regime.BULLISH, Regime.RISK_OFF, Regime.NEUTRAL)]
    passes = [replace(market_pass(), regime=s) for s in states]
    alerts = [alerts_of(a, b) for a, b in pairwise(passes)]
    assert [len(a) for a in alerts] == [0, 1, 1]
    assert alerts[1][0].level is AlertLevel.WARNING
    assert alerts[1][0].text == "The market is risk off; it was rising."
    assert alerts[2][0].level is AlertLevel.INFO
    assert alerts_of(None, passes[2]) == ()


def test_a_stop_in_an_alert_is_rounded_to_the_tick() -> None:
    one = SymbolInputs(symbol="XUSDT", ticker=replace(ticker(0.0000712), tick_size=1e-7))
    opened = [signal(entry=0.0000712, stop=0.00006934567)]
    (alert,) = alerts_of(None, replace(market_pass(one), opened=opened))
    assert "at 0.0000712, stop 0.0000693, score" in alert.text
    (alert,) = alerts_of(None, replace(market_pass(), opened=opened))  # the market is no longer read
    assert "at 0.0000712, stop 0.00006934567, score" in alert.text


def signal(**more: object) -> Signal:
    opened = Signal(
        id="bybit-XUSDT-long-1",
        venue="bybit",
        symbol="XUSDT",
        side=Side.LONG,
        environment=LIVE,
        model_version="v1",
        opened_ms=NOW,
        entry=100.0,
        stop=99.0,
        targets=(101.5, 103.0, 105.0),
        sizes=(0.5, 0.3, 0.2),
        expires_ms=NOW + 24 * HOUR,
        score=74.0,
        confidence=0.8,
        drivers=(DimensionKind.ORDERFLOW,),
        judged_ms=NOW,
    )
    return replace(opened, **more)  # type: ignore[arg-type]  # fields are given by name


def test_a_signal_raises_alerts_only_when_it_opens_and_closes() -> None:
    opportunity = Opportunity(
        id="bybit-XUSDT-reversion-1",
        venue="bybit",
        symbol="XUSDT",
        kind=OpportunityKind.REVERSION,
        side=Side.SHORT,
        found_ms=NOW,
        expires_ms=NOW,
        price=1.0,
        confidence=0.5,
        sentence="It turns.",
    )
    closed = signal(id="a", status=SignalStatus.STOPPED, result_r=-1.0, closed_ms=NOW + 5)
    funding = replace(opportunity, id="f", kind=OpportunityKind.FUNDING_EXTREME)  # the condition tells it
    after = replace(
        market_pass(),
        opened=[signal()],
        changed=[closed, signal(id="b", targets_hit=1)],
        opportunities=[opportunity, funding],
    )
    alerts = alerts_of(None, after)
    assert [(a.kind, a.reference) for a in alerts] == [
        (K.SIGNAL_OPENED, "bybit-XUSDT-long-1"),
        (K.SIGNAL_CLOSED, "a"),
        (K.OPPORTUNITY, "bybit-XUSDT-reversion-1"),
    ]
    assert alerts[0].text == "LONG XUSDT at 100, stop 99, score 74."
    assert alerts[1].text == "LONG XUSDT reached its stop: -1.00 R before costs."
    assert alerts[1].observed_ms == NOW + 5
    assert len({a.key for a in alerts}) == 3
    assert alerts_of(after, after) == alerts  # after a restart they are raised again; the history recognises their keys


def test_every_kind_has_a_cooldown() -> None:
    assert set(COOLDOWNS_S) == set(AlertKind)


def source_events(before: SourceStatus | None, after: SourceStatus) -> list[tuple[str, AlertLevel, str]]:
    return [(a.venue, a.level, a.text) for a in source_alerts(before, after)]


def test_a_failing_venue_raises_an_alert_with_the_reason_and_another_when_it_works_again() -> None:
    well = SourceStatus(environment=LIVE, now_ms=NOW, venue="bybit", scored=50, expected=50)
    blocked = SourceStatus(
        environment=LIVE,
        now_ms=NOW + 1,
        venue="binance",
        fallback=Fallback(venue="bybit", reason=FallbackReason.VENUE_BLOCKED),
        failures={"bybit": FallbackReason.VENUE_BLOCKED},
        scored=50,
        expected=50,
    )
    assert source_events(None, well) == source_events(well, well) == []
    assert source_events(well, blocked) == [
        ("bybit", AlertLevel.CRITICAL, "bybit blocks requests from this machine's location."),
        (
            "binance",
            AlertLevel.WARNING,
            "binance is used instead of bybit, which blocks requests from this machine's location.",
        ),
    ]
    assert source_events(None, blocked) == source_events(well, blocked)  # a restart during the failure raises the alert too
    assert source_events(blocked, blocked) == []
    stale = replace(blocked, failures={"bybit": FallbackReason.VENUE_STALE})
    assert source_events(blocked, stale) == [("bybit", AlertLevel.WARNING, "bybit sends data whose clock does not advance.")]
    assert source_events(stale, well) == [
        ("bybit", AlertLevel.INFO, "bybit works again."),
        ("bybit", AlertLevel.INFO, "bybit is used again."),
    ]
    for alert in source_alerts(well, blocked):
        assert (alert.kind, alert.observed_ms, alert.environment) == (K.DATA_QUALITY, NOW + 1, LIVE)


def test_few_scores_raise_one_alert() -> None:
    states = [
        SourceStatus(environment=LIVE, now_ms=NOW, venue="bybit", scored=s, expected=50) for s in (None, 50, 24, 20, 40, 10)
    ]
    alerts: list[list[Alert]] = [list(source_alerts(a, b)) for a, b in pairwise(states)]
    assert [len(a) for a in alerts] == [0, 1, 0, 0, 1]
    assert alerts[1][0].text == "Only 24 of 50 symbols of bybit can be scored."
