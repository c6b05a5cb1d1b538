"""One pass over one venue's market: the same code live, when a recording is played, and in the evaluation.

(VenueState, MarketData) ─► run_pass ─► PassResult ─► next_state, snapshot_of, and the records for the history
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from virtuoso import metrics
from virtuoso.analysis import opportunities as opportunity_analysis
from virtuoso.analysis import signals as signal_analysis
from virtuoso.analysis.alert_rules import MarketPass, market_alerts
from virtuoso.analysis.beta import betas
from virtuoso.analysis.market_sentiment import market_sentiment
from virtuoso.analysis.movers import movers
from virtuoso.collector.scoring import score_market
from virtuoso.collector.venue_state import Betas, VenueState
from virtuoso.domain.model import ANCHOR
from virtuoso.domain.records import ScorePoint
from virtuoso.domain.snapshot import Snapshot

if TYPE_CHECKING:
    from virtuoso.analysis.opportunities import OpportunityState
    from virtuoso.domain.model import Candles, Confluence, Dominance, Environment, Fallback, Overview, Timeframe
    from virtuoso.domain.records import Alert, MarketSentiment, Opportunity, Signal, SignalRecord
    from virtuoso.market_data.feed import MarketData

T = TypeVar("T")

REPEATED_MS = 3_600_000  # alerts about what happened so shortly before a restart are given again: their keys double none

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRequest:
    """What a pass works with beside the market. `fallback`: why the venue is not the preferred one. `trading`: signals and
    opportunities are looked for."""

    dominance: Dominance | None = None
    fallback: Fallback | None = None
    trading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResult:
    """What came of a market at one moment. `state`: the venue's after it. `traded`: signals and opportunities were looked
    for. Only then are there records, and is `state` new in more than regime and betas. `signals`: opened, changed, or
    recalled; `unexpired_opportunities`: those that have not expired, newest first; `opportunities`: new or recalled."""

    state: VenueState
    confluences: Mapping[str, Confluence]
    overview: Overview
    sentiment: MarketSentiment | None
    traded: bool = False
    unexpired_opportunities: tuple[Opportunity, ...] = ()
    points: tuple[ScorePoint, ...] = ()
    signals: tuple[Signal, ...] = ()
    opportunities: tuple[Opportunity, ...] = ()
    alerts: tuple[Alert, ...] = ()


class PassObserver(Protocol):
    """Is informed of every pass, in the order in which things take effect. A recorder needs that to repeat them."""

    def started(self, venue: str, request: PassRequest) -> int:
        """A pass begins, over what the venue's feed knows at this moment. Return a number for the pass."""
        ...

    def scored(self, number: int, snapshot: Snapshot) -> None:
        """The pass gave this snapshot. From now on the venue's state is the one after it."""
        ...

    def published(self, snapshot: Snapshot) -> None:
        """From now on servers may see the snapshot."""
        ...


def run_pass(state: VenueState, market: MarketData, request: PassRequest, *, find_opportunities: bool = True) -> PassResult:
    """Score the market at the time of its newest prices. When trading, also judge and open signals, look for opportunities
    where `find_opportunities` is set, and give alerts. What cannot be computed, by a mistake of ours, costs only itself."""
    confluences, overview = score_market(
        market, dominance=request.dominance, previous=state.regime, weights=state.weights, readings=state.readings
    )
    tickers = market.tickers if market.whole else {}
    sentiment = _guarded("sentiment", None, lambda: market_sentiment(tickers, market.inputs, market.stamp.observed_ms))
    state = _with_betas(replace(state, regime=overview.regime or state.regime), market)
    result = PassResult(state=state, confluences=confluences, overview=overview, sentiment=sentiment)
    return _traded(result, market, find_opportunities=find_opportunities) if request.trading else result


def _traded(result: PassResult, market: MarketData, *, find_opportunities: bool) -> PassResult:
    """Return `result` with signals, opportunities and alerts."""
    state, inputs, now = result.state, market.inputs, market.stamp.observed_ms
    bars = {**market.followed, **{item.symbol: item.candles for item in inputs}}
    step = _guarded(
        "signals",
        signal_analysis.SignalStep(state.signals, (), ()),
        lambda: signal_analysis.advance(state.signals, result.confluences, market.tickers, bars, now),
    )
    unchanged: tuple[OpportunityState, tuple[Opportunity, ...]] = (state.opportunities, ())
    opportunity_state, found = _guarded(
        "opportunities",
        unchanged,
        lambda: opportunity_analysis.advance(
            state.opportunities, inputs, market.anchor_candles, now, enabled=find_opportunities
        ),
    )
    unexpired = [o for o in opportunity_state.recent if o.expires_ms > now] if find_opportunities else []
    recalled = [signal for signal in state.signals.newest.values() if signal.id in state.recalled]
    repeated = [
        o
        for o in state.opportunities.recent
        if find_opportunities and o.id in state.recalled and now - o.found_ms < REPEATED_MS
    ]
    this_pass = MarketPass(
        venue=state.signals.venue,
        environment=state.signals.environment,
        now_ms=now,
        inputs={item.symbol: item for item in inputs},
        regime=result.overview.regime,
        opened=(*(s for s in recalled if now - s.opened_ms < REPEATED_MS), *step.opened),
        changed=(*(s for s in recalled if now - (s.closed_ms or 0) < REPEATED_MS), *step.changed),
        opportunities=(*repeated, *found),
    )
    return replace(
        result,
        state=replace(state, signals=step.state, opportunities=opportunity_state, last_pass=this_pass, recalled=frozenset()),
        unexpired_opportunities=tuple(sorted(unexpired, key=lambda o: (-o.found_ms, o.id))),
        traded=True,
        points=tuple(_points(market, result.confluences)),
        signals=(*recalled, *step.opened, *step.changed),  # the history may not know the recalled ones: a snapshot did
        opportunities=(*repeated, *found),
        alerts=_guarded("alerts", (), lambda: market_alerts(state.last_pass, this_pass)),
    )


def next_state(state: VenueState, result: PassResult) -> VenueState:
    """Return the venue's state once the pass counts. A pass that did not trade, such as a look at another venue, leaves
    signals and opportunities as they are."""
    if result.traded:
        return result.state
    after = result.state
    return replace(state, regime=after.regime, betas=after.betas, newest_bars=after.newest_bars)


def _with_betas(state: VenueState, market: MarketData) -> VenueState:
    """Compute the betas anew once a bar that they are made from has closed."""
    candles: dict[str, Mapping[Timeframe, Candles]] = {item.symbol: item.candles for item in market.inputs}
    candles[ANCHOR] = market.anchor_candles
    newest_bars = {
        symbol: tuple((timeframe, len(bars), int(bars.open_ms[-1])) for timeframe, bars in series.items() if len(bars))
        for symbol, series in candles.items()
    }
    if newest_bars == state.newest_bars:
        return state
    nothing: Betas = {}
    computed = _guarded("betas", nothing, lambda: betas(candles, market.stamp.observed_ms))
    return replace(state, newest_bars=newest_bars, betas=computed)


def _points(market: MarketData, confluences: Mapping[str, Confluence]) -> Iterable[ScorePoint]:
    for item in market.inputs:
        result = confluences[item.symbol]
        if item.ticker is not None:
            yield ScorePoint(
                venue=market.venue,
                symbol=item.symbol,
                observed_ms=market.stamp.observed_ms,
                price=item.ticker.last,
                score=result.score,
                confidence=result.confidence,
                **{dimension.kind.lower_name: dimension.score for dimension in result.dimensions},
            )


def _guarded(part: str, otherwise: T, compute: Callable[[], T]) -> T:
    try:
        return compute()
    except Exception:  # whatever is wrong with one part, the scores and the other parts go on; the log has it
        log.exception("%s could not be computed in this pass", part)
        metrics.INVALID_ROWS.labels("analysis").inc()
        metrics.ROWS.labels("analysis", "refused").inc()
        return otherwise


def snapshot_of(
    market: MarketData,
    result: PassResult,
    *,
    snapshot_id: str,
    environment: Environment,
    computed_ms: int,
    fallback: Fallback | None,
    signal_record: SignalRecord | None = None,
) -> Snapshot:
    """Return the snapshot of a market and what `run_pass` made of it."""
    gainers, losers = movers(market.tickers)
    return Snapshot(
        id=snapshot_id,
        venue=market.venue,
        environment=environment,
        model_version=result.state.weights.version,
        stamp=market.stamp,
        computed_ms=computed_ms,
        universe=market.universe,
        venue_symbols=market.venue_symbols,
        tickers={item.symbol: item.ticker for item in market.inputs if item.ticker is not None},
        confluences=result.confluences,
        overview=result.overview,
        gainers=gainers,
        losers=losers,
        fallback=fallback,
        sentiment=result.sentiment,
        betas=result.state.betas,
        signals=result.state.active,
        opportunities=result.unexpired_opportunities,
        signal_record=signal_record,
    )
