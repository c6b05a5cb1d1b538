"""The pages of docs: each link leads somewhere, each file that a page names is there, and the first page stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.programs import ROOT
from virtuoso.market.v1 import market_service_pb2

ELSEWHERE = {".venv", "node_modules", "build"}
PAGES = sorted(
    str(path.relative_to(ROOT)) for path in ROOT.rglob("*.md") if not ELSEWHERE & set(path.relative_to(ROOT).parts)
)
FILE = re.compile(
    r"(?:tools|tests|gen|proto|virtuoso)/[\w./-]*|(?:[\w-]+/)+|(?:[\w.-]+/)*[\w-]+\.(?:py|proto|toml|ya?ml|md|tsx?)"
)


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_each_link_leads_to_a_file_or_a_heading(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@pytest.mark.parametrize("name", ["proto/README.md", "virtuoso/README.md", "virtuoso/exchange/README.md"])
def test_each_file_that_is_named_is_there(name: str) -> None:
    page = ROOT / name
    bases = (ROOT, ROOT / "virtuoso", page.parent)
    named = [text for text in re.findall(r"`([^`\n]+)`", prose(page)) if FILE.fullmatch(text)]
    assert named
    missing = [text for text in named if not any((base / text).exists() for base in bases)]
    assert not [text for text in missing if "/" in text or not list((ROOT / "proto").rglob(text))]


def test_each_call_stands_on_the_page_for_clients() -> None:
    page = (ROOT / "proto" / "README.md").read_text()
    table = page.partition("## Calls")[2].partition("## Protocols")[0]
    service = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"]
    assert {method.name for method in service.methods} <= set(re.findall(r"\w+", table))


def test_the_first_page_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 120
