"""Order book: resting size on each side and its distance from the price. Sizes are in base units. Distances are log
distances from the geometric mid.

More size on the bid side is bullish, because it takes more volume to move the price down than up. A band is limited by the
depth of the shorter side, so that both sides are compared over the same distance. Sizes fade out at the edge of a band, so
that a level does not enter or leave it abruptly. Most functions read one order book and return (reading, quality), or raise
NotMeasured. The reading of a component is their mean over time, see `book_means`.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.book_view import BookSide, BookView
from virtuoso.analysis.components import BookComponentSpec, ContextComponentSpec
from virtuoso.analysis.measurement import NotMeasured, freshness, sample_confidence
from virtuoso.analysis.windows import covered_share, fade_weights, first_within
from virtuoso.domain.inputs import ScoreInput

if TYPE_CHECKING:
    from virtuoso.analysis.symbol_context import SymbolContext
    from virtuoso.domain.model import Floats

FADE_SHARE = 0.25
"""The outer share of a band over which sizes fade to 0."""
EDGE_TOLERANCE = 1e-9
"""The distance from the edge of a band, as a share of the band, within which a level is not counted. Such a level lies on
the edge within rounding."""


def _faded_sizes(side: BookSide, edge: float) -> Floats:
    """Return the sizes within `edge`. They are full up to 75 % of `edge` and then fall linearly to 0 at the edge."""
    share = (edge - side.distance) / (FADE_SHARE * edge)
    return side.size * np.minimum(np.maximum(share, 0.0), 1.0)


def _level_count(side: BookSide, edge: float) -> int:
    """Return the number of levels with a size within `edge`."""
    return int(np.count_nonzero(side.size[: side.distance.searchsorted(edge * (1 - EDGE_TOLERANCE))]))


def _balance(bid: float, ask: float) -> float:
    """Return (bid - ask) / (bid + ask), -1..1. Raise NotMeasured when both are zero."""
    if not bid + ask > 0:
        raise NotMeasured("no size within the band")
    return (bid - ask) / (bid + ask)


def _check_levels(book: BookView) -> None:
    """Raise NotMeasured when the best levels are not known."""
    if book.banded:
        raise NotMeasured("only the sizes within bands of the price are known")


def imbalance(book: BookView, share: float) -> tuple[float, float]:
    """Return (bids - asks) / (bids + asks) of the sizes within a band, -1..1. The band is `share` (0-1) of the depth of the
    shorter side. Sizes fade over its last quarter.

    The quality is n / (n + 2), where n is the number of levels in the band on the side with fewer levels. Raise NotMeasured
    when the band ends before the best levels, or contains no size. (Depth imbalance: Cao, Hansch, Wang 2009.)"""
    edge = share * book.common_depth
    if edge <= book.half_spread * (1 + 1e-9):
        raise NotMeasured("the band ends before the best levels")
    bids, asks = (_faded_sizes(side, edge) for side in book.sides)
    levels = min(_level_count(side, edge) for side in book.sides)
    return _balance(float(bids.sum()), float(asks.sum())), sample_confidence(levels, 2)


def microprice(book: BookView) -> tuple[float, float]:
    """Return the geometric microprice minus the geometric mid, in half spreads, -1..1: (bid size - ask size) / (bid size +
    ask size) of the best levels. The microprice weights each best price by the size on the other side. It is near the ask
    when the bid is larger. Raise NotMeasured when both sizes are zero. (The weighted mid of Stoikov 2018.)"""
    _check_levels(book)
    return _balance(float(book.bids.size[0]), float(book.asks.size[0])), 1.0


def pressure(book: BookView) -> tuple[float, float]:
    """Return (bids - asks) / (bids + asks), -1..1, where each size has the weight exp(-d / (D / 5 + s)). d is its distance
    beyond the best level, D is the depth of the shorter side, and s is half the spread. Raise NotMeasured when the book
    contains no size. (Own definition.)"""
    _check_levels(book)
    scale = book.common_depth / 5 + book.half_spread
    bids, asks = (float(side.size @ np.exp((book.half_spread - side.distance) / scale)) for side in book.sides)
    return _balance(bids, asks), 1.0


def slope(book: BookView) -> tuple[float, float]:
    """Return log(b / s), a log ratio, unbounded, mostly -2..2. b is the mean distance from the mid at which half the size of
    the thinner side can be bought. s is the mean distance at which the same amount can be sold.

    The reading is bullish when the asks are thinner, because the price then rises more easily than it falls. It is 0 when
    the best levels alone fill the amount. Raise NotMeasured when a side has a single level or the band contains no size.
    (Own definition.)"""
    _check_levels(book)
    edge = book.common_depth
    if edge <= book.half_spread * (1 + 1e-9):
        raise NotMeasured("a side of the order book has a single level")
    bids, asks = (_faded_sizes(side, edge) for side in book.sides)
    amount = min(float(bids.sum()), float(asks.sum())) / 2
    if not amount > 0:
        raise NotMeasured("no size within the band")
    sell, buy = (
        _mean_fill_distance(side.distance, sizes, amount) for side, sizes in zip(book.sides, (bids, asks), strict=True)
    )
    return math.log(buy / sell), 1.0


def _mean_fill_distance(distance: Floats, sizes: Floats, amount: float) -> float:
    """Return the mean distance at which `amount` is filled, from the best level outwards."""
    reached = np.cumsum(sizes) - sizes
    filled = np.minimum(np.maximum(amount - reached, 0.0), sizes)
    return float(filled @ distance) / amount


def order_flow_imbalance(context: SymbolContext, window_ms: int) -> tuple[float, float]:
    """Return the order flow imbalance of the window: sum(w f) / sqrt(d^2 + sum((w f)^2)), "deviations", mostly -4..4. f is
    the size that was added to the best bid and removed from the best ask, minus the opposite, in each second. w is the
    weight of a second, which fades in the oldest quarter of the window. d is the mean size of the best levels.

    Changes of random sign give a deviation of 1, however busy the market is. While less than d changes, d is the measure.

    Sizes are compared at equal prices. Where the best price itself changed, the whole size counts as added or removed. The
    confidence is that of the order book, times the freshness of the changes (1 up to 15 s, 0 from 60 s on), times the share
    of the window in which no change is missing. Without a change the reading is 0. (Cont, Kukanov, Stoikov 2014.)"""
    flow = context.inputs.book_flow
    if flow is None:
        raise NotMeasured("no changes of the order book")
    end_ms = flow.stamp.observed_ms
    recent = slice(first_within(flow.time_ms, end_ms, window_ms), None)
    weights = fade_weights(flow.time_ms[recent], end_ms, window_ms)
    total = float(weights.sum())
    depth = float(weights @ flow.depth[recent]) / total if total > 0 else 1.0
    changes = weights * flow.flow[recent]
    reading = float(changes.sum()) / math.sqrt(depth * depth + float(changes @ changes))
    fresh = freshness(context.now_ms - end_ms, 15_000, 60_000)
    return reading, context.book_confidence * fresh * covered_share(flow.complete_since_ms, end_ms, window_ms)


BOOK_COMPONENTS = (
    BookComponentSpec(
        name="imbalance_near",
        weight=0.17,
        unit="ratio",
        scale=0.65,
        bullish="bids outweigh asks near the price",
        bearish="asks outweigh bids near the price",
        read=partial(imbalance, share=0.15),
    ),
    BookComponentSpec(
        name="imbalance_middle",
        weight=0.15,
        unit="ratio",
        scale=0.50,
        bullish="bids outweigh asks at a medium distance",
        bearish="asks outweigh bids at a medium distance",
        read=partial(imbalance, share=0.4),
    ),
    BookComponentSpec(
        name="imbalance_wide",
        weight=0.13,
        unit="ratio",
        scale=0.45,
        bullish="bids outweigh asks in the whole book",
        bearish="asks outweigh bids in the whole book",
        read=partial(imbalance, share=1.0),
    ),
    BookComponentSpec(
        name="microprice",
        weight=0.13,
        unit="half spreads",
        scale=0.80,
        bullish="the best bid is larger than the best ask",
        bearish="the best ask is larger than the best bid",
        read=microprice,
    ),
    BookComponentSpec(
        name="pressure",
        weight=0.15,
        unit="ratio",
        scale=0.45,
        bullish="bids outweigh asks, the nearest counting most",
        bearish="asks outweigh bids, the nearest counting most",
        read=pressure,
    ),
    BookComponentSpec(
        name="slope",
        weight=0.12,
        unit="log ratio",
        scale=0.70,
        bullish="buying moves the price farther than selling",
        bearish="selling moves the price farther than buying",
        read=slope,
    ),
)
COMPONENTS: tuple[BookComponentSpec | ContextComponentSpec, ...] = (
    *BOOK_COMPONENTS,
    ContextComponentSpec(
        name="order_flow_imbalance",
        weight=0.10,
        unit="deviations",
        scale=3.0,
        bullish="orders at the best prices shifted to the bids",
        bearish="orders at the best prices shifted to the asks",
        inputs=(ScoreInput.ORDER_BOOK, ScoreInput.BOOK_FLOW),
        read=lambda context: order_flow_imbalance(context, context.windows.book_flow_ms),
    ),
    ContextComponentSpec(
        name="recent_order_flow",
        weight=0.05,
        unit="deviations",
        scale=3.0,
        bullish="orders at the best prices just shifted to the bids",
        bearish="orders at the best prices just shifted to the asks",
        inputs=(ScoreInput.ORDER_BOOK, ScoreInput.BOOK_FLOW),
        read=lambda context: order_flow_imbalance(context, context.windows.recent_book_flow_ms),
    ),
)
