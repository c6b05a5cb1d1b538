"""The page at the widths of phones, tablets and desktops: nothing is cut off, wrapped or outside its panel."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.interop.browsers import Visit, visit
from tests.interop.dashboards import SIZES, TABS, live
from tests.interop.edges import RunningEdge
from tests.service.findings import book_depth, liquidations
from tests.service.snapshots import T0, mover, row, snapshot
from virtuoso.store.v1 import snapshot_pb2

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("packages")]
NARROW, WIDE = (320, 390, 768), (1280, 1440, 1920, 2560)
SYMBOLS = ("BTCUSDT", "1000PEPEUSDT", "DOGEUSDT", "1000000MOGUSDT", "FARTCOINUSDT", "ETHUSDT")
BETAS = (1.86, -0.2, 0.5)
BETA_BARS = """(bars) => bars.map((bar) => {
  const [outer, inner] = [bar, bar.querySelector(".beta-size")].map((part) => part.getBoundingClientRect());
  return Math.round(100 * inner.width / outer.width);
})"""  # the width of each bar in percent of its track
FIND_FAULTS = """() => {
  const faults = [];
  const name = (element) => `${element.tagName}.${element.className} "${element.textContent.slice(0, 30)}"`;
  const FREE = "dialog, canvas, .candle-frame, .visually-hidden, .track, .gauge";
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} wide`);
  const scrolls = (element, panel) => {
    for (let at = element; at && at !== panel; at = at.parentElement)
      if (/auto|scroll/.test(getComputedStyle(at).overflowX) || at.matches(FREE)) return true;
    return false;
  };
  for (const panel of document.querySelectorAll(".panel, .top")) {
    const outer = panel.getBoundingClientRect();
    for (const element of panel.querySelectorAll("*")) {
      const inner = element.getBoundingClientRect();
      if (!inner.width || !element.checkVisibility() || scrolls(element, panel)) continue;
      if (inner.right > outer.right + 0.5 || inner.left < outer.left - 0.5)
        faults.push(`${name(element)} leaves ${panel.querySelector("h2")?.textContent} by ` +
          `${Math.max(inner.right - outer.right, outer.left - inner.left).toFixed(1)}`);
      if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === "hidden")
        faults.push(`${name(element)} is cut off by ${element.scrollWidth - element.clientWidth}`);
    }
  }
  const texts = document.createTreeWalker(document.getElementById("page"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent;
    for (const { 0: part, index } of text.matchAll(/^[+−$]?[\\d.,]+(\\s[%kMBT]| R)?$|[\\p{L}\\d.,\\u00ad]{2,}/gu)) {
      if (part.includes("\\u00ad")) continue;
      const range = document.createRange();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + part.length);
      if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) faults.push(`${part} is wrapped`);
    }
  }
  for (texts.currentNode = texts.root; texts.nextNode(); ) {
    const place = (index) => {
      const range = document.createRange();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + 1);
      return range.getBoundingClientRect();
    };
    const text = texts.currentNode.textContent;
    for (const { 0: part, index } of text.matchAll(/^[+−±]\\d|(?<=^[\\d.,]*)\\d\\s([%σ]|[hdsR]\\b)/gu)) {
      const [first, last] = [place(index), place(index + part.length - 1)];
      if (first.width && first.top === last.top && first.left > last.left) faults.push(`${part} is reversed`);
    }
  }
  const textBoxes = (part) => {
    const boxes = [];
    const words = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
      if (words.currentNode.parentElement.closest(".visually-hidden")) continue;
      const range = document.createRange();
      range.selectNodeContents(words.currentNode);
      boxes.push(...range.getClientRects());
    }
    return boxes.filter(({ width }) => width > 1);
  };
  for (const row of document.querySelectorAll(".score-card, .score-table tr")) {
    const parts = [...row.children].map((part) => [part, textBoxes(part)]);
    for (const [one, boxes] of parts)
      for (const [other, others] of parts)
        if (one !== other && boxes.some((a) => others.some((b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 &&
            a.top < b.bottom - 3 && b.top < a.bottom - 3))) faults.push(`${name(one)} covers ${name(other)}`);
  }
  for (const figures of document.querySelectorAll(".signal .facts")) {
    const tops = [...figures.children].slice(2).map((figure) => figure.getBoundingClientRect().top);
    if (new Set(tops).size > 1) faults.push(`the targets are not on one line: ${tops}`);
  }
  return [...new Set(faults)];
}"""


def market() -> snapshot_pb2.Snapshot:
    """Return a market with long names, long prices, long labels and large changes."""
    numbers = ((112_263.9, 0.1), (0.0112345, 1e-7), (0.08318, 1e-5), (0.000012345, 1e-9), (1.2345, 1e-4), (4_012.35, 0.01))
    rows = [
        row(
            symbol,
            (83.4, 17.6, 100.0, 50.0, 64.3, None)[i],
            price=numbers[i][0],
            tick_size=numbers[i][1],
            change_24h_percent=(-0.4, 128.44, -12.25, 5.0, 10.04, 0.0)[i],
            turnover_24h_usd=(1.234e10, 4.5e8, 9.99e8, 1.2e7, 7.77e7, 6.66e9)[i],
            **({} if i == 5 else {"confidence": 1.0}),
        )
        for i, symbol in enumerate(SYMBOLS)
    ]
    message = snapshot("wide", observed_ms=T0 + 1000, rows=rows)
    del message.gainers[:], message.losers[:]
    message.gainers.extend([mover("1000000MOGUSDT", 128.44), mover("FARTCOINUSDT", 10.04), mover("DOGEUSDT", 0.4)])
    message.losers.extend([mover("1000PEPEUSDT", -99.99), mover("BTCUSDT", -0.4)])
    message.overview.liquidations.CopyFrom(liquidations(T0 + 1000, 123_400_000, 7_650_000, lower_bound=True))
    prices = {each.symbol: each.price for each in rows}
    for opportunity in message.opportunities:
        opportunity.price = prices[opportunity.symbol]
    for signal in message.signals:
        scale = prices[signal.symbol] / 100
        signal.entry, signal.stop = signal.entry * scale, signal.stop * scale
        for target in signal.targets:
            target.price *= scale
    for i, beta in enumerate(message.betas):
        for window in beta.beta.windows:
            window.beta, window.beta_error = BETAS[i // 2], 0.41
            window.alpha_annual_percent, window.alpha_t = -1_234.5, -12.3
    for detail in message.confluences:
        detail.funding_percent, detail.open_interest_change_percent, detail.change_15m = -0.1234, -12.3, -10.4
        detail.funding_interval.FromSeconds(8 * 3600)
        detail.recent_scores[:] = [50.0, 60.0]
        detail.book_depth.CopyFrom(book_depth(T0 + 1000, detail.price, 123_400_000, 99_900_000))
        detail.liquidations.CopyFrom(liquidations(T0 + 1000, 64_000, 0))
        for dimension in detail.dimensions:
            dimension.components[0].name = "order_flow_imbalance"
            dimension.components[1].reading, dimension.components[1].unit = -12_345.67, "percent a day"
            dimension.components[1].contribution = -12.34
    return message


async def faults(one: Visit, widths: tuple[int, ...]) -> dict[int, list[str]]:
    """Return what is cut off, wrapped or outside its panel at each width, from left to right and, as in some languages,
    from right to left."""
    found: dict[int, list[str]] = {}
    for width in widths:
        await one.page.set_viewport_size({"width": width, "height": 900})
        for direction in ("rtl", "ltr"):
            await one.page.evaluate(f"document.documentElement.dir = '{direction}'")
            await one.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            await expect(one.page.locator("[aria-busy=true]")).to_have_count(0)
            found[width] = [*found.get(width, ()), *await one.page.evaluate(FIND_FAULTS)]
    return {width: each for width, each in found.items() if each}


async def choose(one: Visit, language: str) -> None:
    """Choose a language in the settings."""
    await one.page.locator(".bar-top > button").click()
    await one.page.get_by_role("dialog").get_by_role("button", name=language).click()
    await expect(one.page.locator("html")).to_have_attribute("lang", language[:2].lower())
    await one.page.keyboard.press("Escape")
    await expect(one.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("widths", [NARROW, WIDE], ids=["narrow", "wide"])
async def test_nothing_is_cut_off_wrapped_or_outside_its_panel(
    filled_edge: RunningEdge, browser: Browser, widths: tuple[int, ...]
) -> None:
    await filled_edge.market.show(market())
    narrow = widths == NARROW
    device: dict[str, Any] = {"is_mobile": narrow, "has_touch": narrow, "device_scale_factor": 1}
    found = {}
    async with visit(browser, "about:blank", viewport={"width": widths[0], "height": 900}, **device) as one:
        languages = ["Deutsch", "English"]
        for path in (*TABS, "/symbol/BTCUSDT", "/symbol/1000PEPEUSDT"):
            await one.page.goto(filled_edge.edge.url + path)
            await live(one)
            if path.startswith("/symbol"):
                await one.page.locator("details.dimension summary").first.click()
                await expect(one.page.locator(".components table")).to_be_visible()
            await expect(one.page.locator("main .panel").first).to_be_visible()
            if path == "/beta":
                await expect(one.page.locator(".beta-bar").first).to_be_visible()
                assert set(await one.page.locator(".beta-bar").evaluate_all(BETA_BARS)) == {43, 50, 25}
            found[path, "as loaded"] = await faults(one, widths)
            await one.picture(f"{widths[-1]}{path.replace('/', '-')}")
            await choose(one, languages[0])  # the next page is loaded in this language
            found[path, languages[0]] = await faults(one, widths)
            languages.reverse()
    assert {where: each for where, each in found.items() if each} == {}


async def test_the_header_of_the_table_stays_below_the_warnings(filled_edge: RunningEdge, browser: Browser) -> None:
    size = {**SIZES["tablet"], "viewport": {"width": 1200, "height": 900}}
    async with visit(browser, filled_edge.edge.url, **size) as one:
        await live(one)
        await one.page.evaluate("localStorage.setItem('virtuoso:layout', '\"table\"')")
        await one.page.reload()
        await live(one)
        await expect(one.page.locator(".strip")).to_be_visible()
        await one.page.locator("tbody tr").nth(11).scroll_into_view_if_needed()
        await one.page.mouse.wheel(0, 600)
        while await one.page.evaluate("scrollY") <= 100:
            await one.page.wait_for_timeout(50)
        gap = await one.page.evaluate(
            "document.querySelector('thead').getBoundingClientRect().top"
            " - document.querySelector('.top').getBoundingClientRect().bottom"
        )
        assert gap > -1


async def test_the_desk_has_every_column_at_1280_and_its_keys_select_a_row_and_its_layout_is_kept(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    size = {**SIZES["desktop"], "viewport": {"width": 1280, "height": 900}}
    async with visit(browser, filled_edge.edge.url, **size) as one:
        await live(one)
        table = one.page.get_by_role("table", name="Scores")
        await expect(table.get_by_role("columnheader")).to_have_count(17)
        heights = "rows => rows.map((row) => row.offsetHeight)"
        assert set(await table.locator("tbody tr").evaluate_all(heights)) == {28}
        symbols = await table.locator("a.symbol").all_inner_texts()
        await one.page.keyboard.press("j")
        second = table.get_by_role("link").nth(1)
        await expect(second).to_be_focused()
        await expect(second).to_have_attribute("aria-current", "true")
        await expect(one.page).to_have_title(re.compile(rf"^{symbols[1]}(USDT)? [\d.]+ - Virtuoso$"))
        await expect(one.page.locator("#desk-chart h2").first).to_contain_text(symbols[1].removesuffix("USDT"))
        await table.get_by_role("link").nth(2).click()
        await expect(table.get_by_role("link").nth(2)).to_have_attribute("aria-current", "true")
        border = one.page.get_by_role("separator", name="Border between Chart and Breakdown")
        before = int(await border.get_attribute("aria-valuenow") or 0)
        await border.press("ArrowLeft")
        await expect(border).to_have_attribute("aria-valuenow", str(before - 2))
        panels = one.page.get_by_role("group", name="Panels")
        await panels.get_by_role("button", name="Market").click()
        await panels.get_by_role("button", name="Heatmap").click()
        await one.page.get_by_role("button", name="With a score").click()
        await expect(one.page.locator(".tile").first).to_be_visible()
        await one.picture("desktop-dark-heatmap")
        assert await one.faults() == []
        await one.page.reload()
        await expect(one.page.locator(".tile").first).to_be_visible()
        await expect(one.page.get_by_role("region", name="Market", exact=True)).to_have_count(0)
        await expect(border).to_have_attribute("aria-valuenow", str(before - 2))
        await expect(one.page.locator("[aria-busy=true]")).to_have_count(0)
        await table.get_by_role("link").nth(1).press("Enter")
        await expect(one.page).to_have_url(re.compile("/symbol/"))
        await one.page.keyboard.press("Escape")
        await expect(table).to_be_visible()
        await one.page.keyboard.press("?")
        await expect(one.page.get_by_role("dialog", name="Keys")).to_be_visible()
        await one.page.keyboard.press("Escape")
        await one.page.keyboard.press("2")
        await expect(one.page).to_have_url(re.compile("/signals$"))
        assert one.page_errors == []


async def test_a_symbol_has_one_score_on_the_screen_in_the_language_that_is_chosen(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    async with visit(browser, f"{filled_edge.edge.url}/symbol/BTCUSDT", **SIZES["desktop"]) as one:
        await live(one)
        for step in range(1, 4):
            filled_edge.market.clock.advance(1)
            rows = [row("BTCUSDT", 60.5 + step), row("ETHUSDT", 40.5)]
            await filled_edge.market.show(snapshot(f"moved{step}", observed_ms=T0 + 1000 * step, rows=rows))
            for place in (one.page.get_by_role("row").filter(has_text="BTCUSDT"), one.page.locator(".total-score")):
                await expect(place).to_contain_text(f"{60.5 + step}")
        await choose(one, "Deutsch")
        for place in (one.page.get_by_role("row").filter(has_text="BTCUSDT"), one.page.locator(".total-score")):
            await expect(place).to_contain_text("63,5")


async def test_a_result_that_rounds_to_zero_has_no_direction(filled_edge: RunningEdge, browser: Browser) -> None:
    message = market()
    message.confluences[0].price = message.signals[0].entry * 0.99999
    await filled_edge.market.show(message)
    async with visit(browser, f"{filled_edge.edge.url}/signals") as one:
        await live(one)
        result = one.page.locator(".signal").filter(has_text="BTCUSDT").locator(".signal-r")
        await expect(result).to_contain_text("0.00 R")
        await expect(result).to_have_class("signal-r flat")
