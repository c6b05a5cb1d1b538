"""The API reference is complete, and its links work."""

from __future__ import annotations

import re

from tests.programs import ROOT
from virtuoso.market.v1 import error_reason_pb2, market_service_pb2

PAGE = (ROOT / "gen" / "reference" / "api.md").read_text()
SERVICE = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"]


def test_each_call_has_a_section_with_every_field_of_its_request_and_reply() -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
    for method in SERVICE.methods:
        for message in (method.input_type, method.output_type):
            rows = re.findall(r"^\| `(\w+)` \|", sections[method.name].partition(f"** `{message.name}`")[2], re.MULTILINE)
            assert rows[: len(message.fields)] == [field.name for field in message.fields], message.name


def test_each_error_reason_has_its_code_and_http_status() -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \| ([A-Z_]+ \| \d{3}) \|", PAGE, re.MULTILINE))
    assert list(documented) == [name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.keys()[1:]]
    assert documented["SYMBOL_NOT_TRACKED"] == "NOT_FOUND | 404"


def test_each_link_within_the_page_matches_one_heading() -> None:
    headings = [
        re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^##+ (.*)$", PAGE, re.MULTILINE)
    ]
    assert len(headings) == len(set(headings))
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= set(headings)
