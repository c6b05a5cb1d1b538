"""The distribution of scores over a whole recorded market: scores are distinct, rarely at an end, and never a default."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import reduce

import numpy as np
import pytest

from tests.programs import Replay
from tests.unit.analysis.markets import starved
from tests.unit.analysis.test_recorded import read
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.model import Confluence, Dimension, DimensionKind, SymbolInputs
from virtuoso.market_data.universe import UniverseRules

SYMBOLS = 200
MOST_SATURATED = 0.02


@pytest.fixture(scope="module")
def market(replay_server: Replay) -> tuple[list[SymbolInputs], int]:
    """Return two hundred recorded markets at one time, read by the real client, and that time."""
    replay_server.fault("ok")
    return asyncio.run(read(replay_server.url, "bybit", UniverseRules(limit=SYMBOLS)))


@pytest.fixture(scope="module")
def results(market: tuple[list[SymbolInputs], int]) -> list[Confluence]:
    """Return the scores of these markets."""
    inputs, now = market
    return [score_symbol(item, now) for item in inputs]


def dimensions(results: Sequence[Confluence], kind: DimensionKind) -> list[Dimension]:
    return [d for result in results for d in result.dimensions if d.kind is kind and d.score is not None]


def saturated(measured: Sequence[Dimension]) -> float:
    """Return the share of scores at an end of the scale."""
    return sum(d.score is not None and not 1 < d.score < 99 for d in measured) / len(measured)


def test_two_hundred_markets_have_distinct_scores_and_none_is_exactly_fifty(results: list[Confluence]) -> None:
    scores = [result.score for result in results]
    scored = np.array([s for s in scores if s is not None])
    assert len(results) == len(scored) == SYMBOLS
    assert not (scored == 50).any()
    assert len(np.unique(scored.round(6))) == SYMBOLS
    assert scored.std() > 2
    assert ((scored > 1) & (scored < 99)).all()


@pytest.mark.parametrize("kind", DimensionKind, ids=lambda k: k.name)
def test_no_dimension_is_constant_or_at_an_end_for_many(results: list[Confluence], kind: DimensionKind) -> None:
    measured = dimensions(results, kind)
    spread = np.array([d.score for d in measured])
    assert len(measured) >= 0.95 * SYMBOLS
    assert saturated(measured) <= MOST_SATURATED
    assert spread.std() > 3
    assert np.percentile(spread, 95) - np.percentile(spread, 5) > 10
    assert len(np.unique(spread.round(6))) >= 0.95 * len(measured)
    assert min(spread) < 50 < max(spread)


WITHOUT = [("trades",), ("long_short", "funding_history"), ("order_book",)]


@pytest.mark.parametrize("names", WITHOUT, ids="-".join)
def test_while_a_feed_fills_a_dimension_is_at_fifty_only_where_all_that_was_read_is_zero(
    market: tuple[list[SymbolInputs], int], names: tuple[str, ...]
) -> None:
    """A direction of exactly 0 is a measurement when the price equals that of four hours ago: one tick away, the direction
    is almost 0. It must remain a measurement. Any other score of exactly 50 would be a default."""
    inputs, now = market
    results = [score_symbol(reduce(starved, names, item), now) for item in inputs]
    for kind in DimensionKind:
        measured = dimensions(results, kind)
        for d in measured:
            if d.score == 50:
                assert {c.reading for c in d.components if c.direction is not None} == {0.0}
        # a part of the components is more often near an end than their mean
        assert not measured or saturated(measured) <= 3 * MOST_SATURATED, kind
    assert 50 not in [result.score for result in results]
