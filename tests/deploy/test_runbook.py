"""The runbook: each alert has a section, and the reasons and metrics in it exist."""

from __future__ import annotations

import re

import prometheus_client
import pytest
from prometheus_client.metrics_core import Metric

import virtuoso.metrics
from tests.deploy.compose import DEPLOY
from tests.deploy.test_dashboard import rules
from tests.deploy.test_rules import alerts
from virtuoso.market.v1 import error_reason_pb2

PAGES = ("runbook.md", "README.md")
METRIC = re.compile(r"(?<!://)\b(?:virtuoso[_:]|process_)[a-z_]+(?::[a-z0-9_]+)*\b")


def page(name: str = "runbook.md") -> str:
    """Return the text of a page."""
    return (DEPLOY / name).read_text()


def sections() -> dict[str, str]:
    """Return the text of each section by its heading."""
    parts = re.split(r"^## (\w+)$", page(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_alerts_and_sections_are_the_same() -> None:
    assert list(sections()) == list(alerts())


def test_every_section_says_where_to_look_what_to_do_and_when_it_is_resolved() -> None:
    shared = ""
    for name, text in reversed(sections().items()):
        shared = text if text.strip() else shared  # consecutive headings share the text below them
        labels = set(re.findall(r"\*\*([\w ,]+)\*\*", shared))
        words = {word.lower() for part in labels for word in part.split(", ")}
        assert {"look", "remedy", "resolved"} <= words, name


@pytest.mark.parametrize("name", PAGES)
def test_reasons_that_are_named_exist(name: str) -> None:
    reasons = {reason.removeprefix("ERROR_REASON_") for reason in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name}
    assert set(re.findall(r"reason ([A-Z_]+)", page(name))) <= reasons


@pytest.mark.parametrize("name", PAGES)
def test_metrics_that_are_named_exist(name: str) -> None:
    known = {rule for rule, _ in rules()} | {"process_start_time_seconds", "process_cpu_seconds_total"}
    for family in prometheus_client.REGISTRY.collect():
        assert isinstance(family, Metric)
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum", ""]}.get(family.type, [""])
        known |= {family.name + suffix for suffix in suffixes}
    assert virtuoso.metrics.SERVING  # the import declares the metrics
    assert set(METRIC.findall(page(name))) <= known
