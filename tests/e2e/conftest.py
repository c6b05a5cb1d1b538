"""The exchange of these tests: the recorded exchange if it is available, otherwise the simulated one. Both have the same
faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Product
from tests.programs import Market, Replay, Simulated

LONGEST = ("test_venue_faults", "test_image", "test_process_faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest files first. A worker runs a whole file, so a long file that starts late ends after all others."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


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
