"""The conditions of one symbol, or of all tracked ones, that lead to market alerts.

Each condition takes the inputs and the time of the pass in epoch ms. It returns None when it does not hold, or when
a required input is missing. See `alert_confirmation` for the second reading that it needs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import FLAT, closed_bar_count
from virtuoso.analysis.funding import funding_text
from virtuoso.analysis.opportunity_rules import PERCENT_A_DAY, unusual_funding
from virtuoso.domain.model import ANCHOR, SymbolInputs, Timeframe
from virtuoso.domain.prices import price_text
from virtuoso.domain.records import AlertKind, AlertLevel

if TYPE_CHECKING:
    from virtuoso.domain.model import Stamp

MIN_TRADE_USD, MIN_TRADE_SHARE, MIN_TRADE_RATIO, TRADE_WINDOW_MS = 100_000.0, 2e-3, 50.0, 120_000
"""0.2 % of a day's turnover are three minutes of usual trading. In recorded trades of BTC and ETH, the largest one of five
minutes had about 0.03 %, which is 150 times the mean."""
SPIKE_RATIO, MIN_SPIKE_USD, SPIKE_BARS = 15.0, 100_000.0, 288
AGREEING_SHARE = 0.5  # least turnover of the 1m bars of the same time, divided by that of the bar
SURGE, SURGE_MS = 0.10, 3_600_000
MINUTE_MS = Timeframe.M1.ms
MOVE_BARS, MIN_MOVE_BARS, MOVE_Z, CRITICAL_MOVE_Z = 15, 60, 5.0, 2.0
MOVE, BTC_MOVE, CRITICAL_MOVE, CRITICAL_BTC_MOVE = 0.02, 0.01, 0.10, 0.04
FORCED_MS = 300_000
MIN_FORCED_USD, MIN_FORCED_SHARE = 100_000.0, 1e-3
MIN_MARKET_FORCED_USD, MIN_MARKET_FORCED_SHARE, LARGEST_FORCED = 5_000_000.0, 5e-4, 3


class AlertCondition(NamedTuple):
    """A condition that holds for a symbol now. `subject` completes the alert's key. `item` is its figure in a list of
    markets. `step` counts the lines that its size has reached. `reading` is the newest reading of the input that shows it,
    or None when that reading does not reach back to it. `event` identifies what happened, where that is one event. `agreed`
    means that another source shows it, too."""

    subject: str
    text: str
    item: str
    value: float
    unit: str
    level: AlertLevel
    reading: Stamp | None
    step: int = 1
    event: tuple[float, ...] = ()
    agreed: bool = False


def _step(size: float, first: float) -> int:
    """Return the number of lines that a size has reached: the first line, and each doubling of it."""
    return 1 + math.floor(math.log2(size / first))


def large_trade(inputs: SymbolInputs, now_ms: int, *, sign: int) -> AlertCondition | None:
    """Return the largest group of fills of one side within one millisecond, in the last two minutes. Such a group is most
    likely one order. `sign` is +1 for fills that the taker bought, -1 for sold ones. None without the day's turnover, or
    when the group is small for this market, or beside the mean of the other groups of both sides. Where the newest reading
    does not reach back to it, the 1m bar of that time agrees when it has at least its amount."""
    trades, turnover = inputs.trades, None if inputs.ticker is None else inputs.ticker.turnover_24h
    if trades is None or turnover is None:
        return None
    recent = slice(int(np.searchsorted(trades.time_ms, now_ms - TRADE_WINDOW_MS)), None)
    fills, on_side = trades.price[recent] * trades.size[recent], trades.side[recent] == sign
    amounts = np.where(on_side, fills, 0.0)
    min_usd = max(MIN_TRADE_USD, MIN_TRADE_SHARE * turnover)
    if not amounts.sum() >= min_usd:
        return None
    times, group = np.unique(trades.time_ms[recent], return_inverse=True)
    sums = np.bincount(group, amounts, len(times))
    largest = int(np.argmax(sums))
    usd, time_ms, verb = float(sums[largest]), int(times[largest]), "bought" if sign > 0 else "sold"
    others = np.bincount(2 * group + on_side, fills)
    others = others[others > 0]
    if usd < min_usd or usd * (len(others) - 1) < MIN_TRADE_RATIO * (float(others.sum()) - usd):
        return None
    in_bar = _turnover_of_minutes(inputs, time_ms // MINUTE_MS * MINUTE_MS, 1)
    reached, share = trades.read_from_ms <= time_ms, 100 * usd / turnover
    return AlertCondition(
        subject=verb,
        text=f"{inputs.symbol}: takers {verb} {_amount(usd)} within a millisecond, {share:.2f} % of a day's turnover.",
        item=_amount(usd),
        step=_step(usd, min_usd),
        value=usd,
        unit="USDT",
        level=AlertLevel.INFO,
        reading=trades.stamp if reached else None,
        event=(time_ms, usd),
        agreed=not reached and in_bar is not None and in_bar >= usd,
    )


def volume_spike(inputs: SymbolInputs, now_ms: int) -> AlertCondition | None:
    """Return a spike when one of the two newest closed 5m bars has many times the median volume of the 288 bars before it
    (at least 144). The 1m bars of these five minutes agree when they have at least half of its turnover."""
    candles = inputs.candles.get(Timeframe.M5)
    if candles is None:
        return None
    end = closed_bar_count(candles, now_ms)
    places = range(max(end - 2, SPIKE_BARS // 2), end)
    if not places:
        return None
    place = max(places, key=lambda each: float(candles.volume[each]))
    volume = float(candles.volume[place])
    usd = volume * float(candles.close[place])
    usual = float(np.median(candles.volume[max(0, place - SPIKE_BARS) : place]))
    if not usd >= MIN_SPIKE_USD or not usual > 0 or volume < SPIKE_RATIO * usual:
        return None
    ratio, open_ms = volume / usual, int(candles.open_ms[place])
    of_minutes = _turnover_of_minutes(inputs, open_ms, 5)
    return AlertCondition(
        subject="volume",
        item=f"{ratio:.0f} times",
        text=f"{inputs.symbol} traded {ratio:.0f} times its usual volume in 5 minutes ({_amount(usd)}).",
        value=ratio,
        unit="times",
        level=AlertLevel.INFO,
        reading=candles.stamp,
        event=(open_ms, volume),
        agreed=of_minutes is not None and of_minutes >= AGREEING_SHARE * usd,
    )


def _turnover_of_minutes(inputs: SymbolInputs, open_ms: int, count: int) -> float | None:
    """Return the turnover of `count` 1m bars. None unless all of them are known."""
    minutes = inputs.candles.get(Timeframe.M1)
    if minutes is None:
        return None
    begin, end = np.searchsorted(minutes.open_ms, (open_ms, open_ms + count * MINUTE_MS)).tolist()
    return float(minutes.volume[begin:end] @ minutes.close[begin:end]) if end - begin == count else None


def funding_extreme(inputs: SymbolInputs, now_ms: int) -> AlertCondition | None:
    """Return a funding rate that is far from the symbol's own past, as defined in `opportunity_rules`."""
    unusual = unusual_funding(inputs, now_ms)
    if unusual is None or inputs.ticker is None:
        return None
    rate, z, _ = unusual
    payers = "longs" if rate > 0 else "shorts"
    text = f"{inputs.symbol}: {payers} pay {funding_text(inputs.ticker)}, far from its usual rate (z {z:+.1f})."
    return AlertCondition(
        subject=payers,
        text=text,
        item=f"{100 * rate:+.3f}",
        value=100 * rate,
        unit=PERCENT_A_DAY,
        level=AlertLevel.WARNING,
        reading=inputs.ticker.stamp,
    )


def open_interest_surge(inputs: SymbolInputs, now_ms: int) -> AlertCondition | None:
    """Return a large change of open interest relative to the newest value that is at least an hour older, and to the value
    before that. The ticker's open interest agrees when its change is as large. None when the series is too short, or when
    its last value is older than an hour."""
    series = inputs.open_interest
    if series is None or not len(series.values) or now_ms - int(series.time_ms[-1]) > SURGE_MS:
        return None
    begin = int(np.searchsorted(series.time_ms, series.time_ms[-1] - SURGE_MS, side="right")) - 1
    if begin < 0:
        return None
    now = float(series.values[-1])
    changes = np.log(now / series.values[max(0, begin - 1) : begin + 1])
    if not (np.abs(changes).min() >= math.log1p(SURGE) and abs(np.sign(changes).mean()) == 1):
        return None
    move, before = float(changes[-1]), float(series.values[begin])
    in_ticker = None if inputs.ticker is None else inputs.ticker.open_interest
    change, verb = 100 * math.expm1(move), "rose" if move > 0 else "fell"
    return AlertCondition(
        subject=verb,
        text=f"{inputs.symbol}: open interest {verb} {abs(change):.0f} % within an hour.",
        item=f"{abs(change):.0f} %",
        step=_step(math.expm1(abs(move)), SURGE),
        value=change,
        unit="percent",
        level=AlertLevel.WARNING,
        reading=series.stamp,
        agreed=in_ticker is not None and math.copysign(1, move) * math.log(in_ticker / before) >= math.log1p(SURGE),
    )


def price_move(inputs: SymbolInputs, now_ms: int) -> AlertCondition | None:
    """Return a large log return of the last price relative to the close of the 15th newest closed 1m bar. Its usual
    deviation is the root mean square of the 1m returns before that close, times sqrt(15), and at least a tick. A critical
    move needs two of them, another one five. None with fewer than 60 bars since the last gap."""
    candles, ticker = inputs.candles.get(Timeframe.M1), inputs.ticker
    if candles is None or ticker is None:
        return None
    end = closed_bar_count(candles, now_ms)
    closes = candles.close[candles.run_start(end) : end]
    if len(closes) < MIN_MOVE_BARS:
        return None
    first, critical = (BTC_MOVE, CRITICAL_BTC_MOVE) if inputs.symbol == ANCHOR else (MOVE, CRITICAL_MOVE)
    move = math.log(ticker.last / float(closes[-MOVE_BARS]))
    size = math.expm1(abs(move))
    if not size >= first:
        return None
    is_critical = size >= critical
    steps = np.diff(np.log(closes[: len(closes) - MOVE_BARS + 1]))
    usual = math.sqrt(float(steps @ steps) / len(steps) * MOVE_BARS)
    if not abs(move) >= (CRITICAL_MOVE_Z if is_critical else MOVE_Z) * max(
        usual, (ticker.tick_size or 0.0) / ticker.last, FLAT
    ):
        return None
    verb, change = "rose" if move > 0 else "fell", 100 * math.expm1(move)
    text = f"{inputs.symbol} {verb} {abs(change):.1f} % within 15 minutes, to {price_text(ticker.last, ticker.tick_size)}."
    return AlertCondition(
        subject=verb,
        text=text,
        item=f"{change:+.1f} %",
        value=change,
        unit="percent",
        level=AlertLevel.CRITICAL if is_critical else AlertLevel.WARNING,
        reading=ticker.stamp,
        step=_step(size, first) + (is_critical and not math.log2(critical / first).is_integer()),
    )


def liquidations(inputs: SymbolInputs, now_ms: int, *, sign: int) -> AlertCondition | None:
    """Return the positions of one side that were closed by force within the last 5 minutes. `sign` is -1 for long positions,
    +1 for short ones. None without the day's turnover, or when they are too small. The trades of the same time, or the 1m
    bars, agree when they have at least the same amount."""
    closed, turnover = inputs.liquidations, None if inputs.ticker is None else inputs.ticker.turnover_24h
    if closed is None or turnover is None:
        return None
    usd, min_usd = _forced_usd(inputs, now_ms, sign), max(MIN_FORCED_USD, MIN_FORCED_SHARE * turnover)
    if not usd >= min_usd:
        return None
    what = f"{inputs.symbol}: {_forced_text(usd, sign, lower_bound=closed.lower_bound)} within 5 minutes"
    agreed = _traded_usd(inputs, now_ms) >= usd
    text = f"{what}, {100 * usd / turnover:.2f} % of a day's turnover."
    return _forced_condition(usd, sign, text, step=_step(usd, min_usd), agreed=agreed)


def market_liquidations(inputs: Mapping[str, SymbolInputs], now_ms: int, *, sign: int) -> AlertCondition | None:
    """Return the positions of one side that were closed by force in all tracked markets within the last 5 minutes. A market
    counts when its trades have at least the same amount, and its day's turnover is known."""
    known = [
        (one, usd)
        for one in inputs.values()
        if one.ticker is not None
        and one.ticker.turnover_24h is not None
        and (usd := _forced_usd(one, now_ms, sign)) <= _traded_usd(one, now_ms)
    ]
    turnover = math.fsum(one.ticker.turnover_24h or 0.0 for one in inputs.values() if one.ticker is not None)
    usd = math.fsum(usd for _, usd in known)
    min_usd = max(MIN_MARKET_FORCED_USD, MIN_MARKET_FORCED_SHARE * turnover)
    if not usd >= min_usd:
        return None
    closed = [one.liquidations for one, usd in known if usd > 0 and one.liquidations is not None]
    what = _forced_text(usd, sign, lower_bound=any(each.lower_bound for each in closed))
    share = f"{100 * usd / turnover:.2f} % of the day's turnover of all tracked markets"
    largest = sorted(known, key=lambda one: -one[1])[:LARGEST_FORCED]
    named = ", ".join(f"{one.symbol} {_amount(amount)}" for one, amount in largest if amount > 0)
    text = f"{what} in {len(closed)} markets within 5 minutes, {share}. Most in {named}."
    return _forced_condition(usd, sign, text, step=_step(usd, min_usd), agreed=True)


def _forced_usd(inputs: SymbolInputs, now_ms: int, sign: int) -> float:
    """Return the value of the positions of one side that were closed by force within the last 5 minutes."""
    closed = inputs.liquidations
    if closed is None:
        return 0.0
    recent = slice(int(np.searchsorted(closed.time_ms, now_ms - FORCED_MS)), None)
    return float((closed.price[recent] * closed.size[recent])[closed.side[recent] == sign].sum())


def _traded_usd(inputs: SymbolInputs, now_ms: int) -> float:
    """Return what was traded within the last 5 minutes: the larger of the trades and the last 5 closed 1m bars."""
    trades, bars = inputs.trades, _turnover_of_minutes(inputs, (now_ms // MINUTE_MS - 5) * MINUTE_MS, 5)
    if trades is None:
        return bars or 0.0
    recent = slice(int(np.searchsorted(trades.time_ms, now_ms - FORCED_MS)), None)
    return max(bars or 0.0, float((trades.price[recent] * trades.size[recent]).sum()))


def _forced_condition(usd: float, sign: int, text: str, *, step: int, agreed: bool) -> AlertCondition:
    return AlertCondition(
        subject="longs" if sign < 0 else "shorts",
        text=text,
        item=_amount(usd),
        value=usd,
        unit="USDT",
        level=AlertLevel.WARNING,
        reading=None,
        step=step,
        agreed=agreed,
    )


def _forced_text(usd: float, sign: int, *, lower_bound: bool) -> str:
    amount = f"at least {_amount(usd)}" if lower_bound else _amount(usd)
    return f"{amount} of {'longs' if sign < 0 else 'shorts'} were liquidated"


def _amount(usd: float) -> str:
    return f"{usd / 1e6:.1f} M USDT" if usd >= 1e6 else f"{usd / 1e3:.0f} k USDT"


Condition = Callable[[SymbolInputs, int], AlertCondition | None]
CONDITIONS: Sequence[tuple[AlertKind, Condition]] = (
    (AlertKind.PRICE_MOVE, price_move),
    (AlertKind.LARGE_TRADE, partial(large_trade, sign=1)),
    (AlertKind.LARGE_TRADE, partial(large_trade, sign=-1)),
    (AlertKind.VOLUME_SPIKE, volume_spike),
    (AlertKind.FUNDING_EXTREME, funding_extreme),
    (AlertKind.OPEN_INTEREST_SURGE, open_interest_surge),
    (AlertKind.LIQUIDATION, partial(liquidations, sign=-1)),
    (AlertKind.LIQUIDATION, partial(liquidations, sign=1)),
)
MarketCondition = Callable[[Mapping[str, SymbolInputs], int], AlertCondition | None]
MARKET_CONDITIONS: Sequence[tuple[AlertKind, MarketCondition]] = (
    (AlertKind.LIQUIDATION, partial(market_liquidations, sign=-1)),
    (AlertKind.LIQUIDATION, partial(market_liquidations, sign=1)),
)
