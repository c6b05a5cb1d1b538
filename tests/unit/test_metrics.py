"""The metrics of a scrape for calls that are counted as plain numbers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from virtuoso.metrics import EndedCalls, RpcMetrics

NAMES = "grpc_server_call_duration_seconds", "grpc_server_call_sent_total_compressed_message_size_bytes"


def scraped(metrics: RpcMetrics) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(metrics)
    lines = (line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_a_histogram_counts_each_call_in_its_bucket_and_all_larger_ones() -> None:
    metrics = RpcMetrics()
    rpc = metrics.rpc("market.Service/Get")
    ok = rpc.ended.setdefault("OK", EndedCalls())
    for seconds in (0.0004, 0.002, 0.0021, 400.0):
        ok.count(seconds, 0, 6_000)
    labels = 'grpc_method="market.Service/Get",grpc_status="OK"'
    found = scraped(metrics)
    buckets = {le: found[f'{NAMES[0]}_bucket{{{labels},le="{le}"}}'] for le in ("0.0005", "0.002", "0.005", "300.0", "+Inf")}
    assert buckets == {"0.0005": 1, "0.002": 2, "0.005": 3, "300.0": 3, "+Inf": 4}  # buckets include their upper bounds
    assert found[f"{NAMES[0]}_count{{{labels}}}"] == 4
    assert found[f"{NAMES[0]}_sum{{{labels}}}"] == 0.0004 + 0.002 + 0.0021 + 400.0
    assert found[f"{NAMES[1]}_sum{{{labels}}}"] == 24_000


def test_an_open_call_is_counted_only_as_started() -> None:
    metrics = RpcMetrics()
    rpc = metrics.rpc("market.Service/Watch")
    rpc.started += 1
    found = scraped(metrics)
    assert found == {'grpc_server_call_started_total{grpc_method="market.Service/Watch"}': 1}


def test_calls_of_one_rpc_are_counted_by_code() -> None:
    metrics = RpcMetrics()
    rpc = metrics.rpc("market.Service/Get")
    assert metrics.rpc("market.Service/Get") is rpc
    for code in ("OK", "NOT_FOUND", "NOT_FOUND"):
        rpc.ended.setdefault(code, EndedCalls()).count(0.001, 0, 0)
    found = scraped(metrics)
    counts = {
        code: found[f'{NAMES[0]}_count{{grpc_method="market.Service/Get",grpc_status="{code}"}}'] for code in rpc.ended
    }
    assert counts == {"OK": 1, "NOT_FOUND": 2}
