"""From the setting HISTORY to the history that it names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from virtuoso.domain.errors import ConfigError
from virtuoso.domain.ports import History
from virtuoso.history.database import Database
from virtuoso.history.sqlite import Sqlite
from virtuoso.history.store import Store

TIMEOUT_S = 2.0
_ALLOWED = "sqlite:///a/path, or postgresql://user:password@host:port/database"


def open_history(url: str, *, write: bool, timeout_s: float = TIMEOUT_S) -> History:
    """The history of `url`, every call of which ends within about `timeout_s`: sqlite:///a/path (absolute, or ~/path) or
    postgresql://user:password@host:port/database. `write`: for a collector, which makes and upgrades what is there;
    otherwise writing fails. Nothing is connected to or written yet. ConfigError names what is wrong."""
    return Store(_database(url, write=write, timeout_s=timeout_s), write=write, timeout_s=timeout_s)


def _database(url: str, *, write: bool, timeout_s: float) -> Database:
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        name = rest.lstrip("/")  # with three slashes, or with four as SQLAlchemy writes it
        if not rest.startswith("/") or not name or name.endswith("/") or "\0" in name:
            raise _refusal(url, "it names no file by its whole path")
        path = Path(name).expanduser() if name.startswith("~") else Path("/", name)
        return Sqlite(path, write=write, timeout_s=timeout_s)
    if scheme in ("postgresql", "postgres"):
        # Loaded where it is used: a node without a cluster needs no driver of it.
        from virtuoso.history.postgresql import Postgresql  # noqa: PLC0415

        return Postgresql(url, _server(url), write=write, timeout_s=timeout_s)
    raise _refusal(url, "it is none of the kinds there are")


def _server(url: str) -> str:
    """host:port/database of a URL, never its password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refusal(url, "its host or port cannot be read") from error
    database = parts.path.removeprefix("/")
    if not database or "/" in database:
        raise _refusal(url, "it names no database")
    return f"{parts.hostname or 'localhost'}:{port or 5432}/{database}"


def _refusal(url: str, why: str) -> ConfigError:
    scheme, found, rest = url.partition("://")
    _, at, place = rest.rpartition("@")
    shown = f"{scheme}://…@{place}" if found and at else url
    return ConfigError(f"HISTORY: {shown!r} is not allowed: {why}; allowed are {_ALLOWED}")
