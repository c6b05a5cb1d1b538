"""The conditions of alerts from pass to pass. A condition counts when a second reading or another source confirms it.

    (held before, inputs, now) ─► hold ─► (held now, confirmed)

One wrong value in one reply would otherwise raise an alert, which cannot be undone. A condition that does not hold in the
next pass is forgotten, unless its alert was raised: one wrong reply must not raise that again.
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
    from virtuoso.domain.model import Stamp, SymbolInputs

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
    """Return the step of one pass at `now_ms` (epoch ms, the exchange's clock). The keys of `inputs` are symbols.
    The symbol of a condition of all markets is empty."""
    held = {key: one for key, one in before.items() if one.confirmed and now_ms - one.last_ms <= FORGET_MS}
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


def _check(condition: Callable[[], AlertCondition | None]) -> AlertCondition | None:
    """Return the result of a condition, or None when the data cannot be read. Bad data of one symbol does not stop the
    alerts of others."""
    try:
        return condition()
    except READING_ERRORS:
        return None
