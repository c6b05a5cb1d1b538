"""A real history behind a real server. The tests write as a collector does, and the service reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.contract import histories
from tests.service.servers import RunningServer, running_server
from tests.service.snapshots import T0
from virtuoso.domain.records import Alert, SignalStatus
from virtuoso.history.factory import open_history_reader, open_history_writer
from virtuoso.history.sql_writer import SqlHistoryWriter
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.service.cached_history import Opener


@dataclass
class ServerWithHistory:
    """A server, its history, and the only writer of the history."""

    market: RunningServer
    writer: SqlHistoryWriter
    url: str

    async def add_alerts(self, *alerts: Alert) -> Sequence[Alert]:
        """Store alerts as a collector does. Return them with their cursors."""
        return await self.writer.add_alerts(alerts, cooldown_s={})

    async def add_numbered_alerts(self, first: int, count: int, **fields: Any) -> Sequence[Alert]:
        """Store `count` different alerts in order."""
        return await self.add_alerts(*(alert(number, **fields) for number in range(first, first + count)))


def alert(number: int, **fields: Any) -> Alert:
    """Return an alert whose text contains its number."""
    return replace(histories.alert(f"key-{number}", number), text=f"alert {number}", **fields)


def texts(messages: Iterable[api.WatchAlertsResponse | api.ListAlertsResponse]) -> list[str]:
    """Return the texts of all alerts in those messages."""
    return [alert.text for message in messages for alert in message.alerts]


def numbered_texts(first: int, count: int) -> list[str]:
    """Return the texts of the alerts of `add_numbered_alerts`."""
    return [f"alert {number}" for number in range(first, first + count)]


@asynccontextmanager
async def server_with_history(url: str, **options: Any) -> AsyncIterator[ServerWithHistory]:
    """Start a server with a new history at `url`. It has no snapshot yet. `options` are those of `running_server`."""
    writer = open_history_writer(url, timeout_s=20)
    try:
        await writer.newest_cursor()
        async with running_server(history=history_opener(url), **options) as market:
            yield ServerWithHistory(market, writer, url)
    finally:
        await writer.close()


def history_opener(url: str) -> Opener:
    """Return a function that opens the history as the product's servers do."""
    return partial(open_history_reader, url, timeout_s=1.5)


async def fill_history(url: str) -> None:
    """Write records of each kind: closed signals, an hour of points for BTC, alerts."""
    writer = open_history_writer(url, timeout_s=20)
    fields: dict[str, Any] = {"status": SignalStatus.STOPPED, "closed_ms": T0, "exit_price": 0.29, "result_r": -1.0}
    points = [histories.point(symbol="BTCUSDT", observed_ms=T0 - 60_000 * n, volume=61.25) for n in range(1, 61)]
    await writer.write(points=points, signals=[histories.signal(n, **fields) for n in range(3)])
    await writer.add_alerts([alert(number, reading=2.5, unit="%") for number in range(5)], cooldown_s={})
    await writer.close()


def sqlite_url(folder: Path) -> str:
    """Return the URL of a history in that folder."""
    return f"sqlite://{folder / 'history.db'}"
