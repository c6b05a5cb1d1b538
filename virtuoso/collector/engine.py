"""The desks of all venues, and what outlives them: recalled when work begins, written down pass by pass.

    the last snapshot ─┐
    the history ───────┴─► recall ─► desks ─► work (in a thread) ─► settle ─► journal

Both are recalled: the history knows what was re-armed, ended and found, the snapshot what a process gave a moment before it
died. Where the history is down the snapshot does, and the history is asked again until it answers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from virtuoso.analysis.alert_rules import SourceStatus, source_alerts
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.collector.venue_state import PassResult, VenueState, after, desk, recall, work
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import CorruptValue, HistoryError, RepositoryError
from virtuoso.repository import keys
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.collector.history_recorder import HistoryRecorder
    from virtuoso.domain.model import Dominance, Environment, RegimeState
    from virtuoso.domain.ports import SnapshotRepository
    from virtuoso.domain.records import Opportunity, Signal, SignalRecord
    from virtuoso.market_data.feed import MarketData

log = logging.getLogger(__name__)

AGAIN_S = 10.0  # between two tries to recall from a history that is down
PATIENCE_S = 60.0  # without a snapshot either, it is waited for so long before signals are given: it may know of some


class Engine:
    """Desks of `venues` on markets of one kind. `opportunities`: whether they are looked for; `weights` of the scores;
    `journal`: None where no history is kept."""

    def __init__(
        self,
        venues: Iterable[str],
        environment: Environment,
        *,
        opportunities: bool = True,
        weights: Weights = DEFAULT_WEIGHTS,
        journal: HistoryRecorder | None = None,
        clock: Clock,
    ) -> None:
        self._venues = tuple(venues)
        self._environment = environment
        self._opportunities = opportunities
        self._weights = weights
        self._journal = journal
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Forget everything: whoever worked meanwhile knows better."""
        self._desks = {venue: desk(venue, self._environment, self._weights) for venue in self._venues}
        self._waiting: list[Callable[[VenueState], VenueState]] = []
        self._supply: SourceStatus | None = None
        self.recalled = self.trades = False

    @property
    def state(self) -> str:
        """How the history is, in words: "none", "well", or what it says."""
        return self._journal.state if self._journal else "none"

    def desk(self, venue: str) -> VenueState:
        """As it is between two passes."""
        return self._desks[venue]

    def tallies(self, venue: str) -> SignalRecord | None:
        """How the venue's signals ended, where a history tells."""
        return self._journal.tallies(venue) if self._journal else None

    # -------------------------------------------------------------------------------------------------------- recalling

    async def recall(self, repository: SnapshotRepository) -> None:
        """Learn what was before; returns once the history has answered. `recalled` is set within seconds, whatever answers:
        snapshots may be published. `trades` is set with it as a rule: signals may be given."""
        began = self._clock.monotonic()
        standing = await self._standing(repository)
        if standing is not None and standing.regime is not None:  # a pass that did not know it may have made one anew
            self._waiting.append(_regime(standing.venue, standing.regime))
        last = (standing.signals, standing.opportunities) if standing is not None else ((), ())
        while self._journal is not None:
            try:
                memory = await self._journal.recall(self._clock.now_ms())
            except HistoryError as error:
                if not self.recalled:
                    log.warning("history: %s: going on with the signals of the last snapshot, if there is one", error)
                    self._recall(*last)
                self.recalled = True
                self.trades = standing is not None or self._clock.monotonic() - began > PATIENCE_S
                await self._clock.sleep(AGAIN_S)
            else:
                self._recall(memory.signals, memory.opportunities)  # first: of two that are alike, it knows more
                active = sum(signal.closed_ms is None for signal in memory.signals)
                log.info("history: %d signals recalled, %d of them active", len(memory.signals), active)
                break
        if not self.recalled:
            self._recall(*last)
        self.recalled = self.trades = True

    async def _standing(self, repository: SnapshotRepository) -> snapshots.LastSnapshot | None:
        """What the last snapshot says, if it is of this kind of market."""
        try:
            head = await repository.get(keys.HEAD)
            blob = await repository.get(keys.snapshot(snapshots.decode_head(head)[0])) if head else None
            standing = snapshots.decode_last_snapshot(blob) if blob else None
        except (RepositoryError, CorruptValue) as error:
            log.warning("the last snapshot is not known: %s", error)
            return None
        return standing if standing is not None and standing.environment is self._environment else None

    def _recall(self, signals: Iterable[Signal], opportunities: Iterable[Opportunity]) -> None:
        known, found = tuple(signals), tuple(opportunities)
        self._waiting.append(lambda of: recall(of, known, found))

    def take_up(self) -> None:
        """Give the desks what has been recalled. Between two passes: one under way would overwrite it."""
        waiting, self._waiting = self._waiting, []
        for change in waiting:
            self._desks = {venue: change(of) for venue, of in self._desks.items()}

    # ---------------------------------------------------------------------------------------------------------- working

    def work(self, of: VenueState, market: MarketData, dominance: Dominance | None, *, trading: bool) -> PassResult:
        """See `virtuoso.collector.venue_state`; may run in a thread."""
        return work(of, market, dominance=dominance, trading=trading, opportunities=self._opportunities)

    def settle(self, venue: str, done: PassResult) -> VenueState:
        """The pass counts: the next one knows of it, and it is written down. The venue's desk after it."""
        self._desks[venue] = after(self._desks[venue], done)
        if self._journal is not None and done.traded:
            self._journal.record(done.points, done.signals, done.found, done.alerts)
        return self._desks[venue]

    def tell(self, supply: SourceStatus) -> None:
        """Tell of what has changed in where the data comes from."""
        if self._journal is not None and (alerts := source_alerts(self._supply, supply)):
            self._journal.record(alerts=alerts)
        self._supply = supply


def _regime(venue: str, regime: RegimeState) -> Callable[[VenueState], VenueState]:
    def change(of: VenueState) -> VenueState:
        return replace(of, regime=regime) if of.ledger.venue == venue else of

    return change
