"""The collector in one process: what it publishes, from which venue, and while it holds the lease. All tests run in virtual
time."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tests.bullish_market import BullishExchange
from tests.unit.collector.nodes import (
    CLOCK,
    PERIOD_S,
    FakeCoinGecko,
    FakeRecorder,
    Node,
    break_down,
    exchange,
    memory,
    two_venues,
    virtual_loop,
)
from virtuoso.domain.errors import (
    RepositoryError,
    VenueUnavailable,
)
from virtuoso.domain.model import Dominance, DominanceBasis
from virtuoso.domain.records import Side
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.service.admission import read_snapshot
from virtuoso.wire import snapshots

GONE = VenueUnavailable("gone")


async def test_a_collector_publishes_snapshots_that_servers_accept_and_releases_the_lease_at_its_end() -> None:
    node = Node([exchange()], memory())
    async with node.running():
        await asyncio.sleep(5)
        head = await node.repository.get(keys.HEAD)
        assert head is not None
        blob = await node.repository.get(keys.snapshot(snapshots.decode_head(head)[0]))
        assert blob is not None
        admitted = read_snapshot(blob)
        assert {row.symbol for row in admitted.rows} == {"BTCUSDT", "ETHUSDT"}
        assert admitted.provenance.coverage.present == 2
        assert await node.repository.get(keys.candles("bybit", "BTCUSDT", "5m")) is not None
        assert not await node.repository.lease(keys.lease(), "b", ttl_s=5)
    await asyncio.sleep(0.01)  # shorter than the lease's lifetime
    assert await node.repository.lease(keys.lease(), "b", ttl_s=5)


async def test_a_collector_ends_when_one_of_its_tasks_fails() -> None:
    node = Node([exchange()], memory(), coingecko=FakeCoinGecko(RuntimeError("a mistake of ours")))
    with pytest.raises(ExceptionGroup) as ended:
        await node.collector.run()
    assert "a mistake of ours" in str(ended.value.exceptions)


async def test_without_faults_a_snapshot_is_published_in_every_period() -> None:
    node = Node([exchange()], memory())
    async with node.running():
        await asyncio.sleep(300)
        assert node.longest_gap_s() < PERIOD_S + 0.5
        assert all(each.snapshot.complete and each.reason is None for each in node.publications)
        assert await node.repository.get(keys.series("bybit", "BTCUSDT")) is not None
        assert len(node.publications) == pytest.approx(300 / PERIOD_S, rel=0.05)


async def test_nothing_is_published_before_every_input_was_requested_or_ten_seconds_have_passed() -> None:
    bybit = exchange()
    break_down(bybit, None, ["trades"])
    node = Node([bybit], memory())
    async with node.running():
        await asyncio.sleep(9.5)
        assert not node.publications
        await asyncio.sleep(3)
        assert node.publications[0].snapshot.complete


async def test_btc_dominance_is_read_once_a_minute_and_absent_after_a_failure() -> None:
    answer = Dominance(percent=58.0, basis=DominanceBasis.MARKET_CAP, observed_ms=CLOCK.start_ms)
    node = Node([exchange()], memory(), coingecko=FakeCoinGecko(answer))
    async with node.running():
        await asyncio.sleep(10)
        assert node.publications[-1].snapshot.overview.dominance == answer
        node.coingecko.answer = GONE
        await asyncio.sleep(175)
        assert node.coingecko.calls == 4
        after = node.publications[-1].snapshot.overview.dominance
        assert after is None or after.basis is DominanceBasis.TURNOVER


async def test_a_pass_longer_than_its_period_is_followed_by_the_next_immediately() -> None:
    node = Node([exchange()], memory())
    async with node.running():
        virtual_loop().thread_s = 4.0  # the time of the analysis, and the time of the encoding
        await asyncio.sleep(300)
        times = [each.at for each in node.since(30)]
        assert {round(b - a, 1) for a, b in pairwise(times)} == {8.1}
        assert node.is_active()


async def test_one_of_two_collectors_is_active_and_the_other_takes_over_when_it_ends() -> None:
    repository = memory()
    first, second = (Node([exchange()], repository, owner=name) for name in ("a", "b"))
    async with second.running():
        async with first.running():
            await asyncio.sleep(60)
            assert [first.is_active(), second.is_active()].count(True) == 1
            active, standby = (first, second) if first.is_active() else (second, first)
            assert not standby.publications
        if active is first:
            ended_at = CLOCK.monotonic()
            await asyncio.sleep(30)
            assert second.is_active()
            assert second.publications[0].at - ended_at < 5


async def test_a_collector_that_loses_the_lease_stands_by_until_it_has_the_lease_again() -> None:
    repository = memory()
    history = FakeRecorder()
    node = Node([BullishExchange(clock=CLOCK)], repository, history=history)
    async with node.running():
        await asyncio.sleep(60)
        signals = dict(history.stored)
        assert {signal.side for signal in signals.values()} == {Side.LONG}
        repository._leases[keys.lease()] = ("thief", CLOCK.monotonic() + 100)
        await asyncio.sleep(2)
        lost_at = CLOCK.monotonic()
        assert not node.is_active()
        calls = node.exchanges["bybit"].calls["book"]
        await asyncio.sleep(90)
        assert not node.since(lost_at)
        assert node.exchanges["bybit"].calls["book"] == calls, "a standby does not ask for what it does not use"
        await asyncio.sleep(30)
        assert node.is_active()
        assert node.publications[-1].snapshot.complete
        assert set(history.stored) == set(signals), "no signal was given twice"
        assert {signal.id for signal in node.publications[-1].snapshot.signals} == set(signals)


async def test_the_result_of_a_pass_longer_than_the_lease_is_discarded() -> None:
    repository, history = memory(), FakeRecorder()
    node = Node([exchange()], repository, history=history)
    async with node.running():
        await asyncio.sleep(30)
        virtual_loop().thread_s = 1.0
        passes = len(node.observer.requests)
        while len(node.observer.requests) == passes:
            await asyncio.sleep(0.05)
        scored, points = len(node.observer.scored_ids), len(history.points)
        virtual_loop().skip(7)  # the process was suspended during a pass, and another collector took over
        repository._leases[keys.lease()] = ("other", CLOCK.monotonic() + 60)
        await asyncio.sleep(30)
        assert (len(node.observer.scored_ids), len(history.points)) == (scored, points)
        await asyncio.sleep(60)
        assert len(node.observer.scored_ids) > scored


class HangingLeases(MemoryRepository):
    """A repository whose leases hang while `hangs` is set."""

    hangs = False

    async def lease(self, key: str, owner: str, *, ttl_s: float) -> bool:
        """See the port."""
        while self.hangs:
            await asyncio.sleep(0.5)
        return await super().lease(key, owner, ttl_s=ttl_s)


async def test_while_the_lease_cannot_be_renewed_results_are_discarded() -> None:
    repository = HangingLeases(clock=CLOCK)
    node = Node([exchange()], repository)
    async with node.running():
        await asyncio.sleep(30)
        repository.hangs = True
        await asyncio.sleep(6)
        in_doubt_at = CLOCK.monotonic()
        await asyncio.sleep(60)
        published = len(node.since(in_doubt_at))
        repository.hangs = False
        await asyncio.sleep(5)
        assert published == 0
        assert node.since(in_doubt_at)


async def test_a_standby_reads_the_markets_every_ten_minutes_and_nothing_else() -> None:
    repository = memory()
    repository._leases[keys.lease()] = ("other", CLOCK.monotonic() + 1e6)
    node = two_venues()
    node = Node(list(node.exchanges.values()), repository)
    async with node.running():
        await asyncio.sleep(3600)
        calls = node.exchanges["bybit"].calls
        assert 5 <= calls["tickers"] <= 7
        assert set(calls) == {"instruments", "tickers"}
        assert not node.exchanges["binance"].calls
        assert not node.is_active()
        del repository._leases[keys.lease()]
        took_over_at = CLOCK.monotonic()
        await asyncio.sleep(20)
        assert node.publications[0].at - took_over_at < 5


async def test_a_standby_continues_when_the_venue_does_not_answer() -> None:
    repository = memory()
    repository._leases[keys.lease()] = ("other", CLOCK.monotonic() + 1000)
    bybit = exchange()
    break_down(bybit, None)
    node = Node([bybit], repository)
    async with node.running():
        await asyncio.sleep(700)
        assert 15 < bybit.calls["tickers"] < 25, "it asks about every 35 s"
        assert await repository.get(keys.standby()) is None, "it cannot take over"


async def test_an_active_collector_without_market_data_gives_the_lease_to_a_standby_with_data() -> None:
    repository = memory()
    cut_off = exchange()
    break_down(cut_off, VenueUnavailable("no route"), ["instruments", "tickers"])
    first, second = Node([cut_off], repository, owner="cut off"), Node([exchange()], repository, owner="well")
    async with first.running():
        await asyncio.sleep(5)
        assert first.is_active()
        async with second.running():
            await asyncio.sleep(40)
            assert (first.is_active(), second.is_active()) == (False, True)
            assert second.publications[0].snapshot.complete
            taken_over_at = CLOCK.monotonic()
            await asyncio.sleep(600)
            assert second.longest_gap_s(taken_over_at) < PERIOD_S + 0.5, "it keeps the lease"
            assert not first.is_active()


async def test_a_collector_that_gave_up_often_takes_over_soon_when_the_active_one_ends() -> None:
    repository = memory()
    venues = exchange(), exchange()
    first, second = (Node([venue], repository, owner=name) for venue, name in zip(venues, ("a", "b"), strict=True))
    async with first.running():
        async with second.running():
            await asyncio.sleep(30)
            for venue in venues:
                break_down(venue, VenueUnavailable("down for everyone"), ["instruments", "tickers"])
            await asyncio.sleep(900)
            for venue in venues:
                venue.faults.clear()
            await asyncio.sleep(60)
            if first.is_active():  # the lease is with the one that stays
                repository._leases.clear()
        ended_at = CLOCK.monotonic()
        await asyncio.sleep(60)
        assert first.is_active()
        assert first.since(ended_at)


async def test_a_collector_that_lost_its_venue_does_not_announce_what_it_has_not_read_again() -> None:
    repository, venue = memory(), exchange()
    node = Node([venue], repository)
    async with node.running():
        await asyncio.sleep(30)
        break_down(venue, VenueUnavailable("down"), ["instruments", "tickers"])
        repository._leases[keys.lease()] = ("other", CLOCK.monotonic() + 1e6)
        await asyncio.sleep(60)
        assert not node.is_active()
        assert await repository.get(keys.standby()) is None


async def test_an_active_collector_without_market_data_continues_while_no_standby_can_take_over() -> None:
    repository, first_venue, second_venue = memory(), exchange(), exchange()
    first, second = Node([first_venue], repository, owner="a"), Node([second_venue], repository, owner="b")
    async with first.running():
        await asyncio.sleep(30)
        async with second.running():
            await asyncio.sleep(30)
            for venue in (first_venue, second_venue):
                break_down(venue, VenueUnavailable("down for everyone"), ["instruments", "tickers"])
            changes = []
            for _ in range(600):
                await asyncio.sleep(1)
                changes.append(first.is_active())
            assert sum(a != b for a, b in pairwise(changes)) < 8, "the lease does not go back and forth"
            down_until = CLOCK.monotonic()
            first_venue.faults.clear()
            second_venue.faults.clear()
            await asyncio.sleep(20)
            assert [*first.since(down_until), *second.since(down_until)]


async def test_an_active_collector_that_cannot_store_snapshots_is_not_ready_but_keeps_the_lease() -> None:
    repository = Failing(clock=CLOCK)
    node, standby = Node([exchange()], repository), Node([exchange()], repository, owner="b")
    async with node.running():
        await asyncio.sleep(20)
        assert node.collector.readiness()[0] is True
        assert node.collector.status("readiness") == "SERVING"
        async with standby.running():
            await asyncio.sleep(5)
            assert standby.collector.readiness()[0] is True
            repository.fails = True
            await asyncio.sleep(60)
            ready, facts = node.collector.readiness()
            assert (ready, facts["reason"]) == (False, "no snapshot has been published in the last 30 s")
            assert [node.collector.status(name) for name in ("", "liveness", "readiness", "x")] == [
                *("SERVING", "SERVING", "NOT_SERVING"),
                None,
            ]
            assert node.is_active(), "another collector could not store anything either"
            assert not standby.is_active()
            repository.fails = False
            await asyncio.sleep(10)
            assert node.collector.readiness()[0] is True


class Failing(MemoryRepository):
    """A repository that stores nothing while `fails` is set."""

    fails = False

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """See the port."""
        if self.fails:
            raise RepositoryError("full")
        await super().set(key, value, ttl_s=ttl_s)


async def test_a_failing_repository_is_logged_once_a_minute_and_used_again_when_it_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    repository = Failing(clock=CLOCK)
    node = Node([exchange()], repository)
    async with node.running():
        await asyncio.sleep(30)
        repository.fails = True
        failed_at = CLOCK.monotonic()
        await asyncio.sleep(180)
        assert not node.since(failed_at)
        errors = [record for record in caplog.records if record.levelname == "ERROR"]
        assert 3 <= len(errors) <= 4
        repository.fails = False
        await asyncio.sleep(10)
        assert node.publications[-1].snapshot.complete
        assert node.is_active()


async def test_signals_wait_a_minute_for_a_failing_history_and_scores_do_not_wait() -> None:
    history = FakeRecorder()
    history.down = True
    node = Node([BullishExchange(clock=CLOCK)], memory(), history=history)
    async with node.running():
        await asyncio.sleep(50)
        assert node.publications[-1].snapshot.complete
        assert node.collector.readiness()[1]["history"] == "down"
        assert not history.stored
        await asyncio.sleep(30)
        assert len(history.stored) == 3


async def test_signals_open_immediately_when_the_history_answers() -> None:
    history = FakeRecorder()
    history.down = True
    node = Node([BullishExchange(clock=CLOCK)], memory(), history=history)
    async with node.running():
        await asyncio.sleep(25)
        history.down = False
        await asyncio.sleep(20)
        assert len(history.stored) == 3
