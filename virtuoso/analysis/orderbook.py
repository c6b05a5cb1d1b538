"""Order book: who waits, how much, and how near? Sizes in base units, distances in logs from the geometric mid.

More waiting to buy than to sell is bullish: it takes more to push the price down than up. Bands end with the side that
ends first, so that a deep side does not count against a short one, and fade out at their edge, so that a level does not
jump in or out. Each function takes the moment and gives (reading, confidence), or raises Absent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.components import Absent, ContextComponentSpec, freshness, plenty
from virtuoso.analysis.symbol_context import BookSide, SymbolContext, checked
from virtuoso.domain.inputs import ScoreInput

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

FADE = 0.25  # of a band's width
FLOW_LEVELS = 5


def _faded(side: BookSide, edge: float) -> Floats:
    """Sizes within `edge`, whole up to 75 % of the way, then falling to nothing at the edge."""
    kept = (edge - side.distance) / (FADE * edge)
    return side.size * np.minimum(np.maximum(kept, 0.0), 1.0)


def _balance(bid: float, ask: float) -> float:
    """(bid - ask) / (bid + ask). Absent when there is nothing on either side."""
    if not bid + ask > 0:
        raise Absent("no size within the band")
    return (bid - ask) / (bid + ask)


def imbalance(moment: SymbolContext, share: float) -> tuple[float, float]:
    """(bids - asks) / (bids + asks) of the sizes within `share` (0-1) of the reach of the shorter side, -1..1; sizes fade
    over the last quarter of the band. Confidence: the book's, times levels / (levels + 2). Absent when the band ends before
    the best levels, or nothing waits in it. (Depth imbalance: Cao, Hansch, Wang 2009.)"""
    edge = share * moment.reach
    if edge <= moment.half_spread * (1 + 1e-9):
        raise Absent("the band ends before the best levels")
    bids, asks = (_faded(side, edge) for side in moment.ladders)
    levels = min(int(np.count_nonzero(side)) for side in (bids, asks))
    return _balance(float(bids.sum()), float(asks.sum())), moment.book_confidence * plenty(levels, 2)


def microprice(moment: SymbolContext) -> tuple[float, float]:
    """Geometric microprice (best prices weighted by the size opposite) less the geometric mid, in half spreads, -1..1.
    That is (bid size - ask size) / (bid size + ask size) of the best levels: near the ask when the bid is the larger, and
    the next trade likelier up. Absent when both are empty. (The weighted mid of Stoikov 2018.)"""
    bids, asks = moment.ladders
    return _balance(float(bids.size[0]), float(asks.size[0])), moment.book_confidence


def pressure(moment: SymbolContext) -> tuple[float, float]:
    """(bids - asks) / (bids + asks), each level counting exp(-distance beyond the best / (reach / 5 + half spread)), -1..1.
    Absent when nothing waits. (Ours.)"""
    scale = moment.reach / 5 + moment.half_spread
    bids, asks = (float(side.size @ np.exp((moment.half_spread - side.distance) / scale)) for side in moment.ladders)
    return _balance(bids, asks), moment.book_confidence


def slope(moment: SymbolContext) -> tuple[float, float]:
    """log of the mean distance that buying through half of the thinner side would pay, over that of selling as much.
    Bullish when the asks are the thinner: price then rises more easily than it falls. A log ratio, unbounded, mostly -2..2;
    0 where the best levels alone fill it. Absent when a side has a single level. (Ours.)"""
    edge = moment.reach
    if edge <= moment.half_spread * (1 + 1e-9):
        raise Absent("a side of the book has a single level")
    bids, asks = (_faded(side, edge) for side in moment.ladders)
    amount = min(float(bids.sum()), float(asks.sum())) / 2
    if not amount > 0:
        raise Absent("no size within the band")
    sell, buy = (_mean_distance(side.distance, s, amount) for side, s in zip(moment.ladders, (bids, asks), strict=True))
    return math.log(buy / sell), moment.book_confidence


def _mean_distance(distance: Floats, sizes: Floats, amount: float) -> float:
    """Mean distance at which `amount` is filled, walking away from the mid."""
    reached = np.cumsum(sizes) - sizes
    filled = np.minimum(np.maximum(amount - reached, 0.0), sizes)
    return float(filled @ distance) / amount


def order_flow_imbalance(moment: SymbolContext) -> tuple[float, float]:
    """What came to the bids and left the asks between two books, less the opposite (Cont, Kukanov, Stoikov 2014), summed
    over the best 5 levels, over the mean of the sizes waiting there before and now: a ratio, -2..2. Confidence falls from
    30 s between the books to 150 s. Absent without two books, or when they are of one moment or over 2 minutes apart."""
    book, before = moment.inputs.book, moment.inputs.previous_book
    if book is None or before is None:
        raise Absent("needs two order books")
    apart = book.stamp.observed_ms - before.stamp.observed_ms
    if not 0 < apart <= 120_000:
        raise Absent("the two books are of one moment" if apart == 0 else f"the two books are {apart / 1000:.0f} s apart")
    bids, asks = moment.sides
    old_bids, old_asks = checked(before)
    levels = min(FLOW_LEVELS, len(bids), len(asks), len(old_bids), len(old_asks))
    bids, asks, old_bids, old_asks = (side[:levels] for side in (bids, asks, old_bids, old_asks))
    came = np.where(bids[:, 0] >= old_bids[:, 0], bids[:, 1], 0.0) - np.where(
        bids[:, 0] <= old_bids[:, 0], old_bids[:, 1], 0.0
    )
    left = np.where(asks[:, 0] <= old_asks[:, 0], asks[:, 1], 0.0) - np.where(
        asks[:, 0] >= old_asks[:, 0], old_asks[:, 1], 0.0
    )
    usual = float(bids[:, 1].sum() + asks[:, 1].sum() + old_bids[:, 1].sum() + old_asks[:, 1].sum()) / 2
    if not usual > 0:
        raise Absent("no size at the best levels")
    return float((came - left).sum()) / usual, moment.book_confidence * freshness(apart, 30_000, 150_000)


def _within(share: float) -> Callable[[SymbolContext], tuple[float, float]]:
    return partial(imbalance, share=share)


BOOK = (ScoreInput.ORDER_BOOK,)
COMPONENTS = (
    ContextComponentSpec(
        "imbalance_near",
        0.17,
        "ratio",
        0.65,
        "bids outweigh asks near the price",
        "asks outweigh bids near the price",
        inputs=BOOK,
        read=_within(0.15),
    ),
    ContextComponentSpec(
        "imbalance_middle",
        0.15,
        "ratio",
        0.50,
        "bids outweigh asks around the price",
        "asks outweigh bids around the price",
        inputs=BOOK,
        read=_within(0.4),
    ),
    ContextComponentSpec(
        "imbalance_wide",
        0.13,
        "ratio",
        0.45,
        "bids outweigh asks in the whole book",
        "asks outweigh bids in the whole book",
        inputs=BOOK,
        read=_within(1.0),
    ),
    ContextComponentSpec(
        "microprice",
        0.13,
        "half spreads",
        0.80,
        "the best bid is larger than the best ask",
        "the best ask is larger than the best bid",
        inputs=BOOK,
        read=microprice,
    ),
    ContextComponentSpec(
        "pressure",
        0.15,
        "ratio",
        0.45,
        "waiting buyers stand closer and larger",
        "waiting sellers stand closer and larger",
        inputs=BOOK,
        read=pressure,
    ),
    ContextComponentSpec(
        "slope",
        0.12,
        "log ratio",
        0.70,
        "asks thin out faster than bids",
        "bids thin out faster than asks",
        inputs=BOOK,
        read=slope,
    ),
    ContextComponentSpec(
        "order_flow_imbalance",
        0.15,
        "ratio",
        1.0,
        "orders came to the bids and left the asks",
        "orders came to the asks and left the bids",
        inputs=(ScoreInput.ORDER_BOOK, ScoreInput.PREVIOUS_ORDER_BOOK),
        read=order_flow_imbalance,
    ),
)
