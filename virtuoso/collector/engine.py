"""The states of all venues. They are recalled when a collector becomes active, and each pass is written to the history.

    the last snapshot ─┐
    the history ───────┴─► recall ─► states ─► analyse (in a thread) ─► accept ─► HistoryRecorder

Both sources are recalled. The history has the signals that were re-armed or closed, and the opportunities. The snapshot has
what a collector published just before it ended. While the history is down, only the snapshot is used, and the history is
retried until it answers. The sums of liquidations continue those of the previous collector, which have a key of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.analysis import score_means, score_trail
from virtuoso.analysis.alert_rules import SourceStatus, source_alerts
from virtuoso.analysis.liquidations import past_liquidations
from virtuoso.analysis.signal_rules import DEFAULT_RULES, SignalRules
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.collector.future_records import correct_opportunities, correct_signals, is_future
from virtuoso.collector.one_pass import PassRequest, PassResult, next_state, run_pass, snapshot_of
from virtuoso.collector.venue_state import VenueState, new_venue_state, with_recalled
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import CorruptValue, HistoryError, RepositoryError
from virtuoso.domain.snapshot import Snapshot
from virtuoso.repository import keys
from virtuoso.wire import snapshots
from virtuoso.wire.liquidations import decode_past_liquidations, encode_past_liquidations

if TYPE_CHECKING:
    from virtuoso.collector.history_recorder import HistoryRecorder
    from virtuoso.domain.model import Environment, RegimeState
    from virtuoso.domain.ports import SnapshotRepository
    from virtuoso.domain.records import Alert, Opportunity, PastLiquidations, Signal
    from virtuoso.domain.scores import ScoreMeans, ScoreTrail
    from virtuoso.market_data.feed import Feed
    from virtuoso.market_data.market import MarketData

log = logging.getLogger(__name__)

RETRY_S = 10.0  # the pause between two attempts to recall from a history that is down
# Without a snapshot and a history, no signal is opened for this long, because the history may have active ones.
MAX_HISTORY_WAIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysedMarket:
    """The result of a pass. It has no effect until the engine accepts it."""

    market: MarketData
    request: PassRequest
    result: PassResult


class Engine:
    """The states of `venues` in one environment.

    `opportunities` switches the search for opportunities on. `weights` are the weights of the scores. `signal_rules` say
    when signals open and what they cost. `history` is None when no history is written."""

    def __init__(
        self,
        venues: Iterable[str],
        environment: Environment,
        *,
        opportunities: bool = True,
        weights: Weights = DEFAULT_WEIGHTS,
        signal_rules: SignalRules = DEFAULT_RULES,
        history: HistoryRecorder | None = None,
        clock: Clock,
    ) -> None:
        self.environment = environment
        self._venues = tuple(venues)
        self._opportunities = opportunities
        self._weights = weights
        self._signal_rules = signal_rules
        self._history = history
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Discard all states. They are out of date, because another collector was active in the meantime."""
        self._states = {
            venue: new_venue_state(venue, self.environment, self._weights, self._signal_rules) for venue in self._venues
        }
        self._markets: dict[str, MarketData] = {}  # of the last pass
        self._pending: list[Callable[[VenueState], VenueState]] = []  # recalled while a pass was running
        self._source: SourceStatus | None = None
        self.recalled = self.may_trade = False

    @property
    def history(self) -> HistoryRecorder | None:
        """Return the recorder of the history. None when no history is written."""
        return self._history

    @property
    def history_state(self) -> str:
        """Return the state of the history: "none", "ok", or its error message."""
        return self._history.state if self._history else "none"

    def state(self, venue: str) -> VenueState:
        """Return the venue's state between two passes."""
        return self._states[venue]

    def market(self, venue: str) -> MarketData | None:
        """Return the market of the venue's last pass. Return None before the first pass."""
        return self._markets.get(venue)

    async def recall(self, repository: SnapshotRepository) -> None:
        """Recall the previous states. Return after the history has answered.

        `recalled` is set within seconds even when nothing answers. Snapshots may then be published. `may_trade` is usually
        set at the same time. Signals may then be opened."""
        started = self._clock.monotonic()
        last = await self._last_snapshot(repository)
        if last is not None and last.means is not None and last.model_version == self._weights.version:
            means = score_means.restore(last.means, self._clock.now_ms())
            if means is None:
                metrics.INVALID_ROWS.labels("score_means").inc()
                log.warning("the scores of the last minutes are not plausible: their means begin again")
            else:
                self._pending.append(_with_means(last.venue, means))
            if last.trail is not None and (trail := score_trail.restore(last.trail, self._clock.now_ms())) is not None:
                self._pending.append(_with_trail(last.venue, trail))
        if (
            last is not None and last.regime is not None and not is_future(last.regime.since_ms, self._clock.now_ms())
        ):  # it replaces the regime of passes before the recall
            self._pending.append(_with_regime(last.venue, last.regime))
        for venue in self._venues:
            if past := await self._past_liquidations(repository, venue):
                self._pending.append(_with_liquidations(venue, past))
        of_snapshot = (last.signals, last.opportunities) if last is not None else ((), ())
        while self._history is not None:
            try:
                stored = await self._history.recall(self._clock.now_ms())
            except HistoryError as error:
                if not self.recalled:
                    log.warning("history: %s: continuing with the signals of the last snapshot, if there is one", error)
                    self._add_recalled(*of_snapshot)
                self.recalled = True
                self.may_trade = last is not None or self._clock.monotonic() - started > MAX_HISTORY_WAIT_S
                await self._clock.sleep(RETRY_S)
            else:
                # before the snapshot, because it is more complete
                self._add_recalled(stored.signals, stored.opportunities, stored.alerts)
                active = sum(signal.closed_ms is None for signal in stored.signals)
                log.info("history: %d signals restored, %d of them active", len(stored.signals), active)
                break
        if not self.recalled:
            self._add_recalled(*of_snapshot)
        self.recalled = self.may_trade = True

    async def _last_snapshot(self, repository: SnapshotRepository) -> snapshots.LastSnapshot | None:
        """Return the last snapshot if it is from this environment, otherwise None."""
        try:
            head = await repository.get(keys.HEAD)
            blob = await repository.get(keys.snapshot(snapshots.decode_head(head).snapshot_id)) if head else None
            last = snapshots.decode_last_snapshot(blob) if blob else None
        except (RepositoryError, CorruptValue) as error:
            log.warning("cannot read the last snapshot: %s", error)
            return None
        return last if last is not None and last.environment is self.environment else None

    async def _past_liquidations(self, repository: SnapshotRepository, venue: str) -> Mapping[str, PastLiquidations]:
        try:
            blob = await repository.get(keys.liquidations(venue))
            return decode_past_liquidations(blob, self.environment) if blob else {}
        except (RepositoryError, CorruptValue) as error:
            log.warning("cannot read the past liquidations of %s: %s", venue, error)
            return {}

    def encode_liquidations(self, venue: str) -> bytes:
        """Return the liquidations that the last pass and the previous collector knew, for the next collector."""
        market, past = self._markets[venue], self._states[venue].past_liquidations
        now_ms = market.stamp.observed_ms
        known = [item.liquidations for item in market.inputs if item.liquidations is not None]
        return encode_past_liquidations(
            venue, self.environment, [past_liquidations(one, now_ms, past.get(one.symbol)) for one in known]
        )

    def _add_recalled(
        self, signals: Iterable[Signal], opportunities: Iterable[Opportunity], alerts: Iterable[Alert] = ()
    ) -> None:
        now_ms = self._clock.now_ms()
        past_alerts = [alert for alert in alerts if not is_future(alert.observed_ms, now_ms)]
        stored_signals, stored_opportunities = correct_signals(signals, now_ms), correct_opportunities(opportunities, now_ms)
        self._pending.append(lambda state: with_recalled(state, stored_signals, stored_opportunities, past_alerts))

    def apply_recalled(self) -> None:
        """Apply the recalled records to the states. Call this between two passes. A running pass would overwrite them."""
        pending, self._pending = self._pending, []
        for change in pending:
            self._states = {venue: change(state) for venue, state in self._states.items()}

    async def analyse(self, feed: Feed, request: PassRequest) -> AnalysedMarket:
        """Run a pass in a thread, over the data that the feed has at the time of the call."""
        market, state = feed.market(), self._states[feed.venue]
        result = await asyncio.to_thread(run_pass, state, market, request, find_opportunities=self._opportunities)
        return AnalysedMarket(market=market, request=request, result=result)

    def accept(self, feed: Feed, analysed: AnalysedMarket, *, snapshot_id: str, computed_ms: int) -> Snapshot:
        """Apply the result of a pass, and return its snapshot.

        The next pass starts from the new state. The feed follows the symbols of the active signals. The history gets the
        records of the pass."""
        venue, result = feed.venue, analysed.result
        self._markets[venue] = analysed.market
        state = self._states[venue] = next_state(self._states[venue], result)
        feed.follow(state.followed)
        if self._history is not None and result.traded:
            self._history.record(result.points, result.signals, result.opportunities, result.alerts)
        return snapshot_of(
            analysed.market,
            result,
            snapshot_id=snapshot_id,
            environment=self.environment,
            computed_ms=computed_ms,
            fallback=analysed.request.fallback,
            signal_record=self._history.signal_record(venue) if self._history else None,
            other_signals=[one for other in self._venues if other != venue for one in self._states[other].active],
        )

    def report_source(self, status: SourceStatus) -> None:
        """Record alerts about changes of the data source since the last call."""
        if self._history is not None and (alerts := source_alerts(self._source, status)):
            self._history.record(alerts=alerts)
        self._source = status


def _with_means(venue: str, means: ScoreMeans) -> Callable[[VenueState], VenueState]:
    def change(state: VenueState) -> VenueState:
        return replace(state, means=means) if state.signals.venue == venue else state

    return change


def _with_liquidations(venue: str, past: Mapping[str, PastLiquidations]) -> Callable[[VenueState], VenueState]:
    def change(state: VenueState) -> VenueState:
        return replace(state, past_liquidations=past) if state.signals.venue == venue else state

    return change


def _with_trail(venue: str, trail: ScoreTrail) -> Callable[[VenueState], VenueState]:
    def change(state: VenueState) -> VenueState:
        return replace(state, trail=trail) if state.signals.venue == venue else state

    return change


def _with_regime(venue: str, regime: RegimeState) -> Callable[[VenueState], VenueState]:
    def change(state: VenueState) -> VenueState:
        return replace(state, regime=regime) if state.signals.venue == venue else state

    return change
