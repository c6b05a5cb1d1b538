"""What the web page costs a phone on a slow line: in a real Chromium, slowed down, that comes with nothing kept."""

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
from tools.benchmarks.node import NotThere
from tools.benchmarks.report import Aim, Figure, Report, spread
from virtuoso.edge import page as pages

LINE = {"offline": False, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8, "latency": 150}  # bytes/s, ms
SLOWER = 4  # times, the CPU of a phone than this one
PATIENCE_S = 60.0  # for a visit

# Tells when things are on the screen: a frame after they are in the document. `place` is where a symbol can be
# tapped: the last in sight, since what is drawn a moment later above it would put another one there.
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
FOUND = """async () => {
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
    """Milliseconds since the address was opened, until: the first paint; the scores are drawn; a tap on a symbol, made at
    that moment, has changed the screen; the symbol's page is drawn. And the scripts until the scores were there, as sent."""

    paint_ms: float
    rows_ms: float
    interactive_ms: float
    symbol_ms: float
    script_bytes: int


def there(url: str) -> bool:
    """True once an edge gives the page."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own edge
            return bool(answer.status == 200)
    except OSError:
        return False


def cost(report: Report, url: str, visits: int) -> None:
    """So many visits to the page at an edge, one after the other. NotThere when it does not show what it should."""
    load = os.getloadavg()[0]
    try:
        found = asyncio.run(visited(url, visits))
    except Error as error:
        raise NotThere(f"the page at {url}: {error}") from error
    except TimeoutError as error:
        raise NotThere(f"the page at {url} did not show and answer within {PATIENCE_S:g} s") from error
    for name, values, aim in (
        ("page on a phone: first contentful paint", [one.paint_ms for one in found], Aim("<=", 1.0)),
        ("page on a phone: the scores are drawn", [one.rows_ms for one in found], None),
        ("page on a phone: interactive", [one.interactive_ms for one in found], Aim("<=", 2.0)),
        ("page on a phone: the tapped symbol's page", [one.symbol_ms for one in found], None),
    ):
        report.add(spread(name, "s", [each / 1000 for each in values], statistics.median(values) / 1000, aim))
    first = [one.script_bytes / 1000 for one in found]
    report.add(
        spread("script that the first page takes, compressed", "KB", first, statistics.median(first)),
        Figure("script in all, compressed", sum(map(len, scripts(url))) / 1000, "KB", aim=Aim("<", 150.0)),
    )
    report.notes.append(
        f"page: Chromium as a phone of 390 x 844 with a CPU {SLOWER} times slower than this one, on a line of 1.6 Mbit/s "
        "down, 0.75 up, each request answered 150 ms later; it has kept nothing and has no service worker. Seconds since "
        "the address was opened; interactive: the scores are drawn, and a tap made then on a symbol has changed the screen. "
        f"Scripts: bodies as the edge sends them. Medians of {visits} visits, beside the product at work; load of the "
        f"machine when they began: {load:.1f}"
    )


async def visited(url: str, visits: int) -> Sequence[Visit]:
    """After one that does not count: the browser itself starts with it."""
    async with chromium() as browser:
        return [await visit(browser, url) for _ in range(1 + visits)][1:]


async def visit(browser: Browser, url: str) -> Visit:
    """With nothing kept from one before. The service worker stays away: it would fetch past the slow line."""
    context = await browser.new_context(**PHONE, service_workers="block")
    try:
        async with asyncio.timeout(PATIENCE_S):
            await context.add_init_script(WATCH)
            page = await context.new_page()
            await slow(page)
            await page.goto(url, wait_until="commit")
            place: tuple[float, float] | None = await page.evaluate(SHOWN)
            if place is None:
                raise NotThere(f"the page at {url} has no symbol in sight that could be tapped")
            await page.touchscreen.tap(*place)
            found: dict[str, Any] = await page.evaluate(FOUND)
    finally:
        await context.close()
    return Visit(**found)


async def slow(page: Page) -> None:
    """A phone's CPU on a slow line."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", LINE)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def scripts(url: str) -> Iterator[bytes]:
    """Every script of the page, as the edge sends it to a browser."""
    for path in pages.assets(pages.folder()):
        if path.endswith(".js"):
            request = urllib.request.Request(url + path, headers={"Accept-Encoding": "gzip"})  # noqa: S310 - our own edge
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                yield answer.read()
