"""The numbers of GetConfluence for real recorded markets can be recomputed from the reply alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pytest

from tests.e2e.product import Product, eventually
from tests.programs import Replay
from virtuoso.market.v1 import confluence_pb2
from virtuoso.market.v1 import market_service_pb2 as pb

pytestmark = pytest.mark.timeout(300)
EXACT = 1e-9
Component = confluence_pb2.Component


@pytest.fixture(scope="module")
def node(replay_server: Replay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Run a collector and a server on the recorded exchanges."""
    replay_server.fault("ok")
    product = Product(tmp_path_factory.mktemp("adding-up"), replay_server.url, symbol_limit="40", environment="REPLAY")
    product.start("collect")
    product.start("serve")
    product.wait_ready()
    yield product
    product.close()


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
