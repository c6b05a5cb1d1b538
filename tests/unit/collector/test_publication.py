"""Which snapshots servers see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.clocks import VirtualClock
from tests.unit.wire.test_snapshots import snapshot
from virtuoso.collector.publication import Publication
from virtuoso.collector.publisher import ERROR_PERIOD_S, SNAPSHOTS_LEFT, Publisher, RepositoryErrorLog
from virtuoso.domain.errors import RepositoryError
from virtuoso.domain.snapshot import Snapshot
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.wire import snapshots

CLOCK = VirtualClock()


def numbered(number: int, *, complete: bool = True) -> Snapshot:
    made = replace(snapshot(), id=f"bybit-{number}-a")
    return replace(made, universe=made.universe[:1]) if complete else made


class Shelf:
    """A repository and a publication on it."""

    def __init__(self) -> None:
        self.repository = MemoryRepository(clock=CLOCK)
        self.publication = Publication(Publisher(self.repository, max_stale_s=600), CLOCK)

    async def newest(self) -> str | None:
        head = await self.repository.get(keys.HEAD)
        return None if head is None else snapshots.decode_head(head)[0]


async def test_an_incomplete_snapshot_is_published_only_once_the_last_complete_one_is_stale() -> None:
    shelf = Shelf()
    await shelf.publication.offer(numbered(1))
    for number in range(2, 12):
        await CLOCK.sleep(3)
        await shelf.publication.offer(numbered(number, complete=False))
        assert await shelf.newest() == "bybit-1-a"
    await CLOCK.sleep(3)
    await shelf.publication.offer(numbered(12, complete=False))
    assert await shelf.newest() == "bybit-12-a"
    assert (shelf.publication.scored, shelf.publication.expected) == (1, 2)
    await CLOCK.sleep(3)
    await shelf.publication.offer(numbered(13))
    await shelf.publication.offer(numbered(14, complete=False))
    assert await shelf.newest() == "bybit-13-a"


async def test_where_there_was_no_complete_one_an_incomplete_one_is_better_than_none() -> None:
    shelf = Shelf()
    assert shelf.publication.scored is None
    await shelf.publication.offer(numbered(1, complete=False))
    assert await shelf.newest() == "bybit-1-a"
    shelf.publication.reset()
    assert (shelf.publication.scored, shelf.publication.expected) == (None, 0)


async def test_the_last_snapshots_stay_for_readers_and_older_ones_are_removed() -> None:
    shelf = Shelf()
    for number in range(SNAPSHOTS_LEFT + 5):
        await shelf.publication.offer(numbered(number))
    left = [n for n in range(SNAPSHOTS_LEFT + 5) if await shelf.repository.get(keys.snapshot(f"bybit-{n}-a"))]
    assert left == list(range(5, SNAPSHOTS_LEFT + 5))


async def test_a_repository_that_fails_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    errors = RepositoryErrorLog(CLOCK)
    for _ in range(3 * int(ERROR_PERIOD_S)):
        errors.log("not stored: %s", RepositoryError("full"))
        await CLOCK.sleep(1)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["not stored: full"] * 3
