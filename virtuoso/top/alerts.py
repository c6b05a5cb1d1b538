"""The pane of live alerts, newest first."""

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
from virtuoso.top.connection import RETRY_S
from virtuoso.top.styles import DOWN, FAINT, WARN

if TYPE_CHECKING:
    from virtuoso.market.v1.alert_pb2 import Alert

MAX_ALERTS = 200
LEVEL_COLOURS = {
    alert_pb2.ALERT_LEVEL_INFO: FAINT,
    alert_pb2.ALERT_LEVEL_WARNING: WARN,
    alert_pb2.ALERT_LEVEL_CRITICAL: DOWN,
}


class AlertPane(VerticalScroll):
    """The alerts. Reading starts when the pane is shown for the first time."""

    def __init__(self, market: Market) -> None:
        super().__init__()
        self._market = market
        self._alerts: deque[Alert] = deque(maxlen=MAX_ALERTS)
        self._stream: AlertStream | None = None
        self._problem = words.LOADING
        self._drawn: tuple[int, str] = (-1, "")
        self._count, self._started = 0, False
        self._text = Static()

    def on_mount(self) -> None:
        """See Textual."""
        self.mount(self._text)
        self.border_title = "Alerts"

    def start(self) -> None:
        """Start to read alerts. Idempotent."""
        if not self._started:
            self._started = True
            self.run_worker(self._watch(), group="alerts")

    async def _watch(self) -> None:
        while True:
            try:
                past = await self._market.stub.ListAlerts(api.ListAlertsRequest(page_size=50))
                self._add(*reversed(past.alerts))
                self._stream = self._market.watch_alerts(past.newest_cursor)
                self._problem = ""
                async with aclosing(self._stream) as stream:
                    async for alert in stream:
                        self._add(alert)
            except grpc.aio.AioRpcError as error:
                self._stream, self._problem = None, words.failure_text(failure(error))
                await asyncio.sleep(RETRY_S)
                self._alerts.clear()

    def _add(self, *alerts: Alert) -> None:
        self._alerts.extendleft(alerts)
        self._count += len(alerts)

    def draw(self) -> None:
        """Draw the alerts, and the reason when no newer ones arrive."""
        problem, connection = self._problem, self._stream.connection if self._stream is not None else None
        if connection is not None and connection.state is State.LOST and connection.failure:
            problem = words.failure_text(connection.failure)
        if self._drawn == (self._count, problem):
            return
        self._drawn = (self._count, problem)
        text = Text()
        if problem:
            text.append(f"{problem}\n", DOWN)
        elif not self._alerts:
            text.append("no alerts yet", FAINT)
        for alert in self._alerts:
            level = words.ALERT_LEVELS.get(alert.level, f"level {alert.level}")
            colour = LEVEL_COLOURS.get(alert.level, WARN)
            time = alert.observed_time.ToDatetime(tzinfo=None)
            text.append(f"{time:%m-%d %H:%M:%S} UTC ", FAINT).append(f"{level} ", colour).append(f"{alert.text}\n")
            if alert.markets:
                text.append(f"  {' '.join(market.symbol for market in alert.markets)}\n", FAINT)
        self._text.update(text)
