"""The charts of the markets that are not scored: bars of half an hour and of four hours, one request at a time.

A pass never waits for them. Bars of a market are due again when a bar has closed. The market with the highest turnover comes
first."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from virtuoso.domain.errors import BadData, EmptyData, ExchangeError, UnknownSymbol
from virtuoso.domain.model import Timeframe

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Candles, Instrument
    from virtuoso.market_data.feed import Feed

TIMEFRAMES = (Timeframe.M30, Timeframe.H4)
BARS = 300
# 550 markets then take nine minutes: a bar is there before it is too old to be served (MAX_STALE_S).
PERIOD_S = 1.0
GRACE_MS = 5_000  # after the end of a bar, until the venue surely has it
RETRY_S = 30.0  # the pause after a request that failed

log = logging.getLogger(__name__)


class UntrackedCharts:
    """A reader of bars for charts. `used` returns the feed of the used venue, or None. `publish` stores bars of a venue."""

    def __init__(
        self, used: Callable[[], Feed | None], publish: Callable[[str, Candles], Awaitable[None]], clock: Clock
    ) -> None:
        self._used, self._publish, self._clock = used, publish, clock
        self._read: dict[tuple[str, str, Timeframe], int] = {}  # the number of the last bar that was due

    async def run(self) -> None:
        """Read and store bars until cancelled."""
        while True:
            await self._clock.sleep(PERIOD_S)
            feed = self._used()
            if feed is None or not feed.filled or (due := self._next(feed)) is None:
                continue
            instrument, timeframe, number = due
            try:
                bars = await feed.exchange.candles(instrument, timeframe, limit=BARS)
            except (BadData, EmptyData, UnknownSymbol) as error:
                log.debug("%s: no chart of %s: %s", feed.venue, instrument.symbol, error)
            except ExchangeError:  # of the venue
                await self._clock.sleep(RETRY_S)
                continue
            else:
                await self._publish(feed.venue, bars)
            self._read[feed.venue, instrument.symbol, timeframe] = number

    def _next(self, feed: Feed) -> tuple[Instrument, Timeframe, int] | None:
        """Return what is due next: (market, timeframe, number of the bar that has closed), or None."""
        for timeframe in TIMEFRAMES:
            number = (feed.observed_ms - GRACE_MS) // timeframe.ms
            for item in feed.untracked:
                if self._read.get((feed.venue, item.symbol, timeframe), -1) < number:
                    return item, timeframe, number
        return None
