"""The conditions of alerts from pass to pass. A condition counts when a second reading or another source confirms it.

    (held before, inputs, now) ─► hold ─► (held now, confirmed)

One wrong value in one reply would otherwise raise an alert, which cannot be undone. A condition that does not hold in the
next pass is forgotten, unless its alert was raised: one wrong reply must not raise that again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.analysis.alert_conditions import CONDITIONS, AlertCondition, Condition
from virtuoso.analysis.measurement import READING_ERRORS
from virtuoso.analysis.opportunities import HOLD_MS
from virtuoso.domain.records import AlertKind

if TYPE_CHECKING:
    from virtuoso.domain.model import Stamp, SymbolInputs

MIN_HOLD_MS: Mapping[AlertKind, int] = {AlertKind.FUNDING_EXTREME: HOLD_MS}
"""The time for which a condition must also hold. Some venues give funding rates once a minute, and tickers repeat them."""

FORGET_MS = 300_000
"""The time after which a condition whose alert was raised is forgotten when it holds no longer."""


class HeldKey(NamedTuple):
    """What identifies a condition from pass to pass."""

    kind: AlertKind
    symbol: str
    subject: str
    event: tuple[float, ...]


class Held(NamedTuple):
    """A condition that holds. `reading` is the first reading that shows it, `since_ms` the time of that pass, `last_ms` that
    of the last one. `confirmed` means that its alert was raised."""

    reading: Stamp | None
    since_ms: int
    last_ms: int
    confirmed: bool


class HoldStep(NamedTuple):
    """The conditions that hold now, and those that were confirmed in this pass, by kind, with their symbols."""

    held: Mapping[HeldKey, Held]
    confirmed: Sequence[tuple[AlertKind, Sequence[tuple[str, AlertCondition]]]]


def hold(before: Mapping[HeldKey, Held], inputs: Mapping[str, SymbolInputs], now_ms: int) -> HoldStep:
    """Return the step of one pass at `now_ms` (epoch ms, the exchange's clock). The keys of `inputs` are symbols."""
    held = {key: one for key, one in before.items() if one.confirmed and now_ms - one.last_ms <= FORGET_MS}
    confirmed: list[tuple[AlertKind, Sequence[tuple[str, AlertCondition]]]] = []
    for kind, condition in CONDITIONS:
        new: list[tuple[str, AlertCondition]] = []
        for symbol, one in inputs.items():
            current = _check(condition, one, now_ms)
            if current is None:
                continue
            key = HeldKey(kind, symbol, current.subject, current.event)
            known = before.get(key) or Held(current.reading, now_ms, now_ms, confirmed=False)
            is_confirmed = known.confirmed or _confirms(current, known, now_ms - MIN_HOLD_MS.get(kind, 0))
            held[key] = known._replace(last_ms=now_ms, confirmed=is_confirmed)
            if is_confirmed and not known.confirmed:
                new.append((symbol, current))
        confirmed.append((kind, new))
    return HoldStep(held, confirmed)


def _confirms(current: AlertCondition, known: Held, latest_ms: int) -> bool:
    another = current.reading is not None and current.reading != known.reading
    return current.agreed or (another and known.since_ms <= latest_ms)


def _check(condition: Condition, inputs: SymbolInputs, now_ms: int) -> AlertCondition | None:
    """Return the result of a condition, or None when the symbol's data cannot be read. Bad data of one symbol does not stop
    the alerts of others."""
    try:
        return condition(inputs, now_ms)
    except READING_ERRORS:
        return None
