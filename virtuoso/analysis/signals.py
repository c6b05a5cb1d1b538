"""Signals: a state machine over one venue's market that opens, evaluates and closes them from pass to pass.

    restore(stored) ─► SignalState ─► advance(state, SignalInputs) ─► SignalStep(state, opened, changed) ─► store both

A signal opens at the last price when the score, a mean over 20 minutes, has stood at 72 (LONG) or 28 (SHORT) for 5 minutes
of complete passes. The mean must be of measured time, so nothing opens in the minutes after a start, a change of venue or a
gap. Before another signal on the same side can open, the score must return to 66 or 34. Each subject has at most one active
signal. A signal on the opposite side closes it. At most three signals of a side open within an hour, the strongest first.

The subject of a signal is a symbol, or the whole market. The market is called, once, when the median of all scores stands
beyond its own threshold. Its signal is a trade in BTC. Until the median has returned, no symbol is called on that side.

Apart from candidates, the state consists of stored signals, so it can be restored from them alone.

Distances are in log prices. R = |log(stop / entry)|. A result is sign * log(exit / entry) / R. Therefore a reflected market
gives the reflected signals with the same results. See `signal_plans` for stop and targets, `signal_outcomes` for results,
and `signal_baseline` for the random entries with which they are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.analysis.bars import closed_bar_count
from virtuoso.analysis.signal_baseline import advance_random_entries
from virtuoso.analysis.signal_outcomes import M5_MS, close_signal, evaluate_outcome
from virtuoso.analysis.signal_plans import STOP_TIMEFRAME, trade_plan
from virtuoso.analysis.signal_rules import DEFAULT_RULES, CostRules, EntryRefusal, SignalRules
from virtuoso.domain.model import ANCHOR, DimensionKind, Timeframe
from virtuoso.domain.plausibility import MAX_CLOSE_AGE_MS, MAX_ENTRY_DISTANCE, MAX_PRICE_AGE_MS
from virtuoso.domain.records import Side, Signal, SignalStatus, TradingCosts

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Confluence, Environment, Ticker

MARKET = ""
"""The subject of a signal on the whole market."""
HOUR_MS = 3_600_000

Slot = tuple[str, Side]
"""(subject, side). A subject is a symbol or MARKET."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """The newest signal of each slot on one venue. At most one signal of a subject is active.

    `candidates` are the slots that stand beyond the threshold, with the time since when, and `refused` those whose entry was
    refused, with the newest reason. `pending` are signals without the result of their random entry, and
    `random_entries` those that run, both by the signal's id. `awaited` are the symbols whose bars these need."""

    venue: str
    environment: Environment
    model_version: str
    rules: SignalRules = DEFAULT_RULES
    newest: Mapping[Slot, Signal] = field(default_factory=dict)
    candidates: Mapping[Slot, int] = field(default_factory=dict)
    refused: Mapping[Slot, EntryRefusal] = field(default_factory=dict)
    complete_ms: int = 0  # the time of the last complete pass
    pending: Mapping[str, Signal] = field(default_factory=dict)
    random_entries: Mapping[str, Signal] = field(default_factory=dict)
    awaited: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalInputs:
    """The market of a pass at `now_ms` (epoch ms, the exchange's clock). The keys of all mappings are symbols.

    `spreads` are log distances from bid to ask. In a pass that is not `complete`, nothing opens."""

    now_ms: int
    scores: Mapping[str, Confluence]
    prices: Mapping[str, Ticker]
    bars: Mapping[str, Mapping[Timeframe, Candles]]
    spreads: Mapping[str, float] = field(default_factory=dict)
    complete: bool = True


class SignalStep(NamedTuple):
    """The state after a pass, the opened signals, the changed signals (target hit, closed, evaluated, re-armed, compared
    with its random entry), and the reasons of the entries that this pass refused and the pass before did not."""

    state: SignalState
    opened: tuple[Signal, ...]
    changed: tuple[Signal, ...]
    refused: tuple[EntryRefusal, ...] = ()


class _Subject(NamedTuple):
    """What a call may be about. `points` is the signed distance of the score from 50."""

    points: float
    confidence: float
    averaged_ms: int  # the measured time of which the score is the mean
    dimensions: Mapping[DimensionKind, float]  # the points of each dimension
    entry_points: float
    rearm_points: float


def slot_of(signal: Signal) -> Slot:
    """Return the slot of a signal."""
    return MARKET if signal.market_symbols else signal.symbol, signal.side


def restore(state: SignalState, stored: Iterable[Signal]) -> SignalState:
    """Return the state with the stored signals added, in any order. `stored` must contain all active signals and those of
    the last 9 days. Signals of other venues and environments are ignored.

    When both sides of a subject are stored as active, the later signal reversed the earlier one, but this change was not
    stored. The earlier one is then closed as reversed."""
    newest, pending = dict(state.newest), dict(state.pending)
    for signal in stored:
        if (signal.venue, signal.environment) != (state.venue, state.environment):
            continue
        key, known = slot_of(signal), newest.get(slot_of(signal))
        if known is None or (signal.opened_ms, signal.judged_ms) > (known.opened_ms, known.judged_ms):
            newest[key] = signal
        before = pending.get(signal.id, signal)
        if signal.costs is not None and signal.baseline_r is None and before.judged_ms <= signal.judged_ms:
            pending[signal.id] = signal
    for long in [s for s in newest.values() if s.side is Side.LONG and s.status is SignalStatus.ACTIVE]:
        short = newest.get((slot_of(long)[0], Side.SHORT))
        if short is not None and short.status is SignalStatus.ACTIVE:
            earlier, later = sorted((long, short), key=lambda s: (s.opened_ms, s.id))
            newest[slot_of(earlier)] = close_signal(earlier, SignalStatus.REVERSED, later.entry, later.opened_ms)
    return replace(state, newest=newest, pending=pending)


def advance(state: SignalState, inputs: SignalInputs) -> SignalStep:
    """Return the step of one pass.

    The pass evaluates active signals, re-arms signals, opens new ones, and advances the random entries. A symbol without a
    score is not re-armed and opens no signal. A symbol without a price opens no signal. A symbol without bars opens no
    signal and is not evaluated. A repeated pass changes nothing. Bars that close after the pass are not used."""
    rules, now_ms = state.rules, inputs.now_ms
    subjects = _subjects(inputs.scores, rules)
    newest: dict[Slot, Signal] = {}
    for slot, signal in state.newest.items():
        if signal.status is SignalStatus.ACTIVE or now_ms - signal.opened_ms <= rules.reentry_block_ms:
            judged = evaluate_outcome(signal, inputs.bars.get(signal.symbol, {}), now_ms)
            newest[slot] = _rearm(judged, subjects.get(slot[0]))
    changed = {signal.id: signal for slot, signal in newest.items() if signal != state.newest[slot]}
    candidates = _candidates(state, subjects, now_ms) if inputs.complete else {}
    refused = {slot: why for slot, why in state.refused.items() if slot in candidates}
    opened: list[Signal] = []
    for slot in _standing(candidates, subjects, rules, now_ms):
        if _prevents_another(newest.get(slot)) or _calls_within_hour(newest, slot[1], now_ms) >= rules.calls_per_hour:
            continue
        new = _open_signal(state, slot, subjects[slot[0]], inputs)
        if isinstance(new, EntryRefusal):
            refused[slot] = new
            continue
        other = newest.get((slot[0], _opposite(slot[1])))
        if other is not None and other.status is SignalStatus.ACTIVE:
            newest[slot_of(other)] = changed[other.id] = close_signal(other, SignalStatus.REVERSED, new.entry, now_ms)
        newest[slot] = new
        opened.append(new)
    current = {signal.id: signal for signal in newest.values()}
    pending = {name: current.get(name, signal) for name, signal in state.pending.items()}
    baseline = advance_random_entries(pending | {new.id: new for new in opened}, state.random_entries, inputs.bars, now_ms)
    for signal in baseline.compared:
        changed[signal.id] = signal
        if signal.id in current:
            newest[slot_of(signal)] = signal
    after = replace(
        state,
        newest=newest,
        candidates=candidates,
        refused=refused,
        complete_ms=now_ms if inputs.complete else state.complete_ms,
        pending=baseline.pending,
        random_entries=baseline.random_entries,
        awaited=baseline.awaited,
    )
    newly_refused = tuple(why for slot, why in refused.items() if state.refused.get(slot) is not why)
    return SignalStep(after, tuple(opened), tuple(changed.values()), newly_refused)


def _subjects(scores: Mapping[str, Confluence], rules: SignalRules) -> dict[str, _Subject]:
    """Return the symbols with a score, and MARKET if they are enough for one. The points of the market are the median. What
    drives it is the mean of each dimension."""
    subjects = {
        symbol: _Subject(
            points=one.score - 50,
            confidence=one.confidence or 0.0,
            averaged_ms=one.averaged_ms,
            dimensions={dimension.kind: dimension.contribution for dimension in one.dimensions},
            entry_points=rules.entry_points,
            rearm_points=rules.rearm_points,
        )
        for symbol, one in scores.items()
        if one.score is not None
    }
    every = list(subjects.values())
    if len(every) >= rules.market_symbols:
        subjects[MARKET] = _Subject(
            points=median(one.points for one in every),
            confidence=median(one.confidence for one in every),
            averaged_ms=round(median(one.averaged_ms for one in every)),
            dimensions={k: math.fsum(one.dimensions.get(k, 0.0) for one in every) / len(every) for k in DimensionKind},
            entry_points=rules.market_points,
            rearm_points=rules.market_rearm_points,
        )
    return subjects


def _side(subject: _Subject) -> Side:
    return Side.LONG if subject.points > 0 else Side.SHORT


def _opposite(side: Side) -> Side:
    return Side.SHORT if side is Side.LONG else Side.LONG


def _candidates(state: SignalState, subjects: Mapping[str, _Subject], now_ms: int) -> dict[Slot, int]:
    """Return the candidates after this pass. A candidate ends when its score returns as far as for a re-arming."""
    rules = state.rules
    beyond = {
        (name, _side(one)): now_ms
        for name, one in subjects.items()
        if abs(one.points) >= one.entry_points
        and one.confidence >= rules.min_confidence
        and one.averaged_ms >= rules.settle_ms
    }
    if now_ms - state.complete_ms > rules.max_gap_ms:
        return beyond
    continuing = {
        slot: since_ms
        for slot, since_ms in state.candidates.items()
        if (one := subjects.get(slot[0])) is not None and slot[1].sign * one.points > one.rearm_points
    }
    return beyond | continuing


def _standing(
    candidates: Mapping[Slot, int], subjects: Mapping[str, _Subject], rules: SignalRules, now_ms: int
) -> Iterator[Slot]:
    """Yield the slots that may be called now, the market first and then the strongest.

    While the market stands beyond its threshold, or is about to, its symbols are not called on that side."""

    def order(slot: Slot) -> tuple[bool, float, str]:
        one = subjects[slot[0]]
        return slot[0] != MARKET, -abs(one.points) * one.confidence, slot[0]

    for slot in sorted(candidates, key=order):
        name, side = slot
        one = subjects[name]
        ready = side.sign * one.points >= one.entry_points and one.confidence >= rules.min_confidence
        part_of_market = name != MARKET and (MARKET, side) in candidates
        if ready and not part_of_market and now_ms - candidates[slot] >= rules.stand_ms:
            yield slot


def _calls_within_hour(newest: Mapping[Slot, Signal], side: Side, now_ms: int) -> int:
    return sum(one.side is side and now_ms - one.opened_ms < HOUR_MS for one in newest.values())


def _prevents_another(previous: Signal | None) -> bool:
    """Return True if the previous signal of the slot prevents another one."""
    return previous is not None and (previous.status is SignalStatus.ACTIVE or not previous.rearmed)


def _rearm(signal: Signal, subject: _Subject | None) -> Signal:
    """Return the signal. It is marked as re-armed when the score has returned far enough."""
    if signal.rearmed or subject is None or signal.side.sign * subject.points > subject.rearm_points:
        return signal
    return replace(signal, rearmed=True)


def _open_signal(state: SignalState, slot: Slot, subject: _Subject, inputs: SignalInputs) -> Signal | EntryRefusal:
    """Return a new signal at the last price, or why there is none."""
    name, side = slot
    symbol, now_ms, rules = name or ANCHOR, inputs.now_ms, state.rules
    ticker, bars = inputs.prices.get(symbol), inputs.bars.get(symbol, {})
    if ticker is None or not _is_confirmed(ticker, bars, now_ms):
        return EntryRefusal.PRICE
    plan = trade_plan(
        side,
        ticker.last,
        bars.get(STOP_TIMEFRAME),
        now_ms,
        tick_size=ticker.tick_size,
        lifetime_ms=rules.lifetime_ms,
    )
    if plan is None:
        return EntryRefusal.PLAN
    supporting = {kind: side.sign * points for kind, points in subject.dimensions.items() if side.sign * points > 0}
    return Signal(
        id=f"{state.venue}-{name or 'market'}-{side.lower_name}-{now_ms}",
        venue=state.venue,
        symbol=symbol,
        side=side,
        environment=state.environment,
        model_version=state.model_version,
        opened_ms=now_ms,
        entry=plan.entry,
        stop=plan.stop,
        targets=plan.targets,
        sizes=plan.sizes,
        chances=plan.chances,
        expires_ms=now_ms // M5_MS * M5_MS + rules.lifetime_ms,  # a time at which a 1m bar and a 5m bar end
        score=50 + subject.points,
        confidence=subject.confidence,
        drivers=tuple(sorted(supporting, key=lambda kind: (-supporting[kind], kind))),
        judged_ms=now_ms,
        market_symbols=() if name else _on_side(inputs.scores, side),
        costs=_costs(rules.costs, side, ticker, inputs.spreads.get(symbol)),
    )


def _on_side(scores: Mapping[str, Confluence], side: Side) -> tuple[str, ...]:
    """Return the symbols whose scores are on a side, strongest first."""
    points = {symbol: side.sign * (one.score - 50) for symbol, one in scores.items() if one.score is not None}
    return tuple(sorted((symbol for symbol in points if points[symbol] > 0), key=lambda symbol: (-points[symbol], symbol)))


def _costs(rules: CostRules, side: Side, ticker: Ticker, spread: float | None) -> TradingCosts:
    funding = ticker.daily_funding_rate
    return TradingCosts(
        taker_fee_percent=rules.taker_fee_percent,
        spread_percent=rules.spread_percent if spread is None else 100 * spread,
        funding_day_percent=rules.funding_day_percent if funding is None else 100 * side.sign * funding,
    )


def _is_confirmed(ticker: Ticker, bars: Mapping[Timeframe, Candles], now_ms: int) -> bool:
    """Return True if the last price is recent, and mark price and newest close confirm it."""
    close = _newest_close(bars, now_ms)
    if ticker.mark is None or close is None or now_ms - ticker.stamp.observed_ms > MAX_PRICE_AGE_MS:
        return False
    if not (0 < ticker.mark < math.inf and 0 < ticker.last < math.inf):
        return False
    return max(abs(math.log(price / ticker.last)) for price in (ticker.mark, close)) <= MAX_ENTRY_DISTANCE


def _newest_close(bars: Mapping[Timeframe, Candles], now_ms: int) -> float | None:
    """Return the newest close of 1m bars, otherwise of 5m bars. None if it is too old."""
    for timeframe in (Timeframe.M1, Timeframe.M5):
        candles = bars.get(timeframe)
        if candles is None or not (end := closed_bar_count(candles, now_ms)):
            continue
        if now_ms - int(candles.open_ms[end - 1]) - timeframe.ms > MAX_CLOSE_AGE_MS:
            continue
        close = float(candles.close[end - 1])
        return close if 0 < close < math.inf else None
    return None
