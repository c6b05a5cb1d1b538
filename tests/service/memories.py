"""A real history behind a real server: what a collector would have written, read by the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.contract import histories
from tests.service.snapshots import T0, Bench, bench
from virtuoso.domain.records import Alert, SignalStatus
from virtuoso.history.factory import open_history_reader, open_history_writer
from virtuoso.history.sql_writer import SqlHistoryWriter
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.service.history_reader import Opener


@dataclass
class Remembering:
    """A server, and the history as its one writer has it."""

    market: Bench
    writer: SqlHistoryWriter
    url: str

    async def tell(self, *alerts: Alert) -> Sequence[Alert]:
        """Keep alerts as a collector does; with their cursors."""
        return await self.writer.add_alerts(alerts, cooldown_s={})

    async def tell_many(self, first: int, count: int, **given: Any) -> Sequence[Alert]:
        """So many different ones, in order."""
        return await self.tell(*(alert(number, **given) for number in range(first, first + count)))


def alert(number: int, **given: Any) -> Alert:
    """One that is told apart by its text."""
    return replace(histories.alert(f"key-{number}", number), text=f"alert {number}", **given)


def texts(messages: Iterable[api.WatchAlertsResponse | api.ListAlertsResponse]) -> list[str]:
    """Of all alerts in those messages."""
    return [each.text for message in messages for each in message.alerts]


def numbers(first: int, count: int) -> list[str]:
    """The texts of `tell_many`."""
    return [f"alert {number}" for number in range(first, first + count)]


@asynccontextmanager
async def remembering(url: str, **options: Any) -> AsyncIterator[Remembering]:
    """A server with the history at `url`, which is made; nothing is published yet."""
    writer = open_history_writer(url, timeout_s=20)
    try:
        await writer.newest_cursor()
        async with bench(history=reader(url), **options) as market:
            yield Remembering(market, writer, url)
    finally:
        await writer.close()


def reader(url: str) -> Opener:
    """Opens it as the product's servers do."""
    return partial(open_history_reader, url, timeout_s=1.5)


async def furnish(url: str) -> None:
    """Some of everything: a closed signal, an hour of BTC, alerts."""
    writer = open_history_writer(url, timeout_s=20)
    fields: dict[str, Any] = {"status": SignalStatus.STOPPED, "closed_ms": T0, "exit_price": 0.29, "result_r": -1.0}
    points = [histories.point(symbol="BTCUSDT", observed_ms=T0 - 60_000 * n, volume=61.25) for n in range(1, 61)]
    await writer.write(points=points, signals=[histories.signal(n, **fields) for n in range(3)])
    await writer.add_alerts([alert(number, reading=2.5, unit="%") for number in range(5)], cooldown_s={})
    await writer.close()


def sqlite(folder: Path) -> str:
    """Where a history of its own may be."""
    return f"sqlite://{folder / 'history.db'}"
