"""Implements the port `HistoryReader` with SQL that both SQLite and PostgreSQL support."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    CursorResult,
    Select,
    Text,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from virtuoso.domain.outlook import SaidOutlook
from virtuoso.domain.records import (
    Alert,
    AlertKind,
    AlertLevel,
    Opportunity,
    ScorePoint,
    Side,
    Signal,
    SignalResult,
    SignalStatus,
    net_result,
)
from virtuoso.history.points import from_row
from virtuoso.history.tables import SCORES, alerts, newest, opportunities, outlooks, points, series, signals
from virtuoso.history.transactions import Transactions

Record = TypeVar("Record")


class SqlHistoryReader:
    """See the port."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    @property
    def name(self) -> str:
        """See the port."""
        return self._transactions.database.name

    async def score_points(
        self, venue: str, symbol: str, *, start_ms: int, end_ms: int, step_ms: int
    ) -> Sequence[ScorePoint]:
        """See the port."""
        values = {"start_ms": start_ms, "end_ms": end_ms, "step_ms": max(1, step_ms), "venue": venue, "symbol": symbol}

        async def read(connection: AsyncConnection) -> list[ScorePoint]:
            return [from_row(venue, symbol, row) for row in await connection.execute(_LAST_POINT_OF_EACH_STEP, values)]

        return await self._transactions.run("score_points", read)

    async def all_score_points(
        self, venue: str, symbol: str, *, start_ms: int, end_ms: int, limit: int
    ) -> Sequence[ScorePoint]:
        """See the port."""
        number = select(series.c.id).where(series.c.venue == venue, series.c.symbol == symbol).scalar_subquery()
        time_ms = points.c.observed_ms
        query = (
            select(time_ms, points.c.price, *(points.c[name] for name in SCORES))
            .where(points.c.series == number, time_ms >= start_ms, time_ms < end_ms)
            .order_by(time_ms)
            .limit(limit)
        )

        async def read(connection: AsyncConnection) -> list[ScorePoint]:
            return [from_row(venue, symbol, row) for row in await connection.execute(query)]

        return await self._transactions.run("all_score_points", read)

    async def scored_venues(self) -> Sequence[str]:
        """See the port."""
        return await self._texts("scored_venues", select(series.c.venue).distinct().order_by(series.c.venue))

    async def scored_symbols(self, venue: str) -> Sequence[str]:
        """See the port."""
        query = select(series.c.symbol).where(series.c.venue == venue).order_by(series.c.symbol)
        return await self._texts("scored_symbols", query)

    async def _texts(self, call: str, query: Select[Any]) -> list[str]:
        """Return the only column of a query."""

        async def read(connection: AsyncConnection) -> list[str]:
            return list((await connection.execute(query)).scalars())

        return await self._transactions.run(call, read)

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
        query = _newest_first(select(signals), signals.c.opened_ms, signals.c.id, before, limit)
        query = query.where(*_of_venue(signals.c.venue, venue), *_one_of(signals.c.symbol, symbols))
        if side is not None:
            query = query.where(signals.c.side == side)
        if active is not None:
            query = query.where((signals.c.status == SignalStatus.ACTIVE) == active)

        async def read(connection: AsyncConnection) -> list[Signal]:
            return _records(Signal, await connection.execute(query))

        return await self._transactions.run("signals", read)

    async def results(self, venue: str = "", *, start_ms: int = 0, closed_by_ms: int) -> Sequence[SignalResult]:
        """See the port."""
        c = signals.c
        plan = (c.entry, c.stop, c.costs, c.funding_r)
        query = select(c.side, c.drivers, c.result_r, c.baseline_r, c.opened_ms, *plan).where(
            c.opened_ms >= start_ms,
            c.status != SignalStatus.ACTIVE,
            c.closed_ms <= closed_by_ms,
            *_of_venue(c.venue, venue),
        )

        async def read(connection: AsyncConnection) -> list[SignalResult]:
            return [
                SignalResult(side, drivers, result_r, net_result(result_r, *plan), baseline_r, opened_ms)
                for side, drivers, result_r, baseline_r, opened_ms, *plan in await connection.execute(query)
            ]

        return await self._transactions.run("results", read)

    async def opportunities(
        self, venue: str = "", *, start_ms: int = 0, before: tuple[int, str] | None = None, limit: int = 100
    ) -> Sequence[Opportunity]:
        """See the port."""
        query = _newest_first(select(opportunities), opportunities.c.found_ms, opportunities.c.id, before, limit)
        query = query.where(opportunities.c.found_ms >= start_ms, *_of_venue(opportunities.c.venue, venue))

        async def read(connection: AsyncConnection) -> list[Opportunity]:
            return _records(Opportunity, await connection.execute(query))

        return await self._transactions.run("opportunities", read)

    async def alerts(
        self,
        *,
        after: int | None = None,
        before: int | None = None,
        kinds: Sequence[AlertKind] = (),
        min_level: AlertLevel | None = None,
        symbols: Sequence[str] = (),
        limit: int = 100,
    ) -> Sequence[Alert]:
        """See the port."""
        cursor = alerts.c.cursor
        query = select(alerts).where(*_one_of(alerts.c.kind, kinds), *_about(symbols)).limit(limit)
        if min_level is not None:
            query = query.where(alerts.c.level >= min_level)
        if after is not None:
            query = query.where(cursor > after).order_by(cursor)
        else:
            query = query.where(*([cursor < before] if before is not None else [])).order_by(cursor.desc())

        async def read(connection: AsyncConnection) -> list[Alert]:
            return _records(Alert, await connection.execute(query))

        return await self._transactions.run("alerts", read)

    async def said_outlooks(
        self, venue: str, *, start_ms: int, after: tuple[int, str] | None = None, limit: int | None = None
    ) -> Sequence[SaidOutlook]:
        """See the port."""
        c = outlooks.c
        query = (
            select(outlooks).where(c.bar_ms >= start_ms, *_of_venue(c.venue, venue)).order_by(c.bar_ms, c.id).limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(c.bar_ms, c.id) > after)

        async def read(connection: AsyncConnection) -> list[SaidOutlook]:
            return _records(SaidOutlook, await connection.execute(query))

        return await self._transactions.run("said_outlooks", read)

    async def newest_cursor(self) -> int:
        """See the port."""

        async def read(connection: AsyncConnection) -> int:
            return int((await connection.execute(select(newest.c.cursor))).scalar_one())

        return await self._transactions.run("newest_cursor", read)

    async def close(self) -> None:
        """See the port."""
        await self._transactions.close()


def _last_point_of_each_step() -> Select[Any]:
    """Return the query of the last point of each step.

    It goes from each step with a point to the next one by the primary key. So its work is in proportion to its result, and
    not to the points of the range. Each search has one lower and one upper limit, because SQLite uses no more of them."""
    start_ms, end_ms, step_ms = (bindparam(name, type_=BigInteger) for name in ("start_ms", "end_ms", "step_ms"))
    of_symbol = (series.c.venue == bindparam("venue"), series.c.symbol == bindparam("symbol"))
    number = select(series.c.id).where(*of_symbol).scalar_subquery()
    time_ms = points.alias().c.observed_ms

    def search(result: ColumnElement[int], start: Any, end: Any) -> ColumnElement[int]:
        found = select(result).where(time_ms.table.c.series == number, time_ms >= start, time_ms < end)
        return found.scalar_subquery()

    def step_after(start: Any) -> ColumnElement[int]:
        return ((search(func.min(time_ms), start, end_ms) - start_ms) // step_ms).label("step")

    steps = select(step_after(start_ms)).cte("steps", recursive=True)
    following = step_after(start_ms + (steps.c.step + 1) * step_ms)
    steps = steps.union_all(select(following).where(steps.c.step.is_not(None)))
    start = start_ms + steps.c.step * step_ms
    end = case((start + step_ms < end_ms, start + step_ms), else_=end_ms)
    is_last = and_(points.c.series == number, points.c.observed_ms == search(func.max(time_ms), start, end))
    columns = (points.c.observed_ms, points.c.price, *(points.c[name] for name in SCORES))
    return select(*columns).select_from(steps.join(points, is_last)).order_by(steps.c.step)


_LAST_POINT_OF_EACH_STEP = _last_point_of_each_step()  # SQLAlchemy takes as long to make it as SQLite to run it


def _records(kind: Callable[..., Record], rows: CursorResult[Any]) -> list[Record]:
    """Return a record of each row. The columns have the names of its fields."""
    names = tuple(rows.keys())
    return [kind(**dict(zip(names, row, strict=True))) for row in rows]


def _one_of(column: Column[Any], values: Collection[Any]) -> list[ColumnElement[bool]]:
    """Return the condition that `column` is one of `values`. Return no condition when there are no values."""
    return [column.in_(values)] if values else []


def _about(symbols: Collection[str]) -> list[ColumnElement[bool]]:
    """Return the condition that an alert tells of one of these symbols. Return no condition when there are none."""
    listed = [type_coerce(alerts.c.markets, Text).contains(f'["{symbol}",', autoescape=True) for symbol in symbols]
    return [or_(alerts.c.symbol.in_(symbols), *listed)] if symbols else []


def _of_venue(column: Column[str], venue: str) -> list[ColumnElement[bool]]:
    """Return the condition that `column` is `venue`. Return no condition when `venue` is empty."""
    return [column == venue] if venue else []


def _newest_first(
    query: Select[Any], time_ms: Column[Any], name: Column[Any], before: tuple[int, str] | None, limit: int
) -> Select[Any]:
    """Return the query of one page, newest rows first. `before` is time and name of the last row of the previous page."""
    if before is not None:
        query = query.where(tuple_(time_ms, name) < before)
    return query.order_by(time_ms.desc(), name.desc()).limit(limit)
