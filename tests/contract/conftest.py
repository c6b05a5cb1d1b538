"""Servers that several contract suites use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.programs import Postgres


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
