"""Order flow: the newest trades by taker side, and the moves of price and open interest.

Buying by takers is bullish, because takers pay the spread for immediate execution. Each function takes the context of a
symbol and returns (reading, confidence), or raises NotMeasured.
"""

from __future__ import annotations

import math

import numpy as np

from virtuoso.analysis.components import ContextComponentSpec
from virtuoso.analysis.measurement import NotMeasured, sample_confidence
from virtuoso.analysis.symbol_context import SymbolContext
from virtuoso.domain.inputs import ScoreInput


def _share(signed: float, total: float) -> float:
    """Return signed / total, -1..1. Raise NotMeasured when the total is zero."""
    if not total > 0:
        raise NotMeasured("the trades have no size")
    return signed / total


def taker_delta(context: SymbolContext) -> tuple[float, float]:
    """Return (bought - sold) / (bought + sold) by takers, in base units: a ratio, -1..1. Raise NotMeasured with fewer than
    20 trades. (Volume delta.)"""
    signed = context.signed_sizes
    return _share(float(signed.sum()), float(context.sizes.sum())), context.trades_confidence


def delta_change(context: SymbolContext) -> tuple[float, float]:
    """Return the taker delta of the newer half of the trades (by number) minus that of the older half, -2..2. It is positive
    when buying accelerates. Raise NotMeasured with fewer than 20 trades. (Own definition.)"""
    signed = context.signed_sizes
    middle = len(signed) // 2
    older, newer = (_share(float(half.sum()), float(np.abs(half).sum())) for half in (signed[:middle], signed[middle:]))
    return newer - older, context.trades_confidence


def large_trades(context: SymbolContext) -> tuple[float, float]:
    """Return the taker delta of the largest tenth of the trades by size (at least 5 trades), -1..1. Trades that are as large
    as the smallest of these also count. Raise NotMeasured when more than half of all trades are that large, and with fewer
    than 20 trades. (Own definition.)"""
    signed = context.signed_sizes
    sizes = context.sizes
    rank = len(sizes) - max(5, len(sizes) // 10)
    large = signed[sizes >= np.partition(sizes, rank)[rank]]
    if len(large) > len(sizes) / 2:
        raise NotMeasured("no trade stands out by its size")
    confidence = context.trades_confidence * sample_confidence(len(large), 10)
    return _share(float(large.sum()), float(np.abs(large).sum())), confidence


def trade_counts(context: SymbolContext) -> tuple[float, float]:
    """Return (buys - sells) / trades by number, -1..1. Small trades count as much as large ones. Raise NotMeasured with
    fewer than 20 trades. (Own definition.)"""
    signs = np.sign(context.signed_sizes)
    return float(signs.sum()) / len(signs), context.trades_confidence


def positioning(context: SymbolContext) -> tuple[float, float]:
    """Return p (1 + 0.6 tanh(i)), where p and i are the moves of price and open interest over the last 4 hours, each in its
    own standard deviations; unbounded, mostly -4..4 "deviations".

    A move with new positions counts more than a move in which positions are closed. A price that did not change over the
    4 hours gives a valid reading of 0. Raise NotMeasured without 7 values of open interest and the 5m bars of their hours,
    or when either never moved. (A continuous form of the price and open-interest quadrants of futures traders.)"""
    moves = context.moves
    return moves.price * (1 + 0.6 * math.tanh(moves.open_interest)), moves.confidence


COMPONENTS = (
    ContextComponentSpec(
        name="taker_delta",
        weight=0.30,
        unit="ratio",
        scale=0.60,
        bullish="takers buy more than they sell",
        bearish="takers sell more than they buy",
        inputs=(ScoreInput.TRADES,),
        read=taker_delta,
    ),
    ContextComponentSpec(
        name="delta_change",
        weight=0.15,
        unit="ratio",
        scale=0.80,
        bullish="buying accelerates",
        bearish="selling accelerates",
        inputs=(ScoreInput.TRADES,),
        read=delta_change,
    ),
    ContextComponentSpec(
        name="large_trades",
        weight=0.20,
        unit="ratio",
        scale=0.70,
        bullish="the large trades are buys",
        bearish="the large trades are sells",
        inputs=(ScoreInput.TRADES,),
        read=large_trades,
    ),
    ContextComponentSpec(
        name="trade_counts",
        weight=0.15,
        unit="ratio",
        scale=0.55,
        bullish="most trades are buys",
        bearish="most trades are sells",
        inputs=(ScoreInput.TRADES,),
        read=trade_counts,
    ),
    ContextComponentSpec(
        name="positioning",
        weight=0.20,
        unit="deviations",
        scale=2.4,
        bullish="price rose, weighted by open interest",
        bearish="price fell, weighted by open interest",
        inputs=(ScoreInput.OPEN_INTEREST, ScoreInput.CANDLES_5M),
        read=positioning,
    ),
)
