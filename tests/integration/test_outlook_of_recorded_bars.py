"""The outlook of the recorded Binance, over the wire: a fresh install reads the bars once, keeps them, and says odds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs import Replay
from virtuoso.analysis.outlook.forecast import outlook_board
from virtuoso.analysis.outlook.panel import panel_of
from virtuoso.domain.clock import SystemClock
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.market_data import outlook_bars
from virtuoso.market_data.outlook_bars import FIRST_BARS, KEPT_BARS, OutlookBars

SYMBOLS, PAGES = 60, 3  # Binance gives 499 bars for a weight of 2, and more for 5
TRACKED = frozenset({"BTCUSDT", "ETHUSDT"})


class Pauseless(SystemClock):
    """A clock whose pauses take no time."""

    async def sleep(self, seconds: float) -> None:
        """Return at once."""


def requests(replay: Replay) -> int:
    """Return the number of requests for bars so far."""
    found: int = replay.get("/__stats")["by_path"].get("/fapi/v1/klines", 0)
    return found


async def test_a_fresh_install_reads_the_bars_once_and_says_odds_with_their_record(
    replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlook_bars, "CANDIDATES", SYMBOLS)
    exchange = CcxtExchange("binance", url=replay.url)
    try:
        instruments = await exchange.instruments()
        tickers = await exchange.tickers()
        turnover = {symbol: ticker.turnover_24h or 0.0 for symbol, ticker in tickers.items()}
        now_ms = tickers["BTCUSDT"].stamp.observed_ms

        async def read() -> tuple[OutlookBars, int]:
            """Read a round of a new process. Return the bars and the number of requests."""
            before = requests(replay)
            bars = OutlookBars(exchange, tmp_path / "binance.npz", Pauseless())
            await bars.load()
            assert await bars.read_round(instruments, TRACKED, turnover, now_ms)
            return bars, requests(replay) - before

        first, count = await read()
        second, after_restart = await read()
    finally:
        await exchange.close()
    assert len(first.candles) == SYMBOLS
    assert len(first.candles["ETHUSDT"]) == FIRST_BARS
    assert count <= PAGES * SYMBOLS
    assert after_restart == 0
    board = outlook_board(panel_of(second.candles, max_steps=KEPT_BARS), "binance", TRACKED, computed_ms=now_ms)
    said = {each.symbol: each for each in board.outlooks if each.odds is not None}
    assert board.absence is None
    assert set(said) >= TRACKED
    assert len(said) > 40
    assert all(each.low_percent < 0 < each.high_percent for each in said.values())  # type: ignore[operator]
    day = board.records[1]
    assert day.clear
    assert len(day.weeks) >= 12
    assert day.tenths[-1].was > 0.5 > day.tenths[0].was
