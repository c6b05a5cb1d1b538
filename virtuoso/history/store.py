"""The port `History` over a database, in SQL that SQLite and PostgreSQL both understand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, ColumnElement, Delete, Select, Table, and_, delete, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from virtuoso.domain.model import DimensionKind
from virtuoso.domain.records import Alert, AlertKind, AlertLevel, Opportunity, ScorePoint, Side, Signal, SignalStatus
from virtuoso.history import tables
from virtuoso.history.database import Database
from virtuoso.history.points import from_row, to_row
from virtuoso.history.transactions import Transactions

FORGOTTEN_AT_ONCE = 2000  # rows; a writer waits for no more than these


def _epoch_ms() -> int:
    return time.time_ns() // 1_000_000


class Store:
    """See the port. `clock`: epoch ms, from which alerts' cursors begin."""

    def __init__(self, database: Database, *, write: bool, timeout_s: float, clock: Callable[[], int] = _epoch_ms) -> None:
        self._insert = database.insert
        self._transactions = Transactions(database, write=write, timeout_s=timeout_s)
        self._clock = clock
        self.name = database.name

    # -------------------------------------------------------------------------------------------------------------- writing

    async def write(
        self,
        points: Sequence[ScorePoint] = (),
        signals: Sequence[Signal] = (),
        opportunities: Sequence[Opportunity] = (),
    ) -> None:
        """See the port."""

        async def body(connection: AsyncConnection) -> None:
            await self._write_points(connection, points)
            await self._write_signals(connection, signals)
            await self._write_opportunities(connection, opportunities)

        if points or signals or opportunities:
            await self._transactions.run("write", body, write=True)

    async def _write_points(self, connection: AsyncConnection, given: Sequence[ScorePoint]) -> None:
        if not given:
            return
        names = {(point.venue, point.symbol) for point in given}
        numbers = await self._series(connection, names)
        if missing := sorted(names - numbers.keys()):
            rows = [{"venue": venue, "symbol": symbol} for venue, symbol in missing]
            await connection.execute(self._insert(tables.series).on_conflict_do_nothing(), rows)
            numbers = await self._series(connection, names)
        rows = [to_row(point, numbers[point.venue, point.symbol]) for point in given]
        await connection.execute(self._insert(tables.points).on_conflict_do_nothing(), rows)

    @staticmethod
    async def _series(connection: AsyncConnection, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """The numbers of those that have one. Asked for in every transaction: the file may be another one by now."""
        venues = {venue for venue, _ in names}
        found = await connection.execute(
            select(tables.series.c.venue, tables.series.c.symbol, tables.series.c.id).where(
                tables.series.c.venue.in_(venues)
            )
        )
        return {(venue, symbol): number for venue, symbol, number in found}

    async def _write_signals(self, connection: AsyncConnection, given: Sequence[Signal]) -> None:
        if not given:
            return
        insert = self._insert(tables.signals)
        new, active = insert.excluded, SignalStatus.ACTIVE
        newer = and_(
            tables.signals.c.judged_ms <= new.judged_ms,
            or_(tables.signals.c.status == active, new.status != active),  # what is closed stays closed
        )
        await connection.execute(
            _replacing(insert, tables.signals, where=newer), [_row(tables.signals, each) for each in given]
        )

    async def _write_opportunities(self, connection: AsyncConnection, given: Sequence[Opportunity]) -> None:
        if given:
            insert = _replacing(self._insert(tables.opportunities), tables.opportunities)
            await connection.execute(insert, [_row(tables.opportunities, each) for each in given])

    async def add_alerts(self, alerts: Sequence[Alert], *, cooldown_s: Mapping[AlertKind, float]) -> Sequence[Alert]:
        """See the port."""

        async def body(connection: AsyncConnection) -> list[Alert]:
            # The row is locked until the commit, and visible before the next writer gets it: cursors appear in order.
            last = (await connection.execute(select(tables.newest.c.cursor).with_for_update())).scalar_one()
            first = max(last + 1, self._clock())
            told = await _told(connection, alerts, cooldown_s)
            kept = [replace(alert, cursor=first + n) for n, alert in enumerate(_untold(alerts, told, cooldown_s))]
            if kept:
                await connection.execute(self._insert(tables.alerts), [_row(tables.alerts, alert) for alert in kept])
                await connection.execute(tables.newest.update().values(cursor=kept[-1].cursor))
            return kept

        return await self._transactions.run("add_alerts", body, write=True) if alerts else []

    async def forget(self, *, points_before_ms: int, rest_before_ms: int) -> int:
        """See the port."""

        async def numbers(connection: AsyncConnection) -> list[int]:
            return list((await connection.execute(select(tables.series.c.id))).scalars())

        gone = 0
        for number in await self._transactions.run("forget", numbers):
            gone += await self._forget(_oldest_points(number, points_before_ms))
        rest = {
            tables.signals: (tables.signals.c.opened_ms, tables.signals.c.status != SignalStatus.ACTIVE),
            tables.opportunities: (tables.opportunities.c.found_ms, true()),
            tables.alerts: (tables.alerts.c.observed_ms, true()),
        }
        for table, (time_ms, done) in rest.items():
            gone += await self._forget(_oldest(table, time_ms, and_(time_ms < rest_before_ms, done)))
        return gone

    async def _forget(self, step: Delete) -> int:
        async def body(connection: AsyncConnection) -> int:
            return (await connection.execute(step)).rowcount

        gone = 0
        while (count := await self._transactions.run("forget", body, write=True)) > 0:
            gone += count
            if count < FORGOTTEN_AT_ONCE:
                break
            await asyncio.sleep(0)
        return gone

    # -------------------------------------------------------------------------------------------------------------- reading

    async def score_points(
        self, venue: str, symbol: str, *, start_ms: int, end_ms: int, step_ms: int
    ) -> Sequence[ScorePoint]:
        """See the port."""
        number = (
            select(tables.series.c.id)
            .where(tables.series.c.venue == venue, tables.series.c.symbol == symbol)
            .scalar_subquery()
        )
        time_ms = tables.points.c.observed_ms
        last_of_each = (
            select(func.max(time_ms))
            .where(tables.points.c.series == number, time_ms >= start_ms, time_ms < end_ms)
            .group_by((time_ms - start_ms) // max(1, step_ms))
        )
        query = (
            select(time_ms, tables.points.c.price, *(tables.points.c[name] for name in tables.SCORES))
            .where(tables.points.c.series == number, time_ms.in_(last_of_each))
            .order_by(time_ms)
        )

        async def body(connection: AsyncConnection) -> list[ScorePoint]:
            return [from_row(venue, symbol, row) for row in await connection.execute(query)]

        return await self._transactions.run("score_points", body)

    async def scored_symbols(self, venue: str) -> Sequence[str]:
        """See the port."""
        query = select(tables.series.c.symbol).where(tables.series.c.venue == venue).order_by(tables.series.c.symbol)

        async def body(connection: AsyncConnection) -> list[str]:
            return list((await connection.execute(query)).scalars())

        return await self._transactions.run("scored_symbols", body)

    async def signals(
        self,
        venue: str = "",
        *,
        symbols: Sequence[str] = (),
        side: Side | None = None,
        active: bool | None = None,
        before: tuple[int, str] | None = None,
        limit: int = 100,
    ) -> Sequence[Signal]:
        """See the port."""
        query = _page(select(tables.signals), tables.signals.c.opened_ms, tables.signals.c.id, before, limit)
        query = query.where(
            *_matching(tables.signals.c.venue, [venue] if venue else []), *_matching(tables.signals.c.symbol, symbols)
        )
        if side is not None:
            query = query.where(tables.signals.c.side == side)
        if active is not None:
            query = query.where((tables.signals.c.status == SignalStatus.ACTIVE) == active)

        async def body(connection: AsyncConnection) -> list[Signal]:
            return [Signal(**row) for row in (await connection.execute(query)).mappings()]

        return await self._transactions.run("signals", body)

    async def results(
        self, venue: str = "", *, start_ms: int = 0
    ) -> Sequence[tuple[Side, tuple[DimensionKind, ...], float]]:
        """See the port."""
        query = select(tables.signals.c.side, tables.signals.c.drivers, tables.signals.c.result_r).where(
            tables.signals.c.status != SignalStatus.ACTIVE,
            tables.signals.c.opened_ms >= start_ms,
            *_matching(tables.signals.c.venue, [venue] if venue else []),
        )

        async def body(connection: AsyncConnection) -> list[tuple[Side, tuple[DimensionKind, ...], float]]:
            return [(side, drivers, result) for side, drivers, result in await connection.execute(query)]

        return await self._transactions.run("results", body)

    async def first_signal_ms(self, venue: str = "") -> int | None:
        """See the port."""
        query = select(func.min(tables.signals.c.opened_ms)).where(
            tables.signals.c.status != SignalStatus.ACTIVE, *_matching(tables.signals.c.venue, [venue] if venue else [])
        )

        async def body(connection: AsyncConnection) -> int | None:
            found: int | None = (await connection.execute(query)).scalar()
            return found

        return await self._transactions.run("first_signal_ms", body)

    async def opportunities(
        self, venue: str = "", *, start_ms: int = 0, before: tuple[int, str] | None = None, limit: int = 100
    ) -> Sequence[Opportunity]:
        """See the port."""
        query = _page(
            select(tables.opportunities), tables.opportunities.c.found_ms, tables.opportunities.c.id, before, limit
        ).where(
            tables.opportunities.c.found_ms >= start_ms, *_matching(tables.opportunities.c.venue, [venue] if venue else [])
        )

        async def body(connection: AsyncConnection) -> list[Opportunity]:
            return [Opportunity(**row) for row in (await connection.execute(query)).mappings()]

        return await self._transactions.run("opportunities", body)

    async def alerts(
        self,
        *,
        after: int | None = None,
        before: int | None = None,
        kinds: Sequence[AlertKind] = (),
        least: AlertLevel | None = None,
        symbols: Sequence[str] = (),
        limit: int = 100,
    ) -> Sequence[Alert]:
        """See the port."""
        cursor = tables.alerts.c.cursor
        query = (
            select(tables.alerts)
            .where(*_matching(tables.alerts.c.kind, kinds), *_matching(tables.alerts.c.symbol, symbols))
            .limit(limit)
        )
        if least is not None:
            query = query.where(tables.alerts.c.level >= least)
        if after is not None:
            query = query.where(cursor > after).order_by(cursor)
        else:
            query = query.where(*([cursor < before] if before is not None else [])).order_by(cursor.desc())

        async def body(connection: AsyncConnection) -> list[Alert]:
            return [Alert(**row) for row in (await connection.execute(query)).mappings()]

        return await self._transactions.run("alerts", body)

    async def newest_cursor(self) -> int:
        """See the port."""

        async def body(connection: AsyncConnection) -> int:
            return int((await connection.execute(select(tables.newest.c.cursor))).scalar_one())

        return await self._transactions.run("newest_cursor", body)

    async def close(self) -> None:
        """See the port."""
        await self._transactions.close()


# ---------------------------------------------------------------------------------------------------------- parts of queries


def _row(table: Table, record: Any) -> dict[str, Any]:
    return {column.name: getattr(record, column.name) for column in table.c}


def _replacing(insert: Any, table: Table, where: Any = None) -> Any:
    rest = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest, where=where)


def _matching(column: Column[Any], wanted: Collection[Any]) -> list[ColumnElement[bool]]:
    """The condition that `column` is one of `wanted`; none when nothing is wanted in particular."""
    return [column.in_(wanted)] if wanted else []


def _page(
    query: Select[Any], time_ms: Column[Any], name: Column[Any], before: tuple[int, str] | None, limit: int
) -> Select[Any]:
    if before is not None:
        query = query.where(tuple_(time_ms, name) < before)
    return query.order_by(time_ms.desc(), name.desc()).limit(limit)


def _oldest_points(number: int, before_ms: int) -> Delete:
    c = tables.points.c
    oldest = select(c.observed_ms).where(c.series == number, c.observed_ms < before_ms)
    oldest = oldest.order_by(c.observed_ms).limit(FORGOTTEN_AT_ONCE)
    return delete(tables.points).where(c.series == number, c.observed_ms.in_(oldest))


def _oldest(table: Table, by: Column[Any], condition: ColumnElement[bool]) -> Delete:
    (key,) = table.primary_key
    return delete(table).where(key.in_(select(key).where(condition).order_by(by).limit(FORGOTTEN_AT_ONCE)))


# ----------------------------------------------------------------------------------------------------------------- cooldowns


async def _told(
    connection: AsyncConnection, given: Sequence[Alert], cooldown_s: Mapping[AlertKind, float]
) -> dict[str, list[int]]:
    """When each key was told, as far back as the cooldowns reach."""
    c = tables.alerts.c
    since = min(max(0.0, alert.observed_ms - 1000 * cooldown_s.get(alert.kind, 0)) for alert in given)
    found = await connection.execute(
        select(c.key, c.observed_ms).where(c.key.in_({alert.key for alert in given}), c.observed_ms >= int(since))
    )
    told: dict[str, list[int]] = {}
    for key, observed_ms in found:
        told.setdefault(key, []).append(observed_ms)
    return told


def _untold(given: Sequence[Alert], told: dict[str, list[int]], cooldown_s: Mapping[AlertKind, float]) -> list[Alert]:
    """Those to keep, in their order. An alert of the same key and time is the same alert, whatever the cooldown; one that
    comes late, with a time before that of the one that was told, counts as told too."""
    kept = []
    for alert in given:
        times = told.setdefault(alert.key, [])
        cooldown_ms = 1000 * cooldown_s.get(alert.kind, 0)
        if not any(alert.observed_ms == each or abs(alert.observed_ms - each) < cooldown_ms for each in times):
            times.append(alert.observed_ms)
            kept.append(alert)
    return kept
