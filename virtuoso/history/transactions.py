"""Transactions with a time limit on our schema. Every failure is a HistoryError."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from virtuoso.domain.clock import SYSTEM_CLOCK, Clock
from virtuoso.domain.errors import HistoryError
from virtuoso.domain.tasks import ignore_failure
from virtuoso.history import schema
from virtuoso.history.database import Database, cause
from virtuoso.metrics import HISTORY_CALLS, HISTORY_UP

log = logging.getLogger(__name__)

T = TypeVar("T")
Body = Callable[[AsyncConnection], Awaitable[T]]

_ATTEMPTS = 3  # the first may fail at a damaged file, the second at missing tables
_CLOSING_S = 5.0
_CHECK_S = 1.0  # a reader checks the schema once in this time, because the check takes as long as a read


class Transactions:
    """Runs functions in transactions of `database`.

    With `write`, a call upgrades a missing or older schema, and replaces a damaged database. Without `write`, the call fails
    in both cases until a writer has made the repair.

    A call raises after `timeout_s`, even if its database still works on it. During the following `timeout_s`, calls raise
    immediately, so that an unresponsive database does not delay callers. After that, one call tries again.
    """

    def __init__(self, database: Database, *, write: bool, timeout_s: float, clock: Clock = SYSTEM_CLOCK) -> None:
        self.database = database
        self._write = write
        self._timeout_s = timeout_s
        self._clock = clock
        self._checked = -math.inf  # when the schema was ours, on the monotonic clock
        self._pause_ends: float | None = None  # on the monotonic clock; None while the database answers in time
        self._running: set[asyncio.Task[object]] = set()
        self._repair: asyncio.Task[None] | None = None
        self._failures: dict[str, str] = {}  # the last error message by operation, "read" or "write"

    async def run(self, call: str, body: Body[T], *, write: bool = False) -> T:
        """Run `body` in one transaction and return its result. `call` is its name in metrics.

        Raise HistoryError when it fails. Nothing is stored then, except possibly after a timeout or a CancelledError.
        """
        operation = "write" if write else "read"
        try:
            result = await self._in_time(self._transact(body, write=write))
        except HistoryError as error:
            self._failed(operation, call, error)
            raise
        except Exception as error:  # drivers raise many types while a connection breaks; all must affect only the history
            failure = HistoryError(self._explain(error), refused=write and self._refuses(error))
            self._failed(operation, call, failure)
            raise failure from error
        self._succeeded(operation, call)
        return result

    async def close(self) -> None:
        """End the running calls and close all connections. Never raise."""
        tasks: set[asyncio.Task[object]] = {*self._running, *([self._repair] if self._repair else [])}
        for task in tasks if self.database.interruptible else ():
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self._timeout_s)
        try:
            async with asyncio.timeout(_CLOSING_S):
                await self.database.engine.dispose()
        except Exception as error:  # noqa: BLE001 - a connection that breaks while it closes is closed too
            log.debug("%s: closing: %s", self.database.place, error)

    async def _in_time(self, work: Coroutine[object, object, T]) -> T:
        now = self._clock.monotonic()
        if self._pause_ends is not None:
            if now < self._pause_ends:
                work.close()
                raise HistoryError(f"{self.database.place} is skipped for a moment, because it did not answer")
            self._pause_ends = now + self._timeout_s  # this call tries; other calls still raise immediately
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(ignore_failure)
        try:
            await asyncio.wait({task}, timeout=self._timeout_s)
        finally:
            if not task.done() and self.database.interruptible:
                task.cancel()
        if not task.done():
            self._pause_ends = self._clock.monotonic() + self._timeout_s
            raise HistoryError(f"{self.database.place} did not answer within {self._timeout_s:g} s")
        self._pause_ends = None
        return task.result()

    async def _transact(self, body: Body[T], *, write: bool) -> T:
        for _ in range(_ATTEMPTS):
            try:
                async with self.database.engine.connect() as connection:
                    if write:
                        await connection.execution_options(write=True)
                    async with connection.begin():
                        now = self._clock.monotonic()
                        if self._write or now >= self._checked + _CHECK_S:
                            await schema.check(connection, self.database.place)
                            self._checked = now
                        return await body(connection)
            except schema.OutOfDate:
                await self._repair_once(self._upgrade)
            except DBAPIError as error:
                if self.database.has_no_tables(error):
                    await self._repair_once(self._upgrade)
                elif self._write and self.database.is_damaged(error):
                    await self._repair_once(self.database.replace_damaged)
                else:
                    raise
        raise HistoryError(f"{self.database.place} is changed by other processes all the time")

    async def _repair_once(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        """Run `work` once for all calls that need it. It continues after a call times out."""
        if not self._write:
            raise HistoryError(f"{self.database.place} does not exist yet: a collector creates it at its first write")
        if self._repair is None or self._repair.done():
            self._repair = asyncio.create_task(work())
            self._repair.add_done_callback(ignore_failure)
        await asyncio.shield(self._repair)

    async def _upgrade(self) -> None:
        async with self.database.engine.connect() as connection:
            await connection.execution_options(write=True)
            async with connection.begin():
                await self.database.lock_schema(connection)
                await schema.upgrade(connection, self.database.place)

    def _explain(self, error: Exception) -> str:
        with suppress(ValueError, TypeError):  # an error from elsewhere than the driver may have no message
            return f"{self.database.place}: {self.database.explain(error)}"
        return f"{self.database.place}: {type(error).__name__}"

    def _refuses(self, error: Exception) -> bool:
        return isinstance(cause(error), ValueError | TypeError | OverflowError) or self.database.refuses(error)

    def _failed(self, operation: str, call: str, error: HistoryError) -> None:
        HISTORY_CALLS.labels(self.database.name, call, "error").inc()
        if error.refused:
            return
        HISTORY_UP.labels(self.database.name, operation).set(0)
        if operation not in self._failures:
            log.warning("%s fails: %s", operation, error)
        self._failures[operation] = str(error)

    def _succeeded(self, operation: str, call: str) -> None:
        HISTORY_CALLS.labels(self.database.name, call, "ok").inc()
        HISTORY_UP.labels(self.database.name, operation).set(1)
        if self._failures.pop(operation, None):
            log.info("%s: %s works again", self.database.place, operation)
