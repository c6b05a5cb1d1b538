"""Check the schema of a database, and upgrade it to ours."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from virtuoso.domain.errors import HistoryError

log = logging.getLogger(__name__)

VERSION = 1  # the newest file of migrations/versions
VERSION_TABLE = "virtuoso_version"
MIGRATIONS = Path(__file__).parent / "migrations"


class OutOfDate(Exception):
    """The schema is not there, or older than ours."""


async def check(connection: AsyncConnection, place: str) -> None:
    """Return when the schema is ours. Raise OutOfDate when it is older, HistoryError when it is newer, and the driver's
    exception when there is none."""
    stored = (await connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))).scalar()  # noqa: S608 - a constant
    version = int(stored or 0)
    if version > VERSION:
        raise HistoryError(
            f"{place} has schema {version} of a newer release; this one knows {VERSION}. Run the newer release, or give "
            "HISTORY another place"
        )
    if version < VERSION:
        raise OutOfDate


async def upgrade(connection: AsyncConnection, place: str) -> None:
    """Do every step from what there is, which may be nothing, to our schema, in the transaction of `connection`."""
    await connection.run_sync(_upgrade)
    log.info("%s has schema %d", place, VERSION)


def _upgrade(connection: Connection) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # the log has one line of ours
    # Readers never upgrade, so only writers load Alembic.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
