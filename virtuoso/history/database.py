"""The interface of a database for `Transactions` and the SQL layers. Each kind of database has its own module."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from sqlalchemy import Table
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

if TYPE_CHECKING:  # do not load unused dialects
    from sqlalchemy.dialects import postgresql, sqlite

    Insert: TypeAlias = sqlite.Insert | postgresql.Insert


class Database(Protocol):
    """A database of one kind at one location. Its methods raise the exceptions of its driver and of SQLAlchemy."""

    @property
    def name(self) -> str:
        """Return the short name for metrics, such as "sqlite"."""
        ...

    @property
    def place(self) -> str:
        """Return the location for messages, without a password."""
        ...

    @property
    def engine(self) -> AsyncEngine:
        """Return the engine. A transaction may write when its connection has the execution option `write`."""
        ...

    @property
    def insert(self) -> Callable[[Table], Insert]:
        """Return SQLAlchemy's INSERT for this dialect, which supports ON CONFLICT."""
        ...

    @property
    def interruptible(self) -> bool:
        """Return whether a call may be cancelled. Otherwise it runs to its end after its caller has stopped waiting."""
        ...

    def has_no_tables(self, error: Exception) -> bool:
        """Return whether the failure means that our tables do not exist yet."""
        ...

    def is_damaged(self, error: Exception) -> bool:
        """Return whether the failure means that the stored data cannot be read. Only `replace_damaged` helps then."""
        ...

    def refuses(self, error: Exception) -> bool:
        """Return whether the record to store caused the failure."""
        ...

    def explain(self, error: Exception) -> str:
        """Return a description of the failure for an operator, with a remedy if one is known."""
        ...

    async def lock_schema(self, connection: AsyncConnection) -> None:
        """Acquire the lock for schema changes, without a time limit. It is released at the end of this write transaction."""
        ...

    async def replace_damaged(self) -> None:
        """Move damaged data aside, if it is still there. The next call then creates an empty history. Nothing is deleted.
        Raise OSError when that fails."""
        ...


def cause(error: BaseException) -> BaseException:
    """Return the driver's exception inside an exception of SQLAlchemy. Return any other exception unchanged."""
    return error.orig if isinstance(error, StatementError) and error.orig is not None else error


def one_line(error: BaseException) -> str:
    """Return the first line of the driver's message. Return the exception's name when there is no message."""
    text = str(cause(error)).strip() or type(error).__name__
    return text.splitlines()[0].removeprefix(f"{type(error)}: ")[:300]
