"""Servers that more than one contract suite needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.programs import Postgres


@pytest.fixture(scope="package")
def postgres() -> Iterator[Callable[[], Postgres]]:
    """A PostgreSQL that runs, started when it is first asked for; each test makes a database of its own there."""
    running: list[Postgres] = []

    def server() -> Postgres:
        if not running:
            running.append(Postgres())
        return running[0]

    yield server
    for each in running:
        each.close()
