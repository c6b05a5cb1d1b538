"""The threat model: each entry point has a row, and each test that it names exists."""

from __future__ import annotations

import ast
import re

import pytest

from tests.deploy.compose import DEPLOY
from tests.programs import ROOT

ENTRY_POINTS = ["edge", "gRPC", "page", "monitor", "memcached", "history", "exchanges", "files", "environment"]
TEXT = (DEPLOY / "threat-model.md").read_text()
ROWS = {match[1]: match[0].split(" | ") for match in re.finditer(r"^\| \*\*(\w+)\*\*.*$", TEXT, re.MULTILINE)}
TESTS = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


def test_each_entry_point_has_a_row_without_an_empty_cell() -> None:
    assert list(ROWS) == ENTRY_POINTS
    assert all(len(row) == 5 and all(cell.strip(" |") for cell in row) for row in ROWS.values())


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_each_entry_point_has_a_test(entry_point: str) -> None:
    assert re.search(r"`tests/.*::test_\w+`", ROWS[entry_point][3])


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_each_named_test_exists(file: str, name: str) -> None:
    functions = ast.walk(ast.parse((ROOT / file).read_text()))
    assert name in {each.name for each in functions if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_page_is_linked_from_the_operators_page() -> None:
    assert "](threat-model.md)" in (DEPLOY / "README.md").read_text()
