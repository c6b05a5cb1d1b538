"""Sentiment: how is the crowd placed, and what does it pay for that? Against the symbol's own history.

Two readings go with the crowd (new positions in the direction of price, a perpetual dearer than its index) and two against
it (funding and accounts far to one side): a crowd that all stands on one side has nobody left to follow it. Each function
takes the moment and gives (reading, confidence), or raises Absent. Liquidations join once they are streamed.
"""

from __future__ import annotations

import math

import numpy as np

from virtuoso.analysis.components import Absent, ContextComponentSpec, freshness
from virtuoso.analysis.symbol_context import SymbolContext
from virtuoso.domain.inputs import ScoreInput

FUNDING_FLOOR = 2e-5  # 0.2 bp an interval: less is noise
RATIO_FLOOR = 0.02  # 2 % of the ratio of longs to shorts


def funding(moment: SymbolContext) -> tuple[float, float]:
    """Funding rate now against the symbol's own past rates, in their standard deviations. High is bearish: longs pay dearly
    to stay, and leave when price does not go on rising. z = (rate - mean) / sqrt(variance + 0.2 bp^2), unbounded, mostly
    -4..4. Absent with fewer than 8 past rates. (Ours.)"""
    ticker, history = moment.inputs.ticker, moment.inputs.funding
    if ticker is None or ticker.funding_rate is None or history is None:
        raise Absent("no funding rate")
    fresh = freshness(moment.now_ms - ticker.stamp.observed_ms, 60_000, 600_000)
    reading, confidence = moment.standing(history, history.values, ticker.funding_rate, FUNDING_FLOOR, 8)
    return reading, confidence * fresh


def open_interest(moment: SymbolContext) -> tuple[float, float]:
    """Change of open interest over the last 4 hours in its own standard deviations, signed by price: times tanh(the price's
    move in its own). New positions with the move are bullish when it is up; positions closed in a fall take its force.
    "Deviations", unbounded, mostly -4..4. Absent as `orderflow.positioning` is. (Ours.)"""
    moves = moment.moves
    return moves.open_interest * math.tanh(moves.price), moves.confidence


def accounts(moment: SymbolContext) -> tuple[float, float]:
    """log of the ratio of long to short accounts now against its own history, in standard deviations. High is bearish: the
    many small accounts are late. z = (log ratio - mean) / sqrt(variance + 0.02^2), unbounded, mostly -3..3. Absent with
    fewer than 12 values. (Ours.)"""
    series = moment.inputs.long_short
    if series is None or not len(series.values):
        raise Absent("no long/short ratio")
    logs = np.log(series.values)
    fresh = freshness(moment.now_ms - int(series.time_ms[-1]), 900_000, 7_200_000)
    reading, confidence = moment.standing(series, logs, float(logs[-1]), RATIO_FLOOR, 12)
    return reading, confidence * fresh


def premium(moment: SymbolContext) -> tuple[float, float]:
    """10,000 log(mark price / index price), basis points. High is bullish: buyers with leverage bid the perpetual above
    spot. Unbounded, mostly -20..20. Absent when both are the same number: the difference is below a tick, or the venue has
    one price only. (The premium that funding is made from.)"""
    ticker = moment.inputs.ticker
    if ticker is None or ticker.mark is None or ticker.index is None:
        raise Absent("no mark or index price")
    if ticker.mark == ticker.index:
        raise Absent("mark and index differ by less than a tick")
    fresh = freshness(moment.now_ms - ticker.stamp.observed_ms, 30_000, 300_000)
    return math.log(ticker.mark / ticker.index) * 1e4, 0.7 * fresh


COMPONENTS = (
    ContextComponentSpec(
        "funding",
        0.30,
        "deviations",
        -1.8,
        "funding is low for this market",
        "funding is high for this market",
        inputs=(ScoreInput.TICKER, ScoreInput.FUNDING_RATE, ScoreInput.FUNDING_HISTORY),
        read=funding,
    ),
    ContextComponentSpec(
        "open_interest",
        0.25,
        "deviations",
        2.0,
        "positions grow with a rise or shrink with a fall",
        "positions grow with a fall or shrink with a rise",
        inputs=(ScoreInput.OPEN_INTEREST, ScoreInput.CANDLES_5M),
        read=open_interest,
    ),
    ContextComponentSpec(
        "accounts",
        0.25,
        "deviations",
        -1.8,
        "fewer accounts than usual are long",
        "more accounts than usual are long",
        inputs=(ScoreInput.LONG_SHORT,),
        read=accounts,
    ),
    ContextComponentSpec(
        "premium",
        0.20,
        "bp",
        6.0,
        "the perpetual trades above its index",
        "the perpetual trades below its index",
        inputs=(ScoreInput.TICKER, ScoreInput.MARK_PRICE, ScoreInput.INDEX_PRICE),
        read=premium,
    ),
)
