"""What the page shows of streams and of the whole market: liquidations, sentiment, and by which way each input came."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.interop.browsers import visit
from tests.interop.dashboards import card, live, open_market
from tests.interop.edges import RunningEdge
from tests.service.findings import liquidations
from tests.service.snapshots import T0, snapshot
from virtuoso.market.v1 import confluence_pb2, market_service_pb2
from virtuoso.wire import times

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_liquidations_are_on_the_dashboard_and_on_the_page_of_their_symbol(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    message = snapshot("liquidated", observed_ms=T0 + 1000)
    message.overview.liquidations.CopyFrom(liquidations(T0, 1_200_000, 300_000, lower_bound=True))
    message.confluences[0].liquidations.CopyFrom(liquidations(T0, 64_000, 0))
    await filled_edge.market.show(message)
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await open_market(one)
        panel = one.page.get_by_role("region", name="Liquidations")
        await expect(panel).to_contain_text("Longs at least $1.20 M")
        await expect(panel).to_contain_text("Shorts at least $300 k")
        await expect(panel.locator("h3").nth(0)).to_have_text("1 h")
        await expect(panel.locator("h3").nth(1)).to_contain_text(re.compile(r"24\sh watched since .*\d\d:\d\d"))
        await one.page.locator(".liquidations").scroll_into_view_if_needed()
        await one.picture("phone-dark-liquidations")
        await panel.get_by_role("listitem").get_by_role("link", name="BTC").click()
        await expect(panel).to_contain_text("Longs $64.0 k")
        await expect(panel).to_contain_text("Shorts $0")
        await expect(panel.get_by_role("listitem")).to_contain_text("Long$640 kat 1.625")
        assert one.page_errors == []


async def test_figures_of_the_market_agree_with_their_words_and_no_two_have_the_same_name(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    message = snapshot("fearful", observed_ms=T0 + 1000)
    message.sentiment.gauge = 24.6
    message.sentiment.premium_median_bp = -2.5
    message.sentiment.parts[-1].ClearField("missing")  # the premium
    message.sentiment.parts[-1].reading, message.sentiment.parts[-1].unit = 0.4519, "bp"
    message.overview.regime_confidence = 0.51
    message.overview.regime_start_unknown = True
    message.overview.regime_start_time.CopyFrom(times.timestamp(T0 - 3_600_000))
    await filled_edge.market.show(message)
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await open_market(one)
        await expect(one.page.get_by_role("img", name="Sentiment 25 of 100: Fear")).to_be_visible()
        region = one.page.get_by_role("region", name="Market", exact=True)
        await expect(region).to_contain_text(re.compile(r"since at least .* · confidence 51\s%"))
        await one.page.get_by_role("button", name="Details").click()
        sheet = one.page.get_by_role("dialog", name="Sentiment")
        await expect(sheet).to_contain_text(re.compile(r"Premium, mean by turnover\+0\.45 bp"))
        await expect(sheet).to_contain_text(re.compile(r"Premium, median−2\.50 ?bp"))
        names = await sheet.locator("dt, .parts-list li > span:first-child").all_inner_texts()
        assert len(names) == len(set(names))


async def test_the_page_says_that_no_stream_of_liquidations_comes_and_that_no_order_book_is_known(
    filled_edge: RunningEdge, browser: Browser
) -> None:
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await open_market(one)
        panel = one.page.get_by_role("region", name="Liquidations")
        await expect(panel).to_contain_text("no stream of liquidations comes from Bybit")
        await card(one, "ADAUSDT").get_by_role("link", name="ADAUSDT").click()
        await expect(panel).to_contain_text("no stream of liquidations comes from Bybit")
        await expect(one.page.get_by_role("region", name="Order book depth")).to_contain_text(
            "No recent order book of ADAUSDT is known"
        )


async def test_each_input_of_a_dimension_says_how_it_came_and_its_age(filled_edge: RunningEdge, browser: Browser) -> None:
    message = snapshot("streamed", observed_ms=T0 + 1000)
    message.provenance.coverage.streamed = 47
    for dimension in message.confluences[0].dimensions:
        for name, transport, seconds, incomplete in (
            ("order_book", confluence_pb2.TRANSPORT_STREAM, 0, False),
            ("candles_5m", confluence_pb2.TRANSPORT_POLL, 95, False),
            ("trades", confluence_pb2.TRANSPORT_STREAM, 2, True),
        ):
            dimension.inputs.add(
                name=name,
                transport=transport,
                observed_time=times.timestamp(T0 + 1000 - 1000 * seconds),
                incomplete=incomplete,
            )
    await filled_edge.market.show(message)
    async with visit(browser, filled_edge.edge.url) as one:
        await live(one)
        await open_market(one)
        await expect(one.page.get_by_role("region", name="Market")).to_contain_text("Streamed47 of 50")
        await one.page.goto(f"{filled_edge.edge.url}/symbol/BTCUSDT")
        await one.page.locator("details.dimension summary").first.click()
        inputs = one.page.get_by_role("list", name="Inputs").get_by_role("listitem")
        await expect(inputs.nth(0)).to_have_text(re.compile(r"^Order book: streamed, \d\ss old$"))
        await expect(inputs.nth(1)).to_have_text(re.compile(r"^5 min candles: requested, 1\smin old$"))
        await expect(inputs.nth(2)).to_have_text(re.compile(r"^Trades: streamed, \d\ss old, a part is missing$"))


@pytest.mark.parametrize(("saves_data", "seconds"), [(False, 1), (True, 5)])
async def test_a_device_that_saves_data_gets_fewer_messages(
    filled_edge: RunningEdge, browser: Browser, *, saves_data: bool, seconds: int
) -> None:
    async with visit(browser, "about:blank") as one:
        await one.page.add_init_script(
            f"Object.defineProperty(navigator, 'connection', {{ value: Object.assign(new EventTarget(), "
            f"{{ saveData: {str(saves_data).lower()} }}) }})"
        )
        async with one.page.expect_request("**/WatchDashboard") as sent:
            await one.page.goto(filled_edge.edge.url)
        body = (await sent.value).post_data_buffer or b""
        asked = market_service_pb2.WatchDashboardRequest.FromString(body[5:])  # after the prefix of gRPC-Web
        assert asked.min_interval.seconds == seconds
        await live(one)
