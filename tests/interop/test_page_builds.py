"""A new build of the page while phones have the old one."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.interop.browsers import Visit, visit
from tests.interop.dashboards import live
from tests.interop.edges import RunningEdge, running_edge
from tests.service.snapshots import snapshot
from virtuoso.domain.addresses import Address, free_port
from virtuoso.edge import page as pages

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def two_builds(folder: Path) -> AsyncIterator[tuple[RunningEdge, Path, Path, Address]]:
    """Return an edge with a complete snapshot, the folders of two builds, and the address of the page. In the second build
    the tab Alpha is called Alpha II."""
    old, new, address = folder / "old", folder / "new", ("127.0.0.1", free_port())
    shutil.copytree(pages.folder(), old)
    shutil.copytree(pages.folder(), new)
    script = new / "assets" / "alpha.js"
    changed, count = re.subn(r"\w+\(\)\.shell\.tabs\.alpha", "`Alpha II`", script.read_text())
    assert count == 1
    script.write_text(changed)
    async with running_edge(spec={"page": address}, heartbeat_s=0.5) as one:
        await one.market.show(snapshot())
        yield one, old, new, address


async def versions(one: Visit) -> set[str]:
    """Return the versions of the builds whose files the page has loaded, from the network or from a cache."""
    names = await one.page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    return {found[1] for name in names if (found := re.search("/assets/([^/]+)/", name))}


async def test_an_open_page_keeps_its_build_and_the_next_load_is_entirely_new(tmp_path: Path, browser: Browser) -> None:
    async with two_builds(tmp_path) as (one, old, new, address), AsyncExitStack() as visits:
        async with pages.served(address, old):
            phone = await visits.enter_async_context(visit(browser, one.edge.url))
            await live(phone)
            await phone.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
            await phone.page.reload()  # the service worker controls the page from here on
            await live(phone)
        async with pages.served(address, new):
            alpha = phone.page.get_by_role("navigation").get_by_role("link", name="Alpha")
            await alpha.click()  # the code of this tab has not been loaded yet
            await expect(phone.page.get_by_role("heading", level=1, name="Alpha", exact=True)).to_be_attached()
            before = await versions(phone)
            await phone.page.reload()
            await live(phone)
            await expect(phone.page.get_by_role("heading", level=1, name="Alpha II", exact=True)).to_be_attached()
            after = await versions(phone)
        assert (len(before), len(after), before & after) == (1, 1, set())
        assert phone.page_errors == []


async def test_a_returning_phone_fetches_only_the_changed_files_of_a_new_build(tmp_path: Path, browser: Browser) -> None:
    async with two_builds(tmp_path) as (one, old, new, address), AsyncExitStack() as visits:
        async with pages.served(address, old):
            phone = await visits.enter_async_context(visit(browser, one.edge.url))
            await live(phone)
            await phone.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        fetched: dict[str, int] = {}
        phone.context.on("response", lambda reply: fetched.update({reply.url.rpartition("/")[2]: reply.status}))
        async with pages.served(address, new):
            await phone.page.evaluate(
                """async () => {
                  const registration = await navigator.serviceWorker.getRegistration();
                  await registration.update();
                  while (!registration.waiting) await new Promise((resolve) => setTimeout(resolve, 50));
                }"""
            )
        scripts = {name: status for name, status in fetched.items() if name.endswith(".js") and name != "sw.js"}
        assert [name for name, status in scripts.items() if status != 304] == ["alpha.js"], fetched
        assert len(scripts) == len(list((new / "assets").glob("*.js")))


async def test_without_a_service_worker_a_tab_of_the_old_build_asks_for_a_reload(tmp_path: Path, browser: Browser) -> None:
    async with two_builds(tmp_path) as (one, old, new, address), AsyncExitStack() as visits:
        async with pages.served(address, old):
            phone = await visits.enter_async_context(visit(browser, one.edge.url, service_workers="block"))
            await live(phone)
        async with pages.served(address, new):
            await phone.page.get_by_role("navigation").get_by_role("link", name="Alpha").click()
            await phone.page.get_by_role("button", name="Reload the page").click()
            await expect(phone.page.get_by_role("heading", level=1, name="Alpha II", exact=True)).to_be_attached()
            assert len(await versions(phone)) == 1
