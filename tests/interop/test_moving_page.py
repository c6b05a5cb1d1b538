"""The page while the market moves: changed numbers show their direction, the order holds still, nothing jumps, and the work
of a second stays small."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.interop.browsers import PHONE, Visit, visit
from tests.interop.dashboards import SIZES, card, counted, live
from tests.interop.edges import RunningEdge
from tests.service.snapshots import T0, mover, row, snapshot, symbol_name
from virtuoso.store.v1 import snapshot_pb2

pytestmark = pytest.mark.asyncio(loop_scope="module")
OBSERVE_SHIFTS = """
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
"""


def moved(step: int) -> snapshot_pb2.Snapshot:
    """Return the market after a number of seconds. All prices, scores, turnovers and movers differ from those before."""
    rows = [
        row(
            symbol_name(i),
            5.0 + (i * 37 + step * 29) % 90 + 0.3,
            price=(99_990.5, 9.975, 0.0998)[i % 3] * (1 + 0.0004 * ((i + step) % 7)),
            tick_size=(0.1, 0.001, 0.00001)[i % 3],
            change_24h_percent=9.7 + 0.1 * ((i + step) % 8),
            turnover_24h_usd=9.95e8 + 1e6 * ((i + step) % 9),
        )
        for i in range(50)
    ]
    message = snapshot(f"moved{step}", observed_ms=T0 + 1000 * step, rows=rows)
    del message.gainers[:]
    message.gainers.extend(mover(f"UP{(i + step) % 5:02d}USDT", 40.0 - i) for i in range(5))
    message.overview.breadth.up = 95 + step % 10
    message.sentiment.gauge = 40 + 3 * (step % 7)
    return message


async def symbols(one: Visit) -> list[str]:
    """Return the first symbols of the list of scores, in their order on the screen."""
    links = one.page.get_by_role("region", name="Scores").get_by_role("link")
    return [text.replace("USDT", "") for text in await links.all_inner_texts()][:12]


async def show(edge: RunningEdge, one: Visit, step: int) -> None:
    """Show the market after a number of seconds and wait until the page has it."""
    edge.market.clock.advance(1)
    await edge.market.show(moved(step))
    breadth = one.page.locator(".market-line, .market-side .breadth").first
    await expect(breadth).to_contain_text(re.compile(rf"▲\s*{95 + step % 10}\b"))


async def test_the_order_holds_while_scores_change_and_is_new_after_30_seconds(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    async with visit(browser, "about:blank", reduced_motion="reduce") as one:
        await one.page.clock.install()
        await one.page.goto(filled_edge.edge.url)
        await live(one)
        await show(filled_edge, one, 1)
        await one.page.clock.fast_forward(31_000)
        await show(filled_edge, one, 2)
        before = await symbols(one)
        for step in range(3, 6):
            await show(filled_edge, one, step)
            assert await symbols(one) == before
        await one.page.clock.fast_forward(31_000)
        await show(filled_edge, one, 6)
        assert await symbols(one) != before
        await one.page.get_by_role("button", name="Sort and filter").click()
        await one.page.get_by_role("dialog").get_by_role("button", name="Symbol").click()
        await one.page.get_by_role("dialog").get_by_role("button", name="Show 50 of 50").click()
        assert await symbols(one) == sorted(await symbols(one))
        assert one.page_errors == []


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_a_changed_number_shows_its_direction(filled_edge: RunningEdge, browser: Browser, motion: Any) -> None:
    async with visit(browser, filled_edge.edge.url, reduced_motion=motion) as one:
        await live(one)
        for step, (price, direction) in enumerate([(2.5, ""), (3.5, "rose"), (3.25, "fell"), (3.25, "fell")], start=1):
            await filled_edge.market.show(
                snapshot(f"moved{step}", observed_ms=T0 + 1000 * step, rows=[row("BTCUSDT", 50.0 + step, price=price)])
            )
            number = card(one, "BTCUSDT").locator(".price .moving")
            await expect(number).to_have_text(str(price))
            if direction:
                await expect(number).to_have_class(f"moving {direction}")
        moving = await one.page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length")
        assert bool(moving) == (motion == "no-preference")


@pytest.mark.parametrize("size", ["phone", "desktop"])
async def test_nothing_jumps_while_the_market_moves_and_is_ranked_again_and_warnings_come_and_go(
    filled_edge: RunningEdge, browser: Browser, size: str
) -> None:
    async with visit(browser, "about:blank", **SIZES[size]) as one:
        await one.page.add_init_script(OBSERVE_SHIFTS)
        await one.page.clock.install()
        await one.page.goto(filled_edge.edge.url)
        await live(one)
        await counted(one, "50 of 50")
        for step in range(1, 10):
            await show(filled_edge, one, step)
            await one.page.clock.fast_forward(8_000)  # less than the time after which the page warns of a silent line
        assert one.page_errors == []
        await one.context.set_offline(True)
        await expect(one.page.locator(".strip")).to_have_count(2)
        await one.context.set_offline(False)
        await live(one)
        await expect(one.page.locator(".strip")).to_have_count(1)
        assert await one.page.evaluate("window.shift") < 0.05


async def test_only_rows_that_changed_are_rendered(filled_edge: RunningEdge, browser: Browser) -> None:
    async with visit(browser, filled_edge.edge.url, **SIZES["desktop"]) as one:
        await live(one)
        await counted(one, "50 of 50")
        await one.page.evaluate(
            """() => {
              window.changed = new Set();
              new MutationObserver((list) => {
                for (const { target, type } of list) {
                  const at = target instanceof Element ? target : target.parentElement;
                  const row = at?.closest("tbody tr");
                  if (row && !at.closest(".age-column")) window.changed.add(row.querySelector("th").textContent);
                }
              }).observe(document.querySelector(".scores"), { subtree: true, childList: true, characterData: true,
                                                             attributes: true });
            }"""
        )
        message = snapshot("s2", observed_ms=T0 + 1000)
        base = {detail.symbol: detail for detail in snapshot().confluences}
        del message.confluences[:]
        message.confluences.extend(base.values())
        message.confluences[9].price = 123.5
        await filled_edge.market.show(message)
        await expect(one.page.get_by_role("row").filter(has_text="ADAUSDT")).to_contain_text("123.5")
        assert await one.page.evaluate("[...window.changed]") == ["ADAUSDT"]


async def test_the_heap_stays_flat_over_many_messages(filled_edge: RunningEdge, browser: Browser) -> None:
    async with visit(browser, filled_edge.edge.url, **{**PHONE, "reduced_motion": "reduce"}) as one:
        await live(one)
        session = await one.context.new_cdp_session(one.page)

        async def used() -> tuple[int, int]:
            await session.send("HeapProfiler.collectGarbage")
            await session.send("HeapProfiler.collectGarbage")
            counters = await session.send("Memory.getDOMCounters")
            return (await session.send("Runtime.getHeapUsage"))["usedSize"], counters["nodes"]

        for step in range(1, 6):  # a message takes a second, the shortest interval
            await show(filled_edge, one, step)
        heap, elements = await used()
        for step in range(6, 24):
            await show(filled_edge, one, step)
        later_heap, later_elements = await used()
        assert later_heap < heap + 1_000_000
        assert later_elements < elements + 300
