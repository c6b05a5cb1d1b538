"""Order book: resting size on each side and its distance from the price. Sizes are in base units. Distances are log
distances from the geometric mid.

More size on the bid side is bullish, because it takes more volume to move the price down than up. A band is limited by the
depth of the shorter side, so that both sides are compared over the same distance. Sizes fade out at the edge of a band, so
that a level does not enter or leave it abruptly. Each function takes the context of a symbol and returns (reading,
confidence), or raises NotMeasured.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.components import ContextComponentSpec
from virtuoso.analysis.measurement import NotMeasured, freshness, sample_confidence
from virtuoso.analysis.symbol_context import BookSide, SymbolContext, validated_levels
from virtuoso.domain.inputs import ScoreInput

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

FADE_SHARE = 0.25
"""The outer share of a band over which sizes fade to 0."""
EDGE_TOLERANCE = 1e-9
"""The distance from the edge of a band, as a share of the band, within which a level is not counted. Such a level lies on
the edge within rounding."""
FLOW_LEVELS = 5
MAX_BOOK_GAP_MS = 120_000


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


def imbalance(context: SymbolContext, share: float) -> tuple[float, float]:
    """Return (bids - asks) / (bids + asks) of the sizes within a band, -1..1. The band is `share` (0-1) of the depth of the
    shorter side. Sizes fade over its last quarter.

    The confidence is that of the order book, times n / (n + 2), where n is the number of levels in the band on the side
    with fewer levels. Raise NotMeasured when the band ends before the best levels, or contains no size. (Depth imbalance:
    Cao, Hansch, Wang 2009.)"""
    edge = share * context.common_depth
    if edge <= context.half_spread * (1 + 1e-9):
        raise NotMeasured("the band ends before the best levels")
    bids, asks = (_faded_sizes(side, edge) for side in context.book_sides)
    levels = min(_level_count(side, edge) for side in context.book_sides)
    return _balance(float(bids.sum()), float(asks.sum())), context.book_confidence * sample_confidence(levels, 2)


def microprice(context: SymbolContext) -> tuple[float, float]:
    """Return the geometric microprice minus the geometric mid, in half spreads, -1..1: (bid size - ask size) / (bid size +
    ask size) of the best levels. The microprice weights each best price by the size on the other side. It is near the ask
    when the bid is larger. Raise NotMeasured when both sizes are zero. (The weighted mid of Stoikov 2018.)"""
    bids, asks = context.book_sides
    return _balance(float(bids.size[0]), float(asks.size[0])), context.book_confidence


def pressure(context: SymbolContext) -> tuple[float, float]:
    """Return (bids - asks) / (bids + asks), -1..1, where each size has the weight exp(-d / (D / 5 + s)). d is its distance
    beyond the best level, D is the depth of the shorter side, and s is half the spread. Raise NotMeasured when the book
    contains no size. (Own definition.)"""
    scale = context.common_depth / 5 + context.half_spread
    bids, asks = (float(side.size @ np.exp((context.half_spread - side.distance) / scale)) for side in context.book_sides)
    return _balance(bids, asks), context.book_confidence


def slope(context: SymbolContext) -> tuple[float, float]:
    """Return log(b / s), a log ratio, unbounded, mostly -2..2. b is the mean distance from the mid at which half the size of
    the thinner side can be bought. s is the mean distance at which the same amount can be sold.

    The reading is bullish when the asks are thinner, because the price then rises more easily than it falls. It is 0 when
    the best levels alone fill the amount. Raise NotMeasured when a side has a single level or the band contains no size.
    (Own definition.)"""
    edge = context.common_depth
    if edge <= context.half_spread * (1 + 1e-9):
        raise NotMeasured("a side of the order book has a single level")
    bids, asks = (_faded_sizes(side, edge) for side in context.book_sides)
    amount = min(float(bids.sum()), float(asks.sum())) / 2
    if not amount > 0:
        raise NotMeasured("no size within the band")
    sell, buy = (
        _mean_fill_distance(side.distance, sizes, amount)
        for side, sizes in zip(context.book_sides, (bids, asks), strict=True)
    )
    return math.log(buy / sell), context.book_confidence


def _mean_fill_distance(distance: Floats, sizes: Floats, amount: float) -> float:
    """Return the mean distance at which `amount` is filled, from the best level outwards."""
    reached = np.cumsum(sizes) - sizes
    filled = np.minimum(np.maximum(amount - reached, 0.0), sizes)
    return float(filled @ distance) / amount


def order_flow_imbalance(context: SymbolContext) -> tuple[float, float]:
    """Return the order flow imbalance between two order books, a ratio, -2..2. It is the size added to the bids and removed
    from the asks, minus the opposite, over the best 5 levels. The sum is divided by the mean size of those levels in both
    books.

    The confidence is that of the newer book, times a factor of 1 up to 30 s between the books. The factor falls to 0 at
    150 s. Raise NotMeasured without two books, when they have the same time, when they are over 2 minutes apart, or when the
    best levels contain no size. (Cont, Kukanov, Stoikov 2014.)"""
    book, previous = context.inputs.book, context.inputs.previous_book
    if book is None or previous is None:
        raise NotMeasured("needs two order books")
    gap_ms = book.stamp.observed_ms - previous.stamp.observed_ms
    if not 0 < gap_ms <= MAX_BOOK_GAP_MS:
        raise NotMeasured(
            "the two order books have the same time"
            if gap_ms == 0
            else f"the two order books are {gap_ms / 1000:.0f} s apart"
        )
    bids, asks = context.levels
    old_bids, old_asks = validated_levels(previous)
    levels = min(FLOW_LEVELS, len(bids), len(asks), len(old_bids), len(old_asks))
    bids, asks, old_bids, old_asks = (side[:levels] for side in (bids, asks, old_bids, old_asks))
    bid_flow = np.where(bids[:, 0] >= old_bids[:, 0], bids[:, 1], 0.0) - np.where(
        bids[:, 0] <= old_bids[:, 0], old_bids[:, 1], 0.0
    )
    ask_flow = np.where(asks[:, 0] <= old_asks[:, 0], asks[:, 1], 0.0) - np.where(
        asks[:, 0] >= old_asks[:, 0], old_asks[:, 1], 0.0
    )
    usual = float(bids[:, 1].sum() + asks[:, 1].sum() + old_bids[:, 1].sum() + old_asks[:, 1].sum()) / 2
    if not usual > 0:
        raise NotMeasured("no size at the best levels")
    return float((bid_flow - ask_flow).sum()) / usual, context.book_confidence * freshness(gap_ms, 30_000, 150_000)


def _within(share: float) -> Callable[[SymbolContext], tuple[float, float]]:
    return partial(imbalance, share=share)


BOOK = (ScoreInput.ORDER_BOOK,)
COMPONENTS = (
    ContextComponentSpec(
        name="imbalance_near",
        weight=0.17,
        unit="ratio",
        scale=0.65,
        bullish="bids outweigh asks near the price",
        bearish="asks outweigh bids near the price",
        inputs=BOOK,
        read=_within(0.15),
    ),
    ContextComponentSpec(
        name="imbalance_middle",
        weight=0.15,
        unit="ratio",
        scale=0.50,
        bullish="bids outweigh asks around the price",
        bearish="asks outweigh bids around the price",
        inputs=BOOK,
        read=_within(0.4),
    ),
    ContextComponentSpec(
        name="imbalance_wide",
        weight=0.13,
        unit="ratio",
        scale=0.45,
        bullish="bids outweigh asks in the whole book",
        bearish="asks outweigh bids in the whole book",
        inputs=BOOK,
        read=_within(1.0),
    ),
    ContextComponentSpec(
        name="microprice",
        weight=0.13,
        unit="half spreads",
        scale=0.80,
        bullish="the best bid is larger than the best ask",
        bearish="the best ask is larger than the best bid",
        inputs=BOOK,
        read=microprice,
    ),
    ContextComponentSpec(
        name="pressure",
        weight=0.15,
        unit="ratio",
        scale=0.45,
        bullish="bids are larger or closer to the price",
        bearish="asks are larger or closer to the price",
        inputs=BOOK,
        read=pressure,
    ),
    ContextComponentSpec(
        name="slope",
        weight=0.12,
        unit="log ratio",
        scale=0.70,
        bullish="asks are thinner than bids",
        bearish="bids are thinner than asks",
        inputs=BOOK,
        read=slope,
    ),
    ContextComponentSpec(
        name="order_flow_imbalance",
        weight=0.15,
        unit="ratio",
        scale=1.0,
        bullish="orders were added to bids or removed from asks",
        bearish="orders were added to asks or removed from bids",
        inputs=(ScoreInput.ORDER_BOOK, ScoreInput.PREVIOUS_ORDER_BOOK),
        read=order_flow_imbalance,
    ),
)
