"""The documentation pages: links work, named files exist and the main README is short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.programs import ROOT
from virtuoso.market.v1 import market_service_pb2

EXCLUDED = {".venv", "node_modules", "build"}
PAGES = sorted(
    str(path.relative_to(ROOT)) for path in ROOT.rglob("*.md") if not EXCLUDED & set(path.relative_to(ROOT).parts)
)
FILE = re.compile(
    r"(?:tools|tests|gen|proto|virtuoso)/[\w./-]*|(?:[\w-]+/)+|(?:[\w.-]+/)*[\w-]+\.(?:py|proto|toml|ya?ml|md|tsx?)"
)


def prose(page: Path) -> str:
    """Return the text of a page without code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_each_link_points_to_a_file_or_a_heading(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@pytest.mark.parametrize("name", ["proto/README.md", "virtuoso/README.md", "virtuoso/exchange/README.md"])
def test_each_named_file_exists(name: str) -> None:
    page = ROOT / name
    bases = (ROOT, ROOT / "virtuoso", page.parent)
    named = [text for text in re.findall(r"`([^`\n]+)`", prose(page)) if FILE.fullmatch(text)]
    assert named
    missing = [text for text in named if not any((base / text).exists() for base in bases)]
    assert not [text for text in missing if "/" in text or not list((ROOT / "proto").rglob(text))]


def test_each_rpc_is_listed_on_the_page_for_clients() -> None:
    page = (ROOT / "proto" / "README.md").read_text()
    table = page.partition("## Calls")[2].partition("## Protocols")[0]
    service = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"]
    assert {method.name for method in service.methods} <= set(re.findall(r"\w+", table))


def test_the_main_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 120
