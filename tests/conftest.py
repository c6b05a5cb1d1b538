"""Fixtures of several test suites."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.programs import Memcached, Replay, Simulated

settings.register_profile("virtuoso", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("fast", settings.get_profile("virtuoso"), max_examples=20)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "virtuoso"))


# The many objects of imports and tests live to the end. Without this, collecting garbage takes two fifths of the CPU of
# finding the tests, and a tenth of that of running them.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect the garbage of tests from here on, and look no more at what was there before."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def replay_server() -> Iterator[Replay]:
    """Start the recorded exchanges once for all tests. Tests use `replay`, which resets the faults."""
    if not Replay.SCRIPT.exists():
        pytest.skip("RECORDED TRAFFIC IS NOT HERE: tests on it are skipped (../shared/replay beside the project)")
    server = Replay()
    yield server
    server.kill()


@pytest.fixture
def replay(replay_server: Replay) -> Iterator[Replay]:
    """Return the recorded exchanges. Reset their faults before and after the test."""
    replay_server.fault("ok")
    yield replay_server
    replay_server.fault("ok")


@pytest.fixture(scope="session")
def simulated() -> Iterator[Simulated]:
    """Start the simulated exchanges once for all tests. They also speak okx. No test sets faults there."""
    server = Simulated()
    yield server
    server.kill()


@pytest.fixture
def memcached() -> Iterator[Memcached]:
    """Start a new memcached for one test."""
    server = Memcached()
    yield server
    server.thaw()
    server.kill()
