"""Calls of a database that end in time, whose every failure is a HistoryError, on a schema that is ours."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from virtuoso.domain.errors import HistoryError
from virtuoso.domain.lifetime import ignore_failure
from virtuoso.history import schema
from virtuoso.history.database import Database, cause
from virtuoso.metrics import HISTORY_CALLS, HISTORY_UP

log = logging.getLogger(__name__)

T = TypeVar("T")

_ATTEMPTS = 3  # one finds a damaged file, one no tables, one does it
_CLOSING_S = 5.0


class Transactions:
    """Runs bodies in transactions of `database`. With `write` it brings the schema up to date when it finds it missing or
    older, and begins anew when it finds damage; without, both are failures that pass once a writer has done it.

    A call that has not ended after `timeout_s` raises, whatever its database still does about it. For as long again calls
    raise at once, so that a database that hangs costs its callers little; then one of them tries."""

    def __init__(
        self, database: Database, *, write: bool, timeout_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._write = write
        self._timeout_s = timeout_s
        self._clock = clock
        self._rests_until: float | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._upkeep: asyncio.Task[None] | None = None
        self._failures: dict[str, str] = {}

    async def run(self, call: str, body: Callable[[AsyncConnection], Awaitable[T]], *, write: bool = False) -> T:
        """The result of `body` in one transaction; HistoryError, and nothing kept, when it fails. Whether it was kept is not
        known after a HistoryError for the time, or a CancelledError. `call` names it in metrics."""
        deed = "write" if write else "read"
        try:
            result = await self._in_time(self._transact(body, write=write))
        except HistoryError as error:
            self._failed(deed, call, error)
            raise
        except Exception as error:  # drivers raise of every kind while a connection breaks: it must cost history only
            failure = HistoryError(self._words(error), refused=write and self._refuses(error))
            self._failed(deed, call, failure)
            raise failure from error
        self._answered(deed, call)
        return result

    async def close(self) -> None:
        """End what runs, let go of all connections. Never raises."""
        tasks = self._running | ({self._upkeep} if self._upkeep else set())
        for task in tasks if self._database.interruptible else ():
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self._timeout_s)
        try:
            async with asyncio.timeout(_CLOSING_S):
                await self._database.engine.dispose()
        except Exception as error:  # noqa: BLE001 - a connection that breaks while it is closed is closed all the same
            log.debug("%s: closing: %s", self._database.place, error)

    # ------------------------------------------------------------------------------------------------------------- in time

    async def _in_time(self, work: Coroutine[Any, Any, T]) -> T:
        now = self._clock()
        if self._rests_until is not None:
            if now < self._rests_until:
                work.close()
                raise HistoryError(f"{self._database.place} did not answer a moment ago")
            self._rests_until = now + self._timeout_s  # this caller tries
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait({task}, timeout=self._timeout_s)
        finally:
            if not task.done() and self._database.interruptible:
                task.cancel()
        if not task.done():
            self._rests_until = self._clock() + self._timeout_s
            raise HistoryError(f"{self._database.place} did not answer within {self._timeout_s:g} s")
        self._rests_until = None
        return task.result()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        ignore_failure(task)

    # ------------------------------------------------------------------------------------------------------ one transaction

    async def _transact(self, body: Callable[[AsyncConnection], Awaitable[T]], *, write: bool) -> T:
        for _ in range(_ATTEMPTS):
            try:
                async with self._database.engine.connect() as connection:
                    if write:
                        await connection.execution_options(write=True)
                    async with connection.begin():
                        await schema.check(connection, self._database.place)
                        return await body(connection)
            except schema.OutOfDate:
                await self._keep_up(self._upgrade)
            except DBAPIError as error:
                if self._database.has_no_tables(error):
                    await self._keep_up(self._upgrade)
                elif self._write and self._database.is_damaged(error):
                    await self._keep_up(self._database.begin_anew)
                else:
                    raise
        raise HistoryError(f"{self._database.place} is being changed by others all the time")

    async def _keep_up(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Upkeep is done once for all calls that find the need, and goes on when a call's time is over."""
        if not self._write:
            raise HistoryError(f"{self._database.place} is not there yet: it is made when a collector first writes it")
        if self._upkeep is None or self._upkeep.done():
            self._upkeep = asyncio.create_task(work())
            self._upkeep.add_done_callback(ignore_failure)
        await asyncio.shield(self._upkeep)

    async def _upgrade(self) -> None:
        async with self._database.engine.connect() as connection:
            await connection.execution_options(write=True)
            async with connection.begin():
                await self._database.hold_schema(connection)
                await schema.upgrade(connection, self._database.place)

    # ----------------------------------------------------------------------------------------------------------- outcomes

    def _words(self, error: Exception) -> str:
        with suppress(ValueError, TypeError):  # of a foreign error that cannot be put in words
            return f"{self._database.place}: {self._database.words(error)}"
        return f"{self._database.place}: {type(error).__name__}"

    def _refuses(self, error: Exception) -> bool:
        return isinstance(cause(error), ValueError | TypeError | OverflowError) or self._database.refuses(error)

    def _failed(self, deed: str, call: str, error: HistoryError) -> None:
        HISTORY_CALLS.labels(self._database.name, call, "error").inc()
        if error.refused:
            return
        HISTORY_UP.labels(self._database.name, deed).set(0)
        if deed not in self._failures:
            log.warning("%s fails: %s", deed, error)
        self._failures[deed] = str(error)

    def _answered(self, deed: str, call: str) -> None:
        HISTORY_CALLS.labels(self._database.name, call, "ok").inc()
        HISTORY_UP.labels(self._database.name, deed).set(1)
        if self._failures.pop(deed, None):
            log.info("%s: %s works again", self._database.place, deed)
