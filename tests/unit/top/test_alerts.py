"""The alerts in the terminal: grouped by symbol, in the words of the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.service.history_servers import alert, server_with_history, sqlite_url
from tests.service.snapshots import row, snapshot
from tests.unit.top.screens import terminal
from virtuoso.domain.records import AlertKind


async def test_ten_alerts_fit_on_80_by_24_by_symbol(tmp_path: Path) -> None:
    groups: tuple[dict[str, Any], ...] = (
        {},
        {"symbol": "ETHUSDT"},
        {"symbol": "", "kind": AlertKind.DATA_QUALITY},
        {"symbol": ""},
    )
    alerts = [replace(alert(n), text=f"alert {n} {'says much ' * 30}", **groups[n // 3]) for n in range(12)]
    async with server_with_history(sqlite_url(tmp_path)) as memory:
        await memory.market.show(snapshot(rows=[row("BTCUSDT", 71.5)]))
        await memory.add_alerts(*alerts)
        async with terminal(memory.market.address, tmp_path) as seen:
            await seen.see("BTCUSDT")
            await seen.press("5")
            await seen.see("Whole market", "Data", "ETHUSDT", *(f"alert {number} says" for number in range(2, 12)))
            await memory.add_alerts(alert(12))
            text = await seen.see("alert 12", "▸ 1 earlier")
            places = [text.index(each) for each in ("alert 12", "alert 2 ", "alert 1 ", "▸ 1 earlier", "alert 11")]
            assert places == sorted(places)
            assert "alert 0" not in text
            await seen.press("home", "down", "down", "down", "enter")
            await seen.see("▾ 1 earlier", "alert 0")
