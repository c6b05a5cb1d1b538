"""The state of one venue between two passes.

A VenueState is a value. It depends only on the previous passes and the recalled records. The same market in the same steps
therefore gives the same signals. Each venue has its own state, and venues share no state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from virtuoso.analysis import alert_groups
from virtuoso.analysis import opportunities as opportunity_analysis
from virtuoso.analysis import signals as signal_analysis
from virtuoso.analysis.alert_groups import AlertState
from virtuoso.analysis.opportunities import OpportunityState
from virtuoso.analysis.signal_rules import DEFAULT_RULES, SignalRules
from virtuoso.analysis.signals import SignalState
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.domain.records import SignalStatus

if TYPE_CHECKING:
    from virtuoso.analysis.alert_rules import MarketPass
    from virtuoso.collector.scoring import ReadingsCaches
    from virtuoso.domain.model import Environment, RegimeState, Timeframe
    from virtuoso.domain.records import Alert, BetaSpan, BetaWindow, Opportunity, PastLiquidations, Signal
    from virtuoso.domain.scores import ScoreMeans, ScoreTrail

Betas = Mapping[str, "Mapping[BetaSpan, BetaWindow]"]
NewestBars = Mapping[str, "tuple[tuple[Timeframe, int, int], ...]"]  # by symbol: (timeframe, count, newest opening time)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueState:
    """The state of one venue.

    `means` are the scores of the last minutes and `trail` those of the last hour, None before the first pass. `newest_bars`
    are the bars from which `betas` were computed. `last_pass` is the last pass that traded. `alerts` is the state of its
    alerts. `recalled` has the ids of recalled signals and opportunities. The next pass that trades writes them to the
    history again, in case the history lacks them. `past_liquidations` are those that the previous collector knew, by symbol.
    `readings` is a cache that all states of a venue share. It does not change any result."""

    signals: SignalState
    opportunities: OpportunityState
    means: ScoreMeans | None = None
    trail: ScoreTrail | None = None
    regime: RegimeState | None = None
    betas: Betas = field(default_factory=dict)
    newest_bars: NewestBars = field(default_factory=dict)
    last_pass: MarketPass | None = None
    alerts: AlertState = field(default_factory=AlertState)
    recalled: frozenset[str] = frozenset()
    weights: Weights = DEFAULT_WEIGHTS
    readings: ReadingsCaches = field(default_factory=dict)
    past_liquidations: Mapping[str, PastLiquidations] = field(default_factory=dict)

    @property
    def active(self) -> tuple[Signal, ...]:
        """Return the active signals, newest first."""
        active = [signal for signal in self.signals.newest.values() if signal.status is SignalStatus.ACTIVE]
        return newest_first(active)

    @property
    def followed(self) -> frozenset[str]:
        """Return the symbols whose bars are needed, whether they are scored or not."""
        return self.signals.awaited.union(signal.symbol for signal in self.active)


def newest_first(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """Return the signals, newest first."""
    return tuple(sorted(signals, key=lambda signal: (-signal.opened_ms, signal.id)))


def new_venue_state(
    venue: str, environment: Environment, weights: Weights = DEFAULT_WEIGHTS, rules: SignalRules = DEFAULT_RULES
) -> VenueState:
    """Return the state of a venue before its first pass."""
    signals = SignalState(venue=venue, environment=environment, model_version=weights.version, rules=rules)
    return VenueState(signals=signals, opportunities=OpportunityState(venue=venue), weights=weights)


def with_recalled(
    state: VenueState, signals: Iterable[Signal], opportunities: Iterable[Opportunity], alerts: Iterable[Alert] = ()
) -> VenueState:
    """Return `state` with stored signals, opportunities and alerts added, which may be in any order.

    Records of other venues and environments are ignored."""
    stored_signals, stored_opportunities = tuple(signals), tuple(opportunities)
    ids = {*(signal.id for signal in stored_signals), *(opportunity.id for opportunity in stored_opportunities)}
    return replace(
        state,
        signals=signal_analysis.restore(state.signals, stored_signals),
        opportunities=opportunity_analysis.restore(state.opportunities, stored_opportunities),
        alerts=alert_groups.restore(
            state.alerts, (a for a in alerts if (a.venue, a.environment) == (state.signals.venue, state.signals.environment))
        ),
        recalled=state.recalled | ids,
    )
