"""A server for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.service.snapshots import Bench, bench


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Bench]:
    """A real server on a free port, with nothing published yet."""
    async with bench() as one:
        yield one
