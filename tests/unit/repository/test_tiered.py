"""TieredRepository over repositories in memory. tests/integration tests it over memcached."""

from __future__ import annotations

import pytest

from virtuoso.domain.errors import RepositoryError
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.repository.tiered import TieredRepository

KEY = keys.HEAD


async def test_a_tier_that_refuses_a_write_is_still_read() -> None:
    memory = MemoryRepository()
    tiers = TieredRepository([memory])
    await tiers.set(KEY, b"value", ttl_s=60)
    with pytest.raises(RepositoryError):
        await tiers.set(KEY, bytes(16 * 1024 * 1024 + 1), ttl_s=60)
    assert await tiers.get(KEY) == b"value"
    assert "larger" in tiers.health()["memory"]
    await tiers.set(KEY, b"smaller", ttl_s=60)
    assert tiers.health() == {"memory": "ok"}


async def test_a_tier_has_no_health_before_it_is_used() -> None:
    assert TieredRepository([MemoryRepository()]).health() == {"memory": "not used yet"}
