"""The five conditions of one symbol that lead to market alerts.

Each condition takes the symbol's current inputs, its inputs in the previous pass (or None), and the time of the pass in
epoch ms. It returns None when it does not hold, or when a required input is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from virtuoso.analysis.bars import FLAT, closed_bar_count
from virtuoso.analysis.funding import funding_text
from virtuoso.analysis.opportunity_rules import PERCENT_A_DAY, unusual_funding
from virtuoso.domain.model import ANCHOR, SymbolInputs, Timeframe
from virtuoso.domain.prices import price_text
from virtuoso.domain.records import AlertKind, AlertLevel

MIN_TRADE_USD, MIN_TRADE_SHARE = 250_000.0, 5e-4
SPIKE_RATIO, MIN_SPIKE_USD, SPIKE_BARS = 15.0, 100_000.0, 288
SURGE, SURGE_MS = 0.10, 3_600_000
MOVE_BARS, MIN_MOVE_BARS, MOVE_Z = 15, 60, 5.0
MOVE, BTC_MOVE, CRITICAL_MOVE, CRITICAL_BTC_MOVE = 0.02, 0.01, 0.10, 0.04


class AlertCondition(NamedTuple):
    """A condition that holds for a symbol now. `subject` completes the alert's key. `size` ranks the conditions of one
    kind."""

    subject: str
    size: float
    text: str
    reading: float
    unit: str
    level: AlertLevel


def large_trade(inputs: SymbolInputs, previous: SymbolInputs | None, now_ms: int) -> AlertCondition | None:  # noqa: ARG001  every condition has these parameters
    """Return the largest group of fills of one side within one millisecond since the previous trades. Such a group is most
    likely one order. None without previous trades, without the day's turnover, or when the group is too small."""
    trades, turnover = inputs.trades, None if inputs.ticker is None else inputs.ticker.turnover_24h
    if trades is None or previous is None or previous.trades is None or not len(previous.trades.time_ms) or turnover is None:
        return None
    new = slice(int(np.searchsorted(trades.time_ms, previous.trades.time_ms[-1], side="right")), None)
    signed = trades.price[new] * trades.size[new] * trades.side[new]
    min_usd = max(MIN_TRADE_USD, MIN_TRADE_SHARE * turnover)
    if not np.abs(signed).sum() >= min_usd:
        return None
    times, group = np.unique(trades.time_ms[new], return_inverse=True)
    sums = [np.bincount(group, np.maximum(sign * signed, 0.0), len(times)) for sign in (1, -1)]
    bought, sold = (float(s.max()) for s in sums)
    usd, verb = max((bought, "bought"), (sold, "sold"))
    if usd < min_usd:
        return None
    text = f"{inputs.symbol}: {_amount(usd)} {verb} at once, {100 * usd / turnover:.2f} % of a day's turnover."
    return AlertCondition(verb, usd / turnover, text, usd, "USDT", AlertLevel.INFO)


def volume_spike(inputs: SymbolInputs, previous: SymbolInputs | None, now_ms: int) -> AlertCondition | None:
    """Return a spike when the newest closed 5m bar has many times the median volume of the 288 bars before it (at least
    144). Each bar is checked once."""
    candles = inputs.candles.get(Timeframe.M5)
    if candles is None or (end := closed_bar_count(candles, now_ms)) < SPIKE_BARS // 2 + 1:
        return None
    open_ms = int(candles.open_ms[end - 1])
    known = previous.candles.get(Timeframe.M5) if previous is not None else None
    if known is not None and len(known) and int(known.open_ms[-1]) >= open_ms:
        return None  # the previous pass checked this bar
    volume = float(candles.volume[end - 1])
    usd = volume * float(candles.close[end - 1])
    usual = float(np.median(candles.volume[max(0, end - 1 - SPIKE_BARS) : end - 1]))
    if usd < MIN_SPIKE_USD or not usual > 0 or volume < SPIKE_RATIO * usual:
        return None
    ratio = volume / usual
    text = f"{inputs.symbol} traded {ratio:.0f} times its usual volume in 5 minutes ({_amount(usd)})."
    return AlertCondition("volume", ratio, text, ratio, "times", AlertLevel.INFO)


def funding_extreme(inputs: SymbolInputs, previous: SymbolInputs | None, now_ms: int) -> AlertCondition | None:  # noqa: ARG001  every condition has these parameters
    """Return a funding rate that is far from the symbol's own past, as defined in `opportunity_rules`."""
    unusual = unusual_funding(inputs, now_ms)
    if unusual is None or inputs.ticker is None:
        return None
    rate, z, _ = unusual
    payers = "longs" if rate > 0 else "shorts"
    text = f"{inputs.symbol}: {payers} pay {funding_text(inputs.ticker)}, z {z:+.1f}."
    return AlertCondition(payers, abs(z), text, 100 * rate, PERCENT_A_DAY, AlertLevel.WARNING)


def open_interest_surge(
    inputs: SymbolInputs,
    previous: SymbolInputs | None,  # noqa: ARG001  every condition has these parameters
    now_ms: int,
) -> AlertCondition | None:
    """Return a large change of open interest relative to the newest value that is at least an hour older. None when the
    series is too short, or when its last value is older than an hour."""
    series = inputs.open_interest
    if series is None or not len(series.values) or now_ms - int(series.time_ms[-1]) > SURGE_MS:
        return None
    begin = int(np.searchsorted(series.time_ms, series.time_ms[-1] - SURGE_MS, side="right")) - 1
    before, now = float(series.values[begin]), float(series.values[-1])
    if begin < 0 or not before > 0 or not now > 0 or abs(math.log(now / before)) < math.log1p(SURGE):
        return None
    change, verb = 100 * (now / before - 1), "rose" if now > before else "fell"
    text = f"{inputs.symbol}: open interest {verb} {abs(change):.0f} % within an hour."
    return AlertCondition(verb, abs(math.log(now / before)), text, change, "percent", AlertLevel.WARNING)


def price_move(inputs: SymbolInputs, previous: SymbolInputs | None, now_ms: int) -> AlertCondition | None:  # noqa: ARG001  every condition has these parameters
    """Return a large log return of the last price relative to the close of the 15th newest closed 1m bar. Its usual
    deviation is the root mean square of the 1m returns before that close, times sqrt(15), and at least a tick. None with
    fewer than 60 bars since the last gap."""
    candles, ticker = inputs.candles.get(Timeframe.M1), inputs.ticker
    if candles is None or ticker is None:
        return None
    end = closed_bar_count(candles, now_ms)
    closes = candles.close[candles.run_start(end) : end]
    if len(closes) < MIN_MOVE_BARS:
        return None
    is_btc = inputs.symbol == ANCHOR
    move = math.log(ticker.last / float(closes[-MOVE_BARS]))
    if not abs(move) >= math.log1p(BTC_MOVE if is_btc else MOVE):
        return None
    steps = np.diff(np.log(closes[: len(closes) - MOVE_BARS + 1]))
    usual = math.sqrt(float(steps @ steps) / len(steps) * MOVE_BARS)
    if not abs(move) >= MOVE_Z * max(usual, (ticker.tick_size or 0.0) / ticker.last, FLAT):
        return None
    verb, change = "rose" if move > 0 else "fell", 100 * math.expm1(move)
    critical = abs(move) >= math.log1p(CRITICAL_BTC_MOVE if is_btc else CRITICAL_MOVE)
    text = f"{inputs.symbol} {verb} {abs(change):.1f} % within 15 minutes, to {price_text(ticker.last, ticker.tick_size)}."
    return AlertCondition(verb, abs(move), text, change, "percent", AlertLevel.CRITICAL if critical else AlertLevel.WARNING)


def _amount(usd: float) -> str:
    return f"{usd / 1e6:.1f} M USDT" if usd >= 1e6 else f"{usd / 1e3:.0f} k USDT"


Condition = Callable[[SymbolInputs, SymbolInputs | None, int], AlertCondition | None]
CONDITIONS: Mapping[AlertKind, Condition] = {
    AlertKind.PRICE_MOVE: price_move,
    AlertKind.LARGE_TRADE: large_trade,
    AlertKind.VOLUME_SPIKE: volume_spike,
    AlertKind.FUNDING_EXTREME: funding_extreme,
    AlertKind.OPEN_INTEREST_SURGE: open_interest_surge,
}
LASTING_KINDS = frozenset({AlertKind.PRICE_MOVE, AlertKind.FUNDING_EXTREME, AlertKind.OPEN_INTEREST_SURGE})
"""The kinds whose condition can hold for many passes. The other kinds are events of one pass."""
