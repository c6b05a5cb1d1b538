"""The built page at a real edge, and what a visitor finds on it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Locator, expect

from tests.interop.browsers import PHONE, Visit
from tests.interop.edges import RunningEdge, running_edge
from virtuoso.edge import page as pages

TABS = {"/": "Dashboard", "/signals": "Signals", "/beta": "Beta", "/alpha": "Alpha", "/alerts": "Alerts"}
SIZES: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "tablet": {"viewport": {"width": 820, "height": 1180}, "is_mobile": False},
    "desktop": {
        "viewport": {"width": 1440, "height": 900},
        "device_scale_factor": 1,
        "is_mobile": False,
        "has_touch": False,
    },
}


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[RunningEdge]:
    """Serve the page at the edge. The server sends heartbeats and has no snapshot yet."""
    async with pages.served(("127.0.0.1", 0)) as at, running_edge(spec={"page": at}, heartbeat_s=0.5, **options) as one:
        yield one


def card(one: Visit, symbol: str) -> Locator:
    """Return the list item of a symbol in the list of scores."""
    return one.page.get_by_role("listitem").filter(has=one.page.get_by_role("link", name=symbol, exact=True))


async def counted(one: Visit, words: str) -> None:
    """Wait until the status of the list contains `words`, such as how many symbols it shows."""
    await expect(one.page.get_by_role("region", name="Scores").get_by_role("status").first).to_contain_text(words)


async def find(one: Visit, symbol: str) -> Locator:
    """Scroll to a symbol and return its list item. The page draws only rows near the screen."""
    found = card(one, symbol)
    for _ in range(50):
        if await found.count():
            break
        await one.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        await one.page.wait_for_timeout(100)
    return found


async def open_market(one: Visit) -> None:
    """Open the whole market on a phone, where it is one line."""
    await one.page.get_by_role("button", name=re.compile("^Market")).click()


def status(one: Visit) -> Locator:
    """Return the header's connection status."""
    return one.page.get_by_role("banner").get_by_role("status")


async def live(one: Visit) -> None:
    """Wait for the first data."""
    await expect(status(one)).to_contain_text("Live")
