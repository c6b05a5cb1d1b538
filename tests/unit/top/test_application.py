"""The terminal dashboard as a user sees it, on real servers that start and stop."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.color import Color

from tests.programs import free_port
from tests.service.findings import book_depth, liquidations, signal
from tests.service.history_servers import alert, fill_history, history_opener, server_with_history, sqlite_url
from tests.service.servers import RunningServer, running_server
from tests.service.snapshots import T0, candle_series, market_list, row, snapshot
from tests.unit.top.screens import Terminal, terminal
from virtuoso.market.v1 import candle_pb2, confluence_pb2
from virtuoso.repository import keys
from virtuoso.service.request_readers import RequestReaders
from virtuoso.service.server import MarketServer
from virtuoso.store.v1 import candle_series_pb2
from virtuoso.top.application import TopApp
from virtuoso.top.connection import NO_CONNECTION
from virtuoso.top.help import HELP
from virtuoso.top.styles import FAINT
from virtuoso.top.symbol_screen import SymbolScreen
from virtuoso.top.symbol_table import HOLD_S, SymbolTable
from virtuoso.top.table import Table
from virtuoso.wire import times

ROWS = [
    row("BTCUSDT", 71.5, price=114_840.5, sentiment=20.0),
    row("ETHUSDT", 35.0, sentiment=90.0),
    row("SOLUSDT", 62.0, sentiment=50.0),
    row("NEWUSDT", None),
    *(row(f"C{n:02d}USDT", 50.0 - n / 100, sentiment=45.0) for n in range(40)),
]
ROWS[3].ClearField("change_24h_percent")


@asynccontextmanager
async def showing(
    folder: Path, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[tuple[RunningServer, Terminal]]:
    """Run a server with ROWS and a terminal that shows it."""
    async with running_server(**options) as one:
        await one.show(snapshot(rows=ROWS))
        async with terminal(one.address, folder, size) as seen:
            yield one, seen


async def test_the_whole_dashboard_fits_on_80_by_24(tmp_path: Path) -> None:
    async with showing(tmp_path) as (_, seen):
        text = await seen.see("SIMULATED (no price is real)", "Bybit", "43/44 scored", "● live", "44 of 44", "q Quit")
        assert "Regime Mixed 40%" in text
        assert "▲300 ▼220 =4" in text
        assert "BTC dominance –" in text
        assert "BTC volatility –" in text
        await seen.rows("BTCUSDT", "SOLUSDT", "C00USDT", "C01USDT")
        await seen.press("end")
        last = await seen.see("NEWUSDT")
        (new,) = (line for line in last.splitlines() if line.startswith("NEWUSDT"))
        assert new.split() == ["NEWUSDT", *("–" * 8), "27.125", "–", "48.1M"]
        assert all(len(line.rstrip()) <= 80 for line in seen.lines)
        assert "…" not in seen.text


async def test_a_wide_terminal_has_bars_and_labels(tmp_path: Path) -> None:
    async with showing(tmp_path, (140, 45)) as (_, seen):
        text = await seen.see("Strongly bullish", "█", "● live 127.0.0.1:")
        assert "…" not in text
        assert len(seen.symbols) > 30


async def test_stale_data_and_a_fallback_are_shown_with_their_reasons(tmp_path: Path) -> None:
    async with showing(tmp_path, primary_venue="binance") as (one, seen):
        await seen.see("FALLBACK", "bybit instead of binance")
        one.after(40)
        await one.show(snapshot("s2", observed_ms=T0 + 1, rows=ROWS))
        await seen.see("STALE", "no newer data has arrived")


async def test_without_a_server_the_last_data_stays_in_grey_until_it_is_back(tmp_path: Path) -> None:
    async with showing(tmp_path) as (one, seen):
        await seen.see("● live", "BTCUSDT")
        await one.server.drain(0.1)
        await seen.see("✖ LOST", "connecting again. This is the last data.", "BTCUSDT", "71.5")
        table = seen.app.query_one(SymbolTable)
        cell = table.get_cell("BTCUSDT", "score")
        assert isinstance(cell, Text)
        assert [span.style for span in cell.spans] == [style(FAINT)]
        before = age(seen)
        await seen.until(lambda: age(seen) > before)  # without new data
        again = MarketServer(one.address, one.cache, RequestReaders(one.source, keys, max_stale_s=600))
        await again.start()
        try:
            await seen.see("● live")
            await one.show(snapshot("s2", observed_ms=T0 + 1000, rows=[row("BTCUSDT", 12.5)]))
            text = await seen.see("12.5", "1 of 1")
            assert "LOST" not in text
        finally:
            await again.drain(0.1)


async def test_the_cursor_stays_on_its_symbol_while_rows_move(tmp_path: Path) -> None:
    async with showing(tmp_path) as (one, seen):
        await seen.see("BTCUSDT")
        await seen.press(*["down"] * 25)
        table = seen.app.query_one(SymbolTable)
        symbol, top = table.key, table.scroll_y
        assert top > 0
        table.clock = lambda: time.monotonic() + HOLD_S
        await one.show(snapshot("s2", observed_ms=T0 + 1000, rows=[*ROWS[1:], row("BTCUSDT", 1.5)]))
        await seen.until(lambda: table.cursor_row == 24)
        await seen.pilot.pause(0.1)
        assert (table.key, table.scroll_y) == (symbol, top)


async def test_a_changed_number_shows_its_direction_in_an_order_that_holds_for_30_seconds(tmp_path: Path) -> None:
    async with showing(tmp_path) as (one, seen):
        await seen.rows("BTCUSDT", "SOLUSDT")
        table = seen.app.query_one(SymbolTable)
        now = time.monotonic()
        table.clock = lambda: now
        changed = [row("BTCUSDT", 40.5, price=114_840.4), row("SOLUSDT", 62.0, price=27.25), *ROWS[1:2], *ROWS[3:]]
        await one.show(snapshot("s2", observed_ms=T0 + 1000, rows=changed))
        await seen.see("▼40.5", "▼114,840.4", "▲27.25")
        assert seen.symbols[:2] == ["BTCUSDT", "SOLUSDT"]
        assert "62.0" in seen.text
        assert "▲62.0" not in seen.text
        table.clock = lambda: now + 2
        await seen.until(lambda: "▼114,840.4" not in seen.text)
        table.clock = lambda: now + HOLD_S
        await one.show(snapshot("s3", observed_ms=T0 + 2000, rows=changed))
        await seen.rows("SOLUSDT", "C00USDT")


async def test_liquidations_fit_on_80_columns_and_their_absence_is_said(tmp_path: Path) -> None:
    async with showing(tmp_path) as (one, seen):
        await seen.see("Liquidated – (no stream of liquidations)")
        message = snapshot("s2", observed_ms=T0 + 1000, rows=ROWS)
        message.provenance.coverage.streamed = 44
        message.overview.liquidations.CopyFrom(liquidations(T0, 123_400_000, 300_000, lower_bound=True))
        await one.show(message)
        since = f"since {times.timestamp(T0 - 7_200_000).ToDatetime():%H:%M} UTC"
        await seen.see(f"Liquidated 1 h long ≥123M short ≥300K  {since} long ≥370M short ≥900K", "44 streamed")


def age(seen: Terminal) -> int:
    """Return the seconds in the first line."""
    return int(seen.lines[0].split(" s old")[0].split()[-1])


def style(colour: str) -> object:
    """Return the style of a cell of that colour."""
    return Style(color=Color.parse(colour).hex.lower())


async def test_a_server_that_never_answers_is_named_and_quitting_returns_2(tmp_path: Path) -> None:
    async with terminal(f"127.0.0.1:{free_port()}", tmp_path) as seen:
        await seen.see("No connection", "Connection refused; connecting again", seen.app._address)
        await seen.press("q")
        assert seen.app.return_value == NO_CONNECTION


async def test_keys_sort_search_and_filter(tmp_path: Path) -> None:
    async with showing(tmp_path) as (_, seen):
        await seen.rows("BTCUSDT", "SOLUSDT")
        await seen.press(*["s"] * 7)  # to the last dimension
        await seen.rows("ETHUSDT", "SOLUSDT")
        await seen.press("r")
        await seen.rows("BTCUSDT")
        await seen.press("0", "r")
        await seen.rows("ETHUSDT")
        await seen.press("S")
        await seen.rows("BTCUSDT", "C00USDT")
        assert "▲Symbol" in seen.text
        await seen.press("s")
        await seen.see("▼Score")
        await seen.press("slash", *"eth")
        await seen.rows("ETHUSDT", only=True)
        await seen.press("escape")
        await seen.rows("BTCUSDT", "SOLUSDT", "C00USDT")
        await seen.press("m", *"60", "enter")
        await seen.rows("BTCUSDT", "SOLUSDT", only=True)
        await seen.see("2 of 44 from score 60, by score ▼")
        await seen.press("m", "backspace", "backspace", "x", "enter")
        await seen.see("Minimum score 'x': expected a number from 0 to 100")
        await seen.press("escape", "escape")
        await seen.see("44 of 44, by score")
        await seen.press("q")
        assert seen.app.return_value == 0


async def test_marked_symbols_are_saved_for_the_next_start(tmp_path: Path) -> None:
    async with running_server() as one:
        await one.show(snapshot(rows=ROWS))
        async with terminal(one.address, tmp_path) as seen:
            await seen.see("BTCUSDT")
            await seen.press("down", "w")
            await seen.see("★SOLUSDT")
        async with terminal(one.address, tmp_path) as seen:
            await seen.see("★SOLUSDT")
            await seen.press("W")
            await seen.rows("SOLUSDT", only=True)
            await seen.press("w")
            await seen.see("0 of 44 marked")
    assert (tmp_path / "watchlist").read_text() == ""


async def test_a_watchlist_that_cannot_be_saved_says_so_and_lasts_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with running_server() as one:
        await one.show(snapshot(rows=ROWS))
        async with terminal(one.address, tmp_path / "file") as seen:
            await seen.see("BTCUSDT")
            await seen.press("w")
            await seen.see("★BTCUSDT", "The watchlist cannot be saved: ")


async def test_a_symbol_explains_its_score_and_follows_the_market(tmp_path: Path) -> None:
    await fill_history(sqlite_url(tmp_path))
    async with showing(tmp_path, (100, 112), history=history_opener(sqlite_url(tmp_path))) as (one, seen):
        message = snapshot("s2", observed_ms=T0 + 1000, rows=[row("BTCUSDT", 71.5, price=1.625), *ROWS[1:]])
        said = message.outlooks.add(symbol="BTCUSDT", odds=0.4, odds_percent=40, low_percent=-9.0, high_percent=8.0)
        said.bar_time.CopyFrom(times.timestamp(T0))
        message.confluences[0].liquidations.CopyFrom(liquidations(T0, 64_000, 0))
        message.confluences[0].book_depth.CopyFrom(book_depth(T0, 1.625, 5e6, 2e6))
        message.confluences[0].dimensions[0].inputs.add(
            name="order_book",
            transport=confluence_pb2.TRANSPORT_STREAM,
            observed_time=times.timestamp(T0 - 1000),
            incomplete=True,
        )
        await one.repository.set(keys.candles("bybit", "BTCUSDT", "5m"), candle_series(), ttl_s=3600)
        await one.show(message)
        await seen.see("BTCUSDT")
        await seen.press("enter")
        await seen.see("71.5 Strongly bullish", "Order book", "The volume reading of BTCUSDT leans", "Volume 0", "50.00 + ")
        await seen.see(
            f"Score 55 m   {'▅' * 12} 61.5 to 61.5",
            "1.625  -1.38%",
            "5m Open 1.4   High 1.8",
            "┃",
            "weight 17% · confidence 60% · ",
            "Next 24 h: in 40 of 100 such cases BTC beat half of the markets.",
            "Target 1 103",
            "24 h  1.01",
            "Spread 2.0 bp   Bids 5.00M   Asks 2.00M",
            "within 1.0% of the middle, ",
            "Long    640K at 1.625",
            " old, a part is missing",
        )
        await one.show(snapshot("s3", observed_ms=T0 + 2000, rows=[row("BTCUSDT", 38.0, price=1.625), *ROWS[1:]]))
        await seen.see("38.0 Bearish")
        await seen.press("t")
        await seen.see("15m Open 1.4")
        await seen.press("t")
        await seen.see("15m Open 1.4", "Bars not updated: the server's data is too old")
        await one.show(snapshot("s4", observed_ms=T0 + 3000, rows=ROWS[1:]))
        await seen.see("Score not updated: the exchange has no such symbol.", "38.0 Bearish")
        await seen.press("escape")
        await seen.see("43 of 43")


async def test_a_market_without_a_score_says_why_and_has_a_chart(tmp_path: Path) -> None:
    async with showing(tmp_path) as (one, seen):
        message = snapshot("s2", observed_ms=T0 + 1000, rows=ROWS)
        message.gainers[0].symbol = "M01USDT"
        message.venue_symbols.append("M01USDT")
        listed = market_list()
        listed.markets[1].tick_size = 0.01
        await one.repository.set(keys.markets("bybit"), listed.SerializeToString(), ttl_s=3600)
        bars = candle_series_pb2.CandleSeries.FromString(candle_series("M01USDT", step_s=1800))
        bars.timeframe = candle_pb2.TIMEFRAME_30M
        await one.repository.set(keys.candles("bybit", "M01USDT", "30m"), bars.SerializeToString(), ttl_s=3600)
        await one.show(message)
        await seen.press("2")
        await seen.see("M01USDT", "No score", "DOWN00USDT")
        await seen.press("enter")
        await seen.see("No score: it is number 2 by turnover, and the 44 largest are scored.", "2.50", "30m Open 1.40")


async def test_each_tab_shows_its_list_within_80_columns(tmp_path: Path) -> None:
    await fill_history(sqlite_url(tmp_path))
    async with showing(tmp_path, history=history_opener(sqlite_url(tmp_path))) as (_, seen):
        for key, texts in (
            ("2", ("UP00USDT", "+40.00%", "DOWN00USDT", "-30.00%")),
            (
                "3",
                (
                    "3 signals have closed, 2 won.",
                    "Too few to judge",
                    "Long",
                    "Active",
                    "Stopped",
                    "Target 3 110",
                ),
            ),
            ("4", ("Decoupled from BTC", "3.1 σ", "BTCUSDT went its own way.", "neither a signal nor advice.")),
            ("5", ("alert 4", "alert 2", "▸ 2 earlier", "UTC", "Bybit")),
            ("6", ("Window 7 d.", "1.43", "│", "not clear", "When BTC rises –")),
        ):
            await seen.press(key)
            await seen.see(*texts)
            assert all(len(line.rstrip()) <= 80 for line in seen.lines)
        await seen.press("t")
        await seen.see("Window 30 d.")
        await seen.press("enter")
        await seen.see("C38USDT", "49.6 Neutral")


async def test_signals_of_another_venue_are_kept_and_labelled(tmp_path: Path) -> None:
    async with showing(tmp_path) as (one, seen):
        message = snapshot("s2", observed_ms=T0 + 1000, rows=ROWS, venue="binance")
        message.signals.insert(0, signal("BTCUSDT", 0, T0, "bybit"))
        await one.show(message)
        await seen.see("Binance")
        await seen.press("3")
        await seen.see("Active, Bybit")
        await seen.press("down")
        await seen.see("Opened on Bybit, which is not in use now.")


async def test_a_list_that_cannot_be_read_says_why_and_keeps_its_last_data(tmp_path: Path) -> None:
    async with showing(tmp_path) as (one, seen):
        await seen.press("3")
        await seen.see("BTCUSDT", "Closed signals not available: the history cannot be read")
        await one.server.drain(0.1)
        await seen.see("✖ LOST", "BTCUSDT", "Not updated: ")


async def test_times_are_those_of_this_machine_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "EET-2")
    time.tzset()
    try:
        async with server_with_history(sqlite_url(tmp_path)) as memory:
            await memory.market.show(snapshot(rows=ROWS))
            await memory.add_alerts(alert(0))
            async with terminal(memory.market.address, tmp_path) as seen:
                await seen.press("5")
                utc = time_of_day(await seen.see("alert 0", " UTC"))
                await seen.press("z")
                local = time_of_day(await seen.see("alert 0", " EET"))
        assert (local - utc) % 24 == 2
    finally:
        monkeypatch.undo()
        time.tzset()


def time_of_day(text: str) -> int:
    """Return the hour of the first alert."""
    (line, *_) = (line for line in text.splitlines() if line.endswith("alert 0"))
    return int(line.split(":")[0].split()[-1])


async def test_help_explains_the_keys(tmp_path: Path) -> None:
    async with showing(tmp_path) as (_, seen):
        await seen.press("question_mark")
        await seen.see("was not measured", "only marked", "while its age grows")
        await seen.press("escape")
        await seen.see("q Quit")


def test_the_help_lists_every_key() -> None:
    bindings = [each for place in (TopApp, SymbolScreen, Table) for each in place.BINDINGS]
    pressed = {
        key
        for each in bindings
        for key in (each.key if isinstance(each, Binding) else each[0]).split(",")
        if "ctrl" not in key
    }
    listed = set(re.findall(r"[A-Za-z0-9/?]+", HELP.split("[b]Numbers")[0]))
    named = {"question_mark": "?", "slash": "/", "escape": "Esc", "enter": "Enter", "home": "Home", "end": "End"}
    between = {str(number) for number in range(2, 6)}  # of 1 to 6
    assert {named.get(key, key) for key in pressed} - between <= listed
