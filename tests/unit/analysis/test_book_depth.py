"""The depth of an order book is the value of its levels, counted on both sides up to the same distance."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from tests.unit.analysis.markets import Shape, inputs, shapes
from virtuoso.analysis.book_depth import STEPS, book_depth
from virtuoso.domain.model import OrderBook, Stamp

STAMP = Stamp(observed_ms=1_760_000_000_000, received_ms=1_760_000_000_100)


def test_the_depth_of_a_book_by_hand() -> None:
    bids, asks = np.array([[99.0, 2.0], [95.0, 1.0], [80.0, 9.0]]), np.array([[101.0, 1.0], [110.0, 3.0]])
    depth = book_depth(OrderBook(symbol="BTCUSDT", bids=bids, asks=asks, stamp=STAMP))
    assert depth is not None
    assert (depth.best_bid, depth.best_ask, depth.distance) == (99.0, 101.0, 10.0)
    assert depth.bids_usd == (0.0, *[198.0] * 8, *[293.0] * 11)  # the bid at 80 is farther than any ask
    assert depth.asks_usd == (0.0, *[101.0] * 18, 431.0)
    assert depth.observed_ms == STAMP.observed_ms


@given(shapes())
def test_values_never_fall_and_their_last_is_that_of_all_levels_within_the_distance(shape: Shape) -> None:
    found = inputs(shape).book
    assert found is not None
    depth = book_depth(found)
    assert depth is not None
    assert depth.best_bid < depth.best_ask
    middle = (depth.best_bid + depth.best_ask) / 2
    for levels, values in ((found.bids, depth.bids_usd), (found.asks, depth.asks_usd)):
        assert len(values) == STEPS
        assert all(a <= b for a, b in pairwise(values))
        within = levels[abs(levels[:, 0] - middle) <= depth.distance * (1 + 1e-6)]
        assert values[-1] == pytest.approx(float((within[:, 0] * within[:, 1]).sum()))
    assert depth.distance == min(middle - found.bids[-1, 0], found.asks[-1, 0] - middle)


def test_a_book_of_bands_has_no_depth() -> None:
    found = inputs(Shape("walk", 1, 27.1)).book
    assert found is not None
    assert book_depth(replace(found, banded=True)) is None
