"""Which snapshots the collector publishes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.clocks import VirtualClock
from tests.unit.wire.test_snapshots import snapshot
from virtuoso.collector.publication import Publication
from virtuoso.collector.publisher import ERROR_PERIOD_S, SNAPSHOTS_KEPT, Publisher, RepositoryErrorLog
from virtuoso.domain.errors import RepositoryError, Superseded
from virtuoso.domain.model import Stamp
from virtuoso.domain.snapshot import Snapshot
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.store.v1.market_list_pb2 import MarketList
from virtuoso.wire import snapshots

CLOCK = VirtualClock()


def numbered_snapshot(number: int, *, complete: bool = True) -> Snapshot:
    result = replace(snapshot(), id=f"bybit-{number}-a")
    return replace(result, universe=result.universe[:1]) if complete else result


class PublicationSetup:
    """A repository, and a publication that writes to it."""

    def __init__(self) -> None:
        self.repository = MemoryRepository(clock=CLOCK)
        self.publication = Publication(Publisher(self.repository, max_stale_s=600, clock=CLOCK), CLOCK)

    async def published_id(self) -> str | None:
        head = await self.repository.get(keys.HEAD)
        return None if head is None else snapshots.decode_head(head)[0]


async def test_an_incomplete_snapshot_is_published_only_after_the_last_complete_one_is_stale() -> None:
    setup = PublicationSetup()
    await setup.publication.offer(numbered_snapshot(1))
    for number in range(2, 12):
        await CLOCK.sleep(3)
        await setup.publication.offer(numbered_snapshot(number, complete=False))
        assert await setup.published_id() == "bybit-1-a"
    await CLOCK.sleep(3)
    await setup.publication.offer(numbered_snapshot(12, complete=False))
    assert await setup.published_id() == "bybit-12-a"
    assert (setup.publication.scored, setup.publication.expected) == (1, 2)
    await CLOCK.sleep(3)
    await setup.publication.offer(numbered_snapshot(13))
    await setup.publication.offer(numbered_snapshot(14, complete=False))
    assert await setup.published_id() == "bybit-13-a"


async def test_an_incomplete_snapshot_is_published_when_there_is_no_complete_one() -> None:
    setup = PublicationSetup()
    assert setup.publication.scored is None
    await setup.publication.offer(numbered_snapshot(1, complete=False))
    assert await setup.published_id() == "bybit-1-a"
    setup.publication.reset()
    assert (setup.publication.scored, setup.publication.expected) == (None, 0)


async def test_the_latest_snapshots_are_kept_for_readers_and_older_ones_are_removed() -> None:
    setup = PublicationSetup()
    for number in range(SNAPSHOTS_KEPT + 5):
        await setup.publication.offer(numbered_snapshot(number))
    kept = [n for n in range(SNAPSHOTS_KEPT + 5) if await setup.repository.get(keys.snapshot(f"bybit-{n}-a"))]
    assert kept == list(range(5, SNAPSHOTS_KEPT + 5))


async def test_repository_errors_are_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    errors = RepositoryErrorLog(CLOCK)
    for _ in range(3 * int(ERROR_PERIOD_S)):
        errors.log("not stored: %s", RepositoryError("full"))
        await CLOCK.sleep(1)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["not stored: full"] * 3


async def test_a_replaced_publisher_publishes_nothing_while_its_successor_is_active() -> None:
    repository = MemoryRepository(clock=CLOCK)
    first, second = (Publisher(repository, max_stale_s=600, clock=CLOCK) for _ in range(2))
    await first.begin_term()
    await first.publish(current := _now("first"), b"blob")
    await second.begin_term()
    await second.publish(_now("second"), b"blob")
    with pytest.raises(Superseded, match="another collector has taken over"):
        await first.publish(current, b"blob")
    head = await repository.get(keys.HEAD)
    assert head is not None
    assert snapshots.decode_head(head).snapshot_id == "bybit-second-a"
    await CLOCK.sleep(16)
    await first.publish(_now("third"), b"blob")
    head = await repository.get(keys.HEAD)
    assert head is not None
    assert snapshots.decode_head(head).snapshot_id == "bybit-third-a"


def _now(name: str) -> Snapshot:
    stamp = Stamp(observed_ms=CLOCK.now_ms(), received_ms=CLOCK.now_ms())
    return replace(snapshot(), id=f"bybit-{name}-a", stamp=stamp)


async def test_the_list_of_markets_is_stored_once_in_five_seconds() -> None:
    setup = PublicationSetup()
    stored: list[bytes | None] = []
    for number in range(1, 8):
        await setup.publication.offer(with_price(numbered_snapshot(number), float(number)))
        stored.append(await setup.repository.get(keys.markets("bybit")))
        await CLOCK.sleep(1)
    prices = [MarketList.FromString(blob).markets[0].price for blob in stored if blob]
    assert prices == [1, 1, 1, 1, 1, 6, 6]


def with_price(result: Snapshot, price: float) -> Snapshot:
    ticker = replace(next(iter(result.tickers.values())), last=price)
    return replace(result, venue_tickers={ticker.symbol: ticker})
