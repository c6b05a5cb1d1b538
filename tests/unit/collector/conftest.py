"""All tests in this folder run in virtual time."""

from tests.unit.market_data.conftest import pytest_asyncio_loop_factories, same_jitter

__all__ = ["pytest_asyncio_loop_factories", "same_jitter"]
