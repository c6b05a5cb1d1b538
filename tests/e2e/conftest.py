"""What these tests run on: the recorded exchanges where they are, else the simulated one, which breaks in the same ways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.programs import Market, Replay, Simulated


@pytest.fixture(scope="session")
def replay_server() -> Iterator[Market]:
    """One for all tests; use `replay`, which mends what a test broke."""
    server = Replay() if Replay.SCRIPT.exists() else Simulated()
    yield server
    server.kill()
