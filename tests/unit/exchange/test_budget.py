"""No time window has more requests than allowed. Urgent requests go first."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clocks import VirtualClock, run_virtually
from virtuoso.exchange.budget import IN_FLIGHT, Budget


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 40), st.booleans()), min_size=1, max_size=120),
    st.integers(40, 100),
    st.floats(1, 10),
)
def test_no_window_has_more_than_the_allowance(
    requests: list[tuple[float, int, bool]], allowance: int, window: float
) -> None:
    sent: list[tuple[float, int]] = []

    async def main() -> None:
        budget = Budget(allowance, window, clock=VirtualClock())

        async def request(at: float, cost: int, urgent: bool) -> None:
            await asyncio.sleep(at)
            async with budget.turn(cost, urgent=urgent):
                sent.append((asyncio.get_running_loop().time(), cost))

        await asyncio.gather(*(request(*each) for each in requests))

    run_virtually(main())
    assert len(sent) == len(requests)
    for begin, _ in sent:
        assert sum(cost for at, cost in sent if begin <= at < begin + window - 1e-6) <= allowance


def test_the_whole_allowance_can_be_used_immediately() -> None:
    async def main() -> None:
        budget, loop = Budget(10, 5, clock=VirtualClock()), asyncio.get_running_loop()
        for _ in range(10):
            await budget.spend(1)
        assert loop.time() == 0
        await budget.spend(1)
        assert 5 <= loop.time() < 5.01

    run_virtually(main())


def test_an_urgent_request_goes_before_waiting_requests() -> None:
    async def main() -> None:
        budget, order = Budget(1, 1, clock=VirtualClock()), []

        async def request(name: str, *, urgent: bool) -> None:
            async with budget.turn(1, urgent=urgent):
                order.append(name)

        tasks = [asyncio.create_task(request(name, urgent=False)) for name in "abc"]
        await asyncio.sleep(0.1)
        tasks.append(asyncio.create_task(request("tickers", urgent=True)))
        await asyncio.gather(*tasks)
        assert order == ["a", "tickers", "b", "c"]

    run_virtually(main())


def test_urgent_requests_within_the_reserve_take_nothing_from_a_batch() -> None:
    async def run() -> list[float]:
        clock = VirtualClock()
        budget, sent = Budget(10, 60, reserve=4, clock=clock), list[float]()
        for _ in range(4):
            await budget.spend(1)
        for _ in range(7):
            async with budget.turn(1, urgent=False):
                sent.append(clock.monotonic())
        return sent

    assert run_virtually(run()) == [0.0] * 6 + [60.0]


def test_slow_replies_delay_a_batch_but_no_urgent_request() -> None:
    async def main() -> None:
        budget, begun = Budget(10_000, 1, clock=VirtualClock()), []

        async def slow() -> None:
            async with budget.turn(1, urgent=False):
                begun.append(1)
                await asyncio.sleep(60)

        tasks = [asyncio.create_task(slow()) for _ in range(IN_FLIGHT + 20)]
        await asyncio.sleep(0.1)
        assert len(begun) == IN_FLIGHT
        async with budget.turn(1, urgent=True):
            assert asyncio.get_running_loop().time() < 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run_virtually(main())


def test_when_no_request_in_flight_is_answered_waiting_requests_end() -> None:
    async def main() -> None:
        budget, ended = Budget(10_000, 1, clock=VirtualClock()), []

        async def unanswered() -> None:
            try:
                async with budget.turn(1, urgent=False):
                    await asyncio.sleep(5)
                    budget.give_up(5)
            except TimeoutError:
                ended.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(unanswered() for _ in range(4 * IN_FLIGHT)))
        assert ended == [5.0] * 3 * IN_FLIGHT

    run_virtually(main())


def test_one_unanswered_request_does_not_end_waiting_requests() -> None:
    async def main() -> None:
        budget = Budget(1, 3, clock=VirtualClock())

        async def request() -> float:
            async with budget.turn(1, urgent=False):
                await asyncio.sleep(0.1)
                budget.give_up(0.1)
            return asyncio.get_running_loop().time()

        times = await asyncio.gather(*(request() for _ in range(4)))
        assert times[-1] > 9

    run_virtually(main())


def test_failed_and_cancelled_requests_no_longer_count_as_in_flight() -> None:
    async def main() -> None:
        budget = Budget(10_000, 1, clock=VirtualClock())

        async def failing(*, cancel: bool) -> None:
            async with budget.turn(1, urgent=False):
                if not cancel:
                    raise ValueError
                await asyncio.sleep(60)

        for round_ in range(3 * IN_FLIGHT):
            task = asyncio.create_task(failing(cancel=round_ % 2 == 0))
            await asyncio.sleep(0.001 * (round_ % 3))  # before, at and after its turn
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with budget.turn(1, urgent=False):
            assert asyncio.get_running_loop().time() < 5

    run_virtually(main())


def test_a_cancelled_request_uses_nothing_and_blocks_no_other() -> None:
    async def main() -> None:
        budget, loop = Budget(1, 1, clock=VirtualClock()), asyncio.get_running_loop()
        await budget.spend(1)
        waiting = [asyncio.create_task(budget.spend(1)) for _ in range(50)]
        await asyncio.sleep(0.1)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await budget.spend(1)
        assert loop.time() < 1.1

    run_virtually(main())


def test_a_request_that_costs_more_than_the_allowance_is_still_sent() -> None:
    async def main() -> None:
        budget = Budget(5, 1, clock=VirtualClock())
        await budget.spend(40)
        await budget.spend(40)
        assert asyncio.get_running_loop().time() < 1.1

    run_virtually(main())
