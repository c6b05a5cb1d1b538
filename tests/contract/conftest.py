"""Servers and histories that several contract suites use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.histories import KINDS, Place, place_of
from tests.programs import Postgres
from virtuoso.domain.ports import HistoryReader
from virtuoso.history.sql_writer import SqlHistoryWriter


@pytest.fixture(scope="package")
def postgres() -> Iterator[Callable[[], Postgres]]:
    """Return a function that starts PostgreSQL at its first call. Each test creates its own database there."""
    running: list[Postgres] = []

    def server() -> Postgres:
        if not running:
            running.append(Postgres())
        return running[0]

    yield server
    for each in running:
        each.close()


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    """Yield an empty history in each kind of database."""
    found = place_of(request.param, tmp_path, postgres)
    yield found
    await found.close()


@pytest.fixture
def writer(place: Place) -> SqlHistoryWriter:
    """Return a writer to the history."""
    return place.writer()


@pytest.fixture
def reader(place: Place) -> HistoryReader:
    """Return a reader of the history."""
    return place.reader()
