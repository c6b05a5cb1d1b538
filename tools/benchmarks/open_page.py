"""The memory of a page that stays open: the heap of its scripts and the number of its elements, minute by minute."""

from __future__ import annotations

import asyncio
import statistics
from typing import NamedTuple

from playwright.async_api import CDPSession, Page

from tests.interop.browsers import PHONE, chromium
from tools.benchmarks.report import Aim, Figure, Report

SAMPLE_S = 60.0
SETTLED = 5  # samples before all code is loaded, compiled and optimised
SYMBOL = 'a[href^="/symbol/"]'


class Sample(NamedTuple):
    """What the page holds after garbage was collected."""

    heap_mb: float
    elements: int


def memory(report: Report, url: str, minutes: int) -> None:
    """Open the page for a time, and visit the page of a symbol once a minute. Compare the last third with the first."""
    samples = asyncio.run(_watched(url, SETTLED + minutes))
    heap = [one.heap_mb for one in samples[SETTLED:]]
    elements = [one.elements for one in samples[SETTLED:]]
    third = max(1, len(heap) // 3)
    first, last = statistics.median(heap[:third]), statistics.median(heap[-third:])
    report.add(
        Figure("open page: heap in the first third of the time", first, "MB", min(heap[:third]), max(heap[:third])),
        Figure("open page: heap in the last third", last, "MB", min(heap[-third:]), max(heap[-third:])),
        Figure("open page: last third / first third", last / first, "x", aim=Aim("<=", 1.05)),
        Figure("open page: elements at the end", elements[-1], "", min(elements), max(elements)),
    )
    sizes = " ".join(f"{one.heap_mb:.2f}" for one in samples)
    report.notes.append(f"open page: heap after each minute, MB: {sizes}")


async def _watched(url: str, count: int) -> list[Sample]:
    samples: list[Sample] = []
    async with chromium() as browser:
        context = await browser.new_context(**PHONE)
        page = await context.new_page()
        await page.goto(url)
        await page.locator(SYMBOL).first.wait_for()
        devtools = await context.new_cdp_session(page)
        for _ in range(count):
            await asyncio.sleep(SAMPLE_S)
            await _look_at_a_symbol(page)
            samples.append(await _sample(devtools))
    return samples


async def _look_at_a_symbol(page: Page) -> None:
    await page.locator(SYMBOL).first.click()
    await page.locator(".symbol-page canvas").first.wait_for()
    await page.go_back()
    await page.locator(SYMBOL).first.wait_for()


async def _sample(devtools: CDPSession) -> Sample:
    for _ in range(2):
        await devtools.send("HeapProfiler.collectGarbage")
    used = await devtools.send("Runtime.getHeapUsage")
    counters = await devtools.send("Memory.getDOMCounters")
    return Sample(used["usedSize"] / 1e6, counters["nodes"])
