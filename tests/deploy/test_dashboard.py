"""Grafana's dashboard and Prometheus's rules against the metrics that the service exports. A real Prometheus scrapes the
running services and evaluates every query."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from typing import Any

import grafana_foundation_sdk.cog.plugins as grafana
import grpc
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.deploy.compose import DEPLOY, Stack
from tests.deploy.conftest import Prometheus
from tests.e2e.product import eventually
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1 import market_service_pb2_grpc

FILE = DEPLOY / "grafana" / "dashboards" / "virtuoso.json"
PATHS = (
    *("dashboard", "overview", "confluence", "confluence/BTCUSDT", "movers", "sentiment", "betas", "betas/ETHUSDT"),
    *("signals", "opportunities", "alerts", "symbols", "confluence/BTCUSDT/history", "symbols/BTCUSDT/candles"),
    "confluence/NOSUCHUSDT",  # an error, for the panels of errors
)
# Queries that may have no result while everything works, each with the reason.
SILENT = {
    "virtuoso_invalid_rows_total": "no row is refused",
    "virtuoso_stream_lost_total": "no stream is lost",
    "virtuoso_stream_refused_total": "no streamed message is refused",
    "virtuoso_stream_reconnects_total": "no connection ends",
    'virtuoso_history_calls_total{result="error"}': "no call of the history fails",
    'up{job=~"virtuoso-.*"} == 0': "no process is down",
}
METRIC = re.compile(r"\b(?:virtuoso[_:]|grpc_server_|process_)[\w:]+|\bup\b(?=\{)")

pytestmark = pytest.mark.timeout(180)


def dashboard() -> dict[str, Any]:
    """Return the dashboard's file as JSON."""
    whole: dict[str, Any] = json.loads(FILE.read_text())
    return whole


def queries() -> Iterator[tuple[str, str]]:
    """Yield (title of the panel, expression)."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def rules() -> Iterator[tuple[str, str]]:
    """Yield (name of the rule, expression)."""
    for group in yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule.get("alert") or rule["record"], rule["expr"]


@pytest.fixture(scope="module")
def watched(stack: Stack, prometheus: Prometheus) -> Prometheus:
    """Return Prometheus after it has scraped calls of every kind for some seconds."""
    with grpc.insecure_channel(stack.here("server-2:50051")) as channel:
        stream = market_service_pb2_grpc.MarketServiceStub(channel).WatchDashboard(pb.WatchDashboardRequest())
        next(iter(stream))
        ask(stack)
        prometheus.wait_for('min(count_over_time(up{job=~"virtuoso-.*"}[1m])) > 2')
        ask(stack)
        prometheus.wait_for("virtuoso:hit_ratio:rate5m > 0 and virtuoso:answers:rate5m > 0")
        prometheus.wait_for("sum(virtuoso_streams) > 0")
        stream.cancel()  # type: ignore[no-untyped-call]  # grpc-stubs has no types for it
    return prometheus


def ask(stack: Stack) -> None:
    """Call each RPC as JSON through the edge until it is answered: on a busy machine the history is ready last."""
    for path in PATHS:
        url = f"{stack.url('edge', 8003)}/v1/{path}"
        eventually(partial(status_of, url), lambda status: status in (200, 404), 60, path)


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            status: int = reply.status
    except urllib.error.HTTPError as error:
        return error.code
    return status


def test_grafana_reads_every_field_of_the_dashboard() -> None:
    grafana.register_default_plugins()
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard())))
    assert lost(dashboard(), read) == []


def lost(whole: Any, read: Any, at: str = "") -> list[str]:
    """Return the places where `read` lacks something of `whole`. `read` may have additional default values."""
    if isinstance(whole, dict) and isinstance(read, dict):
        return [
            place
            for key in whole
            for place in (lost(whole[key], read[key], f"{at}/{key}") if key in read else [f"{at}/{key}"])
        ]
    if isinstance(whole, list) and isinstance(read, list) and len(whole) == len(read):
        return [
            place for i, (one, other) in enumerate(zip(whole, read, strict=True)) for place in lost(one, other, f"{at}/{i}")
        ]
    return [] if whole == read else [at]


def test_panels_do_not_overlap_and_each_has_a_unit() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for cell in [
            (x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])
        ]:
            assert taken.setdefault(cell, panel["title"]) == panel["title"], f"{panel['title']} lies on {taken[cell]}"
        assert panel["type"] == "row" or panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_processes_export_every_metric_in_the_queries(stack: Stack, watched: Prometheus) -> None:
    exported = {name for name, _ in rules()} | {"up"}
    for service in ("server-2", "standby"):
        with urllib.request.urlopen(f"{stack.url(service, 8001)}/metrics", timeout=5) as reply:
            for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", reply.read().decode(), re.MULTILINE):
                exported |= {f"{name}_{part}" for part in ("bucket", "count", "sum")} if kind == "histogram" else {name}
    for title, expression in [*queries(), *rules()]:
        assert set(METRIC.findall(expression)) <= exported, title


def test_every_panel_has_data_while_calls_arrive(watched: Prometheus) -> None:
    for _, expression in queries():
        if not any(part in expression for part in SILENT):
            watched.wait_for(expression, 90)  # a collector that was just started stores its first scores within a minute


def test_every_rule_can_be_evaluated_and_no_alert_fires_on_a_healthy_stack(watched: Prometheus) -> None:
    groups = watched.api("rules")["groups"]
    assert sum(len(group["rules"]) for group in groups) == len(list(rules()))
    assert [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"] == []
    # on a busy machine, the condition of an alert may hold for a moment: it is pending then
    assert watched.query('ALERTS{alertstate="firing"}') == []
    for ratio, sound in (("hit_ratio:rate5m", 1), ("fallback_ratio:rate5m", 0), ("empty_ratio:rate5m", 0)):
        assert [float(found["value"][1]) for found in watched.query(f"virtuoso:{ratio}")] == [sound], ratio
    assert watched.query("virtuoso:invalid_ratio:rate5m > 0") == []
