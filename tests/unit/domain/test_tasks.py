"""How long tasks continue."""

from __future__ import annotations

import asyncio

import pytest

from tests.clocks import run_virtually
from virtuoso.domain.tasks import run_until


def test_work_that_ends_before_the_stop_returns_its_result() -> None:
    async def work() -> int:
        await asyncio.sleep(1)
        return 7

    assert run_virtually(run_until(asyncio.Event(), work())) == 7


def test_work_that_fails_raises_its_own_exception() -> None:
    async def work() -> int:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run_virtually(run_until(asyncio.Event(), work()))


def test_a_stop_cancels_the_work_and_waits_for_its_end() -> None:
    ended = False

    async def work() -> int:
        nonlocal ended
        try:
            await asyncio.sleep(3600)
        finally:
            ended = True
        return 7

    async def main() -> int | None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(5, stop.set)
        return await run_until(stop, work())

    assert run_virtually(main()) is None
    assert ended
