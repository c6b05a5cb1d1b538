"""Alerts as they happen, the newest first."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING

import grpc
from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from virtuoso.client import AlertStream, Market, State, failure
from virtuoso.market.v1 import alert_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.top import words
from virtuoso.top.styles import DOWN, FAINT, WARN

if TYPE_CHECKING:
    from virtuoso.market.v1.alert_pb2 import Alert

MOST, PAUSE_S = 200, 5.0
LEVELS = {
    alert_pb2.ALERT_LEVEL_INFO: ("info", FAINT),
    alert_pb2.ALERT_LEVEL_WARNING: ("WARN", WARN),
    alert_pb2.ALERT_LEVEL_CRITICAL: ("CRIT", DOWN),
}


class Alerts(VerticalScroll):
    """Begins to read when it is first shown."""

    def __init__(self, market: Market) -> None:
        super().__init__()
        self._market = market
        self._alerts: deque[Alert] = deque(maxlen=MOST)
        self._stream: AlertStream | None = None
        self._wrong = "reading …"
        self._drawn: tuple[int, str] = (-1, "")
        self._count, self._begun = 0, False
        self._text = Static()

    def on_mount(self) -> None:
        """See Textual."""
        self.mount(self._text)
        self.border_title = "Alerts"

    def begin(self) -> None:
        """Read from now on. Idempotent."""
        if not self._begun:
            self._begun = True
            self.run_worker(self._watch(), group="alerts")

    async def _watch(self) -> None:
        while True:
            try:
                past = await self._market.stub.ListAlerts(api.ListAlertsRequest(page_size=50))
                self._take(*reversed(past.alerts))
                self._stream = self._market.watch_alerts(past.newest_cursor)
                self._wrong = ""
                async with aclosing(self._stream) as stream:
                    async for alert in stream:
                        self._take(alert)
            except grpc.aio.AioRpcError as error:
                self._stream, self._wrong = None, words.failure(failure(error))
                await asyncio.sleep(PAUSE_S)
                self._alerts.clear()

    def _take(self, *alerts: Alert) -> None:
        self._alerts.extendleft(alerts)
        self._count += len(alerts)

    def draw(self) -> None:
        """What there is now, and what is wrong with it."""
        wrong = self._wrong
        if self._stream is not None and self._stream.connection.state is State.LOST and self._stream.connection.failure:
            wrong = words.failure(self._stream.connection.failure)
        if self._drawn == (self._count, wrong):
            return
        self._drawn = (self._count, wrong)
        text = Text()
        if wrong:
            text.append(f"{wrong}\n", DOWN)
        elif not self._alerts:
            text.append("none yet", FAINT)
        for alert in self._alerts:
            level, colour = LEVELS.get(alert.level, (f"level {alert.level}", WARN))
            when = alert.observed_time.ToDatetime(tzinfo=None)
            text.append(f"{when:%m-%d %H:%M:%S} UTC ", FAINT).append(f"{level} ", colour).append(f"{alert.text}\n")
        self._text.update(text)
