"""A history in one SQLite file, for the processes of one node. One process writes at a time while others read (WAL).

A damaged file is renamed together with its logs, and a new file is created. `sqlite3 FILE .recover` recovers data from the
old file. When the path refers to another file, the connection is closed. All processes therefore use the new file.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sqlite3
import time
from contextlib import closing, suppress
from glob import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from virtuoso.domain.private_files import FILE_MODE, make_directory, tighten
from virtuoso.history.database import cause, one_line
from virtuoso.history.schema import VERSION_TABLE
from virtuoso.metrics import HISTORY_SET_ASIDE

log = logging.getLogger(__name__)

CONNECTIONS = 4
_WAL_LIMIT = 64 << 20  # bytes; the log is truncated to this size after a large transaction
_EXPLANATIONS = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space",
    sqlite3.SQLITE_READONLY: "is not writable: give this user write permission for the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: give this user write permission for the folder",
    sqlite3.SQLITE_BUSY: "another process has locked it",
    sqlite3.SQLITE_LOCKED: "another process has locked it",
    sqlite3.SQLITE_IOERR: "the disk is faulty or full",
}


class Sqlite:
    """The file at `path`. The first write creates it and its folder. See the protocol `Database`.

    Only its owner may read it. SQLite gives its logs the same mode."""

    name = "sqlite"
    interruptible = False  # calls run in threads; a cancelled call could lock the file forever

    def __init__(self, path: Path, *, write: bool, timeout_s: float) -> None:
        self._path = path
        self._write = write
        self.place = f"history {path}"
        self.insert = insert
        url = URL.create(
            "sqlite+aiosqlite",
            database=f"file:{quote(str(path))}",
            query={"mode": "rwc" if write else "ro", "uri": "true"},
        )
        self.engine = create_async_engine(
            url,
            connect_args={"timeout": 0.75 * timeout_s},  # maximum wait for another writer
            poolclass=AsyncAdaptedQueuePool,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=timeout_s,
            pool_reset_on_return=None,  # every transaction ends with a commit or a rollback
        )
        pool = self.engine.sync_engine
        event.listen(pool, "do_connect", self._before_connect)
        event.listen(pool, "connect", self._connected)
        event.listen(pool, "checkout", self._checked_out)
        event.listen(pool, "begin", _begin)

    def _before_connect(self, _dialect: Any, record: Any, _arguments: Any, _options: Any) -> None:
        if self._write:
            make_directory(self._path.parent)
            self._path.touch(FILE_MODE)  # an empty file is an empty database, and has an inode
            tighten(self._path.parent.glob(f"{escape(self._path.name)}*"))  # those of an older version
        record.info["inode"] = self._inode()

    def _connected(self, connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # `_begin` starts transactions, not Python's sqlite3
        cursor = connection.cursor()
        if self._write:
            with suppress(sqlite3.OperationalError):  # locked: another process that opens the new file does it
                cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = NORMAL")
            cursor.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    def _checked_out(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if record.info["inode"] != self._inode():
            raise DisconnectionError  # SQLAlchemy connects again

    def _inode(self) -> tuple[int, int] | None:
        """Return the device and the inode of the file. Return None when there is no file."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def has_no_tables(self, error: Exception) -> bool:
        """See the protocol."""
        if _code(error) == sqlite3.SQLITE_CANTOPEN:
            return not self._write and not self._path.exists()
        return f"no such table: {VERSION_TABLE}" in str(cause(error))

    def is_damaged(self, error: Exception) -> bool:
        """See the protocol."""
        return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

    def refuses(self, error: Exception) -> bool:
        """See the protocol."""
        return isinstance(cause(error), sqlite3.IntegrityError | sqlite3.DataError)

    def explain(self, error: Exception) -> str:
        """See the protocol."""
        explanation = _EXPLANATIONS.get(_code(error) or -1)
        return f"{explanation} ({one_line(error)})" if explanation else one_line(error)

    async def lock_schema(self, connection: AsyncConnection) -> None:
        """See the protocol. Do nothing, because SQLite allows only one write transaction at a time."""

    async def replace_damaged(self) -> None:
        """See the protocol."""
        await asyncio.to_thread(self._rename_damaged)
        await self.engine.dispose()

    def _rename_damaged(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # when two processes see the damage, the second one finds a new file
            if not _is_damaged(self._path):
                return
            aside = f"{self._path}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
            # Rename the log first, because a new file must never use the log of the old file.
            for suffix in ("-wal", "-shm", ""):
                with suppress(FileNotFoundError):
                    Path(f"{self._path}{suffix}").rename(f"{aside}{suffix}")
        finally:
            os.close(folder)
        HISTORY_SET_ASIDE.inc()
        log.error(
            "history %s is damaged. It was renamed to %s, and a new one is created. To recover data: `sqlite3 %s .recover`",
            self._path,
            aside,
            aside,
        )


def _begin(connection: Connection) -> None:
    """Begin a transaction to write. A writer waits for other writers here, because a later wait could make its transaction
    fail. A reader needs no transaction, because each read is one statement."""
    if connection.get_execution_options().get("write"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _code(error: Exception) -> int | None:
    """Return SQLite's primary result code. Return None when there is none."""
    code = getattr(cause(error), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _is_damaged(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",))
    except sqlite3.DatabaseError as error:
        return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
