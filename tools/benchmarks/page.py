"""The cost of the web page for a phone on a slow connection, measured in a real Chromium with throttling and empty
caches."""

from __future__ import annotations

import asyncio
import http.server
import os
import statistics
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
EMPTY_S = 0.3
"""The first paint of an empty page on the quiet reference machine. The limits of ratios follow from it."""
VISIT_TIMEOUT_S = 60.0
OF_SYMBOLS = ("/symbol.js", "/candle_chart.js", "/depth_chart.js", "/lightweight-charts.production.js")
"""The scripts that only the page of a symbol loads."""

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
PAINT = """() => new Promise((tell) => new PerformanceObserver((list) => {
  for (const { name, startTime } of list.getEntries()) if (name === "first-contentful-paint") tell(startTime);
}).observe({ type: "paint", buffered: true }))"""
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
    were sent until the scores were drawn. `empty_ms` is the first paint of an empty page just before."""

    paint_ms: float
    rows_ms: float
    interactive_ms: float
    symbol_ms: float
    script_bytes: int
    empty_ms: float


class Empty(http.server.BaseHTTPRequestHandler):
    """A page with one word."""

    def do_GET(self) -> None:
        """Answer every request with the page."""
        body = b"<!doctype html><title>Empty</title><p>Empty"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def empty_page() -> Iterator[str]:
    """Serve an empty page. Yield its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


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
    empty = [one.empty_ms for one in results]
    report.add(_seconds("an empty page on a phone: first contentful paint", empty))
    for name, values, limit_s in (
        ("page on a phone: first contentful paint", [one.paint_ms for one in results], 0.8),
        ("page on a phone: the scores are drawn", [one.rows_ms for one in results], 1.5),
        ("page on a phone: interactive", [one.interactive_ms for one in results], 1.8),
    ):
        ratios = [value / base for value, base in zip(values, empty, strict=True)]
        aim = Aim("<=", round(limit_s / EMPTY_S, 1))
        report.add(
            _seconds(name, values, Aim("<=", limit_s)),
            spread("  divided by the empty page", "x", ratios, statistics.median(ratios), aim),
        )
    report.add(_seconds("page on a phone: the tapped symbol's page", [one.symbol_ms for one in results]))
    first = [one.script_bytes / 1000 for one in results]
    report.add(
        spread("script that the first page takes, compressed", "KB", first, statistics.median(first)),
        Figure("script before a symbol's page, compressed", script_kb(url, without=OF_SYMBOLS), "KB", aim=Aim("<", 150.0)),
        Figure("script in all, compressed", script_kb(url), "KB", aim=Aim("<", 230.0)),
    )
    report.notes.append(
        f"page: Chromium as a phone of 390 x 844 with a CPU {CPU_SLOWDOWN} times slower than this one, on a line of 1.6 "
        "Mbit/s down, 0.75 up, with a latency of 150 ms; its caches are empty and it has no service worker. Seconds since "
        "the address was opened; interactive: the scores are drawn, and a tap made then on a symbol has changed the screen. "
        f"Scripts: bodies as the edge sends them. Each visit follows one to a page "
        f"with one word, which takes {EMPTY_S:g} s on a quiet machine: the ratios hold on a busy one too, roughly. "
        f"Medians of {visits} visits, beside the product at work; load of the "
        f"machine when they began: {load:.1f}"
    )


def _seconds(name: str, values_ms: Sequence[float], aim: Aim | None = None) -> Figure:
    return spread(name, "s", [each / 1000 for each in values_ms], statistics.median(values_ms) / 1000, aim)


async def visited(url: str, visits: int) -> Sequence[Visit]:
    """Return `visits` visits. A visit before them, which starts the browser, is not counted."""
    async with chromium() as browser:
        with empty_page() as empty:
            return [await visit(browser, url, await first_paint(browser, empty)) for _ in range(1 + visits)][1:]


async def first_paint(browser: Browser, url: str) -> float:
    """Return the time of the first paint of a page, ms."""
    context = await browser.new_context(**PHONE, service_workers="block")
    try:
        async with asyncio.timeout(VISIT_TIMEOUT_S):
            page = await context.new_page()
            await slow(page)
            await page.goto(url, wait_until="commit")
            return float(await page.evaluate(PAINT))
    finally:
        await context.close()


async def visit(browser: Browser, url: str, empty_ms: float) -> Visit:
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
    return Visit(**measured, empty_ms=empty_ms)


async def slow(page: Page) -> None:
    """Throttle the page to a phone's CPU and a slow connection."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", LINE)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})


def script_kb(url: str, without: Sequence[str] = ()) -> float:
    """Return the size of all scripts of the page, as the edge sends them to a browser. Leave out some by name."""
    size = 0
    for path in pages.assets(pages.folder()):
        if path.endswith(".js") and not path.endswith(tuple(without)):
            request = urllib.request.Request(url + path, headers={"Accept-Encoding": "gzip"})  # noqa: S310 - our own edge
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                size += len(answer.read())
    return size / 1000
