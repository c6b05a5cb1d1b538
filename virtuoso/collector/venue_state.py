"""One venue's market, pass after pass: what is carried from each to the next, and all that comes of it.

    (VenueState, MarketData) ─► work ─► PassResult ─► the next VenueState (`after`), the snapshot (`snapshot_of`), the
                                                      records that the history takes

A VenueState is a value: nothing but the passes before it and what was recalled made it what it is, so that the same market
in the same steps gives the same signals again. Each venue has its own; nothing goes from one to another.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from virtuoso import metrics
from virtuoso.analysis import opportunities as finding
from virtuoso.analysis import signals as calling
from virtuoso.analysis.alert_rules import MarketPass, market_alerts
from virtuoso.analysis.beta import betas
from virtuoso.analysis.market_sentiment import crowd
from virtuoso.analysis.movers import movers
from virtuoso.analysis.opportunities import OpportunityState
from virtuoso.analysis.signals import SignalState
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.collector.scoring import ReadingsCaches, score
from virtuoso.domain.model import ANCHOR
from virtuoso.domain.records import ScorePoint, SignalStatus
from virtuoso.domain.snapshot import Snapshot

if TYPE_CHECKING:
    from virtuoso.domain.model import (
        Candles,
        Confluence,
        Dominance,
        Environment,
        Fallback,
        Overview,
        RegimeState,
        Timeframe,
    )
    from virtuoso.domain.records import Alert, BetaSpan, BetaWindow, MarketSentiment, Opportunity, Signal, SignalRecord
    from virtuoso.market_data.feed import MarketData

T = TypeVar("T")
Betas = Mapping[str, "Mapping[BetaSpan, BetaWindow]"]
Bars = Mapping[str, "tuple[tuple[Timeframe, int, int], ...]"]  # by symbol: timeframe, how many, when the newest opens

RETOLD_MS = 3_600_000  # what happened before a restart is told again for so long; whoever stores it knows what was told

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VenueState:
    """What one venue's passes know of those before. `scene`: the last that traded. `recalled`: ids of signals and
    opportunities that come from elsewhere, and are handed on with the next pass that trades, should they not have been."""

    ledger: SignalState
    book: OpportunityState
    regime: RegimeState | None = None
    betas: Betas = field(default_factory=dict)
    bars: Bars = field(default_factory=dict)  # that the betas are made from
    scene: MarketPass | None = None
    recalled: frozenset[str] = frozenset()
    weights: Weights = DEFAULT_WEIGHTS
    memos: ReadingsCaches = field(
        default_factory=dict
    )  # shared by the states of one venue: a cache, which changes no result

    @property
    def active(self) -> tuple[Signal, ...]:
        """Signals that are, newest first."""
        found = [signal for signal in self.ledger.newest.values() if signal.status is SignalStatus.ACTIVE]
        return tuple(sorted(found, key=lambda signal: (-signal.opened_ms, signal.id)))

    @property
    def followed(self) -> frozenset[str]:
        """Symbols whose bars are needed, whether they are scored or not."""
        return frozenset(signal.symbol for signal in self.active)


@dataclass(frozen=True, slots=True)
class PassResult:
    """What came of a market at one moment. `desk`: after it. `traded`: signals and opportunities were looked for; only
    then is there something to write down, and `desk` more than its regime and betas."""

    desk: VenueState
    confluences: Mapping[str, Confluence]
    overview: Overview
    sentiment: MarketSentiment | None
    opportunities: tuple[Opportunity, ...] = ()  # that stand, newest first
    traded: bool = False
    points: tuple[ScorePoint, ...] = ()
    signals: tuple[Signal, ...] = ()  # opened, changed, or recalled and perhaps not stored
    found: tuple[Opportunity, ...] = ()
    alerts: tuple[Alert, ...] = ()


def desk(venue: str, environment: Environment, weights: Weights = DEFAULT_WEIGHTS) -> VenueState:
    """One that knows of nothing."""
    return VenueState(SignalState(venue, environment, weights.version), OpportunityState(venue), weights=weights)


def recall(of: VenueState, signals: Iterable[Signal], opportunities: Iterable[Opportunity]) -> VenueState:
    """The desk with what was stored, in any order, also of other venues and environments, which it leaves out."""
    known, found = tuple(signals), tuple(opportunities)
    return replace(
        of,
        ledger=calling.recall(of.ledger, known),
        book=finding.recall(of.book, found),
        recalled=of.recalled | {signal.id for signal in known} | {opportunity.id for opportunity in found},
    )


def after(of: VenueState, done: PassResult) -> VenueState:
    """The desk after a pass. One that did not trade, such as a look at another venue, leaves signals to those that do."""
    if done.traded:
        return done.desk
    return replace(of, regime=done.desk.regime, betas=done.desk.betas, bars=done.desk.bars)


# --------------------------------------------------------------------------------------------------------------- a pass


def work(
    of: VenueState, market: MarketData, *, dominance: Dominance | None, trading: bool, opportunities: bool
) -> PassResult:
    """Score the market at the time of its newest prices. With `trading`, also judge and give signals, look for opportunities
    where those are wanted, and tell what began. What cannot be computed, by a mistake of ours, costs itself only."""
    confluences, overview = score(market, dominance=dominance, previous=of.regime, weights=of.weights, memos=of.memos)
    inputs = market.inputs
    now = market.stamp.observed_ms
    mood = _sound("sentiment", None, lambda: crowd(market.tickers if market.whole else {}, inputs, now))
    of = _with_betas(replace(of, regime=overview.regime or of.regime), market)
    if not trading:
        return PassResult(of, confluences, overview, mood)
    bars = {**market.followed, **{item.symbol: item.candles for item in inputs}}
    step = _sound(
        "signals",
        calling.SignalStep(of.ledger, (), ()),
        lambda: calling.step(of.ledger, confluences, market.tickers, bars, now),
    )
    nothing: tuple[OpportunityState, tuple[Opportunity, ...]] = (of.book, ())
    book, found = _sound(
        "opportunities", nothing, lambda: finding.step(of.book, inputs, market.anchor_candles, now, enabled=opportunities)
    )
    standing = [o for o in book.recent if o.expires_ms > now] if opportunities else []
    recalled = [signal for signal in of.ledger.newest.values() if signal.id in of.recalled]
    retold = [o for o in of.book.recent if opportunities and o.id in of.recalled and now - o.found_ms < RETOLD_MS]
    scene = MarketPass(
        of.ledger.venue,
        of.ledger.environment,
        now,
        {item.symbol: item for item in inputs},
        overview.regime,
        (*(s for s in recalled if now - s.opened_ms < RETOLD_MS), *step.opened),
        (*(s for s in recalled if now - (s.closed_ms or 0) < RETOLD_MS), *step.changed),
        (*retold, *found),
    )
    return PassResult(
        VenueState(step.ledger, book, of.regime, of.betas, of.bars, scene, weights=of.weights),
        confluences,
        overview,
        mood,
        tuple(sorted(standing, key=lambda o: (-o.found_ms, o.id))),
        traded=True,
        points=tuple(_points(market, confluences)),
        signals=(*recalled, *step.opened, *step.changed),  # of the recalled, a snapshot alone may have known
        found=(*retold, *found),
        alerts=_sound("alerts", (), lambda: market_alerts(of.scene, scene)),
    )


def _with_betas(of: VenueState, market: MarketData) -> VenueState:
    """Betas are made anew once a bar that they are made from has closed."""
    candles: dict[str, Mapping[Timeframe, Candles]] = {item.symbol: item.candles for item in market.inputs}
    candles[ANCHOR] = market.anchor_candles
    bars = {s: tuple((t, len(c), int(c.open_ms[-1])) for t, c in ofs.items() if len(c)) for s, ofs in candles.items()}
    if bars == of.bars:
        return of
    return replace(of, bars=bars, betas=_sound("betas", {}, lambda: betas(candles, market.stamp.observed_ms)))


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


def _sound(what: str, otherwise: T, made: Callable[[], T]) -> T:
    try:
        return made()
    except Exception:  # whatever is wrong with one of them, the scores and the others go on; the log has it
        log.exception("%s could not be made of this pass", what)
        metrics.INVALID_ROWS.labels("analysis").inc()
        metrics.ROWS.labels("analysis", "refused").inc()
        return otherwise


def snapshot_of(
    market: MarketData,
    done: PassResult,
    *,
    snapshot_id: str,
    environment: Environment,
    computed_ms: int,
    fallback: Fallback | None,
    signal_record: SignalRecord | None = None,
) -> Snapshot:
    """The snapshot of a market and what `work` made of it."""
    gainers, losers = movers(market.tickers)
    return Snapshot(
        id=snapshot_id,
        venue=market.venue,
        environment=environment,
        model_version=done.desk.weights.version,
        stamp=market.stamp,
        computed_ms=computed_ms,
        universe=market.universe,
        venue_symbols=market.venue_symbols,
        tickers={item.symbol: item.ticker for item in market.inputs if item.ticker is not None},
        confluences=done.confluences,
        overview=done.overview,
        gainers=gainers,
        losers=losers,
        fallback=fallback,
        sentiment=done.sentiment,
        betas=done.desk.betas,
        signals=done.desk.active,
        opportunities=done.opportunities,
        signal_record=signal_record,
    )
