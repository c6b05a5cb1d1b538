"""The role of servers on a real PostgreSQL: it reads the history, and can write nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it has no types
import pytest

from tests.contract import histories
from tests.contract.histories import Place, place_of
from tests.programs import ROOT, Postgres
from tests.service.history_servers import history_opener
from tests.service.servers import running_server
from tests.service.snapshots import snapshot
from virtuoso.domain.errors import HistoryError
from virtuoso.history.factory import open_history_reader, open_history_writer
from virtuoso.market.v1 import market_service_pb2 as api

SCRIPT = ROOT / "tools" / "deploy" / "kubernetes" / "reader.sql"
WRITES = [
    "INSERT INTO virtuoso_version VALUES ('9')",
    "UPDATE alerts SET text = 'x'",
    "DELETE FROM alerts",
    "TRUNCATE alerts",
    "DROP TABLE alerts",
    "CREATE TABLE mine (x int)",
    "CREATE TEMP TABLE mine (x int)",
    "CREATE ROLE other",
    "CREATE DATABASE other",
    "ALTER ROLE virtuoso_reader SUPERUSER",
    "COPY alerts TO '/tmp/alerts'",
]


@pytest.fixture(params=["before", "after"])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]
) -> AsyncIterator[tuple[Place, str]]:
    """Return a history with a record, and its URL for the reader. The role is created before or after the tables."""
    made = place_of("postgresql", tmp_path, postgres)
    server, database = postgres(), made.url.rpartition("/")[2]

    def create_role() -> None:
        server.run(SCRIPT, database, {"POSTGRES_READER_PASSWORD": "a-secret"})

    if request.param == "before":
        create_role()
        create_role()  # it can be run again
    await made.make()
    await made.writer().add_alerts([histories.alert()], cooldown_s={})
    if request.param == "after":
        create_role()
    yield made, server.url(database, "virtuoso_reader")
    await made.close()


async def test_a_server_works_with_the_role(place: tuple[Place, str]) -> None:
    _, url = place
    async with running_server(history=history_opener(url)) as one:
        await one.show(snapshot())
        (alert,) = (await one.stub.ListAlerts(api.ListAlertsRequest())).alerts
        assert alert.text == histories.alert().text


@pytest.mark.parametrize("statement", WRITES)
async def test_the_role_cannot_write_even_in_a_transaction_that_allows_it(place: tuple[Place, str], statement: str) -> None:
    _, url = place
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_collector_with_the_role_stores_nothing_and_says_why(place: tuple[Place, str]) -> None:
    made, url = place
    writer = open_history_writer(url, timeout_s=20)
    with pytest.raises(HistoryError, match=r"permission denied|read-only"):
        await writer.add_alerts([histories.alert("other", 5)], cooldown_s={})
    await writer.close()
    assert made.sql("SELECT count(*) FROM alerts") == "1"


async def test_without_tables_the_role_reports_that_there_is_no_history_yet(
    tmp_path: Path, postgres: Callable[[], Postgres]
) -> None:
    empty = place_of("postgresql", tmp_path, postgres)
    server, database = postgres(), empty.url.rpartition("/")[2]
    server.run(SCRIPT, database, {"POSTGRES_READER_PASSWORD": "a-secret"})
    reader = open_history_reader(server.url(database, "virtuoso_reader"), timeout_s=20)
    with pytest.raises(HistoryError):
        await reader.newest_cursor()
    await reader.close()
    assert empty.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
