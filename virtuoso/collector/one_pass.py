"""One pass over the market of one venue. Live operation, replay and evaluation use the same code.

(VenueState, MarketData) ─► run_pass ─► PassResult ─► next_state, snapshot_of and the records for the history
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from virtuoso import metrics
from virtuoso.analysis import opportunities as opportunity_analysis
from virtuoso.analysis import score_means, score_trail
from virtuoso.analysis import signals as signal_analysis
from virtuoso.analysis.alert_rules import AlertStep, MarketPass, market_alerts
from virtuoso.analysis.beta import betas
from virtuoso.analysis.book_depth import book_depth
from virtuoso.analysis.liquidations import liquidation_totals, market_totals
from virtuoso.analysis.market_sentiment import interest_change, market_sentiment
from virtuoso.analysis.movers import movers
from virtuoso.collector.scoring import score_market
from virtuoso.collector.unmeasurable import unmeasurable
from virtuoso.collector.venue_state import Betas, VenueState, newest_first
from virtuoso.domain.model import ANCHOR
from virtuoso.domain.plausibility import MIN_SCORED_SHARE
from virtuoso.domain.records import ScorePoint
from virtuoso.domain.snapshot import BookDepth, Snapshot

if TYPE_CHECKING:
    from virtuoso.analysis.opportunities import OpportunityState
    from virtuoso.domain.model import (
        Candles,
        Confluence,
        Dominance,
        Environment,
        Fallback,
        Overview,
        SymbolInputs,
        Timeframe,
    )
    from virtuoso.domain.records import Alert, LiquidationTotals, MarketSentiment, Opportunity, Signal, SignalRecord
    from virtuoso.market_data.market import MarketData

T = TypeVar("T")

# After a restart, alerts about events within this time are sent again. Their keys prevent duplicates.
REPEAT_WINDOW_MS = 3_600_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRequest:
    """The inputs of a pass in addition to the market.

    `fallback` is the reason why the venue is not the preferred one. `trading` means to look for signals and
    opportunities."""

    dominance: Dominance | None = None
    fallback: Fallback | None = None
    trading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResult:
    """The result of a pass over a market at one time.

    `state` is the state of the venue after the pass. `traded` means that the pass looked for signals and opportunities.
    Otherwise there are no records, and only the means, the regime and the betas of `state` are new. `signals` are opened,
    changed or recalled. `unexpired_opportunities` are not expired yet, newest first. `opportunities` are new or recalled."""

    state: VenueState
    confluences: Mapping[str, Confluence]
    overview: Overview
    sentiment: MarketSentiment | None
    liquidations: Mapping[str, LiquidationTotals]
    traded: bool = False
    unexpired_opportunities: tuple[Opportunity, ...] = ()
    points: tuple[ScorePoint, ...] = ()
    signals: tuple[Signal, ...] = ()
    opportunities: tuple[Opportunity, ...] = ()
    alerts: tuple[Alert, ...] = ()


class PassObserver(Protocol):
    """An observer of every pass. Calls are made in the order in which changes take effect. A replay needs this order."""

    def started(self, venue: str, request: PassRequest) -> int:
        """Handle the start of a pass over the current data of the venue's feed. Return the number of the pass."""
        ...

    def scored(self, number: int, snapshot: Snapshot) -> None:
        """Handle the snapshot of a pass. The state of the venue is now the one after this pass."""
        ...

    def published(self, snapshot: Snapshot) -> None:
        """Handle the publication of a snapshot. Servers may now read it."""
        ...


def run_pass(state: VenueState, market: MarketData, request: PassRequest, *, find_opportunities: bool = True) -> PassResult:
    """Score the market at the time of its newest prices.

    When trading, also evaluate and open signals, find opportunities if `find_opportunities` is set, and create alerts. An
    unexpected error in one part does not affect the other parts."""
    instant, overview = score_market(
        market, dominance=request.dominance, previous=state.regime, weights=state.weights, readings=state.readings
    )
    means, confluences = score_means.advance(state.means, instant, market.stamp.observed_ms)
    trail = score_trail.advance(state.trail, confluences, market.stamp.observed_ms)
    tickers = market.tickers if market.totals_known else {}
    sentiment = _compute_or_default(
        "sentiment",
        None,
        lambda: market_sentiment(tickers, _trading(market, confluences), market.stamp.observed_ms, state.readings),
    )
    state = _with_betas(replace(state, means=means, trail=trail, regime=overview.regime or state.regime), market)
    liquidations: Mapping[str, LiquidationTotals] = _compute_or_default(
        "liquidations", {}, lambda: _liquidations(market, state)
    )
    total = market_totals(liquidations.values(), len(market.inputs))
    result = PassResult(
        state=state,
        confluences=confluences,
        overview=replace(overview, liquidations=total),
        sentiment=None if sentiment is None else replace(sentiment, liquidations=total),
        liquidations=liquidations,
    )
    return _traded(result, market, find_opportunities=find_opportunities) if request.trading else result


def _liquidations(market: MarketData, state: VenueState) -> dict[str, LiquidationTotals]:
    """Return the liquidations by symbol that streams them."""
    now_ms, past = market.stamp.observed_ms, state.past_liquidations
    known = ((item.symbol, item.liquidations) for item in market.inputs)
    return {symbol: liquidation_totals(closed, now_ms, past.get(symbol)) for symbol, closed in known if closed is not None}


def _trading(market: MarketData, confluences: Mapping[str, Confluence]) -> list[SymbolInputs]:
    """Return the inputs of the symbols whose market is not halted."""
    return [item for item in market.inputs if not confluences[item.symbol].halt_reason]


def _traded(result: PassResult, market: MarketData, *, find_opportunities: bool) -> PassResult:
    """Return `result` with signals, opportunities and alerts added."""
    state, inputs, now = result.state, market.inputs, market.stamp.observed_ms
    step = _compute_or_default(
        "signals",
        signal_analysis.SignalStep(state.signals, (), ()),
        lambda: signal_analysis.advance(state.signals, _signal_inputs(market, result.confluences)),
    )
    for refusal in step.refused:
        metrics.INVALID_ROWS.labels(refusal).inc()
    unchanged: tuple[OpportunityState, tuple[Opportunity, ...]] = (state.opportunities, ())
    opportunity_state, found = _compute_or_default(
        "opportunities",
        unchanged,
        lambda: opportunity_analysis.advance(
            state.opportunities,
            _trading(market, result.confluences),
            market.anchor_candles,
            now,
            enabled=find_opportunities,
        ),
    )
    unexpired = [o for o in opportunity_state.recent if o.expires_ms > now] if find_opportunities else []
    recalled = [signal for signal in state.signals.newest.values() if signal.id in state.recalled]
    repeated = [
        o
        for o in state.opportunities.recent
        if find_opportunities and o.id in state.recalled and now - o.found_ms < REPEAT_WINDOW_MS
    ]
    this_pass = MarketPass(
        venue=state.signals.venue,
        environment=state.signals.environment,
        now_ms=now,
        inputs={item.symbol: item for item in inputs},
        regime=result.overview.regime,
        opened=(*(s for s in recalled if now - s.opened_ms < REPEAT_WINDOW_MS), *step.opened),
        changed=(*(s for s in recalled if now - (s.closed_ms or 0) < REPEAT_WINDOW_MS), *step.changed),
        opportunities=(*repeated, *found),
    )
    last_pass, alerts, alert_state = _compute_or_default(
        "alerts", AlertStep(this_pass, (), state.alerts), lambda: market_alerts(state.last_pass, this_pass, state.alerts)
    )
    return replace(
        result,
        state=replace(
            state,
            signals=step.state,
            opportunities=opportunity_state,
            last_pass=last_pass,
            alerts=alert_state,
            recalled=frozenset(),
        ),
        unexpired_opportunities=tuple(sorted(unexpired, key=lambda o: (-o.found_ms, o.id))),
        traded=True,
        points=tuple(_score_points(market, result.confluences)),
        # The recalled signals come from a snapshot. The history may not have them.
        signals=(*recalled, *step.opened, *step.changed),
        opportunities=(*repeated, *found),
        alerts=alerts,
    )


def _signal_inputs(market: MarketData, confluences: Mapping[str, Confluence]) -> signal_analysis.SignalInputs:
    """Return what the signals of a pass are made from. BTC has bars even if it has no score."""
    measurable = len(market.universe) - len(unmeasurable(market, confluences))
    scored = sum(one.score is not None for one in confluences.values())
    books = {item.symbol: item.book for item in market.inputs if item.book is not None}
    return signal_analysis.SignalInputs(
        now_ms=market.stamp.observed_ms,
        scores=confluences,
        prices=market.tickers,
        bars={
            ANCHOR: market.anchor_candles,
            **market.followed,
            **{item.symbol: item.candles for item in market.inputs},
        },
        spreads={symbol: math.log(book.asks[0, 0] / book.bids[0, 0]) for symbol, book in books.items()},
        complete=scored >= max(1, MIN_SCORED_SHARE * measurable),
    )


def next_state(state: VenueState, result: PassResult) -> VenueState:
    """Return the state of the venue after the pass is accepted.

    A pass that did not trade, such as a probe of another venue, does not change signals and opportunities."""
    if result.traded:
        return result.state
    after = result.state
    return replace(
        state,
        means=after.means,
        trail=after.trail,
        regime=after.regime,
        betas=after.betas,
        newest_bars=after.newest_bars,
    )


def _with_betas(state: VenueState, market: MarketData) -> VenueState:
    """Return the state with current betas. Recompute them when one of their bars has closed."""
    candles: dict[str, Mapping[Timeframe, Candles]] = {item.symbol: item.candles for item in market.inputs}
    candles[ANCHOR] = market.anchor_candles
    newest_bars = {
        symbol: tuple((timeframe, len(bars), int(bars.open_ms[-1])) for timeframe, bars in series.items() if len(bars))
        for symbol, series in candles.items()
    }
    if newest_bars == state.newest_bars:
        return state
    no_betas: Betas = {}
    computed = _compute_or_default("betas", no_betas, lambda: betas(candles, market.stamp.observed_ms))
    return replace(state, newest_bars=newest_bars, betas=computed)


def _score_points(market: MarketData, confluences: Mapping[str, Confluence]) -> Iterable[ScorePoint]:
    for item in market.inputs:
        result = confluences[item.symbol]
        if item.ticker is not None:
            yield ScorePoint(
                venue=market.venue,
                symbol=item.symbol,
                observed_ms=market.stamp.observed_ms,
                price=item.ticker.last,
                score=result.score,
                instant_score=result.instant_score,
                confidence=result.confidence,
                **{dimension.kind.lower_name: dimension.score for dimension in result.dimensions},
            )


def _open_interest_changes(market: MarketData) -> dict[str, float]:
    """Return the changes of open interest over 4 hours in percent, by symbol that has one."""
    changes = ((item.symbol, interest_change(item.open_interest)) for item in market.inputs)
    return {symbol: 100 * (now / before - 1) for symbol, (now, before) in changes if before}


def _depths(market: MarketData) -> dict[str, BookDepth]:
    """Return the depths of the order books by symbol."""
    depths = {item.symbol: book_depth(item.book) for item in market.inputs if item.book is not None}
    return {symbol: depth for symbol, depth in depths.items() if depth is not None}


def _compute_or_default(part: str, default: T, compute: Callable[[], T]) -> T:
    try:
        return compute()
    except Exception:  # an error in one part must not stop the scores and the other parts
        log.exception("cannot compute %s in this pass", part)
        metrics.INVALID_ROWS.labels("analysis").inc()
        metrics.ROWS.labels("analysis", "refused").inc()
        return default


def snapshot_of(
    market: MarketData,
    result: PassResult,
    *,
    snapshot_id: str,
    environment: Environment,
    computed_ms: int,
    fallback: Fallback | None,
    signal_record: SignalRecord | None = None,
    other_signals: Iterable[Signal] = (),
) -> Snapshot:
    """Return the snapshot of a market with its result from `run_pass`. `other_signals` are the active ones of other
    venues."""
    gainers, losers = movers(market.tickers)
    no_depths: Mapping[str, BookDepth] = {}
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
        unmeasurable=unmeasurable(market, result.confluences),
        streamed=market.streamed,
        means=result.state.means,
        trail=result.state.trail,
        open_interest_changes=_open_interest_changes(market),
        depths=_compute_or_default("depths of order books", no_depths, lambda: _depths(market)),
        signals=newest_first((*result.state.active, *other_signals)),
        opportunities=result.unexpired_opportunities,
        signal_record=signal_record,
        venue_tickers=market.tickers,
        instruments=market.instruments,
        symbols_chosen=bool(market.rules.symbols),
        min_turnover=market.rules.min_turnover,
        liquidations=result.liquidations,
    )
