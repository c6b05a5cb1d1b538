"""Alerts as they happen, by symbol. The symbol of the newest alert is first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import grpc
from rich.text import Text

from virtuoso.client import AlertStream, Market, State, failure
from virtuoso.market.v1 import alert_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.top import words
from virtuoso.top.connection import RETRY_S
from virtuoso.top.context import Context
from virtuoso.top.lists.listing import Column, Content, Entry, Listing, cell
from virtuoso.top.styles import DOWN, FAINT, WARN

if TYPE_CHECKING:
    from virtuoso.market.v1.alert_pb2 import Alert

MAX_ALERTS = 200
SHOWN = 3
"""The number of alerts of a symbol above the row that expands the earlier ones."""
SYMBOL_WIDTH, TIME_WIDTH, LEVEL_WIDTH = 14, 13, 2
EARLIER_KEY = "earlier "  # begins the key of a row that expands alerts; the keys of alerts are numbers
LEVEL_COLOURS = {alert_pb2.ALERT_LEVEL_WARNING: WARN, alert_pb2.ALERT_LEVEL_CRITICAL: DOWN}
LEVEL_MARKS = {alert_pb2.ALERT_LEVEL_WARNING: "!", alert_pb2.ALERT_LEVEL_CRITICAL: "‼"}


class Alerts(Listing):
    """The alerts. One reading lasts as long as the program."""

    period_s = 0.0

    def __init__(self, market: Market) -> None:
        self._market = market
        self._alerts: deque[Alert] = deque(maxlen=MAX_ALERTS)
        self._stream: AlertStream | None = None
        self._expanded: set[str] = set()
        self._problem, self._begun = "", False

    async def read(self) -> None:
        """See Listing. It ends only when it is cancelled."""
        while True:
            try:
                past = await self._market.stub.ListAlerts(api.ListAlertsRequest(page_size=50))
                self._alerts.clear()
                self._alerts.extend(past.alerts)
                self._stream = self._market.watch_alerts(past.newest_cursor)
                self._problem, self._begun = "", True
                async with aclosing(self._stream) as stream:
                    async for alert in stream:
                        self._alerts.appendleft(alert)
            except grpc.aio.AioRpcError as error:
                self._stream, self._problem = None, words.failure_text(failure(error))
                await asyncio.sleep(RETRY_S)

    def content(self, context: Context) -> Content:
        """See Listing."""
        problem, connection = self._problem, self._stream.connection if self._stream is not None else None
        if connection is not None and connection.state is State.LOST and connection.failure:
            problem = words.failure_text(connection.failure)
        return Content(
            columns=(
                Column("Symbol", SYMBOL_WIDTH, left=True),
                Column(context.zone_name, TIME_WIDTH, left=True),
                Column("", LEVEL_WIDTH, left=True),
                Column("Alert", context.width - SYMBOL_WIDTH - TIME_WIDTH - LEVEL_WIDTH - 1, left=True),
            ),
            entries=[
                entry for group, alerts in _grouped(self._alerts).items() for entry in self._entries(group, alerts, context)
            ],
            empty="There are no alerts yet." if self._begun else "",
            problem=f"{words.NOT_UPDATED if self._begun else words.NOT_AVAILABLE}: {problem}." if problem else "",
        )

    def toggle_group(self, key: str) -> bool:
        """See Listing."""
        if not key.startswith(EARLIER_KEY):
            return False
        self._expanded ^= {key}
        return True

    def _entries(self, group: str, alerts: Sequence[Alert], context: Context) -> Iterator[Entry]:
        """Yield the rows of a group: its newest alerts, and a row that expands the earlier ones."""
        for at, alert in enumerate(alerts[:SHOWN]):
            yield _entry(alert, cell(group, FAINT if at else None), context)
        if earlier := alerts[SHOWN:]:
            key = EARLIER_KEY + group
            text = f"{'▾' if key in self._expanded else '▸'} {len(earlier)} earlier"
            cells = [cell(each, FAINT) for each in (group, "", "", text)]
            yield Entry(key=key, symbol="", cells=cells, detail=Text())
            for alert in earlier if key in self._expanded else ():
                yield _entry(alert, cell(group, FAINT), context)


def _grouped(newest_first: Iterable[Alert]) -> dict[str, list[Alert]]:
    """Return the alerts by symbol, or by the group of those without a symbol, as on the page."""
    groups: dict[str, list[Alert]] = {}
    for alert in newest_first:
        other = words.DATA if alert.kind == alert_pb2.ALERT_KIND_DATA_QUALITY else words.WHOLE_MARKET
        groups.setdefault(alert.symbol or other, []).append(alert)
    return groups


def _entry(alert: Alert, group: Text, context: Context) -> Entry:
    colour = LEVEL_COLOURS.get(alert.level)
    level = f"{words.ALERT_LEVELS.get(alert.level, 'Alert')} · " if colour else ""
    detail = Text.assemble(
        (level, colour or FAINT),
        (words.ALERT_KINDS.get(alert.kind, "Alert"), "bold"),
        (f" · {words.venue_name(alert.venue)} · {context.clock(alert.observed_time)}\n", FAINT),
        alert.text,
    )
    if alert.markets:
        detail.append("\n").append(
            " ".join(_market(each.symbol, words.optional(each, "reading")) for each in alert.markets), FAINT
        )
    return Entry(
        key=alert.cursor,
        symbol=alert.symbol or (alert.markets[0].symbol if alert.markets else ""),
        cells=[
            group,
            cell(context.clock_ms(alert.observed_time.ToMilliseconds()), FAINT),
            cell(LEVEL_MARKS.get(alert.level, ""), colour),
            cell(alert.text, colour),
        ],
        detail=detail,
    )


def _market(symbol: str, reading: float | None) -> str:
    return symbol if reading is None else f"{symbol} {reading:,.1f}"
