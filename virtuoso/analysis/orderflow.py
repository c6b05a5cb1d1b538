"""Order flow: the trades of the last minutes by taker side, and the moves of price and open interest.

Buying by takers is bullish, because takers pay the spread for immediate execution. Each function takes the context of a
symbol and returns (reading, confidence), or raises NotMeasured.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.components import ContextComponentSpec
from virtuoso.analysis.measurement import NotMeasured, sample_confidence
from virtuoso.analysis.windows import weighted_sum
from virtuoso.domain.inputs import ScoreInput

if TYPE_CHECKING:
    from virtuoso.analysis.symbol_context import SymbolContext, TradeWindow

LARGE_FROM, LARGE_FULL = 3.0, 10.0
"""The sizes, relative to the mean size, at which a trade begins to count as large and counts fully."""


def _delta(window: TradeWindow) -> float:
    """Return (bought - sold) / (bought + sold) of a window, -1..1. Raise NotMeasured when the trades have no size."""
    total = weighted_sum(window.weights, window.sizes)
    if not total > 0:
        raise NotMeasured("the trades have no size")
    return weighted_sum(window.weights * window.sides, window.sizes) / total


def taker_delta(context: SymbolContext) -> tuple[float, float]:
    """Return (bought - sold) / (bought + sold) by takers in the last 5 minutes, in base units: a ratio, -1..1. Older trades
    of the window fade out. Raise NotMeasured with 10 trades or fewer. (Volume delta.)"""
    return _delta(context.trades), context.trades.confidence


def delta_change(context: SymbolContext) -> tuple[float, float]:
    """Return the taker delta of the last minute minus that of the last 5 minutes, -2..2. It is positive when buying gains
    weight. Raise NotMeasured with 10 trades or fewer in the minute. (Own definition.)"""
    recent = context.recent_trades
    return _delta(recent) - _delta(context.trades), recent.confidence * context.trades.covered


def _delta_change_words(context: SymbolContext) -> str:
    """Return whether the side that gains weight leads already, takes the lead, or only loses by less."""
    recent, whole = _delta(context.recent_trades), _delta(context.trades)
    sign = 1 if recent > whole else -1
    gaining, losing = ("buying", "selling")[::sign]
    if sign * recent <= 0:
        return f"{losing} eases"
    return f"{losing} turns to {gaining}" if sign * whole < 0 else f"{gaining} gains weight"


def large_trades(context: SymbolContext) -> tuple[float, float]:
    """Return (buys - sells) / all by number of the large trades of the last 5 minutes, -1..1. A trade begins to count at 3
    times the mean size, and counts fully from 10 times on. So no trade becomes large abruptly, and none outweighs the
    others.

    The confidence is that of the trades, times n / (n + 5), where n is the effective number of large trades. Raise
    NotMeasured without a large trade, and with 10 trades or fewer. (Own definition.)"""
    window = context.trades
    usual = weighted_sum(window.weights, window.sizes) / window.number
    share = (window.sizes / usual - LARGE_FROM) / (LARGE_FULL - LARGE_FROM)
    share = np.minimum(np.maximum(share, 0.0), 1.0)
    weighted = window.weights * share
    total = float(weighted.sum())
    if not total > 0:
        raise NotMeasured("no trade stands out by its size")
    effective = total * total / weighted_sum(weighted, share)
    return weighted_sum(weighted, window.sides) / total, window.confidence * sample_confidence(effective, 5)


def trade_counts(context: SymbolContext) -> tuple[float, float]:
    """Return (buys - sells) / trades by number in the last 5 minutes, -1..1. Small trades count as much as large ones. Raise
    NotMeasured with 10 trades or fewer. (Own definition.)"""
    window = context.trades
    return weighted_sum(window.weights, window.sides) / window.number, window.confidence


def positioning(context: SymbolContext) -> tuple[float, float]:
    """Return p (1 + 0.6 tanh(i)), where p and i are the moves of price and open interest over the last 4 hours, each in its
    own standard deviations; unbounded, mostly -4..4 "deviations".

    A move with new positions counts more than a move in which positions are closed. A price that did not change over the
    4 hours gives a valid reading of 0. Raise NotMeasured without 7 values of open interest and the 5m bars of their hours,
    or when either never moved. (A continuous form of the price and open-interest quadrants of futures traders.)"""
    moves = context.moves
    return moves.price * (1 + 0.6 * math.tanh(moves.open_interest)), moves.confidence


def _positioning_words(context: SymbolContext) -> str:
    moves = context.moves
    price = "price rose" if moves.price > 0 else "price fell"
    if not moves.open_interest:
        return f"{price} with unchanged open interest"
    return f"{price} while open interest {'grew' if moves.open_interest > 0 else 'shrank'}"


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
        inputs=(ScoreInput.TRADES,),
        read=delta_change,
        words=_delta_change_words,
    ),
    ContextComponentSpec(
        name="large_trades",
        weight=0.20,
        unit="ratio",
        scale=0.70,
        bullish="more of the large trades are buys",
        bearish="more of the large trades are sells",
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
        inputs=(ScoreInput.OPEN_INTEREST, ScoreInput.CANDLES_5M),
        read=positioning,
        words=_positioning_words,
    ),
)
