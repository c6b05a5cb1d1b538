"""What the layers above need to know of a database, each of which has a module of its own."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class Database(Protocol):
    """One kind of database at one place. Failures are those of its driver and of SQLAlchemy."""

    @property
    def name(self) -> str:
        """Short name for metrics."""
        ...

    @property
    def place(self) -> str:
        """For messages; without a password."""
        ...

    @property
    def engine(self) -> AsyncEngine:
        """Its connections. A transaction on one with the execution option `write` may write."""
        ...

    @property
    def insert(self) -> Any:
        """SQLAlchemy's INSERT of this dialect, which knows ON CONFLICT."""
        ...

    @property
    def interruptible(self) -> bool:
        """Whether a call may be cancelled in the middle. Otherwise it is left to end behind its caller's back."""
        ...

    def has_no_tables(self, error: Exception) -> bool:
        """Whether the failure says that nothing of ours is there yet."""
        ...

    def is_damaged(self, error: Exception) -> bool:
        """Whether the failure says that what is stored cannot be read any more, which only `begin_anew` mends."""
        ...

    def refuses(self, error: Exception) -> bool:
        """Whether the failure lies in the record that was to be kept."""
        ...

    def words(self, error: Exception) -> str:
        """The failure in an operator's words, with what to do where that can be told."""
        ...

    async def hold_schema(self, connection: AsyncConnection) -> None:
        """Nobody else changes the schema until the end of this writing transaction, however long it takes."""
        ...

    async def begin_anew(self) -> None:
        """Set aside what is damaged, if it still is; nothing is deleted. OSError when that cannot be done."""
        ...


def cause(error: BaseException) -> BaseException:
    """The driver's own exception in one of SQLAlchemy's."""
    return error.orig if isinstance(error, StatementError) and error.orig is not None else error


def one_line(error: BaseException) -> str:
    """The first line of what the driver says, or the exception's name."""
    text = str(cause(error)).strip() or type(error).__name__
    return text.splitlines()[0].removeprefix(f"{type(error)}: ")[:300]
