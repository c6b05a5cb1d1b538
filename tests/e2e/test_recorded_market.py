"""A node on recorded traffic. Every number is compared with the reply of the exchange itself. The numbers of GetConfluence
can be recomputed from the reply alone."""

from __future__ import annotations

import itertools
import math
import signal
import time
from collections.abc import Iterator, Sequence

import grpc
import pytest

from tests.e2e.product import Product, eventually
from tests.programs import Market
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1 import provenance_pb2 as provenance

pytestmark = pytest.mark.timeout(300)
EXACT = 1e-9


@pytest.fixture(scope="module")
def node(replay_server: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    replay_server.fault("ok")
    product = Product(tmp_path_factory.mktemp("steady"), replay_server.url, symbol_limit="50")
    product.start("up")
    product.wait_ready()
    # a busy machine may serve its first snapshot before all inputs have arrived
    eventually(lambda: product.provenance().coverage.present, lambda scored: scored >= 45, 40, "symbols scored")
    yield product
    product.close()


def exchange_tickers(replay: Market) -> dict[str, dict[str, str]]:
    rows = replay.get("/v5/market/tickers?category=linear")["result"]["list"]
    return {row["symbol"]: row for row in rows}


def test_the_dashboard_agrees_with_the_exchange(node: Product, replay: Market) -> None:
    reply, truth = node.dashboard(), exchange_tickers(replay)
    assert len(reply.rows) == 50
    assert sum(row.HasField("score") for row in reply.rows) >= 45
    for row in reply.rows:
        said = truth[row.symbol]
        assert row.price == pytest.approx(float(said["lastPrice"]), rel=0.01)
        assert row.turnover_24h_usd == pytest.approx(float(said["turnover24h"]), rel=0.01)
        assert row.change_24h_percent == pytest.approx(float(said["price24hPcnt"]) * 100, abs=1.0)
    perpetuals = {name: row for name, row in truth.items() if name.endswith("USDT")}
    largest = sorted(perpetuals, key=lambda name: -float(perpetuals[name]["turnover24h"]))[:45]
    assert set(largest) <= {row.symbol for row in reply.rows}
    assert len(reply.SerializeToString()) < 20_000


def test_provenance_has_the_true_source_and_age(node: Product) -> None:
    said = node.provenance()
    now = time.time()
    assert said.venue == "bybit"
    assert said.environment == provenance.ENVIRONMENT_REPLAY
    assert said.path == provenance.PATH_SNAPSHOT
    assert not said.stale
    assert now - 30 < said.observed_time.seconds <= now + 1
    assert said.observed_time.seconds <= said.computed_time.seconds + 1
    assert now - 120 < said.oldest_input_time.seconds <= said.observed_time.seconds
    assert said.coverage.expected == 50


def test_all_six_dimensions_are_measured_for_most_symbols(node: Product) -> None:
    rows = node.dashboard().rows
    for name in ("technical", "volume", "orderflow", "orderbook", "price_structure", "sentiment"):
        measured = [getattr(row, name) for row in rows if row.HasField(name)]
        assert len(measured) >= 45, name
        assert len({round(value, 6) for value in measured}) > 40, name


def complete_detail(node: Product, symbol: str) -> pb.GetConfluenceResponse:
    """Return the detail of a symbol when at least three components of each dimension are measured."""
    reply: pb.GetConfluenceResponse = eventually(
        lambda: node.stub.GetConfluence(pb.GetConfluenceRequest(symbol=symbol), timeout=2),
        lambda one: all(sum(c.HasField("direction") for c in d.components) >= 3 for d in one.dimensions),
        40,
        f"three components of each dimension of {symbol}",
    )
    return reply


def test_a_score_can_be_recomputed_from_the_reply_alone(node: Product) -> None:
    for row in node.dashboard().rows[:10]:
        reply = complete_detail(node, row.symbol)
        assert len(reply.dimensions) == 6
        assert reply.score == pytest.approx(50 + sum(d.contribution for d in reply.dimensions), abs=1e-9)
        for dimension in reply.dimensions:
            assert dimension.score == pytest.approx(50 + sum(c.contribution for c in dimension.components), abs=1e-9)
            assert dimension.HasField("observed_time")


def test_movers_cover_the_whole_venue(node: Product, replay: Market) -> None:
    reply, truth = node.stub.ListMovers(pb.ListMoversRequest(), timeout=2), exchange_tickers(replay)
    floor = {
        name: float(row["price24hPcnt"]) * 100
        for name, row in truth.items()
        if name.endswith("USDT") and float(row["turnover24h"]) > 510_000
    }
    best = max(floor, key=lambda name: floor[name])
    assert best in {mover.symbol for mover in reply.gainers[:3]}
    assert all(mover.change_24h_percent > 0 for mover in reply.gainers)
    assert all(mover.change_24h_percent < 0 for mover in reply.losers)
    assert any(not mover.tracked for mover in [*reply.gainers, *reply.losers])


def test_candles_equal_the_closed_bars_of_the_exchange(node: Product, replay: Market) -> None:
    reply = node.stub.ListCandles(pb.ListCandlesRequest(symbol="ETHUSDT", page_size=100), timeout=2)
    said = replay.get("/v5/market/kline?category=linear&symbol=ETHUSDT&interval=5&limit=200")["result"]["list"]
    bars = {int(row[0]) // 1000: [float(value) for value in row[1:6]] for row in said}
    assert len(reply.candles) == 100
    for bar in reply.candles[:-1]:
        assert [bar.open, bar.high, bar.low, bar.close, bar.volume] == bars[bar.open_time.seconds]
    assert reply.candles[-1].open_time.seconds + 300 <= time.time() + 1


def test_symbols_and_overview_describe_the_venue(node: Product, replay: Market) -> None:
    listed = node.stub.ListSymbols(pb.ListSymbolsRequest(), timeout=2)
    assert [item.rank for item in listed.symbols] == list(range(1, 51))
    market = node.stub.GetOverview(pb.GetOverviewRequest(), timeout=2).overview
    assert market.HasField("regime")
    whole = [name for name in exchange_tickers(replay) if name.endswith("USDT")]
    assert market.breadth.up + market.breadth.down + market.breadth.flat >= 0.9 * len(whole) > 50
    assert 0 < market.btc_dominance_percent < 100
    assert market.total_turnover_24h_usd > 1e9
    assert market.volatility_percent > 0


def test_the_error_distinguishes_untracked_and_unknown_symbols(node: Product, replay: Market) -> None:
    tracked = {row.symbol for row in node.dashboard().rows}
    other = next(name for name, row in exchange_tickers(replay).items() if name.endswith("USDT") and name not in tracked)
    for symbol, reason in ((other, "SYMBOL_NOT_TRACKED"), ("NOSUCHUSDT", "SYMBOL_NOT_FOUND")):
        with pytest.raises(grpc.RpcError) as refused:
            node.stub.GetConfluence(pb.GetConfluenceRequest(symbol=symbol), timeout=2)
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        assert reason in str(refused.value.trailing_metadata())


def test_a_stream_begins_immediately_and_continues(node: Product) -> None:
    stream = node.stub.WatchDashboard(pb.WatchDashboardRequest(), timeout=30)
    first, second = itertools.islice(stream, 2)
    assert len(first.snapshot.rows) == 50
    assert second.WhichOneof("event") in ("delta", "heartbeat")
    assert second.resume_token


def test_the_monitor_port_has_health_and_metrics(node: Product) -> None:
    assert node.http("/healthz") == (200, '{"status":"SERVING"}\n')
    assert node.http("/healthz?service=confluence")[0] == 200
    assert node.http("/healthz?service=nonsense")[0] == 404
    assert node.http("/livez")[0] == 200
    assert node.http("/readyz")[0] == 200
    metrics = node.http("/metrics")[1]
    assert "virtuoso_snapshot_age_seconds" in metrics
    assert "virtuoso_contaminated_rows_total 0.0" in metrics
    assert "virtuoso_invalid_rows_total{" not in metrics, "good data loses no row"


@pytest.fixture(scope="module")
def replies(node: Product) -> Sequence[pb.GetConfluenceResponse]:
    """Return the reply for each symbol, once most symbols have all their inputs."""

    def measured() -> int:
        return sum(row.HasField("technical") and row.HasField("sentiment") for row in node.dashboard().rows)

    eventually(measured, lambda count: count >= 30, 40, "symbols with all inputs")
    symbols = [row.symbol for row in node.dashboard().rows]
    found = [node.stub.GetConfluence(pb.GetConfluenceRequest(symbol=symbol), timeout=2) for symbol in symbols]
    assert sum(reply.HasField("score") for reply in found) >= 30
    return found


def mean(parts: Sequence[tuple[float, float, float]]) -> float:
    """Return the mean of the directions of (weight, confidence, direction), weighted by weight x confidence."""
    strength = math.fsum(weight * confidence for weight, confidence, _ in parts)
    return math.fsum(weight * confidence * direction for weight, confidence, direction in parts) / strength


def test_the_contributions_of_the_dimensions_add_up_to_the_score(replies: Sequence[pb.GetConfluenceResponse]) -> None:
    for reply in replies:
        contributions = [dimension.contribution for dimension in reply.dimensions]
        if reply.HasField("score"):
            assert abs(50 + math.fsum(contributions) - reply.score) < EXACT, reply.symbol
        else:
            assert not any(contributions), reply.symbol


def test_the_contributions_of_the_components_add_up_to_their_dimension(
    replies: Sequence[pb.GetConfluenceResponse],
) -> None:
    for reply in replies:
        for dimension in reply.dimensions:
            contributions = [component.contribution for component in dimension.components]
            if dimension.HasField("score"):
                assert abs(50 + math.fsum(contributions) - dimension.score) < EXACT, (reply.symbol, dimension.kind)
            else:
                assert not any(contributions), (reply.symbol, dimension.kind)


def test_each_contribution_follows_from_direction_weight_and_confidence(
    replies: Sequence[pb.GetConfluenceResponse],
) -> None:
    for reply in replies:
        there = [d for d in reply.dimensions if d.HasField("direction")]
        if reply.HasField("score"):
            strength = math.fsum(d.weight * d.confidence for d in there)
            for d in there:
                points = 50 * d.weight * d.confidence * d.direction / strength
                assert abs(points - d.instant_contribution) < EXACT, (reply.symbol, d.kind)
        for d in there:
            parts = [(c.weight, c.confidence, c.direction) for c in d.components if c.HasField("direction")]
            assert abs(mean(parts) - d.direction) < EXACT, (reply.symbol, d.kind)
            assert abs(50 + 50 * d.direction - d.score) < EXACT, (reply.symbol, d.kind)


def test_weights_add_up_to_one_and_coverage_is_the_measured_weight(replies: Sequence[pb.GetConfluenceResponse]) -> None:
    for reply in replies:
        assert abs(math.fsum(d.weight for d in reply.dimensions) - 1) < EXACT
        assert abs(math.fsum(d.weight * d.coverage for d in reply.dimensions) - reply.coverage) < EXACT, reply.symbol
        for d in reply.dimensions:
            assert abs(math.fsum(c.weight for c in d.components) - 1) < EXACT, (reply.symbol, d.kind)
            measured = math.fsum(c.weight for c in d.components if c.HasField("direction"))
            assert abs(measured - d.coverage) < EXACT, (reply.symbol, d.kind)


def test_every_component_has_a_reading_or_the_reason_why_it_is_missing(replies: Sequence[pb.GetConfluenceResponse]) -> None:
    seen: set[str] = set()
    for reply in replies:
        for d in reply.dimensions:
            assert d.sentence
            for c in d.components:
                present = c.HasField("direction"), c.HasField("reading"), not c.missing
                assert present in {(True, True, True), (False, False, False)}, (reply.symbol, c.name, present)
                seen |= {c.name} if c.unit else set()
    assert len(seen) > 5


def test_the_strongest_components_are_first(replies: Sequence[pb.GetConfluenceResponse]) -> None:
    for reply in replies:
        points = {d.kind: abs(d.contribution) for d in reply.dimensions}
        strengths = [points[kind] for kind in reply.drivers]
        assert strengths == sorted(strengths, reverse=True)
        for d in reply.dimensions:
            by_strength = [abs(c.contribution) for c in d.components if c.HasField("direction")]
            assert by_strength == sorted(by_strength, reverse=True)


def test_every_reply_has_the_model_version(node: Product, replies: Sequence[pb.GetConfluenceResponse]) -> None:
    versions = {node.provenance().model_version, *(reply.provenance.model_version for reply in replies)}
    assert len(versions) == 1
    assert versions.pop()


def test_the_contributions_of_the_parts_add_up_to_the_gauge(node: Product) -> None:
    sentiment = node.stub.GetSentiment(pb.GetSentimentRequest(), timeout=2).sentiment
    assert sentiment.HasField("gauge")
    assert abs(50 + math.fsum(part.contribution for part in sentiment.parts) - sentiment.gauge) < EXACT
    parts = [(part.weight, part.confidence, part.direction) for part in sentiment.parts if part.HasField("direction")]
    assert abs(50 + 50 * mean(parts) - sentiment.gauge) < EXACT


def test_sigterm_ends_all_processes_with_0(node: Product) -> None:
    up = node.processes[0]
    children = [*node.children(up, "serve"), *node.children(up, "collect")]
    assert len(children) == 3
    up.send_signal(signal.SIGTERM)
    assert up.wait(20) == 0
    assert node.children(up, "") == []
