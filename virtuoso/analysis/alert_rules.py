"""What to tell a trader or an operator: alerts from one pass to the next, as pure functions of before and after.

    (MarketPass before, MarketPass after) ─► market_alerts ─┐
    (SourceStatus before, SourceStatus after) ─► source_alerts ─┴─► alerts ─► HistoryWriter.add_alerts

An alert is given when something begins: what already held in the pass before is not told again, and without a pass before
(or one of another venue) everything that holds now is, for the history lets no key through twice within its kind's
cooldown. Keys name what an alert is about, so a restart, or two collectors at once, double nothing. At most 10 of a kind
come of one pass, the largest first; one more then says how many there were.

    SIGNAL_OPENED, SIGNAL_CLOSED, OPPORTUNITY   INFO, one for each id
    REGIME_CHANGE         WARNING into BEARISH or RISK_OFF, else INFO
    LARGE_TRADE           INFO: fills of one side in one millisecond worth at least 250,000 USDT and 0.05 % of a day's
                          turnover
    VOLUME_SPIKE          INFO: a 5m bar of at least 15 times the median of the day before, and 100,000 USDT
    FUNDING_EXTREME       WARNING: as in `opportunities`
    OPEN_INTEREST_SURGE   WARNING: 10 % either way within an hour
    PRICE_MOVE            WARNING: 2 % (BTC 1 %) and 5 usual deviations within 15 minutes; CRITICAL from 10 % (BTC 4 %)
    DATA_QUALITY          CRITICAL: a venue blocks us; WARNING: it is stale or fails, another answers, few symbols can be
                          scored; INFO: it is well again
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import FLAT, closed_by
from virtuoso.analysis.components import READING_ERRORS
from virtuoso.analysis.opportunities import unusual_funding
from virtuoso.domain.model import ANCHOR, FallbackReason, Regime, SymbolInputs, Timeframe
from virtuoso.domain.records import Alert, AlertKind, AlertLevel, SignalStatus

if TYPE_CHECKING:
    from virtuoso.domain.model import Environment, Fallback, RegimeState
    from virtuoso.domain.records import Opportunity, Signal

COOLDOWNS_S: Mapping[AlertKind, float] = {
    AlertKind.SIGNAL_OPENED: 7 * 86_400,  # their keys are ids, which never come again
    AlertKind.SIGNAL_CLOSED: 7 * 86_400,
    AlertKind.OPPORTUNITY: 7 * 86_400,
    AlertKind.REGIME_CHANGE: 1_800,
    AlertKind.LARGE_TRADE: 300,
    AlertKind.VOLUME_SPIKE: 3_600,
    AlertKind.FUNDING_EXTREME: 8 * 3_600,
    AlertKind.OPEN_INTEREST_SURGE: 3_600,
    AlertKind.PRICE_MOVE: 1_800,
    AlertKind.DATA_QUALITY: 300,
}
MOST = 10  # of a kind in one pass
TRADE_USD, TRADE_SHARE = 250_000.0, 5e-4
SPIKE_TIMES, SPIKE_USD, SPIKE_BARS = 15.0, 100_000.0, 288
SURGE, SURGE_MS = 0.10, 3_600_000
MOVE_BARS, MOVE_Z, MOVE, MOVE_ANCHOR, MOVE_CRITICAL, MOVE_CRITICAL_ANCHOR = 15, 5.0, 0.02, 0.01, 0.10, 0.04
FEW = 0.5  # share of the tracked symbols with a score below which something is wrong


@dataclass(frozen=True, slots=True)
class MarketPass:
    """One pass over a venue's market. `now_ms`: the exchange's clock; `changed`: signals that this pass changed, of which
    the closed ones are told."""

    venue: str
    environment: Environment
    now_ms: int
    inputs: Mapping[str, SymbolInputs]
    regime: RegimeState | None = None
    opened: Sequence[Signal] = ()
    changed: Sequence[Signal] = ()
    opportunities: Sequence[Opportunity] = ()


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """Where the data comes from at one moment of our own clock. `venue`: the used one, empty before the first; `fallback`:
    why it is not the preferred one; `troubles`: why venues cannot be used now; `scored`
    of `expected` symbols have a score (None: nothing was published yet)."""

    environment: Environment
    now_ms: int
    venue: str = ""
    fallback: Fallback | None = None
    troubles: Mapping[str, FallbackReason] = field(default_factory=dict)
    scored: int | None = None
    expected: int = 0


class AlertCondition(NamedTuple):
    """Something that holds for a symbol now. `about` completes the key; `size` ranks events of a kind."""

    about: str
    size: float
    text: str
    reading: float
    unit: str
    level: AlertLevel


# ----------------------------------------------------------------------------------------------------------- the market


def market_alerts(before: MarketPass | None, after: MarketPass) -> tuple[Alert, ...]:
    """What began between two passes; see the module for kinds, levels and thresholds. Inputs that are missing or cannot be
    read give no alert."""
    if before is not None and before.venue != after.venue:
        before = None  # another venue is another market
    told: list[Alert] = []
    told += [_of_signal(after, AlertKind.SIGNAL_OPENED, s) for s in after.opened]
    told += [_of_signal(after, AlertKind.SIGNAL_CLOSED, s) for s in after.changed if s.status is not SignalStatus.ACTIVE]
    told += [_of_opportunity(after, o) for o in after.opportunities]
    told += _regime(before, after)
    for kind, sense in SENSES.items():
        told += _begun(kind, sense, before, after)
    return tuple(told)


def _begun(kind: AlertKind, sense: Sense, before: MarketPass | None, after: MarketPass) -> list[Alert]:
    """Alerts of the symbols for which something holds now that did not hold before."""
    begun: list[tuple[str, AlertCondition]] = []
    for symbol, inputs in after.inputs.items():
        old = before.inputs.get(symbol) if before is not None else None
        event = _sensed(sense, inputs, old, after.now_ms)
        if event is None:
            continue
        held = (
            _sensed(sense, old, None, before.now_ms) if old is not None and before is not None and kind in LASTING else None
        )
        if held is None or held.about != event.about:
            begun.append((symbol, event))
    begun.sort(key=lambda pair: (-pair[1].size, pair[0]))
    told = [
        Alert(
            key=f"{kind.lower_name}:{after.venue}:{symbol}:{event.about}",
            venue=after.venue,
            kind=kind,
            level=event.level,
            observed_ms=after.now_ms,
            text=event.text,
            symbol=symbol,
            reading=event.reading,
            unit=event.unit,
            environment=after.environment,
        )
        for symbol, event in begun[:MOST]
    ]
    if len(begun) > MOST:
        text = f"{kind.name.replace('_', ' ').capitalize()} in {len(begun)} markets at once; the {MOST} largest are told."
        key, level = f"{kind.lower_name}:{after.venue}:many", max(e.level for _, e in begun)
        count = float(len(begun))
        told.append(
            Alert(
                key=key,
                venue=after.venue,
                kind=kind,
                level=level,
                observed_ms=after.now_ms,
                text=text,
                symbol="",
                reading=count,
                unit="markets",
                environment=after.environment,
            )
        )
    return told


def _sensed(sense: Sense, inputs: SymbolInputs, old: SymbolInputs | None, now_ms: int) -> AlertCondition | None:
    """What a sense says; nothing where one symbol's data cannot be read: the others are told."""
    try:
        return sense(inputs, old, now_ms)
    except READING_ERRORS:
        return None


def _of_signal(scene: MarketPass, kind: AlertKind, signal: Signal) -> Alert:
    side = signal.side.name
    if kind is AlertKind.SIGNAL_OPENED:
        text = f"{side} {signal.symbol} at {signal.entry:g}, stop {signal.stop:g}, score {signal.score:.0f}."
        reading, unit, at = signal.score, "score", signal.opened_ms
    else:
        ends = {
            SignalStatus.STOPPED: "stopped",
            SignalStatus.TARGETS_REACHED: "reached all targets",
            SignalStatus.EXPIRED: "expired",
            SignalStatus.REVERSED: "reversed",
        }
        text = f"{side} {signal.symbol} {ends[signal.status]}: {signal.result_r:+.2f} R."
        reading, unit, at = signal.result_r, "R", signal.closed_ms or scene.now_ms
    return Alert(
        key=f"{kind.lower_name}:{signal.id}",
        venue=signal.venue,
        kind=kind,
        level=AlertLevel.INFO,
        observed_ms=at,
        text=text,
        symbol=signal.symbol,
        reading=reading,
        unit=unit,
        reference=signal.id,
        environment=signal.environment,
    )


def _of_opportunity(scene: MarketPass, found: Opportunity) -> Alert:
    return Alert(
        key=f"opportunity:{found.id}",
        venue=found.venue,
        kind=AlertKind.OPPORTUNITY,
        level=AlertLevel.INFO,
        observed_ms=found.found_ms,
        text=f"{found.side.name} {found.sentence}",
        symbol=found.symbol,
        reading=found.reading,
        unit=found.unit,
        reference=found.id,
        environment=scene.environment,
    )


def _regime(before: MarketPass | None, after: MarketPass) -> list[Alert]:
    """A regime is only known to have changed with the one before."""
    if before is None or before.regime is None or after.regime is None or before.regime.regime is after.regime.regime:
        return []
    was, now = before.regime.regime, after.regime.regime
    level = AlertLevel.WARNING if now in {Regime.BEARISH, Regime.RISK_OFF} else AlertLevel.INFO
    names = [regime.name.replace("_", "-").lower() for regime in (was, now)]
    text = f"The market is {names[1]}; it was {names[0]}."
    key = f"regime_change:{after.venue}:{now.lower_name}"
    return [
        Alert(
            key=key,
            venue=after.venue,
            kind=AlertKind.REGIME_CHANGE,
            level=level,
            observed_ms=after.now_ms,
            text=text,
            environment=after.environment,
        )
    ]


# --------------------------------------------------------------------------------------------- what is seen of a symbol


def large_trade(inputs: SymbolInputs, old: SymbolInputs | None, now_ms: int) -> AlertCondition | None:  # noqa: ARG001  as all senses
    """The largest group of fills of one side in one millisecond (so of one order, most likely) since the trades before; none
    without those, or without the day's turnover."""
    trades, turnover = inputs.trades, None if inputs.ticker is None else inputs.ticker.turnover_24h
    if trades is None or old is None or old.trades is None or not len(old.trades.time_ms) or turnover is None:
        return None
    new = slice(int(np.searchsorted(trades.time_ms, old.trades.time_ms[-1], side="right")), None)
    signed = trades.price[new] * trades.size[new] * trades.side[new]
    least = max(TRADE_USD, TRADE_SHARE * turnover)
    if not np.abs(signed).sum() >= least:
        return None
    times, place = np.unique(trades.time_ms[new], return_inverse=True)
    sums = [np.bincount(place, np.maximum(sign * signed, 0.0), len(times)) for sign in (1, -1)]
    bought, sold = (float(s.max()) for s in sums)
    worth, verb = max((bought, "bought"), (sold, "sold"))
    if worth < least:
        return None
    text = f"{inputs.symbol}: {_millions(worth)} {verb} at once, {100 * worth / turnover:.2f} % of a day's turnover."
    return AlertCondition(verb, worth / turnover, text, worth, "USDT", AlertLevel.INFO)


def volume_spike(inputs: SymbolInputs, old: SymbolInputs | None, now_ms: int) -> AlertCondition | None:
    """The newest closed 5m bar's volume over the median of the 288 before it (at least 144); each bar is looked at once."""
    candles = inputs.candles.get(Timeframe.M5)
    if candles is None or (end := closed_by(candles, now_ms)) < SPIKE_BARS // 2 + 1:
        return None
    opened, known = int(candles.open_ms[end - 1]), old.candles.get(Timeframe.M5) if old is not None else None
    if known is not None and len(known) and int(known.open_ms[-1]) >= opened:
        return None  # looked at before
    volume = float(candles.volume[end - 1])
    worth, usual = (
        volume * float(candles.close[end - 1]),
        float(np.median(candles.volume[max(0, end - 1 - SPIKE_BARS) : end - 1])),
    )
    if worth < SPIKE_USD or not usual > 0 or volume < SPIKE_TIMES * usual:
        return None
    times = volume / usual
    text = f"{inputs.symbol} traded {times:.0f} times its usual volume in 5 minutes ({_millions(worth)})."
    return AlertCondition("volume", times, text, times, "times", AlertLevel.INFO)


def funding_extreme(inputs: SymbolInputs, old: SymbolInputs | None, now_ms: int) -> AlertCondition | None:  # noqa: ARG001  as all senses
    """A funding rate far from the symbol's own past."""
    unusual = unusual_funding(inputs, now_ms)
    if unusual is None:
        return None
    rate, z, _ = unusual
    payers = "longs" if rate > 0 else "shorts"
    text = f"{inputs.symbol}: {payers} pay {100 * abs(rate):.3f} % an interval (z {z:+.1f})."
    return AlertCondition(payers, abs(z), text, 100 * rate, "percent", AlertLevel.WARNING)


def open_interest_surge(
    inputs: SymbolInputs,
    old: SymbolInputs | None,  # noqa: ARG001  as all senses
    now_ms: int,
) -> AlertCondition | None:
    """Open interest now against the newest value at least an hour older. The series must reach so far back and be no older
    than an hour itself."""
    series = inputs.open_interest
    if series is None or not len(series.values) or now_ms - int(series.time_ms[-1]) > SURGE_MS:
        return None
    begin = int(np.searchsorted(series.time_ms, series.time_ms[-1] - SURGE_MS, side="right")) - 1
    then, now = float(series.values[begin]), float(series.values[-1])
    if begin < 0 or not then > 0 or not now > 0 or abs(math.log(now / then)) < math.log1p(SURGE):
        return None
    change, verb = 100 * (now / then - 1), "rose" if now > then else "fell"
    text = f"{inputs.symbol}: open interest {verb} {abs(change):.0f} % within an hour."
    return AlertCondition(verb, abs(math.log(now / then)), text, change, "percent", AlertLevel.WARNING)


def price_move(inputs: SymbolInputs, old: SymbolInputs | None, now_ms: int) -> AlertCondition | None:  # noqa: ARG001  as all senses
    """The last price against the close 15 closed 1m bars ago, as a log return; its usual deviation is the root mean square
    of the 1m returns before, times sqrt(15). Needs 60 bars."""
    candles, ticker = inputs.candles.get(Timeframe.M1), inputs.ticker
    if candles is None or ticker is None or (end := closed_by(candles, now_ms)) < 60:
        return None
    anchor = inputs.symbol == ANCHOR
    move = math.log(ticker.last / float(candles.close[end - MOVE_BARS]))
    if not abs(move) >= math.log1p(MOVE_ANCHOR if anchor else MOVE):
        return None
    steps = np.diff(np.log(candles.close[: end - MOVE_BARS + 1]))
    usual = math.sqrt(float(steps @ steps) / len(steps) * MOVE_BARS)
    if not abs(move) >= MOVE_Z * max(usual, FLAT):
        return None
    verb, change = "rose" if move > 0 else "fell", 100 * math.expm1(move)
    critical = abs(move) >= math.log1p(MOVE_CRITICAL_ANCHOR if anchor else MOVE_CRITICAL)
    text = f"{inputs.symbol} {verb} {abs(change):.1f} % within 15 minutes, to {ticker.last:g}."
    return AlertCondition(verb, abs(move), text, change, "percent", AlertLevel.CRITICAL if critical else AlertLevel.WARNING)


def _millions(usd: float) -> str:
    return f"{usd / 1e6:.1f} M USDT" if usd >= 1e6 else f"{usd / 1e3:.0f} k USDT"


Sense = Callable[[SymbolInputs, SymbolInputs | None, int], AlertCondition | None]
SENSES: Mapping[AlertKind, Sense] = {
    AlertKind.PRICE_MOVE: price_move,
    AlertKind.LARGE_TRADE: large_trade,
    AlertKind.VOLUME_SPIKE: volume_spike,
    AlertKind.FUNDING_EXTREME: funding_extreme,
    AlertKind.OPEN_INTEREST_SURGE: open_interest_surge,
}
LASTING = frozenset({AlertKind.PRICE_MOVE, AlertKind.FUNDING_EXTREME, AlertKind.OPEN_INTEREST_SURGE})  # states, not events


# ----------------------------------------------------------------------------------------------------------- the supply

_WORDS = {
    FallbackReason.VENUE_BLOCKED: "refuses this machine's location",
    FallbackReason.VENUE_STALE: "sends data whose clock stands still",
    FallbackReason.VENUE_RATE_LIMITED: "asks for a pause",
    FallbackReason.VENUE_UNAVAILABLE: "cannot be reached",
    FallbackReason.VENUE_TIMED_OUT: "does not answer in time",
    FallbackReason.VENUE_BAD_DATA: "sends data that cannot be read",
    FallbackReason.VENUE_EMPTY: "sends nothing",
    FallbackReason.VENUE_INCOMPLETE: "sends too little to score",
    FallbackReason.VENUE_RECOVERING: "must prove itself again",
}


def source_alerts(before: SourceStatus | None, after: SourceStatus) -> tuple[Alert, ...]:
    """What changed in where the data comes from: a venue that begins to fail or to block us, or is well again; another venue
    in use; few symbols that can be scored. Times are of our own clock."""
    old = before or SourceStatus(after.environment, after.now_ms)
    told = [*_troubles(old, after), *_fallback(old, after), *_coverage(old, after)]
    return tuple(
        Alert(
            key=f"data_quality:{key}",
            venue=venue,
            kind=AlertKind.DATA_QUALITY,
            level=level,
            observed_ms=after.now_ms,
            text=text,
            environment=after.environment,
        )
        for key, venue, level, text in told
    )


_Told = tuple[str, str, AlertLevel, str]  # key, venue, level, text


def _troubles(before: SourceStatus, after: SourceStatus) -> Iterator[_Told]:
    for venue, reason in after.troubles.items():
        if before.troubles.get(venue) != reason:
            level = AlertLevel.CRITICAL if reason is FallbackReason.VENUE_BLOCKED else AlertLevel.WARNING
            yield f"{reason.lower_name}:{venue}", venue, level, f"{venue} {_WORDS.get(reason, 'cannot be used')}."
    for venue in sorted(before.troubles.keys() - after.troubles.keys()):
        yield f"well:{venue}", venue, AlertLevel.INFO, f"{venue} works again."


def _fallback(before: SourceStatus, after: SourceStatus) -> Iterator[_Told]:
    if after.fallback is not None and (before.fallback is None or before.venue != after.venue):
        why = _WORDS.get(after.fallback.reason, "cannot be used")
        text = f"{after.venue} is used instead of {after.fallback.venue}, which {why}."
        yield f"fallback:{after.venue}", after.venue, AlertLevel.WARNING, text
    elif before.fallback is not None and after.fallback is None and after.venue:
        yield f"preferred:{after.venue}", after.venue, AlertLevel.INFO, f"{after.venue} is used again."


def _coverage(before: SourceStatus, after: SourceStatus) -> Iterator[_Told]:
    if after.scored is None or not _few(after):
        return
    if not _few(before):
        text = f"Only {after.scored} of {after.expected} symbols of {after.venue} can be scored."
        yield f"few_scores:{after.venue}", after.venue, AlertLevel.WARNING, text


def _few(supply: SourceStatus) -> bool:
    return supply.scored is not None and supply.scored < FEW * supply.expected
