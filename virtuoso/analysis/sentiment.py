"""Sentiment: the positions of traders and the price that they pay for them.

Three components follow the crowd: new positions in the direction of price, a perpetual above its index, and positions that
are closed by force. Two components oppose it: extreme funding and one-sided accounts, because few traders are left to join
that side. Each function takes the context of a symbol and returns (reading, confidence), or raises NotMeasured.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.components import ContextComponentSpec
from virtuoso.analysis.funding import past_daily_rates
from virtuoso.analysis.measurement import NotMeasured, freshness, sample_confidence
from virtuoso.analysis.symbol_context import SymbolContext, history_z_score
from virtuoso.analysis.windows import covered_share, duration_text, fade_weights, first_within
from virtuoso.domain.inputs import ScoreInput
from virtuoso.domain.model import DAY_MS

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

FUNDING_FLOOR = 6e-5
"""The deviation of funding that is regarded as noise: 0.6 bp per day."""
LOG_RATIO_FLOOR = 0.02
"""The deviation of the log long/short ratio that is regarded as noise: 2 %."""


def funding(context: SymbolContext) -> tuple[float, float]:
    """Return the z-score of the funding rate against the symbol's own past rates; unbounded, mostly -4..4 "deviations":
    (rate - mean) / sqrt(variance + (0.6 bp)^2), where all rates are per day.

    High funding is bearish, because longs pay a high cost and leave when the price stops rising. Raise NotMeasured with
    fewer than 8 past rates. (Own definition.)"""
    ticker, history = context.inputs.ticker, context.inputs.funding
    if ticker is None or ticker.funding_rate is None or history is None:
        raise NotMeasured("no funding rate")
    if (rate := ticker.daily_funding_rate) is None:
        raise NotMeasured("the funding interval is not known")
    fresh = freshness(context.now_ms - ticker.stamp.observed_ms, 60_000, 600_000)
    past = context.reuse("funding", (history,), lambda: past_daily_rates(history))
    reading, confidence = history_z_score(rate, past, floor=FUNDING_FLOOR, min_count=8)
    return reading, confidence * fresh


def open_interest(context: SymbolContext) -> tuple[float, float]:
    """Return i tanh(p), where i and p are the moves of open interest and price over the last 4 hours, each in its own
    standard deviations; unbounded, mostly -4..4 "deviations".

    New positions are bullish in a rise and bearish in a fall. Closed positions have the opposite effect. Raise NotMeasured
    as `orderflow.positioning` does. (Own definition.)"""
    moves = context.moves
    return moves.open_interest * math.tanh(moves.price), moves.confidence


def _open_interest_words(context: SymbolContext) -> str:
    grew, rose = context.moves.open_interest > 0, context.moves.price > 0
    return f"open interest {'grew' if grew else 'shrank'} while the price {'rose' if rose else 'fell'}"


def accounts(context: SymbolContext) -> tuple[float, float]:
    """Return the z-score of the log ratio of long to short accounts against its own history; unbounded, mostly -3..3
    "deviations": (log ratio - mean) / sqrt(variance + 0.02^2).

    A high ratio is bearish, because most small accounts are already long. Raise NotMeasured with fewer than 12 values. (Own
    definition.)"""
    series = context.inputs.long_short
    if series is None or not len(series.values):
        raise NotMeasured("no long/short ratio")
    fresh = freshness(context.now_ms - int(series.time_ms[-1]), 900_000, 7_200_000)
    reading, confidence = context.reuse("accounts", (series,), lambda: _ratio_z_score(series.values))
    return reading, confidence * fresh


def _ratio_z_score(ratios: Floats) -> tuple[float, float]:
    logs = np.log(ratios)
    return history_z_score(float(logs[-1]), logs, floor=LOG_RATIO_FLOOR, min_count=12)


def premium(context: SymbolContext) -> tuple[float, float]:
    """Return 10,000 log(mark price / index price), basis points; unbounded, mostly -20..20.

    A premium is bullish, because leveraged buyers bid the perpetual above spot. Raise NotMeasured when both prices are
    equal. Then the difference is below a tick, or the venue has only one price. (Funding is computed from this premium.)"""
    ticker = context.inputs.ticker
    if ticker is None or ticker.mark is None or ticker.index is None:
        raise NotMeasured("no mark or index price")
    if ticker.mark == ticker.index:
        raise NotMeasured("mark and index price differ by less than a tick")
    fresh = freshness(context.now_ms - ticker.stamp.observed_ms, 30_000, 300_000)
    return math.log(ticker.mark / ticker.index) * 1e4, 0.7 * fresh


def liquidations(context: SymbolContext) -> tuple[float, float]:
    """Return 100 (shorts - longs) / v, percent; unbounded, mostly -3..3. Shorts and longs are the sizes of the positions
    that were closed by force in the last hour, which fade out in its oldest quarter. v is the mean volume of an hour over 24
    hours. All are in base units.

    Closed shorts are bullish, because the venue buys to close them. The confidence depends on the number of liquidations
    (0.5 at 5), on the share of the hour that was watched, and on the age of the data (1 up to 1 minute, 0 from 10 minutes
    on). It is 0.7 of that where the venue tells only of some. Raise NotMeasured without a liquidation in the hour. (Own
    definition.)"""
    ticker, closed, window_ms = context.inputs.ticker, context.inputs.liquidations, context.windows.liquidations_ms
    if ticker is None or closed is None or ticker.volume_24h is None:
        raise NotMeasured("no liquidations or no volume")
    end_ms = closed.stamp.observed_ms
    recent = slice(first_within(closed.time_ms, end_ms, window_ms), None)
    weights = fade_weights(closed.time_ms[recent], end_ms, window_ms)
    count = float(weights.sum())
    if not (count > 0 and ticker.volume_24h > 0):
        raise NotMeasured(f"no position was liquidated within {duration_text(window_ms)}")
    sizes = weights * closed.size[recent]
    confidence = sample_confidence(count, 5) * covered_share(closed.complete_since_ms, end_ms, window_ms)
    confidence *= freshness(context.now_ms - end_ms, 60_000, 600_000) * (0.7 if closed.lower_bound else 1.0)
    hour = ticker.volume_24h * window_ms / DAY_MS
    return 100 * float(sizes @ closed.side[recent]) / hour, confidence


COMPONENTS = (
    ContextComponentSpec(
        name="funding",
        weight=0.27,
        unit="deviations",
        scale=-1.8,
        bullish="funding is lower than usual",
        bearish="funding is higher than usual",
        inputs=(ScoreInput.TICKER, ScoreInput.FUNDING_RATE, ScoreInput.FUNDING_HISTORY),
        read=funding,
    ),
    ContextComponentSpec(
        name="open_interest",
        weight=0.23,
        unit="deviations",
        scale=2.0,
        inputs=(ScoreInput.OPEN_INTEREST, ScoreInput.CANDLES_5M),
        read=open_interest,
        words=_open_interest_words,
    ),
    ContextComponentSpec(
        name="accounts",
        weight=0.22,
        unit="deviations",
        scale=-1.8,
        bullish="fewer accounts than usual are long",
        bearish="more accounts than usual are long",
        inputs=(ScoreInput.LONG_SHORT,),
        read=accounts,
    ),
    ContextComponentSpec(
        name="premium",
        weight=0.18,
        unit="bp",
        scale=6.0,
        bullish="the mark price is above the index",
        bearish="the mark price is below the index",
        inputs=(ScoreInput.TICKER, ScoreInput.MARK_PRICE, ScoreInput.INDEX_PRICE),
        read=premium,
    ),
    ContextComponentSpec(
        name="liquidations",
        weight=0.10,
        unit="percent",
        scale=1.5,
        bullish="more shorts than longs were liquidated",
        bearish="more longs than shorts were liquidated",
        inputs=(ScoreInput.TICKER, ScoreInput.LIQUIDATIONS),
        read=liquidations,
    ),
)
