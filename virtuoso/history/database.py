"""What `Transactions` and the SQL layers need to know of a database. Each kind of database has a module of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from sqlalchemy import Table
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

if TYPE_CHECKING:  # nothing is loaded of a dialect that is not used
    from sqlalchemy.dialects import postgresql, sqlite

    Insert: TypeAlias = sqlite.Insert | postgresql.Insert


class Database(Protocol):
    """One kind of database at one place. Its methods raise the exceptions of its driver and of SQLAlchemy."""

    @property
    def name(self) -> str:
        """Short name for metrics, such as "sqlite"."""
        ...

    @property
    def place(self) -> str:
        """Where it is, for messages; without a password."""
        ...

    @property
    def engine(self) -> AsyncEngine:
        """Its connections. A transaction may write when its connection has the execution option `write`."""
        ...

    @property
    def insert(self) -> Callable[[Table], Insert]:
        """SQLAlchemy's INSERT of this dialect, which knows ON CONFLICT."""
        ...

    @property
    def interruptible(self) -> bool:
        """Whether a call may be cancelled. Otherwise it is left to end by itself when its caller has given up."""
        ...

    def has_no_tables(self, error: Exception) -> bool:
        """Return whether the failure says that our tables are not there yet."""
        ...

    def is_damaged(self, error: Exception) -> bool:
        """Return whether the failure says that the stored data can no longer be read. Only `replace_damaged` helps then."""
        ...

    def refuses(self, error: Exception) -> bool:
        """Return whether the failure is due to the record that was to be stored."""
        ...

    def explain(self, error: Exception) -> str:
        """Return the failure in an operator's words, and what to do where that is known."""
        ...

    async def lock_schema(self, connection: AsyncConnection) -> None:
        """Wait for the right to change the schema, however long that takes. It ends with this writing transaction."""
        ...

    async def replace_damaged(self) -> None:
        """Set the damaged data aside, if it is still there, so that the next call begins an empty history. Nothing is
        deleted. Raise OSError when that fails."""
        ...


def cause(error: BaseException) -> BaseException:
    """Return the driver's own exception within one of SQLAlchemy's."""
    return error.orig if isinstance(error, StatementError) and error.orig is not None else error


def one_line(error: BaseException) -> str:
    """Return the first line of the driver's message; the exception's name when there is none."""
    text = str(cause(error)).strip() or type(error).__name__
    return text.splitlines()[0].removeprefix(f"{type(error)}: ")[:300]
