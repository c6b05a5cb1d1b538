"""All tests in this folder run in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest

from tests.clocks import VirtualTimeLoop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], VirtualTimeLoop]]:
    """Run each asynchronous test on a loop of virtual time."""
    return {"virtual": VirtualTimeLoop}


@pytest.fixture(autouse=True)
def same_jitter() -> None:
    """Make the jitter the same in every run."""
    random.seed(0)
