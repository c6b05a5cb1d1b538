"""The documentation pages: links, files, commands, settings and calls in them exist. The main README is short."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from google.api import annotations_pb2

from tests.programs import ROOT
from virtuoso.cli import COMMANDS, parser
from virtuoso.config import FILE_SUFFIX, Settings, env_name
from virtuoso.market.v1 import market_service_pb2


def tree() -> Iterator[str]:
    """Return the path of each file and folder of the project, with a slash before it."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in {"node_modules", "build"} and not name.startswith(".")]
        yield from (f"{folder}/{name}".removeprefix(str(ROOT)) for name in (*folders, *files))


TREE = set(tree())
PAGES = sorted(path[1:] for path in TREE if path.endswith(".md"))
WITH_CODE = [name for name in PAGES if "```" in (ROOT / name).read_text()]
METHODS = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"].methods_by_name
MADE = {"buf/validate/validate.proto", "evaluation.txt"}  # by tools/generate and by `virtuoso evaluate`
NO_SETTINGS = {"VIRTUOSO_IMAGE", "VIRTUOSO_PORT", "VIRTUOSO_GATEWAY_ADDRESS"}  # of compose.yaml and of the gateway
FILE = re.compile(
    r"(?:tools|tests|gen|proto|virtuoso)/[\w./-]*|(?:[\w-]+/)+|(?:[\w.-]+/)*[\w-]+\.(?:py|proto|toml|ya?ml|md|tsx?|txt|example)"
)


def prose(page: Path) -> str:
    """Return the text of a page without code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def code(page: Path) -> str:
    """Return the code blocks of a page, with continued lines joined."""
    blocks = re.findall(r"^```.*?\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return "".join(blocks).replace("\\\n", " ")


def commands(page: Path) -> list[list[str]]:
    """Return the words of each `virtuoso` command in the code blocks and in the text of a page."""
    inline = re.findall(r"`([^`]+)`", prose(page))
    lines = [*code(page).splitlines(), *(re.sub(r"\s+", " ", text) for text in inline)]
    starts = r"(?:^|[;&] ?|-- |exec [\w-]+ |bin/|=\w+ )(?:virtuoso|\./tools/run) ([a-z][^#|;&]*)"
    return [shlex.split(words) for line in lines for words in re.findall(starts, line)]


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


@pytest.mark.parametrize("name", PAGES)
def test_each_named_file_and_module_exists(name: str) -> None:
    page = ROOT / name
    text = re.sub(r"#.*|\S+://\S+|\.\./shared\S+", "", code(page))
    words = [*re.findall(r"`([^`\n]+)`", prose(page)), *re.findall(r"(?<![\w./-])[\w.][\w./-]*", text)]
    named = {word.rstrip("/") for word in (re.sub(r"^(\.+/)+", "", word) for word in words) if FILE.fullmatch(word)}
    assert not [word for word in named - MADE if not any(known.endswith(f"/{word}") for known in TREE)]
    for module in re.findall(r"-m ([\w.]+)", text):
        assert importlib.util.find_spec(module), module
    scripts = json.loads((ROOT / "virtuoso" / "web" / "package.json").read_text())["scripts"]
    assert set(re.findall(r"\bnpm run (\w+)", text)) <= set(scripts)


def test_each_name_in_a_recipe_exists() -> None:
    recipes = prose(ROOT / "virtuoso" / "README.md").partition("## Recipes")[2].partition("## Facts")[0]
    sources = [ROOT / path[1:] for path in TREE if path.endswith((".py", ".proto", ".ts"))]
    known = {word for source in sources for word in re.findall(r"\w+", source.read_text())}
    assert set(re.findall(r"`(\w+)`", recipes)) <= known


@pytest.mark.parametrize("name", PAGES)
def test_each_command_and_setting_exists(name: str) -> None:
    page = ROOT / name
    for words in commands(page):
        assert words[0] in COMMANDS, words
        _, unknown = parser().parse_known_args([*words, "FILE"])
        assert not [word for word in unknown if word.startswith("-")], words
    named = set(re.findall(r"\bVIRTUOSO_[A-Z_]+\b", page.read_text()))
    known = {env_name(item) for item in fields(Settings)}
    files = {f"{env_name(item)}{FILE_SUFFIX}" for item in fields(Settings) if item.metadata["secret"]}
    assert named <= known | files | NO_SETTINGS | {"VIRTUOSO_"}


@pytest.mark.parametrize("name", WITH_CODE)
def test_each_call_in_a_code_block_exists(name: str) -> None:
    text = code(ROOT / name)
    rules = [method.GetOptions().Extensions[annotations_pb2.http].get for method in METHODS.values()]
    paths = [re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(rule)) for rule in rules if rule]
    for path in re.findall(r"https?://[^/\s]+(/v1/[^\s'\"?]+)", text):
        assert any(re.fullmatch(known, path) for known in paths), path
    assert set(re.findall(r"(?:\$S|MarketService)/(\w+)", text)) <= set(METHODS)


def test_each_rpc_is_listed_on_the_page_for_clients() -> None:
    page = (ROOT / "proto" / "README.md").read_text()
    table = page.partition("## Calls")[2].partition("## Protocols")[0]
    assert set(METHODS) <= set(re.findall(r"\w+", table))


def test_the_main_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 120
