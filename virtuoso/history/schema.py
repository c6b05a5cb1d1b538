"""Which schema a database has, and how it gets ours."""

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
    """Nothing when the schema is ours. OutOfDate when it is older, HistoryError when it is newer; the driver's failure when
    there is none."""
    found = (await connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))).scalar()  # noqa: S608 - a constant
    version = int(found or 0)
    if version > VERSION:
        raise HistoryError(
            f"{place} has schema {version} of a newer release; this one knows {VERSION}. Run the newer release, or give "
            "HISTORY another place"
        )
    if version < VERSION:
        raise OutOfDate


async def upgrade(connection: AsyncConnection, place: str) -> None:
    """Every step from what there is, also from nothing, to ours: all or none, with the transaction of `connection`."""
    await connection.run_sync(_upgrade)
    log.info("%s has schema %d", place, VERSION)


def _upgrade(connection: Connection) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # one line of ours is enough
    # Readers never need Alembic, so they do not load it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
