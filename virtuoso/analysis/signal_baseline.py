"""The baseline of the signals: for each signal one random entry, with the same plan, on another day.

A random entry has the symbol, side, time of day, distances, sizes, lifetime and costs of its signal. It enters on one of
the seven days after the signal, at the open of the first bar at that time of day. A hash of the signal's id draws the day,
so anyone can repeat the draw. Its result is made from bars by the same rules.

Later days, not earlier ones: a score has risen because the market rose. An entry before the signal would take part in that
rise, and would know the future.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.analysis.signal_outcomes import ABANDON_MS, M5_MS, evaluate_outcome, first_price
from virtuoso.domain.model import DAY_MS, Timeframe
from virtuoso.domain.records import SignalStatus

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles
    from virtuoso.domain.records import Signal

DRAWN_DAYS = 7
MISSED_MS = 600_000
"""A random entry whose first bar is later than this has no result."""


class RandomEntryStep(NamedTuple):
    """The signals without a result of their random entry, the random entries that run, the signals that got such a result in
    this pass, and the symbols whose bars are needed. Both mappings have the signal's id as key."""

    pending: dict[str, Signal]
    random_entries: dict[str, Signal]
    compared: tuple[Signal, ...]
    awaited: frozenset[str]


def random_entry_ms(signal: Signal) -> int:
    """Return the time of the signal's random entry, epoch ms."""
    drawn = int.from_bytes(hashlib.sha256(signal.id.encode()).digest()[:8])
    return signal.opened_ms + (1 + drawn % DRAWN_DAYS) * DAY_MS


def advance_random_entries(
    pending: Mapping[str, Signal],
    random_entries: Mapping[str, Signal],
    bars: Mapping[str, Mapping[Timeframe, Candles]],
    now_ms: int,
) -> RandomEntryStep:
    """Open and evaluate the random entries at `now_ms` (epoch ms). The keys of `bars` are symbols. Bars that close later are
    not used."""
    step = RandomEntryStep({}, {}, (), frozenset())
    compared, awaited = [], set()
    for name, signal in pending.items():
        if now_ms < random_entry_ms(signal):
            step.pending[name] = signal
            continue
        known = bars.get(signal.symbol, {})
        entry = random_entries.get(name) or _entry(signal, known, now_ms)
        if entry is None:
            if not _is_missed(signal, known, now_ms):
                step.pending[name] = signal
                awaited.add(signal.symbol)
            continue
        entry = evaluate_outcome(entry, known, now_ms)
        if entry.status is SignalStatus.ACTIVE:
            step.pending[name], step.random_entries[name] = signal, entry
            awaited.add(signal.symbol)
        else:
            compared.append(replace(signal, baseline_r=entry.net_r))
    return step._replace(compared=tuple(compared), awaited=frozenset(awaited))


def _entry(signal: Signal, bars: Mapping[Timeframe, Candles], now_ms: int) -> Signal | None:
    """Return the random entry of a signal, not evaluated yet. None without a bar at its time."""
    due_ms = random_entry_ms(signal)
    first = first_price(bars, due_ms, now_ms)
    if first is None or first[0] - due_ms > MISSED_MS:
        return None
    opened_ms, price = first
    factor = price / signal.entry
    lifetime_ms = signal.expires_ms - signal.opened_ms // M5_MS * M5_MS
    return replace(
        signal,
        opened_ms=opened_ms,
        judged_ms=opened_ms,
        expires_ms=opened_ms // M5_MS * M5_MS + lifetime_ms,
        entry=price,
        stop=signal.stop * factor,
        targets=tuple(target * factor for target in signal.targets),
        status=SignalStatus.ACTIVE,
        targets_hit=0,
        result_r=0.0,
        funding_r=0.0,
        closed_ms=None,
        exit_price=None,
    )


def _is_missed(signal: Signal, bars: Mapping[Timeframe, Candles], now_ms: int) -> bool:
    """Return True if the bars at the time of the random entry will not come any more. 5m bars reach back farther than 1m
    bars, and may come later."""
    due_ms = random_entry_ms(signal)
    has_later = Timeframe.M5 in bars and first_price(bars, due_ms, now_ms) is not None
    return has_later or now_ms - due_ms > DAY_MS + ABANDON_MS
