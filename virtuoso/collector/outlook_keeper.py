"""The outlooks of the used venue: the bars are read beside the passes, and the board is computed in a thread once a bar.

A pass only takes the last board. It says nothing when the newest bar is late."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from virtuoso import metrics
from virtuoso.analysis.outlook.forecast import outlook_board
from virtuoso.analysis.outlook.judged import judged, said_outlooks, said_record
from virtuoso.analysis.outlook.panel import STEP_MS, panel_of
from virtuoso.domain.errors import HistoryError
from virtuoso.domain.outlook import OutlookAbsence, OutlookBoard, SaidOutlook, SaidRecord
from virtuoso.domain.plausibility import MAX_OUTLOOK_DELAY_MS
from virtuoso.market_data.outlook_bars import KEPT_BARS, OutlookBars

if TYPE_CHECKING:
    from virtuoso.collector.history_recorder import HistoryRecorder
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Candles, Environment
    from virtuoso.domain.snapshot import Snapshot
    from virtuoso.market_data.feed import Feed

log = logging.getLogger(__name__)

PERIOD_S = 5.0
START_S = 20.0  # the first snapshots come before the requests
RETRY_S = 60.0  # the pause after a round that the venue did not answer
SAID_RECORD_MS = 90 * 86_400_000  # the record is of the outlooks of this time
MAX_UNSTORED = 5_000  # outlooks that wait for a history that is down: about a day
GRACE_MS = 5_000  # after the end of a bar, until the venue surely has it


class OutlookKeeper:
    """The boards of the venues by name. `used` returns the feed of the used venue, or None. `folder` keeps their bars, and
    `history` what was said."""

    def __init__(
        self,
        used: Callable[[], Feed | None],
        folder: Path,
        environment: Environment,
        history: HistoryRecorder | None,
        clock: Clock,
    ) -> None:
        self._environment, self._history = environment, history
        self._unstored: dict[str, list[SaidOutlook]] = {}
        self._used, self._folder, self._clock = used, folder, clock
        self._bars: dict[str, OutlookBars] = {}
        self._boards: dict[str, OutlookBoard] = {}
        # By venue: (board that may not be used, tracked symbols, the board that says nothing in its place).
        self._silent: dict[str, tuple[OutlookBoard | None, tuple[str, ...], OutlookBoard]] = {}

    async def run(self) -> None:
        """Read bars and compute boards until cancelled."""
        await self._clock.sleep(START_S)
        while True:
            feed, wait_s = self._used(), PERIOD_S
            if feed is not None and feed.filled and self._due(feed):
                try:
                    wait_s = PERIOD_S if await self._renew(feed) else RETRY_S
                except Exception:  # an unexpected error here must not end the scores
                    log.exception("outlook: cannot be computed")
                    metrics.INVALID_ROWS.labels("outlook").inc()
                    wait_s = RETRY_S
            await self._clock.sleep(wait_s)

    def _due(self, feed: Feed) -> bool:
        """Return True when a bar has closed since the board was computed."""
        board = self._boards.get(feed.venue)
        return board is None or board.bar_ms is None or feed.observed_ms >= board.bar_ms + STEP_MS + GRACE_MS

    async def _renew(self, feed: Feed) -> bool:
        """Read the missing bars and compute the board. Return False if the venue did not answer."""
        bars = self._bars.get(feed.venue)
        if bars is None:
            bars = self._bars[feed.venue] = OutlookBars(feed.exchange, self._folder / f"{feed.venue}.npz", self._clock)
            await bars.load()
        turnover = {symbol: ticker.turnover_24h or 0.0 for symbol, ticker in feed.tickers.items()}
        tracked = frozenset(item.symbol for item in feed.universe)
        answered = await bars.read_round(feed.instruments, tracked, turnover, feed.observed_ms)
        if not answered:
            return False  # the universe would be a part of the venue
        board = await asyncio.to_thread(_compute, dict(bars.candles), feed.venue, tracked, self._clock.now_ms(), bars.unread)
        if self._history is not None:
            board = replace(board, said=await self._record_said(self._history, board, bars.candles))
        self._boards[feed.venue] = board
        log.info("outlook: bars of %d symbols of %s: %s", len(bars.candles), feed.venue, _described(board))
        return board.bar_ms is not None

    async def _record_said(
        self, history: HistoryRecorder, board: OutlookBoard, candles: Mapping[str, Candles]
    ) -> SaidRecord | None:
        """Store what the board says and what came of earlier ones. Return the record of these, or None if the history fails.
        What could not be stored is stored with the next board."""
        unstored = self._unstored.setdefault(board.venue, [])
        unstored += said_outlooks(board, self._environment)
        del unstored[:-MAX_UNSTORED]
        try:
            since_ms = self._clock.now_ms() - SAID_RECORD_MS
            known = [
                each
                for each in await history.said_outlooks(board.venue, start_ms=since_ms)
                if each.environment is self._environment
            ]
            ended = await asyncio.to_thread(judged, known, dict(candles))
            await history.write_outlooks([*ended, *unstored])
        except HistoryError as error:
            log.warning("outlook: what was said could not be stored: %s", error)
            return None
        unstored.clear()
        outcomes = {each.id: each for each in ended}
        return await asyncio.to_thread(said_record, [outcomes.get(each.id, each) for each in known])

    def board(self, snapshot: Snapshot) -> OutlookBoard:
        """Return the board for a snapshot. It says nothing while bars are not read, or when the newest one is late."""
        venue, tracked = snapshot.venue, tuple(sorted(item.symbol for item in snapshot.universe))
        board = self._boards.get(venue)
        known_ms = -math.inf if board is None or board.bar_ms is None else board.bar_ms
        if board is not None and snapshot.stamp.observed_ms <= known_ms + STEP_MS + MAX_OUTLOOK_DELAY_MS:
            return board
        silent = self._silent.get(venue)
        if silent is None or silent[:2] != (board, tracked):
            if board is None or board.bar_ms is None:
                nothing = outlook_board(None, venue, tracked, computed_ms=snapshot.computed_ms)
            else:
                nothing = board.without(OutlookAbsence.BARS_LATE)
            silent = self._silent[venue] = board, tracked, nothing
        return silent[2]


def _compute(
    candles: Mapping[str, Candles], venue: str, tracked: frozenset[str], now_ms: int, unread: frozenset[str]
) -> OutlookBoard:
    panel = panel_of(candles, max_steps=KEPT_BARS)
    return outlook_board(panel, venue, tracked, computed_ms=now_ms, unread=unread)


def _described(board: OutlookBoard) -> str:
    if board.absence is not None:
        return f"nothing is said: {board.absence.name}"
    return f"odds of {sum(each.odds is not None for each in board.outlooks)} symbols"
