"""Unit tests meet recorded exchanges of the project's own: a clone needs nothing beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.recorded import Recorded


@pytest.fixture(scope="session")
def replay_server() -> Iterator[Recorded]:
    """One for all tests; use `replay`, which mends what a test broke."""
    server = Recorded()
    yield server
    server.kill()
