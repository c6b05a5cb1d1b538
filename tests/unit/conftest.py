"""Unit tests use the recorded exchanges of tests/data, so they need no files outside the project."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.recorded import Recorded


@pytest.fixture(scope="session")
def replay_server() -> Iterator[Recorded]:
    """Start the exchanges once for all tests. Tests use `replay`, which resets the faults."""
    server = Recorded()
    yield server
    server.kill()
