"""Tests of the market data run in virtual time, as those of the collector do."""

from __future__ import annotations

from tests.unit.collector.conftest import pytest_asyncio_loop_factories, same_jitter

__all__ = ["pytest_asyncio_loop_factories", "same_jitter"]
