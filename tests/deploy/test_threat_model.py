"""The threat model: each door has a row, and each test that it names exists."""

from __future__ import annotations

import ast
import re

import pytest

from tests.deploy.compose import DEPLOY
from tests.programs import ROOT

DOORS = ["edge", "gRPC", "page", "monitor", "memcached", "history", "exchanges", "files", "environment"]
TEXT = (DEPLOY / "threat-model.md").read_text()
ROWS = {match[1]: match[0].split(" | ") for match in re.finditer(r"^\| \*\*(\w+)\*\*.*$", TEXT, re.MULTILINE)}
TESTS = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


def test_each_door_says_who_stands_there_what_stops_them_and_what_is_left() -> None:
    assert list(ROWS) == DOORS
    assert all(len(row) == 5 and all(cell.strip(" |") for cell in row) for row in ROWS.values())


@pytest.mark.parametrize("door", DOORS)
def test_each_door_is_tried_by_a_test(door: str) -> None:
    assert re.search(r"`tests/.*::test_\w+`", ROWS[door][3])


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_each_named_test_exists(file: str, name: str) -> None:
    functions = ast.walk(ast.parse((ROOT / file).read_text()))
    assert name in {each.name for each in functions if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_page_is_linked_from_the_operators_page() -> None:
    assert "](threat-model.md)" in (DEPLOY / "README.md").read_text()
