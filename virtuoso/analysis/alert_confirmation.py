"""The conditions of alerts from pass to pass. A condition counts when a second reading or another source confirms it.

    (held before, inputs, now) ─► hold ─► (held now, confirmed)

One wrong value in one reply would otherwise raise an alert, which cannot be undone. A condition that does not hold in the
next pass is forgotten, unless its alert was raised: one wrong reply must not raise that again. Each further step of a
condition is confirmed in the same way. What is told is always the smaller one of the two readings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.analysis.alert_conditions import CONDITIONS, MARKET_CONDITIONS, AlertCondition
from virtuoso.analysis.measurement import READING_ERRORS
from virtuoso.analysis.opportunities import HOLD_MS
from virtuoso.domain.records import AlertKind

if TYPE_CHECKING:
    from virtuoso.domain.model import SymbolInputs

MIN_HOLD_MS: Mapping[AlertKind, int] = {AlertKind.FUNDING_EXTREME: HOLD_MS}
"""The time for which a condition must also hold. Some venues give funding rates once a minute, and tickers repeat them."""

FORGET_MS = 300_000
"""The time after which a condition whose alert was raised is forgotten when it holds no longer."""


class HeldKey(NamedTuple):
    """What identifies a condition from pass to pass. `symbol` is empty for a condition of all markets."""

    kind: AlertKind
    symbol: str
    subject: str
    event: tuple[float, ...]


class Held(NamedTuple):
    """A condition that holds. `shown` is its newest reading in the last pass, or None when it did not hold then. `since_ms`
    is the time of the first pass, `last_ms` that of the last one. `step` is the highest step that was confirmed, or None
    when none was."""

    shown: AlertCondition | None
    since_ms: int
    last_ms: int
    step: int | None


class HoldStep(NamedTuple):
    """The conditions that hold now, and those that were confirmed in this pass, by kind, with their symbols."""

    held: Mapping[HeldKey, Held]
    confirmed: Sequence[tuple[AlertKind, Sequence[tuple[str, AlertCondition]]]]


def hold(before: Mapping[HeldKey, Held], inputs: Mapping[str, SymbolInputs], now_ms: int) -> HoldStep:
    """Return the step of one pass at `now_ms` (epoch ms, the exchange's clock). The keys of `inputs` are symbols.
    The symbol of a condition of all markets is empty."""
    held = {
        key: one._replace(shown=None)
        for key, one in before.items()
        if one.step is not None and now_ms - one.last_ms <= FORGET_MS
    }
    found: list[tuple[AlertKind, list[tuple[str, AlertCondition]]]] = [
        (
            kind,
            [
                (symbol, current)
                for symbol, one in inputs.items()
                if (current := _check(partial(condition, one, now_ms))) is not None
            ],
        )
        for kind, condition in CONDITIONS
    ]
    for kind, of_market in MARKET_CONDITIONS:
        current = _check(partial(of_market, inputs, now_ms))
        found.append((kind, [] if current is None else [("", current)]))
    confirmed: list[tuple[AlertKind, Sequence[tuple[str, AlertCondition]]]] = []
    for kind, holding in found:
        new: list[tuple[str, AlertCondition]] = []
        for symbol, current in holding:
            key = HeldKey(kind, symbol, current.subject, current.event)
            known = before.get(key) or Held(None, now_ms, now_ms, None)
            sure = _confirmed(current, known, now_ms - MIN_HOLD_MS.get(kind, 0))
            if sure is not None and (known.step is None or sure.step > known.step):
                new.append((symbol, sure))
                known = known._replace(step=sure.step)
            repeated = known.shown is not None and current.reading in (None, known.shown.reading)
            held[key] = known._replace(last_ms=now_ms, shown=known.shown if repeated else current)
        confirmed.append((kind, new))
    return HoldStep(held, confirmed)


def _confirmed(current: AlertCondition, known: Held, latest_ms: int) -> AlertCondition | None:
    """Return what two readings or two sources show, or None."""
    if current.agreed:
        return current
    shown = known.shown
    if shown is None or current.reading in (None, shown.reading) or known.since_ms > latest_ms:
        return None
    return min(current, shown, key=lambda one: (one.step, abs(one.value)))


def _check(condition: Callable[[], AlertCondition | None]) -> AlertCondition | None:
    """Return the result of a condition, or None when the data cannot be read. Bad data of one symbol does not stop the
    alerts of others."""
    try:
        return condition()
    except READING_ERRORS:
        return None
