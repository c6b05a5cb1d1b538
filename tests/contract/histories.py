"""Histories for tests, and records to store in them."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.programs import Postgres
from virtuoso.domain.model import DimensionKind, Environment
from virtuoso.domain.outlook import SaidOutlook
from virtuoso.domain.records import Alert, AlertKind, AlertLevel, Opportunity, OpportunityKind, ScorePoint, Side, Signal
from virtuoso.history.factory import open_history_reader, open_history_writer
from virtuoso.history.schema import VERSION_TABLE
from virtuoso.history.sql_reader import SqlHistoryReader
from virtuoso.history.sql_writer import SqlHistoryWriter

KINDS = ["sqlite", "postgresql"]
T0 = 1_760_000_000_000
MINUTE = 60_000
_numbers = itertools.count()


@dataclass
class Place:
    """The location of a history, and access to it as another program has it."""

    url: str
    file: Path | None = None
    server: Postgres | None = None
    opened: list[SqlHistoryReader] = field(default_factory=list)

    def reader(self, *, timeout_s: float = 20.0) -> SqlHistoryReader:
        """Return a reader as another process opens it. `close` closes it."""
        reader = open_history_reader(self.url, timeout_s=timeout_s)
        self.opened.append(reader)
        return reader

    def writer(self, *, timeout_s: float = 20.0) -> SqlHistoryWriter:
        """Return a writer as another process opens it. `close` closes it."""
        writer = open_history_writer(self.url, timeout_s=timeout_s)
        self.opened.append(writer)
        return writer

    def sql(self, statement: str) -> str:
        """Return what the database's own client prints: one row per line, with fields separated by |."""
        if self.server is not None:
            return self.server.sql(statement, self.url.rpartition("/")[2])
        assert self.file is not None
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return "\n".join("|".join(map(str, row)) for row in connection.execute(statement))

    def set_version(self, version: int) -> None:
        """Set the schema's version, as a release with that schema leaves it."""
        self.sql(f"UPDATE {VERSION_TABLE} SET version_num = '{version}'")  # noqa: S608 - a number of the test

    async def make(self) -> None:
        """Create the schema, which takes longer than any later call may."""
        await self.writer().newest_cursor()

    async def close(self) -> None:
        """Close the readers and writers."""
        for history in self.opened:
            await history.close()


def place_of(kind: str, folder: Path, server: Callable[[], Postgres]) -> Place:
    """Return a place without a history."""
    if kind == "sqlite":
        file = folder / "state" / "history.db"
        return Place(f"sqlite://{file}", file=file)
    running = server()
    database = f"history_{next(_numbers)}"
    running.sql(f"CREATE DATABASE {database} TEMPLATE template0")
    return Place(running.url(database), server=running)


def point(minute: int = 0, symbol: str = "BTCUSDT", **given: Any) -> ScorePoint:
    """Return a point a few seconds after the start of the minute."""
    fields: dict[str, Any] = {"venue": "bybit", "observed_ms": T0 + minute * MINUTE + 7_000, "price": 100.0 + minute}
    return ScorePoint(**{"symbol": symbol, "score": 61.5, "confidence": 0.75, **fields, **given})


def signal(number: int = 0, **given: Any) -> Signal:
    """Return an active signal with every field that an active signal has."""
    fields: dict[str, Any] = {
        "id": f"signal-{number:03}",
        "venue": "bybit",
        "symbol": "BTCUSDT",
        "side": Side.LONG,
        "environment": Environment.SIMULATED,
        "model_version": "v2",
        "opened_ms": T0 + number * MINUTE,
        "entry": 0.1 + 0.2,
        "stop": 0.29,
        "targets": (0.315, 0.33, 0.35),
        "sizes": (0.5, 0.3, 0.2),
        "expires_ms": T0 + 86_400_000,
        "score": 71.23456789,
        "confidence": 0.61,
        "drivers": (DimensionKind.ORDERFLOW, DimensionKind.ORDERBOOK),
        "judged_ms": T0 + number * MINUTE,
    }
    return Signal(**{**fields, **given})


def opportunity(number: int = 0, **given: Any) -> Opportunity:
    """Return an opportunity."""
    fields: dict[str, Any] = {
        "id": f"opportunity-{number:03}",
        "venue": "bybit",
        "symbol": "SOLUSDT",
        "kind": OpportunityKind.REVERSION,
        "side": Side.SHORT,
        "found_ms": T0 + number * MINUTE,
        "expires_ms": T0 + 86_400_000,
        "price": 151.25,
        "confidence": 0.4,
        "sentence": "SOL fell 3 % more than its beta explains – the largest gap in 30 days.",
        "alpha_percent": -3.1,
        "z_score": -2.7,
        "unit": "σ",
        "invalidation": "It has failed if the price rises above 155 while BTC stands still.",
        "invalidation_price": 155.0,
    }
    return Opportunity(**{**fields, **given})


def alert(key: str = "btc", second: float = 0, **given: Any) -> Alert:
    """Return an alert about a price move of BTC, `second` seconds after a fixed time."""
    fields: dict[str, Any] = {
        "venue": "bybit",
        "kind": AlertKind.PRICE_MOVE,
        "level": AlertLevel.WARNING,
        "observed_ms": T0 + round(second * 1000),
        "text": "BTC moved 2.1 % in a minute",
        "symbol": "BTCUSDT",
    }
    return Alert(**{"key": key, **fields, **given})


def outlook(number: int = 0, **changes: Any) -> SaidOutlook:
    """Return the outlook of a symbol at a bar. `number` gives its symbol."""
    given: dict[str, Any] = {
        "id": f"outlook-{number:03d}",
        "venue": "bybit",
        "symbol": f"C{number}USDT",
        "environment": Environment.LIVE,
        "bar_ms": T0 + number * MINUTE,
        "odds": 0.62,
        "low_percent": -3.9,
        "high_percent": 5.2,
    }
    return SaidOutlook(**(given | changes))
