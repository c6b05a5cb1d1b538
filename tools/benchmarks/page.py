"""The cost of the web page for a phone on a slow connection, measured in a real Chromium with throttling and empty
caches."""

from __future__ import annotations

import asyncio
import os
import statistics
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Error, Page

from tests.interop.browsers import PHONE, chromium
from tools.benchmarks.node import BenchmarkFailed
from tools.benchmarks.report import Aim, Figure, Report, spread
from virtuoso.edge import page as pages

LINE = {"offline": False, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8, "latency": 150}
"""Throughput in bytes per second, latency in milliseconds."""
CPU_SLOWDOWN = 4
VISIT_TIMEOUT_S = 60.0

# Resolves one frame after an element is in the document, when it is on the screen. `place` is where a symbol can be tapped.
# It is the last symbol in view: content that is drawn later above it would move another symbol there.
WATCH = """
const drawn = () => new Promise((tell) => requestAnimationFrame(() => setTimeout(() => tell(performance.now()))));
const once = (holds) => new Promise((tell) => {
  const observer = new MutationObserver(() => {
    if (!holds()) return;
    observer.disconnect();
    tell(drawn());
  });
  observer.observe(document, { childList: true, subtree: true });
});
const find = (selector) => document.querySelector(selector);
const middle = (link) => {
  const { x, y, width, height } = link.getBoundingClientRect();
  return [x + width / 2, y + height / 2];
};
const place = () => {
  const links = [...document.querySelectorAll('a[href^="/symbol/"]')].map((link) => [link, middle(link)]);
  return links.findLast(([link, point]) => link.contains(document.elementFromPoint(...point)))?.[1];
};
const rows = once(() => find(".score-card"));
const answered = once(() => location.pathname.startsWith("/symbol/") && !find(".score-card"));
const symbol = once(() => find(".symbol-page h1"));
globalThis.watched = { rows, answered, symbol, place };
"""
SHOWN = "async () => { await watched.rows; return watched.place(); }"
MEASUREMENTS = """async () => {
  const rows = await watched.rows;
  const scripts = performance.getEntriesByType("resource").filter((one) => one.name.endsWith(".js") && one.startTime < rows);
  return {
    paint_ms: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    rows_ms: rows,
    interactive_ms: await watched.answered,
    symbol_ms: await watched.symbol,
    script_bytes: scripts.reduce((sum, one) => sum + one.encodedBodySize, 0),
  };
}"""


@dataclass(frozen=True)
class Visit:
    """Milliseconds from opening the address to four events: the first paint; the scores are drawn; the screen has changed
    after a tap on a symbol, made at that time; the symbol's page is drawn. `script_bytes` is the size of the scripts that
    were sent until the scores were drawn."""

    paint_ms: float
    rows_ms: float
    interactive_ms: float
    symbol_ms: float
    script_bytes: int


def is_served(url: str) -> bool:
    """Return whether an edge serves the page."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own edge
            return bool(answer.status == 200)
    except OSError:
        return False


def cost(report: Report, url: str, visits: int) -> None:
    """Measure `visits` visits to the page at an edge, one after the other. Raise BenchmarkFailed when the page does not show
    the expected content."""
    load = os.getloadavg()[0]
    try:
        results = asyncio.run(visited(url, visits))
    except Error as error:
        raise BenchmarkFailed(f"the page at {url}: {error}") from error
    except TimeoutError as error:
        raise BenchmarkFailed(f"the page at {url} did not show and answer within {VISIT_TIMEOUT_S:g} s") from error
    for name, values, aim in (
        ("page on a phone: first contentful paint", [one.paint_ms for one in results], Aim("<=", 1.0)),
        ("page on a phone: the scores are drawn", [one.rows_ms for one in results], None),
        ("page on a phone: interactive", [one.interactive_ms for one in results], Aim("<=", 2.0)),
        ("page on a phone: the tapped symbol's page", [one.symbol_ms for one in results], None),
    ):
        report.add(spread(name, "s", [each / 1000 for each in values], statistics.median(values) / 1000, aim))
    first = [one.script_bytes / 1000 for one in results]
    report.add(
        spread("script that the first page takes, compressed", "KB", first, statistics.median(first)),
        Figure("script in all, compressed", sum(map(len, scripts(url))) / 1000, "KB", aim=Aim("<", 150.0)),
    )
    report.notes.append(
        f"page: Chromium as a phone of 390 x 844 with a CPU {CPU_SLOWDOWN} times slower than this one, on a line of 1.6 "
        "Mbit/s down, 0.75 up, with a latency of 150 ms; its caches are empty and it has no service worker. Seconds since "
        "the address was opened; interactive: the scores are drawn, and a tap made then on a symbol has changed the screen. "
        f"Scripts: bodies as the edge sends them. Medians of {visits} visits, beside the product at work; load of the "
        f"machine when they began: {load:.1f}"
    )


async def visited(url: str, visits: int) -> Sequence[Visit]:
    """Return `visits` visits. A visit before them, which starts the browser, is not counted."""
    async with chromium() as browser:
        return [await visit(browser, url) for _ in range(1 + visits)][1:]


async def visit(browser: Browser, url: str) -> Visit:
    """Return one visit with empty caches. The service worker is blocked because its requests would not be throttled."""
    context = await browser.new_context(**PHONE, service_workers="block")
    try:
        async with asyncio.timeout(VISIT_TIMEOUT_S):
            await context.add_init_script(WATCH)
            page = await context.new_page()
            await slow(page)
            await page.goto(url, wait_until="commit")
            place: tuple[float, float] | None = await page.evaluate(SHOWN)
            if place is None:
                raise BenchmarkFailed(f"the page at {url} shows no symbol that can be tapped")
            await page.touchscreen.tap(*place)
            measured: dict[str, Any] = await page.evaluate(MEASUREMENTS)
    finally:
        await context.close()
    return Visit(**measured)


async def slow(page: Page) -> None:
    """Throttle the page to a phone's CPU and a slow connection."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", LINE)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})


def scripts(url: str) -> Iterator[bytes]:
    """Yield every script of the page, as the edge sends it to a browser."""
    for path in pages.assets(pages.folder()):
        if path.endswith(".js"):
            request = urllib.request.Request(url + path, headers={"Accept-Encoding": "gzip"})  # noqa: S310 - our own edge
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                yield answer.read()
