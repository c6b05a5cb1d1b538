"""Order flow: who is in a hurry? The newest trades by the side that crossed the spread, and what open interest says of them.

Buying by takers is bullish: they pay the spread to be in now. Each function takes the moment and gives (reading,
confidence), or raises Absent.
"""

from __future__ import annotations

import math

import numpy as np

from virtuoso.analysis.components import Absent, ContextComponentSpec, plenty
from virtuoso.analysis.symbol_context import SymbolContext
from virtuoso.domain.inputs import ScoreInput


def _share(signed: float, total: float) -> float:
    """Part of the total, -1..1. Absent when there is no size."""
    if not total > 0:
        raise Absent("the trades have no size")
    return signed / total


def taker_delta(moment: SymbolContext) -> tuple[float, float]:
    """(bought - sold) / (bought + sold) by takers, of sizes in base units: a ratio, -1..1. Absent with fewer than 20 trades.
    (Volume delta.)"""
    signed = moment.signed_sizes
    return _share(float(signed.sum()), float(moment.sizes.sum())), moment.trades_confidence


def delta_change(moment: SymbolContext) -> tuple[float, float]:
    """Taker delta of the newer half of the trades (by number) less that of the older half, -2..2: is buying speeding up?
    Absent with fewer than 20 trades. (Ours.)"""
    signed = moment.signed_sizes
    middle = len(signed) // 2
    older, newer = (_share(float(h.sum()), float(np.abs(h).sum())) for h in (signed[:middle], signed[middle:]))
    return newer - older, moment.trades_confidence


def large_trades(moment: SymbolContext) -> tuple[float, float]:
    """Taker delta of the largest tenth of the trades by size (and all as large as the smallest of these), -1..1. Absent
    when none stands out (more than half of all trades are that large), and with fewer than 20 trades. (Ours.)"""
    signed = moment.signed_sizes
    sizes = moment.sizes
    rank = len(sizes) - max(5, len(sizes) // 10)
    large = signed[sizes >= np.partition(sizes, rank)[rank]]
    if len(large) > len(sizes) / 2:
        raise Absent("no trade stands out by its size")
    return _share(float(large.sum()), float(np.abs(large).sum())), moment.trades_confidence * plenty(len(large), 10)


def trade_counts(moment: SymbolContext) -> tuple[float, float]:
    """(buys - sells) / trades by number, -1..1: the many small ones. Absent with fewer than 20 trades. (Ours.)"""
    signs = np.sign(moment.signed_sizes)
    return float(signs.sum()) / len(signs), moment.trades_confidence


def positioning(moment: SymbolContext) -> tuple[float, float]:
    """Price move of the last 4 hours in its own standard deviations, times 1 + 0.6 tanh(the same of open interest). A
    rise with new positions counts for more than one of shorts that cover, a fall for more than one of longs that leave.
    "Deviations", unbounded, mostly -4..4; 0 where the price stands where it stood, which is a reading. Absent without 7
    values of open interest and the 5m bars of their hours, or when either never moved. (The quadrants of price and open
    interest, as futures traders read them, without their edges.)"""
    moves = moment.moves
    return moves.price * (1 + 0.6 * math.tanh(moves.open_interest)), moves.confidence


COMPONENTS = (
    ContextComponentSpec(
        "taker_delta",
        0.30,
        "ratio",
        0.60,
        "takers buy more than they sell",
        "takers sell more than they buy",
        inputs=(ScoreInput.TRADES,),
        read=taker_delta,
    ),
    ContextComponentSpec(
        "delta_change",
        0.15,
        "ratio",
        0.80,
        "buying speeds up",
        "selling speeds up",
        inputs=(ScoreInput.TRADES,),
        read=delta_change,
    ),
    ContextComponentSpec(
        "large_trades",
        0.20,
        "ratio",
        0.70,
        "the large trades are buys",
        "the large trades are sells",
        inputs=(ScoreInput.TRADES,),
        read=large_trades,
    ),
    ContextComponentSpec(
        "trade_counts",
        0.15,
        "ratio",
        0.55,
        "most trades are buys",
        "most trades are sells",
        inputs=(ScoreInput.TRADES,),
        read=trade_counts,
    ),
    ContextComponentSpec(
        "positioning",
        0.20,
        "deviations",
        2.4,
        "positions were taken into a rise",
        "positions were taken into a fall",
        inputs=(ScoreInput.OPEN_INTEREST, ScoreInput.CANDLES_5M),
        read=positioning,
    ),
)
