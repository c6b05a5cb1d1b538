"""Order flow: the trades of the last minutes by taker side, and the moves of price and open interest.

Buying by takers is bullish, because takers pay the spread for immediate execution. Each function takes the context of a
symbol and returns (reading, confidence), or raises NotMeasured.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.bars import closed_bar_count
from virtuoso.analysis.components import ContextComponentSpec
from virtuoso.analysis.measurement import NotMeasured, freshness, sample_confidence
from virtuoso.analysis.windows import FADE_SHARE, fade_weights, weighted_sum
from virtuoso.domain.inputs import ScoreInput
from virtuoso.domain.model import Timeframe

if TYPE_CHECKING:
    from virtuoso.analysis.symbol_context import SymbolContext, TradeWindow

TAKER_BARS = 12
"""The number of 5m bars of which the taker volume is read: an hour."""
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


def taker_volume(context: SymbolContext) -> tuple[float, float]:
    """Return (bought - sold) / (bought + sold) by takers in the 5m bars of the last hour, in base units: a ratio, -1..1. The
    older quarter of the hour fades out.

    It covers an hour without a gap, where the trades cover minutes and may have gaps. The confidence is the share of the
    weight of the hour whose taker volume is known, times the freshness (1 up to 7.5 minutes after the last bar, 0 from 25
    minutes on). Raise NotMeasured without a known bar, and when nothing was traded. (Volume delta.)"""
    bars = context.inputs.candles[Timeframe.M5]
    end = closed_bar_count(bars, context.now_ms)
    if bars.taker_buy is None or not end:
        raise NotMeasured("no bar with the volume that takers bought")
    end_ms = int(bars.open_ms[end - 1]) + bars.timeframe.ms
    recent = slice(max(0, end - TAKER_BARS), end)
    middles = bars.open_ms[recent] + bars.timeframe.ms // 2
    weights = fade_weights(middles, end_ms, TAKER_BARS * bars.timeframe.ms)
    bought, volume = bars.taker_buy[recent], bars.volume[recent]
    known = np.isfinite(bought) & (weights > 0)
    total = weighted_sum(weights[known], volume[known])
    if not total > 0:
        raise NotMeasured("nothing was traded in bars with the volume that takers bought")
    whole = TAKER_BARS * (1 - FADE_SHARE / 2)
    fresh = freshness(context.now_ms - end_ms, 450_000, 1_500_000)
    reading = 2 * weighted_sum(weights[known], bought[known]) / total - 1
    return reading, fresh * min(1.0, float(weights[known].sum()) / whole)


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
TAKER_VOLUME = ContextComponentSpec(
    name="taker_volume",
    weight=0.10,
    unit="ratio",
    scale=0.25,
    bullish="takers bought more than they sold within the hour",
    bearish="takers sold more than they bought within the hour",
    inputs=(ScoreInput.TAKER_VOLUME, ScoreInput.CANDLES_5M),
    read=taker_volume,
)
WITH_TAKER_VOLUME = (
    *(replace(spec, weight=spec.weight * (1 - TAKER_VOLUME.weight)) for spec in COMPONENTS),
    TAKER_VOLUME,
)
"""The components on venues whose bars have the volume that takers bought. Other venues do not state it, so there it is not
missing."""
