"""Open the history of the setting HISTORY."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from virtuoso.domain.errors import ConfigError
from virtuoso.history.database import Database
from virtuoso.history.sql_reader import SqlHistoryReader
from virtuoso.history.sql_writer import SqlHistoryWriter
from virtuoso.history.sqlite import Sqlite
from virtuoso.history.transactions import Transactions

TIMEOUT_S = 2.0
_ALLOWED = "sqlite:///a/path, or postgresql://user:password@host:port/database"


def open_history_reader(url: str, *, timeout_s: float = TIMEOUT_S) -> SqlHistoryReader:
    """Return the history at `url` for reading. The first call opens the connection.

    `url` is sqlite:///a/path (absolute, or ~/path) or postgresql://user:password@host:port/database. Every call ends within
    about `timeout_s`. Raise ConfigError, with the reason, when `url` is invalid.
    """
    return SqlHistoryReader(_transactions(url, write=False, timeout_s=timeout_s))


def open_history_writer(url: str, *, timeout_s: float = TIMEOUT_S) -> SqlHistoryWriter:
    """Return the history at `url` for a collector. The first call creates a missing database and upgrades an older schema.

    See `open_history_reader` for the parameters and errors.
    """
    return SqlHistoryWriter(_transactions(url, write=True, timeout_s=timeout_s))


def sqlite_path(rest: str) -> Path:
    """Return the file of sqlite://`rest`. `rest` is an absolute path or /~/path, after any number of slashes."""
    name = rest.lstrip("/")  # after three slashes, or four as in SQLAlchemy
    return Path(name).expanduser() if name.startswith("~") else Path("/", name)


def _transactions(url: str, *, write: bool, timeout_s: float) -> Transactions:
    return Transactions(_database(url, write=write, timeout_s=timeout_s), write=write, timeout_s=timeout_s)


def _database(url: str, *, write: bool, timeout_s: float) -> Database:
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        if not rest.startswith("/") or rest.endswith("/") or "\0" in rest:
            raise _config_error(url, "expected the absolute path of a file")
        return Sqlite(sqlite_path(rest), write=write, timeout_s=timeout_s)
    if scheme in ("postgresql", "postgres"):
        # Import here, because a node without a cluster needs no PostgreSQL driver.
        from virtuoso.history.postgresql import Postgresql  # noqa: PLC0415

        return Postgresql(url, _server_name(url), write=write, timeout_s=timeout_s)
    raise _config_error(url, "its kind is unknown")


def _server_name(url: str) -> str:
    """Return host:port/database, without the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _config_error(url, "its host or port cannot be read") from error
    database = parts.path.removeprefix("/")
    if not database or "/" in database:
        raise _config_error(url, "it has no database name")
    return f"{parts.hostname or 'localhost'}:{port or 5432}/{database}"


def _config_error(url: str, why: str) -> ConfigError:
    scheme, separator, rest = url.partition("://")
    _, at, server = rest.rpartition("@")
    shown = f"{scheme}://…@{server}" if separator and at else url
    return ConfigError(f"HISTORY: {shown!r} is not allowed: {why}; expected {_ALLOWED}")
