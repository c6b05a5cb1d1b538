"""Check the schema of a database, and upgrade it to ours."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from virtuoso.domain.errors import HistoryError

log = logging.getLogger(__name__)

VERSION = 5  # the newest file of migrations/versions
VERSION_TABLE = "virtuoso_version"
MIGRATIONS = Path(__file__).parent / "migrations"


class OutOfDate(Exception):
    """The schema is missing, or older than ours."""


async def check(connection: AsyncConnection, place: str) -> None:
    """Check that the schema is ours. Raise OutOfDate when it is older, HistoryError when it is newer, and the driver's
    exception when it does not exist."""
    stored = (await connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))).scalar()  # noqa: S608 - a constant
    version = int(stored or 0)
    if version > VERSION:
        raise HistoryError(
            f"{place} has schema {version} of a newer release, and this release supports {VERSION}. Run the newer "
            "release, or set HISTORY to another database"
        )
    if version < VERSION:
        raise OutOfDate


async def upgrade(connection: AsyncConnection, place: str) -> None:
    """Upgrade the schema to ours in the transaction of `connection`. Create it when it does not exist."""
    await connection.run_sync(_upgrade)
    log.info("%s has schema %d", place, VERSION)


def _upgrade(connection: Connection) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # our own log line is enough
    # Readers never upgrade, so only writers load Alembic.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
