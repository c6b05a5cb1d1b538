"""A server for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.service.servers import RunningServer, running_server


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RunningServer]:
    """Start a real server on a free port. It has no snapshot yet."""
    async with running_server() as one:
        yield one
