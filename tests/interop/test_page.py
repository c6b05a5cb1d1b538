"""The phone dashboard in a real Chromium behind a real Envoy. The tests check what a trader sees while everything works,
during failures and after recovery. With PICTURES=1 they save screenshots in build/screenshots."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.interop.browsers import script_bytes, visit
from tests.interop.dashboards import SIZES, TABS, card, counted, find, live, served, status
from tests.interop.edges import RunningEdge
from tests.service.history_servers import alert, sqlite_url
from tests.service.snapshots import T0, row, snapshot
from virtuoso.edge import page as pages
from virtuoso.history.factory import open_history_writer
from virtuoso.market.v1 import provenance_pb2
from virtuoso.repository import keys
from virtuoso.service.request_readers import RequestReaders
from virtuoso.service.server import MarketServer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("packages")]


async def test_the_dashboard_shows_each_row_as_the_server_has_it_and_gaps_as_gaps(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await counted(one, "50 of 50")
        await expect(card(one, "ADAUSDT")).to_contain_text("76.0")
        await expect(card(one, "ADAUSDT").get_by_role("img", name="Technical 69 of 100")).to_be_attached()
        unscored = await find(one, "COIN016USDT")
        await expect(unscored).to_contain_text("COIN016USDT17.5Score")
        await expect(unscored).to_contain_text(re.compile("not measured|–"))
        assert not re.search(r"\b50(\.0)?\b", await unscored.inner_text())
        await expect(one.page.get_by_role("banner")).to_contain_text(re.compile("simulated", re.IGNORECASE))
        assert one.page_errors == []


async def test_market_changes_appear_on_the_page_without_further_calls(filled_edge: RunningEdge, browser: Browser) -> None:
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await expect(await find(one, "BTCUSDT")).to_contain_text("BTCUSDT")
        rows = [row("BTCUSDT", 98.7, price=64_001.5), *(row(f"COIN{i:03d}USDT", 20.0 + i) for i in range(40))]
        await filled_edge.market.show(snapshot("s2", observed_ms=T0 + 5000, rows=rows))
        await expect(card(one, "BTCUSDT")).to_contain_text("98.7")
        await expect(card(one, "BTCUSDT")).to_contain_text("64,001.5")
        await counted(one, "1 of 41")
        calls = one.calls()
    assert calls.count("WatchDashboard") == 1
    assert not {"GetDashboard", "ListConfluenceScores", "GetOverview", "ListMovers"} & set(calls)


@pytest.mark.parametrize(("size", "themes"), [("phone", ("dark", "light")), ("tablet", ("light",)), ("desktop", ("dark",))])
async def test_every_tab_and_a_symbol_have_their_panels_and_axe_finds_nothing_serious(
    filled_edge: RunningEdge, browser: Browser, size: str, themes: Sequence[Any]
) -> None:
    async with visit(browser, filled_edge.edge.url, **SIZES[size]) as one:
        await live(one)
        for path, name in {**TABS, "/symbol/BTCUSDT": "BTC"}.items():
            if path.startswith("/symbol"):
                await one.page.goto(filled_edge.edge.url + path)
            else:
                await one.page.get_by_role("navigation").get_by_role("link", name=re.compile(name)).first.click()
            await expect(one.page.get_by_role("heading", level=1, name=re.compile(name))).to_be_attached()
            await expect(one.page.get_by_role("main")).not_to_contain_text(re.compile(r"NaN|undefined|\[object"))
            if path.startswith("/symbol"):
                await expect(one.page.locator("canvas").first).to_be_attached()
            for theme in themes:
                await one.page.emulate_media(color_scheme=theme)
                await one.picture(f"{size}-{theme}-{name.lower()}")
                assert await one.faults() == [], (path, theme)
        assert one.page_errors == []


async def test_the_page_of_a_symbol_explains_its_dimensions(filled_edge: RunningEdge, browser: Browser) -> None:
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await (await find(one, "BTCUSDT")).get_by_role("link", name="BTCUSDT").click()
        await expect(one.page).to_have_url(re.compile("/symbol/BTCUSDT$"))
        main = one.page.get_by_role("main")
        for name in ("technical", "volume", "orderflow", "orderbook", "price_structure", "sentiment"):
            await expect(main).to_contain_text(f"The {name} reading of BTCUSDT leans a little.")
        chart = main.get_by_role("region").first
        await expect(chart).to_have_accessible_name("Price")
        await expect(chart.locator("canvas").first).to_be_attached()
        await chart.get_by_role("button", name="Indicators").click()
        await one.page.get_by_role("button", name="MACD").click()
        await one.page.keyboard.press("Escape")
        await expect(chart.get_by_text(re.compile(r"^MACD: "))).to_be_attached()
        await chart.get_by_role("button", name="Full screen").click()
        await expect(chart.get_by_role("button", name="Full screen")).to_have_attribute("aria-pressed", "true")
        await expect(chart.get_by_text("Load older bars")).to_be_hidden()
        await chart.get_by_role("button", name="Full screen").click()
        depth = one.page.get_by_role("region", name="Order book depth")
        await expect(depth).to_contain_text("The bids are worth 2.5 times as much as the asks.")
        await expect(depth).to_contain_text(re.compile(r"Order book: \d\ss old"))
        drawn = depth.get_by_role("img", name="Value of the waiting orders")
        await expect(drawn.locator("canvas").first).to_be_visible()
        await drawn.hover(position={"x": 2, "y": 60})
        await expect(depth.locator("figcaption")).to_have_text(re.compile(r"^[\d,.]+: \$5\.00\sM$"))
        outlook = one.page.get_by_role("region", name="Outlook")
        await expect(outlook).to_contain_text("in 40 of 100 such cases BTC beat half of the markets.")
        await expect(outlook).to_contain_text("between −9.0 and +8.0 % against the median.")
        await expect(outlook).to_contain_text(
            "In the highest tenth so far, 57 of 100 were predicted and 57 came true. It does not say up or down,"
        )
        await outlook.get_by_text("Record and caveats").click()
        await expect(outlook.get_by_role("img", name="predicted 42, came true 41")).to_be_visible()
        await expect(outlook).to_contain_text("95 %: +0.07 to +0.13")
        await expect(outlook).to_contain_text("It is not money.")
        await one.page.go_back()
        await expect(one.page.get_by_role("region", name="Scores")).to_be_visible()
        assert one.page_errors == []


async def test_the_page_is_usable_without_a_mouse(filled_edge: RunningEdge, browser: Browser) -> None:
    async with visit(browser, filled_edge.edge.url, **SIZES["desktop"]) as one:
        await live(one)
        settings = one.page.get_by_role("button", name="Settings")
        await settings.focus()
        await one.page.keyboard.press("Enter")
        await expect(one.page.get_by_role("dialog", name="Settings")).to_be_visible()
        await one.page.keyboard.press("Escape")
        await expect(one.page.get_by_role("dialog")).to_have_count(0)
        await expect(settings).to_be_focused()
        term = one.page.get_by_role("region", name="Scores").get_by_role("button", name="Scores")
        await term.focus()
        await one.page.keyboard.press("Enter")
        explanation = one.page.get_by_role("dialog", name="Score")
        await expect(explanation).to_contain_text("50 is neutral")
        assert await one.faults() == []
        await one.page.keyboard.press("Escape")
        await expect(explanation).to_have_count(0)
        await expect(term).to_be_focused()
        await one.page.keyboard.press("/")
        await expect(one.page.get_by_role("searchbox")).to_be_focused()
        await one.page.keyboard.type("cardano")
        await one.page.keyboard.press("Enter")
        await expect(one.page).to_have_url(re.compile("/symbol/ADAUSDT$"))


async def test_filters_are_stored_on_the_device_and_show_how_much_they_hide(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await card(one, "ADAUSDT").get_by_role("button", name="Watch ADAUSDT").click()
        await one.page.get_by_role("button", name="★ Watchlist").click()
        await counted(one, "1 of 50")
        await one.page.reload()
        await live(one)
        await counted(one, "1 of 50")
        await card(one, "ADAUSDT").get_by_role("button", name="Watch ADAUSDT").click()
        await counted(one, "0 of 50")
        await expect(one.page.get_by_text("the watchlist hides 50")).to_be_visible()


async def test_the_scripts_are_small_before_the_page_of_a_symbol_and_in_all() -> None:
    charts = ("lightweight-charts.production.js", "candle_chart.js", "depth_chart.js")
    later = (*charts, "symbol.js", "symbol_parts.js", "desk.js", "heatmap.js")
    assert 0 < script_bytes(pages.folder(), without=later) < 150_000
    assert script_bytes(pages.folder()) < 230_000


async def test_data_of_a_lost_server_is_greyed_with_its_age_until_the_server_returns(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await filled_edge.market.server.drain(0)
        await expect(status(one)).not_to_contain_text("Live")
        await expect(one.page.get_by_role("banner")).to_contain_text(re.compile("no server answers|lost", re.IGNORECASE))
        await expect(card(one, "ADAUSDT")).to_contain_text("76.0")
        await expect(one.page.locator("main .panel.old")).not_to_have_count(0)
        await one.picture("phone-dark-lost")
        assert await one.faults() == []
        market = filled_edge.market
        again = MarketServer(
            market.address, market.cache, RequestReaders(market.source, keys, max_stale_s=600, clock=market.clock)
        )
        await again.start()
        try:
            await market.show(snapshot("s2", observed_ms=T0 + 5000, rows=[row("BTCUSDT", 71.5), row("ETHUSDT", 33.25)]))
            await expect(status(one)).to_contain_text("Live", timeout=15_000)
            await counted(one, "2 of 2")
        finally:
            await again.drain(0)


async def test_a_first_visit_without_data_says_so_until_data_arrives(browser: Browser) -> None:
    async with served() as place, visit(browser, place.edge.url, first=True) as one:
        await expect(one.page.get_by_role("main")).to_contain_text(
            re.compile("first complete snapshot|not ready|no data", re.IGNORECASE), timeout=30_000
        )
        await one.picture("phone-dark-not-ready")
        await place.market.show(snapshot())
        await live(one)
        await counted(one, "50 of 50")
        introduction = one.page.get_by_role("region", name="How to read a score")
        await expect(introduction.get_by_role("listitem")).to_have_count(3)
        assert await one.faults() == []
        await one.picture("phone-dark-introduction")
        await introduction.get_by_role("button", name="Got it").click()
        await one.page.reload()
        await live(one)
        await counted(one, "50 of 50")
        await expect(introduction).to_have_count(0)


async def test_without_a_network_every_page_shows_its_last_data_greyed_and_with_its_age(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await one.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        await one.page.reload()  # the service worker controls the page from here on
        for name in reversed(TABS.values()):
            await one.page.get_by_role("navigation").get_by_role("link", name=re.compile(name)).click()
            await expect(one.page.get_by_role("heading", level=1, name=re.compile(name))).to_be_attached()
            await expect(one.page.locator("main .panel").first).to_be_visible()
            await expect(one.page.locator("[aria-busy=true]")).to_have_count(0)
        await live(one)
        await asyncio.sleep(1)  # the page stores the last data in this time
        await one.context.set_offline(True)
        await expect(status(one)).to_have_text("Offline", timeout=1000)
        await expect(one.page.locator("main .panel:not(.old)")).to_have_count(0)
        for path in (*TABS, "/symbol/ADAUSDT"):
            await one.page.goto(filled_edge.edge.url + path)
            await expect(status(one)).to_have_text("Offline")
            await expect(one.page.get_by_role("banner")).to_contain_text(re.compile(r"Bybit *\d+\s(s|min) old"))
            await expect(one.page.locator("main .panel.old")).not_to_have_count(0)
            await one.picture(f"phone-dark-offline{path.replace('/', '-')}")
        scores = one.page.get_by_role("region", name="Confluence score")
        await expect(scores).to_contain_text("76.0")  # the page of this symbol was never open
        await expect(scores.get_by_role("img")).to_have_count(7)
        await one.page.goto(filled_edge.edge.url)
        await expect(card(one, "ADAUSDT")).to_contain_text("76.0")
        await one.context.set_offline(False)
        await live(one)
        filled_edge.edge.kill()
        await expect(status(one)).to_have_text("No connection")
        await expect(card(one, "ADAUSDT")).to_contain_text("76.0")


async def test_a_silent_stream_is_told_after_15_seconds(filled_edge: RunningEdge, browser: Browser) -> None:
    async with visit(browser, "about:blank") as one:
        await one.page.clock.install()
        await one.page.goto(filled_edge.edge.url)
        await live(one)
        await one.page.clock.fast_forward(16_000)  # the clock of the server stands still, so it sends no heartbeat
        await expect(status(one)).to_have_text("No message")
        await expect(one.page.locator("main .panel:not(.old)")).to_have_count(0)
        await filled_edge.market.show(snapshot("s2", observed_ms=T0 + 1000))
        await live(one)


async def test_alerts_are_grouped_by_symbol_and_unread_until_the_tab_is_opened(
    filled_edge: RunningEdge, browser: Browser, tmp_path: Path
) -> None:
    writer = open_history_writer(sqlite_url(tmp_path), timeout_s=20)
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        while not await one.page.evaluate("/[0-9]/.test(localStorage.getItem('virtuoso:alertsSeen'))"):
            await asyncio.sleep(0.05)
        await writer.add_alerts([alert(number, symbol="SOLUSDT") for number in range(90, 95)], cooldown_s={})
        await writer.close()
        tab = one.page.get_by_role("navigation").get_by_role("link", name=re.compile("Alerts"))
        await expect(tab).to_contain_text("5 unread")
        await tab.click()
        group = one.page.locator(".alert-group").first
        await expect(group.get_by_role("heading")).to_have_text("SOLUSDT")
        await expect(group).to_contain_text("2 earlier, 2 of them new")
        await expect(group).not_to_contain_text("Info")
        await expect(tab).not_to_contain_text("unread")
        assert one.page_errors == []


@pytest.mark.parametrize(
    ("environment", "word"),
    [(provenance_pb2.ENVIRONMENT_SIMULATED, "Simulated"), (provenance_pb2.ENVIRONMENT_REPLAY, "Replay")],
)
async def test_every_tab_shows_that_a_market_is_not_live(browser: Browser, environment: Any, word: str) -> None:
    async with served() as place:
        market = snapshot()
        market.provenance.environment = environment
        await place.market.show(market)
        async with visit(browser, place.edge.url) as one:
            for path in TABS:
                await one.page.goto(place.edge.url + path)
                await live(one)
                await expect(one.page.get_by_role("banner")).to_contain_text(re.compile(word, re.IGNORECASE))
            await one.picture(f"phone-dark-{word.lower()}")


async def test_stale_data_is_shown_with_its_reason_and_age(browser: Browser) -> None:
    async with served() as place, visit(browser, place.edge.url) as one:
        await place.market.show(snapshot())
        await live(one)
        place.market.after(95)
        place.market.cache.tick()
        banner = one.page.get_by_role("banner")
        await expect(banner).to_contain_text(re.compile("stale", re.IGNORECASE))
        await expect(status(one)).to_have_text("Stale")
        await expect(banner).to_contain_text(re.compile(r"9[5-9]\ss|1\smin"))
        await expect(one.page.locator("main .panel:not(.old)")).to_have_count(0)
        await one.picture("phone-dark-stale")
        assert await one.faults() == []


async def test_data_of_another_venue_is_shown_with_the_preferred_venue(browser: Browser) -> None:
    async with served(primary_venue="bybit") as place, visit(browser, place.edge.url) as one:
        await place.market.show(snapshot(venue="binance"))
        await live(one)
        banner = one.page.get_by_role("banner")
        await expect(banner).to_contain_text(re.compile("fallback", re.IGNORECASE))
        await expect(banner).to_contain_text(re.compile("binance", re.IGNORECASE))
        await expect(banner).to_contain_text(re.compile("bybit", re.IGNORECASE))
        await one.picture("phone-dark-fallback")
