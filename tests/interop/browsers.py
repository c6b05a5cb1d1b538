"""A headless Chromium from Debian that acts as a phone, and what the phone shows."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.interop import nodes
from tests.programs import ROOT

PICTURES = ROOT / "build" / "screenshots"
PHONE: dict[str, Any] = {
    "color_scheme": "dark",
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SERIOUS = ("serious", "critical")

expect.set_options(timeout=30_000)  # the page loads its parts when they are needed; a busy machine takes seconds for that


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Chromium without its windows, which takes less CPU. It ends with the block. tools/programs installs it."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise RuntimeError("chromium is not installed: run tools/programs, which installs it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(QUIET))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Visit:
    """A page in a browser, with all errors and responses since it was opened."""

    page: Page
    context: BrowserContext
    page_errors: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    async def picture(self, name: str) -> None:
        """Save a screenshot for manual inspection if the variable PICTURES is set. It takes as much CPU as a page."""
        if os.environ.get("PICTURES"):
            PICTURES.mkdir(parents=True, exist_ok=True)
            await self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    async def faults(self) -> list[str]:
        """Return the serious problems that axe finds, as text."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate((nodes.FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text())
        found = await self.page.evaluate("async () => (await axe.run({ resultTypes: ['violations'] })).violations")
        return [
            f"{each['id']}: {each['help']}: {node['html'][:160]}: {node['failureSummary']}"
            for each in found
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]

    def calls(self) -> list[str]:
        """Return the RPCs that the page has received replies to, in order."""
        return [url.rpartition("/")[2] for url in self.urls if "MarketService/" in url]


@asynccontextmanager
async def visit(browser: Browser, url: str, *, first: bool = False, **device: Any) -> AsyncIterator[Visit]:
    """Open `url` on a phone, or on another `device` (see Playwright's new_context). Only a `first` visit has an
    introduction."""
    context = await browser.new_context(**{**PHONE, **device})
    if not first:
        await context.add_init_script("try { localStorage.setItem('virtuoso:introduced', 'true') } catch {}")
    page = await context.new_page()
    one = Visit(page, context)
    page.on("pageerror", lambda error: one.page_errors.append(str(error)))
    page.on("console", lambda message: one.page_errors.append(message.text) if message.type == "error" else None)
    page.on("response", lambda response: one.urls.append(response.url))
    try:
        await page.goto(url)
        yield one
    finally:
        await context.close()


def script_bytes(folder: Path, without: Sequence[str] = ()) -> int:
    """Return the total size of the scripts of the built page, compressed as they are sent. Leave out some by name."""
    scripts = (path for path in folder.rglob("*.js") if path.name not in without)
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in scripts)
