"""Implements the port `HistoryWriter` with SQL that both SQLite and PostgreSQL support. A writer can also read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Delete, Table, and_, delete, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.outlook import SaidOutlook
from virtuoso.domain.records import Alert, AlertKind, Opportunity, ScorePoint, Signal, SignalStatus
from virtuoso.history import tables
from virtuoso.history.points import to_row
from virtuoso.history.sql_reader import SqlHistoryReader
from virtuoso.history.transactions import Transactions

if TYPE_CHECKING:
    from virtuoso.history.database import Insert

DELETE_BATCH = 2000  # rows deleted per transaction; small, because other writers wait for it


class SqlHistoryWriter(SqlHistoryReader):
    """See the port. A new alert's cursor is at least the time of `clock` (epoch ms)."""

    def __init__(self, transactions: Transactions, *, clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(transactions)
        self._insert = transactions.database.insert
        self._clock = clock

    async def write(
        self,
        points: Sequence[ScorePoint] = (),
        signals: Sequence[Signal] = (),
        opportunities: Sequence[Opportunity] = (),
    ) -> None:
        """See the port."""

        async def write(connection: AsyncConnection) -> None:
            await self._write_points(connection, points)
            await self._write_signals(connection, signals)
            await self._write_opportunities(connection, opportunities)

        if points or signals or opportunities:
            await self._transactions.run("write", write, write=True)

    async def _write_points(self, connection: AsyncConnection, points: Sequence[ScorePoint]) -> None:
        if not points:
            return
        names = {(point.venue, point.symbol) for point in points}
        numbers = await _series_numbers(connection, names)
        if missing := sorted(names - numbers.keys()):
            rows = [{"venue": venue, "symbol": symbol} for venue, symbol in missing]
            await connection.execute(self._insert(tables.series).on_conflict_do_nothing(), rows)
            numbers = await _series_numbers(connection, names)
        rows = [to_row(point, numbers[point.venue, point.symbol]) for point in points]
        await connection.execute(self._insert(tables.points).on_conflict_do_nothing(), rows)

    async def _write_signals(self, connection: AsyncConnection, signals: Sequence[Signal]) -> None:
        if not signals:
            return
        insert = self._insert(tables.signals)
        new, active = insert.excluded, SignalStatus.ACTIVE
        newer = and_(
            tables.signals.c.judged_ms <= new.judged_ms,
            or_(tables.signals.c.status == active, new.status != active),  # a closed signal stays closed
        )
        await connection.execute(
            _replacing(insert, tables.signals, where=newer), [_row(tables.signals, signal) for signal in signals]
        )

    async def _write_opportunities(self, connection: AsyncConnection, opportunities: Sequence[Opportunity]) -> None:
        if opportunities:
            insert = _replacing(self._insert(tables.opportunities), tables.opportunities)
            await connection.execute(insert, [_row(tables.opportunities, each) for each in opportunities])

    async def write_outlooks(self, outlooks: Sequence[SaidOutlook]) -> None:
        """See the port."""
        insert = self._insert(tables.outlooks)
        outcome = {name: insert.excluded[name] for name in ("move_percent", "beat")}
        unjudged = and_(tables.outlooks.c.beat.is_(None), insert.excluded.beat.is_not(None))
        statement = insert.on_conflict_do_update(
            index_elements=list(tables.outlooks.primary_key), set_=outcome, where=unjudged
        )

        async def write(connection: AsyncConnection) -> None:
            await connection.execute(statement, [_row(tables.outlooks, each) for each in outlooks])

        if outlooks:
            await self._transactions.run("write_outlooks", write, write=True)

    async def add_alerts(self, alerts: Sequence[Alert], *, cooldown_s: Mapping[AlertKind, float]) -> Sequence[Alert]:
        """See the port."""

        async def add(connection: AsyncConnection) -> list[Alert]:
            # The row is locked until the commit. The next writer sees its new value, so cursors appear in order.
            last = (await connection.execute(select(tables.newest.c.cursor).with_for_update())).scalar_one()
            first = max(last + 1, self._clock.now_ms())
            known = await _known_times(connection, alerts, cooldown_s)
            new = [replace(alert, cursor=first + n) for n, alert in enumerate(_new_alerts(alerts, known, cooldown_s))]
            if new:
                await connection.execute(self._insert(tables.alerts), [_row(tables.alerts, alert) for alert in new])
                await connection.execute(tables.newest.update().values(cursor=new[-1].cursor))
            return new

        return await self._transactions.run("add_alerts", add, write=True) if alerts else []

    async def delete_old(self, *, points_before_ms: int, rest_before_ms: int, latest_ms: int) -> int:
        """See the port."""

        async def series_numbers(connection: AsyncConnection) -> list[int]:
            return list((await connection.execute(select(tables.series.c.id))).scalars())

        count = 0
        for number in await self._transactions.run("delete_old", series_numbers):
            count += await self._delete_in_batches(_delete_points(number, points_before_ms, latest_ms))
        rest = {
            tables.signals: (tables.signals.c.opened_ms, tables.signals.c.status != SignalStatus.ACTIVE),
            tables.opportunities: (tables.opportunities.c.found_ms, true()),
            tables.alerts: (tables.alerts.c.observed_ms, true()),
            tables.outlooks: (tables.outlooks.c.bar_ms, true()),
        }
        for table, (time_ms, deletable) in rest.items():
            condition = or_(and_(time_ms < rest_before_ms, deletable), time_ms > latest_ms)
            count += await self._delete_in_batches(_delete_rows(table, time_ms, condition))
        return count

    async def _delete_in_batches(self, delete_batch: Delete) -> int:
        async def delete_once(connection: AsyncConnection) -> int:
            return (await connection.execute(delete_batch)).rowcount

        total = 0
        while (count := await self._transactions.run("delete_old", delete_once, write=True)) > 0:
            total += count
            if count < DELETE_BATCH:
                break
            await asyncio.sleep(0)
        return total


async def _series_numbers(connection: AsyncConnection, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the numbers of the existing series by venue and symbol. Read them in every transaction, because the file may
    have been replaced."""
    c = tables.series.c
    query = select(c.venue, c.symbol, c.id).where(c.venue.in_({venue for venue, _ in names}))
    return {(venue, symbol): number for venue, symbol, number in await connection.execute(query)}


def _row(table: Table, record: Signal | Opportunity | Alert | SaidOutlook) -> dict[str, Any]:
    return {column.name: getattr(record, column.name) for column in table.c}


def _replacing(insert: Insert, table: Table, where: ColumnElement[bool] | None = None) -> Insert:
    """Return an insert that replaces the row with the same primary key if `where` is true."""
    others = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=others, where=where)


def _delete_points(series: int, before_ms: int, latest_ms: int) -> Delete:
    c = tables.points.c
    found = select(c.observed_ms).where(c.series == series, or_(c.observed_ms < before_ms, c.observed_ms > latest_ms))
    found = found.order_by(c.observed_ms).limit(DELETE_BATCH)
    return delete(tables.points).where(c.series == series, c.observed_ms.in_(found))


def _delete_rows(table: Table, time_ms: Column[Any], condition: ColumnElement[bool]) -> Delete:
    (key,) = table.primary_key
    found = select(key).where(condition).order_by(time_ms).limit(DELETE_BATCH)
    return delete(table).where(key.in_(found))


async def _known_times(
    connection: AsyncConnection, alerts: Sequence[Alert], cooldown_s: Mapping[AlertKind, float]
) -> dict[str, list[int]]:
    """Return the times of stored alerts by key, back to the earliest start of a cooldown of `alerts`."""
    c = tables.alerts.c
    since_ms = min(max(0.0, alert.observed_ms - 1000 * cooldown_s.get(alert.kind, 0)) for alert in alerts)
    rows = await connection.execute(
        select(c.key, c.observed_ms).where(c.key.in_({alert.key for alert in alerts}), c.observed_ms >= int(since_ms))
    )
    known: dict[str, list[int]] = {}
    for key, observed_ms in rows:
        known.setdefault(key, []).append(observed_ms)
    return known


def _new_alerts(alerts: Sequence[Alert], known: dict[str, list[int]], cooldown_s: Mapping[AlertKind, float]) -> list[Alert]:
    """Return the alerts to store, in their order, and add them to `known`.

    Alerts with the same key and time are the same alert, for any cooldown. An alert within the cooldown before or after a
    known one is not new.
    """
    new = []
    for alert in alerts:
        times = known.setdefault(alert.key, [])
        cooldown_ms = 1000 * cooldown_s.get(alert.kind, 0)
        if not any(alert.observed_ms == each or abs(alert.observed_ms - each) < cooldown_ms for each in times):
            times.append(alert.observed_ms)
            new.append(alert)
    return new
