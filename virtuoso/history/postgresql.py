"""A history in a PostgreSQL database, for the nodes of a cluster."""

from __future__ import annotations

from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from virtuoso.history.database import cause, one_line
from virtuoso.history.schema import VERSION_TABLE

CONNECTIONS = 4
_SCHEMA_LOCK = 0x76697274  # the number of our advisory lock
_UNDEFINED_TABLE = "42P01"
_REFUSALS = ("22", "23")  # classes of SQLSTATE: data exception, integrity constraint violation


class Postgresql:
    """The database at `url`. See the protocol `Database`.

    `url` has libpq's format, such as postgresql://user:password@host:port/database?sslmode=require. `server_name` is
    host:port/database.
    """

    name = "postgresql"
    interruptible = True  # otherwise connections to an unresponsive server would never be released

    def __init__(self, url: str, server_name: str, *, write: bool, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self.place = f"history {server_name}"
        self.insert = insert
        # The server's timeout is shorter than ours, so a slow statement does not cost the connection.
        limit = f"{round(0.9 * timeout_s * 1000)}ms"
        self._settings = {
            "application_name": "virtuoso",
            "statement_timeout": limit,
            "lock_timeout": limit,
            "idle_in_transaction_session_timeout": f"{round(5 * timeout_s * 1000)}ms",
            "default_transaction_read_only": "off" if write else "on",
        }
        self.engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_pre_ping=True,  # replaces a connection that the server closed, so the call does not fail
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=timeout_s,
        )

    async def _connect(self) -> Any:
        return await asyncpg.connect(self._url, timeout=self._timeout_s, server_settings=self._settings)

    def has_no_tables(self, error: Exception) -> bool:
        """See the protocol."""
        return _sqlstate(error) == _UNDEFINED_TABLE and VERSION_TABLE in str(error)

    def is_damaged(self, error: Exception) -> bool:  # noqa: ARG002 - the protocol's parameter
        """See the protocol. Always return False, because the operator repairs a server."""
        return False

    def refuses(self, error: Exception) -> bool:
        """See the protocol."""
        return _sqlstate(error)[:2] in _REFUSALS

    def explain(self, error: Exception) -> str:
        """See the protocol."""
        return one_line(error)

    async def lock_schema(self, connection: AsyncConnection) -> None:
        """See the protocol."""
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text("SET LOCAL lock_timeout = 0"))
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})"))

    async def replace_damaged(self) -> None:
        """See the protocol. It is never called, because `is_damaged` always returns False."""


def _sqlstate(error: Exception) -> str:
    return str(getattr(cause(error), "sqlstate", None) or "")
