"""The exchange of these tests: the recorded exchange if it is available, otherwise the simulated one. Both have the same
faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Product
from tests.programs import Market, Replay, Simulated


@pytest.fixture(scope="session")
def replay_server() -> Iterator[Market]:
    """Run one exchange for all tests. Tests use `replay`, which resets its faults."""
    server = Replay() if Replay.SCRIPT.exists() else Simulated()
    yield server
    server.kill()


@pytest.fixture
def make(tmp_path: Path, replay: Market) -> Iterator[Callable[..., Product]]:
    """Return a function that creates products on the recorded exchanges. They end with the test."""
    made: list[Product] = []

    def product(**settings: str) -> Product:
        made.append(Product(tmp_path, replay.url, **settings))
        return made[-1]

    yield product
    for each in made:
        each.close()
