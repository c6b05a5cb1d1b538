"""The terminal dashboard without a terminal. Tests press keys and read the screen as text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from virtuoso.client import connect
from virtuoso.top.application import TopApp
from virtuoso.top.watchlist import Watchlist


@dataclass
class Terminal:
    """A terminal that shows the dashboard."""

    app: TopApp
    pilot: Pilot[int]

    @property
    def lines(self) -> list[str]:
        """Return the lines of the screen."""
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """Return the whole screen as text."""
        return "\n".join(self.lines)

    @property
    def symbols(self) -> list[str]:
        """Return the symbols of the table, in its order."""
        return [line.split()[0].lstrip("★") for line in self.lines if "USDT " in line]

    async def press(self, *keys: str) -> None:
        """Press keys one after another, and wait until they have taken effect."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds."""
        async with asyncio.timeout(30):
            while not condition():
                await self.pilot.pause(0.05)

    async def see(self, *texts: str) -> str:
        """Wait until all texts are on the screen. Return the screen."""
        try:
            await self.until(lambda: _has_all(self.text, texts))
        except TimeoutError:
            raise AssertionError(f"{texts} are not on the screen:\n{self.text}") from None
        return self.text

    async def rows(self, *symbols: str, only: bool = False) -> None:
        """Wait until the table begins with these symbols, or holds only these."""
        try:
            await self.until(lambda: self.symbols[: None if only else len(symbols)] == [*symbols])
        except TimeoutError:
            raise AssertionError(f"the table does not begin with {symbols}:\n{self.text}") from None


def _has_all(screen: str, texts: Sequence[str]) -> bool:
    return all(text in screen for text in texts)


@asynccontextmanager
async def terminal(address: str, folder: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Terminal]:
    """Run `virtuoso top` on a terminal of that size, with its watchlist in `folder`."""
    async with connect(address, timeout_s=20, health_service=None) as market:
        app = TopApp(market, address, Watchlist(folder / "watchlist"))
        async with app.run_test(size=size) as pilot:
            yield Terminal(app, pilot)
